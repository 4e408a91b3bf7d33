/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of macros and rules: parsed, and macros put in. Trees share the branches that macros are, so that what a
 * macro repeats takes no room; how large and how deep the whole is, is counted all the same, since others will walk it.
 */
#include <errno.h>

#include "rules/load.h"

/* A chain of macros that name one another. */
struct path {
        struct definition *d;
        const struct path *outer;
};

/* A tree after macros were put in. */
struct expansion {
        const struct ast *tree;
        uint32_t height, nodes;
        struct blame files; /* that made the macros */
};

static int expand(struct loader *l, const struct path *path, const struct ast *ast, uint32_t depth,
                  struct expansion *ret);

/* Of a rule whose source is unknown nobody asked. */
static int say_wrong(struct loader *l, const struct definition *d, struct place place, struct blame blame,
                     const char *what)
{
        if (!d->lenient)
                return say_error(l, place, blame, "%s '%s': %s", item_kind_names[d->kind], SHOW(d->name), what);
        return say_warning(l, place, "%s '%s' (skipped): %s", item_kind_names[d->kind], SHOW(d->name), what) < 0
                       ? -ENOMEM
                       : -EBADMSG;
}

/* ---- parsing ---- */

static int write_text(struct loader *l, struct definition *d, struct text_builder *b)
{
        bool bracketed = d->exceptions != NULL;

        for (const struct exception *e = d->exceptions; e; e = e->next) {
                int r = check_exception_values(l, e, d->files);

                if (r < 0)
                        return r;
        }
        if (bracketed)
                text_add_fixed(b, STR_LIT("("), d->place);
        for (const struct part *part = d->values[KEY_CONDITION].first; part; part = part->next) {
                if (part != d->values[KEY_CONDITION].first)
                        text_add_fixed(b, STR_LIT(" "), place_of(part->node, part->file));
                text_add_scalar(b, part->node, part->file);
        }
        if (bracketed)
                text_add_fixed(b, STR_LIT(")"), d->place);
        exceptions_add(b, d->exceptions);
        return b->failed ? error_oom(l->err) : 0;
}

int parse_definition(struct loader *l, struct definition *d)
{
        _cleanup_(text_builder_done) struct text_builder written = { 0 }, whole = { 0 };
        struct list_lookup lists = list_lookup_of(l);
        struct error err = ERROR_INIT;
        struct rule_text before, text = { 0 };
        struct text_places places;
        struct ast *tree;
        struct blame blame = d->files;
        size_t at = 0;
        int r;

        d->state = DEFINITION_FAILED;
        if (l->n_text_bytes > RULE_TEXTS_BYTES_MAX || l->n_tree_nodes > RULE_TREES_NODES_MAX)
                return say_error(l, d->place, d->files, "%s '%s': all conditions together are too large",
                                 item_kind_names[d->kind], SHOW(d->name));
        r = write_text(l, d, &written);
        if (r < 0)
                return r;
        before = text_borrow(&written);
        l->list_files = (struct blame){ 0 };
        r = text_substitute(&before, &lists, &whole, &err);
        if (r == 0)
                r = text_keep(&whole, l->arena, &text, &err);
        if (r == 0)
                r = condition_parse_text(&text, l->arena, &tree, &at, &err);
        if (r == -ENOMEM)
                return error_oom(l->err);
        places = (struct text_places){ .in = text.n_runs ? &text : &before };
        if (r < 0) {
                if (r == -E2BIG || text_is_fixed(places.in, at))
                        blame = blame_join(blame, l->list_files);
                return say_wrong(l, d, text_place(&places, at), blame, err.message);
        }
        l->n_text_bytes += text.text.n;
        l->n_tree_nodes += at;
        d->tree = tree;
        d->state = DEFINITION_NEW;
        return 0;
}

/* ---- macros ---- */

static int too_deep(struct loader *l, const struct path *path, struct place place, struct blame macros)
{
        _cleanup_(buf_free) struct buf what = { 0 };

        buf_printf(&what, "with its macros put in it is nested deeper than %d", CONDITION_DEPTH_MAX);
        return buf_ok(&what) ? say_wrong(l, path->d, place, blame_join(path->d->files, macros), what.data)
                             : error_oom(l->err);
}

static int unknown_macro(struct loader *l, const struct path *path, const struct ast *ast,
                         const struct definition *later)
{
        _cleanup_(buf_free) struct buf what = { 0 };
        struct nearest nearest = nearest_to(ast->macro);
        struct did_you_mean room;

        if (later) {
                buf_printf(&what, "the macro '%s' is defined after this one, and can not be used here",
                           SHOW(ast->macro));
        } else {
                offer_definitions(l, ITEM_MACRO, &nearest);
                buf_printf(&what, "there is no macro '%s'%s", SHOW(ast->macro), did_you_mean(&nearest, &room));
        }
        return buf_ok(&what) ? say_wrong(l, path->d, ast->place, path->d->files, what.data) : error_oom(l->err);
}

static void add_way(const struct path *path, const struct definition *to, struct buf *out)
{
        struct shown shown;

        if (path->d != to)
                add_way(path->outer, to, out);
        buf_puts(out, show(path->d->name, &shown));
        buf_puts(out, " → ");
}

