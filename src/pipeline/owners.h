/* SPDX-License-Identifier: Apache-2.0 */
/* Private to pipeline/: which package owns which file, from the lists that package databases keep. */
#ifndef TALLYMAN_PIPELINE_OWNERS_H
#define TALLYMAN_PIPELINE_OWNERS_H

#include "pipeline/scan.h"

/* Lists taken so far; {0} is empty. What they say is borrowed from the records. */
struct owners {
        struct owned_list *lists;
        size_t n, cap;
};

void owners_done(struct owners *owners); /* also the _cleanup_ form */
/* Takes the payload of a RECORD_OWNED. -EBADMSG it is damaged. */
int owners_take(struct owners *owners, struct str payload, struct error *err) _must_check_;
/* Fills result->owners (only if `all` files are asked for) and owned_by of the packages that are no distribution's own. Of
 * packages that claim the same file the first in result->packages has it. Where it takes more than
 * `seconds` of CPU time, the rest is left out, which is a problem. */
int owners_assign(const struct owners *owners, bool all, uint64_t seconds, struct scan_result *result, struct error *err)
        _must_check_;

#endif
