/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators mean for values that are there. */
#include "base/glob.h"
#include "rules/program.h"

/* ---- strings and bytes ---- */

static unsigned char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : (unsigned char)c;
}

static bool starts_with(struct str s, struct str prefix)
{
        return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static bool ends_with(struct str s, struct str suffix)
{
        return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

static bool contains(struct str s, struct str part)
{
        return part.n == 0 || (s.n >= part.n && memmem(s.p, s.n, part.p, part.n));
}

/* ASCII letters in either case. */
static bool contains_folded(struct str s, struct str part)
{
        for (size_t i = 0; part.n <= s.n && i <= s.n - part.n; i++) {
                size_t k = 0;

                while (k < part.n && lower(s.p[i + k]) == lower(part.p[k]))
                        k++;
                if (k == part.n)
                        return true;
        }
        return false;
}

static bool text_holds(enum rule_operator op, struct str s, struct str with)
{
        switch (op) {
        case OP_EQ:
        case OP_IN:
        case OP_INTERSECTS:
                return str_equal(s, with);
        case OP_NE:
                return !str_equal(s, with);
        case OP_CONTAINS:
        case OP_BCONTAINS:
                return contains(s, with);
        case OP_ICONTAINS:
                return contains_folded(s, with);
        case OP_STARTSWITH:
        case OP_BSTARTSWITH:
                return starts_with(s, with);
        case OP_ENDSWITH:
                return ends_with(s, with);
        case OP_GLOB:
                return glob_match(with, s, false);
        case OP_IGLOB:
                return glob_match(with, s, true);
        default:
                return false;
        }
}

/* ---- numbers, truth values, addresses ---- */

static bool number_holds(enum rule_operator op, int64_t n, int64_t with)
{
        switch (op) {
        case OP_EQ:
        case OP_IN:
        case OP_INTERSECTS:
                return n == with;
        case OP_NE:
                return n != with;
        case OP_LT:
                return n < with;
        case OP_LE:
                return n <= with;
        case OP_GT:
                return n > with;
        case OP_GE:
                return n >= with;
        default:
                return false;
        }
}

/* ::ffff:10.0.0.1 is 10.0.0.1: which of them a program writes is its own choice. */
static struct address unmapped(const struct address *address)
{
        static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
        struct address v4 = { .v6 = false };

        if (!address->v6 || memcmp(address->bytes, prefix, sizeof(prefix)) != 0)
                return *address;
        memcpy(v4.bytes, address->bytes + 12, 4);
        return v4;
}

static bool address_holds(enum rule_operator op, const struct address *a, const struct address *b)
{
        struct address x = unmapped(a), y = unmapped(b);

        return address_equal(&x, &y) != (op == OP_NE);
}

static bool network_holds(enum rule_operator op, const struct address *a, const struct network *network)
{
        struct address v4 = unmapped(a);

        return (network_contains(network, a) || network_contains(network, &v4)) != (op == OP_NE);
}

/* ---- constants ---- */

bool constant_holds(const struct check *check, const struct constant *constant, const struct value *value,
                    struct pattern_scratch *patterns)
{
        switch (check->type) {
        case VALUE_NUMBER:
                return number_holds(check->op, value->number, constant->value.number);
        case VALUE_BOOL:
                return (value->boolean == constant->value.boolean) != (check->op == OP_NE);
        case VALUE_ADDRESS:
                if (constant->value.state != VALUE_PRESENT)
                        return network_holds(check->op, &value->address, &constant->network);
                return address_holds(check->op, &value->address, &constant->value.address);
        default:
                if (check->op == OP_REGEX)
                        return pattern_matches(constant->pattern, patterns, value->string);
                return text_holds(check->op, value->string, constant->value.string);
        }
}

bool constants_hold(const struct check *check, const struct value *value, struct pattern_scratch *patterns)
{
        bool all = check->modifier == MODIFIER_ALLOF, one = check->modifier == MODIFIER_ONEOF;
        uint32_t n = 0;

        if (check->way == WAY_PATHS)
                return path_tree_matches(check->paths, value->string);
        for (uint32_t i = 0; i < check->n; i++) {
                bool holds = constant_holds(check, &check->constants[i], value, patterns);

                n += holds;
                if (all && !holds)
                        return false;
                if (holds && !all && (!one || n > 1))
                        return !one;
        }
        return all ? check->n > 0 : n == 1;
}

static bool among_ids(const struct check *check, uint32_t id)
{
        uint32_t low = 0, high = check->n;

        while (low < high) {
                uint32_t mid = low + (high - low) / 2;

                if (check->ids[mid] == id)
                        return true;
                if (check->ids[mid] > id)
                        high = mid;
                else
                        low = mid + 1;
        }
        return false;
}

static bool among_numbers(const struct check *check, int64_t n)
{
        uint32_t low = 0, high = check->n;

        while (low < high) {
                uint32_t mid = low + (high - low) / 2;

                if (check->numbers[mid] == n)
                        return true;
                if (check->numbers[mid] > n)
                        high = mid;
                else
                        low = mid + 1;
        }
        return false;
}

bool operator_holds(const struct check *check, const struct value *value, uint32_t id, struct rule_scratch *s)
{
        switch (check->way) {
        case WAY_ID:
                return (id == check->constants[0].id) != check->negated;
        case WAY_ID_BITS:
                return (id != NONE && (check->bits[id / 64] >> (id % 64) & 1)) != check->negated;
        case WAY_IDS:
                return (id != NONE && among_ids(check, id)) != check->negated;
        case WAY_NUMBERS:
                return among_numbers(check, value->number) != check->negated;
        default:
                return constants_hold(check, value, s->patterns);
        }
}

/* ---- two values ---- */

static bool values_equal(enum value_type type, const struct value *a, const struct value *b)
{
        switch (type) {
        case VALUE_NUMBER:
                return a->number == b->number;
        case VALUE_BOOL:
                return a->boolean == b->boolean;
        case VALUE_ADDRESS:
                return address_holds(OP_EQ, &a->address, &b->address);
        default:
                return str_equal(a->string, b->string);
        }
}

static bool in_list(enum value_type type, const struct value *item, const struct value *list)
{
        for (uint32_t i = 0; i < list->list.n; i++)
                if (values_equal(type, item, &list->list.items[i]))
                        return true;
        return false;
}

static bool lists_equal(enum value_type type, const struct value *a, const struct value *b)
{
        if (a->list.n != b->list.n)
                return false;
        for (uint32_t i = 0; i < a->list.n; i++)
                if (!values_equal(type, &a->list.items[i], &b->list.items[i]))
                        return false;
        return true;
}

/* in: all of the left list; intersects: some of it. */
static bool lists_hold(const struct check *check, const struct value *left, const struct value *right)
{
        if (check->op == OP_EQ || check->op == OP_NE)
                return lists_equal(check->type, left, right) != (check->op == OP_NE);
        for (uint32_t i = 0; i < left->list.n; i++)
                if (in_list(check->type, &left->list.items[i], right) != (check->op == OP_IN))
                        return check->op != OP_IN;
        return check->op == OP_IN;
}

bool operator_holds_between(const struct check *check, const struct value *left, const struct value *right)
{
        if (left->is_list)
                return lists_hold(check, left, right);
        if (right->is_list)
                return in_list(check->type, left, right);
        switch (check->type) {
        case VALUE_NUMBER:
                return number_holds(check->op, left->number, right->number);
        case VALUE_BOOL:
                return (left->boolean == right->boolean) != (check->op == OP_NE);
        case VALUE_ADDRESS:
                return address_holds(check->op, &left->address, &right->address);
        default:
                return text_holds(check->op, left->string, right->string);
        }
}
