/* SPDX-License-Identifier: Apache-2.0 */
#include "vuln/record.h"

#define TEXT_MAX 65536

void record_put_number(struct buf *out, uint64_t v)
{
        while (v >= 0x80) {
                buf_putc(out, (char)(v | 0x80));
                v >>= 7;
        }
        buf_putc(out, (char)v);
}

void record_put_text(struct buf *out, struct str s)
{
        s.n = MIN_OF(s.n, (size_t)TEXT_MAX);
        record_put_number(out, s.n);
        buf_add_str(out, s);
}

void record_put_stub(struct buf *out, struct str id, uint8_t flags)
{
        buf_putc(out, (char)flags);
        record_put_text(out, id);
        for (int i = 0; i < 9; i++) /* times, summary, lists */
                record_put_number(out, 0);
}

struct record_reader record_reader(struct str bytes)
{
        static const uint8_t nothing;
        const uint8_t *p = bytes.p ? (const uint8_t *)bytes.p : &nothing;

        return (struct record_reader){ .p = p, .end = p + bytes.n };
}

uint64_t record_get_number(struct record_reader *r)
{
        uint64_t v = 0;

        for (unsigned shift = 0; shift < 64 && r->p < r->end && !r->bad; shift += 7) {
                uint8_t byte = *r->p++;

                v |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80))
                        return v;
        }
        r->bad = true;
        return 0;
}

uint8_t record_get_u8(struct record_reader *r)
{
        if (r->bad || r->p == r->end) {
                r->bad = true;
                return 0;
        }
        return *r->p++;
}

static struct str take(struct record_reader *r, uint64_t n)
{
        struct str s = { (const char *)r->p, (size_t)n };

        if (r->bad || n > (size_t)(r->end - r->p)) {
                r->bad = true;
                return STR_NULL;
        }
        r->p += n;
        return s;
}

struct str record_get_text(struct record_reader *r)
{
        return take(r, record_get_number(r));
}

uint32_t record_get_count(struct record_reader *r, size_t min)
{
        uint64_t n = record_get_number(r);

        if (r->bad || n > RECORD_LIST_MAX || n > (size_t)(r->end - r->p) / min) {
                r->bad = true;
                return 0;
        }
        return (uint32_t)n;
}

static struct vuln_list texts(struct record_reader *r)
{
        struct vuln_list list = { .n = record_get_count(r, 1) };

        list.reader = *r;
        for (uint32_t i = 0; i < list.n; i++)
                record_get_text(r);
        return list;
}

static struct vuln_list severities(struct record_reader *r)
{
        struct vuln_list list = { .n = record_get_count(r, 3) };
        struct vuln_severity severity;

        list.reader = *r;
        for (uint32_t i = 0; i < list.n; i++)
                record_next_severity(r, &severity);
        return list;
}

bool record_next_severity(struct record_reader *reader, struct vuln_severity *ret)
{
        ret->kind = (enum severity_kind)record_get_u8(reader);
        ret->source = record_get_text(reader);
        ret->text = record_get_text(reader);
        return !reader->bad;
}

bool record_next_event(struct record_reader *reader, struct vuln_event *ret)
{
        ret->kind = (enum event_kind_osv)record_get_u8(reader);
        ret->version = record_get_text(reader);
        return !reader->bad;
}

bool record_next_range(struct record_reader *reader, enum range_type *ret, uint32_t *ret_n)
{
        *ret = (enum range_type)record_get_u8(reader);
        *ret_n = record_get_count(reader, 2);
        return !reader->bad;
}

static struct vuln_list ranges(struct record_reader *r)
{
        struct vuln_list list = { .n = record_get_count(r, 2) };

        list.reader = *r;
        for (uint32_t i = 0; i < list.n; i++) {
                enum range_type type;
                struct vuln_event event;
                uint32_t n;

                if (!record_next_range(r, &type, &n))
                        break;
                while (n-- && record_next_event(r, &event))
                        ;
        }
        return list;
}

static struct vuln_list binaries(struct record_reader *r)
{
        struct vuln_list list = { .n = record_get_count(r, 2) };

        list.reader = *r;
        for (uint32_t i = 0; i < list.n; i++) {
                record_get_text(r);
                record_get_text(r);
        }
        return list;
}

bool record_next_affected(struct record_reader *reader, struct vuln_affected *ret)
{
        struct record_reader inner = record_reader(record_get_text(reader));

        ret->ecosystem = record_get_text(&inner);
        ret->name = record_get_text(&inner);
        ret->module = record_get_text(&inner);
        ret->note = record_get_text(&inner);
        ret->flags = record_get_u8(&inner);
        ret->severities = severities(&inner);
        ret->ranges = ranges(&inner);
        ret->versions = texts(&inner);
        ret->binaries = binaries(&inner);
        if (inner.bad || inner.p != inner.end)
                reader->bad = true;
        return !reader->bad;
}

/* Leaves `r` at the list of those affected. */
static bool decode_head(struct record_reader *r, struct vuln_record *ret)
{
        ret->flags = record_get_u8(r);
        ret->id = record_get_text(r);
        ret->modified = record_get_number(r);
        ret->published = record_get_number(r);
        ret->summary = record_get_text(r);
        ret->aliases = texts(r);
        ret->upstream = texts(r);
        ret->related = texts(r);
        ret->severities = severities(r);
        ret->references = texts(r);
        ret->affected.n = record_get_count(r, 10);
        ret->affected.reader = *r;
        return !r->bad && ret->id.n > 0;
}

bool record_decode_head(struct str bytes, struct vuln_record *ret)
{
        struct record_reader r = record_reader(bytes);

        return decode_head(&r, ret);
}

bool record_decode(struct str bytes, struct vuln_record *ret)
{
        struct record_reader r = record_reader(bytes);
        struct vuln_affected one;

        if (!decode_head(&r, ret))
                return false;
        for (uint32_t i = 0; i < ret->affected.n && record_next_affected(&r, &one); i++)
                ;
        return !r.bad && r.p == r.end;
}
