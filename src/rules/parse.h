/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the parser of conditions: connectives in parse.c, operands in parse_operand.c, words in parse_word.c. */
#ifndef TALLYMAN_RULES_PARSE_H
#define TALLYMAN_RULES_PARSE_H

#include "rules/text.h"

struct parser {
        struct str text;
        size_t at;
        struct text_places places;
        struct arena *arena;
        unsigned depth;           /* of parentheses */
        unsigned operand_depth;   /* of transformers */
        bool val_allowed;         /* the transformer that comes next stands right of an operator */
        size_t nodes;
        struct ast **pending;     /* children of what is being read */
        size_t n_pending, cap_pending;
        struct operand *operands; /* likewise */
        size_t n_operands, cap_operands;
        size_t error_at;
        struct error *err;
};

static inline char parser_peek(const struct parser *p)
{
        return p->at < p->text.n ? p->text.p[p->at] : 0;
}
static inline void parser_skip_blanks(struct parser *p)
{
        while (p->at < p->text.n && text_is_blank(p->text.p[p->at]))
                p->at++;
}
static inline bool parser_take(struct parser *p, char c)
{
        if (p->at >= p->text.n || p->text.p[p->at] != c)
                return false;
        p->at++;
        return true;
}

/* The length of the name that stands here, 0 if none does. `ret_dotted`: it has a dot, and so names a field. */
size_t parser_name_length(const struct parser *p, bool *ret_dotted);
/* The transformer whose name of `n` bytes stands here, followed by "("; NONE: it is none. */
enum rule_transformer parser_transformer(const struct parser *p, size_t n);
int parser_count(struct parser *p, size_t at); /* one more node: 0 or -E2BIG */

/* Errors: all set error_at. "expected WHAT, found …" */
int parser_expected(struct parser *p, size_t at, const char *what, ...) _printf_(3, 4);
int parser_too_deep(struct parser *p, size_t at);
int parser_wrong(struct parser *p, size_t at, const char *what);
struct nearest;
int parser_with_nearest(struct parser *p, const struct nearest *nearest,
                        int code); /* adds it to the message; gives `code` */
int parser_unknown_transformer(struct parser *p, size_t at, struct str name);

/* Words. `expected` is what an error names. */
char parser_char(const struct parser *p, size_t at); /* 0 beyond the end */
bool parser_is_letter(char c);
bool parser_is_name_char(char c);
size_t parser_number_length(const struct parser *p); /* of the number that stands here, 0: none does */
void parser_set_value(struct parser *p, size_t at, struct str text, bool quoted, struct operand *ret);
int parse_quoted(struct parser *p, struct str *ret);
int parse_string(struct parser *p, const char *expected, struct operand *ret); /* quoted or bare */
int parse_number(struct parser *p, const char *expected, struct operand *ret);

/* What a check is made of. `n` is the length of the name that stands here. */
int parse_field(struct parser *p, size_t n, struct operand *ret);
int parse_transformer(struct parser *p, size_t n, struct operand *ret);
int parse_comparison(struct parser *p, struct ast *check); /* operator and right side */

#endif
