/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's part of a layer pass: hash the blob and hand on the same bytes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "oci/layer_private.h"

#define PIECE (1u << 20)

struct feed {
        const struct layer_request *request;
        struct worker *worker;
        struct hash *hash;
        int pipe; /* -1 once the worker wants no more */
        uint64_t at;
        uint8_t *piece;
        size_t start, end;
};

/* The next piece of the blob: read once, hashed, kept until it is written. */
static int feed_read(struct feed *f, struct error *err)
{
        size_t n = (size_t)MIN_OF((uint64_t)PIECE, f->request->blob.size - f->at);
        ssize_t got = file_read_at(f->request->blob.fd, f->piece, n, f->request->blob.offset + f->at, err);

        if (got < 0)
                return (int)got;
        if ((size_t)got < n)
                return error_say(err, -EBADMSG, "the layer's file ends at byte %llu of %llu",
                                 (unsigned long long)(f->at + (uint64_t)got), (unsigned long long)f->request->blob.size);
        hash_update(f->hash, f->piece, n);
        f->at += n;
        f->start = 0;
        f->end = n;
        if (f->request->progress)
                f->request->progress(n);
        return 0;
}

/* True once the worker says something: it does so when it wants no more, or when it has gone wrong. */
static bool worker_speaks(const struct feed *f)
{
        struct pollfd channel = { worker_channel(f->worker), POLLIN, 0 };

        return poll(&channel, 1, 0) > 0;
}

static int feed_write(struct feed *f, struct error *err)
{
        ssize_t n = write(f->pipe, f->piece + f->start, f->end - f->start);

        if (n >= 0) {
                f->start += (size_t)n;
                return 0;
        }
        if (errno == EINTR)
                return 0;
        if (errno == EPIPE || (errno == EAGAIN && worker_speaks(f))) {
                f->pipe = fd_close(f->pipe);
                return 0;
        }
        if (errno == EAGAIN)
                return worker_poll(f->worker, f->pipe, POLLOUT, err);
        return error_set(err, -errno, "hand the layer to its worker");
}

static int feed_all(struct feed *f, struct error *err)
{
        while (f->at < f->request->blob.size || (f->pipe >= 0 && f->start < f->end)) {
                int r = interrupt_check(err);

                if (r == 0)
                        r = f->pipe >= 0 && f->start < f->end ? feed_write(f, err) : feed_read(f, err);
                if (r < 0)
                        return r;
        }
        f->pipe = fd_close(f->pipe);
        return 0;
}

static int spawn(const struct layer_request *request, int *ret_pipe, struct worker **ret, struct error *err)
{
        int ends[2], r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set(err, -errno, "make a pipe to a worker");
        fcntl(ends[1], F_SETPIPE_SZ, PIECE); /* where that is not allowed, a smaller one does */
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        r = layer_spawn("layer-tar", request, (const int[]){ ends[0], request->output, request->scratch }, 3, ret, err);
        close(ends[0]);
        if (r < 0)
                close(ends[1]);
        else
                *ret_pipe = ends[1];
        return r;
}

int layer_feed_blob(const struct layer_request *request, struct digest *ret_digest, struct worker **ret,
                    struct error *err)
{
        _cleanup_(hash_freep) struct hash *hash = NULL;
        _cleanup_free_ uint8_t *piece = malloc(PIECE);
        struct feed feed = { .request = request, .pipe = -EBADF, .piece = piece };
        int r;

        if (!piece)
                return error_oom(err);
        r = hash_new(request->algorithm, &hash, err);
        if (r < 0)
                return r;
        feed.hash = hash;
        r = spawn(request, &feed.pipe, ret, err);
        if (r < 0)
                return r;
        feed.worker = *ret;
        r = feed_all(&feed, err);
        fd_close(feed.pipe);
        if (r == 0)
                hash_finish(hash, ret_digest);
        return r;
}

int layer_digest(const struct blob *blob, enum digest_algorithm algorithm, void (*progress)(uint64_t bytes),
                 struct digest *ret, struct error *err)
{
        struct layer_request request = { .blob = *blob, .progress = progress };
        _cleanup_(hash_freep) struct hash *hash = NULL;
        _cleanup_free_ uint8_t *piece = malloc(PIECE);
        struct feed feed = { .request = &request, .pipe = -EBADF, .piece = piece };
        int r = hash_new(algorithm, &hash, err);

        if (r == 0 && !piece)
                r = error_oom(err);
        if (r < 0)
                return r;
        feed.hash = hash;
        r = feed_all(&feed, err);
        if (r < 0)
                return r;
        hash_finish(hash, ret);
        return 0;
}
