/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_STORE_CACHE_PRIVATE_H
#define TALLYMAN_STORE_CACHE_PRIVATE_H

#include "store/cache.h"

/* Immutable once open. */
struct cache {
        char *path;               /* <state>/cache */
        int dir;                  /* of it */
        int kinds[CACHE_KIND_MAX]; /* its folders */
};

/* A stamp's file: u32 version, u8 algorithm, the digest's bytes, u32 CRC-32C of all before. */
#define STAMP_MAX (4 + 1 + DIGEST_MAX + 4)
size_t cache_stamp_encode(const struct digest *digest, uint8_t out[static STAMP_MAX]); /* the bytes */
bool cache_stamp_decode(const uint8_t *data, size_t n, struct digest *ret); /* false: damaged, or of another version */

#endif
