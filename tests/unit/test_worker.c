/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: what they may do, what they may not, and how their ends are told. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/worker.h"

static int job_echo(struct worker_io *io, struct error *err)
{
        struct worker_frame frame;
        int r;

        while ((r = worker_io_receive(io, &frame, NULL, err)) > 0) {
                r = worker_io_send(io, frame.type + 1, frame.payload, err);
                if (r < 0)
                        return r;
        }
        return r;
}

static int job_fail(struct worker_io *io, struct error *err)
{
        return error_say(err, -EBADMSG, "no: %.*s", (int)io->argument_size, (const char *)io->argument);
}

static int job_crash(struct worker_io *io, struct error *err)
{
        __builtin_trap();
}

static int job_read_fd(struct worker_io *io, struct error *err)
{
        char text[16];
        ssize_t n = file_read_at(io->fds[0], text, sizeof(text), 0, err);

        return n < 0 ? (int)n : worker_io_send(io, 1, (struct str){ text, (size_t)n }, err);
}

/* One forbidden call, chosen by the argument. */
static int job_forbidden(struct worker_io *io, struct error *err)
{
        static const char *const argv[] = { "/bin/true", NULL };
        static char page[8192];
        long r = 0;

        switch (*(const char *)io->argument) {
        case 'o':
                r = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
                break;
        case '2':
                r = syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", page, 24);
                break;
        case 's':
                r = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
                break;
        case 'c':
                r = syscall(SYS_connect, io->channel, page, 16);
                break;
        case 'e':
                r = syscall(SYS_execve, argv[0], argv, NULL);
                break;
        case 'p':
                r = syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
                break;
        case 'k':
                r = syscall(SYS_kill, 1, 0);
                break;
        case 'f':
                r = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
                break;
        case 'm':
                r = syscall(SYS_mprotect, (uintptr_t)page & ~4095ul, 4096, PROT_READ | PROT_EXEC);
                break;
        case 'u':
                r = syscall(SYS_io_uring_setup, 1, page);
                break;
        case 'b':
                r = syscall(SYS_bpf, 0, page, 8);
                break;
        }
        if (r != -1 || errno != EPERM)
                return error_say(err, -EINVAL, "it was not refused");
        return 0;
}

static const struct worker_job jobs[] = {
        { "echo", job_echo }, { "fail", job_fail }, { "crash", job_crash }, { "read-fd", job_read_fd },
        { "forbidden", job_forbidden },
};

static struct worker *spawn(const char *job, const char *argument, const int *fds, size_t n_fds)
{
        struct worker *w = NULL;
        struct error err = ERROR_INIT;
        int r = worker_spawn(job, str_from(argument), fds, n_fds, NULL, &w, &err);

        if (r < 0)
                fail_msg("%s", err.message);
        return w;
}

static void test_echo(void **state)
{
        _cleanup_(worker_freep) struct worker *w = spawn("echo", "", NULL, 0);
        static char big[WORKER_FRAME_MAX];
        struct worker_frame frame;
        struct error err = ERROR_INIT;

        for (uint32_t i = 0; i < 10; i++) {
                assert_int_equal(worker_send(w, i + 1, (struct str){ big, i * 1000 }, -1, &err), 0);
                assert_int_equal(worker_receive(w, &frame, &err), 1);
                assert_int_equal(frame.type, i + 2);
                assert_int_equal(frame.payload.n, i * 1000);
        }
        worker_send_end(w);
        assert_int_equal(worker_receive(w, &frame, &err), 0);
        assert_int_equal(worker_wait(w, NULL, &err), 0);
}

static void test_the_jobs_message_arrives(void **state)
{
        _cleanup_(worker_freep) struct worker *w = spawn("fail", "because", NULL, 0);
        struct worker_end end;
        struct error err = ERROR_INIT;

        assert_int_equal(worker_wait(w, &end, &err), -EBADMSG);
        assert_string_equal(err.message, "no: because");
        assert_string_equal(end.refused, "");
}

static void test_a_crash_is_told(void **state)
{
        _cleanup_(worker_freep) struct worker *w = spawn("crash", "", NULL, 0);
        struct worker_end end;
        struct error err = ERROR_INIT;

        assert_int_equal(worker_wait(w, &end, &err), -EPROTO);
        assert_true(end.signal == SIGILL || end.signal == SIGTRAP);
        assert_non_null(strstr(err.message, "was killed by SIG"));
}

