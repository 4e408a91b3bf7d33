/* SPDX-License-Identifier: Apache-2.0 */
/* The words of conditions: names, strings, numbers; and errors, which say what was expected instead of a word. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "base/nearest.h"
#include "rules/parse.h"
#include "rules/words.h"

#define FOUND_MAX 40

bool parser_is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

bool parser_is_name_char(char c)
{
        return parser_is_letter(c) || is_digit(c) || c == '_';
}

char parser_char(const struct parser *p, size_t at)
{
        return at < p->text.n ? p->text.p[at] : 0;
}

/* ---- errors ---- */

/* What stands at `at`, for a message: a word, or one other character. */
static void add_found(const struct parser *p, size_t at, struct buf *out)
{
        size_t n = 0;

        while (at < p->text.n && text_is_blank(p->text.p[at]))
                at++;
        if (at >= p->text.n) {
                buf_puts(out, "the end");
                return;
        }
        while (at + n < p->text.n && n < FOUND_MAX && !text_is_blank(p->text.p[at + n]) &&
               !strchr("(),", p->text.p[at + n]))
                n++;
        if (n == 0)
                n = 1;
        while (at + n < p->text.n && (p->text.p[at + n] & 0xc0) == 0x80)
                n++; /* no character is cut in two */
        buf_putc(out, '\'');
        buf_add_quoted(out, (struct str){ p->text.p + at, n });
        buf_putc(out, '\'');
}

int parser_expected(struct parser *p, size_t at, const char *what, ...)
{
        _cleanup_(buf_free) struct buf message = { 0 };
        va_list ap;

        p->error_at = at;
        buf_puts(&message, "expected ");
        va_start(ap, what);
        buf_vprintf(&message, what, ap);
        va_end(ap);
        buf_puts(&message, ", found ");
        add_found(p, at, &message);
        return buf_ok(&message) ? error_say(p->err, -EBADMSG, "%s", message.data) : error_oom(p->err);
}

int parser_wrong(struct parser *p, size_t at, const char *what)
{
        p->error_at = at;
        return error_say(p->err, -EBADMSG, "%s", what);
}

int parser_too_deep(struct parser *p, size_t at)
{
        p->error_at = at;
        return error_say(p->err, -E2BIG, "nested deeper than %d", CONDITION_DEPTH_MAX);
}

int parser_count(struct parser *p, size_t at)
{
        if (p->nodes >= CONDITION_NODES_MAX) {
                p->error_at = at;
                return error_say(p->err, -E2BIG, "more than %d checks and values in one condition",
                                 CONDITION_NODES_MAX);
        }
        p->nodes++;
        return 0;
}

/* "expected …; did you mean '…'?" */
int parser_with_nearest(struct parser *p, const struct nearest *nearest, int code)
{
        if (code == -EBADMSG && nearest->name && p->err) {
                char message[ERROR_MESSAGE_MAX];

                memcpy(message, p->err->message, sizeof(message));
                return error_say(p->err, code, "%s; did you mean '%s'?", message, nearest->name);
        }
        return code;
}

int parser_unknown_transformer(struct parser *p, size_t at, struct str name)
{
        struct nearest nearest = nearest_to(name);

        for (unsigned t = TRANSFORM_NONE + 1; t < TRANSFORM_MAX; t++)
                nearest_offer(&nearest, transformer_words[t].word);
        return parser_with_nearest(p, &nearest, parser_expected(p, at, "a transformer before '('"));
}

/* ---- words ---- */

size_t parser_name_length(const struct parser *p, bool *ret_dotted)
{
        size_t at = p->at;

        *ret_dotted = false;
        if (!parser_is_letter(parser_char(p, at)))
                return 0;
        for (;;) {
                while (parser_is_name_char(parser_char(p, at)))
                        at++;
                if (parser_char(p, at) != '.' || !parser_is_letter(parser_char(p, at + 1)))
                        return at - p->at;
                *ret_dotted = true;
                at++;
        }
}

enum rule_transformer parser_transformer(const struct parser *p, size_t n)
{
        struct str word = { p->text.p + p->at, n };

        if (n == 0 || parser_char(p, p->at + n) != '(')
                return TRANSFORM_NONE;
        for (unsigned t = TRANSFORM_NONE + 1; t < TRANSFORM_MAX; t++)
                if (str_equals(word, transformer_words[t].word))
                        return t;
        return TRANSFORM_NONE;
}

/* ---- values ---- */

