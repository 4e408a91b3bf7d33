/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What being attached costs by itself. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EMPTY(section, name)                 \
        SEC(section) int name(void *context) \
        {                                    \
                return 0;                    \
        }

EMPTY("tracepoint", call)
EMPTY("tp_btf/sched_process_exec", process_exec)
EMPTY("tp_btf/sched_process_fork", process_fork)
EMPTY("tp_btf/sched_process_exit", process_exit)
EMPTY("tp_btf/sys_enter", all_enter)
EMPTY("tp_btf/sys_exit", all_exit)

#define ALLOW(section, name)                 \
        SEC(section) int name(void *context) \
        {                                    \
                return 1;                    \
        }

ALLOW("cgroup/connect4", connect4)
ALLOW("cgroup/connect6", connect6)

char LICENSE[] SEC("license") = "GPL";
