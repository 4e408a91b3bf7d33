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

#define STATUS "var/lib/dpkg/status"
#define assert_str(s, text) assert_true(str_equals(s, text))

static void test_installed_packages_only(void **state)
{
        static const char text[] =
                "Package: libx1\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\n"
                "Source: x (2:1.0-3)\nVersion: 2:1.0-3+b1\nDescription: a\n Package: not-a-field\n .\n more\n"
                "Maintainer: Some One <a@example.org>\n\n"
                "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n\n"
                "Package: half\nStatus: install ok half-installed\nVersion: 1\nArchitecture: all\n\n"
                "package: last\nstatus: install ok installed\r\nversion: 3\narchitecture: all";
        static struct sink sink_storage;
        struct sink *s = &sink_storage;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(s, &dpkg_status_detector, STATUS, STR_LIT(text), &err), 0);
        assert_int_equal(s->n, 2);
        assert_int_equal(s->n_problems, 0);
        struct package p = sink_package(s, 0);
        assert_str(p.name, "libx1");
        assert_str(p.version, "2:1.0-3+b1");
        assert_str(p.arch, "amd64");
        assert_str(p.source_name, "x");
        assert_str(p.source_version, "2:1.0-3");
        assert_str(p.key, "libx1:amd64");
        assert_str(p.vendor, "Some One <a@example.org>");
        p = sink_package(s, 1);
        assert_str(p.name, "last");
        assert_str(p.source_name, "last");
        assert_str(p.source_version, "3");
        assert_str(p.key, "last");
        sink_done(s);
}

static void test_distroless_needs_no_status(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(&s, &dpkg_status_detector, "var/lib/dpkg/status.d/tzdata",
                                  STR_LIT("Package: tzdata\nVersion: 2024a\nArchitecture: all\n"), &err), 0);
        assert_int_equal(s.n, 1);
        sink_done(&s);
}

static void test_a_stanza_without_version_is_a_problem(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(&s, &dpkg_status_detector, STATUS,
                                  STR_LIT("Package: a\nStatus: install ok installed\n\nPackage: b\nVersion: 1\n"
                                          "Status: install ok installed\n"), &err), 0);
        assert_int_equal(s.n, 1);
        assert_int_equal(s.n_problems, 1);
        assert_non_null(strstr(s.problem, "without Version"));
        sink_done(&s);
}

static void test_an_endless_line_is_refused(void **state)
{
        static struct sink s;
        static char text[3 << 20];
        struct error err = ERROR_INIT;

        memset(text, 'x', sizeof(text));
        assert_int_equal(sink_run(&s, &dpkg_status_detector, STATUS, (struct str){ text, sizeof(text) }, &err), -E2BIG);
        sink_done(&s);
}

static void test_owned_files(void **state)
{
        static struct sink lists, sums;
        struct record_list paths;
        struct str key;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(&lists, &dpkg_owned_detector, "var/lib/dpkg/info/libx1:amd64.list",
                                  STR_LIT("/.\n/usr\n/usr/lib/x.so\n"), &err), 0);
        assert_int_equal(record_owned_decode(lists.records[0].payload, &key, &paths), 0);
        assert_str(key, "libx1:amd64");
        assert_int_equal(paths.n, 3);
        record_list_next(&paths);
        record_list_next(&paths);
        assert_str(record_list_next(&paths), "/usr/lib/x.so");
        assert_int_equal(sink_run(&sums, &dpkg_owned_detector, "var/lib/dpkg/status.d/base.md5sums",
                                  STR_LIT("0123456789abcdef0123456789abcdef  etc/x\nshort\n"), &err), 0);
        assert_int_equal(record_owned_decode(sums.records[0].payload, &key, &paths), 0);
        assert_str(key, "base");
        assert_int_equal(paths.n, 1);
        assert_str(record_list_next(&paths), "etc/x");
        sink_done(&lists);
        sink_done(&sums);
}

/* In each of these states the files are there. */
static void test_states(void **state)
{
        static const struct {
                const char *status;
                size_t n;
        } cases[] = {
                { "install ok installed", 1 }, { "hold ok installed", 1 }, { "deinstall ok installed", 1 },
                { "install ok unpacked", 1 }, { "install ok half-configured", 1 }, { "install ok triggers-awaited", 1 },
                { "install ok triggers-pending", 1 }, { "install reinstreq installed", 1 },
                { "install ok half-installed", 0 }, { "deinstall ok config-files", 0 }, { "purge ok not-installed", 0 },
                { "installed", 1 }, { "install ok", 0 }, { "install ok installed more", 0 }, { "", 0 },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                static struct sink s;
                _cleanup_(buf_free) struct buf text = { 0 };
                struct error err = ERROR_INIT;

                s = (struct sink){ 0 };
                buf_printf(&text, "Package: a\nVersion: 1\nStatus: %s\n", cases[i].status);
                assert_int_equal(sink_run(&s, &dpkg_status_detector, STATUS, buf_str(&text), &err), 0);
                if (s.n != cases[i].n)
                        fail_msg("'%s' gives %zu packages", cases[i].status, s.n);
                sink_done(&s);
        }
}

