/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to Hyperscan (vectorscan where that is the package): regular expressions in linear time. A backtracking engine
 * would be an evasion.
 */
#ifndef TALLYMAN_BASE_PATTERN_H
#define TALLYMAN_BASE_PATTERN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

/* One expression, immutable, shared by threads. */
struct pattern_program;

#define PATTERN_LENGTH_MAX 4096
#define PATTERN_TEXT_MAX (256u << 10) /* of texts that are not UTF-8 */

/* Compiles `expression` in the syntax of RE2, as far as Hyperscan has it (-ENOTSUP names what it has not), to be matched
 * against whole texts (as if between \A and \z; "." does not match a line feed, "$" only the end of the text). -EBADMSG:
 * malformed, with the place; -E2BIG: longer than PATTERN_LENGTH_MAX, or so large once compiled that it would take more than
 * a second or so. */
int pattern_compile(struct str expression, struct pattern_program **ret, struct error *err) _must_check_;
struct pattern_program *pattern_free(struct pattern_program *program);
DEFINE_FREEP(struct pattern_program, pattern_free)

/* A thread's own room, for every program that was added to it. */
struct pattern_scratch;

int pattern_scratch_new(struct pattern_scratch **ret, struct error *err) _must_check_;
int pattern_scratch_add(struct pattern_scratch *scratch, const struct pattern_program *program, struct error *err) _must_check_;
struct pattern_scratch *pattern_scratch_free(struct pattern_scratch *scratch);
DEFINE_FREEP(struct pattern_scratch, pattern_scratch_free)

/* Each byte of a text that is not UTF-8 counts as one character (U+FFFD); such a text must not be longer than
 * PATTERN_TEXT_MAX, or it does not match. Needs a scratch that the program was added to. No allocation. */
bool pattern_matches(const struct pattern_program *program, struct pattern_scratch *scratch, struct str text);

#endif
