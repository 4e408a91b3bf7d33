/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_reader.h"

/* Gives a few bytes at a time, so that everything is cut somewhere. */
struct drip {
        struct str left;
        size_t n;
};

static ssize_t drip(void *ctx, void *buf, size_t n, struct error *err)
{
        struct drip *d = ctx;

        n = MIN_OF(MIN_OF(n, d->n), d->left.n);
        memcpy(buf, d->left.p, n);
        d->left = (struct str){ d->left.p + n, d->left.n - n };
        return (ssize_t)n;
}

static void describe(struct buf *out, const struct json_event *e)
{
        static const char kinds[] = "?{[.snTF0";

        if (e->key.p)
                buf_printf(out, "%.*s:", STR_ARG(e->key));
        buf_printf(out, "%c%.*s ", kinds[e->kind], STR_ARG(e->text));
}

/* All events as text; what went wrong is the last. */
static const char *events(struct str text, size_t piece)
{
        static char result[4096];
        _cleanup_(json_reader_freep) struct json_reader *reader = NULL;
        _cleanup_(buf_free) struct buf out = { 0 };
        struct drip source = { text, piece };
        struct error err = ERROR_INIT;
        struct json_event event;
        int r;

        assert_int_equal(json_reader_new((struct byte_source){ drip, &source }, &reader, &err), 0);
        while ((r = json_reader_next(reader, &event, &err)) > 0)
                describe(&out, &event);
        if (r < 0)
                buf_printf(&out, "%s", err.message);
        snprintf(result, sizeof(result), "%.*s", STR_ARG(buf_str(&out)));
        return result;
}

static void test_events(void **state)
{
        static const char text[] = " {\"a\" : [1, -0.5e+3,true,false,null,\"x\\n\\u00e9\\ud83d\\ude00\"], \"\":{}, \"b\":\"\"}\n";

        for (size_t piece = 1; piece < 9; piece++)
                assert_string_equal(events(STR_LIT(text), piece), "{ a:[ n1 n-0.5e+3 T F 0 sx\né😀 . :{ . b:s . ");
        assert_string_equal(events(STR_LIT("\xef\xbb\xbf" "7"), 100), "n7 ");
}

static void test_what_is_no_json(void **state)
{
        static const char *const wrong[] = {
                "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "[1 2]", "01", "1.", "-", "tru", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\x01\"",
                "\"\xff\"", "1 1", "[}", "{\"a\" 1}", "\"", "nul",
        };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++)
                if (!strstr(events(str_from(wrong[i]), 100), "line 1: "))
                        fail_msg("'%s' was taken: %s", wrong[i], events(str_from(wrong[i]), 100));
        assert_string_equal(events(STR_LIT("[\n\n x]"), 100), "[ line 3: not valid JSON: a value is expected, not 'x'");
}

static void test_limits(void **state)
{
        _cleanup_(buf_free) struct buf deep = { 0 }, longer = { 0 };

        for (size_t i = 0; i < 600; i++)
                buf_putc(&deep, '[');
        assert_non_null(strstr(events(buf_str(&deep), 100), "nested deeper than 512"));
        buf_putc(&longer, '"');
        for (size_t i = 0; i < JSON_READER_STRING_MAX + 1; i++)
                buf_putc(&longer, 'x');
        assert_non_null(strstr(events(buf_str(&longer), 100000), "a string of more than"));
}

static int take(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        describe(ctx, event);
        return str_equals(event->key, "in") ? json_reader_walk(r, take, ctx, err) : 0;
}

static void test_walking_passes_over_the_rest(void **state)
{
        _cleanup_(json_reader_freep) struct json_reader *reader = NULL;
        _cleanup_(buf_free) struct buf out = { 0 }, text = { 0 };
        struct error err = ERROR_INIT;
        struct json_event event;
        struct drip source;

        buf_puts(&text, "{\"skip\":{\"long\":\"");
        for (size_t i = 0; i < 3u << 20; i++)
                buf_putc(&text, 'x');
        buf_puts(&text, "\",\"y\":[[[1]]]},\"in\":[1,[2],{\"in\":3}],\"in\":4,\"z\":[]}");
        source = (struct drip){ buf_str(&text), 65536 };
        assert_int_equal(json_reader_new((struct byte_source){ drip, &source }, &reader, &err), 0);
        assert_int_equal(json_reader_next(reader, &event, &err), 1);
        assert_int_equal(json_reader_walk(reader, take, &out, &err), 0);
        assert_string_equal(out.data, "skip:{ in:[ n1 [ { in:n4 z:[ ");
        assert_int_equal(json_reader_next(reader, &event, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_events),
                cmocka_unit_test(test_what_is_no_json),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_walking_passes_over_the_rest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
