/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions as trees. Grammar (the published Falco rule language, engine 0.57):
 *   or    := and ("or" and)*            and := not ("and" not)*
 *   not   := ("not" not) | "(" or ")" | check
 *   check := field ["exists"] | left operator right | macro
 *   left  := field | transformer "(" left {"," left} ")"
 *   right := value | "(" list ")" | "val(" field ")" | transformer …
 * Every node knows where it was written.
 */
#ifndef TALLYMAN_RULES_AST_H
#define TALLYMAN_RULES_AST_H

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

enum ast_kind {
        AST_AND = 1, /* n children, at least one */
        AST_OR,
        AST_NOT,     /* one child */
        AST_MACRO,   /* a name, to be replaced */
        AST_CHECK,
};

enum rule_operator {
        OP_EXISTS = 1, /* unary */
        OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
        OP_CONTAINS, OP_ICONTAINS, OP_BCONTAINS,
        OP_STARTSWITH, OP_BSTARTSWITH, OP_ENDSWITH,
        OP_GLOB, OP_IGLOB, OP_REGEX,
        OP_IN, OP_INTERSECTS, OP_PMATCH,
        OP_MAX,
};
const char *rule_operator_name(enum rule_operator op); /* "=", "startswith" … */

/* Of a string operator with a list: "fd.name contains oneof (a, b)". */
enum rule_modifier {
        MODIFIER_NONE,
        MODIFIER_ONEOF, /* exactly one */
        MODIFIER_ANYOF, /* at least one */
        MODIFIER_ALLOF, /* all */
};

enum rule_transformer {
        TRANSFORM_NONE,
        TRANSFORM_TOLOWER, TRANSFORM_TOUPPER, TRANSFORM_B64, TRANSFORM_BASENAME, TRANSFORM_LEN, TRANSFORM_JOIN,
        TRANSFORM_CONCAT, TRANSFORM_GETOPT, TRANSFORM_VAL,
        TRANSFORM_MAX,
};
const char *rule_transformer_name(enum rule_transformer t);

struct place {
        uint32_t line, column; /* in the rule file, from 1; 0: unknown */
        uint32_t file;         /* of the files handed to rules_load(), from 1; 0: unknown */
};

/* A field, a literal, or a transformer over operands. */
struct operand {
        enum { OPERAND_FIELD = 1, OPERAND_VALUE, OPERAND_LIST, OPERAND_TRANSFORM } kind;
        struct str name;         /* FIELD: its name without argument; VALUE: the text, unquoted */
        struct str argument;     /* FIELD and TRANSFORM (getopt): what stands in [], unquoted */
        bool has_argument;
        bool quoted;             /* VALUE: it was written in quotes; FIELD: its argument was. Means nothing more. */
        enum rule_transformer transform;
        struct operand *items;   /* LIST, TRANSFORM */
        uint32_t n_items;
        struct place place;
};

struct ast {
        enum ast_kind kind;
        struct place place;
        struct ast **children; /* AND, OR, NOT */
        uint32_t n_children;
        struct str macro;      /* MACRO */
        struct operand left;   /* CHECK */
        enum rule_operator op;
        enum rule_modifier modifier;
        struct operand right;  /* absent (kind 0) for OP_EXISTS. Of IN, INTERSECTS, PMATCH and with a modifier: a
                                * LIST, a TRANSFORM, or a VALUE, which is a list of one */
};

#define CONDITION_DEPTH_MAX 512    /* of a tree, macros replaced */
#define CONDITION_NODES_MAX 200000 /* checks, connectives, operands; repeated macros count again, long words more */
#define OPERAND_DEPTH_MAX 32       /* of transformers in one another */

/* A list that conditions may name. */
struct list_lookup {
        /* 1 and the items, 0 there is no such list. */
        int (*find)(void *ctx, struct str name, const struct str **ret_items, size_t *ret_n);
        void *ctx;
};

/* Parses `text`, whose first byte stands at `start` in its file. Names of lists are replaced in the text between blanks
 * and "(),=" before parsing, as the language demands, but not inside quotes; `lists` may be NULL. Everything goes into
 * `arena`; trees are never changed afterwards, so that they may share branches. -EBADMSG: the message says what was
 * expected; -E2BIG: a limit above; `ret_place` says where. */
int condition_parse(struct str text, struct place start, const struct list_lookup *lists, struct arena *arena,
                    struct ast **ret, struct place *ret_place, struct error *err) _must_check_;
/* Writes a condition in one canonical form, on one line of printable ASCII or UTF-8; parsing it again gives the same
 * tree. */
void condition_print(const struct ast *ast, struct buf *out);
void operand_print(const struct operand *operand, struct buf *out); /* a left side */
bool ast_equal(const struct ast *a, const struct ast *b); /* places do not count, nor quotes */

#endif
