/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/syscall.h>

#include "sensor/kinds.h"

#define NAME_OF(name, shape) #name,
static const char *const names[] = { SENSOR_KINDS_LIST(NAME_OF) };
#define SHAPE_OF(name, shape) SENSOR_SHAPE_##shape,
static const uint8_t shapes[] = { SENSOR_KINDS_LIST(SHAPE_OF) };

/* Calls that some machines do not have, or headers of older systems do not know. */
#define NUMBERS(X)                                                                                                    \
        X(open) X(openat) X(openat2) X(creat) X(open_by_handle_at) X(truncate) X(ftruncate) X(rename) X(renameat)    \
        X(renameat2) X(link) X(linkat) X(symlink) X(symlinkat) X(unlink) X(unlinkat) X(mkdir) X(mkdirat) X(rmdir)    \
        X(mknod) X(mknodat) X(chmod) X(fchmod) X(fchmodat) X(fchmodat2) X(chown) X(lchown) X(fchown) X(fchownat)      \
        X(socket) X(connect) X(bind) X(listen) X(accept) X(accept4) X(sendto) X(sendmsg) X(sendmmsg) X(recvfrom)      \
        X(recvmsg) X(recvmmsg) X(dup) X(dup2) X(dup3) X(ptrace) X(process_vm_readv) X(process_vm_writev)             \
        X(pidfd_getfd) X(bpf) X(perf_event_open) X(init_module) X(finit_module) X(delete_module) X(mount) X(umount2)  \
        X(pivot_root) X(fsopen) X(fsconfig) X(fsmount) X(move_mount) X(open_tree) X(mount_setattr) X(unshare)         \
        X(setns) X(chroot) X(setuid) X(setgid) X(setreuid) X(setregid) X(setresuid) X(setresgid) X(setfsuid)          \
        X(setfsgid) X(setgroups) X(capset) X(memfd_create) X(userfaultfd) X(keyctl) X(add_key) X(request_key)         \
        X(io_uring_setup) X(kill) X(tkill) X(tgkill) X(pidfd_send_signal) X(mmap) X(mprotect)

/* -1 where there is none. The newest ones have one number everywhere. */
#if defined __x86_64__ || defined __aarch64__
#ifndef __NR_openat2
#define __NR_openat2 437
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#endif
#ifdef __aarch64__ /* the generic table has only the newer forms */
#define __NR_open -1
#define __NR_creat -1
#define __NR_rename -1
#define __NR_link -1
#define __NR_symlink -1
#define __NR_unlink -1
#define __NR_mkdir -1
#define __NR_rmdir -1
#define __NR_mknod -1
#define __NR_chmod -1
#define __NR_chown -1
#define __NR_lchown -1
#define __NR_dup2 -1
#ifndef __NR_renameat
#define __NR_renameat -1
#endif
#endif

#define NUMBER_OF(name) [SENSOR_##name] = __NR_##name,
static const int numbers[SENSOR_KINDS] = { NUMBERS(NUMBER_OF) };

const char *sensor_kind_name(enum sensor_kind kind)
{
        return kind < SENSOR_KINDS ? names[kind] : "unknown";
}

enum sensor_shape sensor_kind_shape(enum sensor_kind kind)
{
        return shapes[kind];
}

int sensor_kind_of(struct str name)
{
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                if (str_equals(name, names[i]))
                        return (int)i;
        return -ENOENT;
}

int sensor_call_number(enum sensor_kind kind)
{
        if (shapes[kind] == SENSOR_SHAPE_TASK || shapes[kind] == SENSOR_SHAPE_CGROUP)
                return -1;
        return numbers[kind];
}

const char *sensor_call_tracepoint(enum sensor_kind kind)
{
        return kind == SENSOR_umount2 ? "umount" : names[kind]; /* as the kernel's source calls it */
}
