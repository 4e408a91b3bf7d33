/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/names.h"
#include "base/yaml.h"

#define assert_str(s, text) assert_true(str_equals(s, text))

struct parsed {
        struct arena *arena;
        struct yaml_node **documents;
        size_t n;
        struct yaml_mark where;
        struct error err;
        int code;
};

static struct parsed parse_limited(struct str text, struct yaml_limits limits)
{
        struct parsed p = { .arena = arena_new() };

        assert_non_null(p.arena);
        p.code = yaml_parse(text, &limits, p.arena, &p.documents, &p.n, &p.where, &p.err);
        return p;
}

static struct parsed parse(const char *text)
{
        return parse_limited(str_from(text), (struct yaml_limits)YAML_LIMITS_DEFAULT);
}

static void done(struct parsed *p)
{
        p->arena = arena_free(p->arena);
}

#define _cleanup_parsed_ _cleanup_(done)

static void assert_refused(const char *text, int code, unsigned line, unsigned column, const char *message)
{
        _cleanup_parsed_ struct parsed p = parse(text);

        if (p.code != code || p.where.line != line || p.where.column != column || !strstr(p.err.message, message))
                fail_msg("'%s': %d at %u:%u: %s", text, p.code, p.where.line, p.where.column, p.err.message);
}

static void test_kinds_and_places(void **state)
{
        _cleanup_parsed_ struct parsed p =
                parse("# a comment\na: 1\nbéé: [x, 'y', \"z\"]\nc:\n  - d: ~\n    e: |\n      text\n");
        const struct yaml_node *top, *list, *map;

        assert_int_equal(p.code, 0);
        assert_int_equal(p.n, 1);
        top = p.documents[0];
        assert_int_equal(top->kind, YAML_MAPPING);
        assert_int_equal(top->n, 3);
        assert_int_equal(top->mark.line, 2);
        assert_str(yaml_get(top, "a")->text, "1");
        assert_true(yaml_get(top, "a")->plain);
        assert_null(yaml_get(top, "x"));
        list = yaml_get(top, "béé");
        assert_int_equal(list->kind, YAML_SEQUENCE);
        assert_int_equal(list->n, 3);
        assert_int_equal(list->mark.column, 6);
        assert_false(list->items[1]->plain);
        assert_int_equal(list->items[1]->style, YAML_SINGLE_QUOTED);
        assert_int_equal(list->items[2]->style, YAML_DOUBLE_QUOTED);
        assert_str(list->items[2]->raw, "\"z\"");
        map = yaml_get(top, "c")->items[0];
        assert_true(yaml_is_null(yaml_get(map, "d")));
        assert_str(yaml_get(map, "e")->text, "text\n");
        assert_int_equal(yaml_get(map, "e")->style, YAML_BLOCK);
        assert_null(yaml_get(list, "a"));
}

static void test_documents(void **state)
{
        _cleanup_parsed_ struct parsed none = parse(""), three = parse("a: 1\n---\n---\n- 2\n"),
                                       comment = parse("# x\n");

        assert_int_equal(none.code, 0);
        assert_int_equal(none.n, 0);
        assert_int_equal(comment.n, 0);
        assert_int_equal(three.n, 3);
        assert_true(yaml_is_null(three.documents[1]));
        assert_int_equal(three.documents[2]->kind, YAML_SEQUENCE);
}

static void test_windows_line_ends_and_byte_order_mark(void **state)
{
        _cleanup_parsed_ struct parsed p = parse("\xef\xbb\xbf" "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 2\r\n");

        assert_int_equal(p.code, 0);
        assert_str(yaml_get(p.documents[0], "b")->text, "x\ny\n");
        assert_int_equal(yaml_get(p.documents[0], "c")->mark.line, 5);
        assert_str(yaml_get(p.documents[0], "a")->raw, "1");
}

