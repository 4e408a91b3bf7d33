/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions as a graph in which equal parts are one node, with the kinds of events for which each may be true and may be
 * false; and from there to steps.
 */
#include <errno.h>

#include "rules/compile.h"

#define SHARED_CHECKS_MIN 2 /* a part with fewer is not worth a check of its own */

static uint32_t words_of(const struct compiler *c)
{
        return (c->p->n_kinds + 63) / 64;
}

/* ---- kinds of events ---- */

static uint64_t all_kinds(const struct compiler *c, uint32_t word)
{
        uint32_t rest = c->p->n_kinds - word * 64;

        return rest >= 64 ? UINT64_MAX : (UINT64_C(1) << rest) - 1;
}

/* What is common to both sets, or in either; NULL stands for all. */
static const uint64_t *combine(struct compiler *c, const uint64_t *a, const uint64_t *b, bool both, bool *failed)
{
        uint64_t *set;

        if (!a || !b)
                return both ? (a ? a : b) : NULL;
        set = arena_alloc(c->p->arena, words_of(c) * sizeof(*set));
        if (!set) {
                *failed = true;
                return NULL;
        }
        for (uint32_t i = 0; i < words_of(c); i++)
                set[i] = both ? a[i] & b[i] : a[i] | b[i];
        return set;
}

static bool is_empty_set(const struct compiler *c, const uint64_t *set)
{
        for (uint32_t i = 0; set && i < words_of(c); i++)
                if (set[i])
                        return false;
        return set;
}

static int set_kinds(struct compiler *c, struct node *node)
{
        const struct check *check = node->kind == NODE_CHECK ? &c->p->checks[node->check] : NULL;
        bool failed = false;

        if (check && check->kind == CHECK_EVENT) {
                uint64_t *not = arena_alloc(c->p->arena, words_of(c) * sizeof(*not));

                for (uint32_t i = 0; not && i < words_of(c); i++)
                        not[i] = ~check->bits[i] & all_kinds(c, i);
                node->true_for = check->bits;
                node->false_for = not;
                return not ? 0 : error_oom(c->err);
        }
        for (uint32_t i = 0; i < node->n && !failed; i++) {
                const struct node *child = &c->nodes[node->children[i]];

                if (node->kind == NODE_NOT) {
                        node->true_for = child->false_for;
                        node->false_for = child->true_for;
                } else if (i == 0) {
                        node->true_for = child->true_for;
                        node->false_for = child->false_for;
                } else {
                        node->true_for = combine(c, node->true_for, child->true_for, node->kind == NODE_AND, &failed);
                        node->false_for = combine(c, node->false_for, child->false_for, node->kind == NODE_OR, &failed);
                }
        }
        return failed ? error_oom(c->err) : 0;
}

/* ---- nodes ---- */

static int append_node(struct compiler *c, const struct node *node)
{
        if (mem_grow(&c->nodes, &c->cap_nodes, c->n_nodes + 1, sizeof(*c->nodes)) < 0)
                return error_oom(c->err);
        c->nodes[c->n_nodes++] = *node;
        return 0;
}

