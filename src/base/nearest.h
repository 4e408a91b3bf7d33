/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the nearest of the names that there are. */
#ifndef TALLYMAN_BASE_NEAREST_H
#define TALLYMAN_BASE_NEAREST_H

#include "base/str.h"

/* Where the names do not stand in an array: start with nearest_to(), offer each, read `name`. */
struct nearest {
        struct str wanted;
        const char *name; /* the nearest so far, NULL: none is near */
        size_t distance;  /* a name must be nearer than this */
};

struct nearest nearest_to(struct str wanted);
void nearest_offer(struct nearest *nearest, const char *name);

/* The nearest of some names, or NULL where none is near. */
const char *nearest_name(const char *wanted, const char *const *names, size_t n);

#endif
