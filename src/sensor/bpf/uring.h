/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What is asked of the kernel through io_uring: no system call's tracepoint sees it. Told when a request is handed over,
 * so its result is not known; names were copied by the kernel already.
 */
#ifndef TALLYMAN_SENSOR_BPF_URING_H
#define TALLYMAN_SENSOR_BPF_URING_H

#include "sensor/bpf/net.h"

/* Numbers of include/uapi/linux/io_uring.h, which older headers do not have all. */
enum uring_op { URING_CONNECT = 16, URING_OPENAT = 18, URING_OPENAT2 = 28, URING_RENAMEAT = 35, URING_UNLINKAT, URING_MKDIRAT,
                URING_SYMLINKAT, URING_LINKAT };

static __always_inline int uring__kind(uint32_t op)
{
        switch (op) {
        case URING_CONNECT:
                return SENSOR_connect;
        case URING_OPENAT:
                return SENSOR_openat;
        case URING_OPENAT2:
                return SENSOR_openat2;
        case URING_RENAMEAT:
                return SENSOR_renameat2;
        case URING_UNLINKAT:
                return SENSOR_unlinkat;
        case URING_MKDIRAT:
                return SENSOR_mkdirat;
        case URING_SYMLINKAT:
                return SENSOR_symlinkat;
        case URING_LINKAT:
                return SENSOR_linkat;
        default:
                return -1;
        }
}

static __noinline void uring__name(struct scratch *s, uint32_t name_type, uint32_t dir_type, struct filename *filename, int64_t dirfd)
{
        const char *name = BPF_CORE_READ(filename, name);
        char first = 0;

        emit__kernel_text(s, name_type, name);
        bpf_probe_read_kernel(&first, 1, name);
        if (dir_type && first != '/')
                extract__directory(s, CURRENT_TASK(), dir_type, dirfd);
}

static __always_inline void uring__open(struct scratch *s, struct io_open *open)
{
        uint64_t *args = s->header.args;
        uint64_t *words;

        args[0] = (uint64_t)(int64_t)BPF_CORE_READ(open, dfd);
        if (s->header.kind == SENSOR_openat) {
                args[2] = BPF_CORE_READ(open, how.flags);
                args[3] = BPF_CORE_READ(open, how.mode);
        } else {
                words = (uint64_t *)emit__room(s);
                if (words) {
                        words[0] = BPF_CORE_READ(open, how.flags);
                        words[1] = BPF_CORE_READ(open, how.mode);
                        words[2] = BPF_CORE_READ(open, how.resolve);
                        emit__end_part(s, SENSOR_PART_WORDS, 0, 24);
                }
        }
        uring__name(s, SENSOR_PART_NAME, SENSOR_PART_DIR, BPF_CORE_READ(open, filename), (int64_t)args[0]);
}

static __always_inline void uring__two(struct scratch *s, int old_dir, struct filename *old, int new_dir, struct filename *new)
{
        uint64_t *args = s->header.args;
        bool symlink = s->header.kind == SENSOR_symlinkat;

        args[0] = (uint64_t)(int64_t)old_dir;
        args[symlink ? 1 : 2] = (uint64_t)(int64_t)new_dir;
        uring__name(s, SENSOR_PART_NAME, symlink ? 0 : SENSOR_PART_DIR, old, old_dir);
        uring__name(s, SENSOR_PART_NAME2, SENSOR_PART_DIR2, new, new_dir);
}

static __always_inline void uring__connect(struct scratch *s, struct io_kiocb *request, struct io_connect *connect)
{
        struct file *file = extract__file_of(CURRENT_TASK(), BPF_CORE_READ(request, cqe.fd));
        struct socket *socket = extract__socket_of(file);

        s->header.args[0] = (uint64_t)(int64_t)BPF_CORE_READ(request, cqe.fd);
        if (socket)
                extract__socket(s, file, BPF_CORE_READ(socket, sk));
        emit__user_bytes(s, SENSOR_PART_SOCKADDR, (uint64_t)BPF_CORE_READ(connect, addr),
                         (uint64_t)BPF_CORE_READ(connect, addr_len), SOCKADDR_MAX);
}

static __always_inline void uring__fill(struct scratch *s, struct io_kiocb *request)
{
        struct io_rename *rename = (void *)request;
        struct io_link *link = (void *)request;
        struct io_unlink *unlink = (void *)request;
        struct io_mkdir *mkdir = (void *)request;

        switch (s->header.kind) {
        case SENSOR_openat:
        case SENSOR_openat2:
                uring__open(s, (void *)request);
                break;
        case SENSOR_connect:
                uring__connect(s, request, (void *)request);
                break;
        case SENSOR_renameat2:
                uring__two(s, BPF_CORE_READ(rename, old_dfd), BPF_CORE_READ(rename, oldpath), BPF_CORE_READ(rename, new_dfd),
                           BPF_CORE_READ(rename, newpath));
                s->header.args[4] = (uint32_t)BPF_CORE_READ(rename, flags);
                break;
        case SENSOR_symlinkat:
        case SENSOR_linkat:
                uring__two(s, BPF_CORE_READ(link, old_dfd), BPF_CORE_READ(link, oldpath), BPF_CORE_READ(link, new_dfd),
                           BPF_CORE_READ(link, newpath));
                break;
        case SENSOR_unlinkat:
                s->header.args[0] = (uint64_t)(int64_t)BPF_CORE_READ(unlink, dfd);
                s->header.args[2] = (uint32_t)BPF_CORE_READ(unlink, flags);
                uring__name(s, SENSOR_PART_NAME, SENSOR_PART_DIR, BPF_CORE_READ(unlink, filename), BPF_CORE_READ(unlink, dfd));
                break;
        default:
                s->header.args[0] = (uint64_t)(int64_t)BPF_CORE_READ(mkdir, dfd);
                s->header.args[2] = BPF_CORE_READ(mkdir, mode);
                uring__name(s, SENSOR_PART_NAME, SENSOR_PART_DIR, BPF_CORE_READ(mkdir, filename), BPF_CORE_READ(mkdir, dfd));
                break;
        }
}

SEC("?tp_btf/io_uring_submit_req")
int BPF_PROG(uring_submit, struct io_kiocb *request)
{
        /* What is read at a request by another type has to be a plain number to the verifier. */
        struct io_kiocb *plain = NULL;
        struct task_struct *task = CURRENT_TASK();
        struct scratch *s;
        int kind, flags;

        bpf_probe_read_kernel(&plain, sizeof(plain), &ctx[0]);
        kind = uring__kind(BPF_CORE_READ(plain, opcode));
        if (kind < 0)
                return 0;
        flags = base__wanted((uint32_t)kind, task);
        if (flags < 0)
                return 0;
        s = emit__begin((uint32_t)kind, (uint32_t)flags | SENSOR_FLAG_IO_URING, task);
        if (!s)
                return 0;
        uring__fill(s, plain);
        emit__send(s);
        return 0;
}

#endif
