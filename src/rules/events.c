/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For which kinds of events can a condition be true? A tree is looked at once for all kinds: of each part it is known
 * for which kinds it may be true and for which it may be false; whatever can not be told may be both.
 */
#include <errno.h>

#include "rules/load.h"

#define WORDS_MAX 16 /* of 64 kinds; sources with more are not looked at */
#define NAMES_SHOWN 16
#define MANY_EVENTS 100 /* more are said to be slow */

struct kinds {
        uint64_t word[WORDS_MAX];
};

struct outcome {
        struct kinds true_for, false_for;
};

struct looking {
        struct loader *l;
        struct definition *d;
        const struct fact_source *source;
        struct kinds all;
        struct str unknown; /* a name that is no kind of event */
        struct place unknown_place;
        struct place direction; /* where the direction of an event was asked for */
        bool lists_may_fill;    /* as if no list were empty */
};

static uint32_t count_kinds(const struct kinds *k)
{
        uint32_t n = 0;

        for (size_t i = 0; i < WORDS_MAX; i++)
                n += (uint32_t)__builtin_popcountll(k->word[i]);
        return n;
}

static bool has_kind(const struct kinds *k, uint32_t i)
{
        return k->word[i / 64] >> (i % 64) & 1;
}

/* Kinds are sorted by name. */
static int find_kind(const struct fact_source *source, struct str name)
{
        uint32_t low = 0, high = source->n_events;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                int order = str_compare(name, str_from(source->events[middle].name));

                if (order == 0)
                        return (int)middle;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return -ENOENT;
}

/* ---- parts of a condition ---- */

static void add_named(struct looking *w, const struct operand *value, struct kinds *k)
{
        int i = find_kind(w->source, value->name);

        if (i >= 0) {
                k->word[i / 64] |= 1ull << (i % 64);
        } else if (w->unknown.n == 0) {
                w->unknown = value->name;
                w->unknown_place = value->place;
        }
}

static void either_may_be(const struct looking *w, struct outcome *ret)
{
        ret->true_for = ret->false_for = w->all;
}

static void invert(struct outcome *o)
{
        struct kinds k = o->true_for;

        o->true_for = o->false_for;
        o->false_for = k;
}

static void only_for(const struct looking *w, const struct kinds *k, struct outcome *ret)
{
        ret->true_for = *k;
        for (size_t i = 0; i < WORDS_MAX; i++)
                ret->false_for.word[i] = w->all.word[i] & ~k->word[i];
}

/* evt.type = x, != x, in (x, y), exists. */
static void look_at_kind(struct looking *w, const struct ast *check, struct outcome *ret)
{
        const struct operand *right = &check->right;
        struct kinds k = { { 0 } };

        if (check->op == OP_EXISTS) {
                only_for(w, &w->all, ret);
                return;
        }
        if (check->modifier || right->kind == OPERAND_TRANSFORM ||
            (check->op != OP_EQ && check->op != OP_NE && check->op != OP_IN && check->op != OP_INTERSECTS)) {
                either_may_be(w, ret);
                return;
        }
        if (right->kind == OPERAND_VALUE)
                add_named(w, right, &k);
        for (uint32_t i = 0; i < right->n_items; i++)
                add_named(w, &right->items[i], &k);
        only_for(w, &k, ret);
        if (check->op == OP_NE)
                invert(ret);
}

/* evt.dir is a relic: "<" is always true and ">" never. */
static bool look_at_direction(struct looking *w, const struct ast *check, struct outcome *ret)
{
        static const struct kinds none = { { 0 } };
        const struct operand *right = &check->right;

        if (!str_equals(check->left.name, "evt.dir") || check->op != OP_EQ || right->kind != OPERAND_VALUE)
                return false;
        w->direction = check->place;
        if (str_equals(right->name, "<"))
                only_for(w, &w->all, ret);
        else
                only_for(w, &none, ret);
        return true;
}

static void look_at_check(struct looking *w, const struct ast *check, struct outcome *ret)
{
        static const struct kinds none = { { 0 } };
        bool field = check->left.kind == OPERAND_FIELD && !check->left.has_argument;

        if (field && w->source->event_field && str_equals(check->left.name, w->source->event_field)) {
                look_at_kind(w, check, ret);
                return;
        }
        if (field && look_at_direction(w, check, ret))
                return;
        either_may_be(w, ret);
        if (check->right.kind == OPERAND_LIST && check->right.n_items == 0 && check->modifier != MODIFIER_ALLOF &&
            !w->lists_may_fill)
                ret->true_for = none; /* nothing is in an empty list */
}

