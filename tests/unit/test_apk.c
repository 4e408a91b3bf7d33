/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/detectors.h"
#include "sink.h"

#define DATABASE "lib/apk/db/installed"
#define assert_str(s, text) assert_true(str_equals(s, text))

static int run(struct sink *s, struct str text, struct error *err)
{
        *s = (struct sink){ 0 };
        return sink_run(s, &apk_detector, DATABASE, text, err);
}

/* The paths of record `i`, each followed by a newline. */
static void owned(const struct sink *s, size_t i, struct str *ret_key, struct buf *paths)
{
        struct record_list list;

        buf_clear(paths);
        assert_true(i < s->n);
        assert_int_equal(s->records[i].kind, RECORD_OWNED);
        assert_int_equal(record_owned_decode(s->records[i].payload, ret_key, &list), 0);
        while (list.n) {
                buf_add_str(paths, record_list_next(&list));
                buf_putc(paths, '\n');
        }
        buf_add(paths, "", 0);
}

static void test_packages_and_their_files(void **state)
{
        static const char text[] =
                "C:Q1abc=\nP:libcrypto3\nV:3.3.2-r1\nA:x86_64\nS:1\nI:2\nT:Crypto: library\nU:https://openssl.org/\n"
                "L:Apache-2.0 AND MIT\no:openssl\nm:Some One <a@example.org>\nt:1\nc:d\nD:so:libc.musl-x86_64.so.1\n"
                "p:so:libcrypto.so.3=3.3.2\nF:etc\nF:etc/ssl\nR:openssl.cnf\nZ:Q1x=\nF:usr/lib\nR:libcrypto.so.3\n"
                "a:0:0:755\nZ:Q1y=\nF:\nR:.marker\n\n"
                "P:alpine-keys\nV:2.4-r1\nA:noarch\nL:\n";
        static struct sink s;
        _cleanup_(buf_free) struct buf paths = { 0 };
        struct error err = ERROR_INIT;
        struct package p;
        struct str key;

        assert_int_equal(run(&s, STR_LIT(text), &err), 0);
        assert_int_equal(s.n, 3);
        assert_int_equal(s.n_problems, 0);
        p = sink_package(&s, 0);
        assert_str(p.name, "libcrypto3");
        assert_str(p.version, "3.3.2-r1");
        assert_str(p.type, "apk");
        assert_str(p.arch, "x86_64");
        assert_str(p.source_name, "openssl");
        assert_str(p.source_version, "3.3.2-r1");
        assert_str(p.vendor, "Some One <a@example.org>");
        assert_str(p.key, "libcrypto3");
        assert_int_equal(p.n_licenses, 1);
        assert_str(p.licenses[0], "Apache-2.0 AND MIT");
        owned(&s, 1, &key, &paths);
        assert_str(key, "libcrypto3");
        assert_string_equal(paths.data, "etc/ssl/openssl.cnf\nusr/lib/libcrypto.so.3\n.marker\n");
        p = sink_package(&s, 2);
        assert_str(p.name, "alpine-keys");
        assert_str(p.source_name, "alpine-keys");
        assert_int_equal(p.n_licenses, 0);
        sink_done(&s);
}

static void test_line_ends_and_a_cut_off_end(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(run(&s, STR_LIT("\r\n\n\nP:a\r\nV:1\r\n\r\n\r\nP:b\r\nV:2"), &err), 0);
        assert_int_equal(s.n, 2);
        assert_str(sink_package(&s, 0).name, "a");
        assert_str(sink_package(&s, 1).version, "2");
        assert_int_equal(s.n_problems, 0);
        sink_done(&s);
        assert_int_equal(run(&s, STR_LIT(""), &err), 0);
        assert_int_equal(s.n, 0);
        sink_done(&s);
}

static void test_incomplete_packages_are_problems(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(run(&s, STR_LIT("P:nameless-version\n\nV:1\nF:bin\nR:x\n\nP:good\nV:1\n"), &err), 0);
        assert_int_equal(s.n, 1);
        assert_str(sink_package(&s, 0).name, "good");
        assert_int_equal(s.n_problems, 2);
        sink_done(&s);
}