static void test_descriptors_are_handed_in(void **state)
{
        struct error err = ERROR_INIT;
        _cleanup_close_ int fd = file_unnamed(NULL, &err);
        struct worker_frame frame;

        assert_int_equal(write(fd, "hello", 5), 5);
        _cleanup_(worker_freep) struct worker *w = spawn("read-fd", "", &fd, 1);
        assert_int_equal(worker_receive(w, &frame, &err), 1);
        assert_true(str_equals(frame.payload, "hello"));
        assert_int_equal(worker_wait(w, NULL, &err), 0);
}

static void test_forbidden_calls_are_refused_and_named(void **state)
{
        static const struct {
                const char *argument, *name;
        } cases[] = {
                { "o", "openat" }, { "2", "openat2" }, { "s", "socket" }, { "c", "connect" }, { "e", "execve" },
                { "p", "ptrace" }, { "k", "kill" }, { "f", "clone" }, { "m", "mprotect" }, { "u", "io_uring_setup" },
                { "b", "bpf" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(worker_freep) struct worker *w = spawn("forbidden", cases[i].argument, NULL, 0);
                struct worker_end end;
                struct error err = ERROR_INIT;

                if (worker_wait(w, &end, &err) < 0)
                        fail_msg("%s: %s", cases[i].name, err.message);
                assert_string_equal(end.refused, cases[i].name);
        }
}

static void test_many_at_once_and_killed(void **state)
{
        struct worker *workers[40];

        for (size_t i = 0; i < ELEMENTS_OF(workers); i++)
                workers[i] = spawn("echo", "", NULL, 0);
        for (size_t i = 0; i < ELEMENTS_OF(workers); i++) {
                struct worker_end end;
                struct error err = ERROR_INIT;

                worker_kill(workers[i]);
                assert_int_equal(worker_wait(workers[i], &end, &err), -EPROTO);
                assert_int_equal(end.signal, SIGKILL);
                worker_free(workers[i]);
        }
}

/* It ends with frames unread: the sender is told, and the job's own words still arrive. */
static void test_a_worker_that_takes_no_more(void **state)
{
        _cleanup_(worker_freep) struct worker *w = spawn("fail", "enough", NULL, 0);
        static char big[WORKER_FRAME_MAX];
        struct worker_frame frame;
        struct error err = ERROR_INIT;
        int r;

        do {
                r = worker_send(w, 1, (struct str){ big, sizeof(big) }, -1, &err);
        } while (r == 0);
        assert_int_equal(r, -EPIPE);
        assert_int_equal(worker_receive(w, &frame, &err), 0);
        assert_int_equal(worker_wait(w, NULL, &err), -EBADMSG);
        assert_string_equal(err.message, "no: enough");
}

/* Last: the interrupt stays pending. */
static void test_an_interrupt_ends_waiting(void **state)
{
        _cleanup_(worker_freep) struct worker *w = spawn("echo", "", NULL, 0);
        static char big[WORKER_FRAME_MAX];
        struct worker_frame frame;
        struct error err = ERROR_INIT;
        int r;

        assert_int_equal(interrupt_init(&err), 0);
        raise(SIGTERM);
        assert_int_equal(worker_receive(w, &frame, &err), -ECANCELED);
        assert_int_equal(worker_wait(w, NULL, &err), -ECANCELED);
        for (r = 0; r == 0;) /* its answers are not taken, so it stops reading */
                r = worker_send(w, 1, (struct str){ big, sizeof(big) }, -1, &err);
        assert_int_equal(r, -ECANCELED);
        assert_non_null(strstr(err.message, "interrupted"));
}

static void test_unknown_job(void **state)
{
        struct worker *w = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(worker_spawn("nobody", STR_NULL, NULL, 0, NULL, &w, &err), -EINVAL);
        assert_null(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_echo),
                cmocka_unit_test(test_the_jobs_message_arrives),
                cmocka_unit_test(test_a_crash_is_told),
                cmocka_unit_test(test_descriptors_are_handed_in),
                cmocka_unit_test(test_forbidden_calls_are_refused_and_named),
                cmocka_unit_test(test_many_at_once_and_killed),
                cmocka_unit_test(test_unknown_job),
                cmocka_unit_test(test_a_worker_that_takes_no_more),
                cmocka_unit_test(test_an_interrupt_ends_waiting),
        };
        struct error err = ERROR_INIT;

        if (hash_init(&err) < 0 || worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
