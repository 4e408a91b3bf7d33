/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"
#include "base/nearest.h"
#include "model/value.h"

/* ---- shell patterns ---- */

static void test_glob(void **state)
{
        static const struct {
                const char *pattern, *text;
                bool matches;
        } cases[] = {
                { "", "", true },
                { "", "a", false },
                { "*", "", true },
                { "**", "a/b", true },
                { "a*", "a", true },
                { "/home/*/.ssh/*", "/home/me/.ssh/id_rsa", true },
                { "/home/*/.ssh/*", "/home/a/b/.ssh/c/d", true }, /* a star crosses slashes */
                { "/home/*/.ssh/*", "/home/.ssh/x", false },
                { "*../*../*", "../../etc/shadow", true },
                { "*../*../*", "../etc/shadow", false },
                { "/proc/*/environ", "/proc/1/environ", true },
                { "?", "a", true },
                { "?", "", false },
                { "?", "\xc3\xa9", true },       /* one character, two bytes */
                { "??", "\xc3\xa9", false },
                { "?", "\xff", true },           /* no UTF-8: one byte */
                { "*?", "\xc3\xa9", true },
                { "*??", "\xc3\xa9", false },
                { ".*", ".profile", true },
                { "*", ".profile", true },       /* a leading dot is nothing special */
                { "[a-c]x", "bx", true },
                { "[!a-c]x", "bx", false },
                { "[^a-c]x", "dx", true },
                { "[]]", "]", true },
                { "[]-a]", "^", true },
                { "[a-]", "-", true },
                { "[[:digit:]]*", "7up", true },
                { "[[:alpha:][:digit:]]", "_", false },
                { "[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true },
                { "[/]", "/", true },
                { "[a", "[a", true },            /* never closed: itself */
                { "[a", "a", false },
                { "\\*", "*", true },
                { "\\*", "a", false },
                { "a\\", "a\\", false },         /* escapes nothing */
                { "[\\]]", "]", true },
                { "a*b*c", "aXbXbXc", true },
                { "a*b*c", "aXbXbX", false },
                { "A", "a", false },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (glob_match(str_from(cases[i].pattern), str_from(cases[i].text), false) != cases[i].matches)
                        fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].text);
        assert_true(glob_match(STR_LIT("*.JP[a-g]"), STR_LIT("x.jpG"), true));
        assert_true(glob_match(STR_LIT("[A-Z]"), STR_LIT("q"), true));
        assert_false(glob_match(STR_LIT("[!A-Z]"), STR_LIT("q"), true));
        assert_true(glob_has_wildcard(STR_LIT("/proc/[0-9]")));
        assert_false(glob_has_wildcard(STR_LIT("/proc/1")));
}

