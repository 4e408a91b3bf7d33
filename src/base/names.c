/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <search.h>

#include "base/names.h"

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
