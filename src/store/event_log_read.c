/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/hijack.h"
#include "model/syscall_wire.h"
#include "store/event_log_private.h"

#define READ_BYTES (256u << 10)

struct table {
        const void **items; /* by number; 0 is nothing */
        size_t n, cap;
};

struct event_log_reader {
        int fd;
        char *name, *hostname;
        struct syscall_schema schema;
        struct buf in;   /* what was read */
        size_t at;       /* of it */
        uint64_t offset; /* of `at` in the file */
        uint64_t since_reset;
        bool ended, cut;
        struct arena *lasting; /* what numbers stand for */
        struct arena *passing; /* the event at hand */
        struct table processes, containers, kinds;
        struct syscall_event event;
};

/* ---- bytes ---- */

/* Makes `need` bytes available; false: the file ends before. */
static int fill(struct event_log_reader *r, size_t need, bool *ret, struct error *err)
{
        while (r->in.len - r->at < need && !r->ended) {
                ssize_t n;

                if (r->at) {
                        memmove(r->in.data, r->in.data + r->at, r->in.len - r->at);
                        r->in.len -= r->at;
                        r->at = 0;
                }
                if (!buf_reserve(&r->in, READ_BYTES))
                        return error_oom(err);
                n = file_read(r->fd, r->in.data + r->in.len, READ_BYTES, err);
                if (n < 0)
                        return error_wrap(err, "'%s'", r->name);
                r->in.len += (size_t)n;
                r->ended = n < (ssize_t)READ_BYTES;
        }
        *ret = r->in.len - r->at >= need;
        return 0;
}

static uint32_t read_u32(const char *p)
{
        struct wire_reader w = wire_reader(p, 4);

        return wire_get_u32(&w);
}

static int damaged(const struct event_log_reader *r, const char *what, struct error *err)
{
        return error_say(err, -EBADMSG, "'%s': damaged at byte %llu: %s", r->name, (unsigned long long)r->offset, what);
}

/* ---- the header ---- */

static int parse_header(struct event_log_reader *r, struct error *err)
{
        struct wire_reader w = wire_reader(r->in.data, MIN_OF(r->in.len, (size_t)LOG_HEADER_MAX));
        char magic[LOG_MAGIC_SIZE];
        struct str host;
        uint32_t version;
        size_t n;

        wire_get_bytes(&w, magic, sizeof(magic));
        version = wire_get_u32(&w);
        if (w.bad || memcmp(magic, LOG_MAGIC, LOG_MAGIC_SIZE) != 0)
                return error_say(err, -EBADMSG, "'%s' is no recording of events (tallyman watch --record makes them)", r->name);
        if (version != EVENT_LOG_VERSION)
                return error_say(err, -ENOTSUP, "'%s' is of version %u; this program reads version %u", r->name, version, EVENT_LOG_VERSION);
        host = wire_get_str(&w);
        wire_get_u64(&w); /* when it was begun */
        syscall_wire_get_schema(&w, &r->schema);
        n = (size_t)((const char *)w.p - r->in.data);
        if (wire_get_u32(&w) != checksum_crc32c(0, r->in.data, n) || w.bad || host.n > EVENT_LOG_HOST_MAX)
                return damaged(r, "the header is not whole", err);
        r->hostname = strndup(host.n ? host.p : "", host.n);
        r->at = n + 4;
        r->offset = n + 4;
        return r->hostname ? 0 : error_oom(err);
}

int event_log_reader_new(int fd, const char *name, struct event_log_reader **ret, struct error *err)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *r = calloc(1, sizeof(*r));
        bool whole;
        int code;

        if (!r || !(r->name = strdup(name)) || !(r->lasting = arena_new()))
                return error_oom(err);
        r->fd = fd;
        code = fill(r, LOG_HEADER_MAX, &whole, err);
        if (code == 0)
                code = parse_header(r, err);
        if (code < 0)
                return code;
        *ret = TAKE_PTR(r);
        return 0;
}

struct event_log_reader *event_log_reader_free(struct event_log_reader *r)
{
        if (!r)
                return NULL;
        arena_free(r->lasting);
        arena_free(r->passing);
        free(r->processes.items);
        free(r->containers.items);
        free(r->kinds.items);
        buf_free(&r->in);
        free(r->hostname);
        free(r->name);
        free(r);
        return NULL;
}

const char *event_log_hostname(const struct event_log_reader *r)
{
        return r->hostname;
}

bool event_log_was_cut(const struct event_log_reader *r)
{
        return r->cut;
}

/* ---- frames ---- */

static const void *table_get(const struct table *t, uint32_t number)
{
        return number < t->n ? t->items[number] : NULL;
}

/* Numbers are given out one by one from 1. */
static int table_put(struct table *t, uint32_t number, const void *item, struct wire_reader *w)
{
        w->bad |= number == 0 || number >= EVENT_LOG_NUMBERS_MAX || number != MAX_OF(t->n, (size_t)1);
        if (w->bad)
                return 0;
        if (mem_grow(&t->items, &t->cap, (size_t)number + 1, sizeof(*t->items)) < 0)
                return -ENOMEM;
        t->items[number] = item;
        t->n = (size_t)number + 1;
        return 0;
}

static int reset(struct event_log_reader *r)
{
        r->processes.n = r->containers.n = r->kinds.n = 0;
        r->since_reset = 0;
        arena_free(r->lasting);
        r->lasting = arena_new();
        return r->lasting ? 0 : -ENOMEM;
}

