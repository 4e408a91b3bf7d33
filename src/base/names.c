/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <search.h>

#include "base/names.h"

#define NEAREST_LENGTH_MAX 64

static int compare(const void *a, const void *b)
{
        return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void *names_find(const struct names *names, struct str name)
{
        void *const *slot = tfind(&name, &names->root, compare);

        return slot ? *slot : NULL;
}

int names_put(struct names *names, struct str *thing)
{
        void **slot = tsearch(thing, &names->root, compare);

        if (!slot)
                return -ENOMEM;
        *slot = thing;
        return 0;
}

static void keep(void *thing)
{
}

void names_done(struct names *names)
{
        tdestroy(names->root, keep);
        names->root = NULL;
}

/* Edit distance, a row at a time. */
static size_t distance(struct str a, struct str b)
{
        size_t row[NEAREST_LENGTH_MAX + 1];

        for (size_t j = 0; j <= b.n; j++)
                row[j] = j;
        for (size_t i = 1; i <= a.n; i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= b.n; j++) {
                        size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);

                        diagonal = row[j];
                        row[j] = MIN_OF(change, MIN_OF(row[j], row[j - 1]) + 1);
                }
        }
        return row[b.n];
}

void nearest_offer(struct nearest *nearest, struct str name)
{
        struct str want = nearest->want;
        size_t far = want.n < 4 ? 1 : want.n < 12 ? 2 : 3, d;

        if (want.n == 0 || name.n == 0 || want.n > NEAREST_LENGTH_MAX || name.n > NEAREST_LENGTH_MAX)
                return;
        if ((name.n > want.n ? name.n - want.n : want.n - name.n) > far)
                return;
        d = distance(want, name);
        if (d == 0 || d > far || (nearest->found.n && d >= nearest->distance))
                return;
        nearest->found = name;
        nearest->distance = d;
}
