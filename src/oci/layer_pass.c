/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's part of a layer pass: inflate, walk the tar, hash each file, detect. */
#include <errno.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/compress.h"
#include "base/file.h"
#include "model/path.h"
#include "oci/layer_private.h"

#define KEEP_IN_MEMORY (8u << 20) /* larger files that a detector wants go to the scratch file */
#define KEEP_MAX (1ull << 30)     /* larger ones are not searched: a file of holes would fill the disk */

struct pass {
        struct layer_builder *builder;
        struct inflater *inflater;
        struct tar_reader *tar;
        struct hash *diff_hash;
        struct hash *file_hash;
        struct scan_limits limits;
        uint64_t bytes; /* logical, holes counted */
        int scratch;
        struct buf path, target, content;
};

static void pass_done(struct pass *p)
{
        tar_reader_free(p->tar);
        inflater_free(p->inflater);
        layer_builder_free(p->builder);
        hash_free(p->diff_hash);
        hash_free(p->file_hash);
        buf_free(&p->path);
        buf_free(&p->target);
        buf_free(&p->content);
}

static ssize_t read_input(void *ctx, void *buf, size_t n, struct error *err)
{
        ssize_t r;

        do {
                r = read(*(int *)ctx, buf, n);
        } while (r < 0 && errno == EINTR);
        return r < 0 ? error_set(err, -errno, "read the layer") : r;
}

/* Every inflated byte passes here once, on its way to the tar reader or to the drain. */
static int next_inflated(void *ctx, const uint8_t **ret_data, size_t *ret_n, struct error *err)
{
        struct pass *p = ctx;
        int r = inflater_next(p->inflater, ret_data, ret_n, err);

        if (r > 0)
                hash_update(p->diff_hash, *ret_data, *ret_n);
        return r;
}

static int take_bytes(struct pass *p, uint64_t n, struct error *err)
{
        p->bytes += n;
        if (p->bytes > p->limits.layer_bytes)
                return error_say(err, -E2BIG, "the files hold more than %llu bytes (--limit layer-bytes=N raises this)",
                                 (unsigned long long)p->limits.layer_bytes);
        return 0;
}

/* Where a wanted file's bytes go. Some detectors want a file for its path, some for its first bytes. */
struct keeper {
        struct pass *pass;
        uint64_t wanted;
        bool decided, spilled;
        uint64_t size;
        uint8_t head[DETECTOR_HEAD]; /* until it is decided */
};

/* The first bytes may come in several pieces. */
static void decide(struct keeper *k, const uint8_t *data, size_t n)
{
        size_t have = (size_t)k->size, more = MIN_OF(n, DETECTOR_HEAD - have);

        memcpy(k->head + have, data, more);
        if (have + more < DETECTOR_HEAD)
                return;
        k->decided = true;
        k->wanted |= layer_builder_wanted_head(k->pass->builder, k->head, DETECTOR_HEAD);
        if (k->wanted && have && k->pass->content.len == 0)
                buf_add(&k->pass->content, k->head, have);
}

static int keep(struct keeper *k, const void *data, size_t n, struct error *err)
{
        struct pass *p = k->pass;

        if (!k->decided)
                decide(k, data, n);
        k->size += n;
        if (!k->wanted || k->size > KEEP_MAX)
                return 0;
        if (!k->spilled && p->content.len + n > KEEP_IN_MEMORY) {
                if (ftruncate(p->scratch, 0) < 0 || lseek(p->scratch, 0, SEEK_SET) < 0)
                        return error_set(err, -errno, "use the temporary file");
                k->spilled = true;
                if (file_write(p->scratch, p->content.data, p->content.len, err) < 0)
                        return error_wrap(err, "the temporary file");
                buf_clear(&p->content);
        }
        if (k->spilled)
                return file_write(p->scratch, data, n, err);
        buf_add(&p->content, data, n);
        return buf_ok(&p->content) ? 0 : error_oom(err);
}

static int take_piece(struct keeper *k, const void *data, size_t n, struct error *err)
{
        hash_update(k->pass->file_hash, data, n);
        return keep(k, data, n, err);
}

