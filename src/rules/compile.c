/* SPDX-License-Identifier: Apache-2.0 */
/* From a set of rules to a program: what stands at the top of the compiler. */
#include <errno.h>
#include <stdarg.h>

#include "rules/compile.h"
#include "rules/output.h"

/* ---- for the other files ---- */

int compiler_number(struct compiler *c, struct dictionary *keys, uint32_t *ret)
{
        uint32_t id = buf_ok(&c->key) ? dictionary_find(keys, buf_str(&c->key)) : NONE;
        char *key;

        if (id != NONE) {
                *ret = id;
                return 0;
        }
        key = buf_ok(&c->key) ? arena_string(c->scratch, c->key.data, c->key.len) : NULL;
        if (!key || dictionary_add(keys, c->scratch, (struct str){ key, c->key.len }, ret) < 0)
                return error_oom(c->err);
        return 1;
}

int compiler_error(struct compiler *c, struct place place, const char *fmt, ...)
{
        _cleanup_(buf_free) struct buf message = { 0 };
        va_list ap;

        va_start(ap, fmt);
        buf_vprintf(&message, fmt, ap);
        va_end(ap);
        c->place = place;
        return error_say(c->err, -EBADMSG, "%s", buf_ok(&message) ? message.data : "malformed");
}

int compiler_at(struct compiler *c, struct place place, int r)
{
        c->place = place;
        return r == -ENOMEM ? r : -EBADMSG;
}

/* ---- begin and end ---- */

static void compiler_done(struct compiler *c)
{
        free(c->nodes);
        free(c->check_nodes);
        buf_free(&c->key);
        pattern_scratch_free(c->patterns);
        arena_free(c->scratch);
        rule_program_free(c->p);
        *c = (struct compiler){ 0 };
}

static int compiler_begin(struct compiler *c, const struct fact_source *source, struct error *err)
{
        *c = (struct compiler){ .source = source, .err = err };
        c->p = calloc(1, sizeof(*c->p));
        c->scratch = arena_new();
        if (!c->p || !c->scratch)
                return error_oom(err);
        c->p->arena = arena_new();
        if (!c->p->arena)
                return error_oom(err);
        c->p->source = source;
        c->p->n_kinds = MAX_OF(source->n_events, 1u);
        /* The two ends take the first numbers, so that a step's number is its place. */
        if (mem_grow(&c->p->steps, &c->cap_steps, STEP_FIRST, sizeof(*c->p->steps)) < 0)
                return error_oom(err);
        c->p->n_steps = STEP_FIRST;
        return nodes_begin(c);
}

struct rule_program *rule_program_free(struct rule_program *program)
{
        if (!program)
                return NULL;
        for (uint32_t i = 0; i < program->n_patterns; i++)
                pattern_free(program->patterns[i]);
        free(program->patterns);
        free(program->slots);
        free(program->checks);
        free(program->steps);
        free(program->rules);
        free(program->by_kind);
        free(program->starts);
        free(program->by_index);
        arena_free(program->arena);
        free(program);
        return NULL;
}

int rule_condition_check(const struct fact_source *source, const struct ast *condition, struct place *ret_place,
                         struct error *err)
{
        _cleanup_(compiler_done) struct compiler c;
        uint32_t node;
        int r = compiler_begin(&c, source, err);

        if (r == 0)
                r = compile_condition(&c, condition, &node);
        *ret_place = c.place;
        return r;
}

/* ---- rules ---- */

static int set_outlook(struct compiler *c, struct compiled_rule *rule, uint32_t condition, uint32_t applies)
{
        uint32_t words = (c->p->n_kinds + 63) / 64;
        uint64_t *kinds = arena_alloc(c->p->arena, words * sizeof(*kinds));
        const uint64_t *for_condition = c->nodes[condition].true_for, *for_applies = c->nodes[applies].true_for;
        bool all = true;

        if (!kinds)
                return error_oom(c->err);
        rule->outlook.never = condition == NODE_FALSE_ID || applies == NODE_FALSE_ID;
        rule->outlook.always = condition == NODE_TRUE_ID && applies == NODE_TRUE_ID;
        for (uint32_t i = 0; i < c->p->n_kinds; i++) {
                uint64_t bit = UINT64_C(1) << (i % 64);
                bool may = !rule->outlook.never && (!for_condition || for_condition[i / 64] & bit) &&
                           (!for_applies || for_applies[i / 64] & bit);

                if (may)
                        kinds[i / 64] |= bit;
                all = all && may;
        }
        rule->outlook.kinds = kinds;
        rule->outlook.any_kind = all;
        return 0;
}

/* Nodes of all rules first: only then is it known what several of them share. */
struct roots {
        uint32_t condition, applies;
};

static int compile_roots(struct compiler *c, const struct rule *rule, struct roots *roots)
{
        int r = compile_condition(c, rule->condition, &roots->condition);

        roots->applies = NODE_TRUE_ID;
        if (r == 0 && rule->applies)
                r = compile_condition(c, rule->applies, &roots->applies);
        if (r < 0)
                return error_wrap(c->err, "%s:%u:%u: rule '%.*s'", rule->file ? rule->file : "", c->place.line,
                                  c->place.column, STR_ARG(rule->name));
        node_use(c, roots->condition);
        node_use(c, roots->applies);
        return 0;
}

