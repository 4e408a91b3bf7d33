/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Opens that were told a moment ago: the same program of the same process, as the same user, of the same file under the same
 * name, written in the same way, with the same flags. Rules would see the same again, but for the time. Most of a busy program's
 * opens are of this kind, and they are left out before a path is walked. Datagram sockets that are connected to where the same
 * process connected one before are treated alike: each look-up of a name makes one.
 */
#ifndef TALLYMAN_SENSOR_BPF_REPEAT_H
#define TALLYMAN_SENSOR_BPF_REPEAT_H

#include "sensor/bpf/extract.h"

#define REPEAT_NAME 64  /* longer names are told each time */
#define REPEAT_DEPTH 16 /* so are files below more folders than this */

/* Two mixtures of all that makes an open the same. */
struct repeat {
        uint64_t a, b;
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

/* Mixes what the program wrote into the hash, if it fits. */
static __always_inline bool repeat__name(uint64_t *hash, uint32_t kind)
{
        struct pt_regs *regs = extract__registers();
        uint64_t name = 0, words[REPEAT_NAME / 8] = { 0 };
        long n;

#ifdef __TARGET_ARCH_x86
        name = kind == SENSOR_open || kind == SENSOR_creat ? BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, si);
#else
        bpf_probe_read_kernel(&name, sizeof(name), &regs->regs[1]);
#endif
        if (kind == SENSOR_open_by_handle_at)
                return true;
        n = bpf_probe_read_user_str(words, sizeof(words), (const void *)name);
        for (int i = 0; i < REPEAT_NAME / 8; i++)
                *hash = repeat__mix(*hash, words[i]);
        return n > 0 && n < REPEAT_NAME;
}

static __always_inline uint64_t repeat__actor(struct task_struct *task)
{
        uint64_t comm[SENSOR_COMM / 8] = { 0 }, hash = READ(task, group_leader, start_boottime);

        bpf_get_current_comm(comm, sizeof(comm));
        hash = repeat__mix(hash, (uint64_t)(uint32_t)READ(task, tgid) << 32 | READ(task, cred, euid.val));
        hash = repeat__mix(hash, READ(task, self_exec_id)); /* counts the programs of a process */
        return repeat__mix(repeat__mix(hash, comm[0]), comm[1]);
}

/* True: it was told, and need not be again. Else it is from now on. */
static __always_inline bool repeat__look(const struct sensor_settings *set, const struct repeat *key)
{
        uint64_t now = bpf_ktime_get_boot_ns(), *told = bpf_map_lookup_elem(&repeats, key);

        if (told && now - *told < set->repeat_ns)
                return true;
        bpf_map_update_elem(&repeats, key, &now, BPF_ANY);
        return false;
}

/* A file that was just made is always told. */
static __noinline bool repeat__was_told(struct task_struct *task, struct file *file, uint32_t kind)
{
        const struct sensor_settings *set = base__settings();
        struct repeat key;

        if (!set || !set->repeat_ns || BPF_CORE_READ(file, f_mode) & FMODE_CREATED_BIT)
                return false;
        key.a = repeat__actor(task);
        key.b = repeat__path(file);
        if (!key.b || !repeat__name(&key.a, kind))
                return false;
        key.a = repeat__mix(key.a, (uint64_t)kind << 32 | BPF_CORE_READ(file, f_flags));
        key.b = repeat__mix(key.b, BPF_CORE_READ(file, f_inode, i_ino));
        return repeat__look(set, &key);
}

#endif
