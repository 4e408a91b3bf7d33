/* SPDX-License-Identifier: Apache-2.0 */
/* What a field is compared with: read as the field's type and prepared. */
#include <errno.h>

#include "rules/compile.h"

#define NUMBERS_MIN 5 /* fewer are compared one by one */

/* ---- reading ---- */

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_hex(struct compiler *c, const struct check *check, const struct operand *o, struct str *ret)
{
        char *bytes = arena_alloc(c->p->arena, o->name.n / 2 + 1);

        if (!bytes)
                return error_oom(c->err);
        for (size_t i = 0; i < o->name.n / 2; i++) {
                int high = hex_digit(o->name.p[2 * i]), low = hex_digit(o->name.p[2 * i + 1]);

                if (high < 0 || low < 0)
                        return compiler_error(c, o->place, "%s takes pairs of hexadecimal digits, not '%.*s'",
                                              rule_operator_name(check->op), STR_ARG(o->name));
                bytes[i] = (char)(high << 4 | low);
        }
        if (o->name.n % 2)
                return compiler_error(c, o->place, "%s takes pairs of hexadecimal digits: '%.*s' has one too many",
                                      rule_operator_name(check->op), STR_ARG(o->name));
        *ret = (struct str){ bytes, o->name.n / 2 };
        return 0;
}

static int read_text(struct compiler *c, const struct check *check, const struct operand *o, struct constant *ret)
{
        char *text;

        ret->value = value_of_string(STR_NULL);
        if (check->op == OP_BCONTAINS || check->op == OP_BSTARTSWITH)
                return read_hex(c, check, o, &ret->value.string);
        text = arena_string(c->p->arena, o->name.p, o->name.n);
        if (!text)
                return error_oom(c->err);
        for (size_t i = 0; check->op == OP_ICONTAINS && i < o->name.n; i++)
                if (text[i] >= 'A' && text[i] <= 'Z')
                        text[i] |= 0x20;
        ret->value.string = (struct str){ text, o->name.n };
        return 0;
}

static int not_of_type(struct compiler *c, const struct check *check, const struct operand *o, const char *wanted)
{
        _cleanup_(buf_free) struct buf room = { 0 };

        return compiler_error(c, o->place, "%s is compared with %s, which '%.*s' is not",
                              slot_describe(c, check->left, &room), wanted, STR_ARG(o->name));
}

static int read_address(struct compiler *c, const struct check *check, const struct operand *o, struct constant *ret)
{
        if (c->p->slots[check->left].type == VALUE_NETWORK) {
                if (network_parse(o->name, &ret->network) < 0)
                        return not_of_type(c, check, o, "a network such as 10.0.0.0/8");
                return 0;
        }
        if (address_parse(o->name, &ret->value.address) < 0)
                return not_of_type(c, check, o, "an address");
        ret->value.state = VALUE_PRESENT;
        ret->value.type = VALUE_ADDRESS;
        return 0;
}

static int read_constant(struct compiler *c, const struct check *check, const struct operand *o, struct constant *ret)
{
        switch (check->type) {
        case VALUE_NUMBER:
                ret->value = value_of_number(0);
                return value_parse_number(o->name, &ret->value.number) < 0 ? not_of_type(c, check, o, "a number") : 0;
        case VALUE_BOOL:
                ret->value = value_of_bool(str_equals(o->name, "true"));
                return ret->value.boolean || str_equals(o->name, "false") ? 0 : not_of_type(c, check, o, "true or false");
        case VALUE_ADDRESS:
                return read_address(c, check, o, ret);
        default:
                return read_text(c, check, o, ret);
        }
}

/* ---- preparing ---- */

/* In this order, so that the program owns it whatever happens afterwards. */
static int prepare_pattern(struct compiler *c, const struct operand *o, struct constant *constant)
{
        int r;

        if (mem_grow(&c->p->patterns, &c->cap_patterns, c->p->n_patterns + 1, sizeof(*c->p->patterns)) < 0)
                return error_oom(c->err);
        r = pattern_compile(o->name, &constant->pattern, c->err);
        if (r < 0)
                return compiler_at(c, o->place, r);
        c->p->patterns[c->p->n_patterns++] = constant->pattern;
        if (!c->patterns)
                r = pattern_scratch_new(&c->patterns, c->err);
        if (r == 0)
                r = pattern_scratch_add(c->patterns, constant->pattern, c->err);
        return r;
}

static int add_words(struct compiler *c, struct check *check, struct constant *constants)
{
        struct slot *slot = &c->p->slots[check->left];
        int r;

        if (!slot->dictionary)
                slot->dictionary = arena_alloc(c->p->arena, sizeof(*slot->dictionary));
        if (!slot->dictionary)
                return error_oom(c->err);
        for (uint32_t i = 0; i < check->n; i++) {
                r = dictionary_add(slot->dictionary, c->p->arena, constants[i].value.string, &constants[i].id);
                if (r < 0)
                        return error_oom(c->err);
        }
        check->way = WAY_IDS; /* compile_ways() may choose a faster one */
        return 0;
}

