/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a layer file: entries are gathered, sorted and written run by run; records and problems wait for the end. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wire.h"
#include "model/path.h"
#include "oci/layer_builder_private.h"

#define RUN_BYTES (24u << 20)     /* encoded entries held in memory */
#define RECORDS_BYTES (4u << 20)   /* records held in memory */
#define RECORDS_MAX (1ull << 30)   /* bytes of records of one layer */
#define PROBLEMS_MAX 1000
#define NO_OFFSET UINT64_MAX

int layer_builder_new(int output, const struct detector_set *detectors, const struct scan_limits *limits,
                      struct layer_builder **ret, struct error *err)
{
        struct layer_builder *b = calloc(1, sizeof(*b));

        if (!b)
                return error_oom(err);
        if (getrandom(&b->seed, sizeof(b->seed), 0) != sizeof(b->seed)) {
                free(b);
                return error_set(err, -errno, "get random bytes");
        }
        b->writer.fd = output;
        b->detectors = detectors;
        b->limits = limits;
        *ret = b;
        return 0;
}

struct layer_builder *layer_builder_free(struct layer_builder *b)
{
        if (!b)
                return NULL;
        buf_free(&b->writer.buf);
        buf_free(&b->entries);
        buf_free(&b->records);
        buf_free(&b->problems);
        buf_free(&b->again);
        buf_free(&b->parent);
        buf_free(&b->real_parent);
        free(b->offsets);
        free(b->spans);
        free(b->where);
        free(b->slots);
        free(b);
        return NULL;
}

uint64_t layer_builder_wanted(const struct layer_builder *b, struct str path)
{
        return b->detectors ? detector_set_match(b->detectors, path) : 0;
}

uint64_t layer_builder_wanted_head(const struct layer_builder *b, const void *head, size_t n)
{
        return b->detectors ? detector_set_match_head(b->detectors, head, n) : 0;
}

uint64_t layer_builder_wanted_file(const struct layer_builder *b, struct str path, struct content *content)
{
        size_t n = (size_t)MIN_OF(content->size, (uint64_t)DETECTOR_HEAD);
        struct error ignored = ERROR_INIT;
        uint8_t head[DETECTOR_HEAD];
        uint64_t wanted = layer_builder_wanted(b, path);

        if (content_read(content, 0, head, n, &ignored) == 0)
                wanted |= layer_builder_wanted_head(b, head, n);
        return wanted;
}

void layer_builder_problem(struct layer_builder *b, enum problem_kind kind, struct str where, const char *fmt, ...)
{
        _cleanup_(buf_free) struct buf one = { 0 }, what = { 0 };
        va_list ap;

        if (b->n_problems == PROBLEMS_MAX) {
                b->more_problems++;
                b->more_gaps |= kind != PROBLEM_NOTE;
                return;
        }
        b->n_problems++;
        va_start(ap, fmt);
        buf_vprintf(&what, fmt, ap);
        va_end(ap);
        wire_put_u8(&one, (uint8_t)kind);
        wire_put_str(&one, where);
        wire_put_str(&one, buf_str(&what));
        wire_put_str(&b->problems, buf_str(&one));
}

/* ---- spans ---- */

static int add_span(struct layer_builder *b, enum span_kind kind, uint64_t start, struct error *err)
{
        if (mem_grow(&b->spans, &b->spans_cap, b->n_spans + 1, sizeof(*b->spans)) < 0)
                return error_oom(err);
        b->spans[b->n_spans++] = (struct span){ kind, start, format_writer_offset(&b->writer) };
        return 0;
}

static int write_records(struct layer_builder *b, struct error *err)
{
        uint64_t start = format_writer_offset(&b->writer);
        int r;

        if (!buf_ok(&b->records))
                return error_oom(err);
        if (b->records.len == 0)
                return 0;
        r = format_write(&b->writer, b->records.data, b->records.len, err);
        if (r < 0)
                return r;
        buf_clear(&b->records);
        return add_span(b, SPAN_RECORDS, start, err);
}

/* What a run is sorted by; the path is borrowed from the encoded entry. */
struct sort_key {
        struct str path;
        uint32_t sequence;
        uint64_t offset;
};

