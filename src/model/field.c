/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/nearest.h"
#include "model/field.h"

static const struct field *find_exact(const struct fact_source *source, struct str name)
{
        uint32_t low = 0, high = source->n_fields;

        while (low < high) {
                uint32_t mid = low + (high - low) / 2;
                int order = str_compare(name, str_from(source->fields[mid].name));

                if (order == 0)
                        return &source->fields[mid];
                if (order < 0)
                        high = mid;
                else
                        low = mid + 1;
        }
        return NULL;
}

const struct field *field_find(const struct fact_source *source, struct str name, struct str *ret_suffix)
{
        const struct field *field = find_exact(source, name);
        size_t dot = name.n;

        *ret_suffix = STR_NULL;
        if (field)
                return field;
        /* The longest name in front of a dot: what follows may hold dots itself (container.label.org.example.name). */
        while (--dot < name.n && dot > 0) {
                if (name.p[dot] != '.' || dot + 1 == name.n)
                        continue;
                field = find_exact(source, (struct str){ name.p, dot });
                if (field && field->by_suffix) {
                        *ret_suffix = (struct str){ name.p + dot + 1, name.n - dot - 1 };
                        return field;
                }
        }
        return NULL;
}

const char *field_nearest(const struct fact_source *source, struct str name)
{
        struct nearest nearest = nearest_to(name);

        for (uint32_t i = 0; i < source->n_fields; i++)
                nearest_offer(&nearest, source->fields[i].name);
        return nearest.name;
}

static int64_t number_or_minus_one(struct str text)
{
        uint64_t n;

        return text.n <= 9 && str_to_u64(text, 10, &n) == 0 ? (int64_t)n : -1;
}

int field_argument_parse(const struct field *field, struct str text, bool given, struct field_argument *ret,
                         struct error *err)
{
        struct field_argument argument = { .kind = given ? field->argument : ARGUMENT_NONE, .index = -1 };

        if (!given && field->argument_required)
                return error_say(err, -EINVAL, "field '%s' needs an argument: %s[%s]", field->name, field->name,
                                 field->argument == ARGUMENT_INDEX ? "number" : "name");
        if (given && field->argument == ARGUMENT_NONE)
                return error_say(err, -EINVAL, "field '%s' takes no argument", field->name);
        if (given) {
                argument.index = number_or_minus_one(text);
                argument.key = text;
        }
        if (given && field->argument == ARGUMENT_INDEX && argument.index < 0)
                return error_say(err, -EINVAL, "field '%s' takes a number, not '%.*s'", field->name, STR_ARG(text));
        if (given && field->argument == ARGUMENT_POINTER && text.n && text.p[0] != '/')
                return error_say(err, -EINVAL, "field '%s' takes a JSON pointer, which starts with '/'", field->name);
        *ret = argument;
        return 0;
}

int field_resolve(const struct fact_source *source, struct str text, const struct field **ret,
                  struct field_argument *ret_argument, struct error *err)
{
        struct str rest = text, name = str_cut(&rest, '['), suffix;
        const struct field *field = field_find(source, name, &suffix);
        const char *nearest = field ? NULL : field_nearest(source, name);
        bool given = rest.p || suffix.n;
        int r;

        if (!field && nearest)
                return error_say(err, -ENOENT, "there is no field '%.*s' in source '%s', did you mean '%s'?", STR_ARG(name),
                                 source->name, nearest);
        if (!field)
                return error_say(err, -ENOENT, "there is no field '%.*s' in source '%s'", STR_ARG(name), source->name);
        if (rest.p && (rest.n == 0 || rest.p[rest.n - 1] != ']' || suffix.n))
                return error_say(err, -EINVAL, "'%.*s': a field's argument stands in [] behind its name", STR_ARG(text));
        r = field_argument_parse(field, suffix.n ? suffix : (struct str){ rest.p, rest.n ? rest.n - 1 : 0 }, given,
                                 ret_argument, err);
        if (r < 0)
                return r;
        *ret = field;
        return 0;
}

int fact_source_event(const struct fact_source *source, struct str name)
{
        uint32_t low = 0, high = source->n_events;

        while (low < high) {
                uint32_t mid = low + (high - low) / 2;
                int order = str_compare(name, str_from(source->events[mid].name));

                if (order == 0)
                        return (int)mid;
                if (order < 0)
                        high = mid;
                else
                        low = mid + 1;
        }
        return -1;
}

const char *fact_source_event_nearest(const struct fact_source *source, struct str name)
{
        struct nearest nearest = nearest_to(name);

        for (uint32_t i = 0; i < source->n_events; i++)
                nearest_offer(&nearest, source->events[i].name);
        return nearest.name;
}
