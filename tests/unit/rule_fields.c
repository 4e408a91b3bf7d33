/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for model/field.c where that is not linked. */
#include "base/nearest.h"
#include "model/field.h"

__attribute__((weak)) const struct field *field_find(const struct fact_source *source, struct str name,
                                                     struct str *ret_suffix)
{
        *ret_suffix = STR_NULL;
        for (uint32_t i = 0; i < source->n_fields; i++)
                if (str_equals(name, source->fields[i].name))
                        return &source->fields[i];
        for (uint32_t i = 0; i < source->n_fields; i++) {
                size_t n = strlen(source->fields[i].name);

                if (!source->fields[i].by_suffix || !str_starts(name, source->fields[i].name) || name.n < n + 2 ||
                    name.p[n] != '.')
                        continue;
                *ret_suffix = (struct str){ name.p + n + 1, name.n - n - 1 };
                return &source->fields[i];
        }
        return NULL;
}

__attribute__((weak)) const char *field_nearest(const struct fact_source *source, struct str name)
{
        struct nearest nearest = nearest_to(name);

        for (uint32_t i = 0; i < source->n_fields; i++)
                nearest_offer(&nearest, source->fields[i].name);
        return nearest.name;
}
