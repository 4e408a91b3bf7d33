/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside an image, in one canonical form: no slash at either end, no empty, "." or ".." component; the root is
 * the empty path. The order sorts a directory directly before all that is below it ('/' below every other byte).
 */
#ifndef TALLYMAN_MODEL_PATH_H
#define TALLYMAN_MODEL_PATH_H

#include "base/error.h"
#include "base/str.h"

#define PATH_LENGTH_MAX 65535

/* Brings a name from an archive into the canonical form, lexically (as the engines do before they extract).
 * -EBADMSG if it climbs out of the root or holds a NUL byte, -E2BIG if longer than PATH_LENGTH_MAX. `out` is cleared first. */
int path_normalize(struct str name, struct buf *out, struct error *err) _must_check_;

int path_compare(struct str a, struct str b);
/* The parent ("" of "etc" is the root's empty path); of the root itself STR_NULL. */
struct str path_parent(struct str path);
struct str path_name(struct str path); /* the last component */
/* True if `path` is strictly below `directory`. */
bool path_below(struct str path, struct str directory);
/* Where a symbolic link at `link` with text `target` leads, lexically, clamped at the root as in a chroot. */
int path_link_target(struct str link, struct str target, struct buf *out, struct error *err) _must_check_;

#endif
