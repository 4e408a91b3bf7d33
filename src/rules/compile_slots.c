/* SPDX-License-Identifier: Apache-2.0 */
/* Operands become slots: which field with which argument, which transformer over which other slots. */
#include <errno.h>

#include "rules/compile.h"
#include "rules/words.h"

const char *slot_describe(const struct compiler *c, uint32_t slot, struct buf *room)
{
        const struct slot *s = &c->p->slots[slot];

        buf_clear(room);
        if (s->kind == SLOT_FIELD)
                buf_printf(room, "field '%s'", s->field->name);
        else if (s->kind == SLOT_TRANSFORM)
                buf_printf(room, "%s()", rule_transformer_name(s->transform));
        else
                buf_puts(room, s->is_list ? "a list" : "a value");
        return buf_ok(room) ? room->data : "an operand";
}

/* Takes the slot of this key, or makes it. */
static int add_slot(struct compiler *c, const struct slot *slot, uint32_t *ret)
{
        uint32_t number;
        int r = compiler_number(c, &c->slot_keys, &number);

        if (r < 0)
                return r;
        if (r == 1) {
                if (mem_grow(&c->p->slots, &c->cap_slots, number + 1, sizeof(*c->p->slots)) < 0)
                        return error_oom(c->err);
                c->p->slots[number] = *slot;
                c->p->n_slots = number + 1;
        }
        *ret = number;
        return 0;
}

static int copy(struct compiler *c, struct str text, struct str *ret)
{
        char *p = arena_string(c->p->arena, text.p, text.n);

        if (!p)
                return error_oom(c->err);
        *ret = (struct str){ p, text.n };
        return 0;
}

/* ---- fields and constants ---- */

static int unknown_field(struct compiler *c, const struct operand *o)
{
        const char *nearest = field_nearest(c->source, o->name);

        if (nearest)
                return compiler_error(c, o->place, "there is no field '%.*s' in source '%s', did you mean '%s'?",
                                      STR_ARG(o->name), c->source->name, nearest);
        return compiler_error(c, o->place, "there is no field '%.*s' in source '%s'", STR_ARG(o->name), c->source->name);
}

static int field_slot(struct compiler *c, const struct operand *o, uint32_t *ret)
{
        struct str suffix, argument;
        const struct field *field = field_find(c->source, o->name, &suffix);
        struct slot slot = { .kind = SLOT_FIELD, .field = field };
        int r;

        if (!field)
                return unknown_field(c, o);
        argument = o->has_argument ? o->argument : suffix;
        if (o->has_argument && suffix.n)
                return compiler_error(c, o->place, "field '%s' has two arguments", field->name);
        r = copy(c, argument, &argument);
        if (r < 0)
                return r;
        r = field_argument_parse(field, argument, o->has_argument || suffix.n, &slot.argument, c->err);
        if (r < 0)
                return compiler_at(c, o->place, r);
        slot.type = field->type;
        slot.several = slot.argument.kind == ARGUMENT_NONE ? field->several : SEVERAL_NONE;
        slot.is_list = field->is_list || slot.several;
        buf_clear(&c->key);
        buf_printf(&c->key, "F%s", field->name);
        if (slot.argument.kind == ARGUMENT_INDEX)
                buf_printf(&c->key, "[%lld]", (long long)slot.argument.index);
        else if (slot.argument.kind != ARGUMENT_NONE)
                buf_printf(&c->key, "[%.*s]", STR_ARG(slot.argument.key));
        return add_slot(c, &slot, ret);
}

static int constant_slot(struct compiler *c, const struct operand *o, uint32_t *ret)
{
        struct slot slot = { .kind = SLOT_CONSTANT, .type = VALUE_STRING };
        struct str text = STR_NULL;
        int r = copy(c, o->name, &text);

        if (r < 0)
                return r;
        slot.constant = value_of_string(text);
        buf_clear(&c->key);
        buf_putc(&c->key, 'C');
        buf_add_str(&c->key, o->name);
        return add_slot(c, &slot, ret);
}

/* ---- what is made of others ---- */

static void add_inputs_key(struct compiler *c, const uint32_t *inputs, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                buf_printf(&c->key, ",%u", inputs[i]);
}

static int compile_inputs(struct compiler *c, const struct operand *o, uint32_t **ret)
{
        uint32_t *inputs = arena_alloc(c->p->arena, MAX_OF(o->n_items, 1u) * sizeof(*inputs));
        int r;

        if (!inputs)
                return error_oom(c->err);
        for (uint32_t i = 0; i < o->n_items; i++) {
                r = compile_slot(c, &o->items[i], &inputs[i]);
                if (r < 0)
                        return r;
                if (c->p->slots[inputs[i]].several)
                        return compiler_error(c, o->items[i].place, "field '%s' has several values when no number is given: "
                                              "they can only be compared with what stands in the rule",
                                              c->p->slots[inputs[i]].field->name);
        }
        *ret = inputs;
        return 0;
}

