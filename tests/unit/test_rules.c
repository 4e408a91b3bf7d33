/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden cases: a folder of tests/data/rules/load holds rule files and what comes of them (expect.txt). With
 * TALLYMAN_UPDATE=1 what comes is written there instead of compared.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_source.h"

/* ---- what comes of rule files, as text ---- */

static void dump_words(const char *name, const struct str *words, uint32_t n, struct buf *out)
{
        if (n == 0)
                return;
        buf_printf(out, "  %s:", name);
        for (uint32_t i = 0; i < n; i++) {
                buf_putc(out, ' ');
                buf_add_quoted(out, words[i]);
        }
        buf_putc(out, '\n');
}

static void dump_text(const char *name, struct str text, struct buf *out)
{
        if (text.n == 0)
                return;
        buf_printf(out, "  %s: ", name);
        buf_add_quoted(out, text);
        buf_putc(out, '\n');
}

static void dump_condition(const char *name, const struct ast *ast, struct buf *out)
{
        if (!ast)
                return;
        buf_printf(out, "  %s: ", name);
        condition_print(ast, out);
        buf_putc(out, '\n');
}

static void dump_rule(const struct rule *rule, struct buf *out)
{
        static const char *const states[] = { "ready", "not evaluable", "disabled", "skipped" };

        buf_puts(out, "rule ");
        buf_add_quoted(out, rule->name);
        buf_printf(out, "\n  at %s:%u:%u, %s, %.*s, %s", rule->file, rule->place.line, rule->place.column,
                   rule_priority_name(rule->priority), STR_ARG(rule->source_name), states[rule->state]);
        if (rule->reason.n) {
                buf_puts(out, ": ");
                buf_add_quoted(out, rule->reason);
        }
        buf_putc(out, '\n');
        dump_text("desc", rule->desc, out);
        dump_condition("condition", rule->condition, out);
        dump_condition("applies", rule->applies, out);
        dump_text("output", rule->output, out);
        dump_words("tags", rule->tags, rule->n_tags, out);
        dump_text("remediation", rule->remediation, out);
        dump_text("owner", rule->owner, out);
        dump_words("references", rule->references, rule->n_references, out);
        dump_words("controls", rule->controls, rule->n_controls, out);
        if (rule->capture)
                buf_printf(out, "  capture: %u ms\n", rule->capture_duration);
}

static void dump_set(const struct rule_set *set, const struct rule_file *files, size_t n_files, struct buf *out)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages);

        for (size_t i = 0; i < n_files; i++)
                if (!rule_set_has_file(set, i))
                        buf_printf(out, "left out: %s\n", files[i].name);
        for (size_t i = 0; i < n; i++)
                buf_printf(out, "%s:%u:%u: %s: %s\n", messages[i].file, messages[i].place.line,
                           messages[i].place.column,
                           messages[i].is_error  ? "error"
                           : messages[i].is_note ? "note"
                                                 : "warning",
                           messages[i].text);
        for (uint32_t i = 0; i < rule_set_count(set); i++)
                dump_rule(rule_set_get(set, i), out);
}

/* ---- folders ---- */

static char *read_whole(const char *path, size_t *ret_n)
{
        FILE *file = fopen(path, "rb");
        _cleanup_(buf_free) struct buf text = { 0 };
        char piece[4096];
        size_t n;

        if (!file)
                return NULL;
        while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
                buf_add(&text, piece, n);
        fclose(file);
        *ret_n = text.len;
        return buf_take(&text);
}

static void write_whole(const char *path, const struct buf *text)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(text->data, 1, text->len, file), text->len);
        fclose(file);
}

static int is_rule_file(const struct dirent *entry)
{
        return str_ends(str_from(entry->d_name), ".yaml");
}

#define FOLDER_MAX 4096

static bool run_folder(const char *folder)
{
        static const struct rules_options options = { .sources = rule_sources };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(buf_free) struct buf out = { 0 };
        struct rule_file files[16] = { { 0 } };
        struct dirent **names;
        struct error err = ERROR_INIT;
        char path[8192], *expected;
        size_t n_expected = 0;
        int n = scandir(folder, &names, is_rule_file, alphasort);
        bool same;

        assert_in_range(n, 1, 16);
        for (int i = 0; i < n; i++) {
                snprintf(path, sizeof(path), "%.*s/%s", FOLDER_MAX, folder, names[i]->d_name);
                files[i].name = names[i]->d_name;
                files[i].text.p = read_whole(path, &files[i].text.n);
        }
        assert_int_equal(rules_load(files, (size_t)n, &options, &set, &err), 0);
        dump_set(set, files, (size_t)n, &out);
        snprintf(path, sizeof(path), "%.*s/expect.txt", FOLDER_MAX, folder);
        if (getenv("TALLYMAN_UPDATE"))
                write_whole(path, &out);
        expected = read_whole(path, &n_expected);
        same = expected && str_equal((struct str){ expected, n_expected }, buf_str(&out));
        if (!same)
                print_error("%s gives\n%s", folder, out.data);
        for (int i = 0; i < n; i++) {
                free((char *)files[i].text.p);
                free(names[i]);
        }
        free(names);
        free(expected);
        return same;
}

