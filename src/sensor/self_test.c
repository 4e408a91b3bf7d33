/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each attached kind is made to happen, and its event must arrive: kernels that list a hook, load for it and attach to it
 * may still never call it. System calls are made so that they fail: with arguments that no kernel accepts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sensor/live.h"

#define NOWHERE 0x3fffffffl /* no process has this id */

/* All arguments are -1 (no descriptor, no address, no set of flags), but for these, where that would be something to do. */
static const struct {
        enum sensor_kind kind;
        long args[SENSOR_ARGS];
} other_args[] = {
        { SENSOR_init_module, { -1, 0, -1, -1, -1, -1 } }, /* a module of no bytes */
        { SENSOR_kill, { NOWHERE, 0, 0, 0, 0, 0 } },       /* -1 is everybody */
        { SENSOR_tkill, { NOWHERE, 0, 0, 0, 0, 0 } },
        { SENSOR_tgkill, { NOWHERE, NOWHERE, 0, 0, 0, 0 } },
        { SENSOR_ptrace, { -1, NOWHERE, 0, 0, 0, 0 } },
};

static void act(enum sensor_kind kind)
{
        long a[SENSOR_ARGS] = { -1, -1, -1, -1, -1, -1 };

        for (size_t i = 0; i < ELEMENTS_OF(other_args); i++)
                if (other_args[i].kind == kind)
                        memcpy(a, other_args[i].args, sizeof(a));
        syscall(sensor_call_number(kind), a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* A child that executes a program that does nothing. */
static void act_life(struct sensor *sensor)
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                execl("/bin/true", "true", NULL);
                _exit(0);
        }
        sensor->test_child = pid > 0 ? (uint32_t)pid : 0;
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
}

/* Where the unified hierarchy is mounted; false: nowhere. */
static bool find_hierarchy(char *ret, size_t size)
{
        static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        char path[64];

        for (size_t i = 0; i < ELEMENTS_OF(usual); i++) {
                snprintf(path, sizeof(path), "%s/cgroup.procs", usual[i]);
                if (access(path, F_OK) < 0)
                        continue;
                snprintf(ret, size, "%s/tallyman-self-test.%d", usual[i], (int)getpid());
                return true;
        }
        return false;
}

static void act_cgroup(struct sensor *sensor)
{
        char path[128];

        if (find_hierarchy(path, sizeof(path)) && mkdir(path, 0755) == 0) {
                rmdir(path);
                return;
        }
        for (unsigned i = SENSOR_cgroup_mkdir; i <= SENSOR_cgroup_rmdir; i++)
                snprintf(sensor->attachments[i].reason, sizeof(sensor->attachments[i].reason),
                         "not tested: no control group could be made");
}

/* Does this kernel take system calls in 32-bit mode? A child asks: where it does not, asking is fatal. */
static bool takes_calls_of_32_bits(void)
{
#ifdef __x86_64__
        pid_t pid = fork(), got;
        int status;

        if (pid == 0) {
                long id;

                signal(SIGSEGV, SIG_DFL);
                setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
                __asm__ volatile("int $0x80" : "=a"(id) : "a"(20) : "memory", "r8", "r9", "r10", "r11"); /* getpid() */
                _exit(id == getpid() ? 1 : 0);
        }
        while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
                ;
        return pid > 0 && got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1;
#else
        return false;
#endif
}

static int ignore_event(void *data, const struct sensor_raw *raw, struct error *err)
{
        return 0;
}

static void judge(struct attachment *a, enum sensor_kind kind, bool arrived)
{
        a->tested = arrived;
        if (arrived || *a->reason)
                return;
        if (sensor_kind_shape(kind) == SENSOR_SHAPE_TASK && kind != SENSOR_clone && access("/bin/true", X_OK) < 0)
                snprintf(a->reason, sizeof(a->reason), "not tested: there is no /bin/true");
        else
                snprintf(a->reason, sizeof(a->reason), "attached, but the self-test's event did not arrive");
}

static void act_all(struct sensor *sensor)
{
        act_life(sensor);
        act_cgroup(sensor);
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                if (sensor->attachments[i].attached == SENSOR_BY_TRACEPOINT)
                        act(i);
}

int sensor_self_test(struct sensor *sensor, struct error *err)
{
        const struct sensor_sink sink = { .event = ignore_event };
        int r;

        sensor->settings.test_tid = (uint32_t)syscall(SYS_gettid);
        r = sensor_apply_settings(sensor, err);
        if (r < 0)
                return r;
        sensor->testing = true;
        act_all(sensor);
        sensor->calls_of_32_bits = takes_calls_of_32_bits();
        sensor->settings.test_tid = 0;
        r = sensor_apply_settings(sensor, err);
        if (r == 0)
                r = sensor_consume(sensor, &sink, err);
        sensor->testing = false;
        if (r < 0)
                return r;
        sensor_kinds_add(&sensor->arrived, SENSOR_procinfo); /* an error of its own if it fails */
        if (sensor_kinds_has(&sensor->arrived, SENSOR_execve))
                sensor_kinds_add(&sensor->arrived, SENSOR_execveat);
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                if (sensor->attachments[i].attached > SENSOR_NOT_ATTACHED)
                        judge(&sensor->attachments[i], i, sensor_kinds_has(&sensor->arrived, i));
        sensor->test_child = 0;
        return 0;
}
