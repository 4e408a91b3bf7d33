/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's side: a source of events that another process sees. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sensor/remote_private.h"

static struct sensor_remote *remote_of(struct sensor_source *source)
{
        return (struct sensor_remote *)((char *)source - offsetof(struct sensor_remote, source));
}

int message_send(int fd, enum message_type type, uint64_t number, int64_t clock, const void *data, size_t n, int flags,
                 struct error *err)
{
        struct message_head head = { .type = type, .size = (uint32_t)n, .number = number, .clock = clock };
        struct iovec parts[2] = { { &head, sizeof(head) }, { (void *)data, n } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = n ? 2 : 1 };

        while (sendmsg(fd, &message, flags | MSG_NOSIGNAL) < 0)
                if (errno != EINTR)
                        return error_set(err, -errno, "talk between the sensor and the engine");
        return 0;
}

/* 1 a message, its content behind the head in remote->room; 0 none came in time. */
static int receive(struct sensor_remote *remote, int timeout_ms, struct message_head *ret, struct error *err)
{
        struct pollfd p = { .fd = remote->channel, .events = POLLIN };
        int r = poll(&p, 1, timeout_ms);
        ssize_t n;

        if (r < 0)
                return errno == EINTR ? 0 : error_set(err, -errno, "wait for the sensor");
        if (r == 0)
                return 0;
        n = recv(remote->channel, remote->room, MESSAGE_MAX, 0);
        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : error_set(err, -errno, "hear the sensor");
        if (n == 0)
                return error_say(err, -EPIPE, "the sensor ended");
        if ((size_t)n < sizeof(*ret))
                return error_say(err, -EPROTO, "the sensor said nonsense");
        memcpy(ret, remote->room, sizeof(*ret));
        if (ret->size != (size_t)n - sizeof(*ret))
                return error_say(err, -EPROTO, "the sensor said nonsense");
        return 1;
}

static int hand_out(struct sensor_remote *remote, const struct message_head *head, const struct sensor_sink *sink, struct error *err)
{
        const uint8_t *at = remote->room + sizeof(*head), *end = at + head->size;
        int n = 0;

        while ((size_t)(end - at) >= sizeof(struct sensor_header)) {
                struct sensor_raw raw;
                uint32_t size;
                int r;

                memcpy(&size, at, sizeof(size));
                if (size < sizeof(struct sensor_header) || size > (size_t)(end - at))
                        return error_say(err, -EPROTO, "the sensor said nonsense");
                r = sensor_raw_check(at, size, head->clock, &raw, err);
                if (r == 0)
                        r = sink->event(sink->data, &raw, err);
                if (r < 0)
                        return r;
                at += size;
                n++;
        }
        remote->handed_out = head->number;
        return n;
}

static void take_reports(struct sensor_remote *remote, const struct message_head *head)
{
        if (head->size != sizeof(remote->reports))
                return;
        memcpy(remote->reports, remote->room + sizeof(*head), sizeof(remote->reports));
        for (size_t i = 0; i < SENSOR_KINDS; i++)
                remote->reports[i].reason[sizeof(remote->reports[i].reason) - 1] = 0;
        remote->lost = head->number;
}

static int poll_remote(struct sensor_source *source, int timeout_ms, const struct sensor_sink *sink, struct error *err)
{
        struct sensor_remote *remote = remote_of(source);
        struct message_head head;
        int total = 0, r;

        while ((r = receive(remote, total ? 0 : timeout_ms, &head, err)) > 0) {
                if (head.type == MESSAGE_REPORTS)
                        take_reports(remote, &head);
                r = head.type == MESSAGE_EVENTS ? hand_out(remote, &head, sink, err) : 0;
                if (r < 0)
                        return r;
                total += r;
        }
        return r < 0 ? r : total;
}

static int tell(struct sensor_source *source, enum message_type type, uint64_t number, const void *data, size_t n, struct error *err)
{
        return message_send(remote_of(source)->channel, type, number, 0, data, n, 0, err);
}

static int set_kinds(struct sensor_source *source, const struct sensor_kinds *kinds, struct error *err)
{
        return tell(source, MESSAGE_KINDS, 0, kinds, sizeof(*kinds), err);
}

static int ignore(struct sensor_source *source, uint64_t cgroup, struct error *err)
{
        return tell(source, MESSAGE_IGNORE, cgroup, NULL, 0, err);
}

static void forget(struct sensor_source *source, uint64_t cgroup)
{
        struct error err = ERROR_INIT;

        (void)!tell(source, MESSAGE_FORGET, cgroup, NULL, 0, &err); /* the next poll tells if nobody hears */
}

