/* SPDX-License-Identifier: Apache-2.0 */
/* YAML parsed in a worker: the same tree and the same errors as in place, and nothing taken from a worker that is not
 * so. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/wire.h"
#include "base/yaml_private.h"
#include "base/yaml_worker.h"

static const struct yaml_limits usual = YAML_LIMITS_DEFAULT;

/* ---- two trees ---- */

#define ANCHORED_MAX 64

struct pair {
        const struct yaml_node *of[ANCHORED_MAX + 1]; /* the second tree's, by number */
};

static void assert_same(struct pair *p, const struct yaml_node *a, const struct yaml_node *b)
{
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->mark.line, b->mark.line);
        assert_int_equal(a->mark.column, b->mark.column);
        assert_int_equal(a->anchor, b->anchor);
        assert_true(a->anchor <= ANCHORED_MAX);
        if (a->anchor && p->of[a->anchor]) {
                assert_ptr_equal(p->of[a->anchor], b); /* shared as it was */
                return;
        }
        p->of[a->anchor] = b;
        if (a->kind == YAML_SCALAR) {
                assert_int_equal(a->style, b->style);
                assert_int_equal(a->plain, b->plain);
                assert_true(str_equal(a->text, b->text));
                assert_int_equal(b->text.p[b->text.n], 0);
                assert_ptr_equal(a->raw.p, b->raw.p);
                assert_int_equal(a->raw.n, b->raw.n);
        }
        assert_int_equal(a->n, b->n);
        for (size_t i = 0; i < a->n; i++) {
                if (a->kind == YAML_MAPPING)
                        assert_same(p, a->pairs[i].key, b->pairs[i].key);
                assert_same(p, a->kind == YAML_MAPPING ? a->pairs[i].value : a->items[i],
                            b->kind == YAML_MAPPING ? b->pairs[i].value : b->items[i]);
        }
}

static const struct {
        const char *text;
        size_t n; /* 0: up to its end */
} samples[] = {
        { "a: 1\n", 0 },
        { "", 0 },
        { "# nothing\n", 0 },
        { "--- a\n...\n---\n- b\n--- !!str true\n---\n", 0 },
        { "# comment\na: >-\n  folded\n  text\n\n  more\nb: |+\n    literal\n      indented\n\nc: 1\n", 0 },
        { "{a: [1, 'it''s', \"x\\ty\\x41\\u00e9\\\n   z\"], b: {c: ~, ? d : e}, [f]: g, {h: i}: }\n", 0 },
        { "a: &x [1, &y 2]\nb: *x\nc: [*y, *x, &x {*y : *y}]\nd: *x\n--- &x e\n--- [&x f, *x]\n", 0 },
        { "\xef\xbb\xbf" "a: |\r\n  b\r\n  c\r\nd: e\r\n", 0 },
        { "a: b\xc2\x85" "c: |\xe2\x80\xa8  d\xe2\x80\xa9  e\rf: 'g\n\n  h'\n", 0 },
        { "a: \"b\\0c\\L\\L\\L\"\n\"\\0\": d\n", 0 },
        { "h\xc3\xa9: \xe2\x82\xac \xf0\x9f\x98\x80\n", 0 },
        { "[[[[[[[[]]]]]]], {}, [], '', \"\", !!x y, !z {}]\n", 0 },
        { "a: 1\nb: 2\na: 3\n", 0 },
        { "a: caf\xe9\n", 0 },
        { "\xef\xbb\xbf" "a: [1, 2\n", 0 },
        { "a: b: c\n", 0 },
        { "a: *x\n", 0 },
        { "a: &x [1, *x]\n", 0 },
        { "&x a: *x\n---\nb: *x\n", 0 },
        { "a: b\0c\n", 7 },
};

static struct str sample(size_t i)
{
        return samples[i].n ? (struct str){ samples[i].text, samples[i].n } : str_from(samples[i].text);
}

static void assert_same_result(const struct yaml_parser *parser, struct str text, const struct yaml_limits *limits)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new(), *other = arena_new();
        struct yaml_node **here, **there;
        struct yaml_mark where[2] = { { 0 } };
        struct error err[2] = { ERROR_INIT, ERROR_INIT };
        struct pair pair = { { 0 } };
        size_t n_here, n_there;
        int r = yaml_parse(text, limits, arena, &here, &n_here, &where[0], &err[0]);

        if (yaml_parse_with(parser, text, limits, other, &there, &n_there, &where[1], &err[1]) != r)
                fail_msg("'%.*s': %d %s; %d %s", STR_ARG(text), err[0].code, err[0].message, err[1].code, err[1].message);
        assert_string_equal(err[0].message, err[1].message);
        assert_memory_equal(&where[0], &where[1], sizeof(where[0]));
        if (r < 0)
                return;
        assert_int_equal(n_here, n_there);
        for (size_t i = 0; i < n_here; i++)
                assert_same(&pair, here[i], there[i]);
}

