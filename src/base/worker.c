/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side: starting workers, talking to them with patience, and learning how they ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hijack.h"
#include "base/interrupt.h"
#include "base/sandbox.h"
#include "base/wire.h"
#include "base/worker_private.h"

#define TICK_MS 1000         /* longest wait at a time; a pause of this process or machine counts as one */
#define IDLE_CPU_MS 1        /* a worker that is waited for computes at least this much … */
#define IDLE_MS 60000        /* … in this time */
#define WAIT_FACTOR 10       /* and is waited for no longer than its CPU limit times this */
#define END_MS 10000         /* to end after its last word, or after it was killed */
#define NOTES_MAX 64

static int zygote_sock = -1;
static pid_t zygote_pid;
static uint64_t next_id = 1;
static const struct worker_job *known_jobs;
static size_t n_known_jobs;
static pthread_mutex_t zygote_mutex = PTHREAD_MUTEX_INITIALIZER;

struct worker {
        uint64_t id;
        const char *job;
        int channel, notes, status;
        pid_t pid; /* 0: not told yet */
        uint64_t cpu_seconds; /* its limit */
        uint64_t waited_ms;   /* for it, in all … */
        uint64_t looked_ms, cpu_then_ms; /* … and at the last look at what it does, with the CPU time it had used */
        struct buf input;
        bool ended; /* the job's own result came */
        int code;
        char message[ERROR_MESSAGE_MAX];
};

/* ---- the zygote ---- */

int worker_init(const struct worker_job *jobs, size_t n_jobs, struct error *err)
{
        pid_t pid = zygote_start(jobs, n_jobs, &zygote_sock, err);

        if (pid < 0)
                return (int)pid;
        known_jobs = jobs;
        n_known_jobs = n_jobs;
        zygote_pid = pid;
        return 0;
}

