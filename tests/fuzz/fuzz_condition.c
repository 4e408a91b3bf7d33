/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: what is printed is read as the same tree, and printed the same again. */
#include "fuzz.h"
#include "rules/ast.h"

static int find_list(void *ctx, struct str name, const struct str **ret_items, size_t *ret_n)
{
        static const struct str some[] = { STR_LIT("bash"), STR_LIT("a b"), STR_LIT("\"q\""), STR_LIT("x,y"),
                                           STR_LIT("it's"), STR_LIT("") };

        *ret_items = some;
        *ret_n = str_equals(name, "none") ? 0 : ELEMENTS_OF(some);
        return str_equals(name, "some") || str_equals(name, "none");
}

static void check_places(const struct ast *ast)
{
        HOLDS(ast->place.line > 0 && ast->place.column > 0);
        HOLDS(ast->kind == AST_CHECK || ast->kind == AST_MACRO || ast->n_children >= (ast->kind == AST_NOT ? 1 : 2));
        for (uint32_t i = 0; i < ast->n_children; i++)
                check_places(ast->children[i]);
}

static void check_round_trip(const struct ast *ast, struct arena *arena)
{
        _cleanup_(buf_free) struct buf once = { 0 }, twice = { 0 };
        struct error err = ERROR_INIT;
        struct place place;
        struct ast *again;

        condition_print(ast, &once);
        if (!buf_ok(&once))
                return;
        HOLDS(utf8_valid(buf_str(&once)));
        if (condition_parse(buf_str(&once), (struct place){ 1, 1, 1 }, NULL, arena, &again, &place, &err) < 0) {
                HOLDS_OR(false, err);
                return;
        }
        HOLDS(ast_equal(ast, again) && ast_equal(again, ast));
        condition_print(again, &twice);
        HOLDS(str_equal(buf_str(&once), buf_str(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct list_lookup lists = { find_list, NULL };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct error err = ERROR_INIT;
        struct place place = { 0 };
        struct ast *ast;

        if (!arena)
                return 0;
        if (condition_parse((struct str){ (const char *)data, size }, (struct place){ 1, 1, 1 }, &lists, arena, &ast,
                            &place, &err) < 0) {
                HOLDS(err.code < 0 && *err.message && place.line > 0);
                return 0;
        }
        fuzz_accepted++;
        check_places(ast);
        check_round_trip(ast, arena);
        return 0;
}
