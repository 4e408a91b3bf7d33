/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any condition on any event. Input: a line of condition, a line of output, then lines of FIELD=VALUE. A condition that was
 * printed and read again is the same program; logic of three values is that of two where nothing is unknown.
 */
#include "fuzz.h"
#include "model/syscall_event.h"
#include "rules/program.h"

static void set_fields(struct syscall_record *record, struct str lines)
{
        struct error err = ERROR_INIT;

        while (lines.n) {
                struct str value = str_cut(&lines, '\n'), name = str_cut(&value, '=');

                if (syscall_record_set(record, name, value, &err) < 0)
                        HOLDS(err.message[0]);
        }
}

static struct ast *parse(struct str text, struct arena *arena)
{
        struct place place = { 0 };
        struct error err = ERROR_INIT;
        struct ast *ast = NULL;

        if (condition_parse(text, (struct place){ 1, 1, 0 }, NULL, arena, &ast, &place, &err) < 0) {
                HOLDS(err.message[0]);
                return NULL;
        }
        return ast;
}

static bool verdict_of(const struct ast *ast, struct str output, struct fact fact, const struct fact_source *source,
                       struct buf *text, unsigned *ret_steps)
{
        struct rule rule = { .name = STR_LIT("r"), .output = output, .source = source, .condition = ast };
        const struct rule *const rules[] = { &rule };
        _cleanup_(rule_program_freep) struct rule_program *program = NULL;
        _cleanup_(rule_scratch_freep) struct rule_scratch *scratch = NULL;
        struct error err = ERROR_INIT;
        bool matches;

        if (rule_program_of(rules, 1, source, MATCHING_ALL, &program, &err) < 0 ||
            rule_scratch_new(program, &scratch, &err) < 0) {
                HOLDS_OR(fuzz_starved, err);
                return false;
        }
        fact.source = source;
        matches = rule_program_match(program, scratch, &fact, true, NULL, NULL) == 1;
        HOLDS(matches == (rule_program_match(program, scratch, &fact, false, NULL, NULL) == 1));
        rule_output(program, scratch, &rule, &fact, text);
        *ret_steps = program->n_steps;
        return matches;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str rest = { (const char *)data, size }, condition = str_cut(&rest, '\n'), output = str_cut(&rest, '\n');
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(syscall_record_freep) struct syscall_record *record = NULL;
        _cleanup_(buf_free) struct buf printed = { 0 }, first = { 0 }, second = { 0 }, third = { 0 };
        struct fact_source three_valued = syscall_source;
        struct place place;
        struct error err = ERROR_INIT;
        struct ast *ast, *again;
        unsigned steps = 0, steps_again = 0;
        struct fact fact;
        bool matches;

        if (!arena || size > 4096 || syscall_record_new(&record, &err) < 0)
                return 0;
        set_fields(record, rest);
        fact = syscall_fact(syscall_record_event(record));
        ast = parse(condition, arena);
        if (!ast || rule_condition_check(&syscall_source, ast, &place, &err) < 0)
                return 0;
        fuzz_accepted++;
        condition_print(ast, &printed);
        again = parse(buf_str(&printed), arena);
        HOLDS(again && ast_equal(ast, again));
        matches = verdict_of(ast, output, fact, &syscall_source, &first, &steps);
        if (again)
                HOLDS(verdict_of(again, output, fact, &syscall_source, &second, &steps_again) == matches);
        HOLDS(steps == steps_again && str_equal(buf_str(&first), buf_str(&second)));
        three_valued.logic = LOGIC_THREE_VALUED;
        HOLDS(verdict_of(ast, output, fact, &three_valued, &third, &steps_again) == matches);
        return 0;
}
