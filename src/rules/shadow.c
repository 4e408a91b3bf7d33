/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the first rule that matches is the only one (Falco's way), a rule never matches if an earlier one of the same
 * source demands nothing more than it does: all that the earlier one joins by "and" is joined by "and" in the later one
 * too.
 */
#include <errno.h>

#include "rules/load.h"

#define PARTS_MAX 64 /* of a conjunction; more are not looked at */

struct conjunction {
        const struct definition *d;
        const struct ast **parts; /* sorted by hash */
        uint64_t *hashes;
        uint32_t n;
};

static void collect_parts(const struct ast *ast, const struct ast **parts, uint32_t *n)
{
        if (ast->kind != AST_AND) {
                if (*n < PARTS_MAX)
                        parts[*n] = ast;
                ++*n;
                return;
        }
        for (uint32_t i = 0; i < ast->n_children && *n <= PARTS_MAX; i++)
                collect_parts(ast->children[i], parts, n);
}

static int hash_part(struct loader *l, const struct ast *ast, struct buf *room, uint64_t *ret)
{
        uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a; equal hashes are looked at again */

        buf_clear(room);
        condition_print(ast, room);
        if (!buf_ok(room))
                return error_oom(l->err);
        for (size_t i = 0; i < room->len; i++)
                hash = (hash ^ (unsigned char)room->data[i]) * 0x100000001b3u;
        *ret = hash;
        return 0;
}

static int make_conjunction(struct loader *l, const struct definition *d, struct buf *room, struct conjunction *ret)
{
        const struct ast *parts[PARTS_MAX];
        uint64_t hashes[PARTS_MAX];
        uint32_t n = 0;

        collect_parts(d->expanded, parts, &n);
        *ret = (struct conjunction){ .d = d };
        if (n > PARTS_MAX)
                return 0;
        for (uint32_t i = 0; i < n; i++) {
                const struct ast *part = parts[i];
                uint64_t hash = 0;
                uint32_t j = i;
                int r = hash_part(l, part, room, &hash);

                if (r < 0)
                        return r;
                for (; j && hashes[j - 1] > hash; j--) {
                        hashes[j] = hashes[j - 1];
                        parts[j] = parts[j - 1];
                }
                hashes[j] = hash;
                parts[j] = part;
        }
        ret->n = n;
        ret->parts = arena_copy(l->arena, parts, n * sizeof(*parts));
        ret->hashes = arena_copy(l->arena, hashes, n * sizeof(*hashes));
        return ret->parts && ret->hashes ? 0 : error_oom(l->err);
}

/* All parts of `a` are in `b`. */
static bool is_within(const struct conjunction *a, const struct conjunction *b)
{
        uint32_t j = 0;

        if (a->n == 0 || a->n > b->n)
                return false;
        for (uint32_t i = 0; i < a->n; i++, j++) {
                while (j < b->n && b->hashes[j] < a->hashes[i])
                        j++;
                if (j == b->n || b->hashes[j] != a->hashes[i] || !ast_equal(a->parts[i], b->parts[j]))
                        return false;
        }
        return true;
}

static bool may_shadow(const struct definition *d)
{
        return d->source && d->source->logic == LOGIC_NULL_IS_FALSE && d->expanded && !d->applies && d->rule &&
               d->rule->state == RULE_READY;
}

static int compare_with_earlier(struct loader *l, const struct conjunction *all, size_t n)
{
        const struct definition *d = all[n].d;

        for (size_t i = 0; i < n; i++) {
                if (all[i].d->source != d->source || !is_within(&all[i], &all[n]))
                        continue;
                return say_warning(l, d->rule->place,
                                   "rule '%s' never matches where the first match ends the search: "
                                   "rule '%s' before it matches whenever this one would",
                                   SHOW(d->name), SHOW(all[i].d->name));
        }
        return 0;
}

int find_shadowed(struct loader *l)
{
        _cleanup_(buf_free) struct buf room = { 0 };
        struct conjunction *all;
        size_t n = 0;
        int r = 0;

        if (l->n_definitions[ITEM_RULE] > RULE_SHADOW_MAX)
                return 0;
        all = arena_alloc(l->arena, l->n_definitions[ITEM_RULE] * sizeof(*all));
        if (!all)
                return error_oom(l->err);
        for (size_t i = 0; i < l->n_definitions[ITEM_RULE] && r == 0; i++) {
                const struct definition *d = l->definitions[ITEM_RULE][i];

                if (!may_shadow(d))
                        continue;
                r = make_conjunction(l, d, &room, &all[n]);
                if (r == 0)
                        r = compare_with_earlier(l, all, n);
                n++;
        }
        return r;
}
