/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The end of a system call: the start of what every such program does. */
#ifndef TALLYMAN_SENSOR_BPF_CALL_H
#define TALLYMAN_SENSOR_BPF_CALL_H

#include "sensor/bpf/extract.h"

/* NULL: no event is to be made. Otherwise it has its header, result and arguments. One tracepoint a call, and one
 * program for all calls of one shape: the number of the call says which kind it is. */
static __always_inline struct scratch *call__begin(struct syscall_exit *ctx)
{
        uint32_t nr = (uint32_t)ctx->nr, *known = bpf_map_lookup_elem(&kinds_of_calls, &nr), kind;
        struct task_struct *task = CURRENT_TASK();
        struct scratch *s;
        int flags;

        if (!known || !*known)
                return NULL;
        kind = *known - 1;
        flags = base__wanted(kind, task);
        if (flags < 0)
                return NULL;
        s = emit__begin(kind, (uint32_t)flags, task);
        if (!s)
                return NULL;
        s->header.result = ctx->ret;
        extract__args(s);
        return s;
}

static __always_inline struct task_struct *call__task(void)
{
        return CURRENT_TASK();
}

/* An argument by its number, which may come from a table. */
static __always_inline uint64_t call__arg(struct scratch *s, uint32_t i)
{
        MASK(i, 7);
        return i < SENSOR_ARGS ? s->header.args[i] : 0;
}

#endif
