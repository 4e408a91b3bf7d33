/* SPDX-License-Identifier: Apache-2.0 */
/* Things by their names: a balanced tree, so that no choice of names (they come from input) makes it slow. */
#ifndef TALLYMAN_BASE_NAMES_H
#define TALLYMAN_BASE_NAMES_H

#include "base/str.h"

/* {0} is an empty one. A thing is any struct whose first member is `struct str name`; it is borrowed. */
struct names {
        void *root;
};

/* The thing of that name; NULL: there is none. */
void *names_find(const struct names *names, struct str name);
/* Adds a thing whose name is not there yet; one whose name is there takes the other's place. 0 or -ENOMEM. */
int names_put(struct names *names, struct str *thing) _must_check_;
void names_done(struct names *names); /* also the _cleanup_ form; leaves {0} */

#endif
