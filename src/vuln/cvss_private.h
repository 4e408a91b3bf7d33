/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_VULN_CVSS_PRIVATE_H
#define TALLYMAN_VULN_CVSS_PRIVATE_H

#include "vuln/cvss.h"

#define CVSS_METRICS_MAX 40

struct cvss_metric {
        const char *name;
        const char *values; /* one character each; two for those of two or more characters: by their first and last */
        bool mandatory;
};

/* The chosen values, one character each ('X' where there is none), in the order of the table. False: the vector has a metric
 * or value that is not in it, one twice, or not all that are mandatory. */
bool cvss_read(struct str vector, const struct cvss_metric *metrics, size_t n, char *ret);

bool cvss4_score(struct str vector, double *ret);

#endif
