/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of rpm packages: what `rpm -qa` would show, and every way in which one can be damaged. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/rpm_header.h"
#include "rpm_files.h"

#define assert_str(s, text) assert_true(str_equals(s, text))

/* The last that package() gave. */
static struct buf blob, text;
static struct str license;
static struct rpm_header header;
static struct package package;
static struct error err;

static int read_package(struct rpm_writer *w)
{
        int r;

        buf_clear(&blob);
        rpm_end(w, &blob);
        r = rpm_header_parse(buf_str(&blob), &header, &err);
        return r < 0 ? r : rpm_header_package(&header, &text, &license, &package, &err);
}

static void put_identity(struct rpm_writer *w)
{
        rpm_put_string(w, 1000, "n");
        rpm_put_string(w, 1001, "1.0");
        rpm_put_string(w, 1002, "2.el9");
}

static void test_all_that_is_known(void **state)
{
        static const uint32_t epoch[] = { 4000000000u };
        struct rpm_writer w = { 0 };

        put_identity(&w);
        rpm_put_numbers(&w, 1003, epoch, 1);
        rpm_put_string(&w, 1011, "Vendor \xc3\xa9");
        rpm_put_string(&w, 1014, "MIT AND GPL-2.0-only");
        rpm_put_string(&w, 1022, "x86_64");
        rpm_put_string(&w, 1044, "src-name-3.1-4.el9.src.rpm");
        rpm_put_string(&w, 5096, "nodejs:18:8090020230906:a1b2");
        assert_int_equal(read_package(&w), 0);
        assert_str(package.name, "n");
        assert_str(package.version, "4000000000:1.0-2.el9");
        assert_str(package.type, "rpm");
        assert_str(package.arch, "x86_64");
        assert_str(package.vendor, "Vendor \xc3\xa9");
        assert_str(package.source_name, "src-name");
        assert_str(package.source_version, "3.1-4.el9");
        assert_str(package.module, "nodejs:18:8090020230906:a1b2");
        assert_str(package.key, "n-4000000000:1.0-2.el9.x86_64");
        assert_int_equal(package.n_licenses, 1);
        assert_str(package.licenses[0], "MIT AND GPL-2.0-only");
}

static void test_only_what_is_needed(void **state)
{
        struct rpm_writer w = { 0 };

        put_identity(&w);
        assert_int_equal(read_package(&w), 0);
        assert_str(package.version, "1.0-2.el9");
        assert_str(package.key, "n-1.0-2.el9");
        assert_str(package.source_name, "n");
        assert_str(package.source_version, "1.0-2.el9");
        assert_int_equal(package.n_licenses, 0);
}

/* rpm tells "no epoch" from "epoch 0", and so do we. */
static void test_epoch_zero_is_shown(void **state)
{
        static const uint32_t epoch[] = { 0 };
        struct rpm_writer w = { 0 };

        put_identity(&w);
        rpm_put_numbers(&w, 1003, epoch, 1);
        assert_int_equal(read_package(&w), 0);
        assert_str(package.version, "0:1.0-2.el9");
}

static void test_what_rpm_added_goes_before(void **state)
{
        struct rpm_writer w = { 0 };

        put_identity(&w);
        rpm_put_string(&w, 1011, "of the package");
        rpm_put_string(&w, 1011, "added");
        assert_int_equal(read_package(&w), 0);
        assert_str(package.vendor, "added");
}

static void test_names_of_source_packages(void **state)
{
        static const struct {
                const char *file, *name, *version;
        } cases[] = {
                { "a-1-2.src.rpm", "a", "1-2" },
                { "kernel-5.14.0-1.nosrc.rpm", "kernel", "5.14.0-1" },
                { "a-b-c-1.2~rc1^3-4.fc40.src.rpm", "a-b-c", "1.2~rc1^3-4.fc40" },
                { "(none)", NULL, NULL }, { "", NULL, NULL }, { "a-1.src.rpm", NULL, NULL }, { "-1-2.src.rpm", NULL, NULL },
                { "a--2.src.rpm", NULL, NULL }, { "a-1-.src.rpm", NULL, NULL }, { "a-1-2.x86_64.rpm", NULL, NULL },
                { ".src.rpm", NULL, NULL }, { "--.src.rpm", NULL, NULL },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct str name = STR_NULL, version = STR_NULL;

                assert_int_equal(rpm_split_source(str_from(cases[i].file), &name, &version), cases[i].name != NULL);
                if (!cases[i].name)
                        continue;
                assert_str(name, cases[i].name);
                assert_str(version, cases[i].version);
        }
}

