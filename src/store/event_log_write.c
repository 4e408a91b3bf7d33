/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "base/file.h"
#include "base/hash.h"
#include "model/syscall_wire.h"
#include "store/event_log_private.h"

#define FLUSH_BYTES (256u << 10)
#define PLACES (2 * EVENT_LOG_NUMBERS_MAX)

/* What was written under a number, told by its key. */
struct numbered {
        uint64_t key;     /* 0: free */
        uint64_t content; /* of what was written last */
        uint32_t number;
};

struct numbers {
        struct numbered *places; /* PLACES of them */
        uint32_t used, next;
};

struct event_log_writer {
        int fd;
        char *name;
        struct numbers processes, containers, kinds;
        struct buf out, payload;
        uint64_t size, since_reset, left_out;
};

/* ---- frames ---- */

static int write_out(struct event_log_writer *w, struct error *err)
{
        int r = 0;

        if (!buf_ok(&w->out) || !buf_ok(&w->payload))
                return error_oom(err);
        if (w->out.len)
                r = file_write(w->fd, w->out.data, w->out.len, err);
        if (r < 0)
                return error_wrap(err, "'%s'", w->name);
        buf_clear(&w->out);
        return 0;
}

static void add_frame(struct event_log_writer *w, enum frame_type type)
{
        size_t at = w->out.len, n;

        wire_put_u32(&w->out, (uint32_t)w->payload.len);
        wire_put_u8(&w->out, (uint8_t)type);
        buf_add_str(&w->out, buf_str(&w->payload));
        if (!buf_ok(&w->out) || !buf_ok(&w->payload))
                return;
        n = w->out.len - at;
        wire_put_u32(&w->out, checksum_crc32c(0, w->out.data + at, n));
        w->size += n + FRAME_TAIL;
        w->since_reset += n + FRAME_TAIL;
}

/* ---- numbers ---- */

static int numbers_new(struct numbers *numbers, struct error *err)
{
        numbers->next = 1;
        numbers->places = calloc(PLACES, sizeof(*numbers->places));
        return numbers->places ? 0 : error_oom(err);
}

static void numbers_forget(struct numbers *numbers)
{
        if (numbers->used)
                memset(numbers->places, 0, PLACES * sizeof(*numbers->places));
        numbers->used = 0;
        numbers->next = 1;
}

/* The place of a key, perhaps a free one. They are never more than half full. */
static struct numbered *place_of(struct numbers *numbers, uint64_t key)
{
        uint64_t at = (key ^ key >> 31) * 0x9e3779b97f4a7c15ull >> 20;

        key = key ? key : 1;
        while (numbers->places[at % PLACES].key && numbers->places[at % PLACES].key != key)
                at++;
        return &numbers->places[at % PLACES];
}

static uint64_t content_of(const void *data, size_t n)
{
        return (uint64_t)checksum_crc32c(0, data, n) << 32 | checksum_crc32c(0x9e3779b9, data, n);
}

/* The payload at hand, whose first four bytes are for its number. Gives the number under which it is known now. */
static uint32_t put_numbered(struct event_log_writer *w, struct numbers *numbers, uint64_t key, enum frame_type type)
{
        struct numbered *place = place_of(numbers, key);
        uint64_t content;

        if (!buf_ok(&w->payload))
                return 0;
        content = content_of(w->payload.data, w->payload.len); /* the number's bytes are zero still */
        if (place->key && place->content == content)
                return place->number;
        if (!place->key)
                numbers->used++;
        *place = (struct numbered){ .key = key ? key : 1, .content = content, .number = numbers->next++ };
        for (unsigned i = 0; i < 4; i++)
                w->payload.data[i] = (char)(place->number >> 8 * i);
        add_frame(w, type);
        return place->number;
}

static bool must_reset(const struct event_log_writer *w)
{
        const uint32_t nearly = EVENT_LOG_NUMBERS_MAX - SYSCALL_ANCESTORS_MAX - 2;

        return w->since_reset > EVENT_LOG_RESET_BYTES || w->processes.next >= nearly || w->containers.next >= nearly ||
               w->kinds.next >= nearly;
}

static void reset(struct event_log_writer *w)
{
        numbers_forget(&w->processes);
        numbers_forget(&w->containers);
        numbers_forget(&w->kinds);
        buf_clear(&w->payload);
        add_frame(w, FRAME_RESET);
        w->since_reset = 0;
}

/* ---- what events name ---- */

static uint64_t process_key(const struct syscall_process *p)
{
        uint64_t pid = p->known >> PROCESS_pid & 1 ? (uint64_t)p->pid : 0;
        uint64_t start = p->known >> PROCESS_start & 1 ? (uint64_t)p->start : 0;

        return (pid + 1) * 0x9e3779b97f4a7c15ull ^ start;
}

