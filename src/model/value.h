/* SPDX-License-Identifier: Apache-2.0 */
/* What a field of a fact gives: a value, nothing, or "could not be read". */
#ifndef TALLYMAN_MODEL_VALUE_H
#define TALLYMAN_MODEL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

enum value_type {
        VALUE_STRING = 1,
        VALUE_PATH,    /* a string; operators treat it as one */
        VALUE_NUMBER,  /* int64 */
        VALUE_BOOL,
        VALUE_BYTES,
        VALUE_ADDRESS, /* IPv4 or IPv6 */
        VALUE_NETWORK, /* a field of this type gives an address, and is compared with networks */
        VALUE_TIME,    /* nanoseconds since the epoch, or of a duration: compared as a number */
};

enum value_state {
        VALUE_ABSENT,  /* there is no such thing: a fact of its own */
        VALUE_UNKNOWN, /* it could not be read */
        VALUE_PRESENT,
};

struct address {
        uint8_t bytes[16]; /* network order; of IPv4 the first four */
        bool v6;
};

/* Borrowed from the fact or from the scratch that was handed to the getter; valid until the next fact. */
struct value {
        uint8_t state; /* enum value_state */
        uint8_t type;  /* enum value_type; of each element where the field is a list */
        bool is_list;
        union {
                struct str string; /* STRING, PATH, BYTES */
                int64_t number;    /* NUMBER, TIME */
                bool boolean;
                struct address address; /* ADDRESS, NETWORK */
                struct {
                        const struct value *items;
                        uint32_t n;
                } list;
        };
};

/* Room for what a getter must put together (a command line, a list). Never grows: a getter that does not find room cuts
 * a string and marks `full`. */
struct value_scratch {
        uint8_t *room; /* aligned for any type */
        size_t size, used;
        bool full;
};
void *value_scratch_alloc(struct value_scratch *scratch, size_t n); /* aligned for any type; NULL and `full` if there is no room */

/* A string in the making at the end of the scratch. Nothing else may be allocated before it is done. */
struct value_text {
        struct value_scratch *scratch;
        size_t start;
};
struct value_text value_text_begin(struct value_scratch *scratch);
void value_text_add(struct value_text *text, struct str s); /* cut where there is no room */
void value_text_add_number(struct value_text *text, int64_t n);
void value_text_add_address(struct value_text *text, const struct address *address);
/* The components of a path, each behind a slash: without ".", ".." (which takes one away) and doubled slashes. */
void value_text_add_path(struct value_text *text, struct str path);
struct str value_text_end(struct value_text *text);

static inline struct value value_of_string(struct str s)
{
        return (struct value){ .state = VALUE_PRESENT, .type = VALUE_STRING, .string = s };
}
static inline struct value value_of_number(int64_t n)
{
        return (struct value){ .state = VALUE_PRESENT, .type = VALUE_NUMBER, .number = n };
}
static inline struct value value_of_bool(bool b)
{
        return (struct value){ .state = VALUE_PRESENT, .type = VALUE_BOOL, .boolean = b };
}
static inline struct value value_of_address(struct address a)
{
        return (struct value){ .state = VALUE_PRESENT, .type = VALUE_ADDRESS, .address = a };
}
static inline struct value value_of_list(enum value_type type, const struct value *items, uint32_t n)
{
        return (struct value){ .state = VALUE_PRESENT, .type = type, .is_list = true, .list = { items, n } };
}
static inline struct value value_absent(void)
{
        return (struct value){ .state = VALUE_ABSENT };
}

/* Copies what `value` borrows into the arena. 0 or -ENOMEM. */
int value_copy(struct arena *arena, struct value *value) _must_check_;

const char *value_type_name(enum value_type type); /* "string", "number" … */
static inline bool value_type_is_text(enum value_type type)
{
        return type == VALUE_STRING || type == VALUE_PATH;
}
static inline bool value_type_is_number(enum value_type type)
{
        return type == VALUE_NUMBER || type == VALUE_TIME;
}
static inline bool value_type_is_address(enum value_type type)
{
        return type == VALUE_ADDRESS || type == VALUE_NETWORK;
}

/* Decimal, or "0x" and hexadecimal digits; with or without a sign. 0, -EBADMSG or -ERANGE. */
int value_parse_number(struct str text, int64_t *ret) _must_check_;

/* Reads a text as a value of that type, which borrows it: numbers as above, "true" and "false", addresses. -EINVAL. */
int value_parse(enum value_type type, struct str text, struct value *ret, struct error *err) _must_check_;

/* Appends the value as people and rule outputs see it: numbers in decimal, true/false, addresses in their usual form, lists
 * as (a,b). Absent and unknown: "<NA>". Bytes that are not UTF-8 as buf_add_utf8(). */
void value_print(const struct value *value, struct buf *out);

/* "10.0.0.1", "fe80::1". 0 or -EBADMSG. */
int address_parse(struct str text, struct address *ret) _must_check_;
bool address_equal(const struct address *a, const struct address *b);
/* "10.0.0.0/8"; a bare address is a network of its own; bits beyond the prefix do not count. 0 or -EBADMSG. */
struct network {
        struct address address;
        uint8_t bits;
};
int network_parse(struct str text, struct network *ret) _must_check_;
bool network_contains(const struct network *network, const struct address *address);

#endif