static void test_keys_are_told_from_packages(void **state)
{
        struct rpm_writer w = { 0 };

        rpm_put_string(&w, 1000, "gpg-pubkey");
        rpm_put_string(&w, 1001, "fd431d51");
        rpm_put_string(&w, 1002, "4ae0493b");
        assert_int_equal(read_package(&w), 0);
        assert_true(rpm_header_is_key(&header));
        rpm_put_string(&w, 1000, "gpg-pubkey"); /* with a file it is a package that wants not to be seen */
        rpm_put_string(&w, 1001, "1");
        rpm_put_string(&w, 1002, "1");
        rpm_put_strings(&w, 1027, "/usr/bin/x");
        assert_int_equal(read_package(&w), 0);
        assert_false(rpm_header_is_key(&header));
}

static void test_missing_and_mistyped(void **state)
{
        static const uint32_t number[] = { 7 };
        static const struct {
                uint32_t tag;
                const char *message;
        } cases[] = { { 1000, "no name" }, { 1001, "no version" }, { 1002, "no release" } };
        struct rpm_writer w = { 0 };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                for (size_t k = 0; k < ELEMENTS_OF(cases); k++)
                        rpm_put_string(&w, cases[k].tag, i == k ? "" : "x");
                assert_int_equal(read_package(&w), -EBADMSG);
                assert_non_null(strstr(err.message, cases[i].message));
        }
        put_identity(&w);
        rpm_put_numbers(&w, 1014, number, 1);
        assert_int_equal(read_package(&w), -EBADMSG);
        assert_string_equal(err.message, "tag 1014 has type 4 where a string belongs");
        put_identity(&w);
        rpm_put_string(&w, 1003, "7");
        assert_int_equal(read_package(&w), -EBADMSG);
        assert_non_null(strstr(err.message, "tag 1003 has type 6 where numbers"));
        put_identity(&w);
        rpm_put(&w, 1003, T_INT32, 1, "abc", 3); /* the last bytes of the header */
        assert_int_equal(read_package(&w), -EBADMSG);
        assert_non_null(strstr(err.message, "run beyond"));
        put_identity(&w);
        rpm_put(&w, 1011, T_STRING, 1, "no end", 6);
        assert_int_equal(read_package(&w), -EBADMSG);
        assert_non_null(strstr(err.message, "a string runs beyond the header"));
}

static void test_sizes_that_do_not_fit(void **state)
{
        static const uint32_t bad[] = { 0x7fffffff, 0x80000000, 0xffffffff, 0x10000000, 0xfffffff0 };
        _cleanup_(buf_free) struct buf whole = { 0 };
        struct buf part;

        rpm_simple(&whole, "n", 10);
        assert_int_equal(rpm_header_parse(buf_str(&whole), &header, &err), 0);
        for (size_t n = 0; n < whole.len; n++)
                assert_int_equal(rpm_header_parse((struct str){ whole.data, n }, &header, &err), -EBADMSG);
        for (size_t i = 0; i < ELEMENTS_OF(bad); i++)
                for (size_t at = 0; at < 8 + 16; at += 4) { /* entries, size, and tag, type, offset, count of the first */
                        if (at == 8 || at == 12 || at == 20)
                                continue; /* tag, type, count: seen when the value is wanted */
                        part = (struct buf){ 0 };
                        buf_add_str(&part, buf_str(&whole));
                        set_int(part.data + at, bad[i], 4, true);
                        assert_int_equal(rpm_header_parse(buf_str(&part), &header, &err), -EBADMSG);
                        buf_free(&part);
                }
        set_int(whole.data, 0, 4, true);
        assert_int_equal(rpm_header_parse(buf_str(&whole), &header, &err), -EBADMSG);
}

/* ---- files ---- */

static int read_paths(struct rpm_writer *w, uint64_t max, struct rpm_paths *paths)
{
        int r;

        put_identity(w);
        r = read_package(w);
        return r < 0 ? r : rpm_header_paths(&header, max, paths, &err);
}

static void test_files_that_are_in_place(void **state)
{
        static const uint32_t dirs[] = { 1, 0, 0, 1, 1 };
        _cleanup_(rpm_paths_done) struct rpm_paths paths = { 0 };
        struct rpm_writer w = { 0 };

        rpm_put(&w, 1029, T_CHAR, 5, "\0\1\2\3\4", 5); /* there, replaced, not installed, net shared, wrong color */
        rpm_put_numbers(&w, 1116, dirs, 5);
        rpm_put_strings(&w, 1117, "a|b|c|\xff|e");
        rpm_put_strings(&w, 1118, "/|/usr/bin/");
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &paths), 0);
        assert_int_equal(paths.n, 2);
        assert_str(paths.paths[0], "/usr/bin/a");
        assert_str(paths.paths[1], "/usr/bin/\xff");
}

