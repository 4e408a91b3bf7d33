/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/ast.h"

/* ---- lists that tests may name ---- */

static int find_list(void *ctx, struct str name, const struct str **ret_items, size_t *ret_n)
{
        static const struct str shells[] = { STR_LIT("bash"), STR_LIT("sh") };
        static const struct str odd[] = { STR_LIT("\"10.0.0.0/8\""), STR_LIT("a b"), STR_LIT("(x)"), STR_LIT("k=v"),
                                          STR_LIT("it's"), STR_LIT(""), STR_LIT("say \"hi\""), STR_LIT("'q'") };
        static const struct str dup[] = { STR_LIT("dup"), STR_LIT("dup2") };
        static const struct {
                const char *name;
                const struct str *items;
                size_t n;
        } lists[] = { { "shells", shells, 2 }, { "one", shells, 1 }, { "none", NULL, 0 }, { "odd", odd, 8 },
                      { "dup", dup, 2 }, { "list-with.dots/x", shells, 2 } };

        for (size_t i = 0; i < ELEMENTS_OF(lists); i++) {
                if (!str_equals(name, lists[i].name))
                        continue;
                *ret_items = lists[i].items;
                *ret_n = lists[i].n;
                return 1;
        }
        return 0;
}

static const struct list_lookup lookup = { find_list, NULL };

struct parsed {
        struct arena *arena;
        const struct ast *ast;
        struct place place;
        struct error err;
        int code;
};

static struct parsed parse_str(struct str text)
{
        struct parsed p = { .arena = arena_new() };
        struct ast *ast = NULL;

        assert_non_null(p.arena);
        p.code = condition_parse(text, (struct place){ 1, 1, 0 }, &lookup, p.arena, &ast, &p.place, &p.err);
        p.ast = ast;
        return p;
}

static struct parsed parse(const char *text)
{
        return parse_str(str_from(text));
}

static void done(struct parsed *p)
{
        p->arena = arena_free(p->arena);
}

#define _cleanup_parsed_ _cleanup_(done)

/* The printed form, which must be read as the same tree. */
static void assert_prints(const char *text, const char *expected)
{
        _cleanup_parsed_ struct parsed p = parse(text), again = { 0 };
        _cleanup_(buf_free) struct buf out = { 0 };
        struct ast *ast;

        if (p.code < 0)
                fail_msg("%s: %u:%u: %s", text, p.place.line, p.place.column, p.err.message);
        condition_print(p.ast, &out);
        if (strcmp(out.data, expected) != 0)
                fail_msg("%s\n   is printed as %s\n   expected      %s", text, out.data, expected);
        again.arena = arena_new();
        again.code = condition_parse(buf_str(&out), (struct place){ 1, 1, 0 }, NULL, again.arena, &ast, &again.place,
                                     &again.err);
        if (again.code < 0)
                fail_msg("%s: %s", out.data, again.err.message);
        assert_true(ast_equal(p.ast, ast));
}

static void assert_same(const char *text)
{
        assert_prints(text, text);
}

static void assert_wrong(const char *text, unsigned line, unsigned column, const char *message)
{
        _cleanup_parsed_ struct parsed p = parse(text);

        if (p.code != -EBADMSG || p.place.line != line || p.place.column != column || !strstr(p.err.message, message))
                fail_msg("%s\n   gives %d at %u:%u: %s\n   expected %u:%u: %s", text, p.code, p.place.line,
                         p.place.column, p.err.message, line, column, message);
}

/* ---- what is read ---- */

static void test_connectives(void **state)
{
        assert_same("a");
        assert_same("a and b and c");
        assert_same("a or b or c");
        assert_same("a and b or c and d");
        assert_same("a and (b or c)");
        assert_same("(a and b) and c");
        assert_same("a and (b and c)");
        assert_same("not a");
        assert_same("not (a and b)");
        assert_same("not (not a)");
        assert_same("a or not b and c");
        assert_prints("not not a", "a");
        assert_prints("not  not\tnot a", "not a");
        assert_prints("not(a)", "not a");
        assert_prints("not(not(a))", "not (not a)");
        assert_prints("((a))", "a");
        assert_prints("  a\n  and(b)or(c)  ", "a and b or c");
        assert_prints("(a and b) or (c and d)", "a and b or c and d");
        assert_prints("a and(b or c)and d", "a and (b or c) and d");
        assert_prints("nothing and order or android", "nothing and order or android");
}

