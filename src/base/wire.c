/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

static void put(struct buf *out, uint64_t v, size_t n)
{
        uint8_t bytes[8];

        for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)(v >> (8 * i));
        buf_add(out, bytes, n);
}

void wire_put_u8(struct buf *out, uint8_t v)
{
        put(out, v, 1);
}

void wire_put_u16(struct buf *out, uint16_t v)
{
        put(out, v, 2);
}

void wire_put_u32(struct buf *out, uint32_t v)
{
        put(out, v, 4);
}

void wire_put_u64(struct buf *out, uint64_t v)
{
        put(out, v, 8);
}

void wire_put_bytes(struct buf *out, const void *data, size_t n)
{
        buf_add(out, data, n);
}

void wire_put_str(struct buf *out, struct str s)
{
        if (s.n > UINT32_MAX) {
                out->failed = true;
                return;
        }
        wire_put_u32(out, (uint32_t)s.n);
        buf_add_str(out, s);
}

struct wire_reader wire_reader(const void *data, size_t n)
{
        static const uint8_t nothing;
        const uint8_t *p = data ? data : &nothing;

        return (struct wire_reader){ .p = p, .end = p + n };
}

static const uint8_t *take(struct wire_reader *r, size_t n)
{
        const uint8_t *p = r->p;

        if (r->bad || n > (size_t)(r->end - r->p)) {
                r->bad = true;
                return NULL;
        }
        r->p += n;
        return p;
}

static uint64_t get(struct wire_reader *r, size_t n)
{
        const uint8_t *p = take(r, n);
        uint64_t v = 0;

        for (size_t i = 0; p && i < n; i++)
                v |= (uint64_t)p[i] << (8 * i);
        return v;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
        return (uint8_t)get(r, 1);
}

uint16_t wire_get_u16(struct wire_reader *r)
{
        return (uint16_t)get(r, 2);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
        return (uint32_t)get(r, 4);
}

uint64_t wire_get_u64(struct wire_reader *r)
{
        return get(r, 8);
}

struct str wire_get_str(struct wire_reader *r)
{
        uint32_t n = wire_get_u32(r);
        const uint8_t *p = take(r, n);

        return p ? (struct str){ (const char *)p, n } : STR_NULL;
}

void wire_get_bytes(struct wire_reader *r, void *ret, size_t n)
{
        const uint8_t *p = take(r, n);

        if (p)
                memcpy(ret, p, n);
        else
                memset(ret, 0, n);
}

uint32_t wire_get_count(struct wire_reader *r, size_t min_size)
{
        uint32_t n = wire_get_u32(r);

        if (n > wire_left(r) / min_size) {
                r->bad = true;
                return 0;
        }
        return n;
}

bool wire_end(const struct wire_reader *r)
{
        return !r->bad && r->p == r->end;
}
