/* SPDX-License-Identifier: Apache-2.0 */
/* Inflating: whatever the pieces are in which the bytes come, the same comes out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/compress.h"
#include "base/str.h"

struct feed {
        struct str left;
        size_t piece;
};

static ssize_t feed_read(void *ctx, void *buf, size_t n, struct error *err)
{
        struct feed *f = ctx;
        size_t give = MIN_OF(MIN_OF(n, f->piece), f->left.n);

        if (give)
                memcpy(buf, f->left.p, give);
        f->left.p += give;
        f->left.n -= give;
        return (ssize_t)give;
}

static int inflate_all(struct str data, size_t piece, struct buf *out, struct error *err)
{
        _cleanup_(inflater_freep) struct inflater *inflater = NULL;
        struct feed feed = { data, piece };
        const uint8_t *bytes;
        size_t n;
        int r;

        buf_clear(out);
        r = inflater_new((struct byte_source){ feed_read, &feed }, NULL, &inflater, err);
        while (r >= 0 && (r = inflater_next(inflater, &bytes, &n, err)) > 0)
                buf_add(out, bytes, n);
        return r;
}

/* A member with every optional field of RFC 1952. */
static void add_member(struct buf *out, const char *text)
{
        static Bytef extra[300], name[] = "a name", comment[] = "a comment";
        gz_header header = { .text = 1, .extra = extra, .extra_len = sizeof(extra), .name = name, .comment = comment,
                             .hcrc = 1 };
        z_stream z = { 0 };

        assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflateSetHeader(&z, &header), Z_OK);
        assert_true(buf_reserve(out, strlen(text) + 1024));
        z.next_in = (Bytef *)text;
        z.avail_in = (uInt)strlen(text);
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)strlen(text) + 1024;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        out->len += z.total_out;
        deflateEnd(&z);
}

static void test_members_with_all_fields_in_any_pieces(void **state)
{
        _cleanup_(buf_free) struct buf data = { 0 }, out = { 0 };
        struct error err = ERROR_INIT;

        add_member(&data, "the first, ");
        add_member(&data, "the second, ");
        add_member(&data, "and the last of them");
        for (size_t piece = 1; piece <= data.len; piece++) {
                if (inflate_all(buf_str(&data), piece, &out, &err) < 0)
                        fail_msg("in pieces of %zu: %s", piece, err.message);
                assert_true(str_equals(buf_str(&out), "the first, the second, and the last of them"));
        }
}

static void test_every_cut_is_noticed(void **state)
{
        _cleanup_(buf_free) struct buf data = { 0 }, out = { 0 };
        struct error err = ERROR_INIT;
        size_t first;

        add_member(&data, "one");
        first = data.len;
        add_member(&data, "two");
        for (size_t n = 2; n < data.len; n++) {
                int r = inflate_all((struct str){ data.data, n }, 7, &out, &err);

                assert_int_equal(r, n == first ? 0 : -EBADMSG);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_members_with_all_fields_in_any_pieces),
                cmocka_unit_test(test_every_cut_is_noticed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
