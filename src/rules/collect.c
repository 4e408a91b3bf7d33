/* SPDX-License-Identifier: Apache-2.0 */
/* The items of files, in load order, become definitions: a later one of the same name takes the earlier one's place in
 * the order, or changes parts of it. */
#include <errno.h>

#include "rules/load.h"

/* What can be wrong with a definition beyond one item. */
#define JUDGED (KEY_BIT(KEY_ITEMS) | KEY_BIT(KEY_CONDITION) | KEY_BIT(KEY_EXCEPTIONS) | KEY_BIT(KEY_APPLIES))

struct definition *definition_find(const struct loader *l, enum item_kind kind, struct str name)
{
        return names_find(&l->names[kind], name);
}

void offer_definitions(struct loader *l, enum item_kind kind, struct nearest *nearest)
{
        size_t n = l->n_definitions[kind];

        if (!may_compare(l, n))
                return;
        for (size_t i = 0; i < n; i++)
                nearest_offer(nearest, l->definitions[kind][i]->name.p);
}

static int out_of_memory(struct loader *l)
{
        return error_oom(l->err);
}

static int new_definition(struct loader *l, const struct item *item, struct definition **ret)
{
        enum item_kind kind = item->kind;
        struct definition *d = arena_alloc(l->arena, sizeof(*d));

        if (!d || mem_grow(&l->definitions[kind], &l->cap_definitions[kind], l->n_definitions[kind] + 1, sizeof(d)) < 0)
                return out_of_memory(l);
        d->name = item->name;
        d->kind = kind;
        d->index = l->next_index;
        if (names_put(&l->names[kind], &d->name) < 0)
                return out_of_memory(l);
        l->definitions[kind][l->n_definitions[kind]++] = d;
        *ret = d;
        return 0;
}

static struct str source_of(const struct yaml_node *node)
{
        return node ? node->text : STR_LIT("syscall");
}

/* A rule keeps its source; whoever names one must name that. */
static int check_source(struct loader *l, const struct definition *d, const struct item *item, uint32_t file)
{
        const struct part *before = d->values[KEY_SOURCE].first;
        const struct yaml_node *now = item->values[KEY_SOURCE];

        if (d->kind != ITEM_RULE || (!now && item->mode == MODE_CHANGE))
                return 0;
        if (str_equal(source_of(before ? before->node : NULL), source_of(now)))
                return 0;
        return say_error(l, item->place, blame_file(file), "rule '%s' has the source '%s', and here '%s'",
                         SHOW(d->name), SHOW(source_of(before ? before->node : NULL)), SHOW(source_of(now)));
}

static struct exception *find_exception(const struct definition *d, struct str name)
{
        for (struct exception *e = d->exceptions; e; e = e->next)
                if (str_equal(e->name, name))
                        return e;
        return NULL;
}

/* A copy: the items must stay as they are for the next pass. */
static int add_exception(struct loader *l, struct definition *d, const struct exception *e, uint32_t file)
{
        struct exception *copy = arena_alloc(l->arena, sizeof(*copy)), **end = &d->exceptions;
        int r = check_exception(l, e, file);
        unsigned n = 0;

        if (r < 0)
                return r;
        if (!copy)
                return out_of_memory(l);
        *copy = *e;
        copy->next = NULL;
        copy->values = (struct parts){ 0 };
        for (const struct part *p = e->values.first; p; p = p->next)
                if (part_add(l->arena, &copy->values, p->node, p->file) < 0)
                        return out_of_memory(l);
        for (; *end; end = &(*end)->next)
                n++;
        if (n >= RULE_EXCEPTIONS_MAX)
                return say_error(l, e->place, blame_file(file), "rule '%s' has more than %d exceptions", SHOW(d->name),
                                 RULE_EXCEPTIONS_MAX);
        *end = copy;
        return 0;
}

static int add_exceptions(struct loader *l, struct definition *d, const struct item *item, uint32_t file)
{
        int r = 0;

        for (const struct exception *e = item->exceptions; e && r == 0; e = e->next)
                r = add_exception(l, d, e, file);
        return r;
}

/* Values for an exception that is there, or a new one. */
static int append_exception(struct loader *l, struct definition *d, const struct exception *e, uint32_t file)
{
        struct exception *there = find_exception(d, e->name);

        if (!there && !e->fields)
                return say_error(l, e->place, blame_file(file),
                                 "exception '%s': rule '%s' has none of this name, and here are no fields",
                                 SHOW(e->name), SHOW(d->name));
        if (!there && !e->values.first)
                return say_error(l, e->place, blame_file(file), "exception '%s': a new exception needs values",
                                 SHOW(e->name));
        if (!there)
                return add_exception(l, d, e, file);
        if (e->fields || e->comps)
                return say_error(l, e->place, blame_file(file),
                                 "exception '%s' of rule '%s' is there already: only values can be appended",
                                 SHOW(e->name), SHOW(d->name));
        for (const struct part *p = e->values.first; p; p = p->next)
                if (part_add(l->arena, &there->values, p->node, p->file) < 0)
                        return out_of_memory(l);
        return 0;
}