static int compare_numbers(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static int sort_numbers(struct compiler *c, struct check *check)
{
        int64_t *numbers = arena_alloc(c->p->arena, check->n * sizeof(*numbers));

        if (!numbers)
                return error_oom(c->err);
        for (uint32_t i = 0; i < check->n; i++)
                numbers[i] = check->constants[i].value.number;
        qsort(numbers, check->n, sizeof(*numbers), compare_numbers);
        check->way = WAY_NUMBERS;
        check->numbers = numbers;
        return 0;
}

static int make_paths(struct compiler *c, struct check *check)
{
        _cleanup_free_ struct str *paths = calloc(check->n, sizeof(*paths));
        struct path_tree *tree;
        int r;

        if (!paths)
                return error_oom(c->err);
        for (uint32_t i = 0; i < check->n; i++)
                paths[i] = check->constants[i].value.string;
        r = path_tree_new(paths, check->n, c->p->arena, &tree, c->err);
        if (r < 0)
                return compiler_at(c, c->place, r);
        check->way = WAY_PATHS;
        check->paths = tree;
        return 0;
}

/* "Is it among these", or "is it none of these": one look-up instead of many comparisons. */
static int choose_way(struct compiler *c, struct check *check, struct constant *constants)
{
        bool is = check->op == OP_IN || check->op == OP_INTERSECTS ||
                  (check->op == OP_EQ && (check->modifier == MODIFIER_NONE || check->modifier == MODIFIER_ANYOF));
        bool is_not = check->op == OP_NE && (check->modifier == MODIFIER_NONE || check->modifier == MODIFIER_ALLOF);

        check->way = WAY_EACH;
        check->negated = is_not;
        if (check->op == OP_PMATCH && check->modifier == MODIFIER_NONE)
                return make_paths(c, check);
        if (!is && !is_not)
                return 0;
        if (value_type_is_text(check->type) || check->type == VALUE_BYTES)
                return add_words(c, check, constants);
        if (check->type == VALUE_NUMBER && check->n >= NUMBERS_MIN)
                return sort_numbers(c, check);
        return 0;
}

int compile_constants(struct compiler *c, struct check *check, const struct operand *right)
{
        bool is_list = right->kind == OPERAND_LIST;
        uint32_t n = is_list ? right->n_items : 1;
        struct constant *constants = arena_alloc(c->p->arena, MAX_OF(n, 1u) * sizeof(*constants));
        int r;

        if (!constants)
                return error_oom(c->err);
        check->constants = constants;
        check->n = n;
        for (uint32_t i = 0; i < n; i++) {
                const struct operand *o = is_list ? &right->items[i] : right;

                constants[i].id = NONE;
                r = read_constant(c, check, o, &constants[i]);
                if (r == 0 && check->op == OP_REGEX)
                        r = prepare_pattern(c, o, &constants[i]);
                if (r < 0)
                        return r;
        }
        return choose_way(c, check, constants);
}

/* ---- once all words are known ---- */

static int compare_ids(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

/* A bit for each word of the dictionary, as long as that is not much larger than the words themselves. */
static int set_bits(struct compiler *c, struct check *check, uint32_t n_words)
{
        uint64_t *bits = arena_alloc(c->p->arena, (n_words / 64 + 1) * sizeof(*bits));

        if (!bits)
                return -ENOMEM;
        for (uint32_t i = 0; i < check->n; i++)
                bits[check->constants[i].id / 64] |= UINT64_C(1) << (check->constants[i].id % 64);
        check->way = WAY_ID_BITS;
        check->bits = bits;
        return 0;
}

static int sort_ids(struct compiler *c, struct check *check)
{
        uint32_t *ids = arena_alloc(c->p->arena, MAX_OF(check->n, 1u) * sizeof(*ids));

        if (!ids)
                return -ENOMEM;
        for (uint32_t i = 0; i < check->n; i++)
                ids[i] = check->constants[i].id;
        qsort(ids, check->n, sizeof(*ids), compare_ids);
        check->ids = ids;
        return 0;
}

int compile_ways(struct compiler *c)
{
        int r = 0;

        for (uint32_t i = 0; i < c->p->n_checks && r == 0; i++) {
                struct check *check = &c->p->checks[i];
                uint32_t n_words;

                if (check->kind != CHECK_COMPARE || check->way != WAY_IDS)
                        continue;
                n_words = c->p->slots[check->left].dictionary->n;
                if (check->n == 1)
                        check->way = WAY_ID;
                else if (n_words / 64 < check->n + 8)
                        r = set_bits(c, check, n_words);
                else
                        r = sort_ids(c, check);
        }
        return r < 0 ? error_oom(c->err) : 0;
}
