/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons become checks, or constants where the answer is known before any fact. */
#include <errno.h>

#include "rules/compile.h"
#include "rules/words.h"

/* ---- operators and types ---- */

#define BIT(op) (1u << (op))
#define EQUALITY (BIT(OP_EQ) | BIT(OP_NE) | BIT(OP_IN) | BIT(OP_INTERSECTS))
#define ORDER (BIT(OP_LT) | BIT(OP_LE) | BIT(OP_GT) | BIT(OP_GE))
#define PARTS (BIT(OP_CONTAINS) | BIT(OP_STARTSWITH) | BIT(OP_ENDSWITH))

static unsigned operators_of(enum value_type type)
{
        switch (type) {
        case VALUE_STRING:
        case VALUE_PATH:
                return EQUALITY | PARTS | BIT(OP_ICONTAINS) | BIT(OP_GLOB) | BIT(OP_IGLOB) | BIT(OP_REGEX) | BIT(OP_PMATCH);
        case VALUE_BYTES:
                return EQUALITY | PARTS | BIT(OP_BCONTAINS) | BIT(OP_BSTARTSWITH);
        case VALUE_NUMBER:
        case VALUE_TIME:
                return EQUALITY | ORDER;
        default:
                return EQUALITY;
        }
}

/* Types that are compared alike. */
static enum value_type class_of(enum value_type type)
{
        if (value_type_is_text(type))
                return VALUE_STRING;
        if (value_type_is_number(type))
                return VALUE_NUMBER;
        return value_type_is_address(type) ? VALUE_ADDRESS : type;
}

static int check_operator(struct compiler *c, const struct ast *ast, uint32_t left)
{
        const struct slot *slot = &c->p->slots[left];
        _cleanup_(buf_free) struct buf room = { 0 };
        const char *type = value_type_name(slot->type);

        if (operators_of(slot->type) & BIT(ast->op))
                return 0;
        return compiler_error(c, ast->place, "%s is %s%s: '%s' is for %s", slot_describe(c, left, &room),
                              slot->type == VALUE_BYTES ? "" : type[0] == 'a' ? "an " : "a ", type,
                              rule_operator_name(ast->op),
                              ORDER & BIT(ast->op) ? "numbers"
                              : ast->op == OP_BCONTAINS || ast->op == OP_BSTARTSWITH ? "bytes" : "strings");
}

/* ---- the right side ---- */

/* val(…), another transformer, or a list with one in it: not known before there is a fact. */
static bool is_dynamic(const struct operand *right)
{
        if (right->kind == OPERAND_TRANSFORM || right->kind == OPERAND_FIELD)
                return true;
        for (uint32_t i = 0; right->kind == OPERAND_LIST && i < right->n_items; i++)
                if (right->items[i].kind != OPERAND_VALUE)
                        return true;
        return false;
}

enum misfit { FITS, ONLY_CONSTANTS, SEVERAL_VALUES, NETWORKS, TYPES, LISTS };

static enum misfit fit_of(const struct check *check, const struct slot *l, const struct slot *r)
{
        bool membership = check->op == OP_IN || check->op == OP_INTERSECTS;

        if (check->op == OP_REGEX || check->op == OP_PMATCH || check->modifier != MODIFIER_NONE)
                return ONLY_CONSTANTS;
        if (l->several || r->several)
                return SEVERAL_VALUES;
        if (l->type == VALUE_NETWORK || r->type == VALUE_NETWORK)
                return NETWORKS;
        if (class_of(l->type) != class_of(r->type))
                return TYPES;
        if (membership ? !r->is_list : l->is_list != r->is_list)
                return LISTS;
        return l->is_list && !membership && check->op != OP_EQ && check->op != OP_NE ? LISTS : FITS;
}

