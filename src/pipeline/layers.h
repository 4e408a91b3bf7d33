/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: every layer of an image read once, side by side, or taken from the cache. */
#ifndef TALLYMAN_PIPELINE_LAYERS_H
#define TALLYMAN_PIPELINE_LAYERS_H

#include "oci/layer_file.h"
#include "pipeline/scan.h"
#include "store/cache.h"

struct scan_layer {
        struct layer_file *file; /* NULL: it could not be read */
        struct cache_key key;    /* of `file` in the cache */
        bool keyed;              /* else it is of a root directory, or was not read whole */
        bool verified;           /* its digests were compared with those promised, whatever came of it */
};

/* Reads all layers of `source` (the tree of a root directory as its one layer) into `layers`, which has room for them,
 * and adds what is wrong with them to `problems`. Digests that nothing promised are filled in. `cache` may be NULL.
 * Negative only where there is no point in going on: interrupted, out of memory, no room for temporary files. */
int scan_layers(struct source *source, const struct detector_set *detectors, const struct scan_limits *limits,
                struct cache *cache, struct scan_layer *layers, struct problem_list *problems, struct error *err) _must_check_;

/* How a layer is named to people: "layer 3 (sha256:0123456789ab)", "the root directory". */
void scan_layer_name(const struct image *image, size_t i, struct buf *out);

#endif
