/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/sandbox.h"
#include "base/wire.h"
#include "base/worker.h"

#define FRAME_END 0x80000000u /* the job's result: i32 code, message */
#define FRAME_HEADER 8        /* u32 type, u32 size */
#define FIXED_FDS 3           /* channel, note, status: they go before the caller's */
#define FIRST_FD 3            /* where a worker's descriptors begin */
#define NOTES_MAX 64

enum request_kind {
        REQUEST_SPAWN = 1,
        REQUEST_KILL,
};

struct request {
        uint32_t kind, job;
        uint64_t id;
        struct worker_limits limits;
        uint32_t argument_size;
};

/* ---- messages with descriptors ---- */

static int send_with_fds(int sock, int flags, struct iovec *iov, size_t n_iov, const int *fds, size_t n_fds)
{
        union {
                char buf[CMSG_SPACE(sizeof(int) * (WORKER_FDS_MAX + FIXED_FDS))];
                struct cmsghdr align;
        } control;
        struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n_iov };
        ssize_t n;

        if (n_fds) {
                struct cmsghdr *cmsg;

                memset(&control, 0, sizeof(control));
                msg.msg_control = control.buf;
                msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                cmsg = CMSG_FIRSTHDR(&msg);
                cmsg->cmsg_level = SOL_SOCKET;
                cmsg->cmsg_type = SCM_RIGHTS;
                cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
        }
        do {
                n = sendmsg(sock, &msg, MSG_NOSIGNAL | flags);
        } while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : (int)n;
}

/* Descriptors beyond `max` are closed. Returns the bytes read. */
static ssize_t receive_with_fds(int sock, int flags, void *buf, size_t size, int *fds, size_t max, size_t *ret_n)
{
        union {
                char buf[CMSG_SPACE(sizeof(int) * (WORKER_FDS_MAX + FIXED_FDS))];
                struct cmsghdr align;
        } control;
        struct iovec iov = { buf, size };
        struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
                              .msg_controllen = sizeof(control.buf) };
        ssize_t n;

        *ret_n = 0;
        do {
                n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | flags);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
                size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t i = 0; i < count; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (*ret_n < max)
                                fds[(*ret_n)++] = fd;
                        else
                                close(fd);
                }
        }
        return n;
}

/* ---- frames, the same on both sides ---- */

enum side {
        SIDE_WORKER, /* blocks */
        SIDE_PARENT, /* waits for an interrupt too */
};

static int wait_for(int channel, short events, struct error *err)
{
        struct pollfd polls[] = { { channel, events, 0 }, { interrupt_fd(), POLLIN, 0 } };
        int r = interrupt_check(err);

        if (r < 0)
                return r;
        return poll(polls, 2, -1) < 0 && errno != EINTR ? error_set(err, -errno, "wait for the other process") : 0;
}

/* The bytes sent, 0 if it is to be tried again. */
static int send_some(int channel, enum side side, struct iovec *iov, int fd, struct error *err)
{
        int r = send_with_fds(channel, side == SIDE_PARENT ? MSG_DONTWAIT : 0, iov, 2, &fd, fd >= 0);

        if (r == -EAGAIN && side == SIDE_PARENT)
                return wait_for(channel, POLLOUT, err);
        if (r == -ECONNRESET)
                r = -EPIPE; /* it went with frames unread */
        return r < 0 ? error_set(err, r, "send to the other process") : r;
}

static int frame_send(int channel, enum side side, uint32_t type, struct str payload, int fd, struct error *err)
{
        uint8_t header[FRAME_HEADER];
        struct iovec iov[2] = { { header, sizeof(header) }, { (void *)payload.p, payload.n } };
        size_t done = 0, total = sizeof(header) + payload.n;

        if (payload.n > WORKER_FRAME_MAX)
                return error_say(err, -E2BIG, "a message of %zu bytes between processes", payload.n);
        for (int i = 0; i < 4; i++) {
                header[i] = (uint8_t)(type >> (8 * i));
                header[4 + i] = (uint8_t)(payload.n >> (8 * i));
        }
        while (done < total) {
                int r = send_some(channel, side, iov, done == 0 ? fd : -EBADF, err);

                if (r < 0)
                        return r;
                done += (size_t)r;
                for (int i = 0; i < 2; i++) {
                        size_t step = MIN_OF((size_t)r, iov[i].iov_len);

                        iov[i].iov_base = (char *)iov[i].iov_base + step;
                        iov[i].iov_len -= step;
                        r -= (int)step;
                }
        }
        return 0;
}