static void test_what_is_refused(void **state)
{
        _cleanup_parsed_ struct parsed nul = parse_limited((struct str){ "a: b\0c\n", 7 },
                                                           (struct yaml_limits)YAML_LIMITS_DEFAULT);
        _cleanup_parsed_ struct parsed utf16 = parse_limited((struct str){ "\xff\xfe" "a\0", 4 },
                                                             (struct yaml_limits)YAML_LIMITS_DEFAULT);

        assert_int_equal(nul.code, -EBADMSG);
        assert_int_equal(utf16.code, -EBADMSG);
        assert_refused("a: 1\nb: 2\na: 3\n", -EBADMSG, 3, 1, "'a' stands twice");
        assert_refused("a: {x: 1, y: 2, 'x': 3}\n", -EBADMSG, 1, 17, "'x' stands twice");
        assert_refused("a: 1\nb: caf\xe9\n", -EBADMSG, 2, 7, "not UTF-8");
        assert_refused("a: \xc0\x80\n", -EBADMSG, 1, 4, "not UTF-8");
        assert_refused("a: \x01\n", -EBADMSG, 1, 4, "control characters");
        assert_refused("a: [1, 2\n", -EBADMSG, 2, 1, "expected ',' or ']'");
        assert_refused("a: b: c\n", -EBADMSG, 1, 5, "mapping values are not allowed");
        assert_refused("a: *x\n", -EBADMSG, 1, 4, "no such anchor");
        assert_refused("a: &x [1, *x]\n", -EBADMSG, 1, 11, "inside what it names");
        assert_refused("&x a: *x\n---\nb: *x\n", -EBADMSG, 3, 4, "no such anchor");
        assert_refused("a: !<tag:yaml.org,2002:str b\n", -EBADMSG, 1, 27, "tag");
        assert_refused("\ta: 1\n", -EBADMSG, 1, 1, "cannot start any token");
}

static void test_place_in_the_message(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct yaml_limits limits = YAML_LIMITS_DEFAULT;
        struct yaml_node **documents;
        struct error err = ERROR_INIT;
        size_t n;

        assert_int_equal(yaml_parse(STR_LIT("a: 1\na: 2\n"), &limits, arena, &documents, &n, NULL, &err), -EBADMSG);
        assert_string_equal(err.message, "line 2, column 1: the key 'a' stands twice in one mapping, first on line 1");
}

static void test_aliases(void **state)
{
        _cleanup_parsed_ struct parsed p = parse("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n");
        const struct yaml_node *top = p.documents[0];

        assert_int_equal(p.code, 0);
        assert_ptr_equal(yaml_get(top, "a"), yaml_get(top, "b"));
        assert_str(yaml_get(top, "d")->text, "3");
}

/* Ten lines that mean a thousand million nodes. */
static void test_alias_bomb(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct parsed p;

        buf_puts(&text, "a0: &a0 x\n");
        for (unsigned i = 1; i < 10; i++) {
                buf_printf(&text, "a%u: &a%u [", i, i);
                for (unsigned j = 0; j < 10; j++)
                        buf_printf(&text, "%s*a%u", j ? ", " : "", i - 1);
                buf_puts(&text, "]\n");
        }
        p = parse(text.data);
        assert_int_equal(p.code, -E2BIG);
        assert_int_equal(p.where.line, 7);
        done(&p);
}

static void test_limits(void **state)
{
        static const struct yaml_limits small = { .bytes = 64, .depth = 4, .nodes = 12 };
        static char line[256];
        struct parsed p;

        memset(line, 'x', sizeof(line));
        p = parse_limited((struct str){ line, sizeof(line) }, small);
        assert_int_equal(p.code, -E2BIG);
        done(&p);
        p = parse_limited(STR_LIT("[[[[]]]]"), small);
        assert_int_equal(p.code, 0);
        done(&p);
        p = parse_limited(STR_LIT("[[[[[]]]]]"), small);
        assert_int_equal(p.code, -E2BIG);
        assert_int_equal(p.where.column, 5);
        done(&p);
        p = parse_limited(STR_LIT("[&a [[[]]], [*a]]"), small); /* one level more than where it was named */
        assert_int_equal(p.code, -E2BIG);
        done(&p);
        p = parse_limited(STR_LIT("[1,2,3,4,5,6,7,8,9,0,1,2]"), small);
        assert_int_equal(p.code, -E2BIG);
        done(&p);
}

static void test_a_line_of_100_megabytes(void **state)
{
        size_t n = 100u << 20;
        char *text = malloc(n);
        struct parsed p;

        assert_non_null(text);
        memset(text, 'x', n);
        p = parse_limited((struct str){ text, n }, (struct yaml_limits)YAML_LIMITS_DEFAULT);
        assert_int_equal(p.code, -E2BIG);
        done(&p);
        p = parse_limited((struct str){ text, 16u << 20 }, (struct yaml_limits)YAML_LIMITS_DEFAULT);
        assert_int_equal(p.code, 0);
        assert_int_equal(p.documents[0]->text.n, 16u << 20);
        done(&p);
        free(text);
}

/* Many keys and many anchors: neither may make it slow. */
static void test_wide_documents(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct parsed p;

        for (unsigned i = 0; i < 100000; i++)
                buf_printf(&text, "k%u: &a%u v\n", i, i);
        for (unsigned i = 0; i < 100000; i++)
                buf_printf(&text, "l%u: *a%u\n", i, i);
        p = parse(text.data);
        assert_int_equal(p.code, 0);
        assert_int_equal(p.documents[0]->n, 200000);
        done(&p);
}

