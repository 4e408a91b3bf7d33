/* SPDX-License-Identifier: Apache-2.0 */
/* What a check is made of: fields, values, lists, transformers, operators. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "base/nearest.h"
#include "rules/parse.h"
#include "rules/words.h"

#define FOUND_MAX 40

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
        return is_letter(c) || is_digit(c) || c == '_';
}

static char char_at(const struct parser *p, size_t at)
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

static int wrong(struct parser *p, size_t at, const char *what)
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
                return error_say(p->err, -E2BIG, "more than %d checks and values in one condition", CONDITION_NODES_MAX);
        }
        p->nodes++;
        return 0;
}

/* "expected …; did you mean '…'?" */
static int with_nearest(struct parser *p, const struct nearest *nearest, int code)
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
        return with_nearest(p, &nearest, parser_expected(p, at, "a transformer before '('"));
}

/* ---- words ---- */

size_t parser_name_length(const struct parser *p, bool *ret_dotted)
{
        size_t at = p->at;

        *ret_dotted = false;
        if (!is_letter(char_at(p, at)))
                return 0;
        for (;;) {
                while (is_name_char(char_at(p, at)))
                        at++;
                if (char_at(p, at) != '.' || !is_letter(char_at(p, at + 1)))
                        return at - p->at;
                *ret_dotted = true;
                at++;
        }
}

enum rule_transformer parser_transformer(const struct parser *p, size_t n)
{
        struct str word = { p->text.p + p->at, n };

        if (n == 0 || char_at(p, p->at + n) != '(')
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
        char c = char_at(p, *at + 1);
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
                high = hex_value(char_at(p, *at + 2));
                low = high < 0 ? -1 : hex_value(char_at(p, *at + 3));
                if (low < 0)
                        return wrong(p, *at, "two hexadecimal digits are expected after '\\x'");
                *ret = (char)(high << 4 | low);
                *at += 4;
                return 0;
        }
        return wrong(p, *at, "no escape that is known (\\\\ \\\" \\' \\/ \\b \\f \\n \\r \\t \\xHH); a backslash is written \\\\");
}

static int parse_quoted(struct parser *p, struct str *ret)
{
        size_t begin = p->at, end = text_quoted_end(p->text, begin), at = begin + 1, n = 0;
        char *value;
        int r;

        if (end == 0)
                return wrong(p, begin, "this string is not closed");
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

static void set_value(struct parser *p, size_t at, struct str text, bool quoted, struct operand *ret)
{
        *ret = (struct operand){ .kind = OPERAND_VALUE, .name = text, .quoted = quoted, .place = text_place(&p->places, at) };
}

/* A string, quoted or bare. */
static int parse_string(struct parser *p, const char *expected, struct operand *ret)
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
                        set_value(p, at, text, true, ret);
                return r;
        }
        while (is_bare_char(char_at(p, p->at)))
                p->at++;
        if (p->at == at)
                return parser_expected(p, at, "%s", expected);
        set_value(p, at, (struct str){ p->text.p + at, p->at - at }, false, ret);
        return 0;
}

/* 0x1f, or an optional sign, digits, a fraction, an exponent with its sign. 0: no number stands here. */
static size_t number_length(const struct parser *p)
{
        size_t at = p->at, digits, exponent;

        if (char_at(p, at) == '0' && (char_at(p, at + 1) | 0x20) == 'x' && hex_value(char_at(p, at + 2)) >= 0) {
                for (at += 2; hex_value(char_at(p, at)) >= 0; at++)
                        ;
                return at - p->at;
        }
        at += char_at(p, at) == '-' || char_at(p, at) == '+';
        for (digits = at; is_digit(char_at(p, at)); at++)
                ;
        if (at == digits)
                return 0;
        if (char_at(p, at) == '.')
                for (at++; is_digit(char_at(p, at)); at++)
                        ;
        exponent = at + 2;
        if ((char_at(p, at) | 0x20) == 'e' && (char_at(p, at + 1) == '-' || char_at(p, at + 1) == '+') &&
            is_digit(char_at(p, exponent)))
                for (at = exponent; is_digit(char_at(p, at)); at++)
                        ;
        return at - p->at;
}

