/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitHub Flavored Markdown 0.29, sections 2.4 (backslash escapes), 4.10 (tables) and 6.3 (code spans). Sites find mentions,
 * references and addresses in the text that results, where an escape is no longer seen, but not in code.
 */
#include "report/parts.h"

static size_t longest_run(struct str s, char c)
{
        size_t longest = 0, run = 0;

        for (size_t i = 0; i < s.n; i++) {
                run = s.p[i] == c ? run + 1 : 0;
                longest = MAX_OF(longest, run);
        }
        return longest;
}

static void repeat(struct buf *out, char c, size_t n)
{
        while (n--)
                buf_putc(out, c);
}

/* Where to cut so that at most `most` bytes are left and no character is torn. */
static size_t cut_at(struct str s, size_t most)
{
        size_t n = MIN_OF(s.n, most);

        while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
                n--;
        return n;
}

void markdown_add_code(struct buf *out, struct str text)
{
        _cleanup_(buf_free) struct buf quoted = { 0 };
        struct str s;
        size_t n, ticks;

        buf_add_quoted(&quoted, (struct str){ text.p, cut_at(text, 2 * CODE_BYTES) }); /* quoting makes nothing shorter */
        if (!buf_ok(&quoted)) {
                out->failed = true;
                return;
        }
        s = buf_str(&quoted);
        n = cut_at(s, CODE_BYTES);
        ticks = longest_run((struct str){ s.p, n }, '`') + 1;
        repeat(out, '`', ticks);
        buf_puts(out, ticks > 1 || n == 0 ? " " : ""); /* one space on both sides is not part of it */
        for (size_t i = 0; i < n; i++) {
                if (s.p[i] == '|') /* a cell ends even in code */
                        buf_putc(out, '\\');
                buf_putc(out, s.p[i]);
        }
        buf_puts(out, n < s.n ? "…" : "");
        buf_puts(out, ticks > 1 ? " " : "");
        repeat(out, '`', ticks);
}

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_punctuation(char c)
{
        return c > ' ' && c < 0x7f && !is_letter(c);
}

/* A full stop or a colon within a word may be one of an address. */
static bool is_harmless(struct str s, size_t i)
{
        char c = s.p[i];

        if (c == '.' || c == ':')
                return i + 1 == s.n || s.p[i + 1] == ' ';
        return is_letter(c) || (unsigned char)c >= 0x80 || (c && strchr(" ,;'()-", c));
}

void markdown_add_title(struct buf *out, struct str text)
{
        _cleanup_(buf_free) struct buf quoted = { 0 };
        size_t n = 0;

        buf_add_quoted(&quoted, text);
        while (n < quoted.len && n < CODE_BYTES && is_harmless(buf_str(&quoted), n))
                n++;
        if (buf_ok(&quoted) && n && n == quoted.len)
                buf_add_str(out, buf_str(&quoted));
        else
                markdown_add_code(out, text);
}

static void add_prose_line(struct buf *out, struct str line)
{
        _cleanup_(buf_free) struct buf quoted = { 0 };

        buf_add_quoted(&quoted, line);
        out->failed = out->failed || quoted.failed;
        for (size_t i = 0; i < quoted.len; i++) {
                char c = quoted.data[i];

                if (c == '<')
                        buf_puts(out, "&lt;");
                else if (c == '>')
                        buf_puts(out, "&gt;");
                else if (c == '&')
                        buf_puts(out, "&amp;");
                else if (c == '@')
                        buf_puts(out, "@&#8203;"); /* without width, and no name follows */
                else if (is_punctuation(c))
                        buf_printf(out, "\\%c", c);
                else
                        buf_putc(out, c);
        }
}

void markdown_add_prose(struct buf *out, struct str text)
{
        while (text.n) {
                add_prose_line(out, str_trim(str_cut(&text, '\n')));
                if (text.n)
                        buf_putc(out, '\n');
        }
}
