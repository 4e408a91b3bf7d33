/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "pipeline/rule_finding.h"

enum severity judge_severity(enum rule_priority priority)
{
        switch (priority) {
        case PRIORITY_EMERGENCY:
        case PRIORITY_ALERT:
        case PRIORITY_CRITICAL:
                return SEVERITY_CRITICAL;
        case PRIORITY_ERROR:
                return SEVERITY_HIGH;
        case PRIORITY_WARNING:
                return SEVERITY_MEDIUM;
        case PRIORITY_NOTICE:
                return SEVERITY_LOW;
        default:
                return SEVERITY_NONE;
        }
}

/* The values that the rule's output shows. */
struct shown {
        struct arena *arena;
        struct finding_detail *items;
        size_t n, cap;
        bool failed;
};

static void take_field(void *ctx, struct str name, const struct value *value)
{
        struct shown *shown = ctx;
        struct finding_detail detail = { .name = arena_string(shown->arena, name.p, name.n), .value = *value };

        shown->failed = shown->failed || !detail.name || value_copy(shown->arena, &detail.value) < 0 ||
                        mem_grow(&shown->items, &shown->cap, shown->n + 1, sizeof(*shown->items)) < 0;
        if (!shown->failed)
                shown->items[shown->n++] = detail;
}

static void shown_done(struct shown *shown)
{
        free(shown->items);
}

static const char *text_in(struct arena *arena, struct str s, bool *oom)
{
        const char *copy = s.n ? arena_string(arena, s.p, s.n) : NULL;

        *oom |= s.n && !copy;
        return copy;
}

static const char *const *texts_in(struct arena *arena, const struct str *texts, uint32_t n, bool *oom)
{
        const char **copies = arena_alloc(arena, ((size_t)n + 1) * sizeof(*copies));

        *oom |= !copies;
        for (uint32_t i = 0; copies && i < n; i++)
                copies[i] = text_in(arena, texts[i], oom);
        return copies;
}

static bool take_texts(const struct rule *rule, struct arena *arena, struct finding *ret)
{
        bool oom = false;

        ret->rule = ret->title = text_in(arena, rule->name, &oom);
        ret->source = rule->source->name;
        ret->description = text_in(arena, rule->desc, &oom);
        ret->remediation = text_in(arena, rule->remediation, &oom);
        ret->owner = text_in(arena, rule->owner, &oom);
        ret->controls = texts_in(arena, rule->controls, rule->n_controls, &oom);
        ret->references = texts_in(arena, rule->references, rule->n_references, &oom);
        ret->n_controls = rule->n_controls;
        ret->n_references = rule->n_references;
        return !oom && ret->rule;
}

int rule_finding(const struct rule_program *program, struct rule_scratch *scratch, const struct rule_verdict *verdict,
                 const struct fact *fact, struct arena *arena, struct finding *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf message = { 0 };
        _cleanup_(shown_done) struct shown shown = { .arena = arena };
        bool decided = verdict->truth == TRUTH_TRUE;

        rule_output(program, scratch, verdict->rule, fact, &message);
        rule_output_fields(program, scratch, verdict->rule, fact, take_field, &shown);
        ret->verdict = decided ? VERDICT_FAIL : VERDICT_UNDETERMINED;
        ret->severity = judge_severity(verdict->rule->priority);
        ret->message = decided ? arena_string(arena, message.data, message.len)
                               : "it could not be told: something that the rule reads is unknown";
        ret->fields = arena_copy(arena, shown.items, shown.n * sizeof(*shown.items));
        ret->n_fields = (uint32_t)shown.n;
        if (!take_texts(verdict->rule, arena, ret) || !buf_ok(&message) || shown.failed || !ret->fields || !ret->message)
                return error_oom(err);
        return 0;
}
