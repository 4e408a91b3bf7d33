/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the compiler: conditions become nodes of a graph in which equal parts are one, then checks and steps. */
#ifndef TALLYMAN_RULES_COMPILE_H
#define TALLYMAN_RULES_COMPILE_H

#include "rules/program.h"

enum node_kind { NODE_FALSE, NODE_TRUE, NODE_CHECK, NODE_NOT, NODE_AND, NODE_OR };

struct node {
        enum node_kind kind;
        uint32_t check;     /* NODE_CHECK; of a node that several rules share the check that stands for it, else NONE */
        const uint32_t *children;
        uint32_t n;
        uint32_t uses;      /* in other nodes and as whole conditions */
        uint32_t checks;    /* below it, each as often as it is there */
        const uint64_t *true_for, *false_for; /* kinds of events; NULL: all of them */
};

#define NODE_FALSE_ID 0u
#define NODE_TRUE_ID 1u

struct compiler {
        struct rule_program *p;
        struct arena *scratch; /* what is no longer needed when the program is done */
        const struct fact_source *source;
        struct node *nodes;
        uint32_t *check_nodes; /* by the number of a check's key */
        size_t cap_slots, cap_checks, cap_nodes, cap_steps, cap_patterns, cap_check_nodes;
        uint32_t n_nodes;
        struct dictionary slot_keys, check_keys, node_keys; /* what makes two of them one; their numbers are those of the words */
        struct buf key;
        struct pattern_scratch *patterns; /* to ask while compiling */
        struct place place;               /* of what is compiled: where an error is */
        struct error *err;
};

/* The number that this key has in `keys`, 1 if it is new (then the next free one), 0 if not. */
int compiler_number(struct compiler *c, struct dictionary *keys, uint32_t *ret);
int compiler_error(struct compiler *c, struct place place, const char *fmt, ...) _printf_(3, 4); /* -EBADMSG */
int compiler_at(struct compiler *c, struct place place, int r); /* the message is there: -EBADMSG, or -ENOMEM as it is */

/* compile_slots.c */
int compile_slot(struct compiler *c, const struct operand *operand, uint32_t *ret);
const char *slot_describe(const struct compiler *c, uint32_t slot, struct buf *room); /* for messages */

/* compile_checks.c: the node of one comparison, which may turn out to be constant. */
int compile_check(struct compiler *c, const struct ast *ast, uint32_t *ret);

/* compile_constants.c: reads, and prepares for comparison. */
int compile_constants(struct compiler *c, struct check *check, const struct operand *right);
/* Once all are there: how each check with dictionaries is made. */
int compile_ways(struct compiler *c);

/* compile_graph.c */
int nodes_begin(struct compiler *c); /* the two constants */
int node_of_check(struct compiler *c, uint32_t check, uint32_t *ret);
int compile_condition(struct compiler *c, const struct ast *ast, uint32_t *ret);
void node_use(struct compiler *c, uint32_t node); /* as a whole condition */
/* Steps of a condition; what several share becomes a check first. */
int compile_steps(struct compiler *c, uint32_t node, uint32_t *ret);

#endif