/* The nodes of the two constants stand first, and their keys take the first two numbers. */
int nodes_begin(struct compiler *c)
{
        for (enum node_kind kind = NODE_FALSE; kind <= NODE_TRUE; kind++) {
                struct node node = { .kind = kind, .check = NONE };
                uint32_t number;
                int r;

                buf_clear(&c->key);
                buf_printf(&c->key, "%d", (int)kind);
                r = compiler_number(c, &c->node_keys, &number);
                if (r >= 0)
                        r = append_node(c, &node);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What can be true (or false) for no kind of event there is, is a constant. */
static uint32_t settled(const struct compiler *c, uint32_t number)
{
        if (is_empty_set(c, c->nodes[number].true_for))
                return NODE_FALSE_ID;
        return is_empty_set(c, c->nodes[number].false_for) ? NODE_TRUE_ID : number;
}

/* The node of this kind over these children (or this check), made unless it is there. */
static int find_node(struct compiler *c, struct node *node, uint32_t *ret)
{
        uint32_t number;
        int r;

        buf_clear(&c->key);
        buf_printf(&c->key, "%d", (int)node->kind);
        if (node->kind == NODE_CHECK)
                buf_printf(&c->key, ".%u", node->check);
        for (uint32_t i = 0; i < node->n; i++)
                buf_printf(&c->key, ",%u", node->children[i]);
        r = compiler_number(c, &c->node_keys, &number);
        if (r < 0)
                return r;
        if (r == 0) {
                *ret = settled(c, number);
                return 0;
        }
        r = set_kinds(c, node);
        if (r < 0)
                return r;
        node->checks = node->kind == NODE_CHECK;
        for (uint32_t i = 0; i < node->n; i++) {
                struct node *child = &c->nodes[node->children[i]];

                child->uses++;
                if (__builtin_add_overflow(node->checks, child->checks, &node->checks))
                        node->checks = UINT32_MAX;
        }
        r = append_node(c, node);
        if (r == 0)
                *ret = settled(c, number);
        return r;
}

int node_of_check(struct compiler *c, uint32_t check, uint32_t *ret)
{
        struct node node = { .kind = NODE_CHECK, .check = check };

        return find_node(c, &node, ret);
}

void node_use(struct compiler *c, uint32_t node)
{
        c->nodes[node].uses++;
}

static int negate(struct compiler *c, uint32_t child, uint32_t *ret)
{
        struct node node = { .kind = NODE_NOT, .check = NONE, .n = 1 };
        uint32_t *children;

        if (child <= NODE_TRUE_ID) {
                *ret = NODE_TRUE_ID - child;
                return 0;
        }
        if (c->nodes[child].kind == NODE_NOT) {
                *ret = c->nodes[child].children[0];
                return 0;
        }
        children = arena_copy(c->p->arena, &child, sizeof(child));
        if (!children)
                return error_oom(c->err);
        node.children = children;
        return find_node(c, &node, ret);
}

/* Without what does not change the answer; `n` becomes how many are left. True: one of them decides it alone. */
static bool reduce(enum node_kind kind, uint32_t *children, uint32_t *n)
{
        uint32_t deciding = kind == NODE_AND ? NODE_FALSE_ID : NODE_TRUE_ID, left = 0;

        for (uint32_t i = 0; i < *n; i++) {
                bool again = false;

                if (children[i] == deciding)
                        return true;
                for (uint32_t j = 0; j < left && j < 64 && !again; j++)
                        again = children[j] == children[i];
                if (children[i] > NODE_TRUE_ID && !again)
                        children[left++] = children[i];
        }
        *n = left;
        return false;
}

static int join(struct compiler *c, enum node_kind kind, uint32_t *children, uint32_t n, uint32_t *ret)
{
        struct node node = { .kind = kind, .check = NONE, .children = children };

        if (reduce(kind, children, &n) || n == 0) {
                *ret = (kind == NODE_AND) == (n == 0) ? NODE_TRUE_ID : NODE_FALSE_ID;
                return 0;
        }
        if (n == 1) {
                *ret = children[0];
                return 0;
        }
        node.n = n;
        return find_node(c, &node, ret);
}

static int compile_tree(struct compiler *c, const struct ast *ast, unsigned depth, uint32_t *ret)
{
        uint32_t *children, child;
        int r;

        if (depth > CONDITION_DEPTH_MAX)
                return compiler_error(c, ast->place, "a condition is nested more than %u deep", CONDITION_DEPTH_MAX);
        if (ast->kind == AST_CHECK)
                return compile_check(c, ast, ret);
        if (ast->kind == AST_MACRO)
                return compiler_error(c, ast->place, "there is no macro '%.*s'", STR_ARG(ast->macro));
        if (ast->kind == AST_NOT) {
                r = compile_tree(c, ast->children[0], depth + 1, &child);
                return r < 0 ? r : negate(c, child, ret);
        }
        children = arena_alloc(c->p->arena, MAX_OF(ast->n_children, 1u) * sizeof(*children));
        if (!children)
                return error_oom(c->err);
        for (uint32_t i = 0; i < ast->n_children; i++) {
                r = compile_tree(c, ast->children[i], depth + 1, &children[i]);
                if (r < 0)
                        return r;
        }
        return join(c, ast->kind == AST_AND ? NODE_AND : NODE_OR, children, ast->n_children, ret);
}

int compile_condition(struct compiler *c, const struct ast *ast, uint32_t *ret)
{
        return compile_tree(c, ast, 1, ret);
}

/* ---- steps, from the last to the first, so that each knows where it leads ---- */

static int steps_to(struct compiler *c, uint32_t id, bool negated, uint32_t then, uint32_t otherwise, uint32_t *ret);

static int add_step(struct compiler *c, struct step step, uint32_t *ret)
{
        struct rule_program *p = c->p;

        if (p->n_steps >= PROGRAM_STEPS_MAX)
                return error_say(c->err, -E2BIG, "the conditions of all rules have more than %u comparisons", PROGRAM_STEPS_MAX);
        if (mem_grow(&p->steps, &c->cap_steps, p->n_steps + 1, sizeof(*p->steps)) < 0)
                return error_oom(c->err);
        p->steps[p->n_steps] = step;
        *ret = p->n_steps++;
        return 0;
}

/* "and" goes on to the next child where one holds, "or" where it does not; negated each is the other. */
static int steps_of_children(struct compiler *c, uint32_t id, bool negated, uint32_t then, uint32_t otherwise,
                             uint32_t *ret)
{
        bool all = (c->nodes[id].kind == NODE_AND) != negated;
        uint32_t next = all ? then : otherwise;
        int r = 0;

        for (uint32_t i = c->nodes[id].n; i-- > 0 && r == 0;)
                r = steps_to(c, c->nodes[id].children[i], negated, all ? next : then, all ? otherwise : next, &next);
        *ret = next;
        return r;
}

/* What several rules have in common is asked once. */
static int make_shared(struct compiler *c, uint32_t id)
{
        struct check check = { .kind = CHECK_CONDITION, .left = NONE, .right = NONE };
        int r = steps_of_children(c, id, false, STEP_TRUE, STEP_FALSE, &check.steps);

        if (r < 0)
                return r;
        if (mem_grow(&c->p->checks, &c->cap_checks, c->p->n_checks + 1, sizeof(*c->p->checks)) < 0)
                return error_oom(c->err);
        c->nodes[id].check = c->p->n_checks;
        c->p->checks[c->p->n_checks++] = check;
        return 0;
}

static int steps_to(struct compiler *c, uint32_t id, bool negated, uint32_t then, uint32_t otherwise, uint32_t *ret)
{
        enum node_kind kind = c->nodes[id].kind;
        int r;

        if (kind == NODE_TRUE || kind == NODE_FALSE) {
                *ret = (kind == NODE_TRUE) != negated ? then : otherwise;
                return 0;
        }
        if (kind == NODE_NOT)
                return steps_to(c, c->nodes[id].children[0], !negated, then, otherwise, ret);
        if (kind != NODE_CHECK && c->nodes[id].check == NONE && c->nodes[id].uses > 1 &&
            c->nodes[id].checks >= SHARED_CHECKS_MIN) {
                r = make_shared(c, id);
                if (r < 0)
                        return r;
        }
        if (c->nodes[id].check != NONE)
                return add_step(c, (struct step){ c->nodes[id].check, negated, then, otherwise }, ret);
        return steps_of_children(c, id, negated, then, otherwise, ret);
}

int compile_steps(struct compiler *c, uint32_t node, uint32_t *ret)
{
        return steps_to(c, node, false, STEP_TRUE, STEP_FALSE, ret);
}
