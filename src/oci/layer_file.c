/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a layer file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/wire.h"
#include "model/path.h"
#include "oci/layer_file.h"
#include "oci/layer_format.h"

#define RELEASE_STEP (1u << 20)
#define SPANS_MAX 65536       /* each is of many MiB */
#define TARGET_MAX (1u << 20) /* bytes of a link's text: more than the pass ever keeps */

struct span {
        uint64_t start, end;
};

struct span_list {
        struct span *items;
        uint32_t n;
};

struct layer_file {
        struct format_map map;
        struct digest diff_id;
        uint64_t bytes, entries;
        uint32_t more_problems;
        bool more_gaps;
        uint64_t problems;
        struct span_list runs, records;
};

static void get_digest(struct wire_reader *r, struct digest *ret)
{
        uint8_t algorithm = wire_get_u8(r);

        memset(ret, 0, sizeof(*ret));
        wire_get_bytes(r, ret->bytes, sizeof(ret->bytes));
        if (algorithm > DIGEST_SHA512)
                r->bad = true;
        else
                ret->algorithm = (enum digest_algorithm)algorithm;
}

/* Spans stand one after the other from the start of the file, the problems after the last. */
static bool take_spans(struct layer_file *lf, struct wire_reader *r, uint32_t n)
{
        uint64_t at = 0;

        for (uint32_t i = 0; i < n; i++) {
                uint8_t kind = wire_get_u8(r);
                struct span span = { wire_get_u64(r), 0 };
                struct span_list *list = kind == SPAN_RUN ? &lf->runs : &lf->records;

                span.end = wire_get_u64(r);
                if (r->bad || (kind != SPAN_RUN && kind != SPAN_RECORDS) || span.start != at || span.end < at)
                        return false;
                at = span.end;
                list->items[list->n++] = span;
        }
        return lf->problems == at && at <= lf->map.body;
}

static int read_trailer(struct layer_file *lf, struct error *err)
{
        struct wire_reader r = wire_reader(lf->map.trailer.p, lf->map.trailer.n);
        uint32_t n;

        get_digest(&r, &lf->diff_id);
        lf->bytes = wire_get_u64(&r);
        lf->entries = wire_get_u64(&r);
        lf->more_problems = wire_get_u32(&r);
        lf->more_gaps = wire_get_u8(&r);
        lf->problems = wire_get_u64(&r);
        n = wire_get_count(&r, 17);
        if (n > SPANS_MAX)
                return error_say(err, -EBADMSG, "the layer file is damaged: %u spans", n);
        lf->runs.items = calloc((size_t)n + 1, sizeof(*lf->runs.items));
        lf->records.items = calloc((size_t)n + 1, sizeof(*lf->records.items));
        if (!lf->runs.items || !lf->records.items)
                return error_oom(err);
        if (!take_spans(lf, &r, n) || !wire_end(&r))
                return error_say(err, -EBADMSG, "the layer file is damaged: its sections do not fit together");
        return 0;
}

