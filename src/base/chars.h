/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to base/: text read character by character in constant memory, with the number of the line. What the pull
 * readers of JSON, TOML and XML stand on.
 */
#ifndef TALLYMAN_BASE_CHARS_H
#define TALLYMAN_BASE_CHARS_H

#include "base/compress.h"
#include "base/str.h"

#define CHARS_PIECE (64u << 10)
#define CHARS_END (-1)

struct chars {
        struct byte_source source;
        uint8_t *piece;
        size_t at, end;
        uint64_t line;    /* from 1 */
        bool ended;
        struct error why; /* why no more comes, where that is not the end */
};

int chars_init(struct chars *c, struct byte_source source, struct error *err) _must_check_;
void chars_done(struct chars *c);
/* The next byte, or CHARS_END: at the end, and where reading failed (`why` is set then). */
int chars_fill(struct chars *c);
static inline int chars_peek(struct chars *c)
{
        return c->at < c->end ? c->piece[c->at] : chars_fill(c);
}
static inline int chars_next(struct chars *c)
{
        int ch = chars_peek(c);

        if (ch != CHARS_END)
                c->at++;
        c->line += ch == '\n';
        return ch;
}
/* A UTF-8 byte order mark at the start is no part of the text. */
void chars_skip_mark(struct chars *c);
/* What the text needs went wrong: as chars->why where reading failed, else -EBADMSG "line N: …". */
int chars_error(struct chars *c, struct error *err, const char *fmt, ...) _printf_(3, 4);

/* Appends a character as UTF-8; a surrogate or what is beyond Unicode as U+FFFD. */
void chars_add_utf8(struct buf *out, uint32_t c);
/* Four or eight hexadecimal digits, -1 if they are not. */
int64_t chars_hex(struct chars *c, unsigned digits);

#endif
