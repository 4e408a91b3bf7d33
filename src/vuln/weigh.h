/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What matters of an issue: how severe each source thinks it is, whether it is exploited, whether there is a fix, and one rank
 * with its reasons. Reads the database, does no I/O.
 */
#ifndef TALLYMAN_VULN_WEIGH_H
#define TALLYMAN_VULN_WEIGH_H

#include "model/finding.h"
#include "vuln/match.h"

enum fix_state {
        FIX_AVAILABLE,
        FIX_NOT_YET,
        FIX_WONT,      /* the source says that there will be none */
        FIX_UNKNOWN,   /* only a list of versions says what is affected */
};

const char *fix_state_name(enum fix_state state); /* "fixed", "not-fixed", "wont-fix", "unknown" */

#define WEIGHED_SEVERITIES_MAX 24
#define WEIGHED_REASONS_MAX 8

/* Texts are in the arena or borrowed from the database. */
struct weighed {
        enum severity severity;  /* the distribution's own where it has one, else the highest score's */
        struct finding_severity severities[WEIGHED_SEVERITIES_MAX]; /* the one that decided stands first */
        uint32_t n_severities;
        double cvss;             /* the score to show: of the highest CVSS version there is; negative: none */
        struct db_score exploited;
        enum fix_state fix;
        struct str fixed;        /* the version that fixes it, for the package as it is named here; empty: none */
        bool fix_needs_pro;
        bool unimportant;        /* the distribution calls it a non-issue */
        struct str title;
        const struct match_evidence *shown; /* the one that says most: never NULL */
        uint32_t rank;           /* 1 to 100 */
        const char *reasons[WEIGHED_REASONS_MAX];
        uint32_t n_reasons;
};

/* -ENOMEM. */
int weigh_issue(const struct db *db, const struct package *package, const struct match_issue *issue, struct arena *arena,
                struct weighed *ret, struct error *err) _must_check_;

/* "important" → high; SEVERITY_UNKNOWN for what is no such word. */
enum severity weigh_word(struct str word);
enum severity weigh_score(double score);

#endif
