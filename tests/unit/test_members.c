/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a stored image: what lists an archive and what takes the list, without a worker between them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/wire.h"
#include "model/path.h"
#include "oci/archive_worker.h"

#define ARCHIVE_SIZE 4096

struct listed {
        struct members *members;
        struct problem_list problems;
        uint64_t bytes; /* of frames */
};

static int take(void *ctx, uint32_t type, struct str payload, struct error *err)
{
        const struct worker_frame frame = { type, payload };
        struct listed *l = ctx;

        l->bytes += payload.n;
        return members_take_frame(l->members, &frame, &l->problems, err);
}

static void begin(struct listed *l)
{
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        *l = (struct listed){ 0 };
        assert_true(fd >= 0);
        assert_int_equal(members_new_archive(fd, ARCHIVE_SIZE, &l->members, &err), 0);
}

static void end(struct listed *l)
{
        members_free(l->members);
        problem_list_done(&l->problems);
}

static void put_member(struct buf *out, enum member_type type, struct str path, struct str target, uint64_t size)
{
        wire_put_u8(out, (uint8_t)type);
        wire_put_str(out, path);
        wire_put_str(out, target);
        wire_put_u64(out, 512);
        wire_put_u64(out, size);
}

/* ---- what a hijacked worker may send ---- */

static void test_frames(void **state)
{
        _cleanup_(buf_free) struct buf out = { 0 };
        struct error err = ERROR_INIT;
        struct listed l;
        struct blob blob;

        begin(&l);
        put_member(&out, MEMBER_FILE, STR_LIT("a"), STR_NULL, 5);
        put_member(&out, MEMBER_SYMLINK, STR_LIT("b"), STR_LIT("a"), 0);
        put_member(&out, MEMBER_FILE, STR_LIT("beyond"), STR_NULL, ARCHIVE_SIZE);
        put_member(&out, MEMBER_SPARSE, STR_LIT("sparse"), STR_NULL, 5);
        assert_int_equal(take(&l, ARCHIVE_FRAME_MEMBERS, buf_str(&out), &err), 0);
        members_sort(l.members, &l.problems);
        assert_int_equal(members_find(l.members, "b", &blob, &err), 0);
        assert_true(blob.offset == 512 && blob.size == 5);
        close(blob.fd);
        assert_int_equal(members_find(l.members, "beyond", &blob, &err), -EBADMSG);
        assert_int_equal(members_find(l.members, "sparse", &blob, &err), -EBADMSG);
        assert_int_equal(members_find(l.members, "c", &blob, &err), -ENOENT);
        end(&l);
}

static void test_nonsense(void **state)
{
        static char long_name[PATH_LENGTH_MAX + 1];
        struct str name = STR_LIT("a"), too_long = { long_name, sizeof(long_name) };
        struct error err = ERROR_INIT;
        struct listed l;

        memset(long_name, 'x', sizeof(long_name));
        for (unsigned i = 0; i < 6; i++) {
                _cleanup_(buf_free) struct buf out = { 0 };
                uint32_t type = i == 0 ? 7 : ARCHIVE_FRAME_MEMBERS;

                begin(&l);
                put_member(&out, i == 1 ? 9 : MEMBER_HARDLINK, i == 2 ? too_long : name, i == 3 ? too_long : name, 0);
                if (i == 4)
                        out.len--;
                assert_int_equal(take(&l, type, buf_str(&out), &err), i == 5 ? 0 : -EPROTO);
                end(&l);
        }
}

static void test_names_have_an_end(void **state)
{
        static char name[PATH_LENGTH_MAX];
        _cleanup_(buf_free) struct buf out = { 0 };
        struct error err = ERROR_INIT;
        struct listed l;
        int r = 0;

        memset(name, 'x', sizeof(name));
        begin(&l);
        for (unsigned i = 0; i < 12; i++)
                put_member(&out, MEMBER_FILE, (struct str){ name, sizeof(name) }, STR_NULL, 0);
        while (r == 0 && l.bytes < 4ull * MEMBER_NAMES_MAX)
                r = take(&l, ARCHIVE_FRAME_MEMBERS, buf_str(&out), &err);
        assert_int_equal(r, -EPROTO);
        assert_true(l.bytes < MEMBER_NAMES_MAX + (2u << 20));
        end(&l);
}

/* ---- what an archive may make of the lister ---- */

static void put_header(struct buf *tar, char type, size_t size)
{
        char h[512] = "name";
        unsigned sum = 0;

        memcpy(h + 100, "0000644", 8);
        snprintf(h + 124, 12, "%011zo", size);
        memset(h + 148, ' ', 8);
        h[156] = type;
        h[157] = 'x'; /* else libarchive passes over a long name of the target */
        memcpy(h + 257, "ustar\00000", 8);
        for (size_t i = 0; i < sizeof(h); i++)
                sum += (unsigned char)h[i];
        snprintf(h + 148, 8, "%06o", sum);
        buf_add(tar, h, sizeof(h));
}

/* Links whose names take 120 KB each: a small archive once compressed. */
static void test_archive_of_long_names(void **state)
{
        enum { LENGTH = 60000 };
        static char name[(LENGTH + 511) / 512 * 512];
        _cleanup_(buf_free) struct buf one = { 0 };
        struct error err = ERROR_INIT;
        struct listed l;
        struct archive_sink sink = { take, &l };
        _cleanup_close_ int fd = file_unnamed(NULL, &err);
        int r;

        memset(name, 'n', LENGTH);
        put_header(&one, 'L', LENGTH);
        buf_add(&one, name, sizeof(name));
        put_header(&one, 'K', LENGTH);
        buf_add(&one, name, sizeof(name));
        put_header(&one, '2', 0);
        for (unsigned i = 0; i < MEMBER_NAMES_MAX / (2 * LENGTH) + 10; i++)
                assert_int_equal(file_write(fd, one.data, one.len, &err), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        begin(&l);
        r = archive_list(fd, &sink, &err);
        assert_int_equal(r, -E2BIG);
        assert_non_null(strstr(err.message, "32 MiB"));
        assert_true(l.bytes <= MEMBER_NAMES_MAX + (1u << 20));
        end(&l);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_frames),
                cmocka_unit_test(test_nonsense),
                cmocka_unit_test(test_names_have_an_end),
                cmocka_unit_test(test_archive_of_long_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
