/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The members of the kernel's structs that the programs read, and no others. Offsets are settled when the object is
 * loaded (CO-RE), so order and gaps do not matter here, names and types do. A struct whose member changed its name has a
 * flavour: `struct x___what`. See docs/develop/add-an-event.md.
 */
#ifndef TALLYMAN_SENSOR_BPF_KERNEL_H
#define TALLYMAN_SENSOR_BPF_KERNEL_H

#include <stdbool.h>
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "sensor/abi/event.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* ---- files ---- */

struct qstr {
        unsigned int len;
        const unsigned char *name;
};

struct super_block {
        unsigned int s_dev;
        unsigned long s_flags;
        unsigned long s_magic;
};

typedef struct {
        unsigned int val;
} kuid_t;

struct timespec64 {
        long long tv_sec;
        long tv_nsec;
};

struct inode {
        unsigned short i_mode;
        kuid_t i_uid, i_gid;
        struct super_block *i_sb;
        unsigned long i_ino;
        unsigned int i_nlink;
        unsigned int i_generation;
};
struct inode___timespec { /* until 6.5; i_mtime until 6.10 */
        struct timespec64 i_mtime, i_ctime;
};
struct inode___private { /* 6.6 */
        struct timespec64 __i_mtime, __i_ctime;
};
struct inode___parts { /* from 6.11 */
        long long i_mtime_sec, i_ctime_sec;
        unsigned int i_mtime_nsec, i_ctime_nsec;
};

struct dentry {
        struct dentry *d_parent;
        struct qstr d_name;
        struct inode *d_inode;
        struct super_block *d_sb;
};

struct vfsmount {
        struct dentry *mnt_root;
};

struct mnt_namespace;
struct mount {
        struct mount *mnt_parent;
        struct dentry *mnt_mountpoint;
        struct vfsmount mnt;
        struct mnt_namespace *mnt_ns;
};

struct path {
        struct vfsmount *mnt;
        struct dentry *dentry;
};

struct file {
        unsigned int f_mode;
        void *private_data;
        struct inode *f_inode;
        unsigned int f_flags;
        struct path f_path;
};

struct fdtable {
        unsigned int max_fds;
        struct file **fd;
};
struct files_struct {
        struct fdtable *fdt;
};
struct fs_struct {
        struct path root, pwd;
};

/* ---- processes ---- */

struct ns_common {
        unsigned int inum;
};
struct mnt_namespace {
        struct ns_common ns;
};

struct task_struct;
struct pid_namespace {
        struct task_struct *child_reaper;
        struct ns_common ns;
};
struct upid {
        int nr;
        struct pid_namespace *ns;
};
struct pid {
        unsigned int level;
        struct upid numbers[1];
};
struct nsproxy {
        struct mnt_namespace *mnt_ns;
};

typedef struct {
        unsigned int bits; /* 8 bytes in the kernel, as one number or two: read by its address only */
} kernel_cap_t;
struct cred {
        kuid_t uid, gid, euid, egid;
        kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
};

struct tty_driver {
        int major;
        int minor_start;
};
struct tty_struct {
        int index;
        struct tty_driver *driver;
};

typedef struct {
        int counter;
} atomic_t;

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID };

struct signal_struct {
        atomic_t live;
        struct pid *pids[4];
        struct tty_struct *tty;
        int group_exit_code;
};

struct mm_struct {
        unsigned long arg_start, arg_end, env_start, env_end;
        struct file *exe_file;
};

struct kernfs_node {
        const char *name;
        struct kernfs_node *__parent;
        unsigned long long id;
};
struct kernfs_node___old { /* until 6.14 */
        struct kernfs_node *parent;
};
struct cgroup_root {
        int hierarchy_id;
};
struct cgroup {
        int level;
        struct kernfs_node *kn;
        struct cgroup_root *root;
};
struct css_set {
        struct cgroup *dfl_cgrp;
};

