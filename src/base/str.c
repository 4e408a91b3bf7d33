/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "base/str.h"

bool str_equals(struct str a, const char *b)
{
        return str_equal(a, str_from(b));
}

bool str_starts(struct str s, const char *prefix)
{
        size_t n = strlen(prefix);

        return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
        size_t n = strlen(suffix);

        return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

int str_compare(struct str a, struct str b)
{
        size_t n = MIN_OF(a.n, b.n);
        int r = n ? memcmp(a.p, b.p, n) : 0;

        return r ? r : (a.n > b.n) - (a.n < b.n);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
        while (s.n && is_blank(s.p[0])) {
                s.p++;
                s.n--;
        }
        while (s.n && is_blank(s.p[s.n - 1]))
                s.n--;
        return s;
}

struct str str_cut(struct str *rest, char sep)
{
        const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
        struct str head = *rest;

        if (!at) {
                *rest = STR_NULL;
                return head;
        }
        head.n = (size_t)(at - rest->p);
        rest->p = at + 1;
        rest->n -= head.n + 1;
        return head;
}

static unsigned digit_value(char c)
{
        if (c >= '0' && c <= '9')
                return (unsigned)(c - '0');
        if (c >= 'a' && c <= 'z')
                return (unsigned)(c - 'a') + 10;
        if (c >= 'A' && c <= 'Z')
                return (unsigned)(c - 'A') + 10;
        return 255;
}

int str_to_u64(struct str s, unsigned base, uint64_t *ret)
{
        uint64_t v = 0;

        if (s.n == 0)
                return -EBADMSG;
        for (size_t i = 0; i < s.n; i++) {
                unsigned d = digit_value(s.p[i]);

                if (d >= base)
                        return -EBADMSG;
                if (__builtin_mul_overflow(v, (uint64_t)base, &v) || __builtin_add_overflow(v, (uint64_t)d, &v))
                        return -ERANGE;
        }
        *ret = v;
        return 0;
}

/* Well-formed byte sequences, Unicode table 3-7. */
size_t utf8_char_length(struct str s)
{
        const unsigned char *p = (const unsigned char *)s.p;
        unsigned char low = 0x80, high = 0xbf;
        size_t n;

        if (s.n == 0)
                return 0;
        if (p[0] < 0x80)
                return 1;
        if (p[0] < 0xc2 || p[0] > 0xf4)
                return 0;
        n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        if (s.n < n)
                return 0;
        if (p[0] == 0xe0)
                low = 0xa0;
        else if (p[0] == 0xed)
                high = 0x9f;
        else if (p[0] == 0xf0)
                low = 0x90;
        else if (p[0] == 0xf4)
                high = 0x8f;
        if (p[1] < low || p[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

bool utf8_valid(struct str s)
{
        while (s.n) {
                size_t n = utf8_char_length(s);

                if (n == 0)
                        return false;
                s.p += n;
                s.n -= n;
        }
        return true;
}

void buf_free(struct buf *buf)
{
        free(buf->data);
        *buf = (struct buf){ 0 };
}

void buf_clear(struct buf *buf)
{
        buf->len = 0;
        buf->failed = false;
        if (buf->data)
                buf->data[0] = 0;
}

bool buf_reserve(struct buf *buf, size_t more)
{
        size_t need;

        if (buf->failed || __builtin_add_overflow(buf->len, more, &need) || need == SIZE_MAX) {
                buf->failed = true;
                return false;
        }
        if (need + 1 > buf->cap) {
                size_t cap = MAX_OF(MAX_OF(need + 1, buf->cap + buf->cap / 2), (size_t)64);
                char *p = realloc(buf->data, cap);

                if (!p) {
                        buf->failed = true;
                        return false;
                }
                buf->data = p;
                buf->cap = cap;
        }
        return true;
}

void buf_add(struct buf *buf, const void *data, size_t n)
{
        if (!buf_reserve(buf, n))
                return;
        if (n)
                memcpy(buf->data + buf->len, data, n);
        buf->len += n;
        buf->data[buf->len] = 0;
}

void buf_add_str(struct buf *buf, struct str s)
{
        buf_add(buf, s.p, s.n);
}

void buf_puts(struct buf *buf, const char *s)
{
        buf_add(buf, s, strlen(s));
}

void buf_putc(struct buf *buf, char c)
{
        buf_add(buf, &c, 1);
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list ap)
{
        va_list again;
        int n;

        va_copy(again, ap);
        n = vsnprintf(NULL, 0, fmt, again);
        va_end(again);
        if (n < 0 || !buf_reserve(buf, (size_t)n)) {
                buf->failed = true;
                return;
        }
        vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, ap);
        buf->len += (size_t)n;
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        buf_vprintf(buf, fmt, ap);
        va_end(ap);
}

char *buf_take(struct buf *buf)
{
        char *p;

        if (!buf->data)
                buf_add(buf, "", 0);
        if (buf->failed) {
                buf_free(buf);
                return NULL;
        }
        p = buf->data;
        *buf = (struct buf){ 0 };
        return p;
}

static uint32_t decode_utf8(struct str s, size_t n)
{
        const unsigned char *p = (const unsigned char *)s.p;
        uint32_t v = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

        for (size_t i = 1; i < n; i++)
                v = v << 6 | (p[i] & 0x3f);
        return v;
}

/* C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width and tag characters. */
static bool is_unprintable(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
               (c >= 0xe0000 && c <= 0xe007f);
}

static void quote_char(struct buf *buf, struct str s, size_t n)
{
        uint32_t c = decode_utf8(s, n);

        if (c == '\\')
                buf_puts(buf, "\\\\");
        else if (c == '\n')
                buf_puts(buf, "\\n");
        else if (c == '\t')
                buf_puts(buf, "\\t");
        else if (!is_unprintable(c))
                buf_add(buf, s.p, n);
        else if (c < 0x80)
                buf_printf(buf, "\\x%02x", c);
        else
                buf_printf(buf, "\\u{%x}", c);
}

void buf_add_quoted(struct buf *buf, struct str s)
{
        while (s.n) {
                size_t n = utf8_char_length(s);

                if (n)
                        quote_char(buf, s, n);
                else
                        buf_printf(buf, "\\x%02x", (unsigned char)s.p[0]);
                n = n ? n : 1;
                s.p += n;
                s.n -= n;
        }
}

void buf_add_utf8(struct buf *buf, struct str s)
{
        while (s.n) {
                size_t n = utf8_char_length(s);

                if (n)
                        buf_add(buf, s.p, n);
                else
                        buf_printf(buf, "\\x%02x", (unsigned char)s.p[0]);
                n = n ? n : 1;
                s.p += n;
                s.n -= n;
        }
}

void buf_add_size(struct buf *out, uint64_t bytes)
{
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = (double)bytes;
        size_t unit = 0;

        if (bytes < 1024) {
                buf_printf(out, "%u bytes", (unsigned)bytes);
                return;
        }
        for (value /= 1024; value >= 1024 && unit + 1 < ELEMENTS_OF(units); unit++)
                value /= 1024;
        buf_printf(out, "%.1f %s", value, units[unit]);
}
