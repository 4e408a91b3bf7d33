/* SPDX-License-Identifier: Apache-2.0 */
/* A finding about something that happens, as it is told at once. */
#ifndef TALLYMAN_MODEL_ALERT_H
#define TALLYMAN_MODEL_ALERT_H

#include "model/finding.h"
#include "model/syscall_event.h"

/* Borrowed for the time of the call that hands it over. */
struct alert {
        const struct finding *finding;
        const struct syscall_event *event; /* that led to it; NULL: it is about the watch itself (coverage, loss) */
        int64_t time;                      /* nanoseconds since the epoch */
        const char *priority;              /* as the rule has it: "Warning" */
        const char *const *tags;
        uint32_t n_tags;
        const char *container; /* its whole id; NULL: on the host, or about the watch itself */
        uint64_t repeated; /* so many of the same rule and container came since the last one and were not told */
};

#endif
