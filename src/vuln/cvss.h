/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS scores, computed from their vectors as FIRST specifies them: 2.0 and 3.0/3.1 the base score, 4.0 with whatever threat and
 * environmental metrics the vector has. No allocation, no I/O.
 */
#ifndef TALLYMAN_VULN_CVSS_H
#define TALLYMAN_VULN_CVSS_H

#include "base/str.h"

enum cvss_version {
        CVSS_2 = 1,
        CVSS_3_0,
        CVSS_3_1,
        CVSS_4_0,
};

struct cvss {
        enum cvss_version version;
        double score; /* 0.0 to 10.0, one decimal */
};

/* "CVSS:3.1/AV:N/…"; version 2 has no prefix, and may stand in parentheses. False: it is no whole and valid vector. */
bool cvss_parse(struct str vector, struct cvss *ret);

/* "2.0", "3.1" … */
const char *cvss_version_name(enum cvss_version version);

#endif