static int list_slot(struct compiler *c, const struct operand *o, uint32_t *ret)
{
        struct slot slot = { .kind = SLOT_LIST, .type = VALUE_STRING, .is_list = true, .n_inputs = o->n_items };
        uint32_t *inputs;
        int r = compile_inputs(c, o, &inputs);

        if (r < 0)
                return r;
        for (uint32_t i = 0; i < o->n_items; i++) {
                const struct slot *item = &c->p->slots[inputs[i]];

                if (item->is_list)
                        return compiler_error(c, o->items[i].place, "a list inside a list");
                if (i && item->type != slot.type && !(value_type_is_text(item->type) && value_type_is_text(slot.type)))
                        return compiler_error(c, o->items[i].place, "a list of values of different types");
                slot.type = item->type;
        }
        slot.inputs = inputs;
        buf_clear(&c->key);
        buf_putc(&c->key, 'L');
        add_inputs_key(c, inputs, o->n_items);
        return add_slot(c, &slot, ret);
}

static int wrong_input(struct compiler *c, const struct operand *o, uint32_t i, const char *wanted)
{
        return compiler_error(c, o->items[i].place, "%s() takes %s here", rule_transformer_name(o->transform), wanted);
}

/* The type that comes out, or what would have to go in. */
static int check_inputs(struct compiler *c, const struct operand *o, const uint32_t *inputs, struct slot *slot)
{
        const struct slot *first = &c->p->slots[inputs[0]], *second = o->n_items > 1 ? &c->p->slots[inputs[1]] : NULL;

        slot->type = VALUE_STRING;
        switch (o->transform) {
        case TRANSFORM_TOLOWER:
        case TRANSFORM_TOUPPER:
        case TRANSFORM_BASENAME:
                slot->is_list = first->is_list;
                return value_type_is_text(first->type) ? 0 : wrong_input(c, o, 0, "a string");
        case TRANSFORM_B64:
                slot->type = first->type;
                slot->is_list = first->is_list;
                if (value_type_is_text(first->type) || first->type == VALUE_BYTES)
                        return 0;
                return wrong_input(c, o, 0, "a string or bytes");
        case TRANSFORM_LEN:
                slot->type = VALUE_NUMBER;
                if (first->is_list || value_type_is_text(first->type) || first->type == VALUE_BYTES)
                        return 0;
                return wrong_input(c, o, 0, "a string, bytes or a list");
        case TRANSFORM_JOIN:
                if (first->is_list || !value_type_is_text(first->type))
                        return wrong_input(c, o, 0, "a string, which is put between the items");
                return second->is_list ? 0 : wrong_input(c, o, 1, "a list");
        case TRANSFORM_CONCAT:
                for (uint32_t i = 0; i < o->n_items; i++)
                        if (c->p->slots[inputs[i]].is_list || !value_type_is_text(c->p->slots[inputs[i]].type))
                                return wrong_input(c, o, i, "a string");
                return 0;
        case TRANSFORM_GETOPT:
                slot->is_list = !o->has_argument;
                if (!value_type_is_text(first->type))
                        return wrong_input(c, o, 0, "a list of strings, or a string of words");
                if (second->is_list || !value_type_is_text(second->type))
                        return wrong_input(c, o, 1, "a string of options, as getopt(3) does");
                if (o->has_argument && o->argument.n != 1)
                        return compiler_error(c, o->place, "getopt() takes one character in []");
                slot->option = o->has_argument ? o->argument.p[0] : 0;
                return 0;
        default:
                return compiler_error(c, o->place, "%s() can not be used here", rule_transformer_name(o->transform));
        }
}

static int transform_slot(struct compiler *c, const struct operand *o, uint32_t *ret)
{
        struct slot slot = { .kind = SLOT_TRANSFORM, .transform = o->transform, .n_inputs = o->n_items };
        const struct transformer_word *word = &transformer_words[o->transform];
        uint32_t *inputs;
        int r;

        if (o->n_items < word->operands_min || o->n_items > word->operands_max)
                return compiler_error(c, o->place, "%s() takes %u operands", word->word, word->operands_min);
        if (o->has_argument && o->transform != TRANSFORM_GETOPT)
                return compiler_error(c, o->place, "%s() takes nothing in []", word->word);
        r = compile_inputs(c, o, &inputs);
        if (r < 0)
                return r;
        if (o->transform == TRANSFORM_VAL) {
                *ret = inputs[0];
                return 0;
        }
        r = check_inputs(c, o, inputs, &slot);
        if (r < 0)
                return r;
        slot.inputs = inputs;
        buf_clear(&c->key);
        buf_printf(&c->key, "T%d.%d", (int)o->transform, slot.option);
        add_inputs_key(c, inputs, o->n_items);
        return add_slot(c, &slot, ret);
}

int compile_slot(struct compiler *c, const struct operand *operand, uint32_t *ret)
{
        switch (operand->kind) {
        case OPERAND_FIELD:
                return field_slot(c, operand, ret);
        case OPERAND_VALUE:
                return constant_slot(c, operand, ret);
        case OPERAND_LIST:
                return list_slot(c, operand, ret);
        case OPERAND_TRANSFORM:
                return transform_slot(c, operand, ret);
        }
        return compiler_error(c, operand->place, "an operand is missing");
}
