/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The end of a system call: the start of what every such program does. */
#ifndef TALLYMAN_SENSOR_BPF_CALL_H
#define TALLYMAN_SENSOR_BPF_CALL_H

#include "sensor/bpf/extract.h"

struct call {
        uint32_t kind, flags;
};

/* One tracepoint a call, and one program for all calls of one shape: the number of the call says which kind it is. False:
 * no event is to be made. */
static __always_inline bool call__wanted(struct syscall_exit *ctx, struct call *ret)
{
        uint32_t nr = (uint32_t)ctx->nr, *known = bpf_map_lookup_elem(&kinds_of_calls, &nr);
        int flags;

        if (!known || !*known)
                return false;
        ret->kind = *known - 1;
        flags = base__wanted(ret->kind, CURRENT_TASK());
        ret->flags = (uint32_t)flags;
        return flags >= 0;
}

/* An event with its header, result and arguments. */
static __always_inline struct scratch *call__make(struct syscall_exit *ctx, const struct call *call)
{
        struct scratch *s = emit__begin(call->kind, call->flags, CURRENT_TASK());

        if (!s)
                return NULL;
        s->header.result = ctx->ret;
        extract__args(s);
        return s;
}

static __always_inline struct scratch *call__begin(struct syscall_exit *ctx)
{
        struct call call;

        return call__wanted(ctx, &call) ? call__make(ctx, &call) : NULL;
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
