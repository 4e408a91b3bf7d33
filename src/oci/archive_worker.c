/* SPDX-License-Identifier: Apache-2.0 */
/* The workers that list a tar archive and that inflate a compressed one. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/compress.h"
#include "base/file.h"
#include "base/wire.h"
#include "model/path.h"
#include "oci/archive_worker.h"

#define READ_SIZE (64u << 10)
#define BATCH (128u << 10)

/* ---- listing ---- */

struct listing {
        int fd;
        const struct archive_sink *sink;
        struct tar_reader *tar;
        uint8_t *piece;
        struct buf batch, path, target;
        uint32_t n;
        size_t names; /* bytes of them */
};

static void listing_done(struct listing *l)
{
        tar_reader_free(l->tar);
        free(l->piece);
        buf_free(&l->batch);
        buf_free(&l->path);
        buf_free(&l->target);
}

static int next_piece(void *ctx, const uint8_t **ret_data, size_t *ret_n, struct error *err)
{
        struct listing *l = ctx;
        ssize_t n = file_read(l->fd, l->piece, READ_SIZE, err);

        if (n <= 0)
                return (int)n;
        *ret_data = l->piece;
        *ret_n = (size_t)n;
        return 1;
}

/* Layers are passed over without being read. */
static int64_t skip_bytes(void *ctx, int64_t n, struct error *err)
{
        struct listing *l = ctx;
        off_t at = lseek(l->fd, 0, SEEK_CUR), end = lseek(l->fd, 0, SEEK_END);

        if (at < 0 || end < 0)
                return error_set(err, -errno, "seek in the archive");
        if (n > end - at)
                n = end - at; /* cut short: reading on will say so */
        return lseek(l->fd, at + n, SEEK_SET) < 0 ? error_set(err, -errno, "seek in the archive") : n;
}

static int send_batch(struct listing *l, struct error *err)
{
        int r = 0;

        if (!buf_ok(&l->batch))
                return error_oom(err);
        if (l->batch.len)
                r = l->sink->frame(l->sink->ctx, ARCHIVE_FRAME_MEMBERS, buf_str(&l->batch), err);
        buf_clear(&l->batch);
        return r;
}

static int send_problem(struct listing *l, enum problem_kind kind, struct str where, const char *what, struct error *err)
{
        _cleanup_(buf_free) struct buf out = { 0 };

        wire_put_u8(&out, (uint8_t)kind);
        wire_put_str(&out, (struct str){ where.p, MIN_OF(where.n, (size_t)PATH_LENGTH_MAX) });
        wire_put_str(&out, str_from(what));
        return buf_ok(&out) ? l->sink->frame(l->sink->ctx, ARCHIVE_FRAME_PROBLEM, buf_str(&out), err) : error_oom(err);
}

static enum member_type member_type(const struct tar_entry *t)
{
        switch (t->type) {
        case TAR_REGULAR:
                return t->sparse ? MEMBER_SPARSE : MEMBER_FILE;
        case TAR_HARDLINK:
                return MEMBER_HARDLINK;
        case TAR_SYMLINK:
                return MEMBER_SYMLINK;
        default:
                return MEMBER_OTHER;
        }
}

static int take_member(struct listing *l, const struct tar_entry *t, struct error *err)
{
        struct error why = ERROR_INIT;
        enum member_type type = member_type(t);
        int r = path_normalize(t->path, &l->path, &why);

        if (r == 0 && (type == MEMBER_HARDLINK || type == MEMBER_SYMLINK))
                r = type == MEMBER_HARDLINK ? path_normalize(t->target, &l->target, &why) :
                                              path_link_target(buf_str(&l->path), t->target, &l->target, &why);
        else
                buf_clear(&l->target);
        if (r < 0)
                return send_problem(l, PROBLEM_GAP, t->path, why.message, err);
        if (t->type == TAR_DIRECTORY)
                return 0;
        l->names += l->path.len + l->target.len;
        if (++l->n > MEMBERS_MAX || l->names > MEMBER_NAMES_MAX)
                return error_say(err, -E2BIG, "more than %d files in the archive of an image, or %u MiB of their names",
                                 MEMBERS_MAX, MEMBER_NAMES_MAX >> 20);
        wire_put_u8(&l->batch, (uint8_t)type);
        wire_put_str(&l->batch, buf_str(&l->path));
        wire_put_str(&l->batch, buf_str(&l->target));
        wire_put_u64(&l->batch, t->data_offset);
        wire_put_u64(&l->batch, t->size);
        return l->batch.len >= BATCH ? send_batch(l, err) : 0;
}

int archive_list(int fd, const struct archive_sink *sink, struct error *err)
{
        _cleanup_(listing_done) struct listing l = { .fd = fd, .sink = sink, .piece = malloc(READ_SIZE) };
        struct archive_source source = { next_piece, skip_bytes, &l };
        struct tar_entry entry;
        int r;

        if (!l.piece)
                return error_oom(err);
        r = tar_reader_new(source, &l.tar, err);
        while (r >= 0 && (r = tar_reader_next(l.tar, &entry, err)) > 0)
                r = take_member(&l, &entry, err);
        if (r < 0 && l.n > 0 && r == -EBADMSG) /* what stands before the damage may be enough */
                r = send_problem(&l, PROBLEM_GAP, STR_NULL, err->message, err);
        return r < 0 ? r : send_batch(&l, err);
}

static int send_frame(void *ctx, uint32_t type, struct str payload, struct error *err)
{
        return worker_io_send(ctx, type, payload, err);
}

static int run_archive(struct worker_io *io, struct error *err)
{
        struct archive_sink sink = { send_frame, io };

        return archive_list(io->fds[0], &sink, err);
}

const struct worker_job oci_archive_job = { "oci-archive", run_archive };

/* ---- inflating ---- */

static ssize_t read_compressed(void *ctx, void *buf, size_t n, struct error *err)
{
        return file_read(*(const int *)ctx, buf, n, err);
}

static int run_inflate(struct worker_io *io, struct error *err)
{
        _cleanup_(inflater_freep) struct inflater *inflater = NULL;
        struct byte_source source = { read_compressed, (void *)&io->fds[0] };
        struct wire_reader reader = wire_reader(io->argument, io->argument_size);
        struct inflate_limits limits = { .ratio_after = SCAN_LIMIT_RATIO_AFTER };
        const uint8_t *data;
        size_t n;
        int r;

        limits.output = wire_get_u64(&reader);
        limits.ratio = wire_get_u64(&reader);
        if (!wire_end(&reader) || io->n_fds != 2)
                return error_say(err, -EINVAL, "the worker was asked for nonsense");
        r = inflater_new(source, &limits, &inflater, err);
        while (r >= 0 && (r = inflater_next(inflater, &data, &n, err)) > 0)
                r = file_write(io->fds[1], data, n, err);
        return r;
}

const struct worker_job oci_inflate_job = { "oci-inflate", run_inflate };
