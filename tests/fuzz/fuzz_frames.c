/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent takes from workers, as a hijacked one may send it: the first byte tells from which, then frames, each
 * "u32 type, u32 size, payload".
 */
#include <errno.h>
#include <unistd.h>

#include "base/wire.h"
#include "base/worker_text.h"
#include "fuzz.h"
#include "oci/archive_worker.h"
#include "oci/document.h"
#include "oci/layer_private.h"

#define ARCHIVE_SIZE 4096

static bool next_frame(struct wire_reader *r, struct worker_frame *ret)
{
        ret->type = wire_get_u32(r);
        ret->payload = wire_get_str(r);
        return !r->bad;
}

/* ---- of an archive's lister ---- */

static void find(struct members *m, const char *name)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        struct blob blob;

        if (members_find(m, name, &blob, &err) < 0) {
                HOLDS(err.code == -ENOENT || err.code == -EBADMSG);
                return;
        }
        close(blob.fd);
        HOLDS(members_have(m, name));
        HOLDS(blob.offset <= ARCHIVE_SIZE && blob.size <= ARCHIVE_SIZE - blob.offset);
        HOLDS_OR(members_slurp(m, name, ARCHIVE_SIZE, &text, &err) == 0 && text.len == blob.size, err);
        fuzz_accepted++;
}

/* Names that frames hold, too: of the first member of each, whatever its type is. */
static void find_all(struct members *m, struct wire_reader r)
{
        struct worker_frame frame;

        find(m, "manifest.json");
        find(m, "");
        while (next_frame(&r, &frame)) {
                struct wire_reader member = wire_reader(frame.payload.p, frame.payload.n);
                _cleanup_free_ char *name = NULL;
                struct str path;

                wire_get_u8(&member);
                path = wire_get_str(&member);
                name = strndup(path.n ? path.p : "", path.n);
                if (name)
                        find(m, name);
        }
}

static void take_archive(struct wire_reader r)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        static const char zeros[ARCHIVE_SIZE];
        struct wire_reader again = r;
        struct members *m = NULL;
        struct worker_frame frame;
        struct error err = ERROR_INIT;

        if (members_new_archive(fuzz_file(zeros, sizeof(zeros)), sizeof(zeros), &m, &err) < 0)
                return;
        while (next_frame(&r, &frame) && members_take_frame(m, &frame, &problems, &err) == 0)
                fuzz_accepted++;
        HOLDS_OR(err.code == 0 || err.code == -EPROTO, err);
        members_sort(m, &problems); /* as far as it came */
        find_all(m, again);
        members_free(m);
}

/* ---- of a reader of documents ---- */

static void take_document(struct wire_reader r)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(buf_free) struct buf answer = { 0 };
        struct error err = ERROR_INIT;
        struct worker_frame frame;
        struct document document;
        int code = 0;

        while (code == 0 && next_frame(&r, &frame))
                code = text_worker_take_frame(&frame, "documents", DOCUMENT_ANSWER_MAX, &answer, &err);
        if (code < 0)
                HOLDS(err.code == code);
        if (code == 1 && arena && document_decode(0, buf_str(&answer), arena, &document, &err) == 0)
                fuzz_accepted++;
}

/* ---- of a layer's reader ---- */

static void take_layer(struct wire_reader r)
{
        struct error err = ERROR_INIT;
        struct worker_frame frame;
        struct digest digest = { 0 };
        char text[DIGEST_TEXT_MAX];

        while (next_frame(&r, &frame))
                if (layer_take_frame(&frame, &digest, &err) == 0) {
                        HOLDS(digest_is_set(&digest) == (*digest_text(&digest, text) != 0));
                        fuzz_accepted++;
                }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire_reader r = wire_reader(data, size);

        switch (wire_get_u8(&r) % 3) {
        case 0:
                take_archive(r);
                break;
        case 1:
                take_document(r);
                break;
        default:
                take_layer(r);
        }
        return 0;
}