static int take_hole(struct keeper *k, uint64_t n, struct error *err)
{
        static const uint8_t zeros[64 << 10];
        int r = take_bytes(k->pass, n, err);

        while (r == 0 && n) {
                size_t piece = (size_t)MIN_OF(n, (uint64_t)sizeof(zeros));

                r = take_piece(k, zeros, piece, err);
                n -= piece;
        }
        return r;
}

/* Reads the current entry's data to its end. */
static int read_data(struct pass *p, struct keeper *k, uint64_t size, uint8_t sha256[static SHA256_SIZE], struct error *err)
{
        uint64_t at = 0, offset;
        const uint8_t *data;
        struct digest digest;
        size_t n;
        int r;

        while ((r = tar_reader_data(p->tar, &data, &n, &offset, err)) > 0) {
                if (offset > at)
                        r = take_hole(k, offset - at, err);
                if (r >= 0)
                        r = take_bytes(p, n, err);
                if (r >= 0)
                        r = take_piece(k, data, n, err);
                if (r < 0)
                        return r;
                at = offset + n;
        }
        if (r == 0 && at < size)
                r = take_hole(k, size - at, err);
        if (r < 0)
                return r;
        hash_finish(p->file_hash, &digest);
        memcpy(sha256, digest.bytes, SHA256_SIZE);
        return 0;
}

static int detect(struct pass *p, const struct keeper *k, const struct file_entry *e, struct error *err)
{
        struct content content;

        if (!k->wanted)
                return 0;
        if (k->size > KEEP_MAX) {
                layer_builder_problem(p->builder, PROBLEM_GAP, e->path, "larger than %llu MiB, so it was not searched",
                                      KEEP_MAX >> 20);
                return 0;
        }
        if (k->spilled)
                content_from_fd(&content, p->scratch, 0, k->size);
        else
                content_from_memory(&content, p->content.data, p->content.len);
        return layer_builder_detect(p->builder, e, k->wanted, &content, err);
}

static int add_regular(struct pass *p, struct file_entry *e, uint64_t size, struct error *err)
{
        struct keeper k = { .pass = p, .wanted = layer_builder_wanted(p->builder, e->path) };
        int r;

        buf_clear(&p->content);
        e->size = size;
        r = read_data(p, &k, size, e->sha256, err);
        e->has_sha256 = r == 0;
        if (r < 0) { /* what is known of it stays; the layer's reading ends here */
                struct error ignored = ERROR_INIT;

                return layer_builder_add(p->builder, e, &ignored) < 0 ? ignored.code : r;
        }
        r = layer_builder_add(p->builder, e, err);
        return r < 0 ? r : detect(p, &k, e, err);
}

/* 1 if the name was a mark for what lower layers hold (OCI image-spec, layer.md "Whiteouts"). */
static int add_whiteout(struct pass *p, struct file_entry *e, struct error *err)
{
        struct str name = path_name(e->path), parent = path_parent(e->path);
        struct file_entry mark = { .type = FILE_WHITEOUT };
        _cleanup_(buf_free) struct buf path = { 0 };
        int r;

        if (!str_starts(name, ".wh."))
                return 0;
        if (str_equals(name, ".wh..wh..opq")) {
                mark.type = FILE_OPAQUE;
                mark.path = parent;
                r = layer_builder_add(p->builder, &mark, err);
                return r < 0 ? r : 1;
        }
        if (str_starts(name, ".wh..wh."))
                return 1; /* aufs's own notes */
        if (name.n == 4 || str_equals(name, ".wh..") || str_equals(name, ".wh...")) {
                layer_builder_problem(p->builder, PROBLEM_NOTE, e->path, "a whiteout of nothing");
                return 1;
        }
        buf_add_str(&path, parent);
        if (path.len)
                buf_putc(&path, '/');
        buf_add(&path, name.p + 4, name.n - 4);
        if (!buf_ok(&path))
                return error_oom(err);
        mark.path = buf_str(&path);
        r = layer_builder_add(p->builder, &mark, err);
        return r < 0 ? r : 1;
}

static size_t depth_of(struct str path)
{
        size_t n = path.n ? 1 : 0;

        for (size_t i = 0; i < path.n; i++)
                n += path.p[i] == '/';
        return n;
}

