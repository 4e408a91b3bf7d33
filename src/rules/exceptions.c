/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions become text: "(condition) and not (…)" for each that has values. One field is compared with all values at
 * once; of several fields each row of values is a conjunction, and the rows are alternatives. */
#include <errno.h>

#include "rules/load.h"
#include "rules/words.h"

static bool takes_list(enum rule_operator op, enum rule_modifier modifier)
{
        return modifier != MODIFIER_NONE || op == OP_IN || op == OP_INTERSECTS || op == OP_PMATCH;
}

/* "startswith", "startswith oneof". */
static bool read_operator(struct str text, enum rule_operator *ret_op, enum rule_modifier *ret_modifier)
{
        struct str rest = str_trim(text), word = str_cut(&rest, ' ');
        enum right_side right = RIGHT_NONE;

        *ret_modifier = MODIFIER_NONE;
        for (size_t i = 0; i < n_operator_words; i++) {
                if (!str_equals(word, operator_words[i].word))
                        continue;
                *ret_op = operator_words[i].op;
                right = operator_words[i].right;
        }
        rest = str_trim(rest);
        for (unsigned m = MODIFIER_NONE + 1; m < MODIFIER_WORDS; m++)
                if (str_equals(rest, modifier_words[m]))
                        *ret_modifier = m;
        if (right == RIGHT_NONE)
                return false; /* "exists" compares with nothing */
        return rest.n == 0 || (*ret_modifier != MODIFIER_NONE && right == RIGHT_STRING);
}

static int check_operator(struct loader *l, const struct exception *e, const struct yaml_node *node, bool one_field,
                          uint32_t file)
{
        enum rule_operator op;
        enum rule_modifier modifier;
        struct nearest nearest = nearest_to(node->text);
        struct did_you_mean room;

        for (size_t i = 0; i < n_operator_words; i++)
                if (operator_words[i].right != RIGHT_NONE && may_compare(l, 1))
                        nearest_offer(&nearest, operator_words[i].word);
        if (!read_operator(node->text, &op, &modifier))
                return say_error(l, place_of(node, file), blame_file(file),
                                 "exception '%s': '%s' is no operator that compares%s", SHOW(e->name), SHOW(node->text),
                                 did_you_mean(&nearest, &room));
        if (one_field && !takes_list(op, modifier))
                return say_error(l, place_of(node, file), blame_file(file),
                                 "exception '%s': one field is compared with a list: in, pmatch, "
                                 "intersects or an operator with oneof, anyof or allof is expected",
                                 SHOW(e->name));
        return 0;
}

int check_exception(struct loader *l, const struct exception *e, uint32_t file)
{
        bool one_field = e->fields->kind == YAML_SCALAR;
        int r = 0;

        if (!e->comps)
                return 0;
        if (e->comps->kind != e->fields->kind)
                return say_error(l, place_of(e->comps, file), blame_file(file),
                                 "exception '%s': 'fields' and 'comps' must both be one word or both be a sequence",
                                 SHOW(e->name));
        if (one_field)
                return check_operator(l, e, e->comps, true, file);
        if (e->comps->n != e->fields->n)
                return say_error(l, place_of(e->comps, file), blame_file(file),
                                 "exception '%s': %zu comps for %zu fields", SHOW(e->name), e->comps->n, e->fields->n);
        for (size_t i = 0; i < e->comps->n && r == 0; i++)
                r = check_operator(l, e, e->comps->items[i], false, file);
        return r;
}

int check_exception_values(struct loader *l, const struct exception *e, struct blame blame)
{
        bool one_field = e->fields->kind == YAML_SCALAR;

        for (const struct part *part = e->values.first; part; part = part->next) {
                for (size_t i = 0; i < part->node->n; i++) {
                        const struct yaml_node *value = part->node->items[i];

                        if (one_field && value->kind != YAML_SCALAR)
                                return say_error(l, place_of(value, part->file), blame,
                                                 "exception '%s': for one field each value is one word", SHOW(e->name));
                        if (!one_field && (value->kind != YAML_SEQUENCE || value->n != e->fields->n))
                                return say_error(l, place_of(value, part->file), blame,
                                                 "exception '%s': a row is expected, with a value for each field (%zu)",
                                                 SHOW(e->name), e->fields->n);
                }
        }
        return 0;
}