static void test_the_first_of_two_fields_counts(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(run(&s, STR_LIT("P:real\nP:other\nV:1\nV:\nV:2\n\nP:next\nV:3\n"), &err), 0);
        assert_int_equal(s.n, 2);
        assert_str(sink_package(&s, 0).name, "real");
        assert_str(sink_package(&s, 0).version, "1");
        assert_int_equal(s.n_problems, 1);
        assert_non_null(strstr(s.problem, "package real has more than one line V:"));
        assert_str(sink_package(&s, 1).version, "3");
        sink_done(&s);
}

static void test_lines_of_another_form_are_told_once(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(run(&s, STR_LIT("P:a\nnonsense\nV:1\nx\n:\n"), &err), 0);
        assert_int_equal(s.n, 1);
        assert_int_equal(s.n_problems, 1);
        assert_non_null(strstr(s.problem, "3 lines"));
        assert_non_null(strstr(s.problem, "first line 2"));
        sink_done(&s);
}

static void test_bytes_of_all_kinds_survive(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(run(&s, STR_LIT("P:n\0ul\xff\xfe\nV:\x80\nm:\xed\xa0\x80\n"), &err), 0);
        assert_true(str_equal(sink_package(&s, 0).name, STR_LIT("n\0ul\xff\xfe")));
        assert_true(str_equal(sink_package(&s, 0).version, STR_LIT("\x80")));
        sink_done(&s);
}

static void test_an_endless_line_is_refused(void **state)
{
        static struct sink s;
        static char text[3 << 20] = "P:a\nV:1\n\nP:b\nV:";
        struct error err = ERROR_INIT;

        memset(text + 16, 'x', sizeof(text) - 16);
        assert_int_equal(run(&s, (struct str){ text, sizeof(text) }, &err), -E2BIG);
        assert_int_equal(s.n, 1);
        sink_done(&s);
}

static void test_a_long_name_makes_a_short_problem(void **state)
{
        static struct sink s;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;

        buf_puts(&text, "P:");
        for (size_t i = 0; i < 100000; i++)
                buf_putc(&text, 'n');
        assert_int_equal(run(&s, buf_str(&text), &err), 0);
        assert_int_equal(s.n_problems, 1);
        assert_true(strlen(s.problem) < 200);
        sink_done(&s);
}

static void test_many_files_come_in_pieces(void **state)
{
        static struct sink s;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        size_t total = 0;

        buf_puts(&text, "P:many\nV:1\nF:usr/share\n");
        for (unsigned i = 0; i < 10000; i++)
                buf_printf(&text, "R:%u\n", i);
        assert_int_equal(run(&s, buf_str(&text), &err), 0);
        assert_int_equal(s.n, 4); /* the package and three lists */
        for (size_t i = 0; i < s.n; i++) {
                struct record_list list;
                struct str key;

                if (s.records[i].kind != RECORD_OWNED)
                        continue;
                assert_int_equal(record_owned_decode(s.records[i].payload, &key, &list), 0);
                assert_str(key, "many");
                assert_true(list.n <= 4096);
                total += list.n;
        }
        assert_int_equal(total, 10000);
        sink_done(&s);
}

/* A reader of its own for what is too large to keep: counts only. */
struct counts {
        size_t packages, others, largest, bytes;
        char problem[256]; /* the last one */
};

static int count(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        struct counts *c = ctx;

        *(kind == RECORD_PACKAGE ? &c->packages : &c->others) += 1;
        c->largest = MAX_OF(c->largest, payload.n);
        c->bytes += payload.n;
        return 0;
}

static void keep_problem(void *ctx, const char *what)
{
        struct counts *c = ctx;

        snprintf(c->problem, sizeof(c->problem), "%s", what);
}

