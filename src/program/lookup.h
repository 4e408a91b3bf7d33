/* SPDX-License-Identifier: Apache-2.0 */
/* The exceptions that fit a finding, found by what they name: a policy may hold very many. Private to program/. */
#ifndef TALLYMAN_PROGRAM_LOOKUP_H
#define TALLYMAN_PROGRAM_LOOKUP_H

#include "program/program.h"

/* NULL: the finding has no such thing. A path comes without the slash before it. */
const char *policy_member_of(const struct finding *finding, enum policy_member member);

struct lookup_entry {
        struct str name;
        uint32_t exception;
};

/* An exception stands under the texts of one member, if none of them is a pattern; else among those tried one by one. */
struct lookup {
        const struct policy *policy;
        struct lookup_entry *by[POLICY_MEMBERS]; /* sorted */
        size_t n_by[POLICY_MEMBERS], cap_by[POLICY_MEMBERS];
        uint32_t *others;
        size_t n_others, cap_others;
};

/* Of `policy`, which it borrows. */
int lookup_fill(struct lookup *lookup, struct error *err) _must_check_;
void lookup_done(struct lookup *lookup); /* also the _cleanup_ form */
/* In no order; one may come twice. */
void lookup_each(const struct lookup *lookup, const struct finding *finding,
                 void (*each)(void *ctx, uint32_t exception), void *ctx);

#endif