static void test_operators(void **state)
{
        assert_same("fd.name exists");
        assert_same("fd.name = x");
        assert_prints("fd.name==x", "fd.name = x");
        assert_prints("fd.name=x", "fd.name = x");
        assert_prints("fd.name!=x", "fd.name != x");
        assert_prints("fd.num<=3", "fd.num <= 3");
        assert_prints("fd.num<3", "fd.num < 3");
        assert_prints("fd.num >=0x1F", "fd.num >= 0x1F");
        assert_prints("(fd.num>-1.5e+3)", "fd.num > -1.5e+3");
        assert_same("fd.name contains x");
        assert_same("fd.name icontains x");
        assert_same("evt.buffer bcontains CAFE");
        assert_same("fd.name startswith /etc/");
        assert_same("evt.buffer bstartswith CAFE");
        assert_same("fd.name endswith \\");
        assert_same("fd.name glob /etc/*[a-z]?");
        assert_same("fd.name iglob /etc/*");
        assert_same("fd.name regex ^/a.*$");
        assert_same("proc.name in (a, b)");
        assert_prints("proc.name in(a,b)", "proc.name in (a, b)");
        assert_same("proc.name in ()");
        assert_prints("proc.name in (  )", "proc.name in ()");
        assert_same("proc.name intersects (a, b)");
        assert_same("fd.name pmatch (/etc, /usr)");
        assert_same("proc.name in some_name");
}

static void test_modifiers(void **state)
{
        assert_same("fd.name startswith oneof (/etc, /usr)");
        assert_same("fd.name contains anyof (a, b)");
        assert_same("fd.name glob allof (a*, *b)");
        assert_same("fd.name = anyof name");
        assert_prints("fd.name != oneof\n(a)", "fd.name != oneof (a)");
        assert_prints("fd.name = oneof", "fd.name = \"oneof\"");
        assert_prints("fd.name = oneof and a", "fd.name = \"oneof\" and a");
        assert_prints("fd.name = oneofx and a", "fd.name = oneofx and a");
        assert_prints("fd.name = anyof or (a)", "fd.name = \"anyof\" or a");
}

static void test_transformers(void **state)
{
        assert_same("tolower(proc.name) = bash");
        assert_same("len(proc.args) > 3");
        assert_same("toupper(basename(proc.exepath)) in (A, B)");
        assert_same("b64(evt.buffer) contains x");
        assert_prints("join( \",\" , (proc.name,\"x\", 12) ) = a", "join(\",\", (proc.name, \"x\", 12)) = a");
        assert_same("concat(proc.name, \"-\", tolower(proc.pname)) = a");
        assert_prints("getopt(proc.args, 'ab:')[b] exists", "getopt(proc.args, \"ab:\")[b] exists");
        assert_same("proc.name = val(proc.pname)");
        assert_same("proc.name in val(proc.aname[2])");
        assert_same("proc.name = tolower(proc.pname)");
        assert_same("fd.num > len(fd.name)");
        assert_same("proc.name = valley");
        assert_same("join(\",\", ()) = a");
}

static void test_field_arguments(void **state)
{
        assert_same("proc.aname[2] = bash");
        assert_same("container.mount.dest[/etc/*] = /x");
        assert_prints("a.b['x y'] = c", "a.b[\"x y\"] = c");
        assert_prints("a.b[\"xy\"] = c", "a.b[xy] = c");
        assert_same("jevt.value[/a/b~1c] = c");
        assert_same("a.b[\"]\"] exists");
        assert_same("a.b[\"\"] exists");
}