static int clean_path(struct pass *p, const struct tar_entry *t, struct error *err)
{
        struct error why = ERROR_INIT;

        if (path_normalize(t->path, &p->path, &why) < 0) {
                layer_builder_problem(p->builder, PROBLEM_GAP, str_from("?"), "the entry '%.*s' was left out: %s",
                                      (int)MIN_OF(t->path.n, (size_t)200), t->path.n ? t->path.p : "", why.message);
                return why.code == -ENOMEM ? error_oom(err) : 0;
        }
        return 1;
}

static bool is_too_deep(struct pass *p)
{
        if (depth_of(buf_str(&p->path)) <= p->limits.depth)
                return false;
        layer_builder_problem(p->builder, PROBLEM_GAP, (struct str){ p->path.data, MIN_OF(p->path.len, (size_t)200) },
                              "deeper than %llu directories, left out (--limit depth=N raises this)",
                              (unsigned long long)p->limits.depth);
        return true;
}

/* The path that the entry gets, in p->path. 1, or 0: it was noted why there is none. */
static int find_place(struct pass *p, const struct tar_entry *t, struct error *err)
{
        int r = clean_path(p, t, err);

        if (r <= 0 || is_too_deep(p))
                return r < 0 ? r : 0;
        r = layer_builder_place(p->builder, &p->path, true, err);
        return r <= 0 || is_too_deep(p) ? MIN_OF(r, 0) : 1;
}

static uint32_t clamp_id(struct pass *p, uint64_t id)
{
        if (id <= UINT32_MAX)
                return (uint32_t)id;
        layer_builder_problem(p->builder, PROBLEM_NOTE, buf_str(&p->path), "owner %llu is more than 32 bits hold",
                              (unsigned long long)id);
        return UINT32_MAX;
}

static int add_hardlink(struct pass *p, const struct tar_entry *t, struct file_entry *e, struct error *err)
{
        struct error why = ERROR_INIT;
        struct str path;
        uint64_t wanted;
        int r;

        if (path_normalize(t->target, &p->target, &why) < 0) {
                layer_builder_problem(p->builder, PROBLEM_GAP, e->path, "a hard link that was left out: %s", why.message);
                return 0;
        }
        r = layer_builder_place(p->builder, &p->target, false, err);
        if (r <= 0)
                return r;
        e->type = FILE_HARDLINK;
        e->target = buf_str(&p->target);
        path = e->path;
        r = layer_builder_add(p->builder, e, err);
        wanted = layer_builder_wanted(p->builder, path);
        /* What the same detectors read under the other name is known. */
        if (r == 0 && (e->type == FILE_HARDLINK || e->type == FILE_REGULAR) &&
            wanted & ~layer_builder_wanted(p->builder, buf_str(&p->target)))
                layer_builder_problem(p->builder, PROBLEM_GAP, path, "a hard link, whose content passed under another name "
                                      "and was not searched");
        return r;
}

static int add_other(struct pass *p, const struct tar_entry *t, struct file_entry *e, struct error *err)
{
        static const enum file_type types[] = {
                [TAR_SYMLINK] = FILE_SYMLINK, [TAR_DIRECTORY] = FILE_DIRECTORY, [TAR_CHARACTER] = FILE_CHARACTER,
                [TAR_BLOCK] = FILE_BLOCK, [TAR_FIFO] = FILE_FIFO,
        };

        if (t->type == TAR_OTHER) {
                layer_builder_problem(p->builder, PROBLEM_NOTE, e->path, "an entry of a type that nobody extracts");
                return 0;
        }
        e->type = types[t->type];
        if (t->type == TAR_SYMLINK && t->target.n > PATH_LENGTH_MAX) {
                layer_builder_problem(p->builder, PROBLEM_GAP, e->path, "a link to a target of %zu bytes was left out",
                                      t->target.n);
                return 0;
        }
        if (t->type == TAR_SYMLINK)
                e->target = t->target;
        if (t->type == TAR_SYMLINK && t->target.n == 0) /* libarchive does not see all that other readers of tar see */
                layer_builder_problem(p->builder, PROBLEM_GAP, e->path, "a link without a target");
        e->device_major = t->device_major;
        e->device_minor = t->device_minor;
        if (t->type == TAR_CHARACTER && t->device_major == 0 && t->device_minor == 0)
                e->type = FILE_WHITEOUT; /* as overlayfs writes it */
        if (t->type == TAR_DIRECTORY && t->opaque) {
                struct file_entry mark = { .type = FILE_OPAQUE, .path = e->path };
                int r = layer_builder_add(p->builder, &mark, err);

                if (r < 0)
                        return r;
        }
        return layer_builder_add(p->builder, e, err);
}

