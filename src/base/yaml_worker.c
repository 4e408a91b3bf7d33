/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/wire.h"
#include "base/yaml_private.h"
#include "base/yaml_worker.h"

#define WORKER_MEMORY (512ull << 20)
#define WORKER_SECONDS 60          /* of CPU, for … */
#define WORKER_BYTES (64u << 20)   /* … about this much text: then another one takes its place */

/* ---- in the worker ---- */

static int answer(struct str question, struct str text, struct buf *out, struct error *err)
{
        struct wire_reader r = wire_reader(question.p, question.n);
        struct yaml_limits limits = { 0 };

        limits.bytes = wire_get_u64(&r);
        limits.depth = wire_get_u64(&r);
        limits.nodes = wire_get_u64(&r);
        return wire_end(&r) ? yaml_answer(text, &limits, out, err) : error_say(err, -EINVAL, "no question about YAML");
}

static int run_yaml(struct worker_io *io, struct error *err)
{
        return text_worker_serve(io, answer, err);
}

const struct worker_job yaml_job = { "yaml", run_yaml };

/* ---- in the parent ---- */

void yaml_worker_done(struct yaml_worker *worker)
{
        text_worker_free(worker->texts);
        *worker = (struct yaml_worker){ 0 };
}

static int start(struct yaml_worker *worker, struct error *err)
{
        static const struct worker_limits confined = { .memory = WORKER_MEMORY, .cpu = WORKER_SECONDS };

        if (worker->texts && !text_worker_has_ended(worker->texts) && worker->bytes < WORKER_BYTES)
                return 0;
        yaml_worker_done(worker);
        return text_worker_new(&yaml_job, "YAML", &confined, &worker->texts, err);
}

static int ask(struct yaml_worker *worker, struct str text, const struct yaml_limits *limits, struct buf *ret,
               struct error *err)
{
        _cleanup_(buf_free) struct buf question = { 0 };

        wire_put_u64(&question, limits->bytes);
        wire_put_u64(&question, limits->depth);
        wire_put_u64(&question, limits->nodes);
        if (!buf_ok(&question))
                return error_oom(err);
        worker->bytes += text.n;
        return text_worker_ask(worker->texts, buf_str(&question), text, yaml_answer_max(text, limits), ret, err);
}

/* An answer came, but its worker has tried what no parser does. */
static int check_refused(struct yaml_worker *worker, struct error *err)
{
        struct worker_end end;
        int r;

        if (!text_worker_was_refused(worker->texts))
                return 0;
        r = text_worker_end(worker->texts, &end, err);
        if (r == -ECANCELED)
                return r;
        return error_say(err, -EPROTO, "the worker that parses YAML was refused a system call: %s", end.refused);
}

/* Whatever it did wrong, this text made it do so. */
static int blame_text(int code, struct error *err)
{
        if (code != -EPROTO && code != -ETIMEDOUT)
                return code;
        error_wrap(err, "this text made its parser misbehave");
        return err ? (err->code = -EPROTO) : -EPROTO;
}

int yaml_parse_confined(struct yaml_worker *worker, struct str text, const struct yaml_limits *limits, struct arena *arena,
                        struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where, struct error *err)
{
        _cleanup_(buf_free) struct buf answer = { 0 };
        struct yaml_node **documents = NULL;
        struct yaml_mark where = { 0 };
        size_t n = 0;
        int r = yaml_check_size(text, limits, err);

        if (r == 0)
                r = start(worker, err);
        if (r == 0)
                r = ask(worker, text, limits, &answer, err);
        if (r == 0)
                r = check_refused(worker, err);
        if (r == 0) {
                r = yaml_take_answer(buf_str(&answer), text, limits, arena, &documents, &n, &where, err);
                if (r == -EPROTO)
                        text_worker_stop(worker->texts);
        }
        if (r < 0) {
                yaml_tell_where(where, ret_where, err);
                return blame_text(r, err);
        }
        *ret = documents;
        *ret_n = n;
        return 0;
}

static int parse(void *ctx, struct str text, const struct yaml_limits *limits, struct arena *arena, struct yaml_node ***ret,
                 size_t *ret_n, struct yaml_mark *ret_where, struct error *err)
{
        return yaml_parse_confined(ctx, text, limits, arena, ret, ret_n, ret_where, err);
}

struct yaml_parser yaml_worker_parser(struct yaml_worker *worker)
{
        return (struct yaml_parser){ parse, worker };
}
