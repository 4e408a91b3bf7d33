/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The archive of an image, listed as its worker does: what the lister sends is taken by the parent, its names are in
 * their one form, and what is found by them is inside the archive.
 */
#include <errno.h>
#include <unistd.h>

#include "base/wire.h"
#include "fuzz.h"
#include "model/path.h"
#include "oci/archive_worker.h"

struct listed {
        struct members *members;
        struct problem_list problems;
        struct buf names; /* each a string of wire.h */
        uint64_t n;
};

static void check_name(struct str name)
{
        _cleanup_(buf_free) struct buf path = { 0 };
        struct error err = ERROR_INIT;

        HOLDS(path_normalize(name, &path, &err) == 0 && str_equal(buf_str(&path), name));
}

static void check_members(struct listed *l, struct str payload)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);

        while (wire_left(&r)) {
                uint8_t type = wire_get_u8(&r);
                struct str path = wire_get_str(&r), target = wire_get_str(&r);

                wire_get_u64(&r);
                wire_get_u64(&r);
                HOLDS(!r.bad);
                if (r.bad)
                        return;
                check_name(path);
                check_name(target);
                HOLDS(target.n == 0 || type == MEMBER_HARDLINK || type == MEMBER_SYMLINK);
                wire_put_str(&l->names, path);
                l->n++;
        }
}

static int take_frame(void *ctx, uint32_t type, struct str payload, struct error *err)
{
        struct worker_frame frame = { type, payload };
        struct listed *l = ctx;
        int r;

        HOLDS(payload.n <= WORKER_FRAME_MAX);
        if (type == ARCHIVE_FRAME_MEMBERS)
                check_members(l, payload);
        r = members_take_frame(l->members, &frame, &l->problems, err);
        HOLDS_OR(r == 0, *err);
        return r;
}

static void find(struct members *m, struct str name, size_t size)
{
        _cleanup_free_ char *text = strndup(name.n ? name.p : "", name.n);
        struct error err = ERROR_INIT;
        struct blob blob;

        if (!text)
                return;
        if (members_find(m, text, &blob, &err) < 0) {
                HOLDS_OR(err.code == -EBADMSG || err.code == -ENOENT, err); /* a link may lead to nothing */
                return;
        }
        close(blob.fd);
        HOLDS(blob.offset <= size && blob.size <= size - blob.offset);
}

static void find_all(struct listed *l, size_t size)
{
        struct wire_reader r = wire_reader(l->names.data, l->names.len);

        while (buf_ok(&l->names) && wire_left(&r))
                find(l->members, wire_get_str(&r), size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        int fd = fuzz_file(data, size);
        struct listed l = { 0 };
        struct archive_sink sink = { take_frame, &l };
        struct error err = ERROR_INIT;
        int r;

        if (members_new_archive(fd, size, &l.members, &err) < 0)
                return 0;
        r = archive_list(fd, &sink, &err);
        HOLDS(r == 0 || err.code == r);
        HOLDS(l.n <= MEMBERS_MAX && l.n <= size / 512);
        members_sort(l.members, &l.problems);
        find_all(&l, size);
        fuzz_accepted += r == 0 && l.n > 0;
        members_free(l.members);
        problem_list_done(&l.problems);
        buf_free(&l.names);
        return 0;
}