/* Without a process between. */
static int parse_answer(void *ctx, struct str text, const struct yaml_limits *limits, struct arena *arena,
                        struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where, struct error *err)
{
        _cleanup_(buf_free) struct buf answer = { 0 };
        int r = yaml_check_size(text, limits, err);

        if (r == 0)
                r = yaml_answer(text, limits, &answer, err);
        assert_true(answer.len <= yaml_answer_max(text, limits));
        return r < 0 ? r : yaml_take_answer(buf_str(&answer), text, limits, arena, ret, ret_n, ret_where, err);
}

static void test_the_same_tree(void **state)
{
        static const struct yaml_limits small = { .bytes = 64, .depth = 4, .nodes = 6 };
        static const struct yaml_parser direct = { parse_answer, NULL };
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };
        struct yaml_parser confined = yaml_worker_parser(&worker);

        for (size_t i = 0; i < ELEMENTS_OF(samples); i++) {
                assert_same_result(&direct, sample(i), &usual);
                assert_same_result(&direct, sample(i), &small);
                assert_same_result(&confined, sample(i), &usual);
                assert_same_result(&confined, sample(i), &small);
        }
}

static void test_the_place_in_the_message(void **state)
{
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct error err = ERROR_INIT;
        struct yaml_node **documents;
        size_t n;

        assert_int_equal(yaml_parse_confined(&worker, STR_LIT("a: 1\na: 2\n"), &usual, arena, &documents, &n, NULL, &err), -EBADMSG);
        assert_string_equal(err.message, "line 2, column 1: the key 'a' stands twice in one mapping, first on line 1");
}

/* In many pieces each way; a byte order mark does not count. */
static void test_large_texts(void **state)
{
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };
        struct yaml_parser confined = yaml_worker_parser(&worker);
        _cleanup_(buf_free) struct buf text = { 0 };
        struct yaml_limits limits = usual;

        buf_puts(&text, "\xef\xbb\xbf");
        for (unsigned i = 0; i < 50000; i++)
                buf_printf(&text, "key %u: \"\\L\\L\\L\\L\\L\\L\\L\\L\\L\\L\\L\\L\"\n", i);
        limits.bytes = text.len - 3;
        assert_same_result(&confined, buf_str(&text), &limits);
        limits.bytes--;
        assert_same_result(&confined, buf_str(&text), &limits);
}

/* ---- workers that are not honest ---- */

static int turn(struct str question, struct str text, struct buf *out, struct error *err)
{
        struct wire_reader r = wire_reader(question.p, question.n);
        struct yaml_limits limits = { 0 };

        limits.bytes = wire_get_u64(&r);
        limits.depth = wire_get_u64(&r);
        limits.nodes = wire_get_u64(&r);
        if (str_starts(text, "die"))
                __builtin_trap();
        if (str_starts(text, "open") && open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
                _exit(7);
        if (str_starts(text, "nonsense"))
                return error_say(err, -EINVAL, "nonsense");
        if (str_starts(text, "endless")) {
                for (size_t i = 0; i < 4u << 20; i++)
                        buf_putc(out, 1);
                return 0;
        }
        if (str_starts(text, "empty"))
                return 0;
        if (str_starts(text, "memory"))
                return error_oom(err);
        if (str_starts(text, "leave"))
                _exit(0);
        return yaml_answer(text, &limits, out, err);
}

static int run_turning(struct worker_io *io, struct error *err)
{
        return text_worker_serve(io, turn, err);
}

static void assert_blamed(struct yaml_worker *worker, const char *text, int code, const char *says)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct yaml_mark where = { 9, 9 };
        struct error err = ERROR_INIT;
        struct yaml_node **documents;
        size_t n;
        int r = yaml_parse_confined(worker, str_from(text), &usual, arena, &documents, &n, &where, &err);

        if (r != code || err.code != code || !strstr(err.message, says))
                fail_msg("%s: %d %s", text, err.code, err.message);
        assert_true(yaml_blames_text(r));
        assert_int_equal(where.line, 0);
        /* The next one is parsed. */
        assert_int_equal(yaml_parse_confined(worker, STR_LIT("[a]"), &usual, arena, &documents, &n, NULL, &err), 0);
        assert_int_equal(n, 1);
}

