/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Opens that were told a moment ago: the same program of the same process, as the same user, of the same file under the same
 * name, written in the same way, with the same flags. Rules would see the same again, but for the time. Most of a busy program's
 * opens are of this kind, and they are left out before a path is walked.
 */
#ifndef TALLYMAN_SENSOR_BPF_REPEAT_H
#define TALLYMAN_SENSOR_BPF_REPEAT_H

#include "sensor/bpf/extract.h"

#define REPEAT_NAME 64  /* longer names are told each time */
#define REPEAT_DEPTH 16 /* so are files below more folders than this */

struct repeat {
        uint64_t ino, start;
        uint64_t path;    /* of the places and names of all folders up to the root, so that none was renamed */
        uint64_t exec_id; /* counts the programs of a process */
        uint32_t dev, pid, euid, open_flags;
        uint8_t comm[SENSOR_COMM];
        char written[REPEAT_NAME];
};
struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, 16384);
        __type(key, struct repeat);
        __type(value, uint64_t); /* when it was told */
} repeats SEC(".maps");

static __always_inline uint64_t repeat__mix(uint64_t hash, uint64_t more)
{
        hash = (hash ^ more) * 0x9e3779b97f4a7c15ull;
        return hash ^ hash >> 29;
}

/* As extract__walk(), without the names. 0: too deep. */
static __noinline uint64_t repeat__path(struct file *file)
{
        struct dentry *d = BPF_CORE_READ(file, f_path.dentry), *root;
        struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
        struct mount *m = CONTAINER_OF(mnt, struct mount, mnt), *above;
        uint64_t hash = (uint64_t)m;

        root = BPF_CORE_READ(m, mnt.mnt_root);
        for (int i = 0; i < REPEAT_DEPTH; i++) {
                struct { /* members of struct dentry that follow each other */
                        struct dentry *parent;
                        uint64_t name; /* hash and length */
                } in = { 0 };

                bpf_probe_read_kernel(&in, sizeof(in), (char *)d + bpf_core_field_offset(struct dentry, d_parent));
                hash = repeat__mix(repeat__mix(hash, (uint64_t)d), in.name);
                if (d != in.parent && d != root) {
                        d = in.parent;
                        continue;
                }
                above = BPF_CORE_READ(m, mnt_parent);
                if (above == m)
                        return hash | 1;
                d = BPF_CORE_READ(m, mnt_mountpoint);
                m = above;
                root = BPF_CORE_READ(m, mnt.mnt_root);
        }
        return 0;
}

/* What the program wrote, if it fits. */
static __always_inline bool repeat__name(struct repeat *key, uint32_t kind)
{
        struct pt_regs *regs = extract__registers();
        uint64_t name = 0;
        long n;

#ifdef __TARGET_ARCH_x86
        name = kind == SENSOR_open || kind == SENSOR_creat ? BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, si);
#else
        bpf_probe_read_kernel(&name, sizeof(name), &regs->regs[1]);
#endif
        if (kind == SENSOR_open_by_handle_at)
                return true;
        n = bpf_probe_read_user_str(key->written, sizeof(key->written), (const void *)name);
        return n > 0 && n < REPEAT_NAME;
}

static __always_inline void repeat__key(struct repeat *key, struct task_struct *task, struct file *file)
{
        struct inode *inode = BPF_CORE_READ(file, f_inode);

        key->ino = BPF_CORE_READ(inode, i_ino);
        key->start = READ(task, group_leader, start_boottime);
        key->exec_id = READ(task, self_exec_id);
        key->dev = BPF_CORE_READ(inode, i_sb, s_dev);
        key->pid = (uint32_t)READ(task, tgid);
        key->euid = READ(task, cred, euid.val);
        key->open_flags = BPF_CORE_READ(file, f_flags);
        bpf_probe_read_kernel(key->comm, sizeof(key->comm), &task->comm);
}

/* True: it was, and need not be told again. Else it is from now on. A file that was just made is always told. */
static __noinline bool repeat__was_told(struct task_struct *task, struct file *file, uint32_t kind)
{
        const struct sensor_settings *set = base__settings();
        uint64_t now = bpf_ktime_get_boot_ns(), *told;
        struct repeat key = { 0 };

        if (!set || !set->repeat_ns || BPF_CORE_READ(file, f_mode) & FMODE_CREATED_BIT || !repeat__name(&key, kind))
                return false;
        key.path = repeat__path(file);
        if (!key.path)
                return false;
        repeat__key(&key, task, file);
        told = bpf_map_lookup_elem(&repeats, &key);
        if (told && now - *told < set->repeat_ns)
                return true;
        bpf_map_update_elem(&repeats, &key, &now, BPF_ANY);
        return false;
}

#endif
