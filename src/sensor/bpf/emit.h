/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Layer 1: an event in the making: header, parts, off to the reader. */
#ifndef TALLYMAN_SENSOR_BPF_EMIT_H
#define TALLYMAN_SENSOR_BPF_EMIT_H

#include "sensor/bpf/base.h"

#define O_MASK (SENSOR_DATA_MAX - 1)
#define TEXT_MASK (SENSOR_TEXT_MAX - 1)

/* ---- the header ---- */

static __always_inline uint32_t emit__ns_pid(struct pid *pid)
{
        uint32_t level = BPF_CORE_READ(pid, level);
        struct upid up = { 0 };

        bpf_core_read(&up.nr, sizeof(up.nr), (char *)pid + bpf_core_field_offset(struct pid, numbers) +
                      (level & 31) * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, nr));
        return (uint32_t)up.nr;
}

static __always_inline void emit__credentials(struct sensor_header *h, struct task_struct *task)
{
        const struct cred *cred = READ(task, cred);

        h->uid = READ(cred, uid.val);
        h->gid = READ(cred, gid.val);
        h->euid = READ(cred, euid.val);
        h->egid = READ(cred, egid.val);
        bpf_probe_read_kernel(&h->cap_inheritable, 8, &cred->cap_inheritable);
        bpf_probe_read_kernel(&h->cap_permitted, 8, &cred->cap_permitted);
        bpf_probe_read_kernel(&h->cap_effective, 8, &cred->cap_effective);
        h->loginuid = bpf_core_field_exists(task->loginuid) ? READ(task, loginuid.val) : (uint32_t)-1;
}

/* The id of a process within its own namespace. */
static __always_inline uint32_t emit__vpid(struct task_struct *leader)
{
        return emit__ns_pid(BPF_CORE_READ(leader, thread_pid));
}