static int take_kind(struct event_log_reader *r, struct wire_reader *w)
{
        uint32_t number = wire_get_u32(w);
        struct str name = wire_get_str(w);
        int kind = fact_source_event(&syscall_source, name);
        uint32_t *item = arena_alloc(r->lasting, sizeof(*item));

        if (!item)
                return -ENOMEM;
        *item = kind < 0 ? UINT32_MAX : (uint32_t)kind; /* of a later version: its events are passed over */
        return table_put(&r->kinds, number, item, w);
}

static unsigned depth_of(const struct syscall_process *p)
{
        unsigned n = 0;

        for (; p && n < SYSCALL_ANCESTORS_MAX; p = p->parent)
                n++;
        return n;
}

/* Texts borrow from the payload, which must last as long as the number. */
static int take_process(struct event_log_reader *r, struct wire_reader *w)
{
        uint32_t number = wire_get_u32(w), parent = wire_get_u32(w);
        struct syscall_process *p = arena_alloc(r->lasting, sizeof(*p));
        int code;

        if (!p)
                return -ENOMEM;
        code = syscall_wire_get_process(w, &r->schema, r->lasting, p);
        p->parent = table_get(&r->processes, parent);
        w->bad |= (parent && !p->parent) || depth_of(p->parent) >= SYSCALL_ANCESTORS_MAX;
        return code < 0 ? code : table_put(&r->processes, number, p, w);
}

static int take_container(struct event_log_reader *r, struct wire_reader *w)
{
        uint32_t number = wire_get_u32(w);
        struct syscall_container *c = arena_alloc(r->lasting, sizeof(*c));
        int code = c ? syscall_wire_get_container(w, &r->schema, r->lasting, c) : -ENOMEM;

        return code < 0 ? code : table_put(&r->containers, number, c, w);
}

static int take_event(struct event_log_reader *r, struct wire_reader *w, bool *ret_is_event)
{
        const uint32_t *kind = table_get(&r->kinds, wire_get_u32(w));
        uint32_t process = wire_get_u32(w), container = wire_get_u32(w);
        int code = syscall_wire_get_event(w, &r->schema, r->passing, &r->event);

        r->event.process = table_get(&r->processes, process);
        r->event.container = table_get(&r->containers, container);
        w->bad |= !kind || (process && !r->event.process) || (container && !r->event.container);
        if (code < 0 || w->bad)
                return code;
        r->event.kind = *kind;
        *ret_is_event = *kind != UINT32_MAX;
        return 0;
}

static int take_frame(struct event_log_reader *r, uint8_t type, struct str payload, bool *ret_is_event, struct error *err)
{
        bool lasts = type == FRAME_KIND || type == FRAME_PROCESS || type == FRAME_CONTAINER;
        struct wire_reader w;
        int code = 0;

        if (type == FRAME_RESET)
                code = reset(r);
        if (type == FRAME_EVENT) {
                arena_free(r->passing);
                r->passing = arena_new();
        }
        payload.p = code == 0 && (lasts || r->passing) ? arena_copy(lasts ? r->lasting : r->passing, payload.p, payload.n) : payload.p;
        if (code < 0 || !payload.p || (type == FRAME_EVENT && !r->passing))
                return error_oom(err);
        w = wire_reader(payload.p, payload.n);
        HIJACK_POINT("event-log");
        if (type == FRAME_KIND)
                code = take_kind(r, &w);
        else if (type == FRAME_PROCESS)
                code = take_process(r, &w);
        else if (type == FRAME_CONTAINER)
                code = take_container(r, &w);
        else if (type == FRAME_EVENT)
                code = take_event(r, &w, ret_is_event);
        else
                w.bad |= type != FRAME_RESET;
        if (code < 0)
                return error_oom(err);
        return wire_end(&w) ? 0 : damaged(r, "a frame that makes no sense", err);
}

int event_log_read(struct event_log_reader *r, const struct syscall_event **ret, struct error *err)
{
        bool is_event = false, whole;
        int code = 0;

        while (code == 0 && !is_event) {
                const char *frame;
                uint32_t n;

                code = fill(r, FRAME_HEAD, &whole, err);
                if (code < 0 || !whole)
                        break;
                n = read_u32(r->in.data + r->at);
                if (n > EVENT_LOG_FRAME_MAX)
                        return damaged(r, "a frame that is too long", err);
                r->since_reset += FRAME_HEAD + n + FRAME_TAIL;
                if (r->since_reset > LOG_KEPT_MAX)
                        return damaged(r, "nothing was forgotten for too long", err);
                code = fill(r, FRAME_HEAD + n + FRAME_TAIL, &whole, err);
                if (code < 0 || !whole)
                        break;
                frame = r->in.data + r->at;
                if (read_u32(frame + FRAME_HEAD + n) != checksum_crc32c(0, frame, FRAME_HEAD + n))
                        return damaged(r, "a wrong checksum", err);
                code = take_frame(r, (uint8_t)frame[FRAME_HEAD - 1], (struct str){ frame + FRAME_HEAD, n }, &is_event, err);
                r->at += FRAME_HEAD + n + FRAME_TAIL;
                r->offset += FRAME_HEAD + n + FRAME_TAIL;
        }
        if (code < 0)
                return code;
        r->cut = !is_event && r->in.len > r->at;
        *ret = is_event ? &r->event : NULL;
        return is_event;
}
