/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: from what detectors learned of each layer to what the image as a whole holds. */
#ifndef TALLYMAN_PIPELINE_INVENTORY_JOIN_H
#define TALLYMAN_PIPELINE_INVENTORY_JOIN_H

#include "oci/layer_file.h"
#include "pipeline/scan.h"

/* Fills result->distribution and ->packages, and ->owners where `options` asks for them, from the records of `layers`
 * (NULL: unreadable), of which only those count whose file is the one visible in result->index. */
int inventory_join(struct scan_result *result, struct layer_file *const *layers, size_t n_layers,
                   const struct scan_options *options, struct error *err) _must_check_;

#endif
