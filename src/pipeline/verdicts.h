/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: what was checked, and what the problems of a scan mean. */
#ifndef TALLYMAN_PIPELINE_VERDICTS_H
#define TALLYMAN_PIPELINE_VERDICTS_H

#include "pipeline/layers.h"

/* Fills result->checks, ->findings and ->complete from all the rest. */
int scan_judge(struct scan_result *result, const struct scan_layer *layers, size_t n_layers, struct error *err) _must_check_;

#endif
