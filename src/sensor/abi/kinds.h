/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of events, shared by the programs in the kernel and by who reads them. X(name, shape): `name` is the evt.type
 * that rules know; `shape` says which program sees it and what it puts into the event (see abi/event.h, "Parts").
 * Numbers are positions here; a new kind goes to the end.
 *
 *   TASK   life of processes, by the scheduler's own tracepoints
 *   CGROUP making and removing of control groups; rules do not see them
 *   OPEN   a descriptor for a file came out: the file, its path, what the program wrote
 *   PATH   names one file or two: what the program wrote, and the directories that this starts from
 *   FD     works on an open file: its path
 *   SOCKET works on a socket: both its ends, and the address that the program wrote
 *   PLAIN  nothing but its arguments
 */
#ifndef TALLYMAN_SENSOR_ABI_KINDS_H
#define TALLYMAN_SENSOR_ABI_KINDS_H

#define SENSOR_KINDS_LIST(X)                                                                                          \
        X(execve, TASK) X(execveat, TASK) X(clone, TASK) X(procexit, TASK) X(procinfo, TASK)                         \
        X(cgroup_mkdir, CGROUP) X(cgroup_rmdir, CGROUP)                                                               \
        X(open, OPEN) X(openat, OPEN) X(openat2, OPEN) X(creat, OPEN) X(open_by_handle_at, OPEN)                      \
        X(truncate, PATH) X(ftruncate, FD)                                                                            \
        X(rename, PATH) X(renameat, PATH) X(renameat2, PATH) X(link, PATH) X(linkat, PATH)                            \
        X(symlink, PATH) X(symlinkat, PATH) X(unlink, PATH) X(unlinkat, PATH)                                         \
        X(mkdir, PATH) X(mkdirat, PATH) X(rmdir, PATH) X(mknod, PATH) X(mknodat, PATH)                                \
        X(chmod, PATH) X(fchmod, FD) X(fchmodat, PATH) X(fchmodat2, PATH)                                             \
        X(chown, PATH) X(lchown, PATH) X(fchown, FD) X(fchownat, PATH)                                                \
        X(socket, SOCKET) X(connect, SOCKET) X(bind, SOCKET) X(listen, SOCKET) X(accept, SOCKET) X(accept4, SOCKET)   \
        X(sendto, SOCKET) X(sendmsg, SOCKET) X(sendmmsg, SOCKET)                                                      \
        X(recvfrom, SOCKET) X(recvmsg, SOCKET) X(recvmmsg, SOCKET)                                                    \
        X(dup, FD) X(dup2, FD) X(dup3, FD)                                                                            \
        X(ptrace, PLAIN) X(process_vm_readv, PLAIN) X(process_vm_writev, PLAIN) X(pidfd_getfd, PLAIN)                 \
        X(bpf, PLAIN) X(perf_event_open, PLAIN)                                                                       \
        X(init_module, PATH) X(finit_module, FD) X(delete_module, PATH)                                               \
        X(mount, PATH) X(umount2, PATH) X(pivot_root, PATH) X(fsopen, PATH) X(fsconfig, PATH) X(fsmount, PLAIN)       \
        X(move_mount, PATH) X(open_tree, PATH) X(mount_setattr, PATH)                                                 \
        X(unshare, PLAIN) X(setns, FD) X(chroot, PATH)                                                                \
        X(setuid, PLAIN) X(setgid, PLAIN) X(setreuid, PLAIN) X(setregid, PLAIN) X(setresuid, PLAIN)                   \
        X(setresgid, PLAIN) X(setfsuid, PLAIN) X(setfsgid, PLAIN) X(setgroups, PLAIN) X(capset, PLAIN)                \
        X(memfd_create, PATH) X(userfaultfd, PLAIN) X(keyctl, PLAIN) X(add_key, PATH) X(request_key, PATH)            \
        X(io_uring_setup, PLAIN)                                                                                      \
        X(kill, PLAIN) X(tkill, PLAIN) X(tgkill, PLAIN) X(pidfd_send_signal, PLAIN)                                   \
        X(mmap, FD) X(mprotect, PLAIN)

#define SENSOR_KIND_ENUM(name, shape) SENSOR_##name,
enum sensor_kind { SENSOR_KINDS_LIST(SENSOR_KIND_ENUM) SENSOR_KINDS };

enum sensor_shape {
        SENSOR_SHAPE_TASK,
        SENSOR_SHAPE_CGROUP,
        SENSOR_SHAPE_OPEN,
        SENSOR_SHAPE_PATH,
        SENSOR_SHAPE_FD,
        SENSOR_SHAPE_SOCKET,
        SENSOR_SHAPE_PLAIN,
};

#define SENSOR_KIND_WORDS 2 /* of 64 bits, one bit a kind */
_Static_assert((int)SENSOR_KINDS <= 64 * SENSOR_KIND_WORDS, "a bit for each kind");

#endif
