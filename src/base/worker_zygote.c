/* SPDX-License-Identifier: Apache-2.0 */
/* The zygote, which forks workers and reaps them, and what a worker does before and after its job. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/wire.h"
#include "base/worker_private.h"

extern char **environ;

struct child {
        pid_t pid;
        uint64_t id;
        int status;
};

static struct {
        const struct worker_job *jobs;
        size_t n_jobs;
        struct child *children;
        size_t n, cap;
        int nowhere; /* /dev/null, negative if there is none */
        pid_t pid;
} zygote;

/* ---- in the worker ---- */

static struct buf worker_input;

int worker_io_send(struct worker_io *io, uint32_t type, struct str payload, struct error *err)
{
        return frame_send(io->channel, NULL, type, payload, -1, err);
}

int worker_io_receive(struct worker_io *io, struct worker_frame *ret, int *ret_fd, struct error *err)
{
        if (ret_fd)
                *ret_fd = -EBADF;
        return frame_receive(io->channel, NULL, &worker_input, ret, ret_fd, err);
}

/* The standard descriptors lead nowhere: a terminal could be read from and written to through any of them. */
static int silence(int nowhere)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                if (fd == STDERR_FILENO && SANDBOX_UNDER_SANITIZER)
                        return 0; /* it reports there */
                if (nowhere < 0)
                        close(fd);
                else if (dup2(nowhere, fd) < 0)
                        return -errno;
        }
        return 0;
}

/* Moves `fds` to FIRST_FD, FIRST_FD + 1 … and closes all others. */
static int keep_only(int *fds, size_t n, int nowhere)
{
        int beyond = FIRST_FD + (int)n, r;

        for (size_t i = 0; i < n; i++) {
                fds[i] = fcntl(fds[i], F_DUPFD, beyond);
                if (fds[i] < 0)
                        return -errno;
        }
        r = silence(nowhere);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (dup2(fds[i], FIRST_FD + (int)i) < 0)
                        return -errno;
                fds[i] = FIRST_FD + (int)i;
        }
        return close_range((unsigned)beyond, ~0u, 0) < 0 ? -errno : 0;
}

static void send_end(int channel, int code, const char *message)
{
        static char room[2 * sizeof(uint32_t) + ERROR_MESSAGE_MAX];
        struct buf payload = { .data = room, .cap = sizeof(room) }; /* there may be no more memory to be had */

        wire_put_u32(&payload, (uint32_t)code);
        wire_put_str(&payload, str_from(message));
        if (frame_send(channel, NULL, FRAME_END, buf_str(&payload), -1, NULL) < 0)
                _exit(125);
}

static _Noreturn void worker_main(const struct worker_job *job, const struct request *request, const void *argument,
                                  int *fds, size_t n_fds, int nowhere)
{
        int kept[2 + WORKER_FDS_MAX] = { fds[0], fds[1] }; /* not the status pipe: only the zygote speaks there */
        size_t n = n_fds - FIXED_FDS;
        struct error err = ERROR_INIT;
        struct worker_io io;
        sigset_t none;
        int r;

        memcpy(kept + 2, fds + FIXED_FDS, n * sizeof(int));
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != zygote.pid)
                _exit(123); /* it ended before that was set */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        r = keep_only(kept, n + 2, nowhere);
        if (r < 0)
                _exit(124);
        io = (struct worker_io){ argument, request->argument_size, kept + 2, n, kept[0] };
        r = sandbox_enter(&request->limits, kept[1], &err);
        if (r == 0)
                r = job->run(&io, &err);
        send_end(io.channel, r, r < 0 ? err.message : "");
        _exit(0);
}

/* ---- the zygote ---- */

static void tell(const struct child *child, uint32_t word)
{
        if (write(child->status, &word, sizeof(word)) < 0)
                return; /* the parent no longer cares */
}

static void reap(void)
{
        pid_t pid;
        int status;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                for (size_t i = 0; i < zygote.n; i++) {
                        if (zygote.children[i].pid != pid)
                                continue;
                        tell(&zygote.children[i], (uint32_t)status);
                        close(zygote.children[i].status);
                        zygote.children[i] = zygote.children[--zygote.n];
                        break;
                }
}