/* 1 with exactly n bytes, 0 at a clean end before the first. */
static int channel_read(int channel, enum side side, void *buf, size_t n, int *fd, struct error *err)
{
        size_t done = 0;

        while (done < n) {
                int got = -EBADF;
                size_t n_fds;
                ssize_t r = receive_with_fds(channel, side == SIDE_PARENT ? MSG_DONTWAIT : 0, (char *)buf + done,
                                             n - done, &got, 1, &n_fds);

                if (n_fds) {
                        if (fd && *fd < 0)
                                *fd = got;
                        else
                                close(got);
                }
                if (r == -EAGAIN && side == SIDE_PARENT) {
                        int w = wait_for(channel, POLLIN, err);

                        if (w < 0)
                                return w;
                        continue;
                }
                if (r < 0 && r != -ECONNRESET)
                        return error_set(err, (int)r, "receive from the other process");
                if (r <= 0) /* reset: it went with frames unread, which ends the channel as well */
                        return done ? error_say(err, -EBADMSG, "the other process stopped in the middle of a message") : 0;
                done += (size_t)r;
        }
        return 1;
}

static int frame_receive(int channel, enum side side, struct buf *buf, struct worker_frame *ret, int *fd,
                         struct error *err)
{
        uint8_t header[FRAME_HEADER] = { 0 };
        struct wire_reader reader = wire_reader(header, sizeof(header));
        uint32_t type, size;
        int r = channel_read(channel, side, header, sizeof(header), fd, err);

        if (r <= 0)
                return r;
        type = wire_get_u32(&reader);
        size = wire_get_u32(&reader);
        if (size > WORKER_FRAME_MAX)
                return error_say(err, -EBADMSG, "the other process announced a message of %u bytes", size);
        buf_clear(buf);
        if (!buf_reserve(buf, size))
                return error_oom(err);
        r = size ? channel_read(channel, side, buf->data, size, fd, err) : 1;
        if (r <= 0)
                return r < 0 ? r : error_say(err, -EBADMSG, "the other process stopped in the middle of a message");
        buf->len = size;
        buf->data[size] = 0;
        *ret = (struct worker_frame){ type, { buf->data, size } };
        return 1;
}

/* ---- in the worker ---- */

static struct buf worker_input;

int worker_io_send(struct worker_io *io, uint32_t type, struct str payload, struct error *err)
{
        return frame_send(io->channel, SIDE_WORKER, type, payload, -1, err);
}

int worker_io_receive(struct worker_io *io, struct worker_frame *ret, int *ret_fd, struct error *err)
{
        if (ret_fd)
                *ret_fd = -EBADF;
        return frame_receive(io->channel, SIDE_WORKER, &worker_input, ret, ret_fd, err);
}

