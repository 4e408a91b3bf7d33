/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed words of the language. */
#include "rules/rules.h"
#include "rules/words.h"

const struct operator_word operator_words[] = {
        /* Longer symbols stand before those that they begin with. */
        { "<=", OP_LE, RIGHT_NUMBER },
        { "<", OP_LT, RIGHT_NUMBER },
        { ">=", OP_GE, RIGHT_NUMBER },
        { ">", OP_GT, RIGHT_NUMBER },
        { "==", OP_EQ, RIGHT_STRING },
        { "=", OP_EQ, RIGHT_STRING },
        { "!=", OP_NE, RIGHT_STRING },
        { "exists", OP_EXISTS, RIGHT_NONE },
        { "contains", OP_CONTAINS, RIGHT_STRING },
        { "icontains", OP_ICONTAINS, RIGHT_STRING },
        { "bcontains", OP_BCONTAINS, RIGHT_STRING },
        { "startswith", OP_STARTSWITH, RIGHT_STRING },
        { "bstartswith", OP_BSTARTSWITH, RIGHT_STRING },
        { "endswith", OP_ENDSWITH, RIGHT_STRING },
        { "glob", OP_GLOB, RIGHT_STRING },
        { "iglob", OP_IGLOB, RIGHT_STRING },
        { "regex", OP_REGEX, RIGHT_STRING },
        { "in", OP_IN, RIGHT_LIST },
        { "intersects", OP_INTERSECTS, RIGHT_LIST },
        { "pmatch", OP_PMATCH, RIGHT_LIST },
};
const size_t n_operator_words = ELEMENTS_OF(operator_words);

const struct transformer_word transformer_words[TRANSFORM_MAX] = {
        [TRANSFORM_NONE] = { "", 0, 0 },
        [TRANSFORM_TOLOWER] = { "tolower", 1, 1 },
        [TRANSFORM_TOUPPER] = { "toupper", 1, 1 },
        [TRANSFORM_B64] = { "b64", 1, 1 },
        [TRANSFORM_BASENAME] = { "basename", 1, 1 },
        [TRANSFORM_LEN] = { "len", 1, 1 },
        [TRANSFORM_JOIN] = { "join", 2, 2 },
        [TRANSFORM_CONCAT] = { "concat", 2, UINT32_MAX },
        [TRANSFORM_GETOPT] = { "getopt", 2, 2 },
        [TRANSFORM_VAL] = { "val", 1, 1 },
};

const char *const modifier_words[MODIFIER_WORDS] = { "", "oneof", "anyof", "allof" };

const char *rule_operator_name(enum rule_operator op)
{
        for (size_t i = 0; i < n_operator_words; i++)
                if (operator_words[i].op == op && strcmp(operator_words[i].word, "==") != 0)
                        return operator_words[i].word;
        return "";
}

const char *rule_transformer_name(enum rule_transformer t)
{
        return (unsigned)t < TRANSFORM_MAX ? transformer_words[t].word : "";
}

const char *rule_priority_name(enum rule_priority priority)
{
        static const char *const names[] = {
                "Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug",
        };

        return (unsigned)priority < ELEMENTS_OF(names) ? names[priority] : "";
}