static int compile_right_slot(struct compiler *c, const struct ast *ast, struct check *check)
{
        _cleanup_(buf_free) struct buf left_room = { 0 }, right_room = { 0 };
        const struct slot *l, *r;
        const char *left, *right;
        enum misfit misfit;
        int code = compile_slot(c, &ast->right, &check->right);

        if (code < 0)
                return code;
        l = &c->p->slots[check->left];
        r = &c->p->slots[check->right];
        check->way = WAY_SLOT;
        misfit = fit_of(check, l, r);
        if (misfit == FITS)
                return 0;
        left = slot_describe(c, check->left, &left_room);
        right = slot_describe(c, check->right, &right_room);
        if (misfit == ONLY_CONSTANTS)
                return compiler_error(c, ast->right.place, "'%s%s%s' takes only what stands in the rule",
                                      rule_operator_name(check->op), check->modifier ? " " : "",
                                      modifier_words[check->modifier]);
        if (misfit == SEVERAL_VALUES)
                return compiler_error(c, ast->right.place, "%s has several values when no number is given: they can only be "
                                      "compared with what stands in the rule", l->several ? left : right);
        if (misfit == NETWORKS)
                return compiler_error(c, ast->right.place, "%s is compared with networks that stand in the rule",
                                      l->type == VALUE_NETWORK ? left : right);
        if (misfit == TYPES)
                return compiler_error(c, ast->right.place, "%s is a %s, %s a %s", left, value_type_name(l->type), right,
                                      value_type_name(r->type));
        return compiler_error(c, ast->right.place, "'%s' can not compare %s (%s) with %s (%s)",
                              rule_operator_name(check->op), left, l->is_list ? "a list" : "one value", right,
                              r->is_list ? "a list" : "one value");
}

/* ---- answers that are known ---- */

/* True if every number from 1 on gives the same. */
static bool decided_from_one(const struct check *check, bool *ret)
{
        int64_t n = check->n ? check->constants[0].value.number : 0;

        if (check->type != VALUE_NUMBER || check->modifier != MODIFIER_NONE || check->way == WAY_SLOT)
                return false;
        switch (check->op) {
        case OP_EQ:
                *ret = false;
                return n < 1;
        case OP_NE:
                *ret = true;
                return n < 1;
        case OP_LT:
                *ret = false;
                return n <= 1;
        case OP_LE:
                *ret = false;
                return n < 1;
        case OP_GT:
                *ret = true;
                return n < 1;
        case OP_GE:
                *ret = true;
                return n <= 1;
        case OP_IN:
        case OP_INTERSECTS:
                *ret = false;
                for (uint32_t i = 0; i < check->n; i++)
                        if (check->constants[i].value.number >= 1)
                                return false;
                return true;
        default:
                return false;
        }
}

static bool decided_by_constant(struct compiler *c, const struct check *check, const struct field *field, bool *ret)
{
        struct value value = value_of_string(str_from(field->constant));

        if (check->kind == CHECK_EXISTS) {
                *ret = true;
                return true;
        }
        if (check->way == WAY_SLOT)
                return false;
        if (value_type_is_number(field->type) && value_parse_number(value.string, &value.number) < 0)
                return false;
        value.type = (uint8_t)field->type;
        *ret = constants_hold(check, &value, c->patterns);
        return true;
}

static bool is_decided(struct compiler *c, const struct check *check, bool *ret)
{
        const struct slot *slot = &c->p->slots[check->left];
        const struct field *field = slot->kind == SLOT_FIELD ? slot->field : NULL;

        if (check->kind == CHECK_COMPARE && check->way != WAY_SLOT && check->n == 0 && (!slot->is_list || slot->several)) {
                *ret = false; /* nothing is in an empty list */
                return true;
        }
        if (!field)
                return false;
        if (field->constant)
                return decided_by_constant(c, check, field, ret);
        if (field->from_one && check->kind == CHECK_EXISTS) {
                *ret = true;
                return true;
        }
        return field->from_one && decided_from_one(check, ret);
}

/* ---- the kind of event: a question to which each kind has its answer ---- */

static bool asks_for_kind(const struct compiler *c, const struct check *check)
{
        const struct slot *slot = &c->p->slots[check->left];

        return c->source->events && slot->kind == SLOT_FIELD && slot->field->names_event && check->way != WAY_SLOT;
}

