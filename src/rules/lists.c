/* SPDX-License-Identifier: Apache-2.0 */
/* Lists may hold lists. A word that names a list which is just being put in is a plain word: so it is with lists that
 * are named like one of their items, and so a list that holds itself ends. */
#include <errno.h>

#include "rules/load.h"

#define LISTS_DEPTH_MAX 64

struct flattening {
        struct loader *l;
        struct str *items; /* heap */
        size_t n, cap;
        unsigned depth;
};

static int flatten(struct flattening *f, struct definition *d);

static int add_item(struct flattening *f, struct definition *d, struct str item)
{
        struct loader *l = f->l;

        if (l->n_list_items++ >= RULE_LIST_ITEMS_MAX)
                return say_error(l, d->place, d->files, "list '%s': all lists together hold more than %d items",
                                 SHOW(d->name), RULE_LIST_ITEMS_MAX);
        if (mem_grow(&f->items, &f->cap, f->n + 1, sizeof(*f->items)) < 0)
                return error_oom(l->err);
        f->items[f->n++] = item;
        return 0;
}

static int add_list(struct flattening *f, struct definition *d, struct definition *inner, struct place place)
{
        int r;

        if (inner->state == DEFINITION_OPEN) {
                r = say_warning(f->l, place, "list '%s' holds %s: here '%s' is taken as a plain word", SHOW(d->name),
                                inner == d ? "its own name" : "a list that holds it", SHOW(inner->name));
                return r < 0 ? r : add_item(f, d, inner->name);
        }
        if (inner->state == DEFINITION_NEW) {
                r = flatten(f, inner);
                if (r < 0)
                        return r;
        }
        inner->used = true;
        d->files = blame_join(d->files, inner->files);
        if (f->l->n_list_items++ >= RULE_LIST_ITEMS_MAX) /* an empty list costs time too */
                return add_item(f, d, inner->name);
        for (size_t i = 0; i < inner->n_items; i++) {
                r = add_item(f, d, inner->items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_part(struct flattening *f, struct definition *d, const struct part *part)
{
        for (size_t i = 0; i < part->node->n; i++) {
                const struct yaml_node *item = part->node->items[i];
                struct definition *inner = definition_find(f->l, ITEM_LIST, item->text);
                int r = inner ? add_list(f, d, inner, place_of(item, part->file)) : add_item(f, d, item->text);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Leaves the items of outer lists that are being put together below its own. */
static int flatten(struct flattening *f, struct definition *d)
{
        size_t first = f->n;
        int r = 0;

        d->state = DEFINITION_OPEN;
        if (++f->depth > LISTS_DEPTH_MAX)
                r = say_error(f->l, d->place, d->files, "list '%s': lists in lists, deeper than %d", SHOW(d->name),
                              LISTS_DEPTH_MAX);
        for (const struct part *part = d->values[KEY_ITEMS].first; part && r == 0; part = part->next)
                r = add_part(f, d, part);
        f->depth--;
        d->state = DEFINITION_DONE;
        if (r < 0)
                return r;
        d->n_items = f->n - first;
        d->items = arena_copy(f->l->arena, d->n_items ? f->items + first : NULL, d->n_items * sizeof(*d->items));
        f->n = first;
        return d->items ? 0 : error_oom(f->l->err);
}

int flatten_lists(struct loader *l)
{
        struct flattening f = { .l = l };
        int r = 0;

        for (size_t i = 0; i < l->n_definitions[ITEM_LIST] && !is_fatal(r); i++) {
                struct definition *d = l->definitions[ITEM_LIST][i];

                f.n = 0;
                if (d->state == DEFINITION_NEW)
                        r = flatten(&f, d);
        }
        free(f.items);
        return is_fatal(r) ? r : 0;
}

static int find_list(void *ctx, struct str name, const struct str **ret_items, size_t *ret_n)
{
        struct loader *l = ctx;
        struct definition *d = definition_find(l, ITEM_LIST, name);

        if (!d)
                return 0;
        d->used = true;
        l->list_files = blame_join(l->list_files, d->files);
        *ret_items = d->items;
        *ret_n = d->n_items;
        return 1;
}

struct list_lookup list_lookup_of(struct loader *l)
{
        return (struct list_lookup){ find_list, l };
}
