/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "model/value.h"

#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN

/* ---- room ---- */

void *value_scratch_alloc(struct value_scratch *scratch, size_t n)
{
        size_t align = _Alignof(max_align_t), at = (scratch->used + align - 1) / align * align;

        if (at > scratch->size || n > scratch->size - at) {
                scratch->full = true;
                return NULL;
        }
        scratch->used = at + n;
        return scratch->room + at;
}

struct value_text value_text_begin(struct value_scratch *scratch)
{
        return (struct value_text){ .scratch = scratch, .start = scratch->used };
}

void value_text_add(struct value_text *text, struct str s)
{
        struct value_scratch *scratch = text->scratch;
        size_t n = MIN_OF(s.n, scratch->size - scratch->used);

        if (n < s.n)
                scratch->full = true;
        if (n)
                memcpy(scratch->room + scratch->used, s.p, n);
        scratch->used += n;
}

void value_text_add_number(struct value_text *text, int64_t n)
{
        char digits[24], *p = digits + sizeof(digits);
        uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;

        do
                *--p = (char)('0' + rest % 10);
        while (rest /= 10);
        if (n < 0)
                *--p = '-';
        value_text_add(text, (struct str){ p, (size_t)(digits + sizeof(digits) - p) });
}

void value_text_add_address(struct value_text *text, const struct address *address)
{
        char copy[ADDRESS_TEXT_MAX];

        inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->bytes, copy, sizeof(copy));
        value_text_add(text, str_from(copy));
}

void value_text_add_path(struct value_text *text, struct str path)
{
        while (path.p) {
                struct str part = str_cut(&path, '/');

                if (part.n == 0 || str_equals(part, "."))
                        continue;
                if (str_equals(part, "..")) {
                        struct str so_far = value_text_end(text);

                        while (so_far.n && so_far.p[so_far.n - 1] != '/')
                                so_far.n--;
                        text->scratch->used = text->start + (so_far.n ? so_far.n - 1 : 0);
                        continue;
                }
                value_text_add(text, STR_LIT("/"));
                value_text_add(text, part);
        }
}

struct str value_text_end(struct value_text *text)
{
        return (struct str){ (const char *)text->scratch->room + text->start, text->scratch->used - text->start };
}

/* ---- types and numbers ---- */

int value_parse(enum value_type type, struct str text, struct value *ret, struct error *err)
{
        struct value value = { .state = VALUE_PRESENT, .type = (uint8_t)type };
        int r = 0;

        switch (type) {
        case VALUE_STRING:
        case VALUE_PATH:
        case VALUE_BYTES:
                value.string = text;
                break;
        case VALUE_NUMBER:
        case VALUE_TIME:
                r = value_parse_number(text, &value.number);
                break;
        case VALUE_BOOL:
                value.boolean = str_equals(text, "true");
                r = value.boolean || str_equals(text, "false") ? 0 : -EINVAL;
                break;
        case VALUE_ADDRESS:
        case VALUE_NETWORK:
                r = address_parse(text, &value.address);
                break;
        }
        if (r < 0)
                return error_say(err, -EINVAL, "'%.*s' is no %s", STR_SHOWN(text), value_type_name(type));
        *ret = value;
        return 0;
}

static bool has_text(const struct value *value)
{
        return value_type_is_text(value->type) || value->type == VALUE_BYTES;
}

