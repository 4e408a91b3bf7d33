/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: whether what a worker wrote can be used. */
#ifndef TALLYMAN_PIPELINE_LAYER_CHECK_H
#define TALLYMAN_PIPELINE_LAYER_CHECK_H

#include "model/limits.h"
#include "oci/layer_file.h"

/* Goes through every entry and record once, so that nothing in the file fails later, when all layers are joined: one layer
 * of a hijacked worker is to cost that layer and not the scan. -EBADMSG: it makes no sense, or exceeds a limit that every
 * worker keeps. */
int layer_check(const struct layer_file *lf, const struct scan_limits *limits, struct error *err) _must_check_;

#endif