static int parse_number(struct parser *p, const char *expected, struct operand *ret)
{
        size_t at = p->at, n = number_length(p);
        int r;

        if (n == 0 || is_bare_char(char_at(p, at + n)))
                return parser_expected(p, at, "%s", expected);
        r = parser_count(p, at);
        if (r < 0)
                return r;
        set_value(p, at, (struct str){ p->text.p + at, n }, false, ret);
        p->at += n;
        return 0;
}

/* ---- several operands ---- */

static int push_operand(struct parser *p, const struct operand *operand)
{
        if (mem_grow(&p->operands, &p->cap_operands, p->n_operands + 1, sizeof(*p->operands)) < 0)
                return error_oom(p->err);
        p->operands[p->n_operands++] = *operand;
        return 0;
}

static int take_operands(struct parser *p, struct operand *ret, size_t first)
{
        ret->n_items = (uint32_t)(p->n_operands - first);
        ret->items = arena_copy(p->arena, p->operands + first, ret->n_items * sizeof(*p->operands));
        p->n_operands = first;
        return ret->items ? 0 : error_oom(p->err);
}

static int parse_value_item(struct parser *p, struct operand *ret)
{
        return parse_string(p, "a value", ret);
}

/* What stands between commas, up to the closing parenthesis; the opening one was read. */
static int parse_items(struct parser *p, int (*parse_item)(struct parser *p, struct operand *ret), struct operand *ret)
{
        size_t first = p->n_operands;
        struct operand item;
        int r;

        parser_skip_blanks(p);
        if (!parser_take(p, ')')) {
                do {
                        parser_skip_blanks(p);
                        r = parse_item(p, &item);
                        if (r == 0)
                                r = push_operand(p, &item);
                        if (r < 0)
                                return r;
                        parser_skip_blanks(p);
                } while (parser_take(p, ','));
                if (!parser_take(p, ')'))
                        return parser_expected(p, p->at, "',' or ')'");
        }
        return take_operands(p, ret, first);
}

static int parse_list(struct parser *p, int (*parse_item)(struct parser *p, struct operand *ret), struct operand *ret)
{
        int r = parser_count(p, p->at);

        if (r < 0)
                return r;
        *ret = (struct operand){ .kind = OPERAND_LIST, .place = text_place(&p->places, p->at) };
        p->at++;
        return parse_items(p, parse_item, ret);
}

/* ---- fields and transformers ---- */

static bool is_argument_char(char c)
{
        return c && !strchr("[]\"' \t\n\v\f\r", c);
}

static int parse_argument(struct parser *p, struct operand *ret)
{
        size_t begin;

        if (!parser_take(p, '['))
                return 0;
        begin = p->at;
        ret->has_argument = true;
        if (parser_peek(p) == '"' || parser_peek(p) == '\'') {
                int r = parse_quoted(p, &ret->argument);

                if (r < 0)
                        return r;
                ret->quoted = true;
        } else {
                while (is_argument_char(char_at(p, p->at)))
                        p->at++;
                if (p->at == begin)
                        return parser_expected(p, begin, "what stands in []: a word or a quoted string");
                ret->argument = (struct str){ p->text.p + begin, p->at - begin };
        }
        return parser_take(p, ']') ? 0 : parser_expected(p, p->at, "']'");
}

int parse_field(struct parser *p, size_t n, struct operand *ret)
{
        int r = parser_count(p, p->at);

        if (r < 0)
                return r;
        *ret = (struct operand){
                .kind = OPERAND_FIELD, .name = { p->text.p + p->at, n }, .place = text_place(&p->places, p->at),
        };
        p->at += n;
        return parse_argument(p, ret);
}

