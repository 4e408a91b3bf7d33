/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says on containerd's socket: frames that come in pieces, and the messages in them. */
#include <errno.h>

#include "engine/engine_private.h"
#include "fuzz.h"

static void parse_messages(struct str message)
{
        _cleanup_(draft_done) struct draft d = { 0 };
        _cleanup_(container_unrefp) const struct container *c = NULL;
        struct error err = ERROR_INIT;
        struct str image;

        if (draft_init(&d, &err) < 0)
                return;
        fuzz_accepted += parse_containerd_container(message, &image, &d);
        HOLDS(d.c.facts.n_labels <= ENGINE_LABELS_MAX);
        HOLDS(!image.n || (image.p >= message.p && image.p + image.n <= message.p + message.n));
        parse_containerd_image(message, &d);
        if (draft_seal(&d, &c, &err) < 0)
                HOLDS(d.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(grpc_stream_done) struct grpc_stream stream = { 0 };
        struct error err = ERROR_INIT;
        struct str message;
        size_t piece;
        int r = 0;

        if (!size)
                return 0;
        piece = *data ? *data : 4096; /* how much comes at once changes nothing but the order of things */
        for (size_t at = 1; at < size && !r && !stream.done; at += piece)
                r = grpc_feed(&stream, (struct str){ (const char *)data + at, MIN_OF(piece, size - at) }, &err);
        HOLDS(r == 0 || (r == err.code && *err.message));
        HOLDS(stream.body.len <= ENGINE_MESSAGE_MAX + 5);
        if (r == 0 && grpc_message(&stream, &message, &err) == 0)
                parse_messages(message);
        return 0;
}
