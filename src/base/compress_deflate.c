/* SPDX-License-Identifier: Apache-2.0 */
/* One deflate stream, as zip archives and sections of programs hold it. */
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "base/compress.h"
#include "base/hijack.h"

#define PIECE (64u << 10)

struct deflate {
        struct inflate_state state;
        uint8_t input[PIECE];
};

static int refill(struct deflate *d, struct byte_source source, struct error *err)
{
        ssize_t n;

        if (d->state.avail_in)
                return 1;
        n = source.read(source.ctx, d->input, PIECE, err);
        if (n < 0)
                return (int)n;
        d->state.next_in = d->input;
        d->state.avail_in = (uint32_t)n;
        return n > 0;
}

/* The two bytes before zlib data: deflate, with any window, and no preset dictionary. */
static int read_zlib_header(struct deflate *d, struct byte_source source, struct error *err)
{
        uint8_t head[2];

        for (size_t i = 0; i < sizeof(head); i++) {
                int r = refill(d, source, err);

                if (r <= 0)
                        return r < 0 ? r : error_say(err, -EBADMSG, "the zlib data ends too early");
                head[i] = *d->state.next_in++;
                d->state.avail_in--;
        }
        if ((head[0] & 15) != 8 || (head[0] << 8 | head[1]) % 31 || head[1] & 0x20)
                return error_say(err, -EBADMSG, "this is no zlib data");
        return 0;
}

/* One step, after which the stream may be at its end. */
static int step(struct deflate *d, struct byte_source source, size_t max, struct buf *out, struct error *err)
{
        int r = refill(d, source, err);
        size_t before = d->state.avail_in;
        uint32_t room;

        if (r < 0)
                return r;
        if (out->len > max)
                return error_say(err, -E2BIG, "it inflates to more than %zu bytes", max);
        if (!buf_reserve(out, PIECE))
                return error_oom(err);
        HIJACK_POINT("deflate");
        d->state.next_out = (uint8_t *)out->data + out->len;
        d->state.avail_out = room = PIECE;
        r = isal_inflate(&d->state);
        out->len += room - d->state.avail_out;
        out->data[out->len] = 0;
        if (r != ISAL_DECOMP_OK && r != ISAL_END_INPUT)
                return error_say(err, -EBADMSG, "the deflate data is damaged (ISA-L error %d)", r);
        if (before == 0 && d->state.avail_out == room && d->state.block_state != ISAL_BLOCK_FINISH)
                return error_say(err, -EBADMSG, "the deflate data ends too early");
        return 0;
}

int deflate_read(struct byte_source source, enum deflate_kind kind, size_t max, struct buf *out, struct error *err)
{
        _cleanup_free_ struct deflate *d = malloc(sizeof(*d));
        size_t start = out->len;
        int r = 0;

        if (!d)
                return error_oom(err);
        isal_inflate_init(&d->state);
        d->state.avail_in = 0;
        d->state.crc_flag = kind == DEFLATE_ZLIB ? ISAL_ZLIB_NO_HDR_VER : ISAL_DEFLATE;
        if (kind == DEFLATE_ZLIB)
                r = read_zlib_header(d, source, err);
        while (r == 0 && d->state.block_state != ISAL_BLOCK_FINISH)
                r = step(d, source, start + max, out, err);
        if (r == 0 && out->len - start > max)
                return error_say(err, -E2BIG, "it inflates to more than %zu bytes", max);
        return r;
}