struct task_struct {
        void *stack;
        int pid, tgid;
        int exit_code;
        unsigned int flags;
        unsigned long long start_boottime;
        unsigned long long self_exec_id;
        struct task_struct *real_parent, *group_leader;
        struct pid *thread_pid;
        const struct cred *cred;
        kuid_t loginuid;
        char comm[16];
        struct fs_struct *fs;
        struct files_struct *files;
        struct nsproxy *nsproxy;
        struct signal_struct *signal;
        struct mm_struct *mm;
        struct css_set *cgroups;
};

struct linux_binprm {
        struct file *file;
        const char *filename;
        const char *fdpath;
};

/* ---- sockets ---- */

struct in6_addr {
        unsigned char bytes[16]; /* a union in the kernel: read by its address only */
};
struct sock_common {
        unsigned int skc_daddr, skc_rcv_saddr;
        unsigned short skc_dport, skc_num;
        unsigned short skc_family;
        unsigned char skc_state;
        struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock {
        struct sock_common __sk_common;
        unsigned short sk_type;
        unsigned short sk_protocol;
};
struct sock___bits { /* until 5.5 these were bit fields */
        unsigned int sk_protocol : 8;
};
struct inet_sock {
        struct sock sk;
        unsigned short inet_sport;
};
struct socket {
        short type;
        struct sock *sk;
};
struct sockaddr_un {
        unsigned short sun_family;
        char sun_path[108];
};
struct unix_address {
        int len;
        struct sockaddr_un name[1];
};
struct unix_sock {
        struct sock sk;
        struct unix_address *addr;
};

/* ---- io_uring: a request, and what its first bytes are by its opcode ---- */

struct filename {
        const char *name;
};
struct io_cqe {
        int fd;
};
struct io_kiocb {
        unsigned char opcode;
        struct io_cqe cqe;
};
struct open_how___kernel {
        unsigned long long flags, mode, resolve;
};
struct io_open {
        int dfd;
        struct filename *filename;
        struct open_how___kernel how;
};
struct io_connect {
        void *addr;
        int addr_len;
};
struct io_rename {
        int old_dfd, new_dfd;
        struct filename *oldpath, *newpath;
        int flags;
};
struct io_link {
        int old_dfd, new_dfd;
        struct filename *oldpath, *newpath;
        int flags;
};
struct io_unlink {
        int dfd, flags;
        struct filename *filename;
};
struct io_mkdir {
        int dfd;
        unsigned short mode;
        struct filename *filename;
};

#ifdef __TARGET_ARCH_x86
struct pt_regs {
        unsigned long di, si, dx, r10, r8, r9;
};
#endif
#ifdef __TARGET_ARCH_arm64
struct pt_regs {
        unsigned long long regs[31];
        unsigned long long orig_x0;
};
#endif

#pragma clang attribute pop

/* What the tracepoints at the end of a system call hand over: fixed by their format files. */
struct syscall_exit {
        unsigned long long common;
        int nr;
        int gap;
        long ret;
};

/*
 * The object is built twice. In kernels from 5.15 the current task has a type that the verifier knows, and members are read
 * directly; before (SENSOR_OLD_KERNEL) each takes a call, and there are no atomic exchanges and no helper for the registers.
 */
#ifdef SENSOR_OLD_KERNEL
#define READ(pointer, ...) BPF_CORE_READ(pointer, __VA_ARGS__)
#define CURRENT_TASK() ((struct task_struct *)bpf_get_current_task())
#else
#define READ(pointer, ...) (___arrow(pointer, __VA_ARGS__))
#define CURRENT_TASK() bpf_get_current_task_btf()
#endif

/* That of bpf_helpers.h is not relocated in every version of libbpf. */
#define CONTAINER_OF(pointer, type, member) \
        ((type *)((char *)(pointer) - (unsigned long)__builtin_preserve_access_index(&((type *)0)->member)))

#endif
