/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/pattern.h"

static struct pattern_scratch *scratch;

static int make_scratch(void **state)
{
        struct error err = ERROR_INIT;

        return pattern_scratch_new(&scratch, &err);
}

static int free_scratch(void **state)
{
        scratch = pattern_scratch_free(scratch);
        return 0;
}

static bool matches(const char *expression, struct str text)
{
        _cleanup_(pattern_freep) struct pattern_program *program = NULL;
        struct error err = ERROR_INIT;

        if (pattern_compile(str_from(expression), &program, &err) < 0 || pattern_scratch_add(scratch, program, &err) < 0)
                fail_msg("%s", err.message);
        return pattern_matches(program, scratch, text);
}

static void test_whole_texts(void **state)
{
        static const struct {
                const char *expression, *text;
                bool matches;
        } cases[] = {
                { "abc", "abc", true },
                { "abc", "xabc", false },
                { "abc", "abcx", false },
                { "abc", "abc\n", false },
                { "abc$", "abc\n", false },
                { "^abc$", "abc", true },
                { "a|bc", "bc", true },
                { "a|bc", "ac", false },
                { "", "", true },
                { "", "a", false },
                { ".*", "", true },
                { ".*", "a b", true },
                { ".*", "a\nb", false },
                { "(?s).*", "a\nb", true },
                { "[^x]*", "a\nb", true },
                { "(?i)ABC", "abc", true },
                { "(?i)\xc3\x89", "\xc3\xa9", true },
                { ".", "\xc3\xa9", true },
                { "..", "\xc3\xa9", false },
                { "[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true },
                { "\\d{2,3}", "123", true },
                { "\\d+", "\xd9\xa1", false }, /* ASCII digits only, as in RE2 */
                { "[[:alpha:]]+", "ab", true },
                { "\\bfoo\\b", "foo", true },
                { "(?P<name>a)b", "ab", true },
                { "\\Qa.b\\E", "a.b", true },
                { "\\x{1F600}", "\xf0\x9f\x98\x80", true },
                { "(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (matches(cases[i].expression, str_from(cases[i].text)) != cases[i].matches)
                        fail_msg("'%s' on '%s'", cases[i].expression, cases[i].text);
        assert_true(matches("a.b", (struct str){ "a\0b", 3 }));
}

static void test_expressions_that_are_refused(void **state)
{
        static const struct {
                const char *expression, *message;
                int r;
        } cases[] = {
                { "(a)\\1", "regular expression '(a)\\1': Back-references are unsupported.", -ENOTSUP },
                { "(?=a)a", "regular expression '(?=a)a': Zero-width assertions are not supported.", -ENOTSUP },
                { "a*+b", "regular expression 'a*+b': Possessive quantifiers are not supported.", -ENOTSUP },
                { "(?>a)b", "regular expression '(?>a)b': Atomic groups are unsupported.", -ENOTSUP },
                { "a)b(c", "regular expression 'a)b(c': Unmatched parentheses at index 1.", -EBADMSG },
                { "a)|(?:b", "regular expression 'a)|(?:b': Unmatched parentheses at index 1.", -EBADMSG },
                { "[a", NULL, -EBADMSG },
                { "(a", NULL, -EBADMSG },
                { "a\\", NULL, -EBADMSG },
                { "*a", NULL, -EBADMSG },
                { "a\xff", "a regular expression must be UTF-8 without NUL", -EBADMSG },
                /* What would take seconds or minutes to compile. */
                { "((a{1,100}){1,100}){1,100}", NULL, -E2BIG },
                { "(a{1,1000}|b{1,1000}){1,30}", NULL, -E2BIG },
                { "(\\pL{1,50}x){10}", NULL, -E2BIG },
                { "(.{1,60}a){20}", NULL, -E2BIG },
                { "[^\\pL\\pN]{1,20}", NULL, -E2BIG },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct pattern_program *program = NULL;
                struct error err = ERROR_INIT;
                int r = pattern_compile(str_from(cases[i].expression), &program, &err);

                if (r != cases[i].r)
                        fail_msg("'%s': %d, %s", cases[i].expression, r, err.message);
                if (cases[i].message)
                        assert_string_equal(err.message, cases[i].message);
                assert_null(program);
        }
}

/* Nesting, and many places where a match may go on, are as bad as length. */
static void test_deep_and_branching_expressions(void **state)
{
        _cleanup_(buf_free) struct buf deep = { 0 }, optional = { 0 };
        struct pattern_program *program = NULL;
        struct error err = ERROR_INIT;

        for (unsigned i = 0; i < 1000; i++)
                buf_putc(&deep, '(');
        for (unsigned i = 0; i < 1000; i++)
                buf_putc(&deep, ')');
        for (unsigned i = 0; i < 300; i++)
                buf_puts(&optional, "a?b?c?d?");
        assert_int_equal(pattern_compile(buf_str(&deep), &program, &err), -E2BIG);
        assert_int_equal(pattern_compile(buf_str(&optional), &program, &err), -E2BIG);
        assert_int_equal(pattern_compile(STR_LIT("(a?b?c?d?e?){20}x{2,}y{z}[]a]+"), &program, &err), 0);
        pattern_free(program);
}

static void test_long_expressions(void **state)
{
        char text[PATTERN_LENGTH_MAX + 1];
        struct pattern_program *program = NULL;
        struct error err = ERROR_INIT;

        memset(text, 'a', sizeof(text));
        assert_int_equal(pattern_compile((struct str){ text, sizeof(text) }, &program, &err), -E2BIG);
        assert_int_equal(pattern_compile((struct str){ text, sizeof(text) - 1 }, &program, &err), 0);
        assert_int_equal(pattern_scratch_add(scratch, program, &err), 0);
        assert_true(pattern_matches(program, scratch, (struct str){ text, sizeof(text) - 1 }));
        pattern_free(program);
}

/* A byte that is no UTF-8 is one character, wherever it stands. */
static void test_texts_that_are_not_utf8(void **state)
{
        static const char *const bad[] = { "\xff", "\xc3", "\x80", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xc0\xaf", "\xf4\x90\x80\x80" };

        for (size_t i = 0; i < ELEMENTS_OF(bad); i++) {
                _cleanup_(buf_free) struct buf text = { 0 };
                char dots[32] = { 0 };

                buf_printf(&text, "/etc/%s/shadow", bad[i]);
                memset(dots, '.', strlen(bad[i]));
                assert_true(matches("/etc/.*/shadow", buf_str(&text)));
                assert_true(matches("/etc/[^a]+/shadow", buf_str(&text)));
                assert_false(matches("/etc/[a-z]+/shadow", buf_str(&text)));
                buf_clear(&text);
                buf_puts(&text, bad[i]);
                assert_true(matches(dots, buf_str(&text)));
        }
        assert_true(matches("\xef\xbf\xbd", STR_LIT("\xff")));
}

static void test_large_texts(void **state)
{
        size_t n = PATTERN_TEXT_MAX;
        char *text = malloc(n + 1);

        memset(text, 'a', n + 1);
        assert_true(matches("a+", (struct str){ text, n + 1 }));
        text[0] = '\xff'; /* three bytes now */
        assert_true(matches(".a+", (struct str){ text, n - 2 }));
        assert_false(matches(".a+", (struct str){ text, n - 1 }));
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole_texts),
                cmocka_unit_test(test_expressions_that_are_refused),
                cmocka_unit_test(test_deep_and_branching_expressions),
                cmocka_unit_test(test_long_expressions),
                cmocka_unit_test(test_texts_that_are_not_utf8),
                cmocka_unit_test(test_large_texts),
        };

        return cmocka_run_group_tests(tests, make_scratch, free_scratch);
}