static void test_folders(void **state)
{
        const char *data = getenv("TALLYMAN_TEST_DATA");
        char path[8192];
        struct dirent **names;
        unsigned wrong = 0, seen = 0;
        int n;

        assert_non_null(data);
        snprintf(path, sizeof(path), "%s/rules/load", data);
        n = scandir(path, &names, NULL, alphasort);
        for (int i = 0; i < n; i++) {
                snprintf(path, sizeof(path), "%s/rules/load/%s", data, names[i]->d_name);
                if (names[i]->d_name[0] != '.') {
                        seen++;
                        wrong += !run_folder(path);
                }
                free(names[i]);
        }
        free(names);
        assert_int_not_equal(seen, 0);
        assert_int_equal(wrong, 0);
}

/* ---- API ---- */

static void load_texts(const char *const *texts, size_t n, bool strict, struct rule_set **ret, int expected,
                       struct error *err)
{
        struct rules_options options = { .sources = rule_sources, .strict = strict };
        struct rule_file files[4];

        for (size_t i = 0; i < n; i++)
                files[i] = (struct rule_file){ .name = i == 0 ? "a" : i == 1 ? "b" : "c", .text = str_from(texts[i]) };
        assert_int_equal(rules_load(files, n, &options, ret, err), expected);
}

#define RULE(name, condition) "- {rule: " name ", desc: d, output: o, priority: error, condition: '" condition "'}\n"

static void test_the_set(void **state)
{
        static const char *const texts[] = { RULE("A", "evt.type = open") RULE("B", "evt.type = creat"),
                                             RULE("C", "(") };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        const struct rule_message *messages;
        struct error err = ERROR_INIT;

        load_texts(texts, 2, false, &set, 0, &err);
        assert_int_equal(rule_set_count(set), 2);
        assert_true(rule_set_has_file(set, 0));
        assert_false(rule_set_has_file(set, 1));
        assert_false(rule_set_has_file(set, 2));
        assert_ptr_equal(rule_set_find(set, STR_LIT("B")), rule_set_get(set, 1));
        assert_int_equal(rule_set_get(set, 1)->index, 1);
        assert_null(rule_set_find(set, STR_LIT("C")));
        assert_null(rule_set_get(set, 2));
        assert_int_equal(rule_set_messages(set, &messages), 1);
        assert_true(messages[0].is_error);
        assert_string_equal(messages[0].file, "b");
        assert_null(rule_set_free(NULL));
}

static void test_nothing(void **state)
{
        static const char *const empty[] = { "" };
        _cleanup_(rule_set_freep) struct rule_set *none = NULL, *one = NULL;
        struct error err = ERROR_INIT;

        load_texts(NULL, 0, true, &none, 0, &err);
        assert_int_equal(rule_set_count(none), 0);
        load_texts(empty, 1, true, &one, 0, &err);
        assert_int_equal(rule_set_count(one), 0);
}

static void test_strict(void **state)
{
        static const char *const good[] = { RULE("A", "evt.type = open") }, *const bad[] = {
                RULE("A", "evt.type = open"), RULE("B", "evt.type = "), RULE("C", "proc.nmae = x"),
        };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        struct error err = ERROR_INIT;

        load_texts(good, 1, true, &set, 0, &err);
        load_texts(bad, 3, true, &set, -EBADMSG, &err);
        assert_string_equal(err.message,
                            "b:1:73: rule 'B': expected a value or a transformer, found the end (and 1 more)");
}

static int refuse_b(const struct fact_source *source, const struct ast *condition, struct place *ret_place,
                    struct error *err)
{
        assert_ptr_equal(source, &rule_syscall);
        if (!str_equals(condition->right.name, "creat"))
                return 0;
        *ret_place = condition->right.place;
        return error_say(err, -EBADMSG, "no creat, please");
}

static void test_check_hook(void **state)
{
        static const struct rules_options options = { .sources = rule_sources, .check = refuse_b };
        static const struct rule_file files[] = {
                { .name = "a", .text = { RULE("A", "evt.type = open"), sizeof(RULE("A", "evt.type = open")) - 1 } },
                { .name = "b", .text = { RULE("B", "evt.type = creat"), sizeof(RULE("B", "evt.type = creat")) - 1 } },
        };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        const struct rule_message *messages;
        struct error err = ERROR_INIT;

        assert_int_equal(rules_load(files, 2, &options, &set, &err), 0);
        assert_int_equal(rule_set_count(set), 1);
        assert_int_equal(rule_set_messages(set, &messages), 1);
        assert_string_equal(messages[0].text, "rule 'B': no creat, please");
        assert_int_equal(messages[0].place.column, 73);
}

/* ---- bombs ---- */

