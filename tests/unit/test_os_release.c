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
#include "inventory/inventory.h"
#include "sink.h"

#define assert_str(s, text) assert_true(str_equals(s, text))

/* Runs the detector; true with the distribution if it gave one. Its strings live until the next call. */
static bool run(struct str text, struct distribution *d, size_t *ret_problems)
{
        static struct sink s;
        struct error err = ERROR_INIT;
        struct wire_reader r;

        sink_done(&s);
        s = (struct sink){ 0 };
        assert_int_equal(sink_run(&s, &os_release_detector, "etc/os-release", text, &err), 0);
        if (ret_problems)
                *ret_problems = s.n_problems;
        else
                assert_int_equal(s.n_problems, 0);
        if (s.n == 0)
                return false;
        assert_int_equal(s.n, 1);
        assert_int_equal(s.records[0].kind, RECORD_DISTRIBUTION);
        r = wire_reader(s.records[0].payload.p, s.records[0].payload.n);
        assert_int_equal(distribution_decode(&r, d), 0);
        return true;
}

static void test_debian(void **state)
{
        struct distribution d;

        assert_true(run(STR_LIT("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n"
                                "VERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"
                                "HOME_URL=\"https://www.debian.org/\"\n"), &d, NULL));
        assert_str(d.id, "debian");
        assert_str(d.id_like, "");
        assert_str(d.name, "Debian GNU/Linux 12 (bookworm)");
        assert_str(d.version_id, "12");
        assert_str(d.codename, "bookworm");
        assert_str(d.end_of_life, "2028-06-30");
}

/* Distroless has no codename, Debian testing no version, Arch neither. */
static void test_what_is_missing(void **state)
{
        struct distribution d;

        assert_true(run(STR_LIT("PRETTY_NAME=\"Distroless\"\nNAME=\"Debian GNU/Linux\"\nID=\"debian\"\n"
                                "VERSION_ID=\"13\"\n"), &d, NULL));
        assert_str(d.codename, "trixie");
        assert_str(d.end_of_life, "2030-06-30");
        assert_true(run(STR_LIT("NAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=forky\nID=debian\n"), &d, NULL));
        assert_str(d.name, "Debian GNU/Linux");
        assert_str(d.version_id, "");
        assert_str(d.codename, "forky");
        assert_str(d.end_of_life, "");
        assert_true(run(STR_LIT("NAME='Arch Linux'\nID=arch\nBUILD_ID=rolling\n"), &d, NULL));
        assert_str(d.end_of_life, "");
        assert_str(d.codename, "");
        assert_true(run(STR_LIT("NAME=nameless"), &d, NULL));
        assert_str(d.id, "linux");
}

static void test_derivatives(void **state)
{
        struct distribution d;

        assert_true(run(STR_LIT("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nUBUNTU_CODENAME=jammy\n"
                                "VERSION_ID=\"21.3\"\n"), &d, NULL));
        assert_str(d.id_like, "ubuntu debian");
        assert_str(d.codename, "jammy");
        assert_str(d.end_of_life, "");
        assert_true(run(STR_LIT("VERSION_CODENAME=virginia\nUBUNTU_CODENAME=jammy\nID=linuxmint\n"), &d, NULL));
        assert_str(d.codename, "virginia");
}

static void test_centos_stream_has_its_own_dates(void **state)
{
        struct distribution d;

        assert_true(run(STR_LIT("NAME=\"CentOS Stream\"\nVERSION=\"8\"\nID=\"centos\"\nVERSION_ID=\"8\"\n"), &d, NULL));
        assert_str(d.id, "centos");
        assert_str(d.end_of_life, "2024-05-31");
        assert_true(run(STR_LIT("NAME=\"CentOS Linux\"\nVERSION=\"8\"\nID=\"centos\"\nVERSION_ID=\"8\"\n"), &d, NULL));
        assert_str(d.end_of_life, "2021-12-31");
}

static void name_is(const char *file, const char *name)
{
        struct distribution d;

        assert_true(run(str_from(file), &d, NULL));
        if (!str_equals(d.name, name))
                fail_msg("%s\ngives '%.*s', not '%s'", file, STR_ARG(d.name), name);
}

static void test_quoting(void **state)
{
        name_is("NAME=plain", "plain");
        name_is("NAME=\"a \\\"b\\\" \\$c \\`d\\` \\\\ \\n\"", "a \"b\" $c `d` \\ \\n");
        name_is("NAME='a \\\"b\\\" $c'", "a \\\"b\\\" $c");
        name_is("NAME='it'\\''s'", "it's");
        name_is("NAME=one\" two\"'  three'", "one two  three");
        name_is("NAME=back\\ slash\\\\", "back slash\\");
        name_is("NAME=\"\"", "");
        name_is("NAME=", "");
        name_is("NAME=\"inner  blanks  \"   ", "inner  blanks  ");
        name_is("NAME= bare  blanks \t", "bare  blanks");
        name_is("NAME=x # a comment", "x");
        name_is("NAME=x#no-comment", "x#no-comment");
        name_is("NAME=#no-comment", "#no-comment");
        name_is("NAME=\"#\" # \"", "#");
        name_is("NAME=con\\\ntinued", "continued");
        name_is("NAME=\"con\\\ntinued\"", "continued");
        name_is("  NAME=indented", "indented");
        name_is("NAME=a\nNAME=b\n", "b");
        name_is("NAME=a\nPRETTY_NAME=\"\"\n", "a");
        name_is("NAME=\"windows\"\r\nID=x\r\n", "windows");
        name_is("NAME=windows\r\n", "windows");
        name_is("NAME=\\", "\\");
        name_is("NAME=a=b", "a=b");
        name_is("#NAME=no\n# NAME=no\nxNAME=no\nNAME =no\nNAME=yes", "yes");
}

