/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Layer 2: what the kernel knows of files, processes, sockets and arguments, as parts of an event. */
#ifndef TALLYMAN_SENSOR_BPF_EXTRACT_H
#define TALLYMAN_SENSOR_BPF_EXTRACT_H

#include "sensor/bpf/emit.h"

#define PATH_COMPONENTS_MAX 48
#define CGROUP_LEVELS_MAX 10
#define STACK_BYTES 16384

#define OVERLAY_MAGIC 0x794c7630
#define TMPFS_MAGIC 0x01021994
#define PIPE_MAGIC 0x50495045
#define ANON_MAGIC 0x09041934
#define SOCK_MAGIC 0x534f434b
#define FMODE_CREATED_BIT 0x100000
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define AT_FDCWD -100
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

/* ---- paths ---- */

/* Writes the path backwards from the end of the first half of `w->buf`: it starts at w->off. To the root of the mount
 * namespace, not of the process: a process that changed its root could else be anywhere. True: all of it. */
static __noinline int extract__walk(struct walk *w)
{
        struct mount *first = w->mount; /* what is not the kernel's must not stand in BPF_CORE_READ() */

        w->off = SENSOR_PATH_MAX - 1;
        w->buf[SENSOR_PATH_MAX - 1] = 0;
        w->root = BPF_CORE_READ(first, mnt.mnt_root);
        for (int i = 0; i < PATH_COMPONENTS_MAX; i++) {
                struct dentry *d = w->dentry;
                struct { /* members of struct dentry that follow each other */
                        struct dentry *parent;
                        uint32_t hash, len;
                        const void *name;
                } in = { 0 };
                uint64_t len, o;

                bpf_probe_read_kernel(&in, sizeof(in), (char *)d + bpf_core_field_offset(struct dentry, d_parent));
                if (d == in.parent || d == w->root) {
                        struct mount *m = w->mount, *above = BPF_CORE_READ(m, mnt_parent);

                        if (m == above)
                                return 1; /* the namespace's root, or detached */
                        w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
                        w->mount = above;
                        w->root = BPF_CORE_READ(above, mnt.mnt_root);
                        continue;
                }
                len = in.len;
                o = w->off;
                MASK(len, 255);
                MASK(o, SENSOR_PATH_MAX - 1);
                if (o < len + 1)
                        return 0;
                o -= len + 1;
                w->off = o;
                MASK(o, SENSOR_PATH_MAX - 1);
                w->buf[o] = '/';
                MASK(len, 255); /* again: some verifiers lose the bound in the comparison */
                bpf_probe_read_kernel(&w->buf[o + 1], len, in.name);
                w->dentry = in.parent;
        }
        return 0;
}

/* "/", or what is on no mount: "memfd:x", "anon_inode:[eventpoll]". */
static __always_inline void extract__rootless(struct walk *w)
{
        struct dentry *d = w->dentry;
        const void *name = BPF_CORE_READ(d, d_name.name);
        uint64_t len = BPF_CORE_READ(d, d_name.len), o = SENSOR_PATH_MAX - 1;

        MASK(len, 255);
        o -= len;
        w->off = o;
        MASK(o, SENSOR_PATH_MAX - 1);
        bpf_probe_read_kernel(&w->buf[o], len, name);
}

static __noinline void extract__path(struct scratch *s, uint32_t type, const struct path *path)
{
        struct walk *w = &s->walk;
        uint64_t off, size;
        uint8_t *room;
        int whole;

        w->dentry = BPF_CORE_READ(path, dentry);
        w->mount = CONTAINER_OF(BPF_CORE_READ(path, mnt), struct mount, mnt);
        whole = extract__walk(w);
        if (whole && w->off == SENSOR_PATH_MAX - 1)
                extract__rootless(w);
        room = emit__room(s);
        if (!room)
                return;
        off = w->off;
        MASK(off, SENSOR_PATH_MAX - 1);
        size = SENSOR_PATH_MAX - off;
        MASK(size, TEXT_MASK);
        if (size > SENSOR_PATH_MAX)
                return;
        bpf_probe_read_kernel(room, size, &w->buf[off]);
        emit__end_part(s, type, whole ? 0 : SENSOR_PART_CUT, size);
}

