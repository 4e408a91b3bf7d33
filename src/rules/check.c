/* SPDX-License-Identifier: Apache-2.0 */
/* The fields that a rule reads: are they known, may they have that argument, does anything fill them? */
#include <errno.h>

#include "rules/load.h"

#define UNFILLED_SHOWN 16

struct checking {
        struct loader *l;
        struct definition *d;
        const struct fact_source *source;
        struct str unfilled[UNFILLED_SHOWN]; /* fields that nothing fills */
        size_t n_unfilled;                   /* also those that are not kept */
        bool unknown;                        /* a field is unknown, and the rule is to be skipped for it */
        unsigned n_errors;
};

static int check_tree(struct checking *c, const struct ast *ast, struct blame blame);

/* ---- fields ---- */

static const char *find_nearest(struct checking *c, struct str name)
{
        return may_compare(c->l, c->source->n_fields) ? field_nearest(c->source, name) : NULL;
}

static int unknown_field(struct checking *c, struct str name, struct place place, struct blame blame)
{
        struct nearest nearest = { .name = find_nearest(c, name) };
        struct did_you_mean room;
        _cleanup_(buf_free) struct buf reason = { 0 };

        if (!c->d->skip_unknown)
                return say_error(c->l, place, blame, "rule '%s': the source '%s' has no field '%s'%s", SHOW(c->d->name),
                                 c->source->name, SHOW(name), did_you_mean(&nearest, &room));
        if (c->unknown)
                return 0;
        c->unknown = true;
        buf_printf(&reason, "the source '%s' has no field '%s'", c->source->name, SHOW(name));
        c->d->rule->reason.p = buf_ok(&reason) ? arena_string(c->l->arena, reason.data, reason.len) : NULL;
        if (!c->d->rule->reason.p)
                return error_oom(c->l->err);
        c->d->rule->reason.n = reason.len;
        return say_warning(c->l, place, "rule '%s' is skipped: %s%s", SHOW(c->d->name), reason.data,
                           did_you_mean(&nearest, &room));
}

static void note_unfilled(struct checking *c, struct str name)
{
        size_t kept = MIN_OF(c->n_unfilled, (size_t)UNFILLED_SHOWN);

        for (size_t i = 0; i < kept; i++)
                if (str_equal(c->unfilled[i], name))
                        return;
        if (kept < UNFILLED_SHOWN)
                c->unfilled[kept] = name;
        c->n_unfilled++;
}

static int wrong_argument(struct checking *c, struct str field, struct place place, struct blame blame,
                          const char *what)
{
        return say_error(c->l, place, blame, "rule '%s': the field '%s' %s", SHOW(c->d->name), SHOW(field), what);
}

static bool is_index(struct str argument)
{
        uint64_t value;

        return str_to_u64(argument, 10, &value) == 0 && value <= INT32_MAX;
}

static int check_argument(struct checking *c, const struct field *field, const struct operand *o, struct str suffix,
                          struct blame blame)
{
        bool has = o->has_argument || suffix.n;
        struct str argument = o->has_argument ? o->argument : suffix;

        if (o->has_argument && suffix.n)
                return wrong_argument(c, o->name, o->place, blame, "takes no argument in []");
        if (!has)
                return field->argument_required
                               ? wrong_argument(c, o->name, o->place, blame, "needs an argument in []") : 0;
        switch (field->argument) {
        case ARGUMENT_NONE:
                return wrong_argument(c, o->name, o->place, blame, "takes no argument in []");
        case ARGUMENT_INDEX:
                return is_index(argument) ? 0 : wrong_argument(c, o->name, o->place, blame, "takes a number in []");
        case ARGUMENT_KEY:
                return argument.n ? 0 : wrong_argument(c, o->name, o->place, blame, "takes a name in []");
        case ARGUMENT_POINTER:
                return argument.n == 0 || argument.p[0] == '/' ? 0
                        : wrong_argument(c, o->name, o->place, blame, "takes a pointer such as /a/b in []");
        }
        return 0;
}

