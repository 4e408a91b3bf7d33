/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one binary encoding between our processes and in our own files: little-endian fixed integers and
 * length-prefixed bytes. A reader never trusts its input: the first read beyond the end (or over a limit) makes it
 * `bad`, and from then on everything reads as zero or empty. Check once, with wire_end() or `bad`.
 */
#ifndef TALLYMAN_BASE_WIRE_H
#define TALLYMAN_BASE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

void wire_put_u8(struct buf *out, uint8_t v);
void wire_put_u16(struct buf *out, uint16_t v);
void wire_put_u32(struct buf *out, uint32_t v);
void wire_put_u64(struct buf *out, uint64_t v);
void wire_put_str(struct buf *out, struct str s); /* u32 length, bytes; over 4 GiB - 1 marks `out` failed */
void wire_put_bytes(struct buf *out, const void *data, size_t n); /* no length */

struct wire_reader {
        const uint8_t *p;
        const uint8_t *end;
        bool bad;
};

struct wire_reader wire_reader(const void *data, size_t n);
uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
struct str wire_get_str(struct wire_reader *r); /* borrowed from the input */
void wire_get_bytes(struct wire_reader *r, void *ret, size_t n);
/* A count of elements that take at least `min_size` (>= 1) bytes each; bad if they can not be in what is left. */
uint32_t wire_get_count(struct wire_reader *r, size_t min_size);
static inline size_t wire_left(const struct wire_reader *r)
{
        return r->bad ? 0 : (size_t)(r->end - r->p);
}
/* True if nothing went wrong and nothing is left. */
bool wire_end(const struct wire_reader *r);

#endif
