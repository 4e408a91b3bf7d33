/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell patterns as fnmatch(3) with no flags reads them: "*" (also across "/"), "?", "[a-z]", "[!a]", "[[:digit:]]",
 * "\" before a character that means itself. Never exponential: what was tried is not tried again.
 */
#ifndef TALLYMAN_BASE_GLOB_H
#define TALLYMAN_BASE_GLOB_H

#include "base/str.h"

/* True if the whole of `text` matches. "?" and brackets stand for one character of UTF-8, or for one byte where the text
 * is none. `fold`: ASCII letters match in either case. No allocation; at most pattern times text steps. */
bool glob_match(struct str pattern, struct str text, bool fold);
/* False: it matches only itself. */
bool glob_has_wildcard(struct str pattern);

#endif