void worker_forget(void)
{
        zygote_sock = fd_close(zygote_sock);
        zygote_pid = 0;
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

static int ask_zygote(struct request *request, struct str argument, const int *fds, size_t n_fds)
{
        struct iovec iov[2] = { { request, sizeof(*request) }, { (void *)argument.p, argument.n } };
        int r = -ESRCH;

        pthread_mutex_lock(&zygote_mutex);
        if (request->kind == REQUEST_SPAWN)
                request->id = next_id++;
        if (zygote_sock >= 0)
                r = channel_send(zygote_sock, 0, iov, 2, fds, n_fds);
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

/* ---- starting ---- */

static int make_pipe(int *ret_ours, int *ret_theirs, struct error *err)
{
        int pair[2];

        if (pipe2(pair, O_CLOEXEC) < 0)
                return error_set(err, -errno, "make a pipe to a worker");
        fcntl(pair[0], F_SETFL, O_NONBLOCK);
        *ret_ours = pair[0];
        *ret_theirs = pair[1];
        return 0;
}

/* Makes the channel and both pipes; the far ends go to theirs[]. */
static int make_ends(struct worker *w, int theirs[FIXED_FDS], struct error *err)
{
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "make a socket to a worker");
        w->channel = pair[0];
        theirs[0] = pair[1];
        r = make_pipe(&w->notes, &theirs[1], err);
        if (r == 0)
                r = make_pipe(&w->status, &theirs[2], err);
        if (r == 0)
                fcntl(theirs[1], F_SETFL, O_NONBLOCK); /* a worker that floods it ends itself */
        return r;
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
        w->cpu_seconds = request.limits.cpu ? request.limits.cpu : WORKER_CPU_DEFAULT;
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

/* ---- waiting ---- */

static uint64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Its CPU time. Any process may read that clock; one that is gone reads as 0. */
static uint64_t cpu_ms(const struct worker *w)
{
        struct timespec used;
        clockid_t clock;

        if (w->pid <= 0 || clock_getcpuclockid(w->pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
                return 0;
        return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

static void learn_pid(struct worker *w)
{
        uint32_t pid;

        if (w->pid == 0 && read(w->status, &pid, sizeof(pid)) == sizeof(pid))
                w->pid = (pid_t)pid;
}

static uint64_t idle_ms(void)
{
        return hijack_idle_ms() ? hijack_idle_ms() : IDLE_MS;
}

/* The CPU limit does not end a worker that sleeps, or that works a little now and then. */
static int lose_patience(struct worker *w, uint64_t ms, struct error *err)
{
        uint64_t cpu;

        w->waited_ms += MIN_OF(ms, (uint64_t)TICK_MS);
        if (w->waited_ms / 1000 / WAIT_FACTOR > w->cpu_seconds)
                return error_say(err, -ETIMEDOUT, "the worker '%s' kept us waiting for %llu seconds", w->job,
                                 (unsigned long long)w->waited_ms / 1000);
        if (w->waited_ms - w->looked_ms < idle_ms())
                return 0;
        learn_pid(w);
        cpu = cpu_ms(w);
        if (cpu < w->cpu_then_ms + IDLE_CPU_MS)
                return error_say(err, -EPROTO, "the worker '%s' did nothing for %llu seconds", w->job,
                                 (unsigned long long)idle_ms() / 1000);
        w->looked_ms = w->waited_ms;
        w->cpu_then_ms = cpu;
        return 0;
}

int worker_poll(struct worker *worker, int fd, short events, struct error *err)
{
        struct pollfd polls[] = { { fd, events, 0 }, { interrupt_fd(), POLLIN, 0 } };
        uint64_t began = now_ms();
        int r = interrupt_check(err);

        if (r < 0)
                return r;
        r = poll(polls, 2, TICK_MS);
        if (r < 0 && errno != EINTR)
                return error_set(err, -errno, "wait for the worker");
        return lose_patience(worker, now_ms() - began, err);
}

/* ---- talking ---- */

int worker_channel(const struct worker *worker)
{
        return worker->channel;
}

int worker_send(struct worker *worker, uint32_t type, struct str payload, int fd, struct error *err)
{
        return frame_send(worker->channel, worker, type, payload, fd, err);
}

void worker_send_end(struct worker *worker)
{
        shutdown(worker->channel, SHUT_WR);
}

/* -ECANCELED is this process's own word for an interrupt, -EPROTO for a worker that went wrong. */
static int take_end(struct worker *w, struct str payload, struct error *err)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        int code = (int)wire_get_u32(&r);
        struct str message = wire_get_str(&r);

        if (!wire_end(&r) || code > 0 || code < -4095 || code == -ECANCELED || code == -EPROTO)
                return error_say(err, -EPROTO, "the worker '%s' gave no proper result", w->job);
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
        r = frame_receive(worker->channel, worker, &worker->input, ret, NULL, err);
        if (r <= 0 || ret->type != FRAME_END)
                return r;
        return take_end(worker, ret->payload, err);
}

/* ---- the end ---- */

void worker_kill(struct worker *worker)
{
        struct request request = { .kind = REQUEST_KILL, .id = worker->id };

        if (ask_zygote(&request, STR_NULL, NULL, 0) < 0)
                return; /* then the zygote is gone, and its workers with it */
}

bool worker_was_refused(const struct worker *worker)
{
        struct pollfd polls = { worker->notes, POLLIN, 0 };

        return poll(&polls, 1, 0) > 0 && (polls.revents & POLLIN);
}

static void read_notes(struct worker *w, struct worker_end *end)
{
        uint32_t numbers[NOTES_MAX];
        ssize_t n = read(w->notes, numbers, sizeof(numbers));

        sandbox_call_names(numbers, n > 0 ? (size_t)n / sizeof(*numbers) : 0, end->refused, sizeof(end->refused));
}

/* Waits for the zygote's word, but not for ever. 1 with it, 0 none yet, -ESRCH there will be none. */
static int await_status(struct worker *w, uint32_t *ret)
{
        uint64_t waited = 0, enough = hijack_idle_ms() ? hijack_idle_ms() : END_MS;

        while (waited < enough) {
                struct pollfd polls = { w->status, POLLIN, 0 };
                uint64_t began = now_ms();
                uint32_t word;
                ssize_t n = read(w->status, &word, sizeof(word));

                if (n == sizeof(word) && w->pid) {
                        *ret = word;
                        return 1;
                }
                if (n == sizeof(word)) {
                        w->pid = (pid_t)word;
                        continue;
                }
                if (n >= 0 || (errno != EAGAIN && errno != EINTR))
                        return -ESRCH;
                if (poll(&polls, 1, TICK_MS) < 0 && errno != EINTR)
                        return -ESRCH;
                waited += MIN_OF(now_ms() - began, (uint64_t)TICK_MS);
        }
        return 0;
}

static int reap(struct worker *w, uint32_t *ret, struct error *err)
{
        int r = await_status(w, ret);

        if (r == 0) { /* its word was said, but it goes on */
                worker_kill(w);
                r = await_status(w, ret);
        }
        if (r > 0)
                return 0;
        if (r < 0 && w->pid == 0)
                return error_say(err, -EAGAIN, "the worker '%s' could not be started: there is no room for more processes",
                                 w->job);
        return error_say(err, -EPROTO, "the worker '%s' is lost", w->job);
}

static int describe_end(const struct worker *w, const struct worker_end *end, int status, struct error *err)
{
        if (end->signal == SIGXCPU)
                return error_say(err, -E2BIG, "the worker '%s' computed for more than %llu seconds", w->job,
                                 (unsigned long long)w->cpu_seconds);
        if (end->signal)
                return error_say(err, -EPROTO, "the worker '%s' was killed by SIG%s%s%s", w->job,
                                 sigabbrev_np(end->signal) ? sigabbrev_np(end->signal) : "?",
                                 *end->refused ? " after it was refused " : "", end->refused);
        if (!w->ended)
                return error_say(err, -EPROTO, "the worker '%s' ended without a result (exit status %d)", w->job,
                                 WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        return w->code < 0 ? error_say(err, w->code, "%s", w->message) : 0;
}

static int finish(struct worker *w, struct worker_end *ret, struct error *err)
{
        uint32_t status = 0;
        int r;

        w->channel = fd_close(w->channel);
        r = reap(w, &status, err);
        w->status = fd_close(w->status);
        read_notes(w, ret);
        if (r == 0) {
                if (WIFSIGNALED(status))
                        ret->signal = WTERMSIG(status);
                r = describe_end(w, ret, (int)status, err);
        }
        ret->code = r;
        return r;
}

int worker_wait(struct worker *worker, struct worker_end *ret, struct error *err)
{
        struct worker_end end = { 0 };
        struct error why = ERROR_INIT;
        struct worker_frame frame;
        int r;

        r = worker_receive(worker, &frame, &why);
        if (r > 0)
                r = error_say(&why, -EPROTO, "the worker '%s' talks on when nobody asked", worker->job);
        if (r == -ECANCELED)
                return interrupt_check(err);
        if (r < 0) {
                worker_stop(worker, &end);
                end.code = error_say(err, r, "%s", why.message);
        } else {
                r = finish(worker, &end, err);
        }
        if (ret)
                *ret = end;
        return r;
}

void worker_stop(struct worker *worker, struct worker_end *ret)
{
        struct error ignored = ERROR_INIT;

        *ret = (struct worker_end){ 0 };
        worker_kill(worker);
        if (finish(worker, ret, &ignored) == 0)
                ret->code = -EPROTO; /* it was quicker, but nobody listened */
}

struct worker *worker_free(struct worker *worker)
{
        if (!worker)
                return NULL;
        if (worker->status >= 0 && worker->id) {
                struct worker_end end;

                worker_stop(worker, &end);
        }
        fd_close(worker->channel);
        fd_close(worker->notes);
        fd_close(worker->status);
        buf_free(&worker->input);
        free(worker);
        return NULL;
}

static const char *what_is_missing(void)
{
        if (!sandbox_has_seccomp())
                return "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER, Linux 4.14), or denies them to this process";
        if (close_range(~0u, ~0u, 0) < 0 && errno == ENOSYS)
                return "this kernel has no close_range() (Linux 5.9)";
        return NULL;
}

static const char *landlock_weakness(int abi)
{
        if (abi == 0)
                return "this kernel has no Landlock (Linux 5.13): seccomp alone confines the workers";
        if (abi < SANDBOX_LANDLOCK_TCP)
                return "this kernel's Landlock keeps the workers from files, but not from TCP (Linux 6.7) and signals (Linux "
                       "6.12): there seccomp alone does";
        if (abi < SANDBOX_LANDLOCK_SIGNALS)
                return "this kernel's Landlock keeps the workers from files and TCP, but not from signals (Linux 6.12): there "
                       "seccomp alone does";
        return NULL;
}

void worker_features(struct worker_features *ret)
{
        int abi = sandbox_landlock_abi();

        *ret = (struct worker_features){
                .seccomp = sandbox_has_seccomp(), .missing = what_is_missing(), .landlock_abi = abi,
                .weakness = landlock_weakness(abi),
        };
}