static void test_old_names_and_none(void **state)
{
        _cleanup_(rpm_paths_done) struct rpm_paths old = { 0 }, none = { 0 };
        struct rpm_writer w = { 0 };

        rpm_put_strings(&w, 1027, "/a|/b/c");
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &old), 0);
        assert_int_equal(old.n, 2);
        assert_str(old.paths[1], "/b/c");
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &none), 0);
        assert_int_equal(none.n, 0);
}

static void test_damaged_lists_of_files(void **state)
{
        static const uint32_t dirs[] = { 0, 1, 9 };
        struct rpm_paths paths = { 0 };
        struct rpm_writer w = { 0 };

        rpm_put_numbers(&w, 1116, dirs, 3);
        rpm_put_strings(&w, 1117, "a|b|c");
        rpm_put_strings(&w, 1118, "/|/b/");
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &paths), -EBADMSG);
        assert_string_equal(err.message, "a file in directory 9 of 2");
        rpm_put_numbers(&w, 1116, dirs, 2);
        rpm_put_strings(&w, 1117, "a|b|c");
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &paths), -EBADMSG);
        assert_non_null(strstr(err.message, "3 names of files but 2 directories"));
        rpm_put_numbers(&w, 1116, dirs, 2);
        rpm_put_strings(&w, 1117, "a|b");
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &paths), -EBADMSG);
        assert_non_null(strstr(err.message, "tag 1118 has type 0"));
        rpm_put_strings(&w, 1027, "/a|/b");
        rpm_put(&w, 1029, T_CHAR, 1, "", 1);
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &paths), -EBADMSG);
        assert_string_equal(err.message, "1 states of 2 files");
        rpm_put(&w, 1027, T_STRING_ARRAY, 1000000, "/a\0/b", 6);
        assert_int_equal(read_paths(&w, RPM_PATHS_MAX, &paths), -EBADMSG);
        assert_string_equal(err.message, "a string runs beyond the header");
        assert_null(paths.paths);
}

/* A few bytes a file that stand for long paths. */
static void test_paths_are_limited(void **state)
{
        static uint32_t dirs[3000];
        static char name[PATH_MAX * 20];
        _cleanup_(buf_free) struct buf names = { 0 };
        struct rpm_paths paths = { 0 };
        struct rpm_writer w = { 0 };

        for (size_t i = 0; i < ELEMENTS_OF(dirs); i++)
                buf_add(&names, "x", 2);
        memset(name, 'd', 60000);
        rpm_put_numbers(&w, 1116, dirs, ELEMENTS_OF(dirs));
        rpm_put(&w, 1117, T_STRING_ARRAY, ELEMENTS_OF(dirs), names.data, names.len);
        rpm_put(&w, 1118, T_STRING_ARRAY, 1, name, 60001);
        assert_int_equal(read_paths(&w, UINT64_MAX, &paths), -E2BIG);
        assert_string_equal(err.message, "its paths take more than 33554432 bytes");
        memset(name, 'd', 70000);
        rpm_put_numbers(&w, 1116, dirs, 1);
        rpm_put_strings(&w, 1117, "x");
        rpm_put(&w, 1118, T_STRING_ARRAY, 1, name, 70001);
        assert_int_equal(read_paths(&w, UINT64_MAX, &paths), -E2BIG);
        assert_non_null(strstr(err.message, "a path of 70001 bytes"));
        rpm_put(&w, 1027, T_STRING_ARRAY, RPM_FILES_MAX + 1, "", 1);
        assert_int_equal(read_paths(&w, UINT64_MAX, &paths), -E2BIG);
        assert_non_null(strstr(err.message, "1048577 files"));
}

static int done(void **state)
{
        buf_free(&blob);
        buf_free(&text);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_that_is_known),
                cmocka_unit_test(test_only_what_is_needed),
                cmocka_unit_test(test_epoch_zero_is_shown),
                cmocka_unit_test(test_what_rpm_added_goes_before),
                cmocka_unit_test(test_names_of_source_packages),
                cmocka_unit_test(test_keys_are_told_from_packages),
                cmocka_unit_test(test_missing_and_mistyped),
                cmocka_unit_test(test_sizes_that_do_not_fit),
                cmocka_unit_test(test_files_that_are_in_place),
                cmocka_unit_test(test_old_names_and_none),
                cmocka_unit_test(test_damaged_lists_of_files),
                cmocka_unit_test(test_paths_are_limited),
        };

        return cmocka_run_group_tests(tests, NULL, done);
}
