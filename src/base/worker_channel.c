/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between a worker and its parent: a u32 type, a u32 size, the payload. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wire.h"
#include "base/worker_private.h"

#define FRAME_HEADER 8

/* ---- messages with descriptors ---- */

_Static_assert(WORKER_FDS_MAX + FIXED_FDS <= CHANNEL_FDS_MAX, "a worker's descriptors fit a message");

int channel_send(int sock, int flags, struct iovec *iov, size_t n_iov, const int *fds, size_t n_fds)
{
        union {
                char buf[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
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

ssize_t channel_receive(int sock, int flags, void *buf, size_t size, int *fds, size_t max, size_t *ret_n)
{
        union {
                char buf[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
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

/* ---- frames ---- */

/* The bytes sent, 0 if it is to be tried again. */
static int send_some(int channel, struct worker *worker, struct iovec *iov, int fd, struct error *err)
{
        int r = channel_send(channel, worker ? MSG_DONTWAIT : 0, iov, 2, &fd, fd >= 0);

        if (r == -EAGAIN && worker)
                return worker_poll(worker, channel, POLLOUT, err);
        if (r == -ECONNRESET)
                r = -EPIPE; /* it went with frames unread */
        return r < 0 ? error_set(err, r, "send to the other process") : r;
}

int frame_send(int channel, struct worker *worker, uint32_t type, struct str payload, int fd, struct error *err)
{
        uint8_t header[FRAME_HEADER];
        struct iovec iov[2] = { { header, sizeof(header) }, { (void *)(payload.n ? payload.p : ""), payload.n } };
        size_t done = 0, total = sizeof(header) + payload.n;

        if (payload.n > WORKER_FRAME_MAX)
                return error_say(err, -E2BIG, "a message of %zu bytes between processes", payload.n);
        for (int i = 0; i < 4; i++) {
                header[i] = (uint8_t)(type >> (8 * i));
                header[4 + i] = (uint8_t)(payload.n >> (8 * i));
        }
        while (done < total) {
                int r = send_some(channel, worker, iov, done == 0 ? fd : -EBADF, err);

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

/* 1 with exactly n bytes, 0 if the other process ended before them. */
static int read_all(int channel, struct worker *worker, void *buf, size_t n, int *fd, struct error *err)
{
        size_t done = 0;

        while (done < n) {
                int got = -EBADF;
                size_t n_fds;
                ssize_t r = channel_receive(channel, worker ? MSG_DONTWAIT : 0, (char *)buf + done, n - done, &got, 1,
                                            &n_fds);

                if (n_fds) {
                        if (fd && *fd < 0)
                                *fd = got;
                        else
                                close(got);
                }
                if (r == -EAGAIN && worker) {
                        int w = worker_poll(worker, channel, POLLIN, err);

                        if (w < 0)
                                return w;
                        continue;
                }
                if (r < 0 && r != -ECONNRESET)
                        return error_set(err, (int)r, "receive from the other process");
                if (r <= 0) /* reset: it went with frames unread, which ends the channel as well */
                        return 0;
                done += (size_t)r;
        }
        return 1;
}

int frame_receive(int channel, struct worker *worker, struct buf *buf, struct worker_frame *ret, int *fd, struct error *err)
{
        uint8_t header[FRAME_HEADER] = { 0 };
        struct wire_reader reader = wire_reader(header, sizeof(header));
        uint32_t type, size;
        int r = read_all(channel, worker, header, sizeof(header), fd, err);

        if (r <= 0)
                return r;
        type = wire_get_u32(&reader);
        size = wire_get_u32(&reader);
        if (size > WORKER_FRAME_MAX)
                return error_say(err, -EPROTO, "the other process announced a message of %u bytes", size);
        buf_clear(buf);
        if (!buf_reserve(buf, size))
                return error_oom(err);
        r = size ? read_all(channel, worker, buf->data, size, fd, err) : 1;
        if (r <= 0)
                return r;
        buf->len = size;
        buf->data[size] = 0;
        *ret = (struct worker_frame){ type, { buf->data, size } };
        return 1;
}
