/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol Buffers' wire format (protobuf.dev, "Encoding"): strings and messages within messages. */
#include "engine/engine_private.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static uint64_t get_varint(struct protobuf *pb)
{
        uint64_t n = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                uint8_t byte;

                if (pb->p == pb->end)
                        break;
                byte = *pb->p++;
                n |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80))
                        return n;
        }
        pb->bad = true;
        return 0;
}

static struct str get_bytes(struct protobuf *pb, uint64_t n)
{
        struct str s = STR_NULL;

        if (pb->bad || n > (uint64_t)(pb->end - pb->p)) {
                pb->bad = true;
                return s;
        }
        s = (struct str){ (const char *)pb->p, (size_t)n };
        pb->p += n;
        return s;
}

bool protobuf_next(struct protobuf *pb, uint32_t *ret_field, struct str *ret)
{
        uint64_t tag;

        if (pb->bad || pb->p == pb->end)
                return false;
        tag = get_varint(pb);
        *ret_field = (uint32_t)(tag >> 3);
        *ret = STR_NULL;
        switch (tag & 7) {
        case WIRE_VARINT:
                get_varint(pb);
                break;
        case WIRE_FIXED64:
                get_bytes(pb, 8);
                break;
        case WIRE_BYTES:
                *ret = get_bytes(pb, get_varint(pb));
                break;
        case WIRE_FIXED32:
                get_bytes(pb, 4);
                break;
        default:
                pb->bad = true;
        }
        return !pb->bad;
}

static void put_varint(struct buf *out, uint64_t n)
{
        for (; n >= 0x80; n >>= 7)
                buf_putc(out, (char)(n | 0x80));
        buf_putc(out, (char)n);
}

void protobuf_put(struct buf *out, uint32_t field, struct str s)
{
        put_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
        put_varint(out, s.n);
        buf_add_str(out, s);
}