static int compare_keys(const void *pa, const void *pb)
{
        const struct sort_key *a = pa, *b = pb;
        int r = path_compare(a->path, b->path);

        return r ? r : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static int sorted_keys(const struct layer_builder *b, struct sort_key **ret, struct error *err)
{
        struct sort_key *keys = calloc(b->n_offsets ? b->n_offsets : 1, sizeof(*keys));

        if (!keys)
                return error_oom(err);
        for (size_t i = 0; i < b->n_offsets; i++) {
                struct wire_reader r = wire_reader(b->entries.data + b->offsets[i], b->entries.len - b->offsets[i]);
                struct str payload = wire_get_str(&r);
                struct wire_reader er = wire_reader(payload.p, payload.n);
                struct file_entry entry;

                if (file_entry_decode(&er, &entry) < 0) {
                        free(keys);
                        return error_say(err, -EBADMSG, "an entry can not be read back");
                }
                keys[i] = (struct sort_key){ entry.path, entry.sequence, b->offsets[i] };
        }
        mem_sort(keys, b->n_offsets, sizeof(*keys), compare_keys);
        *ret = keys;
        return 0;
}

static int write_run(struct layer_builder *b, struct error *err)
{
        _cleanup_free_ struct sort_key *keys = NULL;
        uint64_t start = format_writer_offset(&b->writer);
        int r;

        if (b->n_offsets == 0)
                return 0;
        r = sorted_keys(b, &keys, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < b->n_offsets; i++) {
                struct wire_reader reader =
                        wire_reader(b->entries.data + keys[i].offset, b->entries.len - keys[i].offset);

                b->where[keys[i].sequence] = format_writer_offset(&b->writer);
                r = format_write_sized(&b->writer, wire_get_str(&reader), err);
                if (r < 0)
                        return r;
        }
        r = add_span(b, SPAN_RUN, start, err);
        if (r < 0)
                return r;
        buf_clear(&b->entries);
        b->n_offsets = 0;
        /* Hard links read earlier runs back with pread: what is still buffered must be in the file. */
        return format_flush(&b->writer, err);
}

/* ---- finding an entry of this layer by its path (targets of hard links, duplicates) ---- */

/* Never 0. The bits above the lowest place a path in the table and tell most others apart. */
static uint32_t path_tag(const struct layer_builder *b, struct str path)
{
        uint64_t h = b->seed;

        for (size_t i = 0; i < path.n; i++)
                h = (h ^ (uint8_t)path.p[i]) * 0x100000001b3ull;
        return (uint32_t)(h ^ (h >> 29)) | 1;
}

static size_t tag_place(const struct layer_builder *b, uint32_t tag)
{
        return (tag >> 1) & (b->n_slots - 1);
}

/* Reads entry `sequence` again; strings are borrowed from b->entries or b->again. */
static int entry_again(struct layer_builder *b, uint32_t sequence, struct file_entry *ret, struct error *err)
{
        uint64_t at = b->where[sequence];
        struct wire_reader r;
        struct str payload;

        if (at >= NO_OFFSET / 2) {
                at = NO_OFFSET - 1 - at;
                r = wire_reader(b->entries.data + at, b->entries.len - at);
                payload = wire_get_str(&r);
        } else {
                uint8_t head[4];
                ssize_t n = file_read_at(b->writer.fd, head, sizeof(head), at, err);

                if (n < 0)
                        return (int)n;
                r = wire_reader(head, (size_t)n);
                payload.n = wire_get_u32(&r);
                buf_clear(&b->again);
                if (payload.n > RUN_BYTES || !buf_reserve(&b->again, payload.n))
                        return error_oom(err);
                n = file_read_at(b->writer.fd, b->again.data, payload.n, at + 4, err);
                if (n < 0)
                        return (int)n;
                payload = (struct str){ b->again.data, (size_t)n };
        }
        r = wire_reader(payload.p, payload.n);
        if (file_entry_decode(&r, ret) < 0)
                return error_say(err, -EBADMSG, "an entry of this layer can not be read back");
        return 0;
}

static int slots_grow(struct layer_builder *b, struct error *err)
{
        struct slot *old = b->slots, *slots;
        size_t n_old = b->n_slots, n = n_old ? n_old * 2 : 1024;

        slots = calloc(n, sizeof(*slots));
        if (!slots)
                return error_oom(err);
        b->slots = slots;
        b->n_slots = n;
        for (size_t i = 0; i < n_old; i++) {
                size_t at = tag_place(b, old[i].tag);

                if (!old[i].tag)
                        continue;
                while (slots[at].tag)
                        at = (at + 1) & (n - 1);
                slots[at] = old[i];
        }
        free(old);
        return 0;
}

/* The slot of `path`, or the empty one where it would be. 1 found, 0 empty. `ret` may be NULL. */
static int slot_find(struct layer_builder *b, struct str path, struct slot **ret_slot, struct file_entry *ret,
                     struct error *err)
{
        uint32_t tag = path_tag(b, path);
        size_t at = tag_place(b, tag);

        for (; b->slots[at].tag; at = (at + 1) & (b->n_slots - 1)) {
                struct file_entry entry;
                int r;

                if (b->slots[at].tag != tag)
                        continue;
                r = entry_again(b, b->slots[at].sequence, &entry, err);
                if (r < 0)
                        return r;
                if (!str_equal(entry.path, path))
                        continue;
                *ret_slot = &b->slots[at];
                if (ret)
                        *ret = entry;
                return 1;
        }
        *ret_slot = &b->slots[at];
        return 0;
}

int layer_builder_find(struct layer_builder *b, struct str path, struct file_entry *ret, struct error *err)
{
        struct slot *slot;

        return b->n_slots ? slot_find(b, path, &slot, ret, err) : 0;
}

static bool is_marker(enum file_type type)
{
        return type == FILE_WHITEOUT || type == FILE_OPAQUE;
}

/* Makes a hard link another of the entry it names, where this layer has it. Owner and mode are the link's own: an engine
 * sets them anew for each name. */
static int resolve_link(struct layer_builder *b, struct file_entry *entry, struct error *err)
{
        struct file_entry target;
        struct slot *slot;
        int r = slot_find(b, entry->target, &slot, &target, err);

        if (r <= 0)
                return r;
        if (target.type == FILE_DIRECTORY) {
                layer_builder_problem(b, PROBLEM_GAP, entry->path, "a hard link to the directory '%.*s' was left out",
                                      STR_ARG(entry->target));
                return 1;
        }
        if (target.uid != entry->uid || target.gid != entry->gid || (target.mode != entry->mode && target.type != FILE_SYMLINK))
                layer_builder_problem(b, PROBLEM_NOTE, entry->path, "a hard link with another owner or mode than '%.*s': an "
                                      "engine gives them to both", STR_ARG(entry->target));
        target.path = entry->path;
        target.uid = entry->uid;
        target.gid = entry->gid;
        target.mtime = entry->mtime;
        if (target.type != FILE_SYMLINK)
                target.mode = entry->mode;
        if (target.type == FILE_REGULAR)
                target.target = STR_NULL;
        *entry = target;
        return 0;
}

static int note_duplicate(struct layer_builder *b, const struct file_entry *entry, const struct file_entry *before)
{
        if (entry->type == FILE_DIRECTORY && before->type == FILE_DIRECTORY)
                return 0; /* layers often repeat directories */
        layer_builder_problem(b, PROBLEM_NOTE, entry->path, "stands in the layer more than once; the last one counts");
        return 0;
}

static int remember_entry(struct layer_builder *b, const struct file_entry *entry, struct error *err)
{
        struct file_entry before;
        struct slot *slot;
        int r;

        if (is_marker(entry->type))
                return 0;
        r = slot_find(b, entry->path, &slot, &before, err);
        if (r < 0)
                return r;
        if (r > 0)
                note_duplicate(b, entry, &before);
        else
                b->used_slots++;
        slot->tag = path_tag(b, entry->path);
        slot->sequence = entry->sequence;
        return 0;
}

static int append_entry(struct layer_builder *b, const struct file_entry *entry, struct error *err)
{
        _cleanup_(buf_free) struct buf encoded = { 0 };

        if (mem_grow(&b->offsets, &b->offsets_cap, b->n_offsets + 1, sizeof(*b->offsets)) < 0 ||
            mem_grow(&b->where, &b->where_cap, (size_t)entry->sequence + 1, sizeof(*b->where)) < 0)
                return error_oom(err);
        file_entry_encode(entry, &encoded);
        b->offsets[b->n_offsets] = b->entries.len;
        b->where[entry->sequence] = NO_OFFSET - 1 - b->entries.len;
        wire_put_str(&b->entries, buf_str(&encoded));
        if (!buf_ok(&encoded) || !buf_ok(&b->entries))
                return error_oom(err);
        b->n_offsets++;
        return 0;
}

int layer_builder_add(struct layer_builder *b, struct file_entry *entry, struct error *err)
{
        int r;

        if (b->next_sequence >= b->limits->files || b->next_sequence == UINT32_MAX)
                return error_say(err, -E2BIG, "more than %llu entries in one layer (--limit files=N raises this)",
                                 (unsigned long long)b->limits->files);
        if (b->used_slots * 4 >= b->n_slots * 3) {
                r = slots_grow(b, err);
                if (r < 0)
                        return r;
        }
        if (entry->type == FILE_HARDLINK) {
                r = resolve_link(b, entry, err);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        entry->sequence = b->next_sequence;
        r = append_entry(b, entry, err);
        if (r < 0)
                return r;
        b->next_sequence++;
        r = remember_entry(b, entry, err);
        if (r < 0)
                return r;
        layer_place_added(b, entry);
        return b->entries.len >= RUN_BYTES ? write_run(b, err) : 0;
}

/* ---- detectors ---- */

struct detect {
        struct layer_builder *b;
        const struct file_entry *entry;
        uint8_t detector;
};

static int emit_record(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        struct detect *d = ctx;
        _cleanup_(buf_free) struct buf one = { 0 };

        if (d->b->record_bytes + payload.n > RECORDS_MAX)
                return error_say(err, -E2BIG, "more than %llu MiB were learned from one layer", RECORDS_MAX >> 20);
        wire_put_u8(&one, (uint8_t)kind);
        wire_put_u8(&one, d->detector);
        wire_put_u32(&one, d->entry->sequence);
        wire_put_str(&one, d->entry->path);
        wire_put_bytes(&one, payload.p, payload.n);
        wire_put_str(&d->b->records, buf_str(&one));
        d->b->record_bytes += one.len;
        if (!buf_ok(&one) || !buf_ok(&d->b->records))
                return error_oom(err);
        return d->b->records.len >= RECORDS_BYTES ? write_records(d->b, err) : 0;
}

static void emit_problem(void *ctx, const char *what)
{
        struct detect *d = ctx;

        layer_builder_problem(d->b, PROBLEM_GAP, d->entry->path, "%s", what);
}

static void detect_one(struct layer_builder *b, const struct file_entry *entry, unsigned i, struct content *content)
{
        const struct detector *detector = detector_set_get(b->detectors, i);
        struct detect d = { b, entry, (uint8_t)i };
        struct record_sink sink = { emit_record, emit_problem, &d };
        struct detector_file file = { entry, content };
        struct error why = ERROR_INIT;

        if (content->size > detector->max_size) {
                layer_builder_problem(b, PROBLEM_GAP, entry->path, "%llu bytes, more than the %llu that %s reads",
                                      (unsigned long long)content->size, (unsigned long long)detector->max_size,
                                      detector->name);
                return;
        }
        if (detector->read(&file, &sink, &why) < 0)
                layer_builder_problem(b, PROBLEM_GAP, entry->path, "%s", why.message);
}

int layer_builder_detect(struct layer_builder *b, const struct file_entry *entry, uint64_t wanted,
                         struct content *content, struct error *err)
{
        for (unsigned i = 0; i < detector_set_count(b->detectors); i++)
                if (wanted & (1ull << i))
                        detect_one(b, entry, i, content);
        return buf_ok(&b->records) ? 0 : error_oom(err);
}

/* ---- the end ---- */

static void put_digest(struct buf *out, const struct digest *digest)
{
        wire_put_u8(out, (uint8_t)digest->algorithm);
        wire_put_bytes(out, digest->bytes, sizeof(digest->bytes));
}

int layer_builder_finish(struct layer_builder *b, const struct digest *diff_id, uint64_t bytes, struct error *err)
{
        _cleanup_(buf_free) struct buf trailer = { 0 };
        uint64_t problems;
        int r = write_run(b, err);

        if (r == 0)
                r = write_records(b, err);
        if (r < 0)
                return r;
        problems = format_writer_offset(&b->writer);
        if (!buf_ok(&b->problems))
                return error_oom(err);
        r = format_write(&b->writer, b->problems.data, b->problems.len, err);
        if (r < 0)
                return r;
        put_digest(&trailer, diff_id);
        wire_put_u64(&trailer, bytes);
        wire_put_u64(&trailer, b->next_sequence);
        wire_put_u32(&trailer, b->more_problems);
        wire_put_u8(&trailer, b->more_gaps);
        wire_put_u64(&trailer, problems);
        wire_put_u32(&trailer, (uint32_t)b->n_spans);
        for (size_t i = 0; i < b->n_spans; i++) {
                wire_put_u8(&trailer, (uint8_t)b->spans[i].kind);
                wire_put_u64(&trailer, b->spans[i].start);
                wire_put_u64(&trailer, b->spans[i].end);
        }
        if (!buf_ok(&trailer))
                return error_oom(err);
        return format_write_end(&b->writer, buf_str(&trailer), LAYER_FILE_MAGIC, err);
}