static void test_workers_that_misbehave(void **state)
{
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };

        assert_blamed(&worker, "die", -EPROTO, "this text made its parser misbehave: the worker 'yaml' "); /* a sanitizer may end it */
        assert_blamed(&worker, "open", -EPROTO, "misbehave: the worker that parses YAML was refused a system call: openat");
        assert_blamed(&worker, "nonsense", -EPROTO, "answered nonsense");
        assert_blamed(&worker, "endless", -EPROTO, "answered nonsense");
        assert_blamed(&worker, "empty", -EPROTO, "answered nonsense");
        assert_blamed(&worker, "leave", -EPROTO, "ended without a result");
        assert_blamed(&worker, "memory", -E2BIG, "more than the 512 MiB of memory");
}

/* ---- answers that no parser gives ---- */

static const struct yaml_limits tight = { .bytes = 100, .depth = 3, .nodes = 20 };

static int take(struct str text, struct str answer, struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct yaml_mark where = { 0 };
        struct yaml_node **documents;
        char *copy = malloc(answer.n ? answer.n : 1); /* of its own, so that a read beyond it is seen */
        size_t n;
        int r;

        assert_non_null(copy);
        memcpy(copy, answer.n ? answer.p : "", answer.n);
        r = yaml_take_answer((struct str){ copy, answer.n }, text, &tight, arena, &documents, &n, &where, err);
        free(copy);
        return r;
}

static void test_damaged_answers(void **state)
{
        static const char *const texts[] = { "a: &x [1, \"\\0\", *x1]\n", "a: &x [é, \"\\0\"]\nb: *x\nc: |\n  d\n", "a: [\n" };

        for (size_t i = 0; i < ELEMENTS_OF(texts); i++) {
                _cleanup_(buf_free) struct buf answer = { 0 };
                struct error err = ERROR_INIT;
                struct str text = str_from(texts[i]);

                assert_int_equal(yaml_answer(text, &tight, &answer, &err), 0);
                for (size_t n = 0; n < answer.len; n++) /* a first byte alone is a text without documents */
                        assert_int_equal(take(text, (struct str){ answer.data, n }, &err), n == 1 && i == 1 ? 0 : -EPROTO);
                for (size_t n = 0; n < answer.len; n++)
                        for (unsigned bit = 0; bit < 8; bit++) {
                                int r;

                                answer.data[n] ^= (char)(1u << bit);
                                r = take(text, buf_str(&answer), &err);
                                assert_true(r == 0 || r == -EPROTO || (i != 1 && (r == -EBADMSG || r == -E2BIG)));
                                answer.data[n] ^= (char)(1u << bit);
                        }
        }
}

/* Tokens in letters: [ { ] as in YAML, s a plain scalar "a", & before a node gives it an anchor, digits are aliases. */
static void put_tokens(struct buf *out, const char *letters)
{
        bool anchored = false;

        wire_put_u8(out, 1);
        for (const char *c = letters; *c; c++) {
                if (*c == '&') {
                        anchored = true;
                        continue;
                }
                wire_put_u8(out, *c == 's' ? YAML_SCALAR : *c == '[' ? YAML_SEQUENCE : *c == '{' ? YAML_MAPPING : *c == ']' ? 4 : 5);
                if (strchr("s[{", *c)) {
                        wire_put_u8(out, anchored | (*c == 's' ? 2 : 0));
                        wire_put_u32(out, 1);
                        wire_put_u32(out, 1);
                } else if (*c != ']') {
                        wire_put_u32(out, (uint32_t)(*c - '0'));
                }
                if (*c == 's') {
                        wire_put_u32(out, 0);
                        wire_put_u32(out, 1);
                        wire_put_str(out, STR_LIT("a"));
                }
                anchored = false;
        }
}

static void test_trees_that_can_not_be(void **state)
{
        static const struct {
                const char *letters;
                int code;
        } trees[] = {
                { "", 0 }, { "s", 0 }, { "ss[]", 0 }, { "[[[]]]", 0 }, { "{s[]}", -EPROTO }, { "{s[]]", 0 }, { "[&s1]", 0 },
                { "[&[]&[s1]12]", 0 }, { "{[]s&[]1]", 0 },
                { "]", -EPROTO }, { "s]", -EPROTO }, { "[]]", -EPROTO }, { "[", -EPROTO }, { "[[]", -EPROTO },
                { "{s]", -EPROTO },         /* a key without a value */
                { "{ssss]", -EPROTO },      /* a key that stands twice */
                { "[1]", -EPROTO }, { "[&s2]", -EPROTO }, { "[&s0]", -EPROTO }, { "[1&s]", -EPROTO },
                { "1", -EPROTO }, { "&s1", -EPROTO }, { "[&s][1]", -EPROTO }, /* of another document */
                { "&[1]", -EPROTO }, { "[&[&[2]]]", -EPROTO }, { "[&{s1]]", -EPROTO }, /* inside what it names */
                { "[[[[]]]]", -EPROTO }, { "[[[s]]]", -EPROTO }, { "[&[s][[1]]]", -EPROTO }, /* deeper than 3 */
                { "[ssssssssssssssssssss]", -EPROTO }, { "[&[ssssss]111]", -EPROTO }, /* more than 20 */
        };

        for (size_t i = 0; i < ELEMENTS_OF(trees); i++) {
                _cleanup_(buf_free) struct buf answer = { 0 };
                struct error err = ERROR_INIT;

                put_tokens(&answer, trees[i].letters);
                if (take(STR_LIT("a"), buf_str(&answer), &err) != trees[i].code)
                        fail_msg("%s: %d %s", trees[i].letters, err.code, err.message);
        }
}