static void test_strings(void **state)
{
        assert_prints("a.b = \"x y\"", "a.b = \"x y\"");
        assert_prints("a.b = \"xy\"", "a.b = xy");
        assert_prints("a.b = 'x \"y\"'", "a.b = \"x \\\"y\\\"\"");
        assert_prints("a.b = ''", "a.b = \"\"");
        assert_prints("a.b = \"it's\"", "a.b = \"it's\"");
        assert_prints("a.b = 'it\\'s'", "a.b = \"it's\"");
        assert_prints("a.b = \"\\t\\n\\r\\b\\f\\/\\\\x\"", "a.b = \"\\x09\\x0a\\x0d\\x08\\x0c/\\\\x\"");
        assert_prints("a.b = \"\\x41\\x00\\xff\"", "a.b = \"A\\x00\\xff\"");
        assert_prints("a.b contains \"\\ \"", "a.b contains \\"); /* "\ " is a backslash */
        assert_prints("a.b = \"\\\\x \\x5c\"", "a.b = \"\\\\x \\x5c\"");
        /* A quote after a backslash never closes. */
        assert_prints("a.b = \"a\\\\\" b\"", "a.b = \"a\\\\\\\" b\"");
        assert_prints("a.b=<NA>", "a.b = <NA>");
        assert_prints("a.b = caf\xc3\xa9", "a.b = caf\xc3\xa9");
        assert_prints("a.b = -x[1]{}/%&;#", "a.b = -x[1]{}/%&;#");
}

static void test_lists_are_text(void **state)
{
        assert_prints("proc.name in (shells)", "proc.name in (bash, sh)");
        assert_prints("proc.name in (a, shells,b)", "proc.name in (a, bash, sh, b)");
        assert_prints("proc.name in (none)", "proc.name in ()");
        assert_prints("proc.name in (a, none)", "proc.name in (a)");
        assert_prints("proc.name in (none, a)", "proc.name in (a)");
        assert_prints("proc.name in (a, none , b)", "proc.name in (a, b)");
        assert_prints("proc.name in (none, none, a, none)", "proc.name in (a)");
        assert_prints("proc.name in one", "proc.name in bash");
        assert_prints("proc.name=one", "proc.name = bash");
        assert_prints("proc.name in (list-with.dots/x)", "proc.name in (bash, sh)");
        assert_prints("evt.type in (dup)", "evt.type in (dup, dup2)");
        assert_prints("proc.name in (odd)",
                      "proc.name in (10.0.0.0/8, \"a b\", \"(x)\", \"k=v\", \"it's\", \"\", \"say \\\"hi\\\"\", q)");
        /* Only whole words, and nothing in quotes. */
        assert_prints("proc.name in (xshells, shells/x, \"shells\", 'a shells')",
                      "proc.name in (xshells, shells/x, shells, \"a shells\")");
        assert_prints("a.b[shells] = c", "a.b[shells] = c");
}

/* ---- what is wrong, and where ---- */

static void test_errors_of_connectives(void **state)
{
        assert_wrong("", 1, 1, "expected a condition, found the end");
        assert_wrong(" \n ", 2, 2, "expected a condition");
        assert_wrong("a and", 1, 6, "expected a check, a macro or '(', found the end");
        assert_wrong("a or\n  )", 2, 3, "expected a check, a macro or '(', found ')'");
        assert_wrong("not", 1, 4, "expected a check");
        assert_wrong("a b", 1, 3, "expected 'and', 'or' or the end, found 'b'");
        assert_wrong("a andx", 1, 3, "expected 'and', 'or' or the end");
        assert_wrong("(a", 1, 3, "expected 'and', 'or' or ')', found the end");
        assert_wrong("(a and b\n   or c d)", 2, 9, "expected 'and', 'or' or ')', found 'd'");
        assert_wrong("a)", 1, 2, "expected 'and', 'or' or the end, found ')'");
        assert_wrong("and a", 1, 1, "expected a check, a macro or '('");
        assert_wrong("a and or b", 1, 7, "expected a check, a macro or '('");
        assert_wrong("_a", 1, 1, "expected a check");
        assert_wrong("a && b", 1, 3, "found '&&'");
        assert_wrong("()", 1, 2, "expected a check");
        assert_wrong("name = x", 1, 6, "'name' has no dot and is no field, but a macro");
}

