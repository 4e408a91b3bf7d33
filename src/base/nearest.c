/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#define LENGTH_MAX 64 /* too long a name is near to nothing */

/* Edit distance, a row at a time. */
static size_t distance(struct str a, struct str b)
{
        size_t row[LENGTH_MAX + 1];

        if (a.n > LENGTH_MAX || b.n > LENGTH_MAX)
                return LENGTH_MAX;
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

struct nearest nearest_to(struct str wanted)
{
        return (struct nearest){ .wanted = wanted, .distance = wanted.n < 5 ? 2 : 4 };
}

void nearest_offer(struct nearest *nearest, const char *name)
{
        size_t d = distance(nearest->wanted, str_from(name));

        if (d < nearest->distance) {
                nearest->distance = d;
                nearest->name = name;
        }
}

const char *nearest_name(const char *wanted, const char *const *names, size_t n)
{
        struct nearest nearest = nearest_to(str_from(wanted));

        for (size_t i = 0; i < n; i++)
                nearest_offer(&nearest, names[i]);
        return nearest.name;
}
