/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Lives of processes and of control groups. Told of every process, since tables are made of them. */
#ifndef TALLYMAN_SENSOR_BPF_PROCESS_H
#define TALLYMAN_SENSOR_BPF_PROCESS_H

#include "sensor/bpf/extract.h"

#define ARGV_MAX (SENSOR_TEXT_MAX - 1)
#define ENV_MAX 4095
#define CHUNK 512

static __always_inline uint32_t process__flags(uint32_t kind, struct task_struct *task)
{
        const struct sensor_settings *set = base__settings();

        if (!set)
                return SENSOR_FLAG_OUTSIDE;
        if (base__is_test(set))
                return SENSOR_FLAG_SELF_TEST | SENSOR_FLAG_OUTSIDE;
        return base__kind_wanted(set, kind) && base__in_scope(set, base__cgroup_of(task)) ? 0 : SENSOR_FLAG_OUTSIDE;
}

/* Argument vector or environment: what lies between two addresses of the program's memory. A page that is not there
 * ends it. */
static __noinline void process__strings(struct scratch *s, uint32_t type, uint64_t from, uint64_t to, uint64_t max)
{
        uint64_t size = to > from ? to - from : 0, done = 0;
        uint8_t *room = emit__room(s);
        uint32_t flags = 0;

        if (!room)
                return;
        if (size > max) {
                size = max;
                flags = SENSOR_PART_CUT;
        }
        for (int i = 0; i < SENSOR_TEXT_MAX / CHUNK; i++) {
                uint64_t n = size - done, at = done;

                if (done >= size)
                        break;
                if (n > CHUNK)
                        n = CHUNK;
                MASK(at, TEXT_MASK & ~(CHUNK - 1));
                MASK(n, 2 * CHUNK - 1);
                if (n > CHUNK || bpf_probe_read_user(room + at, n, (const void *)(from + done)) < 0) {
                        flags = done ? SENSOR_PART_CUT : SENSOR_PART_UNREADABLE;
                        break;
                }
                done += n;
        }
        MASK(done, TEXT_MASK);
        emit__end_part(s, type, flags, done);
}

/* All that a process is after it has executed a program. */
static __always_inline void process__image(struct scratch *s, struct task_struct *task)
{
        struct mm_struct *mm = BPF_CORE_READ(task, mm);
        struct fs_struct *fs = BPF_CORE_READ(task, fs);
        struct file *exe;

        extract__process(s, task);
        if (mm) {
                exe = BPF_CORE_READ(mm, exe_file);
                if (exe)
                        extract__file(s, exe);
        }
        if (fs)
                extract__path(s, SENSOR_PART_CWD, &fs->pwd);
        extract__cgroup(s, BPF_CORE_READ(task, cgroups, dfl_cgrp, kn));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
        uint32_t kind = BPF_CORE_READ(bprm, fdpath) ? SENSOR_execveat : SENSOR_execve;
        struct scratch *s = emit__begin(kind, process__flags(kind, task), task);
        struct mm_struct *mm = BPF_CORE_READ(task, mm);

        if (!s)
                return 0;
        process__image(s, task);
        process__strings(s, SENSOR_PART_ARGV, BPF_CORE_READ(mm, arg_start), BPF_CORE_READ(mm, arg_end), ARGV_MAX);
        process__strings(s, SENSOR_PART_ENV, BPF_CORE_READ(mm, env_start), BPF_CORE_READ(mm, env_end), ENV_MAX);
        emit__kernel_text(s, SENSOR_PART_NAME, BPF_CORE_READ(bprm, filename));
        emit__send(s);
        return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
        struct scratch *s;
        uint32_t flags;

        if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
                return 0; /* a thread */
        flags = process__flags(SENSOR_clone, parent);
        s = emit__begin(SENSOR_clone, flags, parent);
        if (!s)
                return 0;
        s->header.result = BPF_CORE_READ(child, tgid);
        extract__process(s, child);
        emit__send(s);
        return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
        struct scratch *s;

        if (BPF_CORE_READ(task, signal, live.counter) != 0)
                return 0; /* other threads still live */
        s = emit__begin(SENSOR_procexit, process__flags(SENSOR_procexit, task), task);
        if (!s)
                return 0;
        s->header.result = BPF_CORE_READ(task, exit_code);
        emit__send(s);
        return 0;
}

/* Run once by the reader: each process that is there. What was written to the ring would have to fit there; the reader
 * takes this at its own speed. */
struct seq_file;
struct bpf_iter_meta {
        struct seq_file *seq;
} __attribute__((preserve_access_index));
struct bpf_iter__task {
        struct bpf_iter_meta *meta;
        struct task_struct *task;
} __attribute__((preserve_access_index));

#define PF_EXITING 4

SEC("iter/task")
int process_snapshot(struct bpf_iter__task *ctx)
{
        struct seq_file *seq = ctx->meta->seq;
        struct task_struct *task = ctx->task;
        struct sensor_counters *c;
        struct scratch *s;
        uint64_t size;

        if (!task || task->pid != task->tgid || task->flags & PF_EXITING)
                return 0;
        s = emit__begin(SENSOR_procinfo, SENSOR_FLAG_OUTSIDE | SENSOR_FLAG_SNAPSHOT, task);
        if (!s)
                return 0;
        process__image(s, task);
        size = s->used + sizeof(s->header);
        MASK(size, 0x7fff);
        s->header.seq = 0;
        s->header.size = (uint32_t)size;
        if (bpf_seq_write(seq, &s->header, size) < 0) { /* comes again with a fresh buffer */
                base__give_scratch(s);
                return 0;
        }
        c = base__counters(SENSOR_procinfo);
        if (c)
                c->sent++;
        base__give_scratch(s);
        return 0;
}

/* ---- control groups of the unified hierarchy ---- */

static __always_inline int process__cgroup(uint32_t kind, struct cgroup *cgroup, const char *path)
{
        const struct sensor_settings *set = base__settings();
        struct scratch *s;

        if (!set || BPF_CORE_READ(cgroup, root, hierarchy_id) != 0)
                return 0;
        s = emit__begin(kind, base__is_test(set) ? SENSOR_FLAG_SELF_TEST : 0, CURRENT_TASK());
        if (!s)
                return 0;
        s->header.result = (int64_t)BPF_CORE_READ(cgroup, kn, id);
        emit__kernel_text(s, SENSOR_PART_CGROUP, path);
        emit__send(s);
        return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
        return process__cgroup(SENSOR_cgroup_mkdir, cgroup, path);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
        return process__cgroup(SENSOR_cgroup_rmdir, cgroup, path);
}

#endif
