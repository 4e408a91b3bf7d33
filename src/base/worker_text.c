/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/wire.h"
#include "base/worker_text.h"

#define PIECE (256u << 10)

/* ---- in the worker ---- */

static int send_answer(struct worker_io *io, struct str answer, struct error *err)
{
        for (size_t at = 0; at < answer.n; at += PIECE) {
                struct str piece = { answer.p + at, MIN_OF(answer.n - at, (size_t)PIECE) };
                int r = worker_io_send(io, TEXT_FRAME_PIECE, piece, err);

                if (r < 0)
                        return r;
        }
        return worker_io_send(io, TEXT_FRAME_END, STR_NULL, err);
}

static int send_failure(struct worker_io *io, const struct error *why, struct error *err)
{
        _cleanup_(buf_free) struct buf out = { 0 };

        wire_put_u32(&out, (uint32_t)why->code);
        wire_put_str(&out, str_from(why->message));
        return buf_ok(&out) ? worker_io_send(io, TEXT_FRAME_FAILED, buf_str(&out), err) : error_oom(err);
}

int text_worker_serve(struct worker_io *io,
                      int (*answer)(struct str question, struct str text, struct buf *out, struct error *err),
                      struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct worker_frame frame;
        int r;

        while ((r = worker_io_receive(io, &frame, NULL, err)) > 0) {
                _cleanup_(buf_free) struct buf out = { 0 };
                struct error why = ERROR_INIT;

                if (frame.type == TEXT_FRAME_PIECE) {
                        buf_add_str(&text, frame.payload);
                        continue;
                }
                if (!buf_ok(&text))
                        return error_oom(err);
                r = answer(frame.payload, buf_str(&text), &out, &why);
                if (r == 0 && !buf_ok(&out))
                        r = error_oom(&why);
                r = r < 0 ? send_failure(io, &why, err) : send_answer(io, buf_str(&out), err);
                if (r < 0)
                        return r;
                buf_clear(&text);
        }
        return r;
}

/* ---- in the parent ---- */

struct text_worker {
        struct worker *worker;
        const char *what;
        uint64_t memory; /* that it may use */
        struct worker_end end;
        bool ended;
};

int text_worker_new(const struct worker_job *job, const char *what, const struct worker_limits *limits,
                    struct text_worker **ret, struct error *err)
{
        _cleanup_(text_worker_freep) struct text_worker *texts = calloc(1, sizeof(*texts));
        int r;

        if (!texts)
                return error_oom(err);
        texts->what = what;
        texts->memory = limits->memory;
        r = worker_spawn(job->name, STR_NULL, NULL, 0, limits, &texts->worker, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(texts);
        return 0;
}

struct text_worker *text_worker_free(struct text_worker *texts)
{
        if (texts) {
                worker_free(texts->worker);
                free(texts);
        }
        return NULL;
}

bool text_worker_was_refused(const struct text_worker *texts)
{
        return worker_was_refused(texts->worker);
}

bool text_worker_has_ended(const struct text_worker *texts)
{
        return texts->ended;
}

int text_worker_end(struct text_worker *texts, struct worker_end *ret, struct error *err)
{
        int r = 0;

        if (!texts->ended) {
                texts->ended = true;
                worker_send_end(texts->worker);
                r = worker_wait(texts->worker, &texts->end, err);
        }
        *ret = texts->end;
        return r;
}

void text_worker_stop(struct text_worker *texts)
{
        if (texts->ended)
                return;
        texts->ended = true;
        worker_stop(texts->worker, &texts->end);
}

static int nonsense(const char *what, struct error *err)
{
        return error_say(err, -EPROTO, "the worker that parses %s answered nonsense", what);
}

static int too_much_memory(const struct text_worker *texts, struct error *err)
{
        return error_say(err, -E2BIG, "reading it takes more than the %llu MiB of memory that its worker may use",
                         (unsigned long long)texts->memory >> 20);
}

static int send_text(struct worker *worker, struct str question, struct str text, struct error *err)
{
        for (size_t at = 0; at < text.n; at += PIECE) {
                struct str piece = { text.p + at, MIN_OF(text.n - at, (size_t)PIECE) };
                int r = worker_send(worker, TEXT_FRAME_PIECE, piece, -1, err);

                if (r < 0)
                        return r;
        }
        return worker_send(worker, TEXT_FRAME_END, question, -1, err);
}

/* What a worker may say of a text. */
static bool is_failure(int code)
{
        return code == -EBADMSG || code == -ENOTSUP || code == -E2BIG || code == -ENOMEM;
}

static int take_failure(struct str payload, const char *what, struct error *err)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        int code = (int)wire_get_u32(&r);
        struct str message = wire_get_str(&r);

        if (!wire_end(&r) || !is_failure(code))
                return nonsense(what, err);
        return error_say(err, code, "%.*s", STR_ARG(message));
}

int text_worker_take_frame(const struct worker_frame *frame, const char *what, size_t max, struct buf *answer,
                           struct error *err)
{
        if (frame->type == TEXT_FRAME_END)
                return 1;
        if (frame->type == TEXT_FRAME_FAILED)
                return take_failure(frame->payload, what, err);
        if (frame->type != TEXT_FRAME_PIECE || frame->payload.n > max || answer->len > max - frame->payload.n)
                return nonsense(what, err);
        buf_add_str(answer, frame->payload);
        return buf_ok(answer) ? 0 : error_oom(err);
}

/* 0 with the whole answer, -EPIPE if it does not come. */
static int receive_answer(struct text_worker *texts, size_t max, struct buf *answer, struct error *err)
{
        struct worker_frame frame;
        int r;

        while ((r = worker_receive(texts->worker, &frame, err)) > 0) {
                r = text_worker_take_frame(&frame, texts->what, max, answer, err);
                if (r == -ENOMEM && frame.type == TEXT_FRAME_FAILED)
                        return too_much_memory(texts, err);
                if (r != 0)
                        return MIN_OF(r, 0);
        }
        return r < 0 ? r : -EPIPE;
}

/* Why there is no answer: -EPIPE, the worker said no more; else what it said made no sense, or can not be taken. */
static int explain(struct text_worker *texts, int code, struct error *err)
{
        int r;

        if (code == -ECANCELED)
                return code;
        if (code != -EPIPE) {
                text_worker_stop(texts);
                return code;
        }
        texts->ended = true;
        r = worker_wait(texts->worker, &texts->end, err);
        if (r == 0)
                r = error_say(err, -EPROTO, "the worker that parses %s ended too early", texts->what);
        return r == -ENOMEM ? too_much_memory(texts, err) : r;
}

int text_worker_ask(struct text_worker *texts, struct str question, struct str text, size_t max, struct buf *answer,
                    struct error *err)
{
        int r;

        if (texts->ended)
                return error_say(err, -EPROTO, "the worker that parses %s is gone", texts->what);
        r = send_text(texts->worker, question, text, err);
        if (r == 0)
                r = receive_answer(texts, max, answer, err);
        return r == 0 || (is_failure(r) && r != -ENOMEM) ? r : explain(texts, r, err);
}
