/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths by their components, each a name or a shell pattern: is one of them a path, or a directory that it is in? Slashes at
 * the ends and doubled ones do not count; "/" is the beginning of everything.
 */
#ifndef TALLYMAN_RULES_PATHS_H
#define TALLYMAN_RULES_PATHS_H

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define PATH_COMPONENTS_MAX 256 /* of one that is looked for */

struct path_tree;

/* In `arena`; the paths are borrowed. -E2BIG. */
int path_tree_new(const struct str *paths, size_t n, struct arena *arena, struct path_tree **ret, struct error *err) _must_check_;
/* No allocation; each place of the tree is looked at once at most. */
bool path_tree_matches(const struct path_tree *tree, struct str path);

#endif
