/* SPDX-License-Identifier: Apache-2.0 */
/* Triples of condition, event and verdict, from tests/data/rules/triples. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_cases.h"

#define CONDITIONS_MAX 256

static unsigned n_triples, n_wrong; /* of one test */

static const char *const truths[] = { [TRUTH_FALSE] = "false", [TRUTH_TRUE] = "true", [TRUTH_UNKNOWN] = "unknown" };

/* ---- triples ---- */

struct verdicts {
        enum truth truth[CONDITIONS_MAX];
};

static void keep(void *ctx, const struct rule_verdict *verdict)
{
        struct verdicts *v = ctx;

        assert_true(verdict->applicable);
        v->truth[verdict->rule->index] = verdict->truth;
}

/* All conditions of an event as one program, so that they share what they have in common. */
static void judge(const struct fact_source *source, const struct fact *fact, const struct str *conditions, size_t n,
                  struct verdicts *ret)
{
        _cleanup_(rule_set_freep) struct rule_set *set = cases_rules(source, conditions, n, "x");
        _cleanup_(rule_program_freep) struct rule_program *program = NULL;
        _cleanup_(rule_scratch_freep) struct rule_scratch *scratch = NULL;
        struct error err = ERROR_INIT;
        unsigned matches, again;

        if (rule_program_new(set, source, MATCHING_ALL, &program, &err) < 0 || rule_scratch_new(program, &scratch, &err) < 0)
                fail_msg("%s", err.message);
        *ret = (struct verdicts){ { TRUTH_FALSE } };
        matches = rule_program_match(program, scratch, fact, true, keep, ret);
        for (size_t i = 0; i < n; i++)
                matches -= ret->truth[i] == TRUTH_TRUE;
        assert_int_equal(matches, 0);
        again = rule_program_match(program, scratch, fact, false, NULL, NULL);
        for (size_t i = 0; i < n; i++)
                again -= ret->truth[i] == TRUTH_TRUE;
        assert_int_equal(again, 0);
}

static size_t collect(const struct yaml_node *entry, struct str *conditions, enum truth *expected)
{
        size_t n = 0;

        for (enum truth truth = TRUTH_FALSE; truth <= TRUTH_UNKNOWN; truth++) {
                const struct yaml_node *list = yaml_get(entry, truths[truth]);

                for (size_t i = 0; list && i < list->n && n < CONDITIONS_MAX; i++) {
                        conditions[n] = list->items[i]->text;
                        expected[n++] = truth;
                }
        }
        return n;
}

static void check_entry(const char *file, const struct yaml_node *entry)
{
        const struct yaml_node *source_name = yaml_get(entry, "source"), *name = yaml_get(entry, "name");
        const struct fact_source *source = source_name ? &test_source : &syscall_source;
        _cleanup_(syscall_record_freep) struct syscall_record *record = NULL;
        struct str conditions[CONDITIONS_MAX];
        enum truth expected[CONDITIONS_MAX];
        struct error err = ERROR_INIT;
        struct verdicts all, alone;
        struct fact fact;
        size_t n = collect(entry, conditions, expected);

        assert_int_equal(syscall_record_new(&record, &err), 0);
        fact = cases_fact(source, yaml_get(entry, "event"), record);
        judge(source, &fact, conditions, n, &all);
        for (size_t i = 0; i < n; i++) {
                judge(source, &fact, &conditions[i], 1, &alone);
                n_triples++;
                if (all.truth[i] == expected[i] && alone.truth[0] == expected[i])
                        continue;
                n_wrong++;
                print_error("%s, %.*s: '%.*s' is %s, %s among the others; it should be %s\n", file, STR_ARG(name->text),
                            STR_ARG(conditions[i]), truths[alone.truth[0]], truths[all.truth[i]], truths[expected[i]]);
        }
}

