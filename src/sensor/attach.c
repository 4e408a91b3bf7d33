/* SPDX-License-Identifier: Apache-2.0 */
/* Which program is attached where. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "sensor/live.h"

static const char *program_of(enum sensor_kind kind)
{
        switch (kind) {
        case SENSOR_execve:
        case SENSOR_execveat:
                return "process_exec";
        case SENSOR_clone:
                return "process_fork";
        case SENSOR_procexit:
                return "process_exit";
        case SENSOR_procinfo:
                return "process_snapshot";
        case SENSOR_cgroup_mkdir:
                return "cgroup_mkdir";
        case SENSOR_cgroup_rmdir:
                return "cgroup_rmdir";
        default:
                break;
        }
        switch (sensor_kind_shape(kind)) {
        case SENSOR_SHAPE_OPEN:
                return "exit_open";
        case SENSOR_SHAPE_PATH:
                return "exit_path";
        case SENSOR_SHAPE_FD:
                return "exit_fd";
        case SENSOR_SHAPE_SOCKET:
                return "exit_socket";
        default:
                return "exit_plain";
        }
}

static bool is_call(enum sensor_kind kind)
{
        return sensor_kind_shape(kind) != SENSOR_SHAPE_TASK && sensor_kind_shape(kind) != SENSOR_SHAPE_CGROUP;
}

static void not_attached(struct attachment *a, const char *reason)
{
        a->attached = SENSOR_NOT_ATTACHED;
        snprintf(a->reason, sizeof(a->reason), "%s", reason);
}

static void no_tracepoint(struct attachment *a, enum sensor_kind kind, int r)
{
        if (access("/sys/kernel/tracing/events/syscalls", F_OK) < 0 &&
            access("/sys/kernel/debug/tracing/events/syscalls", F_OK) < 0)
                not_attached(a, "tracefs is not mounted on /sys/kernel/tracing, or this kernel has no CONFIG_FTRACE_SYSCALLS");
        else if (r == -ENOENT)
                not_attached(a, "this kernel has no such system call");
        else
                snprintf(a->reason, sizeof(a->reason), "the tracepoint sys_exit_%s: %s", sensor_call_tracepoint(kind),
                         error_text(r));
        a->attached = SENSOR_NOT_ATTACHED;
}

static void attach_call(struct sensor *sensor, enum sensor_kind kind)
{
        struct attachment *a = &sensor->attachments[kind];
        struct bpf_program *program = bpf_object__find_program_by_name(sensor->object, program_of(kind));
        int nr = sensor_call_number(kind);
        char name[64];

        if (nr < 0) {
                not_attached(a, "this machine has no such system call");
                return;
        }
        snprintf(name, sizeof(name), "sys_exit_%s", sensor_call_tracepoint(kind));
        a->link = program ? bpf_program__attach_tracepoint(program, "syscalls", name) : NULL;
        if (!a->link)
                no_tracepoint(a, kind, -errno);
        else
                a->attached = SENSOR_BY_TRACEPOINT;
}

static void attach_object(struct sensor *sensor, enum sensor_kind kind)
{
        struct attachment *a = &sensor->attachments[kind];
        struct bpf_program *program = bpf_object__find_program_by_name(sensor->object, program_of(kind));

        if (kind == SENSOR_execveat) { /* the same program as execve's */
                a->attached = sensor->attachments[SENSOR_execve].attached;
                memcpy(a->reason, sensor->attachments[SENSOR_execve].reason, sizeof(a->reason));
                return;
        }
        if (kind == SENSOR_procinfo) { /* an iterator, attached while it runs */
                a->attached = SENSOR_BY_RAW_TRACEPOINT;
                return;
        }
        a->link = program ? bpf_program__attach(program) : NULL;
        if (!a->link) {
                snprintf(a->reason, sizeof(a->reason), "%s: %s", program_of(kind), error_text(-errno));
                a->attached = SENSOR_NOT_ATTACHED;
                return;
        }
        a->attached = SENSOR_BY_RAW_TRACEPOINT;
}

static void detach(struct attachment *a)
{
        bpf_link__destroy(a->link);
        memset(a, 0, sizeof(*a));
}

static int tell_number(struct sensor *sensor, enum sensor_kind kind)
{
        uint32_t nr = (uint32_t)sensor_call_number(kind), value = (uint32_t)kind + 1;

        return bpf_map_update_elem(bpf_object__find_map_fd_by_name(sensor->object, "kinds_of_calls"), &nr, &value, BPF_ANY);
}

void sensor_attach(struct sensor *sensor, const struct sensor_kinds *kinds)
{
        for (unsigned i = 0; i < SENSOR_KINDS; i++) {
                struct attachment *a = &sensor->attachments[i];
                bool wanted = !is_call(i) || sensor_kinds_has(kinds, i);

                if (!wanted) {
                        detach(a);
                        continue;
                }
                if (a->attached != SENSOR_NOT_WANTED)
                        continue;
                if (!is_call(i)) {
                        attach_object(sensor, i);
                        continue;
                }
                if (sensor_call_number(i) >= 0 && tell_number(sensor, i) < 0)
                        not_attached(a, "its number could not be told to the programs");
                else
                        attach_call(sensor, i);
        }
}

/* ---- letting go ---- */

static int compare_fds(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

/* Closes all but these, which are sorted. */
static void keep_only(const int *fds, size_t n)
{
        unsigned from = 0;

        for (size_t i = 0; i < n; i++) {
                if ((unsigned)fds[i] > from)
                        close_range(from, (unsigned)fds[i] - 1, 0);
                from = (unsigned)fds[i] + 1;
        }
        close_range(from, UINT32_MAX, 0);
}

/*
 * The kernel takes some 60 ms to detach from each tracepoint, one after the other, and whoever closes the last descriptor
 * waits: seconds. So a grandchild takes a second set of descriptors along, closes all that it has beside, and ends once
 * `ret_done` was closed here.
 */
static void leave_to_grandchild(struct sensor *sensor, int *ret_done)
{
        int fds[SENSOR_KINDS + 1], done[2], status;
        size_t n = 0;
        pid_t pid;
        char c;

        if (pipe2(done, O_CLOEXEC) < 0)
                return;
        fds[n++] = done[0];
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                if (sensor->attachments[i].link && sensor->attachments[i].attached == SENSOR_BY_TRACEPOINT)
                        fds[n++] = bpf_link__fd(sensor->attachments[i].link);
        if (n == 1) {
                fd_close(done[0]);
                fd_close(done[1]);
                return;
        }
        mem_sort(fds, n, sizeof(*fds), compare_fds);
        pid = fork();
        if (pid == 0) {
                if (fork() == 0) {
                        keep_only(fds, n);
                        while (read(done[0], &c, 1) < 0 && errno == EINTR)
                                ;
                }
                _exit(0);
        }
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        fd_close(done[0]);
        *ret_done = done[1];
}

void sensor_detach_all(struct sensor *sensor)
{
        _cleanup_close_ int done = -EBADF;

        leave_to_grandchild(sensor, &done);
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                detach(&sensor->attachments[i]);
}
