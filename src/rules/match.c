/* SPDX-License-Identifier: Apache-2.0 */
/* A program against one fact. What was read or asked once is kept until the next fact. */
#include <errno.h>

#include "rules/program.h"

#define GENERATION_MAX (UINT32_MAX >> 2)

static enum truth check_truth(struct rule_scratch *s, uint32_t id);

/* ---- a thread's room ---- */

int rule_scratch_new(const struct rule_program *program, struct rule_scratch **ret, struct error *err)
{
        _cleanup_(rule_scratch_freep) struct rule_scratch *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return error_oom(err);
        s->program = program;
        s->slots = calloc(MAX_OF(program->n_slots, 1u), sizeof(*s->slots));
        s->checks = calloc(MAX_OF(program->n_checks, 1u), sizeof(*s->checks));
        s->values.room = malloc(SCRATCH_VALUES);
        s->values.size = SCRATCH_VALUES;
        if (!s->slots || !s->checks || !s->values.room)
                return error_oom(err);
        if (program->n_patterns) {
                r = pattern_scratch_new(&s->patterns, err);
                for (uint32_t i = 0; i < program->n_patterns && r == 0; i++)
                        r = pattern_scratch_add(s->patterns, program->patterns[i], err);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

struct rule_scratch *rule_scratch_free(struct rule_scratch *s)
{
        if (!s)
                return NULL;
        free(s->slots);
        free(s->checks);
        free(s->values.room);
        pattern_scratch_free(s->patterns);
        free(s);
        return NULL;
}

/* All that was kept is of an older generation now. */
void scratch_begin(struct rule_scratch *s, const struct fact *fact)
{
        if (s->generation == GENERATION_MAX) {
                memset(s->slots, 0, s->program->n_slots * sizeof(*s->slots));
                memset(s->checks, 0, s->program->n_checks * sizeof(*s->checks));
                s->generation = 0;
        }
        s->generation++;
        s->values.used = 0;
        s->values.full = false;
        s->fact = fact;
}

/* ---- values ---- */

/* A getter may give another type than its field has: a number in a document, where rules see text. */
static void convert(const struct slot *slot, struct value_scratch *room, struct value *value)
{
        struct value_text text;

        if (value->is_list || value->type == slot->type || (value_type_is_text(value->type) && value_type_is_text(slot->type)) ||
            (value_type_is_number(value->type) && value_type_is_number(slot->type)) ||
            (value_type_is_address(value->type) && value_type_is_address(slot->type)))
                return;
        if (!value_type_is_text(slot->type)) {
                *value = value_absent();
                return;
        }
        text = value_text_begin(room);
        if (value_type_is_number(value->type))
                value_text_add_number(&text, value->number);
        else if (value->type == VALUE_BOOL)
                value_text_add(&text, value->boolean ? STR_LIT("true") : STR_LIT("false"));
        else if (value_type_is_address(value->type))
                value_text_add_address(&text, &value->address);
        else
                value_text_add(&text, value->string);
        *value = value_of_string(value_text_end(&text));
}

static void read_field(const struct slot *slot, struct rule_scratch *s, struct value *ret)
{
        if (!slot->field->get) {
                *ret = (struct value){ .state = VALUE_UNKNOWN };
                return;
        }
        slot->field->get(slot->field, s->fact, &slot->argument, &s->values, ret);
        if (ret->state == VALUE_PRESENT)
                convert(slot, &s->values, ret);
        if (ret->state == VALUE_PRESENT && ret->is_list != slot->is_list)
                *ret = value_absent();
}

const struct value *slot_read(struct rule_scratch *s, uint32_t id)
{
        const struct slot *slot = &s->program->slots[id];
        struct slot_cache *cache = &s->slots[id];

        if (cache->generation == s->generation)
                return &cache->value;
        if (slot->kind == SLOT_FIELD)
                read_field(slot, s, &cache->value);
        else if (slot->kind == SLOT_CONSTANT)
                cache->value = slot->constant;
        else
                transform_apply(slot, s, &cache->value);
        cache->generation = s->generation;
        return &cache->value;
}

static uint32_t slot_id(struct rule_scratch *s, uint32_t id)
{
        struct slot_cache *cache = &s->slots[id];

        if (cache->id_generation != s->generation) {
                cache->id = dictionary_find(s->program->slots[id].dictionary, cache->value.string);
                cache->id_generation = s->generation;
        }
        return cache->id;
}

/* ---- checks ---- */

static bool needs_id(const struct check *check)
{
        return check->way == WAY_ID || check->way == WAY_IDS || check->way == WAY_ID_BITS;
}

static bool holds_for_list(struct rule_scratch *s, const struct check *check, const struct value *list)
{
        const struct dictionary *words = needs_id(check) ? s->program->slots[check->left].dictionary : NULL;

        for (uint32_t i = 0; i < list->list.n; i++) {
                const struct value *item = &list->list.items[i];
                uint32_t id = words ? dictionary_find(words, item->string) : NONE;

                if (operator_holds(check, item, id, s) != check->all)
                        return !check->all;
        }
        return check->all;
}

/* What is absent compares with nothing, in every kind of logic. */
static enum truth truth_without(const struct rule_scratch *s, const struct value *value)
{
        if (value->state == VALUE_UNKNOWN && s->program->source->logic == LOGIC_THREE_VALUED)
                return TRUTH_UNKNOWN;
        return TRUTH_FALSE;
}

static enum truth compare(struct rule_scratch *s, const struct check *check)
{
        const struct value *left = slot_read(s, check->left), *right;

        if (left->state != VALUE_PRESENT)
                return truth_without(s, left);
        if (check->kind == CHECK_EXISTS)
                return TRUTH_TRUE;
        if (check->way == WAY_SLOT) {
                right = slot_read(s, check->right);
                if (right->state != VALUE_PRESENT)
                        return truth_without(s, right);
                return operator_holds_between(check, left, right) ? TRUTH_TRUE : TRUTH_FALSE;
        }
        if (left->is_list)
                return holds_for_list(s, check, left) ? TRUTH_TRUE : TRUTH_FALSE;
        return operator_holds(check, left, needs_id(check) ? slot_id(s, check->left) : NONE, s) ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Goes through steps with every unknown answer taken as `unknown_holds`. */
static bool walk(struct rule_scratch *s, uint32_t at, bool unknown_holds, bool *met_unknown)
{
        const struct step *steps = s->program->steps;

        while (at >= STEP_FIRST) {
                const struct step *step = &steps[at];
                enum truth truth = check_truth(s, step->check);
                bool holds = (truth == TRUTH_TRUE) != step->negated;

                if (truth == TRUTH_UNKNOWN) {
                        *met_unknown = true;
                        holds = unknown_holds;
                }
                at = holds ? step->then : step->otherwise;
        }
        return at == STEP_TRUE;
}

static enum truth condition_truth(struct rule_scratch *s, uint32_t steps)
{
        bool met_unknown = false;

        if (walk(s, steps, false, &met_unknown))
                return TRUTH_TRUE;
        return met_unknown && walk(s, steps, true, &met_unknown) ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

static enum truth check_truth(struct rule_scratch *s, uint32_t id)
{
        const struct check *check = &s->program->checks[id];
        uint32_t kept = s->checks[id];
        enum truth truth;

        if (kept >> 2 == s->generation)
                return kept & 3;
        switch (check->kind) {
        case CHECK_EVENT:
                return check->bits[s->fact->event / 64] >> (s->fact->event % 64) & 1 ? TRUTH_TRUE : TRUTH_FALSE;
        case CHECK_CONDITION:
                truth = condition_truth(s, check->steps);
                break;
        default:
                truth = compare(s, check);
                break;
        }
        s->checks[id] = s->generation << 2 | truth;
        return truth;
}

/* ---- rules ---- */

static enum truth both(enum truth a, enum truth b)
{
        if (a == TRUTH_FALSE || b == TRUTH_FALSE)
                return TRUTH_FALSE;
        return a == TRUTH_UNKNOWN || b == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

static struct rule_verdict judge(struct rule_scratch *s, const struct compiled_rule *rule)
{
        struct rule_verdict verdict = { .rule = rule->rule, .applicable = true };
        enum truth applies = condition_truth(s, rule->applies);

        if (applies == TRUTH_FALSE)
                verdict.applicable = false;
        else
                verdict.truth = both(applies, condition_truth(s, rule->condition));
        return verdict;
}

unsigned rule_program_match(const struct rule_program *program, struct rule_scratch *scratch, const struct fact *fact,
                            bool all_verdicts, void (*each)(void *ctx, const struct rule_verdict *verdict), void *ctx)
{
        uint32_t kind = program->source->events ? fact->event : 0;
        unsigned n = 0;

        if (kind >= program->n_kinds)
                return 0;
        scratch_begin(scratch, fact);
        for (uint32_t i = program->starts[kind]; i < program->starts[kind + 1]; i++) {
                struct rule_verdict verdict = judge(scratch, &program->rules[program->by_kind[i]]);
                bool matches = verdict.truth == TRUTH_TRUE;

                n += matches;
                if (each && (all_verdicts || !verdict.applicable || verdict.truth != TRUTH_FALSE))
                        each(ctx, &verdict);
                if (matches && program->matching == MATCHING_FIRST)
                        break;
        }
        scratch->fact = NULL;
        return n;
}