static void test_bool_and_null(void **state)
{
        _cleanup_parsed_ struct parsed p = parse("[true, No, 'on', ~, '', 1, null, !!str true, {}]");
        struct error err = ERROR_INIT;
        struct yaml_node **items = p.documents[0]->items;
        bool b = false;

        assert_int_equal(yaml_bool(items[0], &b, &err), 0);
        assert_true(b);
        assert_int_equal(yaml_bool(items[1], &b, &err), 0);
        assert_false(b);
        assert_int_equal(yaml_bool(items[2], &b, &err), -EBADMSG);
        assert_string_equal(err.message, "line 1, column 12: true or false is expected");
        assert_int_equal(yaml_bool(items[5], &b, &err), -EBADMSG);
        assert_int_equal(yaml_bool(items[7], &b, &err), -EBADMSG);
        assert_int_equal(yaml_bool(items[8], &b, &err), -EBADMSG);
        assert_true(yaml_is_null(items[3]));
        assert_false(yaml_is_null(items[4]));
        assert_true(yaml_is_null(items[6]));
        assert_false(yaml_is_null(items[8]));
}

/* ---- stretches ---- */

static void take_stretch(void *ctx, size_t offset, struct yaml_mark mark)
{
        buf_printf(ctx, "%s%zu@%u:%u", ((struct buf *)ctx)->len ? " " : "", offset, mark.line, mark.column);
}

static void assert_stretches(const char *text, const char *value, const char *expected)
{
        _cleanup_parsed_ struct parsed p = parse(text);
        _cleanup_(buf_free) struct buf out = { 0 };
        const struct yaml_node *scalar;

        assert_int_equal(p.code, 0);
        scalar = yaml_get(p.documents[0], "a");
        assert_str(scalar->text, value);
        yaml_stretches(scalar, take_stretch, &out);
        assert_string_equal(out.data ? out.data : "", expected);
}

static void test_stretches(void **state)
{
        assert_stretches("a: one two", "one two", "0@1:4");
        assert_stretches("a: one\n   two\n  three", "one two three", "0@1:4 4@2:4 8@3:3");
        assert_stretches("a: >-  # why\n  one two\n  three\n", "one two three", "0@2:3 8@3:3");
        assert_stretches("a: |\n    one\n      two\n", "one\n  two\n", "0@2:5 6@3:7");
        assert_stretches("a: |\r\n    one\r\n    two\r\n", "one\ntwo\n", "0@2:5 4@3:5");
        assert_stretches("a: |+\n\n  one\n\n", "\none\n\n", "1@3:3");
        assert_stretches("a: 'it''s é x'", "it's é x", "0@1:5 3@1:9");
        assert_stretches("a: \"x\\ty\\x41\\u00e9\\\"b\"", "x\tyAé\"b", "0@1:5 2@1:8 4@1:13 6@1:19 7@1:21");
        assert_stretches("a: \"one\\\n   two\"", "onetwo", "0@1:5 3@2:4");
        assert_stretches("a: \"one \\x20two\"", "one  two", "0@1:5 5@1:13");
        assert_stretches("a: ''", "", "0@1:5");
        assert_stretches("a: é b\n  c", "é b c", "0@1:4 5@2:3");
}

/* ---- names ---- */

struct thing {
        struct str name;
        unsigned number;
};

static void test_names(void **state)
{
        static struct thing things[1000], again = { { "n7", 2 }, 7777 };
        static char text[1000][8];
        _cleanup_(names_done) struct names names = { 0 };

        assert_null(names_find(&names, STR_LIT("n1")));
        for (unsigned i = 0; i < 1000; i++) {
                snprintf(text[i], sizeof(text[i]), "n%u", i);
                things[i] = (struct thing){ str_from(text[i]), i };
                assert_int_equal(names_put(&names, &things[i].name), 0);
        }
        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(((struct thing *)names_find(&names, str_from(text[i])))->number, i);
        assert_null(names_find(&names, STR_LIT("n1000")));
        assert_int_equal(names_put(&names, &again.name), 0);
        assert_int_equal(((struct thing *)names_find(&names, STR_LIT("n7")))->number, 7777);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kinds_and_places),
                cmocka_unit_test(test_documents),
                cmocka_unit_test(test_windows_line_ends_and_byte_order_mark),
                cmocka_unit_test(test_what_is_refused),
                cmocka_unit_test(test_place_in_the_message),
                cmocka_unit_test(test_aliases),
                cmocka_unit_test(test_alias_bomb),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_a_line_of_100_megabytes),
                cmocka_unit_test(test_wide_documents),
                cmocka_unit_test(test_bool_and_null),
                cmocka_unit_test(test_stretches),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