static void test_triples(void **state)
{
        static const char *const files[] = { "strings.yaml", "null.yaml",    "numbers.yaml",      "network.yaml", "lists.yaml",
                                             "modifiers.yaml", "transformers.yaml", "syscall.yaml", "unknown.yaml" };

        for (size_t i = 0; i < ELEMENTS_OF(files); i++) {
                _cleanup_(arena_freep) struct arena *arena = arena_new();
                const struct yaml_node *entries = cases_load(files[i], arena);

                for (size_t k = 0; k < entries->n; k++)
                        check_entry(files[i], entries->items[k]);
        }
        print_message("%u triples\n", n_triples);
        assert_int_equal(n_wrong, 0);
        assert_true(n_triples >= 250);
}

/* ---- errors ---- */

static int start(void **state)
{
        n_triples = n_wrong = 0;
        return 0;
}

static void test_errors(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        const struct yaml_node *entries = cases_load("errors.yaml", arena);

        for (size_t i = 0; i < entries->n; i++) {
                struct str condition = yaml_get(entries->items[i], "condition")->text;
                struct str expected = yaml_get(entries->items[i], "error")->text;
                struct place place = { 0 };
                struct error err = ERROR_INIT;
                struct ast *ast = NULL;
                char text[ERROR_MESSAGE_MAX + 32];
                int r = condition_parse(condition, (struct place){ 1, 1, 0 }, NULL, arena, &ast, &place, &err);

                if (r < 0)
                        fail_msg("'%.*s' is not read: %s", STR_ARG(condition), err.message);
                r = rule_condition_check(&syscall_source, ast, &place, &err);
                snprintf(text, sizeof(text), "%u:%u: %s", place.line, place.column, err.message);
                if (r == -EBADMSG && str_equals(expected, text))
                        continue;
                print_error("'%.*s': %d, '%s', not '%.*s'\n", STR_ARG(condition), r, text, STR_ARG(expected));
                n_wrong++;
        }
        assert_int_equal(n_wrong, 0);
}

/* ---- outputs ---- */

static void check_output(const struct fact *fact, struct str format, struct str expected)
{
        static const struct str condition = STR_LIT("evt.num > 0");
        _cleanup_(buf_free) struct buf output = { 0 }, text = { 0 };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(rule_program_freep) struct rule_program *program = NULL;
        _cleanup_(rule_scratch_freep) struct rule_scratch *scratch = NULL;
        struct error err = ERROR_INIT;

        buf_printf(&output, "%.*s", STR_ARG(format));
        set = cases_rules(&syscall_source, &condition, 1, output.data);
        if (rule_program_new(set, &syscall_source, MATCHING_ALL, &program, &err) < 0 || rule_scratch_new(program, &scratch, &err) < 0)
                fail_msg("%s", err.message);
        buf_puts(&text, "");
        rule_output(program, scratch, rule_set_get(set, 0), fact, &text);
        if (!str_equal(buf_str(&text), expected)) {
                print_error("'%.*s' is '%s', not '%.*s'\n", STR_ARG(format), text.data, STR_ARG(expected));
                n_wrong++;
        }
}

static void test_outputs(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        const struct yaml_node *entries = cases_load("outputs.yaml", arena);

        for (size_t i = 0; i < entries->n; i++) {
                _cleanup_(syscall_record_freep) struct syscall_record *record = NULL;
                const struct yaml_node *outputs = yaml_get(entries->items[i], "outputs");
                struct error err = ERROR_INIT;
                struct fact fact;

                assert_int_equal(syscall_record_new(&record, &err), 0);
                fact = cases_fact(&syscall_source, yaml_get(entries->items[i], "event"), record);
                for (size_t k = 0; k < outputs->n; k++)
                        check_output(&fact, outputs->pairs[k].key->text, outputs->pairs[k].value->text);
        }
        assert_int_equal(n_wrong, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_triples, start),
                cmocka_unit_test_setup(test_errors, start),
                cmocka_unit_test_setup(test_outputs, start),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
