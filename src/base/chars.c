/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/chars.h"

int chars_init(struct chars *c, struct byte_source source, struct error *err)
{
        *c = (struct chars){ .source = source, .line = 1, .piece = malloc(CHARS_PIECE) };
        return c->piece ? 0 : error_oom(err);
}

void chars_done(struct chars *c)
{
        free(c->piece);
        c->piece = NULL;
}

int chars_fill(struct chars *c)
{
        ssize_t n;

        if (c->ended)
                return CHARS_END;
        n = c->source.read(c->source.ctx, c->piece, CHARS_PIECE, &c->why);
        if (n < 0 && c->why.code == 0)
                error_set(&c->why, (int)n, "read on");
        c->ended = n <= 0;
        c->at = 0;
        c->end = n > 0 ? (size_t)n : 0;
        return n > 0 ? c->piece[0] : CHARS_END;
}

void chars_skip_mark(struct chars *c)
{
        if (chars_peek(c) != 0xef || c->at > 0)
                return;
        while (c->end < 3 && !c->ended) { /* the source may give less at a time */
                ssize_t n = c->source.read(c->source.ctx, c->piece + c->end, 3 - c->end, &c->why);

                if (n < 0 && c->why.code == 0)
                        error_set(&c->why, (int)n, "read on");
                c->ended = n <= 0;
                c->end += n > 0 ? (size_t)n : 0;
        }
        if (c->end >= 3 && c->piece[1] == 0xbb && c->piece[2] == 0xbf)
                c->at = 3;
}

int chars_error(struct chars *c, struct error *err, const char *fmt, ...)
{
        _cleanup_(buf_free) struct buf what = { 0 };
        va_list ap;

        if (c->why.code) {
                if (err)
                        *err = c->why;
                return c->why.code;
        }
        va_start(ap, fmt);
        buf_vprintf(&what, fmt, ap);
        va_end(ap);
        if (!buf_ok(&what))
                return error_oom(err);
        return error_say(err, -EBADMSG, "line %llu: %s", (unsigned long long)c->line, what.data);
}

void chars_add_utf8(struct buf *out, uint32_t c)
{
        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                c = 0xfffd;
        if (c < 0x80) {
                buf_putc(out, (char)c);
                return;
        }
        if (c < 0x800) {
                buf_putc(out, (char)(0xc0 | c >> 6));
        } else if (c < 0x10000) {
                buf_putc(out, (char)(0xe0 | c >> 12));
                buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        } else {
                buf_putc(out, (char)(0xf0 | c >> 18));
                buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
                buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        }
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

int64_t chars_hex(struct chars *c, unsigned digits)
{
        int64_t value = 0;

        while (digits--) {
                int ch = chars_peek(c), low = ch | 0x20;

                if (ch >= '0' && ch <= '9')
                        value = value << 4 | (ch - '0');
                else if (low >= 'a' && low <= 'f')
                        value = value << 4 | (low - 'a' + 10);
                else
                        return -1;
                chars_next(c);
        }
        return value;
}