static void test_the_first_of_two_fields_counts(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(&s, &dpkg_status_detector, STATUS,
                                  STR_LIT("Package: a\nStatus: install ok installed\nVersion: 1\nVERSION: 2\n\n"
                                          "Package: hidden\nVersion: 1\nStatus: purge ok not-installed\n"
                                          "Status: install ok installed\n"), &err), 0);
        assert_int_equal(s.n, 1);
        assert_str(sink_package(&s, 0).version, "1");
        assert_int_equal(s.n_problems, 2);
        assert_non_null(strstr(s.problem, "package hidden has more than one field Status"));
        sink_done(&s);
}

static void test_blank_lines_and_names_as_dpkg_takes_them(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(&s, &dpkg_status_detector, STATUS,
                                  STR_LIT("Package : a\nVersion:1\nStatus:install ok installed\n \t\n"
                                          "Package: b\nVersion: 2\nStatus: install ok installed\nno field\n:\n"),
                                  &err), 0);
        assert_int_equal(s.n, 2);
        assert_str(sink_package(&s, 0).name, "a");
        assert_str(sink_package(&s, 1).name, "b");
        sink_done(&s);
}

/* There a list of files is named as the package's file is, whatever the package itself is called. */
static void test_keys_of_distroless(void **state)
{
        static struct sink s;
        struct record_list paths;
        struct str key;
        struct error err = ERROR_INIT;

        assert_int_equal(sink_run(&s, &dpkg_status_detector, "var/lib/dpkg/status.d/base",
                                  STR_LIT("Package: base-files\nVersion: 12\nArchitecture: amd64\nMulti-Arch: same\n"),
                                  &err), 0);
        assert_str(sink_package(&s, 0).key, "base");
        sink_done(&s);
        s = (struct sink){ 0 };
        assert_int_equal(sink_run(&s, &dpkg_owned_detector, "var/lib/dpkg/status.d/base.md5sums",
                                  STR_LIT("0123456789abcdef0123456789abcdef  a b \r\n"
                                          "0123456789abcdef0123456789abcdef  \n"
                                          "0123456789abcdef0123456789abcdef\tx\n\n\0\n"), &err), 0);
        assert_int_equal(record_owned_decode(s.records[0].payload, &key, &paths), 0);
        assert_str(key, "base");
        assert_int_equal(paths.n, 1);
        assert_str(record_list_next(&paths), "a b ");
        sink_done(&s);
        s = (struct sink){ 0 };
        assert_int_equal(sink_run(&s, &dpkg_status_detector, "var/lib/dpkg/status.d/base.md5sums",
                                  STR_LIT("Package: no\nVersion: 1\n"), &err), 0);
        assert_int_equal(s.n, 0);
        sink_done(&s);
}

static void test_large_lists_come_in_pieces(void **state)
{
        static struct sink s;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        size_t total = 0;

        s = (struct sink){ 0 };
        for (unsigned i = 0; i < 100000; i++)
                buf_printf(&text, "/usr/share/%u\n", i);
        assert_int_equal(sink_run(&s, &dpkg_owned_detector, "var/lib/dpkg/info/x.list", buf_str(&text), &err), 0);
        for (size_t i = 0; i < s.n; i++) {
                struct record_list paths;
                struct str key;

                assert_int_equal(record_owned_decode(s.records[i].payload, &key, &paths), 0);
                assert_str(key, "x");
                assert_true(paths.n > 0 && paths.n <= 4096);
                total += paths.n;
        }
        assert_int_equal(total, 100000);
        sink_done(&s);
}

static void test_a_hundred_thousand_packages(void **state)
{
        static struct sink s;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;

        s = (struct sink){ 0 };
        for (unsigned i = 0; i < 100000; i++)
                buf_printf(&text, "Package: p%u\nStatus: %s\nVersion: %u\n\n", i,
                           i % 100 ? "deinstall ok config-files" : "install ok installed", i);
        assert_int_equal(sink_run(&s, &dpkg_status_detector, STATUS, buf_str(&text), &err), 0);
        assert_int_equal(s.n, 1000);
        assert_str(sink_package(&s, 999).name, "p99900");
        sink_done(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_installed_packages_only),
                cmocka_unit_test(test_distroless_needs_no_status),
                cmocka_unit_test(test_a_stanza_without_version_is_a_problem),
                cmocka_unit_test(test_an_endless_line_is_refused),
                cmocka_unit_test(test_owned_files),
                cmocka_unit_test(test_states),
                cmocka_unit_test(test_the_first_of_two_fields_counts),
                cmocka_unit_test(test_blank_lines_and_names_as_dpkg_takes_them),
                cmocka_unit_test(test_keys_of_distroless),
                cmocka_unit_test(test_large_lists_come_in_pieces),
                cmocka_unit_test(test_a_hundred_thousand_packages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