static int endless(struct loader *l, const struct path *path, const struct definition *to, struct place place)
{
        _cleanup_(buf_free) struct buf what = { 0 };
        struct blame blame = to->files;

        buf_puts(&what, "macros name each other without end: ");
        if (path->d == to) {
                buf_clear(&what);
                buf_puts(&what, "a macro can not name itself: ");
        }
        add_way(path, to, &what);
        buf_puts(&what, SHOW(to->name));
        for (const struct path *p = path; p->d != to; p = p->outer)
                blame = blame_join(blame, p->d->files);
        return buf_ok(&what) ? say_wrong(l, path->d, place, blame, what.data) : error_oom(l->err);
}

/* Expands the macro itself, once for all who name it. */
static int expand_inner(struct loader *l, const struct path *path, struct definition *macro, uint32_t depth)
{
        struct path inner = { macro, path };
        struct expansion e;
        int r;

        macro->state = DEFINITION_OPEN;
        r = expand(l, &inner, macro->tree, depth, &e);
        macro->state = r < 0 ? DEFINITION_FAILED : DEFINITION_DONE;
        if (r < 0)
                return r;
        macro->expanded = e.tree;
        macro->height = e.height;
        macro->nodes = e.nodes;
        macro->macro_files = e.files;
        return 0;
}

static int expand_macro(struct loader *l, const struct path *path, const struct ast *ast, uint32_t depth,
                        struct expansion *ret)
{
        struct definition *macro = definition_find(l, ITEM_MACRO, ast->macro), *user = path->d;
        int r;

        if (macro && macro->state == DEFINITION_OPEN)
                return endless(l, path, macro, ast->place);
        if (!macro || (user->kind == ITEM_MACRO && macro->index >= user->visibility))
                return unknown_macro(l, path, ast, macro);
        macro->used = true;
        if (macro->state == DEFINITION_FAILED)
                return -EBADMSG; /* said already */
        if (macro->state == DEFINITION_NEW) {
                r = expand_inner(l, path, macro, depth);
                if (r < 0)
                        return r;
        }
        *ret = (struct expansion){ macro->expanded, macro->height, macro->nodes,
                                   blame_join(macro->files, macro->macro_files) };
        if (depth + macro->height > CONDITION_DEPTH_MAX)
                return too_deep(l, path, ast->place, ret->files);
        return 0;
}

/* A long word counts as several: what is printed, compared or compiled grows with it. */
#define WORD_BYTES 32

static uint32_t count_operand(const struct operand *o)
{
        uint32_t n = o->kind ? 1 + (uint32_t)((o->name.n + o->argument.n) / WORD_BYTES) : 0;

        for (uint32_t i = 0; i < o->n_items; i++)
                n += count_operand(&o->items[i]);
        return n;
}

static int expand_children(struct loader *l, const struct path *path, const struct ast *ast, uint32_t depth,
                           struct expansion *ret)
{
        struct ast *copy = NULL;
        struct expansion child;

        *ret = (struct expansion){ .tree = ast, .nodes = 1 };
        for (uint32_t i = 0; i < ast->n_children; i++) {
                int r = expand(l, path, ast->children[i], depth + 1, &child);

                if (r < 0)
                        return r;
                ret->height = MAX_OF(ret->height, child.height);
                ret->nodes += child.nodes;
                ret->files = blame_join(ret->files, child.files);
                if (ret->nodes > CONDITION_NODES_MAX)
                        return say_wrong(l, path->d, ast->place, blame_join(path->d->files, ret->files),
                                         "with its macros put in it is too large");
                if (child.tree == ast->children[i])
                        continue;
                if (!copy) {
                        copy = arena_copy(l->arena, ast, sizeof(*ast));
                        if (!copy)
                                return error_oom(l->err);
                        copy->children = arena_copy(l->arena, ast->children, ast->n_children * sizeof(*ast->children));
                        if (!copy->children)
                                return error_oom(l->err);
                        ret->tree = copy;
                }
                copy->children[i] = (struct ast *)child.tree;
        }
        ret->height++;
        return 0;
}

static int expand(struct loader *l, const struct path *path, const struct ast *ast, uint32_t depth,
                  struct expansion *ret)
{
        if (depth >= CONDITION_DEPTH_MAX)
                return too_deep(l, path, ast->place, (struct blame){ 0 });
        switch (ast->kind) {
        case AST_MACRO:
                return expand_macro(l, path, ast, depth, ret);
        case AST_CHECK:
                *ret = (struct expansion){
                        .tree = ast, .height = 1, .nodes = 1 + count_operand(&ast->left) + count_operand(&ast->right),
                };
                return 0;
        default:
                return expand_children(l, path, ast, depth, ret);
        }
}

int expand_definition(struct loader *l, struct definition *d)
{
        struct path path = { d, NULL };
        struct expansion e;
        int r;

        if (d->state != DEFINITION_NEW)
                return d->state == DEFINITION_DONE ? 0 : -EBADMSG;
        d->state = DEFINITION_OPEN;
        r = expand(l, &path, d->tree, 0, &e);
        d->state = r < 0 ? DEFINITION_FAILED : DEFINITION_DONE;
        if (r < 0)
                return r;
        d->expanded = e.tree;
        d->height = e.height;
        d->nodes = e.nodes;
        d->macro_files = e.files;
        l->n_nodes += d->kind == ITEM_RULE ? e.nodes : 0;
        if (l->n_nodes > RULE_NODES_MAX)
                return say_error(l, d->place, d->files,
                                 "rule '%s': all rules together are too large, with their macros put in",
                                 SHOW(d->name));
        return 0;
}
