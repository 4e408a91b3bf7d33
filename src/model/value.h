/* SPDX-License-Identifier: Apache-2.0 */
/* What a field of a fact gives: a value, nothing, or "could not be read". */
#ifndef TALLYMAN_MODEL_VALUE_H
#define TALLYMAN_MODEL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

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
        uint8_t *room;
        size_t size, used;
        bool full;
};
void *value_scratch_alloc(struct value_scratch *scratch, size_t n); /* aligned for any type; NULL and `full` if there is no room */

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

/* Appends the value as people and rule outputs see it: numbers in decimal, true/false, addresses in their usual form, lists
 * as (a,b). Absent and unknown: "<NA>". Bytes that are not UTF-8 as buf_add_utf8(). */
void value_print(const struct value *value, struct buf *out);

/* "10.0.0.1", "fe80::1". 0 or -EBADMSG. */
int address_parse(struct str text, struct address *ret) _must_check_;
/* "10.0.0.0/8"; a bare address is a network of its own. 0 or -EBADMSG. */
struct network {
        struct address address;
        uint8_t bits;
};
int network_parse(struct str text, struct network *ret) _must_check_;
bool network_contains(const struct network *network, const struct address *address);

#endif
