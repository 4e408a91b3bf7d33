/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>

#include "base/nearest.h"
#include "cmd/command.h"
#include "cmd/rules.h"
#include "cmd/shared_options.h"

static void line(struct buf *out, const char *name, struct str text)
{
        if (!text.n)
                return;
        buf_printf(out, "%-13s ", name);
        buf_add_quoted(out, str_trim(text));
        buf_putc(out, '\n');
}

static void list(struct buf *out, const char *name, const struct str *items, uint32_t n)
{
        _cleanup_(buf_free) struct buf all = { 0 };

        for (uint32_t i = 0; i < n; i++) {
                buf_puts(&all, i ? ", " : "");
                buf_add_str(&all, items[i]);
        }
        line(out, name, buf_str(&all));
}

static void condition(struct buf *out, const char *name, const struct ast *ast)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        if (!ast)
                return;
        condition_print(ast, &text);
        line(out, name, buf_str(&text));
}

static void explain(const struct rule *rule, struct buf *out)
{
        line(out, "Rule", rule->name);
        line(out, "Why", rule->desc);
        line(out, "Source", rule->source_name);
        line(out, "Priority", str_from(rule_priority_name(rule->priority)));
        list(out, "Tags", rule->tags, rule->n_tags);
        buf_printf(out, "%-13s %s\n", "State", rules_state_name(rule->state));
        line(out, "Because", rule->reason);
        buf_printf(out, "%-13s ", "Written in");
        buf_add_quoted(out, str_from(rule->file));
        buf_printf(out, ":%u\n", rule->place.line);
        condition(out, "Applies where", rule->applies);
        condition(out, "Condition", rule->condition);
        line(out, "Output", rule->output);
        line(out, "Remediation", rule->remediation);
        list(out, "Controls", rule->controls, rule->n_controls);
        list(out, "References", rule->references, rule->n_references);
        line(out, "Owner", rule->owner);
}

static int not_found(const struct rule_set *set, const char *name, struct error *err)
{
        struct nearest nearest = nearest_to(str_from(name));
        _cleanup_(buf_free) struct buf all = { 0 };

        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                struct str rule = rule_set_get(set, i)->name;

                buf_clear(&all);
                buf_add_str(&all, rule);
                if (buf_ok(&all) && all.data && strlen(all.data) == rule.n)
                        nearest_offer(&nearest, rule.p);
        }
        if (nearest.name)
                return error_say(err, -ENOENT, "there is no rule '%s', did you mean '%s'?", name, nearest.name);
        return error_say(err, -ENOENT, "there is no rule '%s', see 'tallyman rules list'", name);
}

static int cmd_rules_explain(const struct arguments *args, struct error *err)
{
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct rule *rule;
        const struct rules_request request = { .args = args, .paths = args->operands + 1, .n = args->n_operands - 1,
                                               .stock = args->n_operands == 1 };
        int r = rules_open(&request, &set, err);

        if (r < 0)
                return r;
        rule = rule_set_find(set, str_from(args->operands[0]));
        r = rules_tell_messages(set);
        if (!rule)
                return not_found(set, args->operands[0], err);
        explain(rule, &text);
        return print_text(&text, err) < 0 ? err->code : r;
}

/* ---- how it is called ---- */

static const struct help_item explain_examples[] = {
        { "tallyman rules explain 'Image runs as root'", "Shows the condition of a stock rule after macros and lists were put in." },
        { NULL },
};

const struct command command_rules_explain = {
        .name = "rules explain",
        .group = GROUP_INITIATION,
        .summary = "show all of a rule, its condition as it is evaluated",
        .synopsis = "[OPTION...] RULE [FILE...]",
        .description = "Shows what a rule is for, where it was written, and its condition after macros, lists and "
                       "exceptions were put in. Without files the stock rules are meant.",
        .options = rules_options,
        .operand = { "RULE [FILE]", "The rule's name, then the files that it is in.", NULL, 1, UINT_MAX },
        .examples = explain_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_rules_explain,
};
