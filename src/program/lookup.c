/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"
#include "program/lookup.h"

/* The first that an exception names decides where it stands: the fewest findings share an id, the most a rule. */
static const enum policy_member by_selectivity[] = { POLICY_ID, POLICY_PATH, POLICY_KEY, POLICY_PACKAGE, POLICY_RULE };

static bool is_exact(const struct policy_patterns *patterns)
{
        for (uint32_t i = 0; i < patterns->n; i++)
                if (glob_has_wildcard(patterns->items[i]))
                        return false;
        return patterns->n > 0;
}

static int add_exact(struct lookup *l, enum policy_member member, uint32_t exception, struct error *err)
{
        const struct policy_patterns *patterns = &l->policy->exceptions[exception].where.on[member];

        if (mem_grow(&l->by[member], &l->cap_by[member], l->n_by[member] + patterns->n, sizeof(*l->by[member])) < 0)
                return error_oom(err);
        for (uint32_t i = 0; i < patterns->n; i++)
                l->by[member][l->n_by[member]++] = (struct lookup_entry){ patterns->items[i], exception };
        return 0;
}

static int add(struct lookup *l, uint32_t exception, struct error *err)
{
        const struct policy_where *where = &l->policy->exceptions[exception].where;

        for (size_t i = 0; i < ELEMENTS_OF(by_selectivity); i++)
                if (is_exact(&where->on[by_selectivity[i]]))
                        return add_exact(l, by_selectivity[i], exception, err);
        if (mem_grow(&l->others, &l->cap_others, l->n_others + 1, sizeof(*l->others)) < 0)
                return error_oom(err);
        l->others[l->n_others++] = exception;
        return 0;
}

static int compare_entries(const void *a, const void *b)
{
        const struct lookup_entry *x = a, *y = b;

        return str_compare(x->name, y->name);
}

int lookup_fill(struct lookup *l, struct error *err)
{
        for (uint32_t i = 0; i < l->policy->n_exceptions; i++) {
                int r = add(l, i, err);

                if (r < 0)
                        return r;
        }
        for (unsigned m = 0; m < POLICY_MEMBERS; m++)
                mem_sort(l->by[m], l->n_by[m], sizeof(*l->by[m]), compare_entries);
        return 0;
}

void lookup_done(struct lookup *l)
{
        for (unsigned m = 0; m < POLICY_MEMBERS; m++)
                free(l->by[m]);
        free(l->others);
}

static size_t first_named(const struct lookup *l, enum policy_member member, struct str name)
{
        size_t low = 0, high = l->n_by[member];

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (str_compare(l->by[member][mid].name, name) < 0)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

void lookup_each(const struct lookup *l, const struct finding *f, void (*each)(void *ctx, uint32_t exception), void *ctx)
{
        for (unsigned m = 0; m < POLICY_MEMBERS; m++) {
                const char *text = policy_member_of(f, m);

                if (!text || !l->n_by[m])
                        continue;
                for (size_t i = first_named(l, m, str_from(text)); i < l->n_by[m] && str_equals(l->by[m][i].name, text);
                     i++)
                        if (policy_where_fits(&l->policy->exceptions[l->by[m][i].exception].where, f))
                                each(ctx, l->by[m][i].exception);
        }
        for (size_t i = 0; i < l->n_others; i++)
                if (policy_where_fits(&l->policy->exceptions[l->others[i]].where, f))
                        each(ctx, l->others[i]);
}