static int append_exceptions(struct loader *l, struct definition *d, const struct item *item, uint32_t file)
{
        int r = 0;

        for (const struct exception *e = item->exceptions; e && r == 0; e = e->next)
                r = append_exception(l, d, e, file);
        return r;
}

static int define(struct loader *l, const struct item *item, uint32_t file)
{
        struct definition *d = definition_find(l, item->kind, item->name);
        int r;

        r = d ? check_source(l, d, item, file) : new_definition(l, item, &d);
        if (r < 0)
                return r;
        d->place = item->place;
        d->visibility = l->next_index;
        d->files = blame_file(file);
        d->exceptions = NULL;
        for (unsigned i = 0; i < ITEM_KEYS; i++) {
                d->values[i] = (struct parts){ 0 };
                if (item->values[i] && part_add(l->arena, &d->values[i], item->values[i], file) < 0)
                        return out_of_memory(l);
        }
        return add_exceptions(l, d, item, file);
}

/* A file that was left out may have had it. */
static const char *left_out_with(const struct loader *l, enum item_kind kind, struct str name)
{
        for (size_t i = 0; i < l->n_files; i++)
                for (size_t j = 0; l->files[i].left_out && j < l->files[i].n_items; j++) {
                        const struct item *item = &l->files[i].items[j];

                        if (item->kind == kind && item->mode == MODE_DEFINE && str_equal(item->name, name))
                                return l->files[i].in->name;
                }
        return NULL;
}

static int nothing_to_change(struct loader *l, const struct item *item, uint32_t file)
{
        struct nearest nearest = nearest_to(item->name);
        const char *other = left_out_with(l, item->kind, item->name);
        struct did_you_mean room;

        offer_definitions(l, item->kind, &nearest);
        if (other)
                return say_error(l, item->place, blame_file(file), "there is no %s '%s' to change: '%s' was left out",
                                 item_kind_names[item->kind], SHOW(item->name), SHOW(str_from(other)));
        return say_error(l, item->place, blame_file(file), "there is no %s '%s' before this that could be changed%s",
                         item_kind_names[item->kind], SHOW(item->name), did_you_mean(&nearest, &room));
}

static int change(struct loader *l, const struct item *item, uint32_t file)
{
        struct definition *d = definition_find(l, item->kind, item->name);
        int r;

        if (!d) /* a list or macro that is replaced need not be there */
                return item->append || item->kind == ITEM_RULE ? nothing_to_change(l, item, file)
                                                               : define(l, item, file);
        r = check_source(l, d, item, file);
        if (r < 0)
                return r;
        d->visibility = l->next_index;
        if (item->replace & (KEY_BIT(KEY_ITEMS) | KEY_BIT(KEY_CONDITION)))
                d->files = d->exceptions ? blame_join(d->files, blame_file(file)) : blame_file(file);
        else if ((item->append | item->replace) & JUDGED)
                d->files = blame_join(d->files, blame_file(file));
        for (unsigned i = 0; i < ITEM_KEYS; i++) {
                if (!((item->append | item->replace) & KEY_BIT(i)))
                        continue;
                if (item->replace & KEY_BIT(i))
                        d->values[i] = (struct parts){ 0 };
                if (part_add(l->arena, &d->values[i], item->values[i], file) < 0)
                        return out_of_memory(l);
        }
        if (item->replace & KEY_BIT(KEY_EXCEPTIONS)) {
                d->exceptions = NULL;
                return add_exceptions(l, d, item, file);
        }
        return item->append & KEY_BIT(KEY_EXCEPTIONS) ? append_exceptions(l, d, item, file) : 0;
}

int collect_file(struct loader *l, uint32_t file)
{
        const struct loaded_file *in = &l->files[file - 1];
        unsigned n_errors = 0;
        int r;

        for (size_t i = 0; i < in->n_items && n_errors < RULE_FILE_ERRORS_MAX; i++) {
                const struct item *item = &in->items[i];

                r = item->mode == MODE_DEFINE ? define(l, item, file) : change(l, item, file);
                if (is_fatal(r))
                        return r;
                n_errors += r < 0;
                l->next_index++;
        }
        return 0;
}
