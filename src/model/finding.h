/* SPDX-License-Identifier: Apache-2.0 */
/* What a judge says (design.md, "finding"). One type for every source; one renderer per output format. */
#ifndef TALLYMAN_MODEL_FINDING_H
#define TALLYMAN_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

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

/* Strings are owned by the list's arena; NULL where there is nothing to say. */
struct finding {
        const char *id;   /* stable fingerprint: of rule, subject and location, not of wording */
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
};

struct finding_list {
        struct arena *arena;
        struct finding *items;
        size_t n, cap;
};

/* Copies all strings, computes the id. */
int finding_add(struct finding_list *list, const struct finding *finding, struct error *err) _must_check_;
/* True if one that failed is at or above `severity`. What is undetermined has not failed: it leaves a result incomplete. */
bool finding_list_reaches(const struct finding_list *list, enum severity severity);
/* The most severe first; then by rule, place and message, so that the same image gives the same list. */
void finding_list_sort(struct finding_list *list);
void finding_list_done(struct finding_list *list);

#endif
