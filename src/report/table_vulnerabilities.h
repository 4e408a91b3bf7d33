/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: the vulnerabilities of a scan, as a table. */
#ifndef TALLYMAN_REPORT_TABLE_VULNERABILITIES_H
#define TALLYMAN_REPORT_TABLE_VULNERABILITIES_H

#include "report/report.h"

/* True for a finding that stands in that table, and so not among the others. */
bool report_is_vulnerability(const struct finding *finding);
/* Appends a summary, and the ones that matter most. */
void report_table_vulnerabilities(const struct scan_result *result, const struct report_options *options, struct buf *out);

#endif
