/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "cmd/command.h"
#include "cmd/rules.h"
#include "cmd/shared_options.h"

static size_t widest(const struct rule_set *set)
{
        size_t width = 4;

        for (uint32_t i = 0; i < rule_set_count(set); i++)
                width = MAX_OF(width, MIN_OF(rule_set_get(set, i)->name.n, (size_t)80));
        return width;
}

static int cmd_rules_list(const struct arguments *args, struct error *err)
{
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(buf_free) struct buf text = { 0 }, name = { 0 };
        const struct rules_request request = { .args = args, .paths = args->operands, .n = args->n_operands,
                                               .stock = args->n_operands == 0 };
        int width, r = rules_open(&request, &set, err);

        if (r < 0)
                return r;
        width = (int)widest(set);
        buf_printf(&text, "%-*s  %-13s  %-9s  %s\n", width, "RULE", "PRIORITY", "SOURCE", "STATE");
        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                const struct rule *rule = rule_set_get(set, i);

                buf_clear(&name);
                buf_add_quoted(&name, rule->name);
                buf_printf(&text, "%-*s  %-13s  %-9.*s  %s\n", width, name.data ? name.data : "", rule_priority_name(rule->priority),
                           STR_SHOWN(rule->source_name), rules_state_name(rule->state));
        }
        r = print_text(&text, err);
        return r < 0 ? r : rules_tell_messages(set);
}

/* ---- how it is called ---- */

const struct command command_rules_list = {
        .name = "rules list",
        .group = GROUP_INITIATION,
        .summary = "list rules",
        .synopsis = "[OPTION...] [FILE...]",
        .description = "Lists rules with their priority, source and state. Without files the stock rules are meant.",
        .options = rules_options,
        .operand = { "FILE", "A rule file, a signed bundle, or a folder of them.", NULL, 0, UINT_MAX },
        .needs = NEEDS_WORKERS,
        .run = cmd_rules_list,
};
