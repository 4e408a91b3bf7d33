/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that run an attacker's code against their parent: lies, nonsense, silence and odd ends. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/hijack.h"
#include "running.h"

/* Descriptors for the parent, who asked for none. */
static int send_descriptors(struct worker_io *io, struct error *err)
{
        for (int i = 0; i < 50; i++) {
                char frame[8] = { 1 }, room[CMSG_SPACE(4 * sizeof(int))] = { 0 };
                struct iovec iov = { frame, sizeof(frame) };
                struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
                struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
                int fds[] = { io->fds[0], io->fds[0], io->channel, io->channel };

                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(fds));
                memcpy(CMSG_DATA(c), fds, sizeof(fds));
                if (sendmsg(io->channel, &msg, MSG_NOSIGNAL) < 0) /* more than it may have under way, or open */
                        return errno == ETOOMANYREFS ? 0 : error_set(err, -errno, "send");
        }
        return 0;
}

static int announce_too_much(struct worker_io *io, struct error *err)
{
        static const uint8_t frame[] = { 1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f };

        return file_write(io->channel, frame, sizeof(frame), err);
}

static int stop_in_a_frame(struct worker_io *io, struct error *err)
{
        static const uint8_t frame[] = { 1, 0, 0, 0, 100, 0, 0, 0, 'x' };

        if (write(io->channel, frame, sizeof(frame)) < 0)
                return -EIO;
        _exit(0);
}

static int claim_an_interrupt(struct worker_io *io, struct error *err)
{
        return error_say(err, -ECANCELED, "interrupted by nobody");
}

static _Noreturn void wait_for_ever(void)
{
        static int word;

        for (;;)
                syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static int claim_success_and_stay(struct worker_io *io, struct error *err)
{
        static const uint8_t frame[] = { 0, 0, 0, 0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

        if (file_write(io->channel, frame, sizeof(frame), err) < 0)
                return -EIO;
        wait_for_ever();
}

static int sleep_for_ever(struct worker_io *io, struct error *err)
{
        struct worker_frame frame;

        return worker_io_receive(io, &frame, NULL, err); /* nobody sends any */
}

static int fall_silent(struct worker_io *io, struct error *err)
{
        close(io->channel);
        wait_for_ever();
}

static int give_up(struct worker_io *io, struct error *err)
{
        abort();
}

static int flood_notes(struct worker_io *io, struct error *err)
{
        while (syscall(SYS_dup, 0) < 0)
                ;
        return 0;
}

static int hide_notes(struct worker_io *io, struct error *err)
{
        close(io->channel + 1);
        syscall(SYS_dup, 0);
        return 0;
}

#if defined(__x86_64__)
/* The other architecture's calls have other numbers: 5 is open() there, which the filter would take for fstat(). */
static int call_as_i386(struct worker_io *io, struct error *err)
{
        long r;

        __asm__ volatile("int $0x80" : "=a"(r) : "a"(5), "b"(0), "c"(0), "d"(0) : "memory");
        return 0;
}

static int call_as_x32(struct worker_io *io, struct error *err)
{
        syscall(0x40000000 | SYS_read, 0, NULL, 0);
        return 0;
}
#endif

static const struct worker_job jobs[] = {
        JOB(send_descriptors), JOB(announce_too_much), JOB(stop_in_a_frame), JOB(claim_an_interrupt),
        JOB(claim_success_and_stay), JOB(sleep_for_ever), JOB(fall_silent), JOB(give_up), JOB(flood_notes), JOB(hide_notes),
#if defined(__x86_64__)
        JOB(call_as_i386), JOB(call_as_x32),
#endif
};

/* ---- the parent ---- */

static int open_files(void)
{
        int n = 0;

        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static void test_descriptors_from_a_worker_are_closed(void **state)
{
        struct error err = ERROR_INIT;
        _cleanup_close_ int fd = file_unnamed(NULL, &err);
        _cleanup_(worker_freep) struct worker *w = spawn("send_descriptors", STR_NULL, fd);
        struct worker_frame frame;
        int before = open_files(), n = 0;

        while (worker_receive(w, &frame, &err) > 0)
                n++;
        assert_true(n > 0);
        assert_int_equal(open_files(), before);
        assert_int_equal(worker_wait(w, NULL, &err), 0);
}

static void test_nonsense_is_no_answer(void **state)
{
        assert_bad("announce_too_much", -EPROTO, "announced a message of 2147483647 bytes");
        assert_bad("stop_in_a_frame", -EPROTO, "ended without a result (exit status 0)");
        assert_bad("claim_an_interrupt", -EPROTO, "gave no proper result");
        assert_bad("send_descriptors", -EPROTO, "talks on");
}

static void test_no_worker_holds_up_its_parent(void **state)
{
        assert_bad("sleep_for_ever", -EPROTO, "did nothing for 1 seconds");
        assert_bad("fall_silent", -EPROTO, "was killed by SIGKILL");
        assert_bad("claim_success_and_stay", -EPROTO, "was killed by SIGKILL");
}

static void test_odd_ends_are_told(void **state)
{
        assert_bad("give_up", -EPROTO, "was killed by SIGABRT");
        assert_bad("flood_notes", -EPROTO, "exit status 126");
        assert_bad("hide_notes", -EPROTO, "exit status 126");
#if defined(__x86_64__)
        assert_bad("call_as_i386", -EPROTO, "was killed by SIGSYS");
        assert_bad("call_as_x32", -EPROTO, "was killed by SIGSYS");
#endif
}

/* A file that the parent maps once the worker has ended must be nobody's to cut short. */
static void test_nobody_holds_what_an_ended_worker_held(void **state)
{
        for (int i = 0; i < 20; i++) {
                _cleanup_(worker_freep) struct worker *other = NULL, *w = NULL;
                struct pollfd far = { .events = POLLIN };
                struct worker_end end;
                struct error err = ERROR_INIT;
                int ends[2];

                assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
                w = spawn(i % 2 ? "give_up" : "claim_an_interrupt", STR_NULL, ends[1]);
                other = spawn("sleep_for_ever", STR_NULL, -1);
                close(ends[1]);
                assert_int_equal(worker_wait(w, &end, &err), -EPROTO);
                far.fd = ends[0];
                assert_int_equal(poll(&far, 1, 0), 1);
                assert_true(far.revents & POLLHUP);
                close(ends[0]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_descriptors_from_a_worker_are_closed),
                cmocka_unit_test(test_nonsense_is_no_answer),
                cmocka_unit_test(test_no_worker_holds_up_its_parent),
                cmocka_unit_test(test_odd_ends_are_told),
                cmocka_unit_test(test_nobody_holds_what_an_ended_worker_held),
        };
        struct error err = ERROR_INIT;

        setenv("TALLYMAN_HIJACK_IDLE_MS", "1000", 1);
        hijack_init();
        if (hash_init(&err) < 0 || worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