/* Ancestors first, so that a number is known before it is named. */
static uint32_t put_process(struct event_log_writer *w, const struct syscall_process *p)
{
        const struct syscall_process *line[SYSCALL_ANCESTORS_MAX];
        uint32_t number = 0;
        unsigned n = 0;

        for (; p && n < SYSCALL_ANCESTORS_MAX; p = p->parent)
                line[n++] = p;
        while (n-- > 0) {
                buf_clear(&w->payload);
                wire_put_u32(&w->payload, 0);
                wire_put_u32(&w->payload, number);
                syscall_wire_put_process(line[n], &w->payload);
                if (w->payload.len > EVENT_LOG_FRAME_MAX)
                        return number;
                number = put_numbered(w, &w->processes, process_key(line[n]), FRAME_PROCESS);
        }
        return number;
}

static uint32_t put_container(struct event_log_writer *w, const struct syscall_container *c)
{
        struct str id = c && c->known >> CONTAINER_full_id & 1 ? c->full_id : c && c->known >> CONTAINER_id & 1 ? c->id : STR_NULL;

        if (!c)
                return 0;
        buf_clear(&w->payload);
        wire_put_u32(&w->payload, 0);
        syscall_wire_put_container(c, &w->payload);
        if (w->payload.len > EVENT_LOG_FRAME_MAX)
                return 0;
        return put_numbered(w, &w->containers, content_of(id.n ? id.p : "", id.n), FRAME_CONTAINER);
}

static uint32_t put_kind(struct event_log_writer *w, uint32_t kind)
{
        buf_clear(&w->payload);
        wire_put_u32(&w->payload, 0);
        wire_put_str(&w->payload, str_from(syscall_source.events[kind].name));
        return put_numbered(w, &w->kinds, kind + 1, FRAME_KIND);
}

/* ---- */

static int put_header(struct event_log_writer *w, const char *hostname, struct error *err)
{
        struct str host = str_from(hostname);
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        host.n = MIN_OF(host.n, (size_t)EVENT_LOG_HOST_MAX);
        buf_add(&w->out, LOG_MAGIC, LOG_MAGIC_SIZE);
        wire_put_u32(&w->out, EVENT_LOG_VERSION);
        wire_put_str(&w->out, host);
        wire_put_u64(&w->out, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
        syscall_wire_put_schema(&w->out);
        if (!buf_ok(&w->out))
                return error_oom(err);
        wire_put_u32(&w->out, checksum_crc32c(0, w->out.data, w->out.len));
        w->size = w->out.len;
        return write_out(w, err);
}

static int make(int fd, const char *name, struct event_log_writer **ret, struct error *err)
{
        _cleanup_(event_log_writer_freep) struct event_log_writer *w = calloc(1, sizeof(*w));
        int r;

        if (!w || !(w->name = strdup(name)))
                return error_oom(err);
        w->fd = fd;
        r = numbers_new(&w->processes, err);
        if (r == 0)
                r = numbers_new(&w->containers, err);
        if (r == 0)
                r = numbers_new(&w->kinds, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

int event_log_writer_new(int fd, const char *name, const char *hostname, struct event_log_writer **ret, struct error *err)
{
        _cleanup_(event_log_writer_freep) struct event_log_writer *w = NULL;
        int r = make(fd, name, &w, err);

        if (r == 0)
                r = put_header(w, hostname, err);
        if (r == 0)
                *ret = TAKE_PTR(w);
        return r;
}

int event_log_writer_resume(int fd, const char *name, uint64_t size, struct event_log_writer **ret, struct error *err)
{
        int r = make(fd, name, ret, err);

        if (r < 0)
                return r;
        (*ret)->size = size;
        reset(*ret); /* the numbers of who wrote before mean nothing any more */
        return event_log_flush(*ret, err);
}

struct event_log_writer *event_log_writer_free(struct event_log_writer *w)
{
        if (!w)
                return NULL;
        free(w->processes.places);
        free(w->containers.places);
        free(w->kinds.places);
        buf_free(&w->out);
        buf_free(&w->payload);
        free(w->name);
        free(w);
        return NULL;
}

int event_log_write(struct event_log_writer *w, const struct syscall_event *event, struct error *err)
{
        uint32_t kind, process, container;

        if (must_reset(w))
                reset(w);
        kind = put_kind(w, event->kind);
        process = put_process(w, event->process);
        container = put_container(w, event->container);
        buf_clear(&w->payload);
        wire_put_u32(&w->payload, kind);
        wire_put_u32(&w->payload, process);
        wire_put_u32(&w->payload, container);
        syscall_wire_put_event(event, &w->payload);
        if (w->payload.len > EVENT_LOG_FRAME_MAX)
                w->left_out++;
        else
                add_frame(w, FRAME_EVENT);
        return w->out.len >= FLUSH_BYTES ? write_out(w, err) : buf_ok(&w->out) && buf_ok(&w->payload) ? 0 : error_oom(err);
}

int event_log_flush(struct event_log_writer *w, struct error *err)
{
        return write_out(w, err);
}

uint64_t event_log_size(const struct event_log_writer *w)
{
        return w->size;
}

uint64_t event_log_left_out(const struct event_log_writer *w)
{
        return w->left_out;
}