/* What stands in quotes that go over lines is no assignment. */
static void test_quotes_over_lines(void **state)
{
        struct distribution d;

        assert_true(run(STR_LIT("ID=debian\nNOTE='\nID=alpine\n'\nVERSION_ID=\"12\"\n"), &d, NULL));
        assert_str(d.id, "debian");
        assert_str(d.version_id, "12");
}

static void test_a_quote_without_end_takes_its_line_only(void **state)
{
        struct distribution d;
        size_t problems;

        assert_true(run(STR_LIT("ID=debian\nNAME=\"Debian\nVERSION_ID='12\nVERSION_CODENAME=bookworm\n"), &d,
                        &problems));
        assert_int_equal(problems, 1);
        assert_str(d.name, "Debian");
        assert_str(d.version_id, "12");
        assert_str(d.codename, "bookworm");
        assert_true(run(STR_LIT("ID=debian\nNAME=\"\\"), &d, &problems));
        assert_int_equal(problems, 1);
}

static void test_files_that_name_nothing(void **state)
{
        struct distribution d;
        size_t problems;

        assert_false(run(STR_LIT(""), &d, &problems));
        assert_int_equal(problems, 0);
        assert_false(run(STR_LIT("\0\0\0\0=\n\n\"'"), &d, &problems));
        assert_int_equal(problems, 1);
        assert_false(run(STR_LIT("FOO=bar"), &d, &problems));
        assert_int_equal(problems, 1);
}

static void test_odd_bytes_and_sizes(void **state)
{
        static char large[80000];
        static struct sink s;
        struct distribution d;
        struct error err = ERROR_INIT;
        size_t problems;

        assert_true(run(STR_LIT("ID=\xff\xfe\0x\nNAME='\xc0\xaf'\n"), &d, NULL));
        assert_true(str_equal(d.id, STR_LIT("\xff\xfe\0x")));
        memset(large, '"', sizeof(large));
        assert_int_equal(sink_run(&s, &os_release_detector, "etc/os-release",
                                  (struct str){ large, sizeof(large) }, &err), -E2BIG);
        sink_done(&s);
        memset(large, 'x', sizeof(large));
        memcpy(large, "NAME=\"", 6);
        for (size_t i = 6; i + 2 < 60000; i += 2)
                memcpy(large + i, "\\\n", 2);
        assert_true(run((struct str){ large, 60000 }, &d, &problems));
        assert_int_equal(problems, 1);
        assert_str(d.name, "\\");
}

/* ---- the table of releases ---- */

static void ends(const char *id, const char *version, const char *day)
{
        const char *found = distribution_end_of_life(str_from(id), str_from(version));

        if (!found || !day ? found != day : strcmp(found, day) != 0)
                fail_msg("%s %s ends %s, not %s", id, version, found ? found : "never", day ? day : "never");
}

static void test_ends_of_life(void **state)
{
        ends("debian", "7", "2018-05-31");
        ends("debian", "12", "2028-06-30");
        ends("debian", "12.9", "2028-06-30");
        ends("debian", "14", NULL);
        ends("debian", "1", NULL);
        ends("debian", "120", NULL);
        ends("ubuntu", "24.04", "2029-05-31");
        ends("ubuntu", "25.10", "2026-07-09");
        ends("ubuntu", "24", NULL);
        ends("alpine", "3.20.3", "2026-04-01");
        ends("alpine", "3.2", NULL);
        ends("alpine", "3.22.0_alpha20250108", NULL);
        ends("rhel", "9.4", "2032-05-31");
        ends("rhel", "10", "2035-05-31");
        ends("rocky", "8.10", "2029-05-31");
        ends("almalinux", "9.6", "2032-05-31");
        ends("centos", "7", "2024-06-30");
        ends("ol", "8.10", "2029-07-31");
        ends("ol", "10.0", NULL);
        ends("fedora", "43", "2026-12-09");
        ends("amzn", "2018.03", "2023-12-31");
        ends("amzn", "2", "2026-06-30");
        ends("amzn", "2023", "2029-06-30");
        ends("opensuse-leap", "15.6", "2026-04-30");
        ends("sles", "15", "2019-12-31");
        ends("sles", "15.7", "2031-07-31");
        ends("sles", "15.8", NULL);
        ends("photon", "4.0", "2027-10-11");
        ends("mariner", "2.0", "2025-11-30");
        ends("wolfi", "20230201", NULL);
        ends("", "", NULL);
        ends("debian", "", NULL);
        ends("debian", ".", NULL);
}

static void test_codenames(void **state)
{
        assert_string_equal(distribution_codename(STR_LIT("debian"), STR_LIT("11")), "bullseye");
        assert_string_equal(distribution_codename(STR_LIT("debian"), STR_LIT("14")), "forky");
        assert_string_equal(distribution_codename(STR_LIT("ubuntu"), STR_LIT("14.04")), "trusty");
        assert_string_equal(distribution_codename(STR_LIT("ubuntu"), STR_LIT("26.04")), "resolute");
        assert_null(distribution_codename(STR_LIT("alpine"), STR_LIT("3.20")));
        assert_null(distribution_codename(STR_NULL, STR_NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_debian),
                cmocka_unit_test(test_what_is_missing),
                cmocka_unit_test(test_derivatives),
                cmocka_unit_test(test_centos_stream_has_its_own_dates),
                cmocka_unit_test(test_quoting),
                cmocka_unit_test(test_quotes_over_lines),
                cmocka_unit_test(test_a_quote_without_end_takes_its_line_only),
                cmocka_unit_test(test_files_that_name_nothing),
                cmocka_unit_test(test_odd_bytes_and_sizes),
                cmocka_unit_test(test_ends_of_life),
                cmocka_unit_test(test_codenames),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
