/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed words of the language: one table for what is read and what is printed. */
#ifndef TALLYMAN_RULES_WORDS_H
#define TALLYMAN_RULES_WORDS_H

#include "rules/ast.h"

enum right_side {
        RIGHT_NONE,
        RIGHT_NUMBER,
        RIGHT_STRING, /* or a modifier and a list */
        RIGHT_LIST,
};

struct operator_word {
        const char *word;
        enum rule_operator op;
        enum right_side right;
};
extern const struct operator_word operator_words[];
extern const size_t n_operator_words;

struct transformer_word {
        const char *word;
        uint32_t operands_min, operands_max;
};
extern const struct transformer_word transformer_words[TRANSFORM_MAX];

#define MODIFIER_WORDS 4
extern const char *const modifier_words[MODIFIER_WORDS]; /* by enum rule_modifier */

#endif
