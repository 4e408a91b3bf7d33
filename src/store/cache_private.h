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

#endif