int layer_file_open(int fd, struct layer_file **ret, struct error *err)
{
        _cleanup_(layer_file_freep) struct layer_file *lf = calloc(1, sizeof(*lf));
        int r;

        if (!lf) {
                fd_close(fd);
                return error_oom(err);
        }
        r = format_map_open(fd, LAYER_FILE_MAGIC, "layer file", &lf->map, err);
        fd_close(fd); /* an image may have more layers than there are descriptors */
        if (r < 0)
                return r;
        r = read_trailer(lf, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(lf);
        return 0;
}

struct layer_file *layer_file_free(struct layer_file *lf)
{
        if (!lf)
                return NULL;
        format_map_close(&lf->map);
        free(lf->runs.items);
        free(lf->records.items);
        free(lf);
        return NULL;
}

const struct digest *layer_file_diff_id(const struct layer_file *lf)
{
        return &lf->diff_id;
}

uint64_t layer_file_entries(const struct layer_file *lf)
{
        return lf->entries;
}

uint64_t layer_file_bytes(const struct layer_file *lf)
{
        return lf->bytes;
}

size_t layer_file_runs(const struct layer_file *lf)
{
        return lf->runs.n;
}

void layer_cursor_init(struct layer_cursor *cursor, const struct layer_file *lf, size_t run)
{
        *cursor = (struct layer_cursor){
                .file = lf, .at = lf->runs.items[run].start, .end = lf->runs.items[run].end,
                .released = lf->runs.items[run].start,
        };
}

static bool path_is_canonical(struct str path)
{
        struct str rest = path;

        if (path.n > PATH_LENGTH_MAX || (path.n && memchr(path.p, 0, path.n)))
                return false;
        while (rest.n) {
                struct str part = str_cut(&rest, '/');

                if (part.n == 0 || str_equals(part, ".") || str_equals(part, ".."))
                        return false;
        }
        return path.n == 0 || path.p[path.n - 1] != '/';
}

static bool makes_sense(const struct file_entry *e)
{
        return path_is_canonical(e->path) && e->target.n <= TARGET_MAX && e->capability.n <= FILE_CAPABILITY_MAX;
}

static bool in_order(const struct layer_cursor *cursor, struct str path)
{
        return !cursor->last.p || path_compare(cursor->last, path) <= 0;
}

int layer_cursor_next(struct layer_cursor *cursor, struct file_entry *ret, struct error *err)
{
        const struct layer_file *lf = cursor->file;
        struct wire_reader r;
        struct str payload;

        if (cursor->at == cursor->end)
                return 0;
        if (cursor->at - cursor->released > 2 * RELEASE_STEP) {
                format_map_release(&lf->map, cursor->released, cursor->at - RELEASE_STEP);
                cursor->released = cursor->at - RELEASE_STEP;
        }
        if (format_map_sized(&lf->map, &cursor->at, cursor->end, &payload) < 0)
                return error_say(err, -EBADMSG, "the layer file is damaged: an entry does not fit");
        r = wire_reader(payload.p, payload.n);
        if (file_entry_decode(&r, ret) < 0 || !makes_sense(ret) || !in_order(cursor, ret->path))
                return error_say(err, -EBADMSG, "the layer file is damaged: an entry makes no sense");
        cursor->last = ret->path;
        if (!cursor->last.p)
                cursor->last = STR_LIT("");
        return 1;
}

static int record_decode(struct str payload, struct layer_record *ret)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        uint8_t kind = wire_get_u8(&r);

        ret->kind = (enum record_kind)kind;
        ret->detector = wire_get_u8(&r);
        ret->sequence = wire_get_u32(&r);
        ret->path = wire_get_str(&r);
        ret->payload = (struct str){ (const char *)r.p, wire_left(&r) };
        return r.bad || kind == 0 || kind >= RECORD_KIND_MAX ? -EBADMSG : 0;
}

static int span_records(const struct layer_file *lf, const struct span *span,
                        int (*each)(void *ctx, const struct layer_record *record, struct error *err), void *ctx,
                        struct error *err)
{
        uint64_t at = span->start;

        while (at < span->end) {
                struct layer_record record;
                struct str payload;
                int r;

                if (format_map_sized(&lf->map, &at, span->end, &payload) < 0 || record_decode(payload, &record) < 0)
                        return error_say(err, -EBADMSG, "the layer file is damaged: a record does not fit");
                r = each(ctx, &record, err);
                if (r != 0)
                        return r;
        }
        return 0;
}

int layer_file_records(const struct layer_file *lf,
                       int (*each)(void *ctx, const struct layer_record *record, struct error *err), void *ctx,
                       struct error *err)
{
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < lf->records.n; i++)
                r = span_records(lf, &lf->records.items[i], each, ctx, err);
        return r;
}

static int add_problem(struct str payload, const char *layer_name, struct problem_list *list)
{
        _cleanup_(buf_free) struct buf where = { 0 };
        struct wire_reader r = wire_reader(payload.p, payload.n);
        uint8_t kind = wire_get_u8(&r);
        struct str path = wire_get_str(&r), what = wire_get_str(&r);

        if (!wire_end(&r) || kind < PROBLEM_NOTE || kind > PROBLEM_ATTACK)
                return -EBADMSG;
        path.n = MIN_OF(path.n, (size_t)PROBLEM_TEXT_MAX);
        what.n = MIN_OF(what.n, (size_t)PROBLEM_TEXT_MAX);
        if (path.n) {
                buf_puts(&where, "/");
                buf_add_utf8(&where, path);
                buf_puts(&where, " in ");
        }
        buf_puts(&where, layer_name);
        if (!buf_ok(&where))
                return -ENOMEM;
        problem_add(list, (enum problem_kind)kind, where.data, "%.*s", STR_ARG(what));
        return 0;
}

int layer_file_problems(const struct layer_file *lf, const char *layer_name, struct problem_list *list,
                        struct error *err)
{
        uint64_t at = lf->problems;

        while (at < lf->map.body) {
                struct str payload;

                if (format_map_sized(&lf->map, &at, lf->map.body, &payload) < 0 ||
                    add_problem(payload, layer_name, list) < 0)
                        return error_say(err, -EBADMSG, "the layer file is damaged: a problem does not fit");
        }
        list->more += lf->more_problems;
        list->more_gaps |= lf->more_gaps;
        return 0;
}
