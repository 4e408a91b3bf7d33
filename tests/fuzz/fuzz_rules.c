/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files, divided by lines "=====": loaded whatever is wrong with them, and all conditions survive being printed.
 * */
#include "fuzz.h"
#include "rule_source.h"

#define FILES_MAX 4
#define DIVIDER "\n=====\n"

static size_t divide(struct str rest, struct rule_file *files)
{
        static const char *const names[FILES_MAX] = { "a", "b", "c", "d" };
        size_t n = 0;

        while (n < FILES_MAX) {
                char *at = rest.n ? memmem(rest.p, rest.n, DIVIDER, strlen(DIVIDER)) : NULL;
                size_t length = at && n + 1 < FILES_MAX ? (size_t)(at - rest.p) : rest.n;

                files[n] = (struct rule_file){ .name = names[n], .text = { rest.p, length }, .is_untrusted = n == 1 };
                n++;
                if (length == rest.n)
                        break;
                rest.p += length + strlen(DIVIDER);
                rest.n -= length + strlen(DIVIDER);
        }
        return n;
}

static void check_condition(const struct ast *ast)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        struct place place;
        struct ast *again;

        condition_print(ast, &text);
        if (!arena || !buf_ok(&text) || text.len > 1u << 20)
                return;
        if (condition_parse(buf_str(&text), (struct place){ 1, 1, 1 }, NULL, arena, &again, &place, &err) < 0) {
                HOLDS_OR(false, err);
                return;
        }
        HOLDS(ast_equal(ast, again));
}

static void check_rule(const struct rule_set *set, const struct rule *rule, uint32_t index)
{
        HOLDS(rule->index == index && rule_set_find(set, rule->name) == rule && rule->place.line > 0 && *rule->file);
        HOLDS(rule->condition || (!rule->source && rule->state == RULE_SKIPPED));
        HOLDS((rule->state != RULE_SKIPPED && rule->state != RULE_NOT_EVALUABLE) || rule->reason.n);
        if (rule->condition)
                check_condition(rule->condition);
        if (rule->applies)
                check_condition(rule->applies);
}

static bool check_messages(const struct rule_set *set, size_t n_files)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages), errors = 0, left_out = 0;

        for (size_t i = 0; i < n; i++) {
                HOLDS(*messages[i].text && *messages[i].file && utf8_valid(str_from(messages[i].text)));
                HOLDS(messages[i].place.line > 0 || messages[i].is_error);
                errors += messages[i].is_error;
        }
        for (size_t i = 0; i < n_files; i++)
                left_out += !rule_set_has_file(set, i);
        HOLDS((errors > 0) == (left_out > 0));
        return errors > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct rules_options options = { .sources = rule_sources };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL, *strict = NULL;
        struct rule_file files[FILES_MAX];
        struct error err = ERROR_INIT;
        size_t n = divide((struct str){ (const char *)data, size }, files);
        bool wrong;
        int r;

        r = rules_load(files, n, &options, &set, &err);
        HOLDS_OR(r == 0, err);
        if (r < 0)
                return 0;
        wrong = check_messages(set, n);
        for (uint32_t i = 0; i < rule_set_count(set); i++)
                check_rule(set, rule_set_get(set, i), i);
        fuzz_accepted += rule_set_count(set) > 0;
        options.strict = true;
        r = rules_load(files, n, &options, &strict, &err);
        HOLDS_OR((r < 0) == wrong, err);
        return 0;
}