struct scalar {
        unsigned token, flags, line, column, at, n;
        struct str text;
};

static void test_scalars_that_can_not_be(void **state)
{
        static const struct scalar good = { YAML_SCALAR, 2, 1, 1, 0, 3, { "x", 1 } };
        struct scalar s[16];
        struct str text = STR_LIT("a\xc3\xa9"); /* three bytes, two characters */
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS_OF(s); i++)
                s[i] = good;
        s[n++].token = 6;
        s[n++].token = 0;
        s[n++].flags = 4 << 2;
        s[n++].flags = 0xff;
        s[n++].flags = 2 | YAML_SINGLE_QUOTED << 2;
        s[n++].line = 0;
        s[n++].line = 5;
        s[n++].column = 0;
        s[n++].column = UINT32_MAX;
        s[n++].at = 4;
        s[n++].n = 4;
        s[n++].n = UINT32_MAX;
        s[n].at = 2; /* within a character */
        s[n++].n = 1;
        s[n++].n = 2;
        s[n++].text = (struct str){ "a\0b", 3 };
        s[n++].text = STR_LIT("\xc3");
        assert_int_equal(n, ELEMENTS_OF(s));
        for (size_t i = 0; i <= n; i++) {
                const struct scalar *it = i < n ? &s[i] : &good;
                _cleanup_(buf_free) struct buf answer = { 0 };
                struct error err = ERROR_INIT;

                wire_put_u8(&answer, 1);
                wire_put_u8(&answer, (uint8_t)it->token);
                wire_put_u8(&answer, (uint8_t)it->flags);
                wire_put_u32(&answer, it->line);
                wire_put_u32(&answer, it->column);
                wire_put_u32(&answer, it->at);
                wire_put_u32(&answer, it->n);
                wire_put_str(&answer, it->text);
                if (take(text, buf_str(&answer), &err) != (i < n ? -EPROTO : 0))
                        fail_msg("%zu: %d %s", i, err.code, err.message);
        }
}

static void test_errors_that_can_not_be(void **state)
{
        static const struct {
                int code;
                unsigned line;
                const char *message;
                bool more;
                int result;
        } errors[] = {
                { -EBADMSG, 1, "m", false, -EBADMSG }, { -E2BIG, 1, "m", false, -E2BIG }, { -EPERM, 1, "m", false, -EPROTO },
                { 0, 1, "m", false, -EPROTO }, { 1, 1, "m", false, -EPROTO }, { -ENOMEM, 1, "m", false, -EPROTO },
                { -ECANCELED, 1, "m", false, -EPROTO }, { -EBADMSG, 0, "m", false, -EPROTO },
                { -EBADMSG, 99, "m", false, -EPROTO }, { -EBADMSG, 1, "", false, -EPROTO }, { -EBADMSG, 1, "m", true, -EPROTO },
        };

        for (size_t i = 0; i < ELEMENTS_OF(errors); i++) {
                _cleanup_(buf_free) struct buf answer = { 0 };
                struct error err = ERROR_INIT;

                wire_put_u8(&answer, 2);
                wire_put_u32(&answer, (uint32_t)errors[i].code);
                wire_put_u32(&answer, errors[i].line);
                wire_put_u32(&answer, 1);
                wire_put_str(&answer, str_from(errors[i].message));
                if (errors[i].more)
                        wire_put_u8(&answer, 0);
                if (take(STR_LIT("a"), buf_str(&answer), &err) != errors[i].result)
                        fail_msg("%zu: %d %s", i, err.code, err.message);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_same_tree),
                cmocka_unit_test(test_the_place_in_the_message),
                cmocka_unit_test(test_large_texts),
                cmocka_unit_test(test_workers_that_misbehave),
                cmocka_unit_test(test_damaged_answers),
                cmocka_unit_test(test_trees_that_can_not_be),
                cmocka_unit_test(test_scalars_that_can_not_be),
                cmocka_unit_test(test_errors_that_can_not_be),
        };
        const struct worker_job jobs[] = { { yaml_job.name, run_turning } };
        struct error err = ERROR_INIT;
        int r;

        if (worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        worker_shutdown();
        return r;
}
