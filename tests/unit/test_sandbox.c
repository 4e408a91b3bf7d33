/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker that runs an attacker's code finds around it: what it may still call, what it holds, what it knows. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hijack.h"
#include "base/hash.h"
#include "base/sandbox.h"
#include "base/worker.h"
#include "running.h"

#define SECRET "s3cr3t-of-the-parent"

extern char **environ;

static char **environ_before; /* as the zygote inherited it */
static pid_t parent;

/* ---- calls that are refused whatever else is allowed: each returns what the call did ---- */

static long map(int prot, int flags)
{
        return syscall(SYS_mmap, NULL, 4096, prot, flags, -1, 0);
}

static long map_executable(struct worker_io *io)
{
        return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
}

static long map_shared(struct worker_io *io)
{
        return map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
}

static long map_growing(struct worker_io *io)
{
        return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN);
}

static long map_locked(struct worker_io *io)
{
        return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED);
}

static long map_file(struct worker_io *io)
{
        return syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, io->fds[0], 0);
}

static long poison(struct worker_io *io)
{
        static char page[8192];

        return syscall(SYS_madvise, ((uintptr_t)page + 4095) & ~4095ul, 4096, MADV_HWPOISON);
}

static long send_on_channel(int fd, int flags)
{
        char byte = 0;
        struct iovec iov = { &byte, 1 };
        struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

        return syscall(SYS_sendmsg, fd, &msg, flags);
}

static long send_urgent(struct worker_io *io)
{
        return send_on_channel(io->channel, MSG_OOB | MSG_NOSIGNAL);
}

static long send_elsewhere(struct worker_io *io)
{
        return send_on_channel(io->fds[0], MSG_NOSIGNAL);
}

static long peek(struct worker_io *io)
{
        char byte = 0;
        struct iovec iov = { &byte, 1 };
        struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

        return syscall(SYS_recvmsg, io->channel, &msg, MSG_PEEK);
}

/* With AT_EMPTY_PATH, but the path is not empty. */
static long look_at_path(struct worker_io *io)
{
        struct stat st;

        return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, AT_EMPTY_PATH);
}

static long kill_other(struct worker_io *io)
{
        return syscall(SYS_tgkill, parent, parent, SIGABRT);
}