/* Moves `fds` to FIRST_FD, FIRST_FD + 1 … and closes all others. */
static int keep_only(int *fds, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                fds[i] = fcntl(fds[i], F_DUPFD, 256);
                if (fds[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < n; i++) {
                if (dup2(fds[i], FIRST_FD + (int)i) < 0)
                        return -errno;
                fds[i] = FIRST_FD + (int)i;
        }
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        return close_range(FIRST_FD + (unsigned)n, ~0u, 0) < 0 ? -errno : 0;
}

static void send_end(int channel, int code, const char *message)
{
        _cleanup_(buf_free) struct buf payload = { 0 };

        wire_put_u32(&payload, (uint32_t)code);
        wire_put_str(&payload, str_from(message));
        if (frame_send(channel, SIDE_WORKER, FRAME_END, buf_str(&payload), -1, NULL) < 0)
                _exit(125);
}

static _Noreturn void worker_main(const struct worker_job *job, const struct request *request, const void *argument,
                                  int *fds, size_t n_fds)
{
        int kept[2 + WORKER_FDS_MAX] = { fds[0], fds[1] }; /* not the status pipe: only the zygote speaks there */
        size_t n = n_fds - FIXED_FDS;
        struct error err = ERROR_INIT;
        struct worker_io io;
        sigset_t none;
        int r;

        memcpy(kept + 2, fds + FIXED_FDS, n * sizeof(int));
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        r = keep_only(kept, n + 2);
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
} zygote;

static void reap(void)
{
        pid_t pid;
        int status;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                for (size_t i = 0; i < zygote.n; i++) {
                        uint32_t word = (uint32_t)status;

                        if (zygote.children[i].pid != pid)
                                continue;
                        if (write(zygote.children[i].status, &word, sizeof(word)) < 0)
                                word = 0; /* the parent no longer cares */
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
                worker_main(&zygote.jobs[request->job], request, argument, fds, n_fds);
        if (pid > 0) {
                zygote.children[zygote.n++] = (struct child){ pid, request->id, fds[2] };
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
        ssize_t n = receive_with_fds(sock, 0, buf, sizeof(buf), fds, ELEMENTS_OF(fds), &n_fds);

        if (n <= 0)
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

/* ---- the parent ---- */

static int zygote_sock = -1;
static pid_t zygote_pid;
static uint64_t next_id = 1;
static const struct worker_job *known_jobs;
static size_t n_known_jobs;
static pthread_mutex_t zygote_mutex = PTHREAD_MUTEX_INITIALIZER;

static int start_zygote(int sock, struct error *err)
{
        int signals;
        sigset_t set;
        int r = sandbox_prepare(err);

        if (r < 0)
                return r;
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        signal(SIGINT, SIG_IGN); /* the parent decides what Ctrl-C means */
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signals < 0)
                return error_set(err, -errno, "watch for ended workers");
        zygote_main(sock, signals);
}

int worker_init(const struct worker_job *jobs, size_t n_jobs, struct error *err)
{
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "make a socket to the workers");
        known_jobs = zygote.jobs = jobs;
        n_known_jobs = zygote.n_jobs = n_jobs;
        zygote_pid = fork();
        if (zygote_pid < 0)
                return error_set(err, -errno, "start the workers' parent process");
        if (zygote_pid == 0) {
                close(pair[0]);
                _exit(start_zygote(pair[1], err) < 0 ? 1 : 0);
        }
        close(pair[1]);
        zygote_sock = pair[0];
        return 0;
}

void worker_shutdown(void)
{
        pthread_mutex_lock(&zygote_mutex);
        zygote_sock = fd_close(zygote_sock);
        if (zygote_pid > 0)
                waitpid(zygote_pid, NULL, 0);
        zygote_pid = 0;
        pthread_mutex_unlock(&zygote_mutex);
}

struct worker {
        uint64_t id;
        const char *job;
        int channel, notes, status;
        struct buf input;
        bool ended; /* the job's own result came */
        int code;
        char message[ERROR_MESSAGE_MAX];
};

static int ask_zygote(struct request *request, struct str argument, const int *fds, size_t n_fds)
{
        struct iovec iov[2] = { { request, sizeof(*request) }, { (void *)argument.p, argument.n } };
        int r = -ESRCH;

        pthread_mutex_lock(&zygote_mutex);
        if (request->kind == REQUEST_SPAWN)
                request->id = next_id++;
        if (zygote_sock >= 0)
                r = send_with_fds(zygote_sock, 0, iov, 2, fds, n_fds);
        pthread_mutex_unlock(&zygote_mutex);
        return r;
}

static int find_job(const char *name, uint32_t *ret)
{
        for (size_t i = 0; i < n_known_jobs; i++)
                if (strcmp(known_jobs[i].name, name) == 0) {
                        *ret = (uint32_t)i;
                        return 0;
                }
        return -ENOENT;
}

/* Makes the channel and both pipes; the far ends go to theirs[]. */
static int make_ends(struct worker *w, int theirs[FIXED_FDS], struct error *err)
{
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "make a socket to a worker");
        w->channel = pair[0];
        theirs[0] = pair[1];
        if (pipe2(pair, O_CLOEXEC) < 0)
                return error_set(err, -errno, "make a pipe to a worker");
        w->notes = pair[0];
        theirs[1] = pair[1];
        fcntl(theirs[1], F_SETFL, O_NONBLOCK); /* a worker that floods it ends itself */
        if (pipe2(pair, O_CLOEXEC) < 0)
                return error_set(err, -errno, "make a pipe to a worker");
        w->status = pair[0];
        theirs[2] = pair[1];
        return 0;
}

int worker_spawn(const char *job, struct str argument, const int *fds, size_t n_fds,
                 const struct worker_limits *limits, struct worker **ret, struct error *err)
{
        _cleanup_(worker_freep) struct worker *w = calloc(1, sizeof(*w));
        struct request request = { .kind = REQUEST_SPAWN, .argument_size = (uint32_t)argument.n };
        int all[FIXED_FDS + WORKER_FDS_MAX] = { -1, -1, -1 }, r;

        if (!w)
                return error_oom(err);
        w->channel = w->notes = w->status = -EBADF;
        w->job = job;
        if (n_fds > WORKER_FDS_MAX || argument.n > WORKER_ARGUMENT_MAX || find_job(job, &request.job) < 0)
                return error_say(err, -EINVAL, "no worker '%s', or too much for it", job);
        if (limits)
                request.limits = *limits;
        r = make_ends(w, all, err);
        if (r == 0) {
                if (n_fds)
                        memcpy(all + FIXED_FDS, fds, n_fds * sizeof(int));
                r = ask_zygote(&request, argument, all, FIXED_FDS + n_fds);
                if (r < 0)
                        error_set(err, r, "start the worker '%s'", job);
        }
        for (size_t i = 0; i < FIXED_FDS; i++)
                fd_close(all[i]);
        if (r < 0)
                return r;
        w->id = request.id;
        *ret = TAKE_PTR(w);
        return 0;
}

int worker_channel(const struct worker *worker)
{
        return worker->channel;
}

int worker_send(struct worker *worker, uint32_t type, struct str payload, int fd, struct error *err)
{
        return frame_send(worker->channel, SIDE_PARENT, type, payload, fd, err);
}

void worker_send_end(struct worker *worker)
{
        shutdown(worker->channel, SHUT_WR);
}

static int take_end(struct worker *w, struct str payload, struct error *err)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        int code = (int)wire_get_u32(&r);
        struct str message = wire_get_str(&r);

        if (!wire_end(&r) || code > 0)
                return error_say(err, -EBADMSG, "the worker '%s' gave no proper result", w->job);
        w->ended = true;
        w->code = code;
        snprintf(w->message, sizeof(w->message), "%.*s", STR_ARG(message));
        return 0;
}

