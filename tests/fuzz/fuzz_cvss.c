/* SPDX-License-Identifier: Apache-2.0 */
/* A CVSS vector has a score of one decimal from 0 to 10, or is none. */
#include <math.h>

#include "fuzz.h"
#include "vuln/cvss.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cvss cvss;

        if (!cvss_parse((struct str){ (const char *)data, size }, &cvss))
                return 0;
        fuzz_accepted++;
        HOLDS(cvss.score >= 0 && cvss.score <= 10);
        HOLDS(fabs(cvss.score * 10 - round(cvss.score * 10)) < 1e-9);
        HOLDS(*cvss_version_name(cvss.version));
        return 0;
}
