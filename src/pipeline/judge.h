/* SPDX-License-Identifier: Apache-2.0 */
/* Rules held against the facts of a scan. */
#ifndef TALLYMAN_PIPELINE_JUDGE_H
#define TALLYMAN_PIPELINE_JUDGE_H

#include "pipeline/scan.h"
#include "rules/rules.h"

#define JUDGE_FINDINGS_PER_RULE 1000 /* of packages and files; the rest is counted */
#define JUDGE_VULNERABILITIES 1000000 /* likewise */

/* The sources of facts that rules may judge, ended by NULL. */
extern const struct fact_source *const judge_sources[];

/* Loads the stock rules. An error in them is a fault of the program. */
int judge_stock_rules(struct rule_set **ret, struct error *err) _must_check_;
/* Holds the rules of `set` against the image, its packages, their vulnerabilities and its files, and adds what they say to result->findings. */
int judge(struct scan_result *result, const struct rule_set *set, int64_t now, struct error *err) _must_check_;

#endif
