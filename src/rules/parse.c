/* SPDX-License-Identifier: Apache-2.0 */
/* The connectives of a condition, and its checks (the grammar stands in ast.h). */
#include <errno.h>

#include "base/hijack.h"
#include "rules/parse.h"

static int parse_chain(struct parser *p, enum ast_kind kind, struct ast **ret);

/* ---- trees ---- */

static int new_ast(struct parser *p, enum ast_kind kind, size_t at, struct ast **ret)
{
        struct ast *ast = arena_alloc(p->arena, sizeof(*ast));
        int r = parser_count(p, at);

        if (r < 0)
                return r;
        if (!ast)
                return error_oom(p->err);
        ast->kind = kind;
        ast->place = text_place(&p->places, at);
        *ret = ast;
        return 0;
}

static int push(struct parser *p, struct ast *ast)
{
        if (mem_grow(&p->pending, &p->cap_pending, p->n_pending + 1, sizeof(*p->pending)) < 0)
                return error_oom(p->err);
        p->pending[p->n_pending++] = ast;
        return 0;
}

/* The children of `ast` are those pushed since `first`. */
static int take_children(struct parser *p, struct ast *ast, size_t first)
{
        ast->n_children = (uint32_t)(p->n_pending - first);
        ast->children = arena_copy(p->arena, p->pending + first, ast->n_children * sizeof(*p->pending));
        p->n_pending = first;
        return ast->children ? 0 : error_oom(p->err);
}

/* ---- checks ---- */

/* A bare word that is not part of a check. */
static int parse_macro(struct parser *p, size_t n, struct ast **ret)
{
        struct str name = { p->text.p + p->at, n };
        size_t at = p->at, after = p->at + n;
        int r;

        if (str_equals(name, "and") || str_equals(name, "or") || str_equals(name, "not"))
                return parser_expected(p, at, "a check, a macro or '('");
        if (after < p->text.n && p->text.p[after] == '(')
                return parser_unknown_transformer(p, at, name);
        while (after < p->text.n && text_is_blank(p->text.p[after]))
                after++;
        if (after < p->text.n && strchr("=!<>", p->text.p[after]) && p->text.p[after])
                return parser_expected(p, after,
                                       "'and', 'or' or the end ('%.*s' has no dot and is no field, but a macro)",
                                       (int)MIN_OF(n, (size_t)64), name.p);
        r = new_ast(p, AST_MACRO, at, ret);
        if (r < 0)
                return r;
        (*ret)->macro = name;
        p->at += n;
        return 0;
}

static int parse_check(struct parser *p, size_t n, bool dotted, struct ast **ret)
{
        struct ast *check = NULL;
        int r;

        r = new_ast(p, AST_CHECK, p->at, &check);
        if (r < 0)
                return r;
        r = dotted ? parse_field(p, n, &check->left) : parse_transformer(p, n, &check->left);
        if (r == 0)
                r = parse_comparison(p, check);
        *ret = check;
        return r;
}

static int parse_group(struct parser *p, struct ast **ret)
{
        size_t open = p->at;
        int r;

        if (++p->depth > CONDITION_DEPTH_MAX)
                return parser_too_deep(p, open);
        p->at++;
        r = parse_chain(p, AST_OR, ret);
        if (r < 0)
                return r;
        p->depth--;
        if (!parser_take(p, ')'))
                return parser_expected(p, p->at, "'and', 'or' or ')'");
        return 0;
}

static int parse_primary(struct parser *p, struct ast **ret)
{
        bool dotted;
        size_t n;

        parser_skip_blanks(p);
        if (parser_peek(p) == '(')
                return parse_group(p, ret);
        n = parser_name_length(p, &dotted);
        if (n == 0)
                return parser_expected(p, p->at, "a check, a macro or '('");
        if (dotted || parser_transformer(p, n) != TRANSFORM_NONE)
                return parse_check(p, n, dotted, ret);
        return parse_macro(p, n, ret);
}

/* ---- connectives ---- */

