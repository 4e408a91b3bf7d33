/* SPDX-License-Identifier: Apache-2.0 */
/* The privileged side: listens to the kernel, keeps what was not acknowledged, and an engine alive. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "sensor/remote_private.h"

#define POLL_MS 10
#define REPORTS_EVERY 2 /* seconds */
#define END_SECONDS 20  /* for an engine that was told to end */

struct batch {
        struct batch *next;
        uint64_t number;
        int64_t clock;
        size_t n;
        bool sent;
        uint8_t data[];
};

struct keeper {
        int (*engine)(void *ctx, struct sensor_remote *remote);
        void *ctx;
        pid_t pid, broker_pid;
        int channel;
        struct sensor_source *sensor; /* NULL: not asked for yet */
        struct batch *first, *last;   /* not acknowledged, in order */
        size_t waiting;               /* bytes of them */
        uint64_t next_number;
        struct buf filling;           /* events of this poll */
        int64_t clock;
        time_t reported, deaths[KEEPER_DEATHS_MAX];
        unsigned n_deaths;
        time_t told_to_end;
        uint8_t *room;
        bool opened; /* this engine has asked for events, and heard that they will come */
        bool done;
        int status;
};

/* ---- events ---- */

static int push(struct keeper *k, struct error *err)
{
        struct batch *b;

        if (!k->filling.len)
                return 0;
        b = buf_ok(&k->filling) ? malloc(sizeof(*b) + k->filling.len) : NULL;
        if (!b)
                return error_oom(err);
        *b = (struct batch){ .number = k->next_number++, .clock = k->clock, .n = k->filling.len };
        memcpy(b->data, k->filling.data, b->n);
        buf_clear(&k->filling);
        k->waiting += b->n;
        *(k->last ? &k->last->next : &k->first) = b;
        k->last = b;
        return 0;
}

static int take_raw(void *ctx, const struct sensor_raw *raw, struct error *err)
{
        struct keeper *k = ctx;

        if (k->filling.len && (k->clock != raw->clock || k->filling.len + raw->header->size > BATCH_BYTES)) {
                int r = push(k, err);

                if (r < 0)
                        return r;
        }
        k->clock = raw->clock;
        buf_add(&k->filling, raw->header, raw->header->size);
        return buf_ok(&k->filling) ? 0 : error_oom(err);
}

/* An engine that takes nothing more just now is no error. */
static int send_waiting(struct keeper *k, struct error *err)
{
        for (struct batch *b = k->opened ? k->first : NULL; b; b = b->next) {
                int r;

                if (b->sent)
                        continue;
                r = message_send(k->channel, MESSAGE_EVENTS, b->number, b->clock, b->data, b->n, MSG_DONTWAIT, err);
                if (r == -EAGAIN || r == -ENOBUFS)
                        return 0;
                if (r < 0)
                        return r;
                b->sent = true;
        }
        return 0;
}

/* Batches are acknowledged in the order in which they were sent. */
static void acknowledge(struct keeper *k, uint64_t number)
{
        bool found = false;

        for (const struct batch *b = k->first; b && b->sent; b = b->next)
                found |= b->number == number;
        while (found && k->first) {
                struct batch *b = k->first;

                found = b->number != number;
                k->first = b->next;
                k->waiting -= b->n;
                free(b);
        }
        if (!k->first)
                k->last = NULL;
}

static int send_reports(struct keeper *k, struct error *err)
{
        struct sensor_report *reports = (void *)k->room;
        int r;

        sensor_reports(k->sensor, reports);
        r = message_send(k->channel, MESSAGE_REPORTS, sensor_lost(k->sensor), 0, reports, SENSOR_KINDS * sizeof(*reports), MSG_DONTWAIT, err);
        k->reported = time(NULL);
        return r == -EAGAIN || r == -ENOBUFS ? 0 : r;
}

/* ---- what the engine asks ---- */

/* A successor finds the sensor attached; it needs to be told of the processes that run, before what it missed. */
static int take_over(struct keeper *k, const struct open_request *request, struct error *err)
{
        struct batch *missed = k->first, *last = k->last;
        const struct sensor_sink sink = { .event = take_raw, .data = k };
        int r = sensor_set_kinds(k->sensor, &request->kinds, err);

        if (r == 0)
                r = sensor_snapshot(k->sensor, err);
        k->first = k->last = NULL;
        if (r == 0)
                r = sensor_poll(k->sensor, 0, &sink, err);
        if (r >= 0)
                r = push(k, err);
        *(k->last ? &k->last->next : &k->first) = missed;
        k->last = last ? last : k->last;
        return r < 0 ? r : 0;
}

