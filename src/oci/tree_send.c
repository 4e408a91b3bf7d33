/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/path.h"
#include "oci/tree_private.h"

#define BATCH_BYTES (256u << 10)

/* Of an item: two paths or a path and a link's text, the file's bytes, and what else an entry has. */
#define ITEM_MAX (2 * PATH_LENGTH_MAX + TREE_CONTENT_MAX + 1024)
_Static_assert(BATCH_BYTES + ITEM_MAX <= WORKER_FRAME_MAX, "a batch and its last item fit a frame");

static int flush(struct tree_sender *s, struct error *err)
{
        int r = 0;

        if (!buf_ok(&s->batch) || !buf_ok(&s->entry))
                return error_oom(err);
        if (s->batch.len)
                r = worker_send(s->worker, TREE_BATCH, buf_str(&s->batch), -1, err);
        buf_clear(&s->batch);
        return r;
}

static int flush_if_full(struct tree_sender *s, struct error *err)
{
        return s->batch.len < BATCH_BYTES && buf_ok(&s->batch) ? 0 : flush(s, err);
}

int tree_send_entry(struct tree_sender *s, const struct file_entry *entry, const struct str *content, struct error *err)
{
        buf_clear(&s->entry);
        file_entry_encode(entry, &s->entry);
        wire_put_u8(&s->batch, content ? TREE_CONTENT : TREE_ENTRY);
        wire_put_str(&s->batch, buf_str(&s->entry));
        if (content)
                wire_put_str(&s->batch, *content);
        return flush_if_full(s, err);
}

static int await_taken(struct tree_sender *s, struct error *err)
{
        struct worker_frame frame;
        int r;

        if (!s->untaken)
                return 0;
        r = worker_receive(s->worker, &frame, err);
        if (r < 0)
                return r;
        if (r == 0)
                return error_say(err, -EPIPE, "the worker stopped reading files");
        if (frame.type != LAYER_TAKEN || frame.payload.n)
                return error_say(err, -EPROTO, "the worker that reads it answered nonsense");
        s->untaken = false;
        return 0;
}

int tree_send_file(struct tree_sender *s, const struct file_entry *entry, int fd, struct error *err)
{
        int r = flush(s, err);

        if (r == 0)
                r = await_taken(s, err);
        if (r < 0)
                return r;
        buf_clear(&s->entry);
        file_entry_encode(entry, &s->entry);
        if (!buf_ok(&s->entry))
                return error_oom(err);
        s->untaken = true;
        return worker_send(s->worker, TREE_FILE, buf_str(&s->entry), fd, err);
}

int tree_send_problem(struct tree_sender *s, struct error *err, enum problem_kind kind, struct str where,
                      const char *fmt, ...)
{
        _cleanup_(buf_free) struct buf what = { 0 };
        va_list ap;

        va_start(ap, fmt);
        buf_vprintf(&what, fmt, ap);
        va_end(ap);
        if (!buf_ok(&what))
                return error_oom(err);
        where.n = MIN_OF(where.n, (size_t)TREE_WHERE_MAX);
        wire_put_u8(&s->batch, TREE_PROBLEM);
        wire_put_u8(&s->batch, (uint8_t)kind);
        wire_put_str(&s->batch, where);
        wire_put_str(&s->batch, buf_str(&what));
        return flush_if_full(s, err);
}

int tree_send_end(struct tree_sender *s, struct error *err)
{
        int r = flush(s, err);

        if (r == 0)
                r = await_taken(s, err);
        if (r == 0)
                worker_send_end(s->worker);
        return r;
}

void tree_sender_done(struct tree_sender *s)
{
        buf_free(&s->batch);
        buf_free(&s->entry);
}
