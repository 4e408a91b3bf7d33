/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that a project keeps beside its code, .tallyman.yaml: gates (what fails a run), exceptions (what may stay, why, who
 * answers for it, until when), owners (who answers for what). docs/policy.md describes the file. No I/O.
 */
#ifndef TALLYMAN_PROGRAM_PROGRAM_H
#define TALLYMAN_PROGRAM_PROGRAM_H

#include "base/yaml.h"
#include "model/finding.h"

#define POLICY_NAME ".tallyman.yaml"
#define POLICY_BYTES_MAX (4u << 20)
#define POLICY_ITEMS_MAX 100000 /* of gates, exceptions and owners each */
#define POLICY_PATTERNS_MAX 1000 /* of one member of one entry */
#define POLICY_SOON_DAYS 30     /* an exception that expires within so many is told of */
#define POLICY_FAR_DAYS 366     /* likewise one that holds for longer */

/* What of a finding a policy may name. */
enum policy_member {
        POLICY_ID, /* whole */
        POLICY_RULE,
        POLICY_SOURCE,
        POLICY_PATH,
        POLICY_PACKAGE,
        POLICY_IMAGE, /* the subject's name */
        POLICY_KEY,
        POLICY_LAYER,
        POLICY_MEMBERS,
};

const char *policy_member_name(enum policy_member member); /* "id", "rule" … */

/* Any of these fits: the text itself, or a pattern as base/glob.h has them. None: everything fits. */
struct policy_patterns {
        const struct str *items;
        uint32_t n;
};

/* Which findings something is about: every member must fit. */
struct policy_where {
        struct policy_patterns on[POLICY_MEMBERS];
};

bool policy_where_fits(const struct policy_where *where, const struct finding *finding);
/* "rule Image runs as root, source image or package", for messages; not quoted. Nothing where everything fits. */
void policy_where_print(const struct policy_where *where, struct buf *out);

struct policy_gate {
        struct policy_where where;
        bool has_severity;
        enum severity severity; /* at or above */
        uint32_t line;
};

struct policy_exception {
        struct policy_where where;
        struct str reason, owner;
        struct str expires; /* YYYY-MM-DD, the last day it holds (UTC); empty: never */
        int64_t last_day;   /* days since 1970; INT64_MAX: never */
        uint32_t line;
};

struct policy_owner {
        struct policy_where where;
        struct str owner;
        uint32_t line;
};

struct policy {
        struct arena *arena;
        const char *file;
        struct policy_gate *gates;
        struct policy_exception *exceptions;
        struct policy_owner *owners;
        uint32_t n_gates, n_exceptions, n_owners;
};

/* `yaml` parses the text; NULL: yaml_parse(), in place. Copies what it keeps. Errors name file, line and column: -EBADMSG,
 * -E2BIG. */
int policy_parse(const char *file, struct str text, const struct yaml_parser *yaml, struct policy **ret, struct error *err)
        _must_check_;
struct policy *policy_free(struct policy *policy);
DEFINE_FREEP(struct policy, policy_free)

bool policy_exception_expired(const struct policy_exception *exception, int64_t now /* seconds since 1970 */);
/* It will have in POLICY_SOON_DAYS, and has not yet. */
bool policy_exception_expires_soon(const struct policy_exception *exception, int64_t now);
/* It has a last day, more than POLICY_FAR_DAYS away: nobody will look at it again, or the year is mistyped. */
bool policy_exception_is_far(const struct policy_exception *exception, int64_t now);

struct policy_use {
        uint32_t excepted; /* findings */
        uint32_t expired;  /* exceptions; each is a finding now */
        uint32_t unused;   /* exceptions that no finding needs */
        bool *used;        /* by exception; the caller frees it */
};

/* Names owners (the first that fits; it goes before the rule's own), marks what is excepted, adds a finding for each exception that
 * has expired, and sorts the list anew. */
int policy_apply(const struct policy *policy, struct finding_list *findings, int64_t now, struct policy_use *ret,
                 struct error *err) _must_check_;

/* The first gate that some finding reaches, NULL: none is reached. `ret_n`: findings that reach it. */
const struct policy_gate *policy_gate_reached(const struct policy *policy, const struct finding_list *findings, size_t *ret_n);
/* "severity high or above, source image", for messages. */
void policy_gate_print(const struct policy_gate *gate, struct buf *out);

#endif