/* ---- files ---- */

static __always_inline struct file *extract__file_of(struct task_struct *task, int64_t fd)
{
        struct file **slots, *file = NULL;

        if (fd < 0 || (uint64_t)fd >= READ(task, files, fdt, max_fds)) /* 0 of who has no table */
                return NULL;
        slots = READ(task, files, fdt, fd);
        bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
        return file;
}

#define IN_NANOSECONDS(inode, time) \
        (BPF_CORE_READ(inode, time.tv_sec) * 1000000000 + BPF_CORE_READ(inode, time.tv_nsec))

static __always_inline void extract__times(struct sensor_file *f, struct inode *inode)
{
        struct inode___parts *parts = (void *)inode;
        struct inode___private *private = (void *)inode;
        struct inode___timespec *plain = (void *)inode;

        if (bpf_core_field_exists(parts->i_ctime_sec)) {
                f->ctime = BPF_CORE_READ(parts, i_ctime_sec) * 1000000000 + BPF_CORE_READ(parts, i_ctime_nsec);
                f->mtime = BPF_CORE_READ(parts, i_mtime_sec) * 1000000000 + BPF_CORE_READ(parts, i_mtime_nsec);
                return;
        }
        f->ctime = bpf_core_field_exists(private->__i_ctime) ? IN_NANOSECONDS(private, __i_ctime)
                                                             : IN_NANOSECONDS(plain, i_ctime);
        f->mtime = bpf_core_field_exists(private->__i_mtime) ? IN_NANOSECONDS(private, __i_mtime)
                                                             : IN_NANOSECONDS(plain, i_mtime);
}

static __always_inline uint32_t extract__marks(struct inode *inode, struct dentry *dentry, uint32_t nlink)
{
        uint64_t magic = BPF_CORE_READ(inode, i_sb, s_magic);
        uint32_t marks = nlink ? 0 : SENSOR_FILE_UNLINKED;
        const void *name = BPF_CORE_READ(dentry, d_name.name);
        struct dentry *upper = NULL;
        char start[6] = { 0 };

        if (magic == OVERLAY_MAGIC) { /* struct ovl_inode: its inode, then in every version the upper dentry */
                bpf_probe_read_kernel(&upper, sizeof(upper), (char *)inode + bpf_core_type_size(struct inode));
                return marks | SENSOR_FILE_OVERLAY | (upper ? SENSOR_FILE_UPPER : 0);
        }
        if (magic == PIPE_MAGIC)
                return marks | SENSOR_FILE_PIPE;
        if (magic == ANON_MAGIC)
                return marks | SENSOR_FILE_ANON;
        if (magic != TMPFS_MAGIC || nlink)
                return marks;
        bpf_probe_read_kernel(start, sizeof(start), name);
        if (start[0] == 'm' && start[1] == 'e' && start[2] == 'm' && start[3] == 'f' && start[4] == 'd' && start[5] == ':')
                marks |= SENSOR_FILE_MEMFD;
        return marks;
}

/* FILE and PATH. */
static __noinline void extract__file(struct scratch *s, struct file *file)
{
        struct sensor_file *f = (struct sensor_file *)emit__room(s);
        struct inode *inode = BPF_CORE_READ(file, f_inode);

        if (!f)
                return;
        f->ino = BPF_CORE_READ(inode, i_ino);
        f->dev = BPF_CORE_READ(inode, i_sb, s_dev);
        f->mode = BPF_CORE_READ(inode, i_mode);
        f->uid = BPF_CORE_READ(inode, i_uid.val);
        f->gid = BPF_CORE_READ(inode, i_gid.val);
        f->nlink = BPF_CORE_READ(inode, i_nlink);
        f->generation = BPF_CORE_READ(inode, i_generation);
        f->open_flags = BPF_CORE_READ(file, f_flags);
        f->marks = extract__marks(inode, BPF_CORE_READ(file, f_path.dentry), f->nlink);
        if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED_BIT)
                f->marks |= SENSOR_FILE_CREATED;
        extract__times(f, inode);
        emit__end_part(s, SENSOR_PART_FILE, 0, sizeof(*f));
        extract__path(s, SENSOR_PART_PATH, &file->f_path);
}

