/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over one layer, through the real worker: tar archives are written here, header by header. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/file.h"
#include "oci/layer.h"
#include "oci/layer_file.h"

static void tar_header(struct buf *tar, const char *name, char type, const char *link, size_t size)
{
        char h[512] = { 0 };
        unsigned sum = 0;

        snprintf(h, 100, "%s", name);
        memcpy(h + 100, "0000644", 8);
        memcpy(h + 108, "0000000", 8);
        memcpy(h + 116, "0000000", 8);
        snprintf(h + 124, 12, "%011o", (unsigned)size & 0777777777);
        memcpy(h + 136, "00000000000", 12);
        memset(h + 148, ' ', 8);
        h[156] = type;
        snprintf(h + 157, 100, "%s", link);
        memcpy(h + 257, "ustar\00000", 8);
        for (size_t i = 0; i < sizeof(h); i++)
                sum += (unsigned char)h[i];
        snprintf(h + 148, 8, "%06o", sum);
        buf_add(tar, h, sizeof(h));
}

static void tar_file(struct buf *tar, const char *name, const char *content)
{
        static const char zeros[512];
        size_t n = strlen(content);

        tar_header(tar, name, '0', "", n);
        buf_add(tar, content, n);
        buf_add(tar, zeros, (512 - n % 512) % 512);
}

static void tar_end(struct buf *tar)
{
        static const char zeros[1024];

        buf_add(tar, zeros, sizeof(zeros));
}

static void gzip(const struct buf *in, struct buf *out)
{
        z_stream z = { 0 };

        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_true(buf_reserve(out, in->len + 1024));
        z.next_in = (Bytef *)in->data;
        z.avail_in = (uInt)in->len;
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)in->len + 1024;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        out->len += z.total_out;
        deflateEnd(&z);
}

struct outcome {
        struct layer_result result;
        struct worker_end end;
        struct layer_file *file;
        struct problem_list problems;
};

static void outcome_done(struct outcome *o)
{
        layer_file_free(o->file);
        problem_list_done(&o->problems);
}

static void read_blob(const struct buf *blob, const struct scan_limits *limits, struct outcome *ret)
{
        struct error err = ERROR_INIT;
        _cleanup_close_ int fd = file_unnamed(NULL, &err), scratch = file_unnamed(NULL, &err);
        int output = file_unnamed(NULL, &err);
        struct layer_request request = { .blob = { fd, 0, blob->len }, .root = -1, .algorithm = DIGEST_SHA256,
                                         .diff_algorithm = DIGEST_SHA256, .limits = limits, .output = output,
                                         .scratch = scratch };

        memset(ret, 0, sizeof(*ret));
        assert_int_equal(file_write(fd, blob->data, blob->len, &err), 0);
        if (layer_read(&request, &ret->result, &ret->end, &err) < 0)
                fail_msg("%s", err.message);
        if (layer_file_open(output, &ret->file, &err) < 0)
                fail_msg("%s", err.message);
        assert_int_equal(layer_file_problems(ret->file, "layer 0", &ret->problems, &err), 0);
}

static const struct scan_limits usual = SCAN_LIMITS_DEFAULT;

static void sha256_of(const struct buf *b, struct digest *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->algorithm = DIGEST_SHA256;
        hash_sha256(b->data, b->len, ret->bytes);
}

static void test_digests_and_files(void **state)
{
        _cleanup_(buf_free) struct buf tar = { 0 }, blob = { 0 };
        _cleanup_(outcome_done) struct outcome o;
        struct digest blob_digest, diff_id;
        struct layer_cursor cursor;
        struct file_entry e;
        struct error err = ERROR_INIT;
        uint8_t sha[SHA256_SIZE];

        tar_header(&tar, "./etc/", '5', "", 0);
        tar_file(&tar, "./etc/hostname", "box\n");
        tar_header(&tar, "etc/name", '1', "etc/hostname", 0);
        tar_header(&tar, "etc/.wh.old", '0', "", 0);
        tar_end(&tar);
        buf_puts(&tar, "trailing bytes belong to the diffID");
        gzip(&tar, &blob);
        read_blob(&blob, &usual, &o);
        sha256_of(&blob, &blob_digest);
        sha256_of(&tar, &diff_id);
        assert_true(digest_equal(&o.result.digest, &blob_digest));
        assert_true(digest_equal(&o.result.diff_id, &diff_id));
        assert_int_equal(o.problems.n, 0);
        assert_string_equal(o.end.refused, "");
        hash_sha256("box\n", 4, sha);
        layer_cursor_init(&cursor, o.file, 0);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(e.path.n == 0 && e.type == FILE_DIRECTORY && e.implied);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(str_equals(e.path, "etc") && e.type == FILE_DIRECTORY && !e.implied);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(str_equals(e.path, "etc/hostname") && e.type == FILE_REGULAR && e.size == 4);
        assert_memory_equal(e.sha256, sha, sizeof(sha));
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(str_equals(e.path, "etc/name") && e.type == FILE_REGULAR);
        assert_memory_equal(e.sha256, sha, sizeof(sha));
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(str_equals(e.path, "etc/old") && e.type == FILE_WHITEOUT);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 0);
}

static void expect_gap(const struct buf *blob, const struct scan_limits *limits, const char *words)
{
        _cleanup_(outcome_done) struct outcome o;
        bool found = false;

        read_blob(blob, limits, &o);
        for (size_t i = 0; i < o.problems.n; i++)
                found |= strstr(o.problems.items[i].what, words) != NULL;
        if (!found)
                fail_msg("no problem says '%s'", words);
        assert_false(problem_list_complete(&o.problems));
        assert_string_equal(o.end.refused, "");
}