static int answer_for_kinds(struct compiler *c, struct check *check)
{
        uint64_t *bits = arena_alloc(c->p->arena, (c->p->n_kinds + 63) / 64 * sizeof(*bits));

        if (!bits)
                return error_oom(c->err);
        for (uint32_t i = 0; i < c->p->n_kinds; i++) {
                struct value name = value_of_string(str_from(c->source->events[i].name));

                if (check->kind == CHECK_EXISTS || constants_hold(check, &name, c->patterns))
                        bits[i / 64] |= UINT64_C(1) << (i % 64);
        }
        check->kind = CHECK_EVENT;
        check->bits = bits;
        return 0;
}

/* ---- a comparison ---- */

static void add_words_key(struct compiler *c, const struct operand *o)
{
        uint32_t n = o->kind == OPERAND_LIST ? o->n_items : 1;

        for (uint32_t i = 0; i < n; i++) {
                const struct operand *item = o->kind == OPERAND_LIST ? &o->items[i] : o;

                buf_printf(&c->key, ",%zu:", item->name.n);
                buf_add_str(&c->key, item->name);
        }
}

static void make_key(struct compiler *c, const struct ast *ast, const struct check *check)
{
        buf_clear(&c->key);
        buf_printf(&c->key, "%d.%d.%u.%u", (int)check->op, (int)check->modifier, check->left, check->right);
        if (check->kind == CHECK_COMPARE && check->way != WAY_SLOT)
                add_words_key(c, &ast->right);
}

static int add_check(struct compiler *c, const struct check *check, uint32_t *ret)
{
        if (mem_grow(&c->p->checks, &c->cap_checks, c->p->n_checks + 1, sizeof(*c->p->checks)) < 0)
                return error_oom(c->err);
        *ret = c->p->n_checks++;
        c->p->checks[*ret] = *check;
        return 0;
}

static int make_check(struct compiler *c, const struct ast *ast, struct check *check)
{
        const struct slot *slot = &c->p->slots[check->left];

        check->type = class_of(slot->type);
        if (slot->several)
                check->all = slot->several == SEVERAL_EITHER && check->op == OP_NE;
        else
                check->all = check->op == OP_IN || check->op == OP_NE;
        if (check->kind == CHECK_EXISTS || check->way == WAY_SLOT)
                return 0;
        return compile_constants(c, check, &ast->right);
}

/* Left, operator and type; the right side where it is a slot. */
static int begin_check(struct compiler *c, const struct ast *ast, struct check *check)
{
        int r;

        c->place = ast->place;
        r = compile_slot(c, &ast->left, &check->left);
        if (r < 0)
                return r;
        if (ast->op == OP_EXISTS) {
                check->kind = CHECK_EXISTS;
                return 0;
        }
        r = check_operator(c, ast, check->left);
        return r < 0 || !is_dynamic(&ast->right) ? r : compile_right_slot(c, ast, check);
}

int compile_check(struct compiler *c, const struct ast *ast, uint32_t *ret)
{
        struct check check = {
                .kind = CHECK_COMPARE, .op = ast->op, .modifier = ast->modifier, .left = NONE, .right = NONE,
        };
        uint32_t number, id = NONE;
        bool decided;
        int r = begin_check(c, ast, &check);

        if (r < 0)
                return r;
        make_key(c, ast, &check);
        r = compiler_number(c, &c->check_keys, &number);
        if (r < 0)
                return r;
        if (r == 0) {
                *ret = c->check_nodes[number];
                return 0;
        }
        if (mem_grow(&c->check_nodes, &c->cap_check_nodes, number + 1, sizeof(*c->check_nodes)) < 0)
                return error_oom(c->err);
        r = make_check(c, ast, &check);
        if (r < 0)
                return r;
        if (is_decided(c, &check, &decided)) {
                *ret = decided ? NODE_TRUE_ID : NODE_FALSE_ID;
        } else {
                r = asks_for_kind(c, &check) ? answer_for_kinds(c, &check) : 0;
                if (r == 0)
                        r = add_check(c, &check, &id);
                if (r == 0)
                        r = node_of_check(c, id, ret);
        }
        if (r == 0)
                c->check_nodes[number] = *ret;
        return r;
}