static void take_capability(struct pass *p, const struct tar_entry *t, struct file_entry *e)
{
        if (t->capability.n <= FILE_CAPABILITY_MAX)
                e->capability = t->capability;
        else
                layer_builder_problem(p->builder, PROBLEM_GAP, e->path, "its capabilities of %zu bytes make no sense",
                                      t->capability.n);
}

static int add_entry(struct pass *p, const struct tar_entry *t, struct error *err)
{
        struct file_entry e = { .mode = t->mode, .mtime = t->mtime, .type = FILE_REGULAR };
        int r = find_place(p, t, err);

        if (r <= 0)
                return r;
        e.path = buf_str(&p->path);
        if (t->warning)
                layer_builder_problem(p->builder, PROBLEM_NOTE, e.path, "%s", t->warning);
        r = add_whiteout(p, &e, err);
        if (r != 0)
                return r < 0 ? r : 0;
        if (e.path.n == 0 && t->type != TAR_DIRECTORY) {
                layer_builder_problem(p->builder, PROBLEM_GAP, e.path, "the root can only be a directory; an entry that makes "
                                      "it something else was left out");
                return 0;
        }
        e.uid = clamp_id(p, t->uid);
        e.gid = clamp_id(p, t->gid);
        take_capability(p, t, &e);
        if (t->type == TAR_REGULAR)
                return add_regular(p, &e, t->size, err);
        if (t->type == TAR_HARDLINK)
                return add_hardlink(p, t, &e, err);
        return add_other(p, t, &e, err);
}

/* Walks the tar, then whatever follows its end, so that the diffID covers all. */
static int walk(struct pass *p, struct error *err)
{
        struct archive_source source = { .next = next_inflated, .ctx = p };
        struct tar_entry entry;
        const uint8_t *data;
        size_t n;
        int r = tar_reader_new(source, &p->tar, err);

        while (r >= 0 && (r = tar_reader_next(p->tar, &entry, err)) > 0)
                r = add_entry(p, &entry, err);
        while (r == 0 && (r = next_inflated(p, &data, &n, err)) > 0)
                r = 0;
        return r;
}

static int prepare(struct pass *p, struct worker_io *io, struct error *err)
{
        enum digest_algorithm algorithm;
        int r = layer_get_argument(io, 3, &p->limits, &algorithm, err);

        if (r == 0)
                r = layer_builder_new(io->fds[1], layer_detectors(), &p->limits, &p->builder, err);
        if (r == 0)
                r = hash_new(algorithm, &p->diff_hash, err);
        if (r == 0)
                r = hash_new(DIGEST_SHA256, &p->file_hash, err);
        p->scratch = io->fds[2];
        return r;
}

static int read_layer(struct pass *p, struct worker_io *io, struct error *err)
{
        struct inflate_limits limits = { p->limits.layer_bytes, p->limits.ratio, SCAN_LIMIT_RATIO_AFTER };
        struct byte_source source = { read_input, (void *)&io->fds[0] };
        int r = inflater_new(source, &limits, &p->inflater, err);

        return r < 0 ? r : walk(p, err);
}

static int run_tar(struct worker_io *io, struct error *err)
{
        _cleanup_(pass_done) struct pass p = { 0 };
        struct digest diff_id = { 0 };
        struct error why = ERROR_INIT;
        int r = prepare(&p, io, err);

        if (r < 0)
                return r;
        r = read_layer(&p, io, &why);
        if (layer_error_is_ours(r))
                return error_say(err, r, "%s", why.message);
        if (r < 0)
                layer_builder_problem(p.builder, PROBLEM_GAP, STR_NULL, "%s; what was read up to there is shown", why.message);
        else
                hash_finish(p.diff_hash, &diff_id);
        return layer_answer(io, p.builder, &diff_id, p.inflater ? inflater_bytes_out(p.inflater) : 0, err);
}

const struct worker_job layer_tar_job = { "layer-tar", run_tar };
