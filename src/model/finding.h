/* SPDX-License-Identifier: Apache-2.0 */
/* What a judge says (design.md, "finding"). One type for every source; one renderer per output format. */
#ifndef TALLYMAN_MODEL_FINDING_H
#define TALLYMAN_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "model/value.h"

enum severity {
        SEVERITY_UNKNOWN,
        SEVERITY_NONE,
        SEVERITY_LOW,
        SEVERITY_MEDIUM,
        SEVERITY_HIGH,
        SEVERITY_CRITICAL,
};

const char *severity_name(enum severity severity); /* "unknown", "none", "low" … */
int severity_parse(const char *text, enum severity *ret, struct error *err) _must_check_; /* -EINVAL */

enum verdict {
        VERDICT_PASS,
        VERDICT_FAIL,
        VERDICT_NOT_APPLICABLE,
        VERDICT_UNDETERMINED,
};

const char *verdict_name(enum verdict verdict); /* "pass", "fail", "not-applicable", "undetermined" */

/* Something that a finding rests on: "proc.name", "range.fixed". */
struct finding_detail {
        const char *name;
        struct value value;
};

/* How bad one source thinks it is. */
struct finding_severity {
        const char *source; /* "debian", "nvd" */
        enum severity severity;
        double score;       /* 0 to 10; negative: it gives none */
        const char *vector; /* "CVSS:3.1/AV:N/…"; NULL: it gives none */
};

enum finding_status {
        FINDING_OPEN,
        FINDING_EXCEPTED, /* somebody answers for it, until a day: it is shown and counted, and fails no gate */
};

const char *finding_status_name(enum finding_status status); /* "open", "excepted" */

/* Who decided that a finding may stay. */
struct finding_exception {
        const char *reason, *owner;
        const char *expires; /* YYYY-MM-DD, the last day; NULL: never */
        const char *file;    /* where that is written … */
        uint32_t line;       /* … and 0: not known */
};

/* Everything is owned by the list's arena unless said otherwise; NULL and 0 where there is nothing to say. */
struct finding {
        const char *id;   /* stable fingerprint: of rule, subject, location and key, not of wording or lines */
        const char *key;  /* what tells it from others of this rule at this place: "CVE-2024-1234" */
        const char *rule; /* "image-digest-mismatch" */
        const char *source;
        enum verdict verdict;
        enum severity severity;
        const char *title;
        const char *message;     /* what was found here */
        const char *description; /* of the rule: why it matters */
        const char *subject_kind, *subject_name, *subject_digest;
        const char *layer, *path, *package; /* package: its URL */
        const char *remediation;
        const char *owner;
        const char *const *controls, *const *references; /* of the rule; borrowed, they outlive the list */
        uint32_t n_controls, n_references;
        uint32_t line, column; /* from 1, in the file that `path` names */
        int64_t pid;
        uint32_t rank;         /* 1 to 100: the higher, the sooner it should be looked at */
        const struct finding_severity *severities; /* the first one decided `severity` */
        const struct finding_detail *fields;       /* of the fact, as rules name them: those that the rule's output shows */
        const struct finding_detail *evidence;     /* what the verdict rests on beside them */
        uint32_t n_severities, n_fields, n_evidence;
        enum finding_status status;
        struct finding_exception exception; /* of one that is excepted */
};

struct finding_list {
        struct arena *arena;
        struct finding *items;
        size_t n, cap;
};

/* Copies everything but controls and references, computes the id. */
int finding_add(struct finding_list *list, const struct finding *finding, struct error *err) _must_check_;
/* It failed, and nobody has excepted it. What is undetermined has not failed: it leaves a result incomplete. */
bool finding_counts(const struct finding *finding);
size_t finding_list_excepted(const struct finding_list *list); /* how many are */
/* Those that are open before the excepted; the most severe first, of these the highest rank; then by rule, place and message, so that the same image gives the same list. */
void finding_list_sort(struct finding_list *list);
void finding_list_done(struct finding_list *list);

#endif