static __noinline void emit__header(struct scratch *s, struct task_struct *task)
{
        struct sensor_header *h = &s->header;
        struct task_struct *leader = READ(task, group_leader);
        struct pid *pid = BPF_CORE_READ(task, thread_pid); /* a number: places in it are reckoned */
        uint32_t level = BPF_CORE_READ(pid, level);
        struct pid_namespace *ns = NULL;

        h->time = bpf_ktime_get_boot_ns();
        h->cgroup = base__cgroup_of(task);
        h->start = READ(leader, start_boottime);
        h->cpu = bpf_get_smp_processor_id();
        h->pid = (uint32_t)READ(task, tgid);
        h->tid = (uint32_t)READ(task, pid);
        h->ppid = (uint32_t)READ(task, real_parent, tgid);
        h->vtid = emit__ns_pid(pid);
        h->vpid = leader == task ? h->vtid : emit__vpid(leader);
        emit__credentials(h, task);
        h->mnt_ns = READ(task, nsproxy, mnt_ns, ns.inum); /* 0 of who has none any more */
        bpf_core_read(&ns, sizeof(ns), (char *)pid + bpf_core_field_offset(struct pid, numbers) +
                      (level & 31) * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
        h->pid_ns = BPF_CORE_READ(ns, ns.inum);
        bpf_probe_read_kernel(h->comm, sizeof(h->comm), &task->comm);
}

/* Starts an event; the caller gives it `task`'s words. NULL: there is no scratch, and that is counted. */
static __always_inline struct scratch *emit__begin(uint32_t kind, uint32_t flags, struct task_struct *task)
{
        struct sensor_counters *c = base__counters(kind);
        struct scratch *s;

        if (c)
                c->seen++;
        s = base__take_scratch();
        if (!s) {
                if (c)
                        c->lost++;
                return NULL;
        }
        s->used = 0;
        s->header.kind = (uint16_t)kind;
        s->header.flags = (uint16_t)flags;
        s->header.result = 0;
        s->header.n_parts = 0;
        for (int i = 0; i < SENSOR_ARGS; i++)
                s->header.args[i] = 0;
        emit__header(s, task);
        return s;
}

/* ---- parts ---- */

/* Room for a part of at most SENSOR_TEXT_MAX bytes: where its bytes go, NULL: there is none. */
static __always_inline uint8_t *emit__room(struct scratch *s)
{
        uint64_t used = s->used;

        if (used > SENSOR_DATA_MAX - SENSOR_TEXT_MAX - sizeof(struct sensor_part)) {
                s->header.flags |= SENSOR_FLAG_TRUNCATED;
                return NULL;
        }
        MASK(used, O_MASK);
        return s->data + used + sizeof(struct sensor_part);
}

/* Ends the part whose `size` bytes were written to the room. */
static __always_inline void emit__end_part(struct scratch *s, uint32_t type, uint32_t flags, uint64_t size)
{
        uint64_t used = s->used, end, padded;
        struct sensor_part *head;

        MASK(used, O_MASK);
        head = (struct sensor_part *)(s->data + used);
        head->type = (uint16_t)type;
        head->flags = (uint16_t)flags;
        head->size = (uint32_t)size;
        padded = (size + 7) & ~7ull;
        end = used + sizeof(*head) + padded;
        if (padded != size) { /* no old bytes in what goes out: zero the last word but for what was written */
                uint64_t *last, keep = (1ull << (size & 7) * 8) - 1;

                MASK(end, 0xffff & ~7);
                if (end < 8 || end > sizeof(s->data))
                        return;
                last = (uint64_t *)(s->data + end - 8);
                *last &= keep; /* little-endian, as all machines with BPF that we build for */
        }
        s->used = end;
        s->header.n_parts++;
}

/* Text from the kernel's memory, `size` bytes with its end. */
static __noinline void emit__kernel_text(struct scratch *s, uint32_t type, const void *from)
{
        uint8_t *room = emit__room(s);
        long n;

        if (!room)
                return;
        n = bpf_probe_read_kernel_str(room, SENSOR_PATH_MAX, from);
        if (n < 0)
                n = 0;
        emit__end_part(s, type, n >= SENSOR_PATH_MAX ? SENSOR_PART_CUT : 0, (uint64_t)n);
}

/* Text from the program's memory. */
static __noinline void emit__user_text(struct scratch *s, uint32_t type, uint64_t from)
{
        uint8_t *room = emit__room(s);
        uint32_t flags = 0;
        long n;

        if (!room)
                return;
        n = bpf_probe_read_user_str(room, SENSOR_PATH_MAX, (const void *)from);
        if (n < 0) {
                n = 0;
                flags = SENSOR_PART_UNREADABLE;
        } else if (n >= SENSOR_PATH_MAX) {
                flags = SENSOR_PART_CUT;
        }
        emit__end_part(s, type, flags, (uint64_t)n);
}

/* Bytes from the program's memory, at most `max` (below SENSOR_TEXT_MAX). */
static __noinline void emit__user_bytes(struct scratch *s, uint32_t type, uint64_t from, uint64_t size, uint64_t max)
{
        uint8_t *room = emit__room(s);
        uint32_t flags = 0;

        if (!room)
                return;
        if (size > max) {
                size = max;
                flags = SENSOR_PART_CUT;
        }
        MASK(size, TEXT_MASK);
        if (bpf_probe_read_user(room, size, (const void *)from) < 0) {
                size = 0;
                flags = SENSOR_PART_UNREADABLE;
        }
        emit__end_part(s, type, flags, size);
}

/* ---- the end ---- */

static __always_inline uint64_t emit__wakeup(const struct sensor_settings *set)
{
        uint64_t waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

        return set && waiting > set->wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Sends the event and gives the scratch back. */
static __noinline void emit__send(struct scratch *s)
{
        uint32_t kind = s->header.kind, zero = 0;
        struct sensor_counters *c = base__counters(kind);
        uint64_t *seq = bpf_map_lookup_elem(&sequence, &zero), size = s->used + sizeof(s->header);
        long r;

        MASK(size, 0xffff);
        if (size > sizeof(s->header) + SENSOR_DATA_MAX)
                size = sizeof(s->header) + SENSOR_DATA_MAX;
        s->header.size = (uint32_t)size;
#ifdef SENSOR_OLD_KERNEL
        s->header.seq = seq ? ++*seq : 0;
#else
        s->header.seq = seq ? __sync_fetch_and_add(seq, 1) + 1 : 0;
#endif
        r = bpf_ringbuf_output(&events, &s->header, size, emit__wakeup(base__settings()));
        if (c) {
                if (r < 0)
                        c->lost++;
                else
                        c->sent++;
        }
        base__give_scratch(s);
}

static __always_inline void emit__drop(struct scratch *s)
{
        struct sensor_counters *c = base__counters(s->header.kind);

        if (c)
                c->dropped++;
        base__give_scratch(s);
}

#endif