/* A field or a transformer, for those places where nothing else may stand; -ENOENT, and no message: neither does. */
static int parse_extractor(struct parser *p, struct operand *ret)
{
        bool dotted;
        size_t n = parser_name_length(p, &dotted);

        if (n && dotted)
                return parse_field(p, n, ret);
        if (n && parser_transformer(p, n) != TRANSFORM_NONE)
                return parse_transformer(p, n, ret);
        if (n && char_at(p, p->at + n) == '(')
                return parser_unknown_transformer(p, p->at, (struct str){ p->text.p + p->at, n });
        return -ENOENT;
}

static int parse_plain_operand(struct parser *p, const char *expected, struct operand *ret)
{
        int r;

        if (parser_peek(p) == '"' || parser_peek(p) == '\'')
                return parse_string(p, "", ret);
        if (number_length(p))
                return parse_number(p, expected, ret);
        r = parse_extractor(p, ret);
        return r == -ENOENT ? parser_expected(p, p->at, "%s", expected) : r;
}

static int parse_operand_of_list(struct parser *p, struct operand *ret)
{
        return parse_plain_operand(p, "a field, a transformer, a quoted string or a number", ret);
}

static int parse_operand(struct parser *p, struct operand *ret)
{
        if (parser_peek(p) == '(')
                return parse_list(p, parse_operand_of_list, ret);
        return parse_plain_operand(p, "a field, a transformer, a quoted string, a number or a list", ret);
}

static int check_operands(struct parser *p, size_t at, const struct operand *t)
{
        const struct transformer_word *word = &transformer_words[t->transform];

        p->error_at = at;
        if (t->n_items < word->operands_min || t->n_items > word->operands_max)
                return error_say(p->err, -EBADMSG, "%s() takes %s%u operand%s, not %u", word->word,
                                 word->operands_max > word->operands_min ? "at least " : "", word->operands_min,
                                 word->operands_min == 1 ? "" : "s", t->n_items);
        if (t->transform == TRANSFORM_VAL && t->items[0].kind != OPERAND_FIELD)
                return error_say(p->err, -EBADMSG, "val() takes a field");
        if (t->has_argument && t->transform != TRANSFORM_GETOPT)
                return error_say(p->err, -EBADMSG, "%s() takes nothing in []", word->word);
        return 0;
}

int parse_transformer(struct parser *p, size_t n, struct operand *ret)
{
        size_t at = p->at;
        bool val_allowed = p->val_allowed;
        int r = parser_count(p, at);

        p->val_allowed = false;
        if (r < 0)
                return r;
        if (!val_allowed && parser_transformer(p, n) == TRANSFORM_VAL)
                return wrong(p, at, "val() may only stand by itself on the right of an operator");
        if (++p->operand_depth > OPERAND_DEPTH_MAX) {
                p->error_at = at;
                return error_say(p->err, -E2BIG, "transformers nested deeper than %d", OPERAND_DEPTH_MAX);
        }
        *ret = (struct operand){
                .kind = OPERAND_TRANSFORM, .transform = parser_transformer(p, n), .place = text_place(&p->places, at),
        };
        p->at += n + 1;
        r = parse_items(p, parse_operand, ret);
        if (r == 0)
                r = parse_argument(p, ret);
        p->operand_depth--;
        return r < 0 ? r : check_operands(p, at, ret);
}

/* ---- comparisons ---- */

static bool is_word(const struct operator_word *word)
{
        return is_letter(word->word[0]);
}

static const struct operator_word *find_operator(const struct parser *p, size_t *ret_n)
{
        size_t n = 0;

        while (is_name_char(char_at(p, p->at + n)))
                n++;
        for (size_t i = 0; i < n_operator_words; i++) {
                const struct operator_word *word = &operator_words[i];
                size_t length = strlen(word->word);

                if (is_word(word) ? n != length : p->text.n - p->at < length)
                        continue;
                if (memcmp(p->text.p + p->at, word->word, length) == 0) {
                        *ret_n = length;
                        return word;
                }
        }
        *ret_n = n;
        return NULL;
}