/* "and", "or" and "not" must be followed by a blank or "(". */
static bool at_word(struct parser *p, const char *word)
{
        struct str rest = { p->text.p + p->at, p->text.n - p->at };
        size_t n = strlen(word);

        if (!str_starts(rest, word))
                return false;
        return rest.n == n || text_is_blank(rest.p[n]) || rest.p[n] == '(';
}

static int parse_not(struct parser *p, struct ast **ret)
{
        size_t at;
        struct ast *ast = NULL;
        bool is_not = false;
        int r;

        parser_skip_blanks(p);
        at = p->at;
        while (at_word(p, "not")) { /* "not not x" is x */
                is_not = !is_not;
                p->at += 3;
                parser_skip_blanks(p);
        }
        r = parse_primary(p, ret);
        if (r < 0 || !is_not)
                return r;
        r = new_ast(p, AST_NOT, at, &ast);
        if (r == 0)
                r = push(p, *ret);
        if (r == 0)
                r = take_children(p, ast, p->n_pending - 1);
        *ret = ast;
        return r;
}

/* One or more of what binds closer, joined by "or" or "and". */
static int parse_chain(struct parser *p, enum ast_kind kind, struct ast **ret)
{
        const char *word = kind == AST_OR ? "or" : "and";
        size_t first = p->n_pending, at;
        struct ast *child;
        int r;

        parser_skip_blanks(p);
        at = p->at;
        for (;;) {
                r = kind == AST_OR ? parse_chain(p, AST_AND, &child) : parse_not(p, &child);
                if (r == 0)
                        r = push(p, child);
                if (r < 0)
                        return r;
                parser_skip_blanks(p);
                if (!at_word(p, word))
                        break;
                p->at += strlen(word);
        }
        if (p->n_pending - first == 1) {
                *ret = p->pending[--p->n_pending];
                return 0;
        }
        r = new_ast(p, kind, at, ret);
        return r < 0 ? r : take_children(p, *ret, first);
}

static unsigned height_of(const struct ast *ast)
{
        unsigned height = 0;

        for (uint32_t i = 0; i < ast->n_children; i++)
                height = MAX_OF(height, height_of(ast->children[i]));
        return height + 1;
}

static int parse(struct parser *p, struct ast **ret)
{
        int r;

        parser_skip_blanks(p);
        if (p->at == p->text.n)
                return parser_expected(p, p->at, "a condition");
        r = parse_chain(p, AST_OR, ret);
        if (r < 0)
                return r;
        HIJACK_POINT("condition");
        if (p->at < p->text.n)
                return parser_expected(p, p->at, "'and', 'or' or the end");
        return height_of(*ret) > CONDITION_DEPTH_MAX ? parser_too_deep(p, 0) : 0;
}

int condition_parse_text(const struct rule_text *text, struct arena *arena, struct ast **ret, size_t *ret_at,
                         struct error *err)
{
        struct parser p = { .text = text->text, .places = { .in = text }, .arena = arena, .err = err };
        struct ast *ast = NULL;
        int r = parse(&p, &ast);

        free(p.pending);
        free(p.operands);
        if (r < 0) {
                *ret_at = p.error_at;
                return r;
        }
        *ret = ast;
        *ret_at = p.nodes;
        return 0;
}

int condition_parse(struct str text, struct place start, const struct list_lookup *lists, struct arena *arena,
                    struct ast **ret, struct place *ret_place, struct error *err)
{
        _cleanup_(text_builder_done) struct text_builder plain = { 0 }, whole = { 0 };
        struct text_places places;
        struct rule_text written, kept;
        size_t at = 0;
        int r;

        *ret_place = start;
        text_add_lines(&plain, text, start);
        if (plain.failed)
                return error_oom(err);
        written = text_borrow(&plain);
        r = text_substitute(&written, lists, &whole, err);
        if (r == 0)
                r = text_keep(&whole, arena, &kept, err);
        if (r < 0)
                return r;
        r = condition_parse_text(&kept, arena, ret, &at, err);
        places = (struct text_places){ .in = &kept };
        *ret_place = text_place(&places, r < 0 ? at : 0);
        return r;
}