/* On ASCII it says what fnmatch(3) says. */
static void test_glob_against_fnmatch(void **state)
{
        static const char letters[] = "ab*?[]!-\\/.";
        char pattern[7], text[7];

        srand(7);
        for (unsigned round = 0; round < 200000; round++) {
                size_t n = (size_t)rand() % 6, m = (size_t)rand() % 6;
                bool expected;

                for (size_t i = 0; i < n; i++)
                        pattern[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
                for (size_t i = 0; i < m; i++)
                        text[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
                pattern[n] = text[m] = 0;
                expected = fnmatch(pattern, text, 0) == 0;
                if (glob_match(str_from(pattern), str_from(text), false) != expected)
                        fail_msg("'%s' on '%s': fnmatch says %d", pattern, text, expected);
        }
}

static void test_glob_is_not_exponential(void **state)
{
        char pattern[41], text[20001];

        for (size_t i = 0; i < 40; i += 2) {
                pattern[i] = 'a';
                pattern[i + 1] = '*';
        }
        pattern[39] = 'b';
        memset(text, 'a', sizeof(text));
        assert_false(glob_match((struct str){ pattern, 40 }, (struct str){ text, sizeof(text) }, false));
}

/* ---- addresses and networks ---- */

static void test_addresses(void **state)
{
        static const char *const good[] = { "10.0.0.1", "255.255.255.255", "fe80::1", "::", "::ffff:1.2.3.4" };
        static const char *const bad[] = { "", "10.0.0", "10.0.0.256", "1.2.3.4.5", "fe80::1%eth0", "10.0.0.0/8", "x", ":::" };

        for (size_t i = 0; i < ELEMENTS_OF(good); i++) {
                _cleanup_(buf_free) struct buf out = { 0 };
                struct address address;
                struct value value;

                assert_int_equal(address_parse(str_from(good[i]), &address), 0);
                value = value_of_address(address);
                value_print(&value, &out);
                assert_string_equal(out.data, good[i]);
        }
        for (size_t i = 0; i < ELEMENTS_OF(bad); i++) {
                struct address address;

                assert_int_equal(address_parse(str_from(bad[i]), &address), -EBADMSG);
        }
}

static void test_networks(void **state)
{
        static const struct {
                const char *network, *address;
                bool in;
        } cases[] = {
                { "10.0.0.0/8", "10.255.0.1", true },
                { "10.0.0.0/8", "11.0.0.1", false },
                { "10.1.2.3/8", "10.9.9.9", true }, /* bits beyond the prefix do not count */
                { "172.16.0.0/12", "172.31.255.255", true },
                { "172.16.0.0/12", "172.32.0.0", false },
                { "0.0.0.0/0", "8.8.8.8", true },
                { "0.0.0.0/0", "::1", false },
                { "1.2.3.4", "1.2.3.4", true },
                { "1.2.3.4", "1.2.3.5", false },
                { "fe80::/10", "febf::1", true },
                { "fe80::/10", "fec0::1", false },
                { "::/0", "2001:db8::1", true },
                { "2001:db8::1/128", "2001:db8::1", true },
        };
        static const char *const bad[] = { "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "/8", "host/8" };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct network network;
                struct address address;

                assert_int_equal(network_parse(str_from(cases[i].network), &network), 0);
                assert_int_equal(address_parse(str_from(cases[i].address), &address), 0);
                if (network_contains(&network, &address) != cases[i].in)
                        fail_msg("%s in %s", cases[i].address, cases[i].network);
        }
        for (size_t i = 0; i < ELEMENTS_OF(bad); i++) {
                struct network network;

                assert_int_equal(network_parse(str_from(bad[i]), &network), -EBADMSG);
        }
}

/* ---- numbers, printing, room ---- */

static void test_numbers(void **state)
{
        static const struct {
                const char *text;
                int r;
                int64_t n;
        } cases[] = {
                { "0", 0, 0 },
                { "-1", 0, -1 },
                { "0x1F", 0, 31 },
                { "9223372036854775807", 0, INT64_MAX },
                { "-9223372036854775808", 0, INT64_MIN },
                { "9223372036854775808", -ERANGE, 0 },
                { "99999999999999999999", -ERANGE, 0 },
                { "", -EBADMSG, 0 },
                { "-", -EBADMSG, 0 },
                { "0x", -EBADMSG, 0 },
                { "1k", -EBADMSG, 0 },
                { "+1", 0, 1 },
                { "--1", -EBADMSG, 0 },
                { "+-1", -EBADMSG, 0 },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                int64_t n = 0;

                assert_int_equal(value_parse_number(str_from(cases[i].text), &n), cases[i].r);
                assert_true(n == cases[i].n);
        }
}

static void check_printed(struct value value, const char *expected)
{
        _cleanup_(buf_free) struct buf out = { 0 };

        value_print(&value, &out);
        assert_string_equal(out.data, expected);
}

static void test_printing(void **state)
{
        struct value items[] = { value_of_string(STR_LIT("a")), value_of_string(STR_LIT("b\xff")) };

        check_printed(value_absent(), "<NA>");
        check_printed((struct value){ .state = VALUE_UNKNOWN }, "<NA>");
        check_printed(value_of_number(INT64_MIN), "-9223372036854775808");
        check_printed(value_of_bool(true), "true");
        check_printed(value_of_string(STR_LIT("x\ny")), "x\ny");
        check_printed(value_of_list(VALUE_STRING, items, 2), "(a,b\\xff)");
        check_printed(value_of_list(VALUE_STRING, NULL, 0), "()");
}

static void test_scratch_never_grows(void **state)
{
        _Alignas(16) uint8_t room[64];
        struct value_scratch scratch = { .room = room, .size = sizeof(room) };
        struct value_text text;

        text = value_text_begin(&scratch);
        value_text_add(&text, STR_LIT("pid="));
        value_text_add_number(&text, INT64_MIN);
        assert_true(str_equals(value_text_end(&text), "pid=-9223372036854775808"));
        assert_non_null(value_scratch_alloc(&scratch, 32));
        assert_int_equal(scratch.used, 64);
        assert_false(scratch.full);
        assert_null(value_scratch_alloc(&scratch, 1));
        assert_true(scratch.full);
        scratch.used = 60;
        text = value_text_begin(&scratch);
        value_text_add(&text, STR_LIT("abcdef"));
        assert_true(str_equals(value_text_end(&text), "abcd"));
}

static void test_nearest(void **state)
{
        static const char *const names[] = { "proc.name", "proc.pname", "fd.name" };

        assert_string_equal(nearest_name("proc.nam", names, 3), "proc.name");
        assert_string_equal(nearest_name("fd.mane", names, 3), "fd.name");
        assert_null(nearest_name("container", names, 3));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_glob),
                cmocka_unit_test(test_glob_against_fnmatch),
                cmocka_unit_test(test_glob_is_not_exponential),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_networks),
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_printing),
                cmocka_unit_test(test_scratch_never_grows),
                cmocka_unit_test(test_nearest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
