/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives for tests, written entry by entry. */
#ifndef TALLYMAN_TESTS_ZIPS_H
#define TALLYMAN_TESTS_ZIPS_H

#include <zlib.h>

#include "base/wire.h"

struct zip_writer {
        struct buf out, directory;
        uint16_t n;
};

static inline void zip_put(struct zip_writer *z, const char *name, struct str data, bool deflated)
{
        _cleanup_(buf_free) struct buf packed = { 0 };
        uint32_t at = (uint32_t)z->out.len, size = (uint32_t)data.n;

        if (deflated) {
                z_stream s = { .next_in = (Bytef *)data.p, .avail_in = (uInt)data.n };

                buf_reserve(&packed, data.n + 1024);
                deflateInit2(&s, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
                s.next_out = (Bytef *)packed.data;
                s.avail_out = (uInt)data.n + 1024;
                deflate(&s, Z_FINISH);
                packed.len = s.total_out;
                deflateEnd(&s);
                data = buf_str(&packed);
        }
        for (int central = 0; central < 2; central++) {
                struct buf *to = central ? &z->directory : &z->out;

                wire_put_u32(to, central ? 0x02014b50 : 0x04034b50);
                if (central)
                        wire_put_u16(to, 20);
                wire_put_u16(to, 20);
                wire_put_u16(to, 0);
                wire_put_u16(to, deflated ? 8 : 0);
                wire_put_u64(to, 0); /* time, date, checksum */
                wire_put_u32(to, (uint32_t)data.n);
                wire_put_u32(to, size);
                wire_put_u16(to, (uint16_t)strlen(name));
                wire_put_u16(to, 0);
                if (central) {
                        wire_put_u64(to, 0); /* comment, disk, attributes */
                        wire_put_u16(to, 0);
                        wire_put_u32(to, at);
                }
                buf_puts(to, name);
        }
        buf_add_str(&z->out, data);
        z->n++;
}

static inline struct str zip_end(struct zip_writer *z)
{
        uint32_t at = (uint32_t)z->out.len;

        buf_add_str(&z->out, buf_str(&z->directory));
        wire_put_u32(&z->out, 0x06054b50);
        wire_put_u32(&z->out, 0);
        wire_put_u16(&z->out, z->n);
        wire_put_u16(&z->out, z->n);
        wire_put_u32(&z->out, (uint32_t)z->directory.len);
        wire_put_u32(&z->out, at);
        wire_put_u16(&z->out, 0);
        return buf_str(&z->out);
}

static inline void zip_free(struct zip_writer *z)
{
        buf_free(&z->out);
        buf_free(&z->directory);
        z->n = 0;
}

#endif
