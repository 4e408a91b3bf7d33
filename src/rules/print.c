/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions as text, in the one form that `rules explain` shows and tests pin; and when two are the same. */
#include "rules/text.h"
#include "rules/words.h"

/* ---- words ---- */

static bool is_printable(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
                        return false;
        return utf8_valid(s);
}

static bool has_any(struct str s, const char *bytes)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] && strchr(bytes, s.p[i]))
                        return true;
        return false;
}

/* A backslash before the closing quote would keep it from closing. */
static void print_quoted(struct str s, struct buf *out)
{
        buf_putc(out, '"');
        while (s.n) {
                size_t n = utf8_char_length(s);
                unsigned char c = (unsigned char)s.p[0];

                if (n == 0 || c < 0x20 || c == 0x7f || (c == '\\' && s.n == 1))
                        buf_printf(out, "\\x%02x", c);
                else if (c == '"' || c == '\\')
                        buf_printf(out, "\\%c", c);
                else
                        buf_add(out, s.p, n);
                n = n ? n : 1;
                s.p += n;
                s.n -= n;
        }
        buf_putc(out, '"');
}

static void print_string(struct str s, struct buf *out)
{
        if (s.n && is_printable(s) && !has_any(s, "()\"'=, ") && !str_equals(s, "oneof") && !str_equals(s, "anyof") &&
            !str_equals(s, "allof"))
                buf_add_str(out, s);
        else
                print_quoted(s, out);
}

static void print_argument(const struct operand *o, struct buf *out)
{
        if (!o->has_argument)
                return;
        buf_putc(out, '[');
        if (o->argument.n && is_printable(o->argument) && !has_any(o->argument, "[]\"' "))
                buf_add_str(out, o->argument);
        else
                print_quoted(o->argument, out);
        buf_putc(out, ']');
}

static bool is_number(struct str s)
{
        if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
                s.p++;
                s.n--;
        }
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return s.n > 0;
}

/* ---- operands ---- */

static void print_items(const struct operand *o, void (*print)(const struct operand *o, struct buf *out),
                        struct buf *out)
{
        buf_putc(out, '(');
        for (uint32_t i = 0; i < o->n_items; i++) {
                if (i)
                        buf_puts(out, ", ");
                print(&o->items[i], out);
        }
        buf_putc(out, ')');
}

static void print_value(const struct operand *o, struct buf *out)
{
        print_string(o->name, out);
}

/* Where a bare word would be a field. Other numbers than plain ones are quoted, which is the same. */
static void print_operand(const struct operand *o, struct buf *out)
{
        if (o->kind == OPERAND_LIST) {
                print_items(o, print_operand, out);
        } else if (o->kind == OPERAND_VALUE) {
                if (is_number(o->name))
                        buf_add_str(out, o->name);
                else
                        print_quoted(o->name, out);
        } else {
                operand_print(o, out);
        }
}

void operand_print(const struct operand *o, struct buf *out)
{
        if (o->kind == OPERAND_TRANSFORM) {
                buf_puts(out, rule_transformer_name(o->transform));
                print_items(o, print_operand, out);
        } else {
                buf_add_str(out, o->name);
        }
        print_argument(o, out);
}

static bool takes_list(const struct ast *check)
{
        return check->modifier || check->op == OP_IN || check->op == OP_INTERSECTS || check->op == OP_PMATCH;
}

static void print_check(const struct ast *ast, struct buf *out)
{
        operand_print(&ast->left, out);
        buf_putc(out, ' ');
        buf_puts(out, rule_operator_name(ast->op));
        if (ast->op == OP_EXISTS)
                return;
        buf_putc(out, ' ');
        if (ast->modifier) {
                buf_puts(out, modifier_words[ast->modifier]);
                buf_putc(out, ' ');
        }
        if (ast->right.kind == OPERAND_LIST)
                print_items(&ast->right, print_value, out);
        else if (ast->right.kind == OPERAND_VALUE && takes_list(ast))
                buf_add_str(out, ast->right.name); /* a name, as it was left */
        else if (ast->right.kind == OPERAND_VALUE)
                print_value(&ast->right, out);
        else
                operand_print(&ast->right, out);
}

/* ---- connectives ---- */

static void print_tree(const struct ast *ast, struct buf *out)
{
        const char *word = ast->kind == AST_OR ? " or " : " and ";

        switch (ast->kind) {
        case AST_MACRO:
                buf_add_str(out, ast->macro);
                return;
        case AST_CHECK:
                print_check(ast, out);
                return;
        case AST_NOT:
                buf_puts(out, "not ");
                break;
        default:
                break;
        }
        for (uint32_t i = 0; i < ast->n_children; i++) {
                const struct ast *child = ast->children[i];
                /* Only what binds closer may stand in "or" without parentheses. */
                bool plain = child->kind == AST_CHECK || child->kind == AST_MACRO ||
                             (ast->kind != AST_NOT && child->kind == AST_NOT) ||
                             (ast->kind == AST_OR && child->kind == AST_AND);

                if (i)
                        buf_puts(out, word);
                if (!plain)
                        buf_putc(out, '(');
                print_tree(child, out);
                if (!plain)
                        buf_putc(out, ')');
        }
}

void condition_print(const struct ast *ast, struct buf *out)
{
        print_tree(ast, out);
}

/* ---- equality ---- */

static bool operand_equal(const struct operand *a, const struct operand *b)
{
        if (a->kind != b->kind || a->transform != b->transform || a->has_argument != b->has_argument ||
            a->n_items != b->n_items || !str_equal(a->name, b->name) || !str_equal(a->argument, b->argument))
                return false;
        for (uint32_t i = 0; i < a->n_items; i++)
                if (!operand_equal(&a->items[i], &b->items[i]))
                        return false;
        return true;
}

bool ast_equal(const struct ast *a, const struct ast *b)
{
        if (a == b)
                return true;
        if (a->kind != b->kind || a->n_children != b->n_children)
                return false;
        if (a->kind == AST_MACRO)
                return str_equal(a->macro, b->macro);
        if (a->kind == AST_CHECK)
                return a->op == b->op && a->modifier == b->modifier && operand_equal(&a->left, &b->left) &&
                       operand_equal(&a->right, &b->right);
        for (uint32_t i = 0; i < a->n_children; i++)
                if (!ast_equal(a->children[i], b->children[i]))
                        return false;
        return true;
}
