/* SPDX-License-Identifier: Apache-2.0 */
/* --fail-on: which findings fail a run. */
#ifndef TALLYMAN_CMD_FAIL_ON_H
#define TALLYMAN_CMD_FAIL_ON_H

#include "cmd/command.h"
#include "model/finding.h"

/* All that is set must be so. */
struct fail_on {
        bool has_severity, fixable, kev;
        enum severity severity; /* at or above */
};

/* Every --fail-on of the command line. `ret` is the caller's; NULL: there is none. -EINVAL. */
int fail_on_read(const struct arguments *args, struct fail_on **ret, size_t *ret_n, struct error *err) _must_check_;
/* How many findings do. */
size_t fail_on_reached(const struct fail_on *items, size_t n, const struct finding_list *findings);

#endif