int value_copy(struct arena *arena, struct value *value)
{
        struct value *items;

        if (value->state != VALUE_PRESENT)
                return 0;
        if (!value->is_list) {
                if (has_text(value) && !(value->string.p = arena_string(arena, value->string.p, value->string.n)))
                        return -ENOMEM;
                return 0;
        }
        items = arena_copy(arena, value->list.items, value->list.n * sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (uint32_t i = 0; i < value->list.n; i++) /* lists hold no lists */
                if (value_copy(arena, &items[i]) < 0)
                        return -ENOMEM;
        value->list.items = items;
        return 0;
}

const char *value_type_name(enum value_type type)
{
        static const char *const names[] = {
                [VALUE_STRING] = "string", [VALUE_PATH] = "path",       [VALUE_NUMBER] = "number",   [VALUE_BOOL] = "bool",
                [VALUE_BYTES] = "bytes",   [VALUE_ADDRESS] = "address", [VALUE_NETWORK] = "network", [VALUE_TIME] = "time",
        };

        return type < ELEMENTS_OF(names) && names[type] ? names[type] : "?";
}

int value_parse_number(struct str text, int64_t *ret)
{
        bool negative = text.n && text.p[0] == '-';
        uint64_t v;
        unsigned base = 10;
        int r;

        if (negative || (text.n && text.p[0] == '+'))
                text = (struct str){ text.p + 1, text.n - 1 };
        if (str_starts(text, "0x") || str_starts(text, "0X")) {
                base = 16;
                text = (struct str){ text.p + 2, text.n - 2 };
        }
        r = str_to_u64(text, base, &v);
        if (r < 0)
                return r;
        if (v > (uint64_t)INT64_MAX + negative)
                return -ERANGE;
        *ret = negative ? (int64_t)-v : (int64_t)v;
        return 0;
}

/* ---- addresses ---- */

int address_parse(struct str text, struct address *ret)
{
        char copy[ADDRESS_TEXT_MAX + 1];
        struct address address = { .v6 = text.n && memchr(text.p, ':', text.n) };

        if (text.n == 0 || text.n > ADDRESS_TEXT_MAX || memchr(text.p, 0, text.n))
                return -EBADMSG;
        memcpy(copy, text.p, text.n);
        copy[text.n] = 0;
        if (inet_pton(address.v6 ? AF_INET6 : AF_INET, copy, address.bytes) != 1)
                return -EBADMSG;
        *ret = address;
        return 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
        return a->v6 == b->v6 && memcmp(a->bytes, b->bytes, a->v6 ? 16 : 4) == 0;
}

int network_parse(struct str text, struct network *ret)
{
        struct str rest = text, head = str_cut(&rest, '/');
        struct network network;
        uint64_t bits;

        if (address_parse(head, &network.address) < 0)
                return -EBADMSG;
        bits = network.address.v6 ? 128 : 32;
        network.bits = (uint8_t)bits;
        if (rest.p) {
                uint64_t given;

                if (rest.n > 3 || str_to_u64(rest, 10, &given) < 0 || given > bits)
                        return -EBADMSG;
                network.bits = (uint8_t)given;
        }
        *ret = network;
        return 0;
}

bool network_contains(const struct network *network, const struct address *address)
{
        unsigned whole = network->bits / 8, rest = network->bits % 8;
        const uint8_t *a = network->address.bytes, *b = address->bytes;

        if (network->address.v6 != address->v6 || memcmp(a, b, whole) != 0)
                return false;
        return rest == 0 || ((a[whole] ^ b[whole]) & (0xff00u >> rest & 0xff)) == 0;
}

/* ---- printing ---- */

static void print_item(const struct value *value, struct buf *out)
{
        char text[ADDRESS_TEXT_MAX];

        switch ((enum value_type)value->type) {
        case VALUE_STRING:
        case VALUE_PATH:
        case VALUE_BYTES:
                buf_add_utf8(out, value->string);
                return;
        case VALUE_NUMBER:
        case VALUE_TIME:
                buf_printf(out, "%lld", (long long)value->number);
                return;
        case VALUE_BOOL:
                buf_puts(out, value->boolean ? "true" : "false");
                return;
        case VALUE_ADDRESS:
        case VALUE_NETWORK:
                inet_ntop(value->address.v6 ? AF_INET6 : AF_INET, value->address.bytes, text, sizeof(text));
                buf_puts(out, text);
                return;
        }
}

void value_print(const struct value *value, struct buf *out)
{
        if (value->state != VALUE_PRESENT) {
                buf_puts(out, "<NA>");
                return;
        }
        if (!value->is_list) {
                print_item(value, out);
                return;
        }
        buf_putc(out, '(');
        for (uint32_t i = 0; i < value->list.n; i++) {
                if (i)
                        buf_putc(out, ',');
                print_item(&value->list.items[i], out);
        }
        buf_putc(out, ')');
}
