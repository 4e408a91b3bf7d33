/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/given.h"

struct given_source {
        struct fact_source source;
        struct field *fields;
};

struct given_value {
        uint32_t field; /* index */
        struct field_argument argument;
        struct value value;
};

struct given_fact {
        const struct given_source *source;
        struct arena *arena;
        struct given_value *values;
        size_t n, cap;
};

/* ---- the source ---- */

static bool same_argument(const struct field_argument *a, const struct field_argument *b)
{
        if (a->kind != b->kind)
                return false;
        return a->kind == ARGUMENT_INDEX ? a->index == b->index : str_equal(a->key, b->key);
}

static void get_given(const struct field *field, const struct fact *fact, const struct field_argument *argument,
                      struct value_scratch *scratch, struct value *ret)
{
        const struct given_fact *given = fact->data;

        (void)scratch;
        *ret = value_absent();
        for (size_t i = 0; i < given->n; i++)
                if (given->values[i].field == field->id && same_argument(&given->values[i].argument, argument))
                        *ret = given->values[i].value;
}

int given_source_new(const struct fact_source *of, struct given_source **ret, struct error *err)
{
        _cleanup_(given_source_freep) struct given_source *source = calloc(1, sizeof(*source));

        if (!source || !(source->fields = calloc(of->n_fields + 1, sizeof(*source->fields))))
                return error_oom(err);
        source->source = *of;
        source->source.fields = source->fields;
        for (uint32_t i = 0; i < of->n_fields; i++) {
                source->fields[i] = of->fields[i];
                source->fields[i].id = (uint16_t)i;
                if (of->fields[i].get)
                        source->fields[i].get = get_given;
        }
        *ret = TAKE_PTR(source);
        return 0;
}

struct given_source *given_source_free(struct given_source *source)
{
        if (source) {
                free(source->fields);
                free(source);
        }
        return NULL;
}

const struct fact_source *given_source_get(const struct given_source *source)
{
        return &source->source;
}

/* ---- a fact ---- */

int given_fact_new(const struct given_source *source, struct given_fact **ret, struct error *err)
{
        _cleanup_(given_fact_freep) struct given_fact *fact = calloc(1, sizeof(*fact));

        if (!fact || !(fact->arena = arena_new()))
                return error_oom(err);
        fact->source = source;
        *ret = TAKE_PTR(fact);
        return 0;
}

struct given_fact *given_fact_free(struct given_fact *fact)
{
        if (fact) {
                arena_free(fact->arena);
                free(fact->values);
                free(fact);
        }
        return NULL;
}

struct fact given_fact_get(const struct given_fact *fact)
{
        return (struct fact){ .source = &fact->source->source, .data = fact };
}

static int add_value(struct given_fact *fact, const struct field *field, const struct field_argument *argument,
                     const struct value *value, struct error *err)
{
        struct given_value given = { .field = field->id, .argument = *argument, .value = *value };

        if (fact->n == GIVEN_FIELDS_MAX)
                return error_say(err, -E2BIG, "more than %d fields in one fact", GIVEN_FIELDS_MAX);
        if (mem_grow(&fact->values, &fact->cap, fact->n + 1, sizeof(*fact->values)) < 0)
                return error_oom(err);
        given.argument.key.p = arena_string(fact->arena, argument->key.p, argument->key.n);
        if (!given.argument.key.p || value_copy(fact->arena, &given.value) < 0)
                return error_oom(err);
        fact->values[fact->n++] = given;
        return 0;
}

int given_fact_set(struct given_fact *fact, struct str name, const struct str *texts, size_t n, struct error *err)
{
        _cleanup_free_ struct value *items = calloc(n + 1, sizeof(*items));
        struct field_argument argument;
        const struct field *field;
        struct value value;
        int r = field_resolve(&fact->source->source, name, &field, &argument, err);

        if (r < 0)
                return r;
        if (!items)
                return error_oom(err);
        if (!field->is_list && n != 1)
                return error_say(err, -EINVAL, "field '%s' takes one value", field->name);
        for (size_t i = 0; i < n; i++) {
                r = value_parse(field->type, texts[i], &items[i], err);
                if (r < 0)
                        return error_wrap(err, "field '%s'", field->name);
        }
        value = field->is_list ? value_of_list(field->type, items, (uint32_t)n) : items[0];
        return add_value(fact, field, &argument, &value, err);
}

int given_fact_set_unknown(struct given_fact *fact, struct str name, struct error *err)
{
        const struct value unknown = { .state = VALUE_UNKNOWN };
        struct field_argument argument;
        const struct field *field;
        int r = field_resolve(&fact->source->source, name, &field, &argument, err);

        return r < 0 ? r : add_value(fact, field, &argument, &unknown, err);
}
