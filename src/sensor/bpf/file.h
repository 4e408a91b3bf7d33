/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Opening, and calls that name files. */
#ifndef TALLYMAN_SENSOR_BPF_FILE_H
#define TALLYMAN_SENSOR_BPF_FILE_H

#include "sensor/bpf/call.h"
#include "sensor/bpf/repeat.h"

#define OPEN_HOW_BYTES 24
#define PROT_EXEC 4

#define NONE 0 /* no such argument, also of kinds that are not listed */
#define CWD 14 /* starts from the working directory */

/* Where the arguments of each kind are, counted from 1. */
struct names_at {
        uint8_t name, dir, name2, dir2, name3;
};
static const struct names_at names_at[128] = {
        [SENSOR_open] = { 1, CWD },
        [SENSOR_openat] = { 2, 1 },
        [SENSOR_openat2] = { 2, 1 },
        [SENSOR_creat] = { 1, CWD },
        [SENSOR_truncate] = { 1, CWD },
        [SENSOR_rename] = { 1, CWD, 2, CWD },
        [SENSOR_renameat] = { 2, 1, 4, 3 },
        [SENSOR_renameat2] = { 2, 1, 4, 3 },
        [SENSOR_link] = { 1, CWD, 2, CWD },
        [SENSOR_linkat] = { 2, 1, 4, 3 },
        [SENSOR_symlink] = { 1, NONE, 2, CWD },
        [SENSOR_symlinkat] = { 1, NONE, 3, 2 },
        [SENSOR_unlink] = { 1, CWD },
        [SENSOR_unlinkat] = { 2, 1 },
        [SENSOR_mkdir] = { 1, CWD },
        [SENSOR_mkdirat] = { 2, 1 },
        [SENSOR_rmdir] = { 1, CWD },
        [SENSOR_mknod] = { 1, CWD },
        [SENSOR_mknodat] = { 2, 1 },
        [SENSOR_chmod] = { 1, CWD },
        [SENSOR_fchmodat] = { 2, 1 },
        [SENSOR_fchmodat2] = { 2, 1 },
        [SENSOR_chown] = { 1, CWD },
        [SENSOR_lchown] = { 1, CWD },
        [SENSOR_fchownat] = { 2, 1 },
        [SENSOR_init_module] = { 3 },
        [SENSOR_finit_module] = { 2 },
        [SENSOR_delete_module] = { 1 },
        [SENSOR_mount] = { 1, NONE, 2, CWD, 3 },
        [SENSOR_umount2] = { 1, CWD },
        [SENSOR_pivot_root] = { 1, CWD, 2, CWD },
        [SENSOR_fsopen] = { 1 },
        [SENSOR_fsconfig] = { 3, NONE, 4 },
        [SENSOR_move_mount] = { 2, 1, 4, 3 },
        [SENSOR_open_tree] = { 2, 1 },
        [SENSOR_mount_setattr] = { 2, 1 },
        [SENSOR_chroot] = { 1, CWD },
        [SENSOR_memfd_create] = { 1 },
        [SENSOR_add_key] = { 1, NONE, 2 },
        [SENSOR_request_key] = { 1, NONE, 2 },
};

/* A name and the directory it starts from. */
static __noinline void file__name(struct scratch *s, uint32_t name_type, uint32_t dir_type, uint32_t at_name, uint32_t at_dir)
{
        uint64_t name = at_name == NONE ? 0 : call__arg(s, at_name - 1);
        char first = 0;

        if (!name)
                return;
        emit__user_text(s, name_type, name);
        if (at_dir == NONE || (bpf_probe_read_user(&first, 1, (const void *)name) == 0 && first == '/'))
                return;
        extract__directory(s, call__task(), dir_type, at_dir == CWD ? AT_FDCWD : (int64_t)call__arg(s, at_dir - 1));
}

static __always_inline void file__names(struct scratch *s)
{
        uint32_t kind = s->header.kind;
        const struct names_at *at;

        MASK(kind, 127);
        at = &names_at[kind];
        file__name(s, SENSOR_PART_NAME, SENSOR_PART_DIR, at->name, at->dir);
        file__name(s, SENSOR_PART_NAME2, SENSOR_PART_DIR2, at->name2, at->dir2);
        if (at->name3 != NONE)
                file__name(s, SENSOR_PART_NAME3, SENSOR_PART_DIR2, at->name3, NONE);
}

SEC("tracepoint")
int exit_open(struct syscall_exit *ctx)
{
        struct task_struct *task = CURRENT_TASK();
        struct scratch *s;
        struct file *file;
        struct call call;

        if (!call__wanted(ctx, &call))
                return 0;
        file = extract__file_of(task, ctx->ret);
        if (file && !call.flags && repeat__was_told(task, file, call.kind)) {
                base__count_dropped(call.kind);
                return 0;
        }
        s = call__make(ctx, &call);
        if (!s)
                return 0;
        if (file)
                extract__file(s, file);
        file__names(s);
        if (s->header.kind == SENSOR_openat2)
                emit__user_bytes(s, SENSOR_PART_WORDS, s->header.args[2], s->header.args[3], OPEN_HOW_BYTES);
        emit__send(s);
        return 0;
}

SEC("tracepoint")
int exit_path(struct syscall_exit *ctx)
{
        struct scratch *s = call__begin(ctx);

        if (!s)
                return 0;
        file__names(s);
        emit__send(s);
        return 0;
}

/* ---- calls on an open file ---- */

/* A descriptor matters here when it becomes one of the standard three, and mapping when what is mapped can be executed. */
static __always_inline bool file__is_dull(struct scratch *s)
{
        const struct sensor_header *h = &s->header;

        if (h->flags & SENSOR_FLAG_SELF_TEST)
                return false;
        switch (h->kind) {
        case SENSOR_dup:
        case SENSOR_dup2:
        case SENSOR_dup3:
                return h->result < 0 || h->result > 2;
        case SENSOR_mmap:
                return !(h->args[2] & PROT_EXEC) || (int32_t)h->args[4] < 0 || (h->result < 0 && h->result > -4096);
        default:
                return false;
        }
}

static __always_inline int64_t file__fd(struct scratch *s)
{
        switch (s->header.kind) {
        case SENSOR_dup:
        case SENSOR_dup2:
        case SENSOR_dup3:
                return s->header.result;
        case SENSOR_mmap:
                return (int32_t)s->header.args[4];
        default:
                return (int32_t)s->header.args[0];
        }
}

SEC("tracepoint")
int exit_fd(struct syscall_exit *ctx)
{
        struct scratch *s = call__begin(ctx);
        struct socket *socket;
        struct file *file;

        if (!s)
                return 0;
        if (file__is_dull(s)) {
                emit__drop(s);
                return 0;
        }
        file = extract__file_of(call__task(), file__fd(s));
        socket = extract__socket_of(file);
        if (socket)
                extract__socket(s, file, BPF_CORE_READ(socket, sk));
        else if (file)
                extract__file(s, file);
        file__names(s);
        emit__send(s);
        return 0;
}

#endif
