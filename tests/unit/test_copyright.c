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

#define FILE_PATH "usr/share/doc/x/copyright"

/* What the detector makes of a file: names separated by '|', "" where it emits nothing. Lives until the next call. */
static const char *licenses_of(struct str text, size_t *ret_problems)
{
        static struct sink s;
        static struct buf names;
        struct record_list list;
        struct error err = ERROR_INIT;

        sink_done(&s);
        s = (struct sink){ 0 };
        buf_clear(&names);
        buf_add(&names, "", 0);
        assert_int_equal(sink_run(&s, &copyright_detector, FILE_PATH, text, &err), 0);
        if (ret_problems)
                *ret_problems = s.n_problems;
        else
                assert_int_equal(s.n_problems, 0);
        if (s.n == 0)
                return names.data;
        assert_int_equal(s.n, 1);
        assert_int_equal(s.records[0].kind, RECORD_LICENSES);
        assert_int_equal(record_licenses_decode(s.records[0].payload, &list), 0);
        while (list.n) {
                if (names.len)
                        buf_putc(&names, '|');
                buf_add_str(&names, record_list_next(&list));
        }
        return names.data;
}

#define assert_licenses(text, expected) assert_string_equal(licenses_of(STR_LIT(text), NULL), expected)

static void test_machine_readable(void **state)
{
        assert_licenses("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
                        "Upstream-Name: x\nLicense: MIT\n\n"
                        "Files: *\nCopyright: 2020 Someone\nLicense: GPL-2+ with OpenSSL exception\n text\n"
                        " License: not-a-field\n\n"
                        "Files: a b\nlicense:\tBSD-3-clause or Expat  \n\n"
                        "Files: c\nLicense: MIT\n\n"
                        "License: GPL-2+\n On Debian systems see /usr/share/common-licenses/GPL-2.\n .\n more\n",
                        "MIT|GPL-2+ with OpenSSL exception|BSD-3-clause or Expat|GPL-2+");
        /* Drafts, a mark in front, CR LF, an empty line first, the format not first, no newline at the end. */
        assert_licenses("Format-Specification: http://dep.debian.net/deps/dep5/\n\nLicense: A\n", "A");
        assert_licenses("\xef\xbb\xbf" "Format: x\n\nLicense: A\n", "A");
        assert_licenses("\r\nUpstream-Name: y\r\nFormat: x\r\n\r\nLicense: A\r\n text\r\n\r\nLicense: B", "A|B");
        assert_licenses("Format: x\n \t \nLicense: A\n", "A");
}

static void test_machine_readable_without_names_falls_back(void **state)
{
        assert_licenses("Format: x\n\nFiles: *\nLicense:\n see /usr/share/common-licenses/Artistic\n", "Artistic");
        assert_licenses("Format: x\n\nFiles: *\n", "");
}

static void test_free_form(void **state)
{
        assert_licenses("This package was debianized by Someone.\n\nLicense: see below\n\n"
                        "The GNU General Public License is in `/usr/share/common-licenses/GPL-2'. The Lesser one in\n"
                        "/usr/share/common-licenses/LGPL-2.1.\nApache: file:///usr/share/common-licenses/Apache-2.0,\n"
                        "again /usr/share/common-licenses/GPL-2 and \"/usr/share/common-licenses/GPL-3\";\n"
                        "all of /usr/share/common-licenses/ and /usr/share/common-licenses/*.\n",
                        "GPL-2|LGPL-2.1|Apache-2.0|GPL-3");
        assert_licenses("two: /usr/share/common-licenses/BSD /usr/share/common-licenses/MPL-2.0", "BSD|MPL-2.0");
        /* The header is the first stanza only. */
        assert_licenses("Some text\n\nFormat: x\n\nLicense: A\n", "");
        assert_licenses("Permission is granted to everyone.\n", "");
        assert_licenses("", "");
        assert_licenses("/usr/share/common-licenses/", "");
        assert_licenses("/usr/share/common-licenses/...", "");
}

static void test_too_many_names_are_a_problem(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const char *names;
        size_t problems, n = 1;

        buf_puts(&text, "Format: x\n\n");
        for (unsigned i = 0; i < 100000; i++)
                buf_printf(&text, "License: L%u\n", i);
        names = licenses_of(buf_str(&text), &problems);
        assert_int_equal(problems, 1);
        for (const char *p = names; (p = strchr(p, '|')); p++)
                n++;
        assert_int_equal(n, 256);
}

static void test_a_name_that_is_a_text_is_none(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_puts(&text, "Format: x\n\nLicense: ");
        for (unsigned i = 0; i < 5000; i++)
                buf_puts(&text, "permission ");
        buf_puts(&text, "\nLicense: B\n/usr/share/common-licenses/");
        for (unsigned i = 0; i < 5000; i++)
                buf_putc(&text, 'G');
        assert_string_equal(licenses_of(buf_str(&text), NULL), "B");
}

static void test_odd_bytes(void **state)
{
        assert_licenses("Format: x\n\nLicense: \xff\xfe\n: \n:\nLicense\n", "\xff\xfe");
        assert_string_equal(licenses_of(STR_LIT("\0\0\n\0Format: x\nFormat:\0\nLicense: A\n"), NULL), "A");
}

static void test_an_endless_line_is_refused(void **state)
{
        static struct sink s;
        static char text[3 << 20];
        struct error err = ERROR_INIT;

        memset(text, '/', sizeof(text));
        assert_int_equal(sink_run(&s, &copyright_detector, FILE_PATH,
                                  (struct str){ text, sizeof(text) }, &err), -E2BIG);
        sink_done(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_machine_readable),
                cmocka_unit_test(test_machine_readable_without_names_falls_back),
                cmocka_unit_test(test_free_form),
                cmocka_unit_test(test_too_many_names_are_a_problem),
                cmocka_unit_test(test_a_name_that_is_a_text_is_none),
                cmocka_unit_test(test_odd_bytes),
                cmocka_unit_test(test_an_endless_line_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