static void test_errors_of_checks(void **state)
{
        assert_wrong("proc.name", 1, 10, "expected an operator");
        assert_wrong("proc.name is x", 1, 11, "did you mean 'in'?");
        assert_wrong("proc.name start_with x", 1, 11, "expected an operator");
        assert_wrong("proc.name startwith x", 1, 11, "did you mean 'startswith'?");
        assert_wrong("proc.name startswith", 1, 21, "expected a blank after 'startswith'");
        assert_wrong("proc.name glob\"x\"", 1, 15, "expected a blank after 'glob'");
        assert_wrong("proc.name ~ x", 1, 11, "expected an operator");
        assert_wrong("proc.name =", 1, 12, "expected a value or a transformer, found the end");
        assert_wrong("proc.name = (a)", 1, 13, "expected a value or a transformer, found '('");
        assert_wrong("proc.name = a=b", 1, 14, "expected 'and', 'or' or the end, found '=b'");
        assert_wrong("fd.num > x", 1, 10, "expected a number or a transformer, found 'x'");
        assert_wrong("fd.num > 3x", 1, 10, "expected a number");
        assert_wrong("fd.num > \"3\"", 1, 10, "expected a number");
        assert_wrong("fd.num > 0x", 1, 10, "expected a number");
        assert_wrong("proc.name in", 1, 13, "expected a list in parentheses");
        assert_wrong("proc.name in \"a\"", 1, 14, "expected a list in parentheses");
        assert_wrong("proc.name in (a b)", 1, 17, "expected ',' or ')', found 'b'");
        assert_wrong("proc.name in (a,)", 1, 17, "expected a value, found ')'");
        assert_wrong("proc.name in (,a)", 1, 15, "expected a value, found ','");
        assert_wrong("proc.name in (a", 1, 16, "expected ',' or ')', found the end");
        assert_wrong("proc.name in shells", 1, 14, "a list of several values needs parentheses");
        assert_wrong("fd.name contains anyof ((a))", 1, 25, "expected a value");
        assert_wrong("fd.name exists x", 1, 16, "expected 'and', 'or' or the end");
        assert_wrong("fd.name existsand a", 1, 9, "expected an operator");
}

static void test_errors_of_words(void **state)
{
        _cleanup_parsed_ struct parsed nul = parse_str((struct str){ "a.b = c\0d", 9 });

        assert_int_equal(nul.code, -EBADMSG);
        assert_int_equal(nul.place.column, 8);
        assert_wrong("a.b = \"x", 1, 7, "this string is not closed");
        assert_wrong("a.b = \"x\\\"", 1, 7, "this string is not closed");
        assert_wrong("a.b = 'x\\.y'", 1, 9, "no escape that is known");
        assert_wrong("a.b = 'x\\\"y'", 1, 9, "no escape that is known");
        assert_wrong("a.b = \"\\x4\"", 1, 8, "two hexadecimal digits");
        assert_wrong("a.b = \"\\xag\"", 1, 8, "two hexadecimal digits");
        assert_wrong("a.b[] = c", 1, 5, "what stands in []");
        assert_wrong("a.b[x = c", 1, 6, "expected ']'");
        assert_wrong("a.b[x[1]] = c", 1, 6, "expected ']'");
        assert_wrong("a.b [x] = c", 1, 5, "expected an operator");
        assert_wrong("lower(a.b) = c", 1, 1, "did you mean 'tolower'?");
        assert_wrong("tolower(a.b = c", 1, 13, "expected ',' or ')'");
        assert_wrong("tolower() = c", 1, 1, "tolower() takes 1 operand, not 0");
        assert_wrong("tolower(a.b, c.d) = c", 1, 1, "takes 1 operand, not 2");
        assert_wrong("concat(a.b) = c", 1, 1, "concat() takes at least 2 operands, not 1");
        assert_wrong("tolower(a.b)[1] = c", 1, 1, "tolower() takes nothing in []");
        assert_wrong("tolower(abc) = c", 1, 9, "expected a field, a transformer");
        assert_wrong("val(a.b) = c", 1, 1, "val() may only stand by itself on the right");
        assert_wrong("a.b = tolower(val(c.d))", 1, 15, "val() may only stand by itself on the right");
        assert_wrong("a.b = val(\"c\")", 1, 7, "val() takes a field");
        assert_wrong("a.b = c and val(a.b) = c", 1, 13, "val() may only stand");
        assert_wrong("a.b in c.d(x)", 1, 8, "expected a list in parentheses");
        assert_wrong("join(\",\", (a.b, (c))) = d", 1, 17,
                     "expected a field, a transformer, a quoted string or a number");
}