static void handle_spawn(const struct request *request, const void *argument, int *fds, size_t n_fds)
{
        pid_t pid = -1;

        if (n_fds < FIXED_FDS || request->job >= zygote.n_jobs)
                goto out;
        if (mem_grow(&zygote.children, &zygote.cap, zygote.n + 1, sizeof(*zygote.children)) == 0)
                pid = fork();
        if (pid == 0)
                worker_main(&zygote.jobs[request->job], request, argument, fds, n_fds, zygote.nowhere);
        if (pid > 0) {
                zygote.children[zygote.n] = (struct child){ pid, request->id, fds[2] };
                tell(&zygote.children[zygote.n++], (uint32_t)pid);
                fds[2] = -EBADF;
        }
out:
        for (size_t i = 0; i < n_fds; i++)
                fd_close(fds[i]);
}

static void kill_children(uint64_t id)
{
        for (size_t i = 0; i < zygote.n; i++)
                if (id == 0 || zygote.children[i].id == id)
                        kill(zygote.children[i].pid, SIGKILL);
}

static bool handle_request(int sock)
{
        static char buf[sizeof(struct request) + WORKER_ARGUMENT_MAX];
        struct request request;
        int fds[WORKER_FDS_MAX + FIXED_FDS];
        size_t n_fds;
        ssize_t n = channel_receive(sock, 0, buf, sizeof(buf), fds, ELEMENTS_OF(fds), &n_fds);

        if (n < (ssize_t)sizeof(request))
                return false;
        memcpy(&request, buf, sizeof(request));
        if (request.kind == REQUEST_SPAWN)
                handle_spawn(&request, buf + sizeof(request), fds, n_fds);
        else
                kill_children(request.id);
        return true;
}

static _Noreturn void zygote_main(int sock, int signals)
{
        struct pollfd polls[] = { { sock, POLLIN, 0 }, { signals, POLLIN, 0 } };

        for (;;) {
                struct signalfd_siginfo info;

                if (poll(polls, 2, -1) < 0 && errno != EINTR)
                        break;
                if (polls[1].revents && read(signals, &info, sizeof(info)) > 0)
                        reap();
                if (polls[0].revents && !handle_request(sock))
                        break;
        }
        kill_children(0);
        _exit(0);
}

/* What stands in the environment (tokens, proxies with passwords) is not a worker's to read out of its memory. */
static void forget_environment(void)
{
        /* Without a name of a zone, libraries that make times of dates look for the machine's each time, and a worker may not. */
        static char zone[] = "TZ=UTC0", *left[] = { zone, NULL };

        for (char **e = environ; e && *e; e++)
                explicit_bzero(*e, strlen(*e));
        environ = left;
        tzset();
}

/* Where memory runs out, the kernel is to end workers before it ends anything else. */
static void offer_to_oom_killer(void)
{
        _cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        if (fd >= 0 && write(fd, "500", 3) < 0)
                return; /* then it chooses by itself */
}

static int prepare_zygote(int *ret_signals, struct error *err)
{
        sigset_t set;
        int r = sandbox_prepare(err);

        if (r < 0)
                return r;
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        signal(SIGINT, SIG_IGN); /* the parent decides what Ctrl-C means */
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, NULL);
        *ret_signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (*ret_signals < 0)
                return error_set(err, -errno, "watch for ended workers");
        zygote.pid = getpid();
        zygote.nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        offer_to_oom_killer();
        forget_environment();
        return 0;
}

pid_t zygote_start(const struct worker_job *jobs, size_t n_jobs, int *ret_sock, struct error *err)
{
        int pair[2], signals;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "make a socket to the workers");
        zygote.jobs = jobs;
        zygote.n_jobs = n_jobs;
        pid = fork();
        if (pid == 0) {
                close(pair[0]);
                if (prepare_zygote(&signals, err) < 0)
                        _exit(1);
                zygote_main(pair[1], signals);
        }
        close(pair[1]);
        if (pid < 0) {
                close(pair[0]);
                return error_set(err, -errno, "start the workers' parent process");
        }
        *ret_sock = pair[0];
        return pid;
}