static int unknown_operator(struct parser *p, size_t n)
{
        struct nearest nearest = nearest_to((struct str){ p->text.p + p->at, n });

        for (size_t i = 0; i < n_operator_words; i++)
                nearest_offer(&nearest, operator_words[i].word);
        return with_nearest(p, &nearest, parser_expected(p, p->at, "an operator (=, !=, in, contains, startswith …)"));
}

/* "oneof (…)": a modifier, where a list or a name follows; else it is a plain value. */
static enum rule_modifier find_modifier(const struct parser *p, size_t *ret_n)
{
        for (unsigned m = MODIFIER_NONE + 1; m < MODIFIER_WORDS; m++) {
                struct parser ahead = *p;
                size_t n = strlen(modifier_words[m]), name;
                bool dotted;

                if (p->text.n - p->at < n || memcmp(p->text.p + p->at, modifier_words[m], n) != 0)
                        continue;
                ahead.at += n;
                if (parser_peek(&ahead) != '(' && !text_is_blank(parser_peek(&ahead)))
                        continue;
                parser_skip_blanks(&ahead);
                name = parser_name_length(&ahead, &dotted);
                if (parser_peek(&ahead) != '(') {
                        struct str word = { p->text.p + ahead.at, name };

                        if (name == 0 || str_equals(word, "and") || str_equals(word, "or") || str_equals(word, "not"))
                                continue;
                }
                *ret_n = n;
                return m;
        }
        return MODIFIER_NONE;
}

static int parse_right_transformer(struct parser *p, size_t n, struct operand *ret)
{
        p->val_allowed = true;
        return parse_transformer(p, n, ret);
}

/* A list in parentheses, a transformer where `transformers`, or one name. */
static int parse_right_list(struct parser *p, bool transformers, struct operand *ret)
{
        static const char expected[] = "a list in parentheses, a name or a transformer";
        bool dotted;
        size_t at = p->at, n;
        int r;

        if (parser_peek(p) == '(')
                return parse_list(p, parse_value_item, ret);
        n = parser_name_length(p, &dotted);
        if (transformers && parser_transformer(p, n) != TRANSFORM_NONE)
                return parse_right_transformer(p, n, ret);
        if (n == 0 || dotted)
                return parser_expected(p, at, "%s", expected);
        r = parser_count(p, at);
        if (r < 0)
                return r;
        set_value(p, at, (struct str){ p->text.p + at, n }, false, ret);
        p->at += n;
        if (parser_peek(p) == ',') /* what a list becomes that was named without parentheses */
                return parser_expected(p, p->at, "'and', 'or' or the end (a list of several values needs parentheses)");
        return 0;
}

static int parse_right_string(struct parser *p, struct ast *check)
{
        size_t n;

        check->modifier = find_modifier(p, &n);
        if (check->modifier == MODIFIER_NONE)
                return parse_string(p, "a value or a transformer", &check->right);
        p->at += n;
        parser_skip_blanks(p);
        return parse_right_list(p, false, &check->right);
}

int parse_comparison(struct parser *p, struct ast *check)
{
        const struct operator_word *word;
        bool dotted;
        size_t n;

        parser_skip_blanks(p);
        word = find_operator(p, &n);
        if (!word)
                return unknown_operator(p, n);
        check->op = word->op;
        p->at += n;
        if (word->right == RIGHT_NONE)
                return 0;
        if (word->right == RIGHT_STRING && is_word(word) && !text_is_blank(parser_peek(p)))
                return parser_expected(p, p->at, "a blank after '%s'", word->word);
        parser_skip_blanks(p);
        if (word->right == RIGHT_LIST)
                return parse_right_list(p, true, &check->right);
        n = parser_name_length(p, &dotted);
        if (parser_transformer(p, n) != TRANSFORM_NONE)
                return parse_right_transformer(p, n, &check->right);
        if (word->right == RIGHT_NUMBER)
                return parse_number(p, "a number or a transformer", &check->right);
        return parse_right_string(p, check);
}
