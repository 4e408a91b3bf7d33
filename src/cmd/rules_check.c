/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "cmd/command.h"
#include "cmd/rules.h"
#include "cmd/shared_options.h"

/* Falco's rules for Kubernetes audit events come from a plugin: they are counted apart, so that they hide no other. */
#define K8S_AUDIT "k8s_audit"

struct counts {
        uint32_t all, by_state[RULE_SKIPPED + 1], k8s_audit;
};

static void count(const struct rule_set *set, struct counts *ret)
{
        *ret = (struct counts){ .all = rule_set_count(set) };
        for (uint32_t i = 0; i < ret->all; i++) {
                const struct rule *rule = rule_set_get(set, i);

                if (rule->state == RULE_SKIPPED && str_equals(rule->source_name, K8S_AUDIT))
                        ret->k8s_audit++;
                else
                        ret->by_state[rule->state]++;
        }
}

static void print_reasons(const struct rule_set *set, struct buf *out)
{
        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                const struct rule *rule = rule_set_get(set, i);

                if (rule->state == RULE_READY || str_equals(rule->source_name, K8S_AUDIT))
                        continue;
                buf_printf(out, "%s: ", rules_state_name(rule->state));
                buf_add_quoted(out, rule->name);
                if (rule->reason.n) {
                        buf_puts(out, ": ");
                        buf_add_quoted(out, rule->reason);
                }
                buf_putc(out, '\n');
        }
}

static void print_counts(const struct counts *c, size_t errors, struct buf *out)
{
        buf_printf(out, "%u rules loaded: %u evaluable, %u not evaluable, %u disabled, %u skipped", c->all,
                   c->by_state[RULE_READY], c->by_state[RULE_NOT_EVALUABLE], c->by_state[RULE_DISABLED],
                   c->by_state[RULE_SKIPPED]);
        if (c->k8s_audit)
                buf_printf(out, ", %u of source " K8S_AUDIT, c->k8s_audit);
        if (errors)
                buf_printf(out, "; %zu %s: what is wrong was left out", errors, errors == 1 ? "error" : "errors");
        buf_putc(out, '\n');
}

static int cmd_rules_check(const struct arguments *args, struct error *err)
{
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct counts counts;
        size_t errors;
        const struct rules_request request = { .args = args, .paths = args->operands, .n = args->n_operands,
                                               .strict = arguments_has(args, "strict") };
        int r = rules_open(&request, &set, err);

        if (r < 0)
                return r;
        errors = rules_print_messages(set, arguments_has(args, "notes"), &text);
        print_reasons(set, &text);
        count(set, &counts);
        print_counts(&counts, errors, &text);
        r = print_text(&text, err);
        return r < 0 ? r : errors ? EXIT_STATUS_INCOMPLETE : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

static const struct option_spec check_options[] = {
        { "strict", 0, NULL, "An error in one file fails the whole check, with status 2." },
        { "notes", 0, NULL, "Print warnings of little weight too, such as lists that nothing uses." },
        TRUST_RULES_OPTION,
        { NULL },
};

static const struct help_item check_examples[] = {
        { "tallyman rules check falco_rules.yaml local.d/", "Loads a file, then all of a folder, and says which rules can be evaluated." },
        { NULL },
};

const struct command command_rules_check = {
        .name = "rules check",
        .group = GROUP_INITIATION,
        .summary = "say what is wrong in rule files, and which rules can be evaluated",
        .synopsis = "[OPTION...] FILE...",
        .description =
                "Loads rule files in the Falco rule language, in order, and prints what is wrong with them: file, line and "
                "column, and what was expected. For each rule that can not be evaluated it names the field or event that "
                "nothing fills. A file with an error is left out as a whole, and the exit status is 3.",
        .options = check_options,
        .operand = { "FILE", "A rule file, a signed bundle, or a folder of them (*.yaml, *.yml, *.bundle).", NULL, 1, UINT_MAX },
        .examples = check_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_rules_check,
};
