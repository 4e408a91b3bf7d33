/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Calls of which the arguments say it all. */
#ifndef TALLYMAN_SENSOR_BPF_PRIVILEGE_H
#define TALLYMAN_SENSOR_BPF_PRIVILEGE_H

#include "sensor/bpf/call.h"

/* Signals to oneself, and memory that can not be executed. */
static __always_inline bool privilege__is_dull(struct scratch *s)
{
        const struct sensor_header *h = &s->header;

        if (h->flags & SENSOR_FLAG_SELF_TEST)
                return false;
        switch (h->kind) {
        case SENSOR_kill:
        case SENSOR_tgkill:
                return (uint32_t)h->args[0] == h->vpid || h->args[0] == 0;
        case SENSOR_tkill:
                return (uint32_t)h->args[0] == h->vtid;
        case SENSOR_mprotect:
                return !(h->args[2] & PROT_EXEC);
        default:
                return false;
        }
}

SEC("tracepoint")
int exit_plain(struct syscall_exit *ctx)
{
        struct scratch *s = call__begin(ctx);

        if (!s)
                return 0;
        if (privilege__is_dull(s))
                emit__drop(s);
        else
                emit__send(s);
        return 0;
}

#endif
