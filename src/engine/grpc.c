/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One unary gRPC call over HTTP/2 (RFC 9113) on a local socket, with a deadline. Header blocks of the server are passed
 * over unread: a message came, or none did. So no HPACK decoder (RFC 7541) is needed, which is most of what a library
 * for HTTP/2 would bring.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine_private.h"

#define FRAME_HEADER 9
#define FRAME_MAX 16384 /* SETTINGS_MAX_FRAME_SIZE that we leave as it is */
#define FRAMES_ROOM (64u << 10)
#define MESSAGE_HEADER 5
#define STREAM 1
#define TEXT_MAX_IN_HEADER 120 /* lengths that one byte holds */

enum frame_type {
        FRAME_DATA = 0,
        FRAME_HEADERS = 1,
        FRAME_RST_STREAM = 3,
        FRAME_SETTINGS = 4,
        FRAME_PUSH_PROMISE = 5,
        FRAME_PING = 6,
        FRAME_GOAWAY = 7,
        FRAME_WINDOW_UPDATE = 8,
};
enum { FLAG_ACK = 0x1, FLAG_END_STREAM = 0x1, FLAG_END_HEADERS = 0x4, FLAG_PADDED = 0x8 };

void grpc_stream_done(struct grpc_stream *stream)
{
        buf_free(&stream->frame);
        buf_free(&stream->body);
        buf_free(&stream->reply);
}

static void put_u32(struct buf *out, uint32_t n)
{
        const uint8_t bytes[] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

        buf_add(out, bytes, sizeof(bytes));
}

static void put_frame(struct buf *out, enum frame_type type, unsigned flags, uint32_t stream, struct str payload)
{
        const uint8_t head[] = { (uint8_t)(payload.n >> 16), (uint8_t)(payload.n >> 8), (uint8_t)payload.n,
                                 (uint8_t)type, (uint8_t)flags };

        buf_add(out, head, sizeof(head));
        put_u32(out, stream);
        buf_add_str(out, payload);
}

/* ---- what the server says ---- */

static int take_data(struct grpc_stream *s, unsigned flags, struct str payload, struct error *err)
{
        size_t padding = 0;

        if (flags & FLAG_PADDED) {
                padding = payload.n ? (uint8_t)*payload.p + 1u : 1;
                if (padding > payload.n)
                        return error_say(err, -EBADMSG, "a frame is shorter than its padding");
                payload = (struct str){ payload.p + 1, payload.n - padding };
        }
        if (s->body.len + payload.n > ENGINE_MESSAGE_MAX + MESSAGE_HEADER)
                return error_say(err, -E2BIG, "the answer has more than the %u bytes that are read", ENGINE_MESSAGE_MAX);
        buf_add_str(&s->body, payload);
        return 0;
}

static int take_frame(struct grpc_stream *s, unsigned type, unsigned flags, uint32_t stream, struct str payload,
                      struct error *err)
{
        int r = 0;

        switch (type) {
        case FRAME_DATA:
                r = stream == STREAM ? take_data(s, flags, payload, err) : 0;
                break;
        case FRAME_HEADERS:
                break;
        case FRAME_SETTINGS:
                if (!(flags & FLAG_ACK))
                        put_frame(&s->reply, FRAME_SETTINGS, FLAG_ACK, 0, STR_NULL);
                return 0;
        case FRAME_PING:
                if (payload.n != 8)
                        return error_say(err, -EBADMSG, "a ping that has not 8 bytes");
                if (!(flags & FLAG_ACK))
                        put_frame(&s->reply, FRAME_PING, FLAG_ACK, 0, payload);
                return 0;
        case FRAME_RST_STREAM:
        case FRAME_GOAWAY:
                return error_say(err, -ECONNABORTED, "the server broke the call off");
        case FRAME_PUSH_PROMISE:
                return error_say(err, -EBADMSG, "the server pushes, which it was told not to do");
        default:
                return 0;
        }
        if (r == 0 && stream == STREAM && flags & FLAG_END_STREAM)
                s->done = true;
        return r;
}