static int open_sensor(struct keeper *k, const struct open_request *request, struct error *err)
{
        const struct sensor_options options = { .kinds = request->kinds, .buffer_size = (size_t)request->buffer_size,
                                                .host = request->host, .no_self_test = request->no_self_test, .repeats = request->repeats };
        struct error why = ERROR_INIT;
        int r = k->sensor ? take_over(k, request, &why) : sensor_open(&options, &k->sensor, &why);

        if (r < 0)
                return message_send(k->channel, MESSAGE_FAILED, (uint64_t)r, 0, why.message, strlen(why.message), 0, err);
        r = send_reports(k, err);
        if (r == 0)
                r = message_send(k->channel, MESSAGE_READY, k->sensor->ops->blind(k->sensor), 0, NULL, 0, 0, err);
        k->opened = r == 0;
        return r;
}

static int obey(struct keeper *k, const struct message_head *head, const void *content, struct error *err)
{
        struct error ignored = ERROR_INIT;

        if (head->type == MESSAGE_OPEN && head->size == sizeof(struct open_request))
                return open_sensor(k, content, err);
        if (head->type == MESSAGE_DONE)
                acknowledge(k, head->number);
        if (!k->sensor)
                return 0;
        if (head->type == MESSAGE_IGNORE)
                (void)!sensor_ignore_cgroup(k->sensor, head->number, &ignored);
        if (head->type == MESSAGE_FORGET)
                sensor_forget_cgroup(k->sensor, head->number);
        if (head->type == MESSAGE_KINDS && head->size == sizeof(struct sensor_kinds))
                return sensor_set_kinds(k->sensor, content, err);
        return head->type == MESSAGE_SNAPSHOT ? sensor_snapshot(k->sensor, err) : 0;
}

static int hear(struct keeper *k, struct error *err)
{
        struct message_head head;

        for (;;) {
                ssize_t n = recv(k->channel, k->room, MESSAGE_MAX, MSG_DONTWAIT);
                int r;

                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return 0;
                if (n <= 0)
                        return error_say(err, -EPIPE, "the engine ended");
                memcpy(&head, k->room, sizeof(head));
                if ((size_t)n < sizeof(head) || head.size != (size_t)n - sizeof(head))
                        return error_say(err, -EPIPE, "the engine said nonsense");
                r = obey(k, &head, k->room + sizeof(head), err);
                if (r < 0)
                        return r;
        }
}

/* ---- the engine's life ---- */

static int pair(int ends[2], struct error *err)
{
        const int size = CHANNEL_BUFFER;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
                return error_set(err, -errno, "make a socket pair");
        for (int i = 0; i < 2; i++)
                if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                        (void)!setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return 0;
}

/* Neither child outlives the keeper. */
static void tie_to_parent(pid_t parent, int signal)
{
        prctl(PR_SET_PDEATHSIG, signal);
        if (getppid() != parent)
                _exit(1);
}

static pid_t start_broker(struct sensor_source *sensor, int fd, const int *others, size_t n)
{
        pid_t parent = getpid(), child = fork();

        if (child != 0)
                return child;
        tie_to_parent(parent, SIGKILL);
        if (sensor)
                sensor_leave(sensor);
        for (size_t i = 0; i < n; i++)
                fd_close(others[i]);
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        broker_serve(fd);
        _exit(0);
}

static void be_engine(struct keeper *k, pid_t parent, int channel, int broker)
{
        struct sensor_remote remote = { .channel = channel, .broker = broker, .successor = k->sensor, .room = malloc(MESSAGE_MAX) };

        tie_to_parent(parent, SIGTERM);
        if (k->sensor) /* a successor: what its rights do not reach must not come with descriptors */
                sensor_leave(k->sensor);
        exit(remote.room ? k->engine(k->ctx, &remote) : 2);
}