int worker_receive(struct worker *worker, struct worker_frame *ret, struct error *err)
{
        int r;

        if (worker->ended)
                return 0;
        r = frame_receive(worker->channel, SIDE_PARENT, &worker->input, ret, NULL, err);
        if (r <= 0 || ret->type != FRAME_END)
                return r;
        return take_end(worker, ret->payload, err);
}

void worker_kill(struct worker *worker)
{
        struct request request = { .kind = REQUEST_KILL, .id = worker->id };

        if (ask_zygote(&request, STR_NULL, NULL, 0) < 0)
                return; /* then the zygote is gone, and its workers with it */
}

static void read_notes(struct worker *w, struct worker_end *end)
{
        uint32_t numbers[NOTES_MAX];
        ssize_t n;

        fcntl(w->notes, F_SETFL, O_NONBLOCK);
        n = read(w->notes, numbers, sizeof(numbers));
        sandbox_call_names(numbers, n > 0 ? (size_t)n / sizeof(*numbers) : 0, end->refused, sizeof(end->refused));
}

static int describe_end(const struct worker *w, const struct worker_end *end, int status, struct error *err)
{
        if (end->signal)
                return error_say(err, -EPROTO, "the worker '%s' was killed by SIG%s%s%s", w->job,
                                 sigabbrev_np(end->signal) ? sigabbrev_np(end->signal) : "?",
                                 *end->refused ? " after it was refused " : "", end->refused);
        if (!w->ended)
                return error_say(err, -EPROTO, "the worker '%s' ended without a result (exit status %d)", w->job,
                                 WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        return w->code < 0 ? error_say(err, w->code, "%s", w->message) : 0;
}

int worker_wait(struct worker *worker, struct worker_end *ret, struct error *err)
{
        struct worker_end end = { 0 };
        struct worker_frame frame;
        uint32_t status = 0;
        ssize_t n;
        int r = 0;

        while (!worker->ended && (r = worker_receive(worker, &frame, NULL)) > 0)
                ; /* nobody wants these any more */
        if (r == -ECANCELED)
                return interrupt_check(err);
        worker->channel = fd_close(worker->channel);
        n = file_read(worker->status, &status, sizeof(status), err);
        worker->status = fd_close(worker->status);
        if (n != sizeof(status))
                return error_say(err, -EPROTO, "the worker '%s' could not be started or is lost", worker->job);
        read_notes(worker, &end);
        if (WIFSIGNALED(status))
                end.signal = WTERMSIG(status);
        r = describe_end(worker, &end, (int)status, err);
        end.code = r;
        if (ret)
                *ret = end;
        return r;
}

struct worker *worker_free(struct worker *worker)
{
        if (!worker)
                return NULL;
        fd_close(worker->channel);
        if (worker->status >= 0 && worker->id) {
                uint32_t status;

                worker_kill(worker);
                if (file_read(worker->status, &status, sizeof(status), NULL) < 0)
                        errno = 0; /* then it is lost already */
        }
        fd_close(worker->notes);
        fd_close(worker->status);
        buf_free(&worker->input);
        free(worker);
        return NULL;
}

void worker_features(struct worker_features *ret)
{
        *ret = (struct worker_features){
                .seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0,
                .landlock_abi = sandbox_landlock_abi(),
        };
}