int grpc_feed(struct grpc_stream *s, struct str bytes, struct error *err)
{
        size_t used = 0;
        int r = 0;

        if (s->frame.len + bytes.n > FRAME_MAX + FRAME_HEADER + FRAMES_ROOM)
                return error_say(err, -E2BIG, "too much at once");
        buf_add_str(&s->frame, bytes);
        if (!buf_ok(&s->frame))
                return error_oom(err);
        while (!r && !s->done && s->frame.len - used >= FRAME_HEADER) {
                const uint8_t *p = (const uint8_t *)s->frame.data + used;
                size_t n = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
                uint32_t stream = ((uint32_t)p[5] << 24 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 8 | p[8]) & 0x7fffffff;

                if (n > FRAME_MAX)
                        return error_say(err, -EBADMSG, "a frame of %zu bytes, more than was offered", n);
                if (s->frame.len - used - FRAME_HEADER < n)
                        break;
                r = take_frame(s, p[3], p[4], stream, (struct str){ (const char *)p + FRAME_HEADER, n }, err);
                used += FRAME_HEADER + n;
                if (s->reply.len > FRAMES_ROOM)
                        return error_say(err, -EBADMSG, "the server asks for too many answers");
        }
        if (used && used < s->frame.len)
                memmove(s->frame.data, s->frame.data + used, s->frame.len - used);
        s->frame.len -= used;
        if (!buf_ok(&s->body) || !buf_ok(&s->reply))
                return error_oom(err);
        return r;
}

int grpc_message(const struct grpc_stream *s, struct str *ret, struct error *err)
{
        const uint8_t *p = (const uint8_t *)s->body.data;
        size_t n;

        if (!s->body.len)
                return error_say(err, -ENOENT, "the server has no answer");
        if (s->body.len < MESSAGE_HEADER)
                return error_say(err, -EBADMSG, "the answer is cut off");
        n = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        if (p[0] || n != s->body.len - MESSAGE_HEADER)
                return error_say(err, -EBADMSG, "the answer is not one plain message");
        *ret = (struct str){ (const char *)p + MESSAGE_HEADER, n };
        return 0;
}

/* ---- what we say ---- */

static void put_text(struct buf *out, const char *s)
{
        size_t n = MIN_OF(strlen(s), (size_t)TEXT_MAX_IN_HEADER);

        buf_putc(out, (char)n);
        buf_add(out, s, n);
}

/* A field that is not to be indexed: its name from the static table (RFC 7541, appendix A), or spelled out. */
static void put_field(struct buf *out, unsigned index, const char *name, const char *value)
{
        if (index >= 15) {
                buf_putc(out, 15);
                buf_putc(out, (char)(index - 15));
        } else {
                buf_putc(out, (char)index);
        }
        if (!index)
                put_text(out, name);
        put_text(out, value);
}

static void put_headers(struct buf *out, const char *method, const char *containerd_namespace)
{
        _cleanup_(buf_free) struct buf block = { 0 };

        buf_putc(&block, (char)(0x80 | 3)); /* :method: POST */
        buf_putc(&block, (char)(0x80 | 6)); /* :scheme: http */
        put_field(&block, 4, ":path", method);
        put_field(&block, 1, ":authority", "localhost");
        put_field(&block, 31, "content-type", "application/grpc");
        put_field(&block, 0, "te", "trailers");
        put_field(&block, 0, "containerd-namespace", containerd_namespace);
        out->failed |= block.failed;
        put_frame(out, FRAME_HEADERS, FLAG_END_HEADERS, STREAM, buf_str(&block));
}