/* ---- places ---- */

static void test_places(void **state)
{
        _cleanup_parsed_ struct parsed p = parse("proc.name in (shells, é) and\n  not fd.name[é] = tolower(x.y)");
        const struct ast *first = p.ast->children[0], *second = p.ast->children[1]->children[0];

        assert_int_equal(p.code, 0);
        assert_int_equal(first->right.place.column, 14);
        assert_int_equal(first->right.items[0].place.column, 15); /* where the list is named */
        assert_int_equal(first->right.items[1].place.column, 15);
        assert_int_equal(first->right.items[2].place.column, 23);
        assert_int_equal(p.ast->children[1]->place.line, 2);
        assert_int_equal(p.ast->children[1]->place.column, 3);
        assert_int_equal(second->left.place.column, 7);
        assert_int_equal(second->right.place.column, 20);
        assert_int_equal(second->right.items[0].place.column, 28);
}

/* ---- limits ---- */

static int parse_repeated(const char *open, size_t n, const char *middle, const char *close, size_t n_close,
                          struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct parsed p;

        for (size_t i = 0; i < n; i++)
                buf_puts(&text, open);
        buf_puts(&text, middle);
        for (size_t i = 0; i < n_close; i++)
                buf_puts(&text, close);
        p = parse(text.data);
        *err = p.err;
        done(&p);
        return p.code;
}

static void test_limits(void **state)
{
        struct error err = ERROR_INIT;

        assert_int_equal(parse_repeated("(", CONDITION_DEPTH_MAX, "a", ")", CONDITION_DEPTH_MAX, &err), 0);
        assert_int_equal(parse_repeated("(", CONDITION_DEPTH_MAX + 1, "a", ")", CONDITION_DEPTH_MAX + 1, &err), -E2BIG);
        assert_int_equal(parse_repeated("(", 1000000, "a", ")", 0, &err), -E2BIG);
        assert_int_equal(parse_repeated("not(", 400, "a", ")", 400, &err), 0);
        assert_int_equal(parse_repeated("not (", 1000000, "a", ")", 0, &err), -E2BIG);
        assert_int_equal(parse_repeated("not ", 100001, "a", "", 0, &err), 0);
        assert_int_equal(parse_repeated("a or b and not (", 200, "a", ")", 200, &err), -E2BIG); /* three levels each */
        assert_int_equal(parse_repeated("a or b and not (", 170, "a", ")", 170, &err), 0);
        assert_int_equal(parse_repeated("tolower(", OPERAND_DEPTH_MAX, "a.b", ")", OPERAND_DEPTH_MAX, &err), -EBADMSG);
        assert_int_equal(parse_repeated("tolower(", OPERAND_DEPTH_MAX + 1, "a.b", ")", OPERAND_DEPTH_MAX + 1, &err),
                         -E2BIG);
        assert_int_equal(parse_repeated("a and ", 150000, "a", "", 0, &err), 0);
        assert_int_equal(parse_repeated("a and ", 250000, "a", "", 0, &err), -E2BIG);
        assert_int_equal(parse_repeated("a.b in (", 1, "x", ",x", 250000, &err), -E2BIG);
        assert_int_equal(parse_repeated("x", 5u << 20, "", "", 0, &err), -E2BIG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_connectives),
                cmocka_unit_test(test_operators),
                cmocka_unit_test(test_modifiers),
                cmocka_unit_test(test_transformers),
                cmocka_unit_test(test_field_arguments),
                cmocka_unit_test(test_strings),
                cmocka_unit_test(test_lists_are_text),
                cmocka_unit_test(test_errors_of_connectives),
                cmocka_unit_test(test_errors_of_checks),
                cmocka_unit_test(test_errors_of_words),
                cmocka_unit_test(test_places),
                cmocka_unit_test(test_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
