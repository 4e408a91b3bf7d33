/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be read, or was odd: named, never silent. */
#ifndef TALLYMAN_MODEL_PROBLEM_H
#define TALLYMAN_MODEL_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

enum problem_kind {
        PROBLEM_NOTE = 1, /* odd, but nothing was left out */
        PROBLEM_GAP,      /* something was left out: the result is incomplete */
        PROBLEM_MISMATCH, /* bytes are not what a digest promised: a gap, and a finding */
        PROBLEM_ATTACK,   /* a worker died or was refused a system call: a gap, and a finding */
};

struct problem {
        enum problem_kind kind;
        char *where; /* "layer 3 (sha256:…)", "etc/os-release in layer 0", a path … */
        char *what;
};

/* A list that keeps the first PROBLEMS_PER_LIST and counts the rest. {0} is empty. What an image or a worker says may be
 * long: either text is cut at PROBLEM_TEXT_MAX bytes, with a "…" at its end. */
#define PROBLEMS_PER_LIST 1000
#define PROBLEM_TEXT_MAX 8192 /* bytes of where and of what */
struct problem_list {
        struct problem *items;
        size_t n, cap;
        size_t more; /* not kept */
        bool more_gaps; /* one of those not kept was more than a note */
        bool failed; /* out of memory: report it */
};

void problem_add(struct problem_list *list, enum problem_kind kind, const char *where, const char *fmt, ...) _printf_(4, 5);
bool problem_list_complete(const struct problem_list *list); /* nothing but notes */
void problem_list_done(struct problem_list *list); /* also the _cleanup_ form; leaves {0} */

#endif
