/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: what a rule says of a fact, as a finding. */
#ifndef TALLYMAN_PIPELINE_RULE_FINDING_H
#define TALLYMAN_PIPELINE_RULE_FINDING_H

#include "model/finding.h"
#include "rules/rules.h"

/* Fills rule, source, verdict, severity, texts, fields, controls and references of `ret`, all of it in `arena`, and leaves the
 * rest (subject, place) as it is. May be called inside rule_program_match(). */
int rule_finding(const struct rule_program *program, struct rule_scratch *scratch, const struct rule_verdict *verdict,
                 const struct fact *fact, struct arena *arena, struct finding *ret, struct error *err) _must_check_;

enum severity judge_severity(enum rule_priority priority);

#endif
