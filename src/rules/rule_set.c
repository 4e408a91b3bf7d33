/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rules/load.h"

struct rule_set {
        struct arena *texts;  /* what files say */
        struct arena *arena;  /* what was made of it */
        struct rule **rules;
        uint32_t n_rules;
        struct names names;   /* of rules */
        struct rule_message *messages;
        size_t n_messages;
        bool *has_file;
        size_t n_files;
};

struct rule_set *rule_set_new(void)
{
        return calloc(1, sizeof(struct rule_set));
}

int messages_compare(const void *a, const void *b)
{
        const struct message *x = a, *y = b;

        if (x->place.file != y->place.file)
                return x->place.file < y->place.file ? -1 : 1;
        if (x->place.line != y->place.line)
                return x->place.line < y->place.line ? -1 : 1;
        if (x->place.column != y->place.column)
                return x->place.column < y->place.column ? -1 : 1;
        if (x->kind != y->kind)
                return x->kind < y->kind ? -1 : 1;
        return strcmp(x->text, y->text);
}

static int hand_over_messages(struct loader *l, struct rule_set *set)
{
        struct messages *all = &l->kept;

        if (mem_grow(&all->list, &all->cap, all->n + l->passing.n, sizeof(*all->list)) < 0)
                return error_oom(l->err);
        if (l->passing.n)
                memcpy(all->list + all->n, l->passing.list, l->passing.n * sizeof(*all->list));
        all->n += l->passing.n;
        if (all->n)
                qsort(all->list, all->n, sizeof(*all->list), messages_compare);
        set->messages = arena_alloc(l->arena, all->n * sizeof(*set->messages));
        if (!set->messages)
                return error_oom(l->err);
        set->n_messages = all->n;
        for (size_t i = 0; i < all->n; i++) {
                const struct message *m = &all->list[i];

                set->messages[i] = (struct rule_message){
                        .is_error = m->kind == MESSAGE_ERROR, .is_note = m->kind == MESSAGE_NOTE, .place = m->place,
                        .file = m->place.file ? l->files[m->place.file - 1].in->name : "", .text = m->text,
                };
        }
        return 0;
}

int rule_set_fill(struct rule_set *set, struct loader *l)
{
        size_t n = l->n_definitions[ITEM_RULE];
        int r;

        set->rules = arena_alloc(l->arena, n * sizeof(*set->rules));
        set->has_file = arena_alloc(l->arena, l->n_files * sizeof(*set->has_file));
        if (!set->rules || !set->has_file)
                return error_oom(l->err);
        for (size_t i = 0; i < n; i++) {
                set->rules[i] = l->definitions[ITEM_RULE][i]->rule;
                if (names_put(&set->names, &set->rules[i]->name) < 0)
                        return error_oom(l->err);
        }
        set->n_rules = (uint32_t)n;
        set->n_files = l->n_files;
        for (size_t i = 0; i < l->n_files; i++)
                set->has_file[i] = !l->files[i].left_out;
        r = hand_over_messages(l, set);
        if (r < 0)
                return r;
        set->texts = TAKE_PTR(l->texts);
        set->arena = TAKE_PTR(l->arena);
        return 0;
}

struct rule_set *rule_set_free(struct rule_set *set)
{
        if (!set)
                return NULL;
        names_done(&set->names);
        arena_free(set->arena);
        arena_free(set->texts);
        free(set);
        return NULL;
}

uint32_t rule_set_count(const struct rule_set *set)
{
        return set->n_rules;
}

const struct rule *rule_set_get(const struct rule_set *set, uint32_t i)
{
        return i < set->n_rules ? set->rules[i] : NULL;
}

const struct rule *rule_set_find(const struct rule_set *set, struct str name)
{
        return names_find(&set->names, name);
}

bool rule_set_has_file(const struct rule_set *set, size_t i)
{
        return i < set->n_files && set->has_file[i];
}

size_t rule_set_messages(const struct rule_set *set, const struct rule_message **ret)
{
        *ret = set->messages;
        return set->n_messages;
}