static void put_request(struct buf *out, const char *method, const char *containerd_namespace, struct str request)
{
        static const char settings[] = "\0\2\0\0\0\0"    /* no pushes */
                                       "\0\4\0\x20\0\0"; /* a window of 2 MiB for the stream */
        _cleanup_(buf_free) struct buf window = { 0 }, body = { 0 };

        buf_puts(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        put_frame(out, FRAME_SETTINGS, 0, 0, (struct str){ settings, sizeof(settings) - 1 });
        put_u32(&window, ENGINE_MESSAGE_MAX * 2);
        put_frame(out, FRAME_WINDOW_UPDATE, 0, 0, buf_str(&window));
        put_headers(out, method, containerd_namespace);
        buf_putc(&body, 0);
        put_u32(&body, (uint32_t)request.n);
        buf_add_str(&body, request);
        out->failed |= window.failed | body.failed;
        put_frame(out, FRAME_DATA, FLAG_END_STREAM, STREAM, buf_str(&body));
}

/* ---- the socket ---- */

static uint64_t clock_ms(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int connect_to(struct engines *e, const char *path, struct error *err)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;
        int n;

        if (e->files.access.connect)
                return e->files.access.connect(e->files.access.ctx, path, err);
        n = snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", e->files.root, path);
        if (n < 0 || (size_t)n >= sizeof(address.sun_path))
                return error_say(err, -ENAMETOOLONG, "'%s' is too long for the path of a socket", path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return error_set(err, -errno, "make a socket");
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return error_set(err, -errno, "connect to '%s'", path);
        return TAKE_FD(fd);
}

static int wait_for(int fd, short events, uint64_t deadline, struct error *err)
{
        uint64_t now = clock_ms();
        struct pollfd p = { .fd = fd, .events = events };
        int r = now >= deadline ? 0 : poll(&p, 1, (int)MIN_OF(deadline - now, (uint64_t)60000));

        if (r < 0 && errno != EINTR)
                return error_set(err, -errno, "wait for the server");
        if (r == 0)
                return error_say(err, -ETIMEDOUT, "the server did not answer in time");
        return 0;
}

/* Sends what stands in `out`; a server that does not read does not keep us. */
static int send_all(int fd, struct buf *out, uint64_t deadline, struct error *err)
{
        size_t sent = 0;
        int r;

        while (sent < out->len) {
                ssize_t n = send(fd, out->data + sent, out->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n > 0) {
                        sent += (size_t)n;
                } else if (errno != EAGAIN && errno != EINTR) {
                        return error_set(err, -errno, "send to the server");
                } else {
                        r = wait_for(fd, POLLOUT, deadline, err);
                        if (r < 0)
                                return r;
                }
        }
        buf_clear(out);
        return 0;
}

static int converse(int fd, struct grpc_stream *s, uint64_t deadline, struct error *err)
{
        char bytes[16384];
        int r;

        while (!s->done) {
                ssize_t n;

                r = send_all(fd, &s->reply, deadline, err);
                if (r == 0)
                        r = wait_for(fd, POLLIN, deadline, err);
                if (r < 0)
                        return r;
                n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        continue;
                if (n < 0)
                        return error_set(err, -errno, "read from the server");
                if (n == 0)
                        return error_say(err, -ECONNABORTED, "the server closed the connection");
                r = grpc_feed(s, (struct str){ bytes, (size_t)n }, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int grpc_call(struct engines *e, const char *socket, const char *method, const char *containerd_namespace,
              struct str request, struct buf *ret, struct error *err)
{
        _cleanup_(grpc_stream_done) struct grpc_stream stream = { 0 };
        _cleanup_close_ int fd = -EBADF;
        uint64_t deadline = clock_ms() + e->socket_ms;
        struct str message;
        int r;

        e->files.calls++;
        fd = connect_to(e, socket, err);
        r = fd < 0 ? fd : 0;
        if (r == 0) {
                put_request(&stream.reply, method, containerd_namespace, request);
                r = buf_ok(&stream.reply) ? converse(fd, &stream, deadline, err) : error_oom(err);
        }
        if (r == 0)
                r = grpc_message(&stream, &message, err);
        if (r == 0) {
                buf_add_str(ret, message);
                return buf_ok(ret) ? 0 : error_oom(err);
        }
        e->files.calls_failed++;
        return r;
}