static int check_field(struct checking *c, const struct operand *o, struct blame blame)
{
        struct str suffix = STR_NULL;
        const struct field *field = field_find(c->source, o->name, &suffix);

        if (!field)
                return unknown_field(c, o->name, o->place, blame);
        if (!field->get)
                note_unfilled(c, o->name);
        return check_argument(c, field, o, suffix, blame);
}

/* A field's name where a plain value stands is most often meant as val(). */
static int check_value(struct checking *c, const struct operand *o)
{
        struct str suffix;

        if (o->quoted || !o->name.n || !memchr(o->name.p, '.', o->name.n) || !field_find(c->source, o->name, &suffix))
                return 0;
        return say_warning(c->l, o->place,
                           "rule '%s': '%s' is compared as a word here; the value of that field is val(%s)",
                           SHOW(c->d->name), SHOW(o->name), SHOW(o->name));
}

static int check_operand(struct checking *c, const struct operand *o, struct blame blame)
{
        int result = 0;

        if (o->kind == OPERAND_FIELD)
                return check_field(c, o, blame);
        if (o->kind == OPERAND_VALUE)
                return check_value(c, o);
        for (uint32_t i = 0; i < o->n_items && !is_fatal(result); i++) {
                int r = check_operand(c, &o->items[i], blame);

                result = is_fatal(r) || result == 0 ? r : result;
        }
        return result;
}

/* ---- trees ---- */

static int check_children(struct checking *c, const struct ast *ast, struct blame blame)
{
        int result = 0;

        for (uint32_t i = 0; i < ast->n_children && !is_fatal(result) && c->n_errors < RULE_FILE_ERRORS_MAX; i++) {
                int r = check_tree(c, ast->children[i], blame);

                c->n_errors += r < 0;
                result = is_fatal(r) || result == 0 ? r : result;
        }
        return result;
}

/* The tree as it was written, so that who changed a macro last is known. */
static int check_tree(struct checking *c, const struct ast *ast, struct blame blame)
{
        const struct definition *macro;
        int left, right;

        switch (ast->kind) {
        case AST_MACRO:
                macro = definition_find(c->l, ITEM_MACRO, ast->macro);
                return macro && macro->tree ? check_tree(c, macro->tree, blame_join(blame, macro->files)) : 0;
        case AST_CHECK:
                left = check_operand(c, &ast->left, blame);
                if (is_fatal(left))
                        return left;
                right = check_operand(c, &ast->right, blame);
                return is_fatal(right) || left == 0 ? right : left;
        default:
                return check_children(c, ast, blame);
        }
}

/* ---- exceptions that have no values (the others stand in the condition) ---- */

static int check_exception_field(struct checking *c, const struct exception *e, const struct yaml_node *node)
{
        _cleanup_(text_builder_done) struct text_builder written = { 0 };
        struct rule_text text;
        struct text_places places = { .in = &text };
        struct error err = ERROR_INIT;
        struct ast *tree;
        size_t at = 0;
        int r;

        text_add_scalar(&written, node, e->place.file);
        text_add_fixed(&written, STR_LIT(" exists"), place_of(node, e->place.file));
        r = text_keep(&written, c->l->arena, &text, &err);
        if (r == 0)
                r = condition_parse_text(&text, c->l->arena, &tree, &at, &err);
        if (r == -ENOMEM)
                return error_oom(c->l->err);
        if (r < 0 || tree->kind != AST_CHECK)
                return say_error(c->l, r < 0 ? text_place(&places, at) : e->place, c->d->files, "exception '%s': %s",
                                 SHOW(e->name), r < 0 ? err.message : "a field is expected");
        return check_tree(c, tree, c->d->files);
}

static int check_exceptions(struct checking *c)
{
        int r = 0;

        for (const struct exception *e = c->d->exceptions; e && !is_fatal(r); e = e->next) {
                if (e->values.first)
                        continue;
                if (e->fields->kind == YAML_SCALAR)
                        r = check_exception_field(c, e, e->fields);
                for (size_t i = 0; e->fields->kind == YAML_SEQUENCE && i < e->fields->n && !is_fatal(r); i++)
                        r = check_exception_field(c, e, e->fields->items[i]);
        }
        return r;
}