static int hex_value(char c)
{
        return is_digit(c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* One escape; *at is at its backslash, and then beyond its end. "\ " is a backslash too, as old rule files need it. */
static int unescape(struct parser *p, size_t *at, char quote, char *ret)
{
        static const char names[] = "bfnrt /\\", values[] = "\b\f\n\r\t\\/\\";
        char c = parser_char(p, *at + 1);
        const char *known = c ? strchr(names, c) : NULL;
        int high, low;

        if (known) {
                *ret = values[known - names];
                *at += 2;
                return 0;
        }
        if (c == quote) {
                *ret = c;
                *at += 2;
                return 0;
        }
        if (c == 'x') {
                high = hex_value(parser_char(p, *at + 2));
                low = high < 0 ? -1 : hex_value(parser_char(p, *at + 3));
                if (low < 0)
                        return parser_wrong(p, *at, "two hexadecimal digits are expected after '\\x'");
                *ret = (char)(high << 4 | low);
                *at += 4;
                return 0;
        }
        return parser_wrong(
                p, *at,
                "no escape that is known (\\\\ \\\" \\' \\/ \\b \\f \\n \\r \\t \\xHH); a backslash is written \\\\");
}

int parse_quoted(struct parser *p, struct str *ret)
{
        size_t begin = p->at, end = text_quoted_end(p->text, begin), at = begin + 1, n = 0;
        char *value;
        int r;

        if (end == 0)
                return parser_wrong(p, begin, "this string is not closed");
        value = arena_alloc(p->arena, end - begin);
        if (!value)
                return error_oom(p->err);
        while (at < end - 1) {
                if (p->text.p[at] != '\\') {
                        value[n++] = p->text.p[at++];
                        continue;
                }
                r = unescape(p, &at, p->text.p[begin], &value[n++]);
                if (r < 0)
                        return r;
        }
        *ret = (struct str){ value, n };
        p->at = end;
        return 0;
}

static bool is_bare_char(char c)
{
        return c && !strchr("()\"'=, \t\n\v\f\r", c);
}

void parser_set_value(struct parser *p, size_t at, struct str text, bool quoted, struct operand *ret)
{
        *ret = (struct operand){
                .kind = OPERAND_VALUE, .name = text, .quoted = quoted, .place = text_place(&p->places, at),
        };
}

/* A string, quoted or bare. */
int parse_string(struct parser *p, const char *expected, struct operand *ret)
{
        struct str text;
        size_t at = p->at;
        int r;

        r = parser_count(p, at);
        if (r < 0)
                return r;
        if (parser_peek(p) == '"' || parser_peek(p) == '\'') {
                r = parse_quoted(p, &text);
                if (r == 0)
                        parser_set_value(p, at, text, true, ret);
                return r;
        }
        while (is_bare_char(parser_char(p, p->at)))
                p->at++;
        if (p->at == at)
                return parser_expected(p, at, "%s", expected);
        parser_set_value(p, at, (struct str){ p->text.p + at, p->at - at }, false, ret);
        return 0;
}

/* 0x1f, or an optional sign, digits, a fraction, an exponent with its sign. 0: no number stands here. */
size_t parser_number_length(const struct parser *p)
{
        size_t at = p->at, digits, exponent;

        if (parser_char(p, at) == '0' && (parser_char(p, at + 1) | 0x20) == 'x' &&
            hex_value(parser_char(p, at + 2)) >= 0) {
                for (at += 2; hex_value(parser_char(p, at)) >= 0; at++)
                        ;
                return at - p->at;
        }
        at += parser_char(p, at) == '-' || parser_char(p, at) == '+';
        for (digits = at; is_digit(parser_char(p, at)); at++)
                ;
        if (at == digits)
                return 0;
        if (parser_char(p, at) == '.')
                for (at++; is_digit(parser_char(p, at)); at++)
                        ;
        exponent = at + 2;
        if ((parser_char(p, at) | 0x20) == 'e' && (parser_char(p, at + 1) == '-' || parser_char(p, at + 1) == '+') &&
            is_digit(parser_char(p, exponent)))
                for (at = exponent; is_digit(parser_char(p, at)); at++)
                        ;
        return at - p->at;
}

int parse_number(struct parser *p, const char *expected, struct operand *ret)
{
        size_t at = p->at, n = parser_number_length(p);
        int r;

        if (n == 0 || is_bare_char(parser_char(p, at + n)))
                return parser_expected(p, at, "%s", expected);
        r = parser_count(p, at);
        if (r < 0)
                return r;
        parser_set_value(p, at, (struct str){ p->text.p + at, n }, false, ret);
        p->at += n;
        return 0;
}
