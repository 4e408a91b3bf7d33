/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side: what comes from a worker is checked. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/wire.h"
#include "vuln/feed.h"
#include "vuln/osv.h"

#define ASK_PART 1
#define ASK_END 2
#define PART_BYTES (512u << 10)

static const struct worker_limits limits = { .memory = 256u << 20 };

static int nonsense(struct error *err)
{
        return error_say(err, -EPROTO, "the worker that reads advisories sent nonsense");
}

static int take_records(struct wire_reader *r, const struct feed_sink *sink, struct error *err)
{
        int code = 0;

        while (code == 0 && wire_left(r)) {
                bool good = wire_get_u8(r) == 1;
                struct str name = wire_get_str(r), bytes = wire_get_str(r);

                if (r->bad)
                        return nonsense(err);
                code = sink->record(sink->ctx, name, good, bytes, err);
        }
        return code;
}

static int take_entries(struct wire_reader *r, const struct feed_sink *sink, struct error *err)
{
        int code = 0;

        while (code == 0 && wire_left(r)) {
                struct db_entry entry = { .key = wire_get_u64(r) };

                entry.a = wire_get_u32(r);
                entry.b = wire_get_u32(r);
                if (r->bad)
                        return nonsense(err);
                code = sink->entry(sink->ctx, entry, err);
        }
        return code;
}

int feed_take_frame(const struct worker_frame *frame, const struct feed_sink *sink, struct error *err)
{
        struct wire_reader r = wire_reader(frame->payload.p, frame->payload.n);
        struct str where, what;

        if (frame->type == FEED_FRAME_RECORDS && sink->record)
                return take_records(&r, sink, err);
        if (frame->type == FEED_FRAME_ENTRIES && sink->entry)
                return take_entries(&r, sink, err);
        if (frame->type == FEED_FRAME_LABEL && sink->label)
                return sink->label(sink->ctx, frame->payload, err);
        if (frame->type != FEED_FRAME_BAD || !sink->bad)
                return nonsense(err);
        where = wire_get_str(&r);
        what = wire_get_str(&r);
        return wire_end(&r) ? sink->bad(sink->ctx, where, what, err) : nonsense(err);
}

/* A call that was refused is an attack: whatever came with it is not used. */
static int end_of(struct worker *worker, struct error *err)
{
        struct worker_end end;
        int r = worker_wait(worker, &end, err);

        if (r == 0 && end.refused[0])
                return error_say(err, -EPERM, "reading it made a parser try what it may not: %s; do not use this source, and report it", end.refused);
        return r;
}

int feed_file(const char *job, int fd, const struct feed_sink *sink, struct error *err)
{
        _cleanup_(worker_freep) struct worker *worker = NULL;
        struct worker_frame frame;
        int r;

        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_set(err, -errno, "read from the start");
        r = worker_spawn(job, STR_NULL, &fd, 1, &limits, &worker, err);
        if (r < 0)
                return r;
        worker_send_end(worker);
        while ((r = worker_receive(worker, &frame, err)) > 0) {
                r = feed_take_frame(&frame, sink, err);
                if (r < 0)
                        break;
        }
        if (r == -EPROTO)
                return error_wrap(err, "the worker '%s'", job);
        return r < 0 ? r : end_of(worker, err);
}

/* ---- single records ---- */

struct feed {
        struct worker *worker;
};

int feed_open(struct feed **ret, struct error *err)
{
        struct feed *feed = calloc(1, sizeof(*feed));
        int r;

        if (!feed)
                return error_oom(err);
        r = worker_spawn(feed_records_job.name, STR_NULL, NULL, 0, &limits, &feed->worker, err);
        if (r < 0) {
                free(feed);
                return r;
        }
        *ret = feed;
        return 0;
}

struct feed *feed_free(struct feed *feed)
{
        if (feed) {
                worker_free(feed->worker);
                free(feed);
        }
        return NULL;
}

int feed_record(struct feed *feed, struct str name, struct str json, const struct feed_sink *sink, struct error *err)
{
        struct worker_frame frame;
        int r = 0;

        if (json.n > OSV_JSON_MAX)
                return sink->record(sink->ctx, name, false, STR_LIT("it is too large"), err);
        for (size_t at = 0; r == 0 && at < json.n; at += PART_BYTES)
                r = worker_send(feed->worker, ASK_PART, (struct str){ json.p + at, MIN_OF(json.n - at, (size_t)PART_BYTES) }, -1, err);
        if (r == 0)
                r = worker_send(feed->worker, ASK_END, name, -1, err);
        if (r == 0)
                r = worker_receive(feed->worker, &frame, err);
        if (r > 0)
                return feed_take_frame(&frame, sink, err);
        if (r == 0 || r == -EPIPE) { /* it ended before its time: how is the better reason */
                int code = end_of(feed->worker, err);

                return code < 0 ? code : nonsense(err);
        }
        return r;
}

int feed_close(struct feed *feed, struct error *err)
{
        worker_send_end(feed->worker);
        return end_of(feed->worker, err);
}