/* ---- text ---- */

struct writing {
        struct text_builder *b;
        struct place place; /* of the exception, and of what stands in no file */
        uint32_t file;      /* of the values */
};

static void put(struct writing *w, const char *text)
{
        text_add_fixed(w->b, str_from(text), w->place);
}

static void put_quoted(struct writing *w, const struct yaml_node *node)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        text_quote(node->text, &text);
        w->b->failed |= !buf_ok(&text);
        text_add_fixed(w->b, buf_str(&text), place_of(node, w->file));
}

static bool has_any(struct str s, const char *bytes)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] && strchr(bytes, s.p[i]))
                        return true;
        return false;
}

/* Where a list is expected a word may be a whole list as text: "(a, b)", or "a, b". */
static void put_list_word(struct writing *w, const struct yaml_node *node)
{
        if (str_starts(node->text, "(")) {
                text_add_scalar(w->b, node, w->file);
                return;
        }
        put(w, "(");
        if (has_any(node->text, ",\"'"))
                text_add_scalar(w->b, node, w->file);
        else
                put_quoted(w, node);
        put(w, ")");
}

static void put_value(struct writing *w, bool list, const struct yaml_node *value)
{
        if (value->kind == YAML_SEQUENCE) {
                put(w, "(");
                for (size_t i = 0; i < value->n; i++) {
                        if (i)
                                put(w, ", ");
                        put_quoted(w, value->items[i]);
                }
                put(w, ")");
        } else if (list) {
                put_list_word(w, value);
        } else {
                put_quoted(w, value);
        }
}

/* "field operator ": what is usual where no operator is given. */
static void put_field(struct writing *w, const struct yaml_node *field, const struct yaml_node *comp, const char *usual)
{
        text_add_scalar(w->b, field, w->place.file);
        put(w, " ");
        if (comp)
                text_add_fixed(w->b, str_trim(comp->text), place_of(comp, w->place.file));
        else
                put(w, usual);
        put(w, " ");
}

static void put_row(struct writing *w, const struct exception *e, const struct yaml_node *row)
{
        for (size_t i = 0; i < e->fields->n; i++) {
                const struct yaml_node *comp = e->comps ? e->comps->items[i] : NULL;
                enum rule_operator op = OP_EQ;
                enum rule_modifier modifier = MODIFIER_NONE;

                if (comp)
                        read_operator(comp->text, &op, &modifier);
                put(w, i ? " and " : "(");
                put_field(w, e->fields->items[i], comp, "=");
                put_value(w, takes_list(op, modifier), row->items[i]);
        }
        put(w, ")");
}

static void put_rows(struct writing *w, const struct exception *e)
{
        bool first = true;

        put(w, "(");
        for (const struct part *part = e->values.first; part; part = part->next) {
                w->file = part->file;
                for (size_t i = 0; i < part->node->n; i++) {
                        put(w, first ? "" : " or ");
                        put_row(w, e, part->node->items[i]);
                        first = false;
                }
        }
        put(w, ")");
}

static void put_one_field(struct writing *w, const struct exception *e)
{
        bool first = true;

        put(w, "(");
        put_field(w, e->fields, e->comps, "in");
        put(w, "(");
        for (const struct part *part = e->values.first; part; part = part->next) {
                w->file = part->file;
                for (size_t i = 0; i < part->node->n; i++) {
                        put(w, first ? "" : ", ");
                        put_quoted(w, part->node->items[i]);
                        first = false;
                }
        }
        put(w, "))");
}

static bool has_values(const struct exception *e)
{
        for (const struct part *part = e->values.first; part; part = part->next)
                if (part->node->n)
                        return true;
        return false;
}

void exceptions_add(struct text_builder *b, const struct exception *e)
{
        for (; e; e = e->next) {
                struct writing w = { b, e->place, e->place.file };

                if (!has_values(e) || (e->fields->kind == YAML_SEQUENCE && e->fields->n == 0))
                        continue;
                put(&w, " and not ");
                if (e->fields->kind == YAML_SCALAR)
                        put_one_field(&w, e);
                else
                        put_rows(&w, e);
        }
}
