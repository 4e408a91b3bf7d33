/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's part of reading a root directory: entries into the layer file, wanted files to the detectors. */
#include <errno.h>

#include "base/hijack.h"
#include "oci/tree_private.h"

struct tree {
        struct layer_builder *builder;
        uint64_t bytes;
};

static int nonsense(struct error *err)
{
        return error_say(err, -EINVAL, "the worker was sent nonsense");
}

static int add_entry(struct tree *t, struct str encoded, struct file_entry *ret, struct error *err)
{
        struct wire_reader r = wire_reader(encoded.p, encoded.n);

        if (file_entry_decode(&r, ret) < 0 || !wire_end(&r))
                return nonsense(err);
        t->bytes += ret->size;
        return layer_builder_add(t->builder, ret, err);
}

/* Adds a file that a detector wants, and runs those detectors on it. `text` is not used where the file comes open. */
static int add_wanted(struct tree *t, struct str encoded, struct str text, int fd, struct error *err)
{
        struct file_entry e;
        struct content content;
        int r = add_entry(t, encoded, &e, err);

        if (r < 0)
                return r;
        if (fd >= 0)
                content_from_fd(&content, fd, 0, e.size);
        else
                content_from_memory(&content, text.p, text.n);
        return layer_builder_detect(t->builder, &e, layer_builder_wanted_file(t->builder, e.path, &content),
                                    &content, err);
}

static int take_item(struct tree *t, struct wire_reader *r, struct error *err)
{
        uint8_t item = wire_get_u8(r), kind;
        struct str a, b;
        struct file_entry e;

        HIJACK_POINT("tree");
        if (item == TREE_PROBLEM) {
                kind = wire_get_u8(r);
                a = wire_get_str(r);
                b = wire_get_str(r);
                if (!r->bad)
                        layer_builder_problem(t->builder, (enum problem_kind)kind, a, "%.*s", STR_ARG(b));
                return r->bad ? nonsense(err) : 0;
        }
        a = wire_get_str(r);
        b = item == TREE_CONTENT ? wire_get_str(r) : STR_NULL;
        if (r->bad || (item != TREE_ENTRY && item != TREE_CONTENT))
                return nonsense(err);
        return item == TREE_ENTRY ? add_entry(t, a, &e, err) : add_wanted(t, a, b, -EBADF, err);
}

static int take_frame(struct tree *t, const struct worker_frame *frame, int fd, struct error *err)
{
        struct wire_reader r = wire_reader(frame->payload.p, frame->payload.n);
        int code = 0;

        if (frame->type == TREE_FILE)
                return fd < 0 ? nonsense(err) : add_wanted(t, frame->payload, STR_NULL, fd, err);
        if (frame->type != TREE_BATCH)
                return nonsense(err);
        while (code == 0 && wire_left(&r))
                code = take_item(t, &r, err);
        return code;
}

/* Frames are taken to their end even after a failure that only cuts the layer file short, since the parent counts on
 * its answers. That failure goes to `why`, one that leaves no layer file to `err`. */
static int take_frames(struct tree *t, struct worker_io *io, struct error *why, struct error *err)
{
        struct worker_frame frame;
        int fd, r;

        while ((r = worker_io_receive(io, &frame, &fd, err)) > 0) {
                r = why->code == 0 ? take_frame(t, &frame, fd, why) : 0;
                fd_close(fd);
                if (layer_error_is_ours(r))
                        return error_say(err, r, "%s", why->message);
                r = frame.type == TREE_FILE ? worker_io_send(io, LAYER_TAKEN, STR_NULL, err) : 0;
                if (r < 0)
                        return r;
        }
        return r;
}

static int run_tree(struct worker_io *io, struct error *err)
{
        _cleanup_(layer_builder_freep) struct layer_builder *builder = NULL;
        enum digest_algorithm algorithm;
        struct scan_limits limits;
        struct tree t = { 0 };
        struct error why = ERROR_INIT;
        int r = layer_get_argument(io, 1, &limits, &algorithm, err);

        if (r == 0)
                r = layer_builder_new(io->fds[0], layer_detectors(), &limits, &builder, err);
        if (r < 0)
                return r;
        t.builder = builder;
        r = take_frames(&t, io, &why, err);
        if (r < 0)
                return r;
        if (why.code)
                layer_builder_problem(builder, PROBLEM_GAP, STR_NULL, "%s; what was read up to there is shown",
                                      why.message);
        return layer_answer(io, builder, &(struct digest){ 0 }, t.bytes, err);
}

const struct worker_job layer_tree_job = { "layer-tree", run_tree };