/* The directory that a relative name starts from. */
static __noinline void extract__directory(struct scratch *s, struct task_struct *task, uint32_t type, int64_t dirfd)
{
        struct fs_struct *fs;
        struct file *file;

        if ((int32_t)dirfd == AT_FDCWD) {
                fs = BPF_CORE_READ(task, fs);
                if (fs)
                        extract__path(s, type, &fs->pwd);
                return;
        }
        file = extract__file_of(task, (int32_t)dirfd);
        if (file)
                extract__path(s, type, &file->f_path);
}

/* ---- processes ---- */

static __always_inline uint32_t extract__tty(struct signal_struct *signal)
{
        struct tty_struct *tty = BPF_CORE_READ(signal, tty);
        uint32_t major, minor;

        if (!tty)
                return 0;
        major = (uint32_t)BPF_CORE_READ(tty, driver, major);
        minor = (uint32_t)(BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index));
        return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static __noinline void extract__process(struct scratch *s, struct task_struct *task)
{
        struct sensor_process *p = (struct sensor_process *)emit__room(s);
        struct signal_struct *signal = BPF_CORE_READ(task, signal);
        struct pid *pid = BPF_CORE_READ(task, thread_pid);
        uint32_t level = BPF_CORE_READ(pid, level);
        struct pid_namespace *ns = NULL;
        struct pid *group;

        if (!p)
                return;
        bpf_core_read(&ns, sizeof(ns), (char *)pid + bpf_core_field_offset(struct pid, numbers) +
                      (level & 31) * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
        group = BPF_CORE_READ(signal, pids[PIDTYPE_PGID]);
        p->start = BPF_CORE_READ(task, start_boottime);
        p->pidns_start = BPF_CORE_READ(ns, child_reaper, start_boottime);
        p->cgroup = base__cgroup_of(task);
        p->pid = (uint32_t)BPF_CORE_READ(task, tgid);
        p->ppid = (uint32_t)BPF_CORE_READ(task, real_parent, tgid);
        p->vpid = emit__ns_pid(pid);
        p->sid = emit__ns_pid(BPF_CORE_READ(signal, pids[PIDTYPE_SID]));
        p->pgid = (uint32_t)BPF_CORE_READ(group, numbers[0].nr);
        p->vpgid = emit__ns_pid(group);
        p->tty = extract__tty(signal);
        p->padding = 0;
        bpf_probe_read_kernel(p->comm, sizeof(p->comm), &task->comm);
        emit__end_part(s, SENSOR_PART_PROCESS, 0, sizeof(*p));
}

static __always_inline struct kernfs_node *extract__above(struct kernfs_node *kn)
{
        struct kernfs_node___old *old = (void *)kn;

        if (bpf_core_field_exists(old->parent))
                return BPF_CORE_READ(old, parent);
        return BPF_CORE_READ(kn, __parent);
}

/* Path of a control group, written backwards as paths of files are. */
static __noinline void extract__cgroup(struct scratch *s, struct kernfs_node *kn)
{
        struct walk *w = &s->walk;
        uint64_t off, size;
        uint8_t *room = emit__room(s);

        if (!room)
                return;
        w->off = SENSOR_PATH_MAX - 1;
        w->buf[SENSOR_PATH_MAX - 1] = 0;
        for (int i = 0; i < CGROUP_LEVELS_MAX; i++) {
                struct kernfs_node *above = extract__above(kn);
                char *part = w->buf + SENSOR_PATH_MAX;
                uint64_t o = w->off;
                int64_t n;

                if (!above)
                        break;
                n = bpf_probe_read_kernel_str(part, 256, BPF_CORE_READ(kn, name)); /* with its end */
                if (n <= 1)
                        break;
                n--;
                MASK(n, 255);
                MASK(o, SENSOR_PATH_MAX - 1);
                if (o < (uint64_t)n + 1)
                        break;
                o -= (uint64_t)n + 1;
                w->off = o;
                MASK(o, SENSOR_PATH_MAX - 1);
                w->buf[o] = '/';
                MASK(n, 255);
                bpf_probe_read_kernel(&w->buf[o + 1], (uint32_t)n, part);
                kn = above;
        }
        off = w->off;
        MASK(off, SENSOR_PATH_MAX - 1);
        if (off == SENSOR_PATH_MAX - 1)
                w->buf[--off] = '/';
        size = SENSOR_PATH_MAX - off;
        MASK(size, TEXT_MASK);
        if (size > SENSOR_PATH_MAX)
                return;
        bpf_probe_read_kernel(room, size, &w->buf[off & (SENSOR_PATH_MAX - 1)]);
        emit__end_part(s, SENSOR_PART_CGROUP, 0, size);
}

/* ---- sockets ---- */

static __always_inline struct socket *extract__socket_of(struct file *file)
{
        if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
                return NULL;
        return BPF_CORE_READ(file, private_data);
}

static __always_inline void extract__ends(struct sensor_socket *e, struct sock *sk)
{
        e->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
        e->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
        if (e->family == AF_INET) {
                bpf_probe_read_kernel(e->local, 4, &sk->__sk_common.skc_rcv_saddr);
                bpf_probe_read_kernel(e->remote, 4, &sk->__sk_common.skc_daddr);
        } else {
                bpf_probe_read_kernel(e->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
                bpf_probe_read_kernel(e->remote, 16, &sk->__sk_common.skc_v6_daddr);
        }
}

static __always_inline void extract__unix_name(struct scratch *s, struct sock *sk)
{
        struct unix_sock *u = (struct unix_sock *)sk;
        struct unix_address *addr = BPF_CORE_READ(u, addr);
        uint8_t *room;
        uint64_t n;

        if (!addr)
                return;
        n = (uint64_t)BPF_CORE_READ(addr, len);
        if (n <= 2 || n > 110)
                return;
        room = emit__room(s);
        if (!room)
                return;
        n -= 2;
        MASK(n, 127);
        bpf_probe_read_kernel(room, n, &addr->name[0].sun_path);
        emit__end_part(s, SENSOR_PART_UNIX, 0, n);
}

/* SOCKET, and UNIX where it has a name. The kernel's own words; `ret` (may be NULL) gets a copy. */
static __noinline void extract__socket(struct scratch *s, struct file *file, struct sock *sk)
{
        struct sensor_socket *e = (struct sensor_socket *)emit__room(s);

        if (!e)
                return;
        __builtin_memset(e, 0, sizeof(*e));
        e->ino = BPF_CORE_READ(file, f_inode, i_ino);
        e->family = BPF_CORE_READ(sk, __sk_common.skc_family);
        e->type = BPF_CORE_READ(sk, sk_type);
        e->protocol = BPF_CORE_READ(sk, sk_protocol);
        e->state = BPF_CORE_READ(sk, __sk_common.skc_state);
        if (e->family == AF_INET || e->family == AF_INET6)
                extract__ends(e, sk);
        emit__end_part(s, SENSOR_PART_SOCKET, 0, sizeof(*e));
        if (e->family == AF_UNIX)
                extract__unix_name(s, sk);
}

/* ---- arguments of the system call that ends ---- */

static __always_inline struct pt_regs *extract__registers(void)
{
#ifdef SENSOR_OLD_KERNEL /* at the end of the stack, on both machines */
        struct task_struct *task = CURRENT_TASK();

        return (struct pt_regs *)((char *)BPF_CORE_READ(task, stack) + STACK_BYTES - bpf_core_type_size(struct pt_regs));
#else
        return (struct pt_regs *)bpf_task_pt_regs(CURRENT_TASK());
#endif
}

static __noinline void extract__args(struct scratch *s)
{
        struct pt_regs *regs = extract__registers();
        uint64_t *args = s->header.args;

#ifdef __TARGET_ARCH_x86
        args[0] = BPF_CORE_READ(regs, di);
        args[1] = BPF_CORE_READ(regs, si);
        args[2] = BPF_CORE_READ(regs, dx);
        args[3] = BPF_CORE_READ(regs, r10);
        args[4] = BPF_CORE_READ(regs, r8);
        args[5] = BPF_CORE_READ(regs, r9);
#else
        args[0] = BPF_CORE_READ(regs, orig_x0);
        bpf_probe_read_kernel(&args[1], 8 * (SENSOR_ARGS - 1), &regs->regs[1]);
#endif
}

#endif