static int start_engine(struct keeper *k, struct error *err)
{
        int channel[2] = { -EBADF, -EBADF }, broker[2] = { -EBADF, -EBADF }, r = pair(channel, err);
        pid_t parent = getpid();

        if (r == 0)
                r = pair(broker, err);
        if (r == 0)
                k->broker_pid = start_broker(k->sensor, broker[0], (int[]){ channel[0], channel[1], broker[1] }, 3);
        if (r == 0 && k->broker_pid > 0) {
                k->pid = fork();
                if (k->pid == 0) {
                        fd_close(channel[0]);
                        fd_close(broker[0]);
                        be_engine(k, parent, channel[1], broker[1]);
                }
        }
        if (r == 0 && (k->broker_pid < 0 || k->pid < 0))
                r = error_set(err, -errno, "start the engine");
        k->channel = TAKE_FD(channel[0]);
        fd_close(channel[1]);
        fd_close(broker[0]);
        fd_close(broker[1]);
        k->opened = false;
        for (struct batch *b = k->first; b; b = b->next)
                b->sent = false;
        return r;
}

static void end_children(struct keeper *k)
{
        if (k->pid > 0) {
                kill(k->pid, SIGKILL);
                waitpid(k->pid, NULL, 0);
        }
        if (k->broker_pid > 0) {
                kill(k->broker_pid, SIGKILL);
                waitpid(k->broker_pid, NULL, 0);
        }
        k->pid = k->broker_pid = 0;
        k->channel = fd_close(k->channel);
}

static bool dies_too_often(struct keeper *k)
{
        time_t now = time(NULL), *oldest = &k->deaths[k->n_deaths % KEEPER_DEATHS_MAX];
        bool often = k->n_deaths >= KEEPER_DEATHS_MAX && now - *oldest < KEEPER_DEATHS_SECONDS;

        *oldest = now;
        k->n_deaths++;
        return often;
}

/* Looks whether the engine has ended. One that returned has finished; one that was killed is replaced. */
static int look_after_engine(struct keeper *k, struct error *err)
{
        int status;

        if (waitpid(k->pid, &status, WNOHANG) != k->pid)
                return 0;
        k->pid = 0;
        if (WIFEXITED(status)) {
                k->done = true;
                k->status = WEXITSTATUS(status);
                return 0;
        }
        end_children(k);
        if (interrupt_pending() || dies_too_often(k))
                return error_say(err, -EPIPE, "the engine was killed by signal %d%s", WTERMSIG(status),
                                 interrupt_pending() ? "" : ", again and again");
        log_error("the engine was killed by signal %d: another one goes on", WTERMSIG(status));
        return start_engine(k, err);
}

/* Ctrl-C reaches the engine too; a signal to this process alone is passed on, once. */
static void pass_on_interrupt(struct keeper *k)
{
        time_t now = time(NULL);

        if (k->pid > 0 && interrupt_reload_asked())
                kill(k->pid, SIGHUP);
        if (!interrupt_pending() || k->pid <= 0)
                return;
        if (!k->told_to_end) {
                k->told_to_end = now;
                kill(k->pid, SIGTERM);
        } else if (now - k->told_to_end > END_SECONDS) {
                kill(k->pid, SIGKILL);
        }
}

static int step(struct keeper *k, struct error *err)
{
        const struct sensor_sink sink = { .event = take_raw, .data = k };
        struct pollfd p = { .fd = k->channel, .events = POLLIN };
        int r = 0;

        if (k->sensor && k->waiting < KEEPER_WAITING_MAX) /* else events wait in the kernel */
                r = sensor_poll(k->sensor, POLL_MS, &sink, err);
        else
                poll(&p, 1, POLL_MS);
        if (r >= 0)
                r = push(k, err);
        if (r < 0)
                return r;
        /* An engine that does not hear has died, or will have soon: look_after_engine() tells. */
        if (send_waiting(k, err) < 0 || hear(k, err) < 0)
                return 0;
        if (k->sensor && time(NULL) - k->reported >= REPORTS_EVERY)
                (void)!send_reports(k, err);
        return 0;
}

static void keeper_done(struct keeper *k)
{
        end_children(k);
        while (k->first) {
                struct batch *b = k->first;

                k->first = b->next;
                free(b);
        }
        sensor_source_free(k->sensor);
        buf_free(&k->filling);
        free(k->room);
}

int keeper_run(int (*engine)(void *ctx, struct sensor_remote *remote), void *ctx, struct error *err)
{
        _cleanup_(keeper_done) struct keeper k = { .engine = engine, .ctx = ctx, .channel = -EBADF, .next_number = 1,
                                                   .room = malloc(MESSAGE_MAX) };
        int r = k.room ? start_engine(&k, err) : error_oom(err);

        while (r == 0 && !k.done) {
                r = step(&k, err);
                if (r == 0)
                        r = look_after_engine(&k, err);
                pass_on_interrupt(&k);
        }
        return r < 0 ? r : k.status;
}
