/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes with a length (names from images may hold any byte), growing buffers, UTF-8, and quoting for people. */
#ifndef TALLYMAN_BASE_STR_H
#define TALLYMAN_BASE_STR_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* A borrowed run of bytes, not terminated. An empty one may have p == NULL. */
struct str {
        const char *p;
        size_t n;
};

#define STR_NULL ((struct str){ NULL, 0 })
#define STR_LIT(s) ((struct str){ (s), sizeof(s) - 1 })
#define STR_ARG(s) (int)((s).n < 0x7fffffff ? (s).n : 0x7fffffff), (s).n ? (s).p : "" /* for "%.*s" */
/* The same for a text that says what something is called: it may be a megabyte long, a message must not be. */
#define STR_SHOWN_MAX 100
#define STR_SHOWN(s) (int)MIN_OF((s).n, (size_t)STR_SHOWN_MAX), (s).n ? (s).p : ""

static inline struct str str_from(const char *s)
{
        return (struct str){ s, s ? strlen(s) : 0 };
}

static inline bool str_equal(struct str a, struct str b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_equals(struct str a, const char *b);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
int str_compare(struct str a, struct str b);       /* memcmp order, shorter first */
struct str str_trim(struct str s);                 /* without spaces, tabs, CR and LF at both ends */

/* Cuts *rest at the first `sep`: returns what stands before it, leaves what follows in *rest.
 * Without a `sep` returns all of it and leaves *rest empty with p == NULL. */
struct str str_cut(struct str *rest, char sep);

/* Parses a whole string as a number (no sign, no space). Returns 0, -EBADMSG or -ERANGE. */
int str_to_u64(struct str s, unsigned base, uint64_t *ret) _must_check_;

/* True if every byte sequence is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(struct str s);

/* Length in bytes (1..4) of the well-formed character at the start of `s`, 0 if there is none. */
size_t utf8_char_length(struct str s);

/* A growing buffer of bytes. {0} is a valid empty one. data[len] is always 0 once anything was added.
 * The first failed append sets `failed`, later ones do nothing: check once with buf_ok(). */
struct buf {
        char *data;
        size_t len;
        size_t cap;
        bool failed;
};

void buf_free(struct buf *buf); /* also the _cleanup_ form; leaves {0} */
void buf_clear(struct buf *buf); /* keeps the room */
void buf_add(struct buf *buf, const void *data, size_t n);
void buf_add_str(struct buf *buf, struct str s);
void buf_puts(struct buf *buf, const char *s);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) _printf_(2, 3);
void buf_vprintf(struct buf *buf, const char *fmt, va_list ap) _printf_(2, 0);
bool buf_reserve(struct buf *buf, size_t more); /* room for `more` bytes beyond len; false and failed if not */
static inline bool buf_ok(const struct buf *buf)
{
        return !buf->failed;
}
static inline struct str buf_str(const struct buf *buf)
{
        return (struct str){ buf->data, buf->len };
}
char *buf_take(struct buf *buf); /* hands out the terminated string, NULL if failed; leaves {0} */

/* Appends `s` for a terminal or a log line: control characters, bidirectional overrides and bytes that are not UTF-8
 * become \n, \t, \xHH or \u{HHHH}; a backslash becomes "\\". Nothing printed this way can move a cursor. */
void buf_add_quoted(struct buf *buf, struct str s);

/* Appends a number of bytes for people: "512 bytes", "1.2 GiB". */
void buf_add_size(struct buf *buf, uint64_t bytes);

/* Appends `s` as UTF-8: bytes that are not well-formed become the four characters \xHH; all else stays as it is. */
void buf_add_utf8(struct buf *buf, struct str s);

#endif
