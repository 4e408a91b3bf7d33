/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents sent from a worker and read by pointers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/json_tree.h"

static int set_up(void **state)
{
        json_init();
        return 0;
}

static void send_over(struct str text, struct arena *arena, struct json_tree *ret)
{
        _cleanup_json_ json_t *root = NULL;
        _cleanup_(buf_free) struct buf encoded = { 0 };
        struct error err = ERROR_INIT;
        struct wire_reader r;

        assert_int_equal(json_parse(text, SIZE_MAX, &root, &err), 0);
        json_tree_encode(root, &encoded);
        assert_true(buf_ok(&encoded));
        r = wire_reader(encoded.data, encoded.len);
        assert_int_equal(json_tree_decode(&r, arena, ret), 0);
        assert_true(wire_end(&r));
}

static void expect(const struct json_tree *tree, const char *pointer, const char *wanted)
{
        uint8_t room[512];
        struct value_scratch scratch = { .room = room, .size = sizeof(room) };
        struct value v = json_tree_get(tree, str_from(pointer), &scratch);

        if (!wanted) {
                assert_int_equal(v.state, VALUE_ABSENT);
                return;
        }
        assert_int_equal(v.state, VALUE_PRESENT);
        if (!str_equals(v.string, wanted))
                fail_msg("%s is %.*s, not %s", pointer, STR_ARG(v.string), wanted);
}

static void pointers_find_values(void **state)
{
        static const char text[] = "{\"a\":{\"b\":[1,\"two\",null,[],{\"c\":true}],\"\":\"empty\",\"x/y\":\"slash\",\"m~n\":\"tilde\"},"
                                   "\"n\":-7,\"r\":0.5,\"f\":false,\"o\":{},\"q\":\"\\\"\\\\\\n\\u00e9\"}";
        static const char *const nowhere[] = { "/b", "/a/b/5", "/a/b/01", "/a/b/-", "/a/b/", "/n/x", "/a/x/y", "/a/m~n/", "/" };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct json_tree tree;

        send_over((struct str){ text, sizeof(text) - 1 }, arena, &tree);
        expect(&tree, "/a/b/0", "1");
        expect(&tree, "/a/b/1", "two");
        expect(&tree, "/a/b/2", NULL); /* null is nothing */
        expect(&tree, "/a/b/3", "[]");
        expect(&tree, "/a/b/4/c", "true");
        expect(&tree, "/a/b", "[1,\"two\",null,[],{\"c\":true}]");
        expect(&tree, "/a/", "empty");
        expect(&tree, "/a/x~1y", "slash");
        expect(&tree, "/a/m~0n", "tilde");
        expect(&tree, "/n", "-7");
        expect(&tree, "/r", "0.5");
        expect(&tree, "/f", "false");
        expect(&tree, "/o", "{}");
        expect(&tree, "/q", "\"\\\n\xc3\xa9");
        for (size_t i = 0; i < ELEMENTS_OF(nowhere); i++)
                expect(&tree, nowhere[i], NULL);
}

static void what_is_left_out_is_unknown(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(buf_free) struct buf text = { 0 };
        struct value_scratch scratch = { 0 };
        struct json_tree tree;

        buf_puts(&text, "{\"many\":[0");
        for (unsigned i = 0; i < JSON_TREE_VALUES_MAX; i++)
                buf_puts(&text, ",1");
        buf_puts(&text, "],\"late\":1}");
        send_over(buf_str(&text), arena, &tree);
        assert_true(tree.left_out);
        assert_int_equal(tree.n, JSON_TREE_VALUES_MAX);
        expect(&tree, "/many/7", "1");
        assert_int_equal(json_tree_get(&tree, STR_LIT("/late"), &scratch).state, VALUE_UNKNOWN);

        buf_clear(&text);
        for (unsigned i = 0; i < JSON_TREE_DEPTH_MAX + 5; i++)
                buf_puts(&text, "[");
        for (unsigned i = 0; i < JSON_TREE_DEPTH_MAX + 5; i++)
                buf_puts(&text, "]");
        send_over(buf_str(&text), arena, &tree);
        assert_true(tree.left_out);
        assert_int_equal(tree.n, JSON_TREE_DEPTH_MAX + 1);

        buf_clear(&text);
        buf_puts(&text, "{\"long\":\"");
        for (unsigned i = 0; i < JSON_TREE_BYTES_MAX; i++)
                buf_putc(&text, 'x');
        buf_puts(&text, "\",\"short\":\"y\"}");
        send_over(buf_str(&text), arena, &tree);
        assert_int_equal(json_tree_get(&tree, STR_LIT("/long"), &scratch).state, VALUE_UNKNOWN);
        expect(&tree, "/short", "y");
}

/* Each is one value, or nothing that could be one. */
static void nonsense_from_a_worker_is_refused(void **state)
{
        static const struct str wrong[] = {
                { "", 0 },
                { "\0", 1 },
                { "\x09\0\0\0\0\0\0\0\0", 9 },                 /* no such kind */
                { "\x06\0\0\0\0\0\0\0\0", 9 },                 /* never closed */
                { "\x05\0\0\0\0\xff\0\0\0x", 10 },             /* longer than the message */
                { "\x05\x01\0\0\0\xff\0\0\0\0", 10 },          /* a name that is no UTF-8 */
        };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++) {
                _cleanup_(arena_freep) struct arena *arena = arena_new();
                struct wire_reader r = wire_reader(wrong[i].p, wrong[i].n);
                struct json_tree tree;

                assert_int_equal(json_tree_decode(&r, arena, &tree), 0);
                assert_true(r.bad);
                assert_int_equal(tree.n, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pointers_find_values),
                cmocka_unit_test(what_is_left_out_is_unknown),
                cmocka_unit_test(nonsense_from_a_worker_is_refused),
        };

        return cmocka_run_group_tests(tests, set_up, NULL);
}