static long wait_with_priorities(struct worker_io *io)
{
        static int word;

        return syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static long duplicate(struct worker_io *io)
{
        return syscall(SYS_dup, io->channel);
}

static long become_traceable(struct worker_io *io)
{
        return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long raise_limit(struct worker_io *io)
{
        struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

        return syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, &limit, NULL);
}

static long set_handler(struct worker_io *io)
{
        return syscall(SYS_rt_sigaction, SIGSYS, NULL, NULL, 8);
}

static const struct {
        const char *name; /* of the call, as seccomp has it */
        long (*try)(struct worker_io *io);
} refused[] = {
        { "mmap", map_executable }, { "mmap", map_shared }, { "mmap", map_growing }, { "mmap", map_locked },
        { "mmap", map_file }, { "madvise", poison }, { "sendmsg", send_urgent }, { "sendmsg", send_elsewhere },
        { "recvmsg", peek }, { "newfstatat", look_at_path }, { "tgkill", kill_other }, { "futex", wait_with_priorities },
        { "dup", duplicate }, { "prctl", become_traceable }, { "prlimit64", raise_limit }, { "rt_sigaction", set_handler },
};

static int job_refused(struct worker_io *io, struct error *err)
{
        long r = refused[*(const uint8_t *)io->argument].try(io);

        return r == -1 && errno == EPERM ? 0 : error_say(err, -EINVAL, "it was not refused");
}

/* ---- what goes on without a refused call ---- */

static int leave_no_environment(struct worker_io *io, struct error *err)
{
        if (getenv("TALLYMAN_TEST_SECRET"))
                return error_say(err, -EINVAL, "the environment is there");
        for (char **e = environ_before; *e; e++)
                if (**e)
                        return error_say(err, -EINVAL, "'%s' can still be read", *e);
        return 0;
}

static int reach_no_terminal(struct worker_io *io, struct error *err)
{
        for (int fd = 0; fd <= 2; fd++) {
                struct stat st = { 0 };

                if (fd == 2 && SANDBOX_UNDER_SANITIZER)
                        continue;
                if (syscall(SYS_fstat, fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                        return error_say(err, -EINVAL, "descriptor %d is not /dev/null", fd);
        }
        return 0;
}

static int exceed_memory(struct worker_io *io, struct error *err)
{
        void *p = mmap(NULL, 100 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p != MAP_FAILED)
                return error_say(err, -EINVAL, "more memory than allowed");
        p = mmap(NULL, 4096 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return p == MAP_FAILED ? 0 : error_say(err, -EINVAL, "more addresses than allowed");
}

static int exceed_file(struct worker_io *io, struct error *err)
{
        static char piece[MIB];

        if (write(io->fds[0], piece, sizeof(piece)) != sizeof(piece))
                return error_set(err, -errno, "write what is allowed");
        if (write(io->fds[0], piece, 1) >= 0 || errno != EFBIG)
                return error_say(err, -EINVAL, "a larger file than allowed");
        return ftruncate(io->fds[0], 100 * MIB) < 0 && errno == EFBIG ? 0 : error_say(err, -EINVAL, "a longer file than allowed");
}

static int tell_pid_and_wait(struct worker_io *io, struct error *err)
{
        struct worker_frame frame;
        pid_t pid = getpid();
        int r = worker_io_send(io, 1, (struct str){ (char *)&pid, sizeof(pid) }, err);

        return r < 0 ? r : MIN_OF(worker_io_receive(io, &frame, NULL, err), 0);
}

static int loop(struct worker_io *io, struct error *err)
{
        for (volatile unsigned i = 0; i < 2; i = i ? 0 : 1)
                ;
        return 0;
}

static int loop_deaf(struct worker_io *io, struct error *err)
{
        sigset_t all;

        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        return loop(io, err);
}

static const struct worker_job jobs[] = {
        { "refused", job_refused }, JOB(leave_no_environment), JOB(reach_no_terminal), JOB(exceed_memory), JOB(exceed_file),
        JOB(tell_pid_and_wait), JOB(loop), JOB(loop_deaf),
};

/* ---- the parent ---- */

static void test_refused_calls(void **state)
{
        for (uint8_t i = 0; i < ELEMENTS_OF(refused); i++) {
                struct error err = ERROR_INIT;
                _cleanup_close_ int fd = file_unnamed(NULL, &err);
                _cleanup_(worker_freep) struct worker *w = spawn("refused", (struct str){ (char *)&i, 1 }, fd);
                struct worker_end end;

                if (worker_wait(w, &end, &err) < 0)
                        fail_msg("case %u, %s: %s", i, refused[i].name, err.message);
                assert_string_equal(end.refused, refused[i].name);
        }
}

static void test_nothing_is_left_to_find(void **state)
{
        assert_well("leave_no_environment");
        assert_well("reach_no_terminal");
}

static void test_limits_hold(void **state)
{
        if (!SANDBOX_UNDER_SANITIZER)
                assert_well("exceed_memory");
        assert_well("exceed_file");
        assert_bad("loop", -E2BIG, "computed for more than 1 seconds");
        assert_bad("loop_deaf", -EPROTO, "was killed by SIGKILL");
}

static void test_no_privileges(void **state)
{
        _cleanup_(worker_freep) struct worker *w = spawn("tell_pid_and_wait", STR_NULL, -1);
        _cleanup_(buf_free) struct buf status = { 0 };
        struct worker_frame frame;
        struct error err = ERROR_INIT;
        char path[64];
        pid_t pid;
        int fd;

        assert_int_equal(worker_receive(w, &frame, &err), 1);
        memcpy(&pid, frame.payload.p, sizeof(pid));
        snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(file_slurp(fd, MIB, &status, &err), 0);
        close(fd);
        assert_non_null(strstr(status.data, "CapPrm:\t0000000000000000\n"));
        assert_non_null(strstr(status.data, "CapEff:\t0000000000000000\n"));
        assert_non_null(strstr(status.data, "NoNewPrivs:\t1\n"));
        assert_non_null(strstr(status.data, "Seccomp:\t2\n"));
        worker_send_end(w);
        assert_int_equal(worker_wait(w, NULL, &err), 0);
}

/* In a process of its own, whose zygote believes that there is no seccomp. */
static void test_without_seccomp_nothing_runs(void **state)
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                struct worker_features features;
                struct worker_end end = { 0 };
                struct error err = ERROR_INIT;
                struct worker *w;

                setenv("TALLYMAN_FAKE_NO_SECCOMP", "1", 1);
                hijack_init();
                worker_features(&features);
                if (features.seccomp || !features.missing || worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                        _exit(1);
                w = spawn("reach_no_terminal", STR_NULL, -1);
                if (worker_wait(w, &end, &err) != -ENOSYS || !strstr(err.message, "nothing is parsed without it"))
                        _exit(2);
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refused_calls),
                cmocka_unit_test(test_nothing_is_left_to_find),
                cmocka_unit_test(test_limits_hold),
                cmocka_unit_test(test_no_privileges),
                cmocka_unit_test(test_without_seccomp_nothing_runs),
        };
        struct error err = ERROR_INIT;

        parent = getpid();
        setenv("TALLYMAN_TEST_SECRET", SECRET, 1);
        hijack_init();
        environ_before = environ;
        if (hash_init(&err) < 0 || worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
