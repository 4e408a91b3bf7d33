/* SPDX-License-Identifier: Apache-2.0 */
/* What a check is made of: fields, lists, transformers, operators. */
#include <errno.h>

#include "base/nearest.h"
#include "rules/parse.h"
#include "rules/words.h"

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
        ret->items =
                arena_copy(p->arena, ret->n_items ? p->operands + first : NULL, ret->n_items * sizeof(*p->operands));
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
                while (is_argument_char(parser_char(p, p->at)))
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
        if (n && parser_char(p, p->at + n) == '(')
                return parser_unknown_transformer(p, p->at, (struct str){ p->text.p + p->at, n });
        return -ENOENT;
}

static int parse_plain_operand(struct parser *p, const char *expected, struct operand *ret)
{
        int r;

        if (parser_peek(p) == '"' || parser_peek(p) == '\'')
                return parse_string(p, "", ret);
        if (parser_number_length(p))
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
                return parser_wrong(p, at, "val() may only stand by itself on the right of an operator");
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
        return parser_is_letter(word->word[0]);
}

static const struct operator_word *find_operator(const struct parser *p, size_t *ret_n)
{
        size_t n = 0;

        while (parser_is_name_char(parser_char(p, p->at + n)))
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
        return parser_with_nearest(p, &nearest,
                                   parser_expected(p, p->at, "an operator (=, !=, in, contains, startswith …)"));
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
        parser_set_value(p, at, (struct str){ p->text.p + at, n }, false, ret);
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
