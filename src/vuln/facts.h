/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of the source "vulnerability": one for each issue of each package. What rules about vulnerabilities read. */
#ifndef TALLYMAN_VULN_FACTS_H
#define TALLYMAN_VULN_FACTS_H

#include "model/field.h"
#include "vuln/weigh.h"

/* Everything is borrowed and stays as long as facts are read. */
struct vulnerability_fact {
        const struct package *package;
        struct str purl;
        struct str path; /* of the database or file that names the package */
        uint32_t layer;
        const struct match_issue *issue;
        const struct weighed *weighed;
        const char *ecosystem; /* it was found in */
};

extern const struct fact_source vulnerability_source;

#endif
