/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a condition, put together from scalars of rule files, and where each byte of it was written. The language
 * replaces lists and joins exceptions as text, so that this comes before parsing.
 */
#ifndef TALLYMAN_RULES_TEXT_H
#define TALLYMAN_RULES_TEXT_H

#include "base/yaml.h"
#include "rules/ast.h"

/* From `offset` to the next run each character stands a column further, or all of them at one place. */
struct text_run {
        size_t offset;
        struct place place;
        bool fixed; /* all at `place`: the text stands for something else there */
};

struct rule_text {
        struct str text;
        const struct text_run *runs; /* in order; the first begins at 0 */
        size_t n_runs;
};

/* {0} is a valid empty one. */
struct text_builder {
        struct buf text;
        struct text_run *runs;
        size_t n_runs, cap_runs;
        bool failed; /* out of memory */
};

void text_builder_done(struct text_builder *b); /* also the _cleanup_ form */
void text_add_fixed(struct text_builder *b, struct str s, struct place place);
void text_add_lines(struct text_builder *b, struct str s, struct place start); /* stands in the file as it is */
void text_add_scalar(struct text_builder *b, const struct yaml_node *scalar, uint32_t file);
void text_cut(struct text_builder *b, size_t n); /* back to its first n bytes */
struct rule_text text_borrow(const struct text_builder *b);
/* A copy that lasts as long as `arena`. 0, -ENOMEM, -E2BIG beyond RULE_CONDITION_BYTES_MAX. */
int text_keep(const struct text_builder *b, struct arena *arena, struct rule_text *ret, struct error *err) _must_check_;

/* Finds places; quick where offsets are asked for in rising order. */
struct text_places {
        const struct rule_text *in;
        size_t run, at;  /* what was asked for last */
        uint32_t column; /* of it; 0: nothing was */
};
struct place text_place(struct text_places *places, size_t offset);
/* True if the byte at `offset`, or the one before it, was put in for something else. */
bool text_is_fixed(const struct rule_text *in, size_t offset);
/* Appends a part of the text that `from` looks at, with its places. */
void text_add_part(struct text_builder *b, struct text_places *from, size_t begin, size_t end);

/* Appends an item of a list, or the value of an exception, in the form in which it stands in the text of a condition:
 * what would not be one word there is put in quotes. */
void text_quote(struct str item, struct buf *out);

/* Replaces the names of lists. What is put in stands, as far as places go, where the name stood. 0, -ENOMEM, -E2BIG. */
int text_substitute(const struct rule_text *in, const struct list_lookup *lists, struct text_builder *out,
                    struct error *err) _must_check_;

/* The end of the quoted string that begins at `at`, which is beyond its closing quote; 0: it is not closed. A quote
 * after a backslash never closes, whatever stands before the backslash. */
size_t text_quoted_end(struct str text, size_t at);

static inline bool text_is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* condition_parse() of text with its places; `text` must last as long as `arena`. `ret_at`: the offset of an error, or how
 * many nodes there are. */
int condition_parse_text(const struct rule_text *text, struct arena *arena, struct ast **ret, size_t *ret_at,
                         struct error *err) _must_check_;

#endif
