/* SPDX-License-Identifier: Apache-2.0 */
/* The layer pass as a whole: starting the worker, feeding it, taking its answer. */
#include <errno.h>
#include <signal.h>

#include "base/wire.h"
#include "oci/tree_private.h"

#define WORKER_MEMORY (1ull << 30)
#define WORKER_FILE_EXTRA (2ull << 30) /* records and problems, beside what grows with the layer */

static const struct detector_set *detectors;

void layer_set_detectors(const struct detector_set *set)
{
        detectors = set;
}

const struct detector_set *layer_detectors(void)
{
        return detectors;
}

/* ---- in the worker ---- */

int layer_get_argument(const struct worker_io *io, size_t n_fds, struct scan_limits *ret,
                       enum digest_algorithm *ret_algorithm, struct error *err)
{
        struct wire_reader r = wire_reader(io->argument, io->argument_size);

        *ret = (struct scan_limits){ 0 };
        ret->layer_bytes = wire_get_u64(&r);
        ret->ratio = wire_get_u64(&r);
        ret->files = wire_get_u64(&r);
        ret->depth = wire_get_u64(&r);
        *ret_algorithm = (enum digest_algorithm)wire_get_u32(&r);
        return wire_end(&r) && io->n_fds == n_fds ? 0 : error_say(err, -EINVAL, "the worker was asked for nonsense");
}

int layer_answer(struct worker_io *io, struct layer_builder *builder, const struct digest *diff_id, uint64_t bytes,
                 struct error *err)
{
        _cleanup_(buf_free) struct buf answer = { 0 };
        int r = layer_builder_finish(builder, diff_id, bytes, err);

        if (r < 0)
                return r;
        wire_put_u8(&answer, (uint8_t)diff_id->algorithm);
        wire_put_bytes(&answer, diff_id->bytes, sizeof(diff_id->bytes));
        return buf_ok(&answer) ? worker_io_send(io, LAYER_DONE, buf_str(&answer), err) : error_oom(err);
}

bool layer_error_is_ours(int code)
{
        return code == -ENOMEM || code == -ENOSPC || code == -EFBIG;
}

/* ---- in the parent ---- */

static void put_argument(struct buf *out, const struct scan_limits *limits, enum digest_algorithm diff_algorithm)
{
        wire_put_u64(out, limits->layer_bytes);
        wire_put_u64(out, limits->ratio);
        wire_put_u64(out, limits->files);
        wire_put_u64(out, limits->depth);
        wire_put_u32(out, (uint32_t)diff_algorithm);
}

int layer_spawn(const char *job, const struct layer_request *request, const int *fds, size_t n_fds, struct worker **ret,
                struct error *err)
{
        _cleanup_(buf_free) struct buf argument = { 0 };
        const struct scan_limits *limits = request->limits;
        struct worker_limits confined = {
                .memory = WORKER_MEMORY, .cpu = limits->seconds,
                .file = MIN_OF(limits->layer_bytes, UINT64_MAX - WORKER_FILE_EXTRA) + WORKER_FILE_EXTRA,
        };

        put_argument(&argument, limits, request->diff_algorithm);
        if (!buf_ok(&argument))
                return error_oom(err);
        return worker_spawn(job, buf_str(&argument), fds, n_fds, &confined, ret, err);
}

static int nonsense(struct error *err)
{
        return error_say(err, -EPROTO, "the worker that reads it answered nonsense");
}

int layer_take_frame(const struct worker_frame *frame, struct digest *ret_diff_id, struct error *err)
{
        struct wire_reader reader = wire_reader(frame->payload.p, frame->payload.n);
        uint8_t algorithm = wire_get_u8(&reader);
        struct digest diff_id = { 0 };

        wire_get_bytes(&reader, diff_id.bytes, sizeof(diff_id.bytes));
        if (frame->type != LAYER_DONE || !wire_end(&reader) || algorithm > DIGEST_SHA512)
                return nonsense(err);
        diff_id.algorithm = (enum digest_algorithm)algorithm;
        *ret_diff_id = diff_id;
        return 0;
}

/* The one answer, and then no more: 1; or 0 where the worker ended without one. */
static int take_answer(struct worker *worker, struct layer_result *ret, struct error *err)
{
        struct worker_frame frame;
        int r = worker_receive(worker, &frame, err);

        if (r > 0 && frame.type == LAYER_TAKEN) /* of a file that was under way when the worker gave up */
                r = worker_receive(worker, &frame, err);
        if (r <= 0)
                return r;
        r = layer_take_frame(&frame, &ret->diff_id, err);
        if (r < 0)
                return r;
        r = worker_receive(worker, &frame, err);
        return r > 0 ? nonsense(err) : r < 0 ? r : 1;
}

/* The limits that the worker ran into, by the names that the user knows. */
static int explain(const struct layer_request *request, const struct worker_end *end, int code, struct error *err)
{
        if (end->signal == SIGXCPU)
                return error_say(err, code, "reading it takes more than %llu seconds of CPU time (--limit seconds=N raises this)",
                                 (unsigned long long)request->limits->seconds);
        if (code == -ENOMEM)
                return error_say(err, -E2BIG, "reading it takes more than the %llu MiB of memory that its worker may use",
                                 WORKER_MEMORY >> 20);
        if (code == -EFBIG)
                return error_say(err, -E2BIG, "what is learned of it takes more room than its files (--limit layer-bytes=N "
                                 "raises this)");
        return code;
}

int layer_read(const struct layer_request *request, struct layer_result *ret, struct worker_end *ret_end,
               struct error *err)
{
        _cleanup_(worker_freep) struct worker *worker = NULL;
        struct layer_result result = { 0 };
        int r, answered;

        *ret_end = (struct worker_end){ 0 };
        r = request->root >= 0 ? layer_feed_tree(request, &worker, err)
                               : layer_feed_blob(request, &result.digest, &worker, err);
        answered = r == 0 ? take_answer(worker, &result, err) : r;
        if (answered < 0) {
                if (worker)
                        worker_stop(worker, ret_end);
                return answered;
        }
        r = worker_wait(worker, ret_end, err);
        if (r < 0)
                return explain(request, ret_end, r, err);
        if (!answered)
                return nonsense(err);
        *ret = result;
        return 0;
}