static int compile_rule(struct compiler *c, struct compiled_rule *rule, const struct roots *roots)
{
        int r = set_outlook(c, rule, roots->condition, roots->applies);

        if (r == 0)
                r = compile_steps(c, roots->condition, &rule->condition);
        if (r == 0)
                r = compile_steps(c, roots->applies, &rule->applies);
        return r < 0 ? r : compile_output(c, rule);
}

static int compile_all(struct compiler *c, const struct rule *const *rules, uint32_t n)
{
        _cleanup_free_ struct roots *roots = calloc(MAX_OF(n, 1u), sizeof(*roots));
        uint32_t last = 0;
        int r = 0;

        for (uint32_t i = 0; i < n; i++)
                last = MAX_OF(last, rules[i]->index);
        c->p->rules = calloc(MAX_OF(n, 1u), sizeof(*c->p->rules));
        c->p->by_index = calloc((size_t)last + 1, sizeof(*c->p->by_index));
        if (!roots || !c->p->rules || !c->p->by_index)
                return error_oom(c->err);
        c->p->n_by_index = last + 1;
        memset(c->p->by_index, 0xff, ((size_t)last + 1) * sizeof(*c->p->by_index)); /* NONE */
        for (uint32_t i = 0; i < n && r == 0; i++) {
                c->p->by_index[rules[i]->index] = i;
                c->p->rules[i].rule = rules[i];
                c->p->n_rules++;
                r = compile_roots(c, rules[i], &roots[i]);
        }
        for (uint32_t i = 0; i < n && r == 0; i++)
                r = compile_rule(c, &c->p->rules[i], &roots[i]);
        return r;
}

/* ---- which rules want which kind of event ---- */

static bool wants(const struct rule_program *p, uint32_t rule, uint32_t kind)
{
        return !p->source->events || p->rules[rule].outlook.kinds[kind / 64] >> (kind % 64) & 1;
}

static int index_kinds(struct compiler *c)
{
        struct rule_program *p = c->p;
        uint64_t total = 0;

        p->starts = calloc(p->n_kinds + 1, sizeof(*p->starts));
        p->wanted = arena_alloc(p->arena, (p->n_kinds + 63) / 64 * sizeof(*p->wanted));
        if (!p->starts || !p->wanted)
                return error_oom(c->err);
        for (uint32_t kind = 0; kind < p->n_kinds; kind++)
                for (uint32_t i = 0; i < p->n_rules; i++)
                        total += wants(p, i, kind);
        if (total >= UINT32_MAX)
                return error_say(c->err, -E2BIG, "too many rules");
        p->by_kind = calloc(MAX_OF(total, (uint64_t)1), sizeof(*p->by_kind));
        if (!p->by_kind)
                return error_oom(c->err);
        total = 0;
        for (uint32_t kind = 0; kind < p->n_kinds; kind++) {
                p->starts[kind] = (uint32_t)total;
                for (uint32_t i = 0; i < p->n_rules; i++)
                        if (wants(p, i, kind))
                                p->by_kind[total++] = i;
                if (total > p->starts[kind])
                        p->wanted[kind / 64] |= UINT64_C(1) << (kind % 64);
        }
        p->starts[p->n_kinds] = (uint32_t)total;
        return 0;
}

int rule_program_of(const struct rule *const *rules, uint32_t n, const struct fact_source *source,
                    enum rule_matching matching, struct rule_program **ret, struct error *err)
{
        _cleanup_(compiler_done) struct compiler c;
        int r = compiler_begin(&c, source, err);

        if (r == 0)
                r = compile_all(&c, rules, n);
        if (r == 0)
                r = compile_ways(&c);
        if (r == 0)
                r = index_kinds(&c);
        if (r < 0)
                return r;
        c.p->matching = source->logic == LOGIC_THREE_VALUED ? MATCHING_ALL : matching;
        *ret = TAKE_PTR(c.p);
        return 0;
}

int rule_program_new(const struct rule_set *set, const struct fact_source *source, enum rule_matching matching,
                     struct rule_program **ret, struct error *err)
{
        uint32_t all = rule_set_count(set), n = 0;
        _cleanup_free_ const struct rule **rules = calloc(MAX_OF(all, 1u), sizeof(*rules));

        if (!rules)
                return error_oom(err);
        for (uint32_t i = 0; i < all; i++) {
                const struct rule *rule = rule_set_get(set, i);

                if (rule->state == RULE_READY && rule->source == source)
                        rules[n++] = rule;
        }
        return rule_program_of(rules, n, source, matching, ret, err);
}

const uint64_t *rule_program_events(const struct rule_program *program)
{
        return program->wanted;
}

const struct rule_outlook *rule_program_outlook(const struct rule_program *program, const struct rule *rule)
{
        const struct compiled_rule *compiled = program_rule(program, rule);

        return compiled ? &compiled->outlook : NULL;
}
