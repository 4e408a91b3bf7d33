/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: the known vulnerabilities of a scan's packages. */
#ifndef TALLYMAN_PIPELINE_VULNERABILITIES_H
#define TALLYMAN_PIPELINE_VULNERABILITIES_H

#include "pipeline/scan.h"
#include "vuln/facts.h"

/* Fills result->vulnerabilities, and how far they are known: result->vulnerability_check. What was not looked at is a
 * problem; that there is no database at all is none, for it was never asked for. */
int vulnerabilities_find(struct scan_result *result, uint64_t max_age, int64_t now, struct error *err) _must_check_;

/* What a finding about a vulnerability has beside what any rule's has: all fields, severities, rank and evidence; and of the
 * stock rule's (`own`) the severity too, where another rule has its own mind. */
int vulnerability_finding(const struct vulnerability_fact *fact, bool own, struct arena *arena, struct finding *finding, struct error *err)
        _must_check_;
#define VULNERABILITY_RULE "Package has a known vulnerability"

#endif
