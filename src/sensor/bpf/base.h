/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Layer 0 of the programs: maps, scratch, which events are wanted, counting.
 */
#ifndef TALLYMAN_SENSOR_BPF_BASE_H
#define TALLYMAN_SENSOR_BPF_BASE_H

#include "sensor/bpf/kernel.h"

/* Bounds a number where the verifier can see it, right before its use: what the compiler knows it may leave out. */
#define MASK(x, mask) asm volatile("%0 &= %1" : "+r"(x) : "i"(mask))

#define SYSCALLS_MAX 1024 /* numbers of system calls */
#define CPUS_MAX 1024
#define SCRATCH_SLOTS 4   /* a processor: a program may be preempted by one that runs in another task */

/* ---- maps ---- */

struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, 8 << 20); /* set before loading */
} events SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __type(key, uint32_t);
        __type(value, struct sensor_settings);
} settings SEC(".maps");

/* Kind of a system call by its number, plus 1. */
struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, SYSCALLS_MAX);
        __type(key, uint32_t);
        __type(value, uint32_t);
} kinds_of_calls SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, SENSOR_KINDS);
        __type(key, uint32_t);
        __type(value, struct sensor_counters);
} counters SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, uint32_t);
        __type(value, uint64_t);
} sequence SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, 16384);
        __type(key, uint64_t);
        __type(value, uint32_t);
} cgroups SEC(".maps");

/* Whom a socket has sent to or received from: only the first contact is told. */
struct contact {
        uint64_t ino;
        uint8_t remote[16];
        uint16_t port;
        uint16_t sends;
        uint32_t pid;
};
struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, 8192);
        __type(key, struct contact);
        __type(value, uint8_t);
} contacts SEC(".maps");

/* ---- scratch ---- */

struct walk {
        struct dentry *dentry;
        struct mount *mount;
        struct dentry *root; /* of that mount */
        uint64_t off;
        char buf[2 * SENSOR_PATH_MAX];
};

struct scratch {
        uint64_t busy;
        uint64_t used;  /* bytes of `data` */
        struct walk walk;
        struct contact contact;
        struct sensor_header header; /* the event goes out from here on */
        uint8_t data[SENSOR_DATA_MAX + SENSOR_TEXT_MAX + sizeof(struct sensor_part)];
};

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, SCRATCH_SLOTS); /* times the processors, set before loading */
        __type(key, uint32_t);
        __type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *base__take_scratch(void)
{
        uint32_t first = bpf_get_smp_processor_id() * SCRATCH_SLOTS;

        for (uint32_t i = 0; i < SCRATCH_SLOTS; i++) {
                uint32_t slot = first + i;
                struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);

                if (!s)
                        return NULL;
#ifdef SENSOR_OLD_KERNEL /* they do not preempt here */
                return s;
#else
                if (__sync_val_compare_and_swap(&s->busy, 0, 1) == 0)
                        return s;
#endif
        }
        return NULL;
}

static __always_inline void base__give_scratch(struct scratch *s)
{
        s->busy = 0;
}

/* ---- what is wanted ---- */

static __always_inline const struct sensor_settings *base__settings(void)
{
        uint32_t zero = 0;

        return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct sensor_counters *base__counters(uint32_t kind)
{
        return bpf_map_lookup_elem(&counters, &kind);
}

#define ROOT_CGROUP 1 /* id of the unified hierarchy's root */

static __always_inline bool base__in_scope(const struct sensor_settings *set, uint64_t cgroup)
{
        uint32_t *marks;

        if (set->scope == SENSOR_SCOPE_HOST)
                return true;
        if (cgroup == ROOT_CGROUP)
                return false;
        marks = bpf_map_lookup_elem(&cgroups, &cgroup);
        return !marks || !(*marks & SENSOR_CGROUP_IGNORED);
}

static __always_inline bool base__kind_wanted(const struct sensor_settings *set, uint32_t kind)
{
        return kind < 64 ? set->kinds[0] >> kind & 1 : set->kinds[1] >> (kind & 63) & 1;
}

static __always_inline uint64_t base__cgroup_of(struct task_struct *task)
{
        return READ(task, cgroups, dfl_cgrp, kn, id);
}

static __always_inline bool base__is_test(const struct sensor_settings *set)
{
        return set->test_tid && set->test_tid == (uint32_t)bpf_get_current_pid_tgid();
}

/* For all but the lives of processes. Flags for the event, negative: it is not wanted. This is all that runs for most
 * calls of a busy machine. */
static __always_inline int base__wanted(uint32_t kind, struct task_struct *task)
{
        const struct sensor_settings *set = base__settings();

        if (!set)
                return -1;
        if (set->test_tid && set->test_tid == (uint32_t)READ(task, pid))
                return SENSOR_FLAG_SELF_TEST;
        if (set->own_pid == (uint32_t)READ(task, tgid) || !base__kind_wanted(set, kind))
                return -1;
        return base__in_scope(set, base__cgroup_of(task)) ? 0 : -1;
}

static __always_inline void base__count_dropped(uint32_t kind)
{
        struct sensor_counters *c = base__counters(kind);

        if (c) {
                c->seen++;
                c->dropped++;
        }
}

#endif
