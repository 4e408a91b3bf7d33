/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on what an image may make us do; `--limit NAME=VALUE` sets each. Reaching one is a named gap, not a crash. */
#ifndef TALLYMAN_MODEL_LIMITS_H
#define TALLYMAN_MODEL_LIMITS_H

#include <stdint.h>

struct scan_limits {
        uint64_t layer_bytes; /* "layer-bytes": inflated bytes of one layer, holes counted (64 GiB) */
        uint64_t ratio;       /* "ratio": inflated to compressed bytes of a layer, beyond the first 1 GiB (500) */
        uint64_t files;       /* "files": entries of one layer (20,000,000) */
        uint64_t depth;       /* "depth": components of a path (4,096) */
        uint64_t seconds;     /* "seconds": CPU time of the worker that reads a layer (600) */
};

#define SCAN_LIMITS_DEFAULT                                                                                  \
        { .layer_bytes = 64ull << 30, .ratio = 500, .files = 20000000, .depth = 4096, .seconds = 600 }
#define SCAN_LIMIT_RATIO_AFTER (1ull << 30)

/* Documents are read whole: */
#define LIMIT_MANIFEST_BYTES (4u << 20) /* index and manifest, as registries limit them */
#define LIMIT_CONFIG_BYTES (16u << 20)
#define LIMIT_LAYERS 1024
#define LIMIT_INDEX_DEPTH 8

#endif
