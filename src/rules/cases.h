/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that authors of rules write: facts, and what rules should say of them. docs/rules.md describes the file. No I/O.
 */
#ifndef TALLYMAN_RULES_CASES_H
#define TALLYMAN_RULES_CASES_H

#include "base/yaml.h"
#include "rules/rules.h"

#define CASES_MAX 10000        /* of one file */
#define CASE_FACTS_MAX 1000    /* of one case */
#define CASE_EXPECTED_MAX 1000 /* findings of one case, and rules that may say something besides */

/* What a rule is expected to say of one of the facts. */
struct case_expectation {
        struct str rule;
        enum { CASE_FAIL, CASE_UNDETERMINED, CASE_NOT_APPLICABLE } verdict;
        struct str output; /* all of it; p == NULL: whatever it is */
        struct yaml_mark mark;
};

struct rule_case {
        struct str name;
        struct yaml_mark mark;
        const struct fact_source *source;
        const struct yaml_node **facts; /* mappings of fields */
        uint32_t n_facts;
        struct str recording; /* a file of recorded events, as written: relative to the file; empty: `facts` are given */
        struct case_expectation *expected;
        struct str *allowed; /* patterns: rules that may say something too */
        uint32_t n_expected, n_allowed;
};

struct rule_cases {
        struct arena *arena;
        const char *file;
        struct str *rule_files; /* as written: relative to the file */
        uint32_t n_rule_files;
        bool stock;             /* "stock: true": with the stock rules */
        struct rule_case *items;
        uint32_t n;
};

/* Reads a file of cases; `text` and `sources` must last as long. `yaml` parses it; NULL: yaml_parse(), in place. Errors name
 * file, line and column: -EBADMSG, -E2BIG. */
int rule_cases_parse(const char *file, struct str text, const struct fact_source *const *sources,
                     const struct yaml_parser *yaml, struct rule_cases **ret, struct error *err) _must_check_;
struct rule_cases *rule_cases_free(struct rule_cases *cases);
DEFINE_FREEP(struct rule_cases, rule_cases_free)

/* Rules that cases are held against, ready to be tried. */
struct case_bench;

/* The sources to load rules with: facts of all but `syscall` are read as they are given (model/given.h). */
int case_bench_new(const struct fact_source *const *sources, struct case_bench **ret, struct error *err) _must_check_;
struct case_bench *case_bench_free(struct case_bench *bench);
DEFINE_FREEP(struct case_bench, case_bench_free)
const struct fact_source *const *case_bench_sources(const struct case_bench *bench);
/* Rules loaded with these sources; the set must last as long as the bench. Every rule is tried on every fact. */
int case_bench_use(struct case_bench *bench, const struct rule_set *set, struct error *err) _must_check_;

/* Tries one case on its facts and, if it names a recording, on those that `each` hands out: it is to call `take` for each, and
 * gives 0 or an error. 1: the case holds; 0: it does not, and `out` has a line for each thing that was otherwise. -EBADMSG: a
 * fact that can not be (a field that there is not, a number that is none), with its place. */
struct case_events {
        int (*each)(void *ctx, struct str recording, void (*take)(void *to, const struct fact *fact), void *to, struct error *err);
        void *ctx;
};
int case_bench_run(struct case_bench *bench, const struct rule_cases *cases, const struct rule_case *it,
                   const struct case_events *events, struct buf *out, struct error *err) _must_check_;

#endif