static int run_counting(struct counts *counts, struct str text, struct error *err)
{
        struct file_entry entry = { .path = STR_LIT(DATABASE), .type = FILE_REGULAR, .size = text.n };
        struct record_sink sink = { count, keep_problem, counts };
        struct content content;
        struct detector_file file = { &entry, &content };

        content_from_memory(&content, text.p, text.n);
        return apk_detector.read(&file, &sink, err);
}

static void test_a_hundred_thousand_packages(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct counts counts = { 0 };
        struct error err = ERROR_INIT;

        for (unsigned i = 0; i < 100000; i++)
                buf_printf(&text, "P:p%u\nV:%u-r0\nA:x86_64\nF:bin\nR:x%u\n\n", i, i, i);
        assert_true(buf_ok(&text));
        assert_int_equal(run_counting(&counts, buf_str(&text), &err), 0);
        assert_int_equal(counts.packages, 100000);
        assert_int_equal(counts.others, 100000);
}

static void put_directory(struct buf *text, size_t length, unsigned files)
{
        buf_puts(text, "P:deep\nV:1\nF:");
        for (size_t i = 0; i < length; i++)
                buf_putc(text, 'd');
        for (unsigned i = 0; i < files; i++)
                buf_puts(text, "\nR:f");
        buf_puts(text, "\n\nP:other\nV:1\nF:d\nR:f\n");
}

/* Long directories multiply what short lines say: a record stays bounded in bytes too, and so do all of them. */
static void test_long_directories_do_not_make_large_records(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct counts counts = { 0 };
        struct error err = ERROR_INIT;

        put_directory(&text, 60000, 10000); /* 600 MB */
        assert_int_equal(run_counting(&counts, buf_str(&text), &err), 0);
        assert_int_equal(counts.packages, 2);
        assert_true(counts.others > 200);
        assert_true(counts.largest < (2u << 20));
        assert_true(counts.bytes < (257u << 20));
        assert_non_null(strstr(counts.problem, "files of deep were left out"));
}

static void test_paths_that_are_too_long(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct counts counts = { 0 };
        struct error err = ERROR_INIT;

        put_directory(&text, 65534, 3);
        assert_int_equal(run_counting(&counts, buf_str(&text), &err), 0);
        assert_int_equal(counts.packages, 2);
        assert_int_equal(counts.others, 1); /* of the other package */
        assert_non_null(strstr(counts.problem, "3 files of deep were left out"));
}

static int refuse(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        return error_say(err, -E2BIG, "no more");
}

static void test_a_sink_that_refuses_ends_it(void **state)
{
        struct str text = STR_LIT("P:a\nV:1\n\nP:b\nV:1\n");
        struct file_entry entry = { .path = STR_LIT(DATABASE), .type = FILE_REGULAR, .size = text.n };
        struct counts counts = { 0 };
        struct record_sink sink = { refuse, keep_problem, &counts };
        struct error err = ERROR_INIT;
        struct content content;
        struct detector_file file = { &entry, &content };

        content_from_memory(&content, text.p, text.n);
        assert_int_equal(apk_detector.read(&file, &sink, &err), -E2BIG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_packages_and_their_files),
                cmocka_unit_test(test_line_ends_and_a_cut_off_end),
                cmocka_unit_test(test_incomplete_packages_are_problems),
                cmocka_unit_test(test_the_first_of_two_fields_counts),
                cmocka_unit_test(test_lines_of_another_form_are_told_once),
                cmocka_unit_test(test_bytes_of_all_kinds_survive),
                cmocka_unit_test(test_an_endless_line_is_refused),
                cmocka_unit_test(test_a_long_name_makes_a_short_problem),
                cmocka_unit_test(test_many_files_come_in_pieces),
                cmocka_unit_test(test_a_hundred_thousand_packages),
                cmocka_unit_test(test_long_directories_do_not_make_large_records),
                cmocka_unit_test(test_a_sink_that_refuses_ends_it),
                cmocka_unit_test(test_paths_that_are_too_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