static void look(struct looking *w, const struct ast *ast, struct outcome *ret)
{
        struct outcome o;

        if (ast->kind == AST_CHECK) {
                look_at_check(w, ast, ret);
                return;
        }
        look(w, ast->children[0], ret);
        for (uint32_t i = 1; i < ast->n_children; i++) {
                look(w, ast->children[i], &o);
                for (size_t j = 0; j < WORDS_MAX; j++) {
                        if (ast->kind == AST_AND) {
                                ret->true_for.word[j] &= o.true_for.word[j];
                                ret->false_for.word[j] |= o.false_for.word[j];
                        } else {
                                ret->true_for.word[j] |= o.true_for.word[j];
                                ret->false_for.word[j] &= o.false_for.word[j];
                        }
                }
        }
        if (ast->kind == AST_NOT)
                invert(ret);
}

/* ---- what follows for the rule ---- */

static int set_reason(struct looking *w, struct buf *reason)
{
        struct rule *rule = w->d->rule;
        const char *text = buf_ok(reason) ? arena_string(w->l->arena, reason->data, reason->len) : NULL;

        if (!text)
                return error_oom(w->l->err);
        rule->reason = (struct str){ text, reason->len };
        return 0;
}

static int say_unknown_kind(struct looking *w)
{
        struct nearest nearest = nearest_to(w->unknown);
        struct did_you_mean room;

        for (uint32_t i = 0; may_compare(w->l, 1) && i < w->source->n_events; i++)
                nearest_offer(&nearest, w->source->events[i].name);
        return say_warning(w->l, w->unknown_place, "rule '%s': the source '%s' knows no event '%s'%s", SHOW(w->d->name),
                           w->source->name, SHOW(w->unknown), did_you_mean(&nearest, &room));
}

static int say_never(struct looking *w)
{
        _cleanup_(buf_free) struct buf reason = { 0 };
        struct outcome again;
        struct rule *rule = w->d->rule;

        if (w->unknown.n && rule->state == RULE_READY) {
                rule->state = RULE_NOT_EVALUABLE;
                buf_printf(&reason, "the source '%s' knows no event '%s'", w->source->name, SHOW(w->unknown));
                return set_reason(w, &reason);
        }
        w->lists_may_fill = true;
        look(w, w->d->expanded, &again);
        return say_warning(w->l, rule->place, "rule '%s' can never match%s", SHOW(w->d->name),
                           count_kinds(&again.true_for) ? ": it looks for something in an empty list" : "");
}

static int say_unfilled(struct looking *w, const struct kinds *wanted)
{
        _cleanup_(buf_free) struct buf reason = { 0 };
        struct rule *rule = w->d->rule;
        bool none_filled = true;
        unsigned n = 0;

        for (uint32_t i = 0; i < w->source->n_events; i++) {
                if (!has_kind(wanted, i))
                        continue;
                if (w->source->events[i].filled) {
                        none_filled = false;
                        continue;
                }
                if (n++ < NAMES_SHOWN)
                        buf_printf(&reason, "%s%s", n > 1 ? ", " : "nothing emits ", w->source->events[i].name);
        }
        /* A rule that asks for no kind in particular takes what there is. */
        if (n == 0 || rule->state != RULE_READY || (!none_filled && count_kinds(wanted) == w->source->n_events))
                return 0;
        if (n > NAMES_SHOWN)
                buf_puts(&reason, " …");
        if (none_filled)
                rule->state = RULE_NOT_EVALUABLE;
        return set_reason(w, &reason);
}

static int say_many(struct looking *w, const struct kinds *wanted)
{
        uint32_t n = count_kinds(wanted);

        if (!w->d->warn_evttypes || (n <= MANY_EVENTS && n < w->source->n_events))
                return 0;
        return say_warning(w->l, w->d->rule->place,
                           "rule '%s' is tried on %u kinds of events, which is slow: its condition "
                           "should say which %s it is about",
                           SHOW(w->d->name), n, w->source->event_field);
}

int check_events(struct loader *l, struct definition *d)
{
        struct looking w = { .l = l, .d = d, .source = d->source };
        struct outcome o = { { { 0 } }, { { 0 } } };
        uint32_t n = MAX_OF(d->source->n_events, (uint32_t)1); /* without kinds: of one that all facts are of */
        int r = 0;

        if (n > WORDS_MAX * 64)
                return 0;
        for (uint32_t i = 0; i < n; i++)
                w.all.word[i / 64] |= 1ull << (i % 64);
        look(&w, d->expanded, &o);
        if (w.unknown.n)
                r = say_unknown_kind(&w);
        if (r == 0 && w.direction.line)
                r = say_warning(l, w.direction, "rule '%s': evt.dir is deprecated: '<' is always true and '>' never",
                                SHOW(d->name));
        if (r < 0)
                return r;
        if (count_kinds(&o.true_for) == 0)
                return say_never(&w);
        if (d->source->n_events == 0)
                return 0;
        r = say_unfilled(&w, &o.true_for);
        return r < 0 ? r : say_many(&w, &o.true_for);
}
