/* SPDX-License-Identifier: Apache-2.0 */
/* The side that asks. What comes back is from a process of our own, but is checked as if it were not. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/wire.h"
#include "pipeline/image_scanner_private.h"

_Static_assert(sizeof(struct cache_key) == SCANNER_KEY + 1, "a key is a digest in hexadecimal");

struct image_scanner {
        int sock;
        pid_t pid;
        bool busy, has_done;
        struct image_scan done; /* it came while another answer was waited for */
};

int image_scanner_start(struct image_scanner **ret, struct error *err)
{
        struct image_scanner *s = calloc(1, sizeof(*s));
        pid_t parent = getpid();
        int pair[2];

        if (!s)
                return error_oom(err);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                free(s);
                return error_set(err, -errno, "make a socket to the scanner of images");
        }
        s->sock = pair[0];
        s->pid = fork();
        if (s->pid == 0) {
                close(pair[0]);
                prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                if (getppid() != parent)
                        _exit(1);
                scanner_main(pair[1]);
        }
        close(pair[1]);
        if (s->pid < 0) {
                int r = error_set(err, -errno, "start the scanner of images");

                image_scanner_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

static void drop_files(const struct image_scan *scan)
{
        fd_close(scan->index);
        fd_close(scan->owners);
}

struct image_scanner *image_scanner_free(struct image_scanner *s)
{
        if (!s)
                return NULL;
        fd_close(s->sock);
        if (s->has_done)
                drop_files(&s->done);
        if (s->pid > 0) {
                kill(s->pid, SIGKILL);
                waitpid(s->pid, NULL, 0);
        }
        free(s);
        return NULL;
}

static int is_gone(struct error *err)
{
        return error_say(err, -EPIPE, "the process that scans images has ended");
}

/* ---- requests ---- */

static int send_request(struct image_scanner *s, const struct buf *request, struct error *err)
{
        struct iovec iov = { request->data, request->len };
        int r;

        if (!buf_ok(request))
                return error_oom(err);
        if (request->len > SCANNER_REQUEST_MAX)
                return error_say(err, -E2BIG, "the names of its layers are too long");
        r = channel_send(s->sock, MSG_DONTWAIT, &iov, 1, NULL, 0);
        if (r == -EPIPE || r == -ECONNRESET)
                return is_gone(err);
        return r < 0 ? error_set(err, r, "ask the scanner of images") : 0;
}

int image_scanner_ask(struct image_scanner *s, const struct cache_key *key, const struct source_directories *directories,
                      int64_t init_pid, struct error *err)
{
        _cleanup_(buf_free) struct buf request = { 0 };
        int r;

        if (s->busy)
                return error_say(err, -EBUSY, "another image is being scanned");
        wire_put_u8(&request, SCANNER_SCAN);
        wire_put_bytes(&request, key->text, SCANNER_KEY);
        wire_put_u8(&request, (uint8_t)directories->marks);
        wire_put_u64(&request, (uint64_t)init_pid);
        wire_put_u32(&request, (uint32_t)directories->n);
        for (size_t i = 0; i < directories->n; i++)
                wire_put_str(&request, str_from(directories->paths[i]));
        r = send_request(s, &request, err);
        s->busy = r == 0;
        return r;
}

/* ---- answers ---- */

static int decode(struct str message, uint8_t *ret_kind, struct image_scan *ret)
{
        struct wire_reader r = wire_reader(message.p, message.n);
        struct str text;

        *ret_kind = wire_get_u8(&r);
        wire_get_bytes(&r, ret->key.text, SCANNER_KEY);
        ret->code = (int)wire_get_u32(&r);
        ret->whole = wire_get_u8(&r) == 1;
        text = wire_get_str(&r);
        if (!wire_end(&r) || ret->code > 0)
                return -EPIPE;
        snprintf(ret->message, sizeof(ret->message), "%.*s", STR_ARG(text));
        return 0;
}

/* One answer, if there is one: 1. */
static int receive(struct image_scanner *s, uint8_t *ret_kind, struct image_scan *ret, struct error *err)
{
        struct image_scan scan = { .index = -EBADF, .owners = -EBADF };
        int fds[2] = { -EBADF, -EBADF }, r = 0;
        char room[SCANNER_ANSWER_MAX];
        size_t n_fds;
        ssize_t n = channel_receive(s->sock, MSG_DONTWAIT, room, sizeof(room), fds, ELEMENTS_OF(fds), &n_fds);

        if (n == -EAGAIN)
                return 0;
        if (n > 0)
                r = decode((struct str){ room, (size_t)n }, ret_kind, &scan);
        if (n <= 0 || r < 0 || (n_fds == 2) != (scan.code == 0)) {
                fd_close(fds[0]);
                fd_close(fds[1]);
                return is_gone(err);
        }
        scan.index = fds[0];
        scan.owners = fds[1];
        *ret = scan;
        return 1;
}

static int64_t now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The answer to a look into what is remembered. A scan that is done meanwhile is put by; late answers to others are dropped. */
static int take_found(struct image_scanner *s, const struct cache_key *key, struct image_scan *ret, struct error *err)
{
        struct image_scan scan;
        uint8_t kind = 0;
        int r = receive(s, &kind, &scan, err);

        if (r <= 0)
                return r;
        if (kind == SCANNER_SCAN && !s->has_done) {
                s->done = scan;
                s->has_done = true;
                return 0;
        }
        if (kind == SCANNER_FIND && strcmp(scan.key.text, key->text) == 0) {
                *ret = scan;
                return 1;
        }
        drop_files(&scan);
        return 0;
}

int image_scanner_find(struct image_scanner *s, const struct cache_key *key, struct image_scan *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf request = { 0 };
        int64_t end = now_ms() + IMAGE_SCANNER_FIND_MS, left;
        int r;

        wire_put_u8(&request, SCANNER_FIND);
        wire_put_bytes(&request, key->text, SCANNER_KEY);
        r = send_request(s, &request, err);
        while (r == 0 && (left = end - now_ms()) > 0) {
                struct pollfd wait = { .fd = s->sock, .events = POLLIN };

                if (poll(&wait, 1, (int)left) > 0)
                        r = take_found(s, key, ret, err);
        }
        return r > 0 ? ret->code == 0 : r;
}

int image_scanner_take(struct image_scanner *s, struct image_scan *ret, struct error *err)
{
        struct image_scan scan;
        uint8_t kind = 0;
        int r;

        if (s->has_done) {
                *ret = s->done;
                s->has_done = s->busy = false;
                return 1;
        }
        r = s->busy ? receive(s, &kind, &scan, err) : 0;
        if (r <= 0)
                return r;
        if (kind != SCANNER_SCAN) { /* of a look that was given up */
                drop_files(&scan);
                return 0;
        }
        s->busy = false;
        *ret = scan;
        return 1;
}