static int snapshot(struct sensor_source *source, struct error *err)
{
        return tell(source, MESSAGE_SNAPSHOT, 0, NULL, 0, err);
}

static void reports(struct sensor_source *source, struct sensor_report *ret)
{
        memcpy(ret, remote_of(source)->reports, sizeof(remote_of(source)->reports));
}

static uint64_t lost(struct sensor_source *source)
{
        return remote_of(source)->lost;
}

static uint32_t blind(struct sensor_source *source)
{
        return remote_of(source)->blind;
}

static struct sensor_source *free_remote(struct sensor_source *source)
{
        remote_of(source)->open = false;
        return NULL;
}

static const struct sensor_source_ops remote_ops = {
        .poll = poll_remote, .free = free_remote, .set_kinds = set_kinds, .ignore = ignore, .forget = forget, .reports = reports,
        .lost = lost, .blind = blind, .snapshot = snapshot,
};

static int await_ready(struct sensor_remote *remote, struct error *err)
{
        struct message_head head;
        int r;

        while ((r = receive(remote, -1, &head, err)) >= 0) {
                if (r == 0)
                        continue;
                if (head.type == MESSAGE_REPORTS)
                        take_reports(remote, &head);
                if (head.type == MESSAGE_READY) {
                        remote->blind = (uint32_t)head.number;
                        return 0;
                }
                if (head.type == MESSAGE_FAILED)
                        return error_say(err, (int)head.number < 0 ? (int)head.number : -EPROTO, "%.*s", (int)head.size,
                                         (const char *)remote->room + sizeof(head));
        }
        return r;
}

int sensor_remote_open(struct sensor_remote *remote, const struct sensor_options *options, struct sensor_source **ret,
                       struct error *err)
{
        const struct open_request request = { .kinds = options->kinds, .buffer_size = options->buffer_size, .host = options->host,
                                              .no_self_test = options->no_self_test, .repeats = options->repeats };
        int r;

        remote->source.ops = &remote_ops;
        r = tell(&remote->source, MESSAGE_OPEN, 0, &request, sizeof(request), err);
        if (r == 0)
                r = await_ready(remote, err);
        if (r < 0)
                return r;
        remote->open = true;
        *ret = &remote->source;
        return 0;
}

void sensor_remote_acknowledge(struct sensor_remote *remote)
{
        struct error err = ERROR_INIT;

        (void)!tell(&remote->source, MESSAGE_DONE, remote->handed_out, NULL, 0, &err);
}

bool sensor_remote_is_successor(const struct sensor_remote *remote)
{
        return remote->successor;
}

/* ---- what the keeper opens ---- */

static int ask_broker(struct sensor_remote *remote, const struct broker_request *request, struct error *err)
{
        struct broker_answer answer;
        struct iovec part = { &answer, sizeof(answer) };
        union {
                char room[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control;
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room) };
        struct cmsghdr *c;
        ssize_t n;
        int fd;

        if (send(remote->broker, request, sizeof(*request), MSG_NOSIGNAL) < 0)
                return error_set(err, -errno, "ask for '%s/%s'", request->base, request->path);
        do
                n = recvmsg(remote->broker, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n != sizeof(answer))
                return error_say(err, -EPIPE, "nobody opens '%s/%s'", request->base, request->path);
        if (answer.code < 0)
                return error_set(err, answer.code, "open '%s%s%s'", request->base, *request->path ? "/" : "", request->path);
        c = CMSG_FIRSTHDR(&message);
        if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
                return error_say(err, -EPROTO, "the sensor said nonsense");
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
        return fd;
}

static int fill(char *to, const char *text, struct error *err)
{
        size_t n = strlen(text);

        if (n >= PATH_MAX)
                return error_say(err, -ENAMETOOLONG, "a path of %zu bytes", n);
        memcpy(to, text, n + 1);
        return 0;
}

int sensor_remote_open_file(void *ctx, const char *base, const char *path, int flags, struct error *err)
{
        _cleanup_free_ struct broker_request *request = calloc(1, sizeof(*request));
        int r = request ? fill(request->base, base, err) : error_oom(err);

        if (r == 0)
                r = fill(request->path, path, err);
        if (r < 0)
                return r;
        request->flags = flags;
        return ask_broker(ctx, request, err);
}

int sensor_remote_connect(void *ctx, const char *path, struct error *err)
{
        _cleanup_free_ struct broker_request *request = calloc(1, sizeof(*request));
        int r = request ? fill(request->path, path, err) : error_oom(err);

        if (r < 0)
                return r;
        request->flags = BROKER_CONNECT;
        return ask_broker(ctx, request, err);
}