static void test_path_traversal_is_left_out(void **state)
{
        _cleanup_(buf_free) struct buf tar = { 0 };

        tar_file(&tar, "../../etc/passwd", "x");
        tar_file(&tar, "ok", "y");
        tar_end(&tar);
        expect_gap(&tar, &usual, "leaves the root");
}

static void test_truncated_gzip(void **state)
{
        _cleanup_(buf_free) struct buf tar = { 0 }, blob = { 0 };

        for (int i = 0; i < 200; i++) {
                char name[32];

                snprintf(name, sizeof(name), "f%d", i);
                tar_file(&tar, name, name);
        }
        tar_end(&tar);
        gzip(&tar, &blob);
        blob.len /= 2;
        expect_gap(&blob, &usual, "ends too early");
}

static void test_truncated_tar(void **state)
{
        _cleanup_(buf_free) struct buf tar = { 0 };

        tar_header(&tar, "big", '0', "", 100000);
        buf_puts(&tar, "only this");
        expect_gap(&tar, &usual, "runcated");
}

static void test_not_a_tar(void **state)
{
        _cleanup_(buf_free) struct buf blob = { 0 };

        for (int i = 0; i < 3000; i++)
                buf_putc(&blob, (char)(i * 37 + 11));
        expect_gap(&blob, &usual, "tar archive is damaged");
}

static void test_limits(void **state)
{
        struct scan_limits few = usual, small = usual, flat = usual;
        _cleanup_(buf_free) struct buf tar = { 0 };

        few.files = 2;
        small.layer_bytes = 1000;
        flat.depth = 2;
        tar_file(&tar, "a", "1");
        tar_file(&tar, "b", "2");
        tar_file(&tar, "c/d/e", "3");
        tar_end(&tar);
        expect_gap(&tar, &few, "files=N");
        expect_gap(&tar, &small, "layer-bytes=N");
        expect_gap(&tar, &flat, "depth=N");
}

/* A pax header: "LENGTH KEY=VALUE\n", the length counting itself. */
static void tar_pax(struct buf *tar, const char *key, const struct buf *value)
{
        static const char zeros[512];
        size_t rest = strlen(key) + value->len + 3, length = rest;
        char digits[24];

        while (length != rest + (size_t)snprintf(digits, sizeof(digits), "%zu", length))
                length = rest + strlen(digits);
        tar_header(tar, "pax", 'x', "", length);
        buf_printf(tar, "%s %s=", digits, key);
        buf_add_str(tar, buf_str(value));
        buf_putc(tar, '\n');
        buf_add(tar, zeros, (512 - length % 512) % 512);
}

/* No kernel makes such links and capabilities: they are told, and what else the layer holds is there. */
static void test_odd_links_and_capabilities(void **state)
{
        _cleanup_(buf_free) struct buf tar = { 0 }, value = { 0 };
        _cleanup_(outcome_done) struct outcome o;
        struct layer_cursor cursor;
        struct file_entry e;
        struct error err = ERROR_INIT;

        while (value.len < 66000)
                buf_putc(&value, 'a');
        tar_pax(&tar, "linkpath", &value);
        tar_header(&tar, "link", '2', "x", 0);
        tar_header(&tar, "nowhere", '2', "", 0);
        value.len = 65;
        tar_pax(&tar, "SCHILY.xattr.security.capability", &value);
        tar_file(&tar, "program", "x");
        tar_end(&tar);
        read_blob(&tar, &usual, &o);
        layer_cursor_init(&cursor, o.file, 0);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(e.path.n == 0 && e.implied); /* the root, which the tar does not name */
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(str_equals(e.path, "nowhere") && e.type == FILE_SYMLINK);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 1);
        assert_true(str_equals(e.path, "program") && e.capability.n == 0 && e.has_sha256);
        assert_int_equal(layer_cursor_next(&cursor, &e, &err), 0);
        assert_int_equal(o.problems.n, 3);
        assert_non_null(strstr(o.problems.items[0].where, "/link"));
        assert_non_null(strstr(o.problems.items[0].what, "a target of 66000 bytes"));
        assert_int_equal(o.problems.items[0].kind, PROBLEM_GAP);
        assert_non_null(strstr(o.problems.items[1].what, "a link without a target"));
        assert_int_equal(o.problems.items[1].kind, PROBLEM_GAP);
        assert_non_null(strstr(o.problems.items[2].what, "its capabilities of 65 bytes"));
        assert_int_equal(o.problems.items[2].kind, PROBLEM_GAP);
}

static void test_xz_is_named(void **state)
{
        _cleanup_(buf_free) struct buf blob = { 0 };

        buf_add(&blob, "\xfd" "7zXZ\0rest", 10);
        expect_gap(&blob, &usual, "compressed with xz");
}

int main(void)
{
        static struct worker_job jobs[1];
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_digests_and_files),
                cmocka_unit_test(test_path_traversal_is_left_out),
                cmocka_unit_test(test_truncated_gzip),
                cmocka_unit_test(test_truncated_tar),
                cmocka_unit_test(test_not_a_tar),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_odd_links_and_capabilities),
                cmocka_unit_test(test_xz_is_named),
        };
        struct error err = ERROR_INIT;

        jobs[0] = layer_tar_job;
        setlocale(LC_ALL, "C.UTF-8");
        signal(SIGPIPE, SIG_IGN);
        if (hash_init(&err) < 0 || worker_init(jobs, 1, &err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