/* Loads one text, which must be refused with this message, and quickly. */
static void assert_bomb(struct str text, bool untrusted, const char *message)
{
        static const struct rules_options options = { .sources = rule_sources };
        struct rule_file file = { .name = "bomb", .text = text, .is_untrusted = untrusted };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        const struct rule_message *messages;
        struct error err = ERROR_INIT;
        size_t n;

        assert_int_equal(rules_load(&file, 1, &options, &set, &err), 0);
        n = rule_set_messages(set, &messages);
        for (size_t i = 0; i < n; i++)
                if (messages[i].is_error && strstr(messages[i].text, message))
                        return;
        fail_msg("'%s' is not among %zu messages, of which the first is '%s'", message, n, n ? messages[0].text : "");
}

/* Each of `n` names the one before it ten times over. */
static void add_tower(struct buf *text, const char *kind, unsigned n)
{
        bool list = strcmp(kind, "list") == 0;

        buf_printf(text, "- {%s: n0, %s}\n", kind, list ? "items: [x]" : "condition: proc.name = x");
        for (unsigned i = 1; i <= n; i++) {
                buf_printf(text, "- {%s: n%u, %s", kind, i, list ? "items: [" : "condition: ");
                for (unsigned j = 0; j < 10; j++)
                        buf_printf(text, "%sn%u", j ? list ? ", " : " or " : "", i - 1);
                buf_puts(text, list ? "]}\n" : "}\n");
        }
}

static void test_towers(void **state)
{
        _cleanup_(buf_free) struct buf lists = { 0 }, empty = { 0 }, macros = { 0 }, negations = { 0 }, chain = { 0 };

        add_tower(&lists, "list", 12);
        assert_bomb(buf_str(&lists), false, "all lists together hold more than");
        buf_puts(&empty, "- {list: n0, items: []}\n");
        for (unsigned i = 1; i < 100; i++)
                buf_printf(&empty, "- {list: n%u, items: [n%u]}\n", i, i + 1);
        assert_bomb(buf_str(&empty), false, "lists in lists, deeper than");
        add_tower(&macros, "macro", 12);
        assert_bomb(buf_str(&macros), false, "it is too large");
        buf_puts(&negations, "- {macro: n0, condition: proc.name = x}\n");
        for (unsigned i = 1; i < 600; i++)
                buf_printf(&negations, "- {macro: n%u, condition: not n%u}\n", i, i - 1);
        assert_bomb(buf_str(&negations), false, "nested deeper than");
        /* Macros that are changed later may name later ones: as deep as there are. */
        for (unsigned i = 0; i < 5000; i++)
                buf_printf(&chain, "- {macro: n%u, condition: proc.name = x}\n", i);
        for (unsigned i = 0; i < 4999; i++)
                buf_printf(&chain, "- {macro: n%u, condition: not n%u}\n", i, i + 1);
        assert_bomb(buf_str(&chain), false, "nested deeper than");
}

static void test_large_files(void **state)
{
        _cleanup_(buf_free) struct buf rules = { 0 }, list = { 0 }, missing = { 0 }, many = { 0 };
        size_t n = 100u << 20;
        char *line = malloc(n);

        assert_non_null(line);
        memset(line, 'x', n);
        assert_bomb((struct str){ line, n }, false, "more than the 16777216 that are read");
        assert_bomb((struct str){ line, 5u << 20 }, true, "more than the 4194304 that are read");
        free(line);
        /* A condition that grows beyond all measure by its lists. */
        buf_puts(&list, "- list: l\n  items: [");
        for (unsigned i = 0; i < 50000; i++)
                buf_printf(&list, "%sitem%u", i ? ", " : "", i);
        buf_puts(&list, "]\n- macro: m\n  condition: proc.name in (");
        for (unsigned i = 0; i < 100; i++)
                buf_printf(&list, "%sl", i ? ", " : "");
        buf_puts(&list, ")\n");
        assert_bomb(buf_str(&list), false, "a condition of more than");
        /* Many conditions that are long by one list. */
        for (unsigned i = 0; i < 200; i++)
                buf_printf(&many, "- {macro: m%u, condition: proc.name in (l)}\n", i);
        buf_puts(&many, "- list: l\n  items: [");
        for (unsigned i = 0; i < 50000; i++)
                buf_printf(&many, "%sitem%u", i ? ", " : "", i);
        buf_puts(&many, "]\n");
        assert_bomb(buf_str(&many), false, "all conditions together are too large");
        /* Rules that are small by themselves. */
        add_tower(&rules, "macro", 4);
        for (unsigned i = 0; i < 500; i++)
                buf_printf(&rules, RULE("R%u", "evt.type = open and n4"), i);
        assert_bomb(buf_str(&rules), false, "all rules together are too large");
        /* Many names that are not there, with many that might have been meant. */
        for (unsigned i = 0; i < 20000; i++)
                buf_printf(&missing, "- {macro: name_that_is_quite_long_%u, condition: name_that_is_quite_wrong_%u}\n",
                           i, i);
        assert_bomb(buf_str(&missing), false, "there is no macro");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_folders),
                cmocka_unit_test(test_the_set),
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_strict),
                cmocka_unit_test(test_check_hook),
                cmocka_unit_test(test_towers),
                cmocka_unit_test(test_large_files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
