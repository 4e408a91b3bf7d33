/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/chars.h"
#include "base/hijack.h"
#include "base/toml.h"

struct toml {
        struct chars chars;
        int (*each)(void *ctx, const struct toml_event *event, struct error *err);
        void *ctx;
        struct buf key, text;
        unsigned depth;
};

static int read_value(struct toml *t, bool in_array, struct error *err);

static bool is_bare(int c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int skip_spaces(struct toml *t)
{
        int c;

        while ((c = chars_peek(&t->chars)) == ' ' || c == '\t')
                chars_next(&t->chars);
        return c;
}

static int skip_comment(struct toml *t)
{
        int c = chars_peek(&t->chars);

        if (c == '#')
                while ((c = chars_peek(&t->chars)) != '\n' && c != CHARS_END)
                        chars_next(&t->chars);
        return c;
}

/* Blanks, comments and ends of lines, as they may stand inside an array. */
static int skip_lines(struct toml *t)
{
        int c;

        for (;;) {
                skip_spaces(t);
                c = skip_comment(t);
                if (c != '\n' && c != '\r')
                        return c;
                chars_next(&t->chars);
        }
}

static int end_of_line(struct toml *t, struct error *err)
{
        int c;

        skip_spaces(t);
        c = skip_comment(t);
        if (c == '\r') {
                chars_next(&t->chars);
                c = chars_peek(&t->chars);
        }
        if (c != '\n' && c != CHARS_END)
                return chars_error(&t->chars, err, "not valid TOML: the end of the line is expected");
        return 0;
}

static int add_text(struct toml *t, struct buf *out, int c, struct error *err)
{
        if (out->len >= TOML_TEXT_MAX)
                return chars_error(&t->chars, err, "a text of more than %u bytes", TOML_TEXT_MAX);
        buf_putc(out, (char)c);
        return buf_ok(out) ? 0 : error_oom(err);
}

/* After a backslash at the end of a line: to the next character that is no blank. */
static int skip_to_text(struct toml *t)
{
        int c;

        while ((c = chars_peek(&t->chars)) == ' ' || c == '\t' || c == '\r' || c == '\n')
                chars_next(&t->chars);
        return 0;
}

static int read_escape(struct toml *t, struct buf *out, bool several_lines, struct error *err)
{
        static const char from[] = "btnfre\"\\", to[] = "\b\t\n\f\r\033\"\\";
        int c = chars_next(&t->chars);
        const char *at = c > 0 ? strchr(from, c) : NULL;
        int64_t code;

        if (at)
                return add_text(t, out, to[at - from], err);
        if (several_lines && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
                return skip_to_text(t);
        code = c == 'u' ? chars_hex(&t->chars, 4) : c == 'U' ? chars_hex(&t->chars, 8) : -1;
        if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                return chars_error(&t->chars, err, "not valid TOML: a wrong escape in a text");
        if (out->len >= TOML_TEXT_MAX)
                return chars_error(&t->chars, err, "a text of more than %u bytes", TOML_TEXT_MAX);
        chars_add_utf8(out, (uint32_t)code);
        return 0;
}

/* After three quotes. Up to two quotes may stand before the three that end it. */
static int read_long_text(struct toml *t, struct buf *out, int quote, struct error *err)
{
        unsigned quotes = 0;
        int r = 0;

        if (chars_peek(&t->chars) == '\r')
                chars_next(&t->chars);
        if (chars_peek(&t->chars) == '\n')
                chars_next(&t->chars);
        while (r == 0) {
                int c = chars_peek(&t->chars);

                if (quotes >= 3 && (c != quote || quotes == 5)) {
                        out->len -= 3;
                        out->data[out->len] = 0;
                        return 0;
                }
                if (c == CHARS_END)
                        return chars_error(&t->chars, err, "not valid TOML: a text without end");
                chars_next(&t->chars);
                quotes = c == quote ? quotes + 1 : 0;
                r = c == '\\' && quote == '"' ? read_escape(t, out, true, err) : add_text(t, out, c, err);
        }
        return r;
}

static int read_text(struct toml *t, struct buf *out, struct error *err)
{
        int quote = chars_next(&t->chars), c, r;

        if (chars_peek(&t->chars) == quote) {
                chars_next(&t->chars);
                if (chars_peek(&t->chars) != quote)
                        return 0;
                chars_next(&t->chars);
                return read_long_text(t, out, quote, err);
        }
        while ((c = chars_next(&t->chars)) != quote) {
                if (c == '\n' || c == CHARS_END)
                        return chars_error(&t->chars, err, "not valid TOML: a text without end");
                r = c == '\\' && quote == '"' ? read_escape(t, out, false, err) : add_text(t, out, c, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_quoted_part(struct toml *t, struct error *err)
{
        int r;

        buf_clear(&t->text);
        r = read_text(t, &t->text, err);
        for (size_t i = 0; r == 0 && i < t->text.len; i++) {
                if (t->text.data[i] == '.')
                        r = add_text(t, &t->key, '\\', err);
                if (r == 0)
                        r = add_text(t, &t->key, t->text.data[i], err);
        }
        return r;
}

/* Appends a dotted key. */
static int read_key(struct toml *t, struct error *err)
{
        for (;;) {
                int c = skip_spaces(t), r = 0;

                if (t->key.len)
                        r = add_text(t, &t->key, '.', err);
                if (r == 0 && !is_bare(c) && c != '"' && c != '\'')
                        r = chars_error(&t->chars, err, "not valid TOML: a key is expected");
                if (r == 0 && !is_bare(c))
                        r = add_quoted_part(t, err);
                else
                        while (r == 0 && is_bare(chars_peek(&t->chars)))
                                r = add_text(t, &t->key, chars_next(&t->chars), err);
                if (r < 0)
                        return r;
                if (skip_spaces(t) != '.')
                        return 0;
                chars_next(&t->chars);
        }
}

static int tell(struct toml *t, enum toml_kind kind, struct str text, struct error *err)
{
        struct toml_event event = { kind, buf_str(&t->key), text };

        HIJACK_POINT("toml");
        if (!buf_ok(&t->key) || !buf_ok(&t->text))
                return error_oom(err);
        return t->each(t->ctx, &event, err);
}

static int read_pair(struct toml *t, struct error *err)
{
        size_t length = t->key.len;
        int r = read_key(t, err);

        if (r < 0)
                return r;
        if (skip_spaces(t) != '=')
                return chars_error(&t->chars, err, "not valid TOML: '=' is expected after a key");
        chars_next(&t->chars);
        skip_spaces(t);
        r = read_value(t, false, err);
        t->key.len = length;
        if (t->key.data)
                t->key.data[length] = 0;
        return r;
}

static int read_array(struct toml *t, struct error *err)
{
        chars_next(&t->chars);
        while (skip_lines(t) != ']') {
                int r = read_value(t, true, err), c;

                if (r != 0)
                        return r;
                c = skip_lines(t);
                if (c != ',' && c != ']')
                        return chars_error(&t->chars, err, "not valid TOML: ',' or ']' is expected");
                if (c == ',')
                        chars_next(&t->chars);
        }
        chars_next(&t->chars);
        return 0;
}

static int read_inline_table(struct toml *t, struct error *err)
{
        chars_next(&t->chars);
        while (skip_lines(t) != '}') {
                int r = read_pair(t, err), c;

                if (r != 0)
                        return r;
                c = skip_lines(t);
                if (c != ',' && c != '}')
                        return chars_error(&t->chars, err, "not valid TOML: ',' or '}' is expected");
                if (c == ',')
                        chars_next(&t->chars);
        }
        chars_next(&t->chars);
        return 0;
}

/* A number, a date or a truth value. */
static int skip_word(struct toml *t, struct error *err)
{
        bool any = false;
        int c;

        while (is_bare(c = chars_peek(&t->chars)) || c == '+' || c == '.' || c == ':') {
                chars_next(&t->chars);
                any = true;
        }
        return any ? 0 : chars_error(&t->chars, err, "not valid TOML: a value is expected");
}

static int read_value(struct toml *t, bool in_array, struct error *err)
{
        int c = chars_peek(&t->chars), r;

        if (c == '"' || c == '\'') {
                buf_clear(&t->text);
                buf_add(&t->text, "", 0);
                r = read_text(t, &t->text, err);
                return r < 0 ? r : tell(t, in_array ? TOML_ITEM : TOML_TEXT, buf_str(&t->text), err);
        }
        if (c != '[' && c != '{')
                return skip_word(t, err);
        if (t->depth == TOML_DEPTH_MAX)
                return chars_error(&t->chars, err, "arrays and tables nested deeper than %d", TOML_DEPTH_MAX);
        t->depth++;
        r = c == '[' ? read_array(t, err) : read_inline_table(t, err);
        t->depth--;
        return r;
}

static int read_header(struct toml *t, struct error *err)
{
        bool several;
        int r;

        chars_next(&t->chars);
        several = chars_peek(&t->chars) == '[';
        if (several)
                chars_next(&t->chars);
        r = read_key(t, err);
        if (r < 0)
                return r;
        if (chars_next(&t->chars) != ']' || (several && chars_next(&t->chars) != ']'))
                return chars_error(&t->chars, err, "not valid TOML: a table's name is to end with ']'");
        return tell(t, several ? TOML_TABLES : TOML_TABLE, STR_NULL, err);
}

static int read_all(struct toml *t, struct error *err)
{
        int c;

        chars_skip_mark(&t->chars);
        while ((c = skip_lines(t)) != CHARS_END) {
                int r;

                buf_clear(&t->key);
                r = c == '[' ? read_header(t, err) : read_pair(t, err);
                if (r == 0)
                        r = end_of_line(t, err);
                if (r != 0)
                        return r;
        }
        return t->chars.why.code ? chars_error(&t->chars, err, "read on") : 0;
}

int toml_read(struct byte_source source, int (*each)(void *ctx, const struct toml_event *event, struct error *err),
              void *ctx, struct error *err)
{
        struct toml t = { .each = each, .ctx = ctx };
        int r = chars_init(&t.chars, source, err);

        if (r == 0)
                r = read_all(&t, err);
        chars_done(&t.chars);
        buf_free(&t.key);
        buf_free(&t.text);
        return r;
}
