/* SPDX-License-Identifier: Apache-2.0 */
/* `exceptions` of a rule: each has a name, fields, how they are compared (comps), and values. */
#include <errno.h>

#include "rules/load.h"

struct reading {
        struct loader *l;
        uint32_t file;
        struct exception *exception;
        struct shown name;
};

int part_add(struct arena *arena, struct parts *parts, const struct yaml_node *node, uint32_t file)
{
        struct part *part = arena_alloc(arena, sizeof(*part));

        if (!part)
                return -ENOMEM;
        *part = (struct part){ node, file, NULL };
        if (parts->last)
                parts->last->next = part;
        else
                parts->first = part;
        parts->last = part;
        return 0;
}

static int wrong(struct reading *r, const struct yaml_node *node, const char *what)
{
        return say_error(r->l, place_of(node, r->file), blame_file(r->file), "exception '%s': %s", r->name.text, what);
}

static bool is_word(const struct yaml_node *node)
{
        return node->kind == YAML_SCALAR && !yaml_is_null(node) && node->text.n;
}

static bool are_words(const struct yaml_node *node)
{
        if (node->kind != YAML_SEQUENCE)
                return false;
        for (size_t i = 0; i < node->n; i++)
                if (!is_word(node->items[i]))
                        return false;
        return true;
}

/* A word, or a row of words and sequences of words. */
static bool is_value(const struct yaml_node *node)
{
        if (node->kind == YAML_SCALAR)
                return is_word(node);
        if (node->kind != YAML_SEQUENCE)
                return false;
        for (size_t i = 0; i < node->n; i++)
                if (!is_word(node->items[i]) && !are_words(node->items[i]))
                        return false;
        return true;
}

static int read_values(struct reading *r, const struct yaml_node *values)
{
        if (values->kind != YAML_SEQUENCE)
                return wrong(r, values, "values: a sequence is expected");
        for (size_t i = 0; i < values->n; i++)
                if (!is_value(values->items[i]))
                        return wrong(r, values->items[i], "values: a word or a row of words is expected");
        return part_add(r->l->texts, &r->exception->values, values, r->file) < 0 ? error_oom(r->l->err) : 0;
}

static int unknown_key(struct reading *r, const struct yaml_node *key)
{
        static const char *const names[] = { "name", "fields", "comps", "values" };
        struct nearest nearest = nearest_to(key->text);
        struct did_you_mean room;

        for (size_t i = 0; i < ELEMENTS_OF(names); i++) {
                if (str_equals(key->text, names[i]))
                        return 0;
                if (may_compare(r->l, 1))
                        nearest_offer(&nearest, names[i]);
        }
        return say_warning(r->l, place_of(key, r->file),
                           "exception '%s': the key '%s' is not known and not looked at%s", r->name.text,
                           SHOW(key->text), did_you_mean(&nearest, &room));
}

static int read_exception(struct reading *r, bool changing, const struct yaml_node *node)
{
        struct exception *e = r->exception;
        const struct yaml_node *name = yaml_get(node, "name"), *values = yaml_get(node, "values");
        int code = 0;

        if (!name || !is_word(name))
                return say_error(r->l, place_of(node, r->file), blame_file(r->file),
                                 "an exception is a mapping with a 'name'");
        e->name = name->text;
        e->place = place_of(node, r->file);
        e->fields = yaml_get(node, "fields");
        e->comps = yaml_get(node, "comps");
        show(e->name, &r->name);
        for (size_t i = 0; i < node->n && code == 0; i++)
                code = unknown_key(r, node->pairs[i].key);
        if (code < 0)
                return code;
        if (e->fields && !is_word(e->fields) && !are_words(e->fields))
                return wrong(r, e->fields, "fields: a field or a sequence of fields is expected");
        if (e->comps && !is_word(e->comps) && !are_words(e->comps))
                return wrong(r, e->comps, "comps: an operator or a sequence of operators is expected");
        if (!e->fields && !changing)
                return wrong(r, node, "it has no 'fields'");
        if (values)
                return read_values(r, values);
        return changing ? say_warning(r->l, e->place, "exception '%s' is changed, but has no values", r->name.text) : 0;
}

static int warn_of_twins(struct reading *r, const struct exception *first)
{
        for (const struct exception *e = first; e; e = e->next)
                if (str_equal(e->name, r->exception->name))
                        return say_warning(r->l, r->exception->place,
                                           "exception '%s' is there more than once in this rule", r->name.text);
        return 0;
}

int read_exceptions(struct loader *l, uint32_t file, bool changing, const struct yaml_node *node,
                    struct exception **ret)
{
        struct exception *first = NULL, **next = &first;
        int result = 0, code;

        if (yaml_is_null(node))
                return 0;
        if (node->kind != YAML_SEQUENCE)
                return say_error(l, place_of(node, file), blame_file(file), "exceptions: a sequence is expected");
        if (node->n > RULE_EXCEPTIONS_MAX)
                return say_error(l, place_of(node, file), blame_file(file), "exceptions: more than %d",
                                 RULE_EXCEPTIONS_MAX);
        for (size_t i = 0; i < node->n; i++) {
                struct reading r = { .l = l, .file = file, .exception = arena_alloc(l->texts, sizeof(*r.exception)) };

                if (!r.exception)
                        return error_oom(l->err);
                code = read_exception(&r, changing, node->items[i]);
                if (code == 0)
                        code = warn_of_twins(&r, first);
                if (is_fatal(code))
                        return code;
                result = result ? result : code;
                *next = r.exception;
                next = &r.exception->next;
        }
        *ret = first;
        return result;
}