/* ---- outputs ---- */

static size_t field_length(struct str s)
{
        size_t n = 0;

        while (n < s.n && ((s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z') || s.p[n] == '_' ||
                           (n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))))
                n++;
        while (n && s.p[n - 1] == '.')
                n--; /* the end of a sentence */
        return n;
}

/* What an output can not show is no reason to lose the rule. */
static int check_output(struct checking *c, const struct part *part)
{
        _cleanup_(text_builder_done) struct text_builder written = { 0 };
        struct rule_text text;
        struct text_places places = { .in = &text };
        int r = 0;

        text_add_scalar(&written, part->node, part->file);
        if (written.failed)
                return error_oom(c->l->err);
        text = text_borrow(&written);
        for (size_t i = 0; i < text.text.n && r == 0; i++) {
                struct str name = { text.text.p + i + 1, text.text.n - i - 1 }, suffix;
                struct nearest nearest = { 0 };
                struct did_you_mean room;

                if (text.text.p[i] != '%')
                        continue;
                while (name.n && name.p[0] >= '0' && name.p[0] <= '9') { /* a width */
                        name.p++;
                        name.n--;
                }
                name.n = field_length(name);
                if (name.n == 0 || name.p[name.n] == '(' || str_equals(name, "container.info") ||
                    field_find(c->source, name, &suffix))
                        continue;
                nearest.name = find_nearest(c, name);
                r = say_warning(c->l, text_place(&places, i), "rule '%s': output: the source '%s' has no field '%s'%s",
                                SHOW(c->d->name), c->source->name, SHOW(name), did_you_mean(&nearest, &room));
        }
        return r;
}

/* ---- rules ---- */

static int set_unfilled(struct checking *c)
{
        _cleanup_(buf_free) struct buf reason = { 0 };
        size_t kept = MIN_OF(c->n_unfilled, (size_t)UNFILLED_SHOWN);
        struct rule *rule = c->d->rule;

        if (c->n_unfilled == 0)
                return 0;
        buf_puts(&reason, "nothing fills ");
        for (size_t i = 0; i < kept; i++)
                buf_printf(&reason, "%s%s", i ? ", " : "", SHOW(c->unfilled[i]));
        if (kept < c->n_unfilled)
                buf_puts(&reason, " …");
        rule->reason.p = buf_ok(&reason) ? arena_string(c->l->arena, reason.data, reason.len) : NULL;
        rule->reason.n = reason.len;
        if (rule->state == RULE_READY)
                rule->state = RULE_NOT_EVALUABLE;
        return rule->reason.p ? 0 : error_oom(c->l->err);
}

static int check_compiles(struct checking *c, const struct ast *tree)
{
        struct place place = tree->place;
        struct error err = ERROR_INIT;
        int r;

        if (!c->l->options->check)
                return 0;
        r = c->l->options->check(c->source, tree, &place, &err);
        if (r == -ENOMEM)
                return error_oom(c->l->err);
        if (r < 0)
                return say_error(c->l, place, blame_join(c->d->files, c->d->macro_files), "rule '%s': %s",
                                 SHOW(c->d->name), err.message);
        return 0;
}

int check_rule(struct loader *l, struct definition *d)
{
        struct checking c = { .l = l, .d = d, .source = d->source };
        int r;

        r = check_tree(&c, d->tree, d->files);
        if (r == 0 && d->applies)
                r = check_tree(&c, d->applies->tree, d->applies->files);
        if (r == 0)
                r = check_exceptions(&c);
        for (const struct part *part = d->values[KEY_OUTPUT].first; part && r == 0; part = part->next)
                r = check_output(&c, part);
        if (r < 0)
                return r;
        if (c.unknown)
                return -ENOENT;
        r = check_compiles(&c, d->expanded);
        if (r == 0 && d->applies)
                r = check_compiles(&c, d->applies->expanded);
        return r < 0 ? r : set_unfilled(&c);
}
