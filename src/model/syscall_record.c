/* SPDX-License-Identifier: Apache-2.0 */
/* A syscall event from recorded (field, value) pairs: values in whole, lists, and the way to what is made of members. */
#include <errno.h>

#include "model/syscall_record.h"

int syscall_record_new(struct syscall_record **ret, struct error *err)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record = calloc(1, sizeof(*record));

        if (!record)
                return error_oom(err);
        record->arena = arena_new();
        if (!record->arena)
                return error_oom(err);
        record->event.kind = (uint32_t)MAX_OF(fact_source_event(&syscall_source, STR_LIT("syscall")), 0);
        *ret = TAKE_PTR(record);
        return 0;
}

struct syscall_record *syscall_record_free(struct syscall_record *record)
{
        if (!record)
                return NULL;
        free(record->args);
        free(record->labels);
        free(record->pod_labels);
        free(record->mounts);
        free(record->given);
        arena_free(record->arena);
        free(record);
        return NULL;
}

const struct syscall_event *syscall_record_event(const struct syscall_record *record)
{
        return &record->event;
}

/* ---- values ---- */

int record_copy(struct syscall_record *record, struct str text, struct str *ret, struct error *err)
{
        char *copy = arena_string(record->arena, text.p, text.n);

        if (!copy)
                return error_oom(err);
        *ret = (struct str){ copy, text.n };
        return 0;
}

int record_parse(struct syscall_record *record, enum value_type type, struct str text, struct value *ret, struct error *err)
{
        int r = value_parse(type, text, ret, err);

        return r == 0 && value_copy(record->arena, ret) < 0 ? error_oom(err) : r;
}

static bool is_separator(char c)
{
        return c == ',' || c == ' ' || c == '\t' || c == '\n';
}

/* The items between commas or blanks. */
int record_split(struct syscall_record *record, struct str text, struct str **ret, size_t *ret_n, struct error *err)
{
        struct str *items = arena_alloc(record->arena, (text.n / 2 + 1) * sizeof(*items)), copy = STR_NULL;
        size_t n = 0, at = 0, start;
        int r = record_copy(record, text, &copy, err);

        if (r < 0 || !items)
                return error_oom(err);
        while (at < copy.n) {
                while (at < copy.n && is_separator(copy.p[at]))
                        at++;
                start = at;
                while (at < copy.n && !is_separator(copy.p[at]))
                        at++;
                if (at > start)
                        items[n++] = (struct str){ copy.p + start, at - start };
        }
        *ret = items;
        *ret_n = n;
        return 0;
}

int member_write(struct syscall_record *record, void *base, const struct member *members, unsigned i, struct str text,
                 struct error *err)
{
        static const enum value_type types[] = { [MEMBER_NUMBER] = VALUE_NUMBER, [MEMBER_STRING] = VALUE_STRING,
                                                 [MEMBER_BOOL] = VALUE_BOOL, [MEMBER_ADDRESS] = VALUE_ADDRESS };
        struct value value;
        int r = record_parse(record, types[members[i].type], text, &value, err);
        void *at = member_at(base, &members[i]);

        if (r < 0)
                return r;
        if (members[i].type == MEMBER_NUMBER)
                *(int64_t *)at = value.number;
        else if (members[i].type == MEMBER_BOOL)
                *(bool *)at = value.boolean;
        else if (members[i].type == MEMBER_ADDRESS)
                *(struct address *)at = value.address;
        else
                *(struct str *)at = value.string;
        *(uint64_t *)base |= UINT64_C(1) << i;
        return 0;
}

int member_write_list(struct syscall_record *record, void *base, const struct member *members, unsigned i,
                      const struct str *items, size_t n, struct error *err)
{
        struct str *copy = arena_alloc(record->arena, MAX_OF(n, (size_t)1) * sizeof(*copy));
        int r;

        if (!copy)
                return error_oom(err);
        for (size_t k = 0; k < n; k++) {
                r = record_copy(record, items[k], &copy[k], err);
                if (r < 0)
                        return r;
        }
        *(struct str_list *)member_at(base, &members[i]) = (struct str_list){ copy, (uint32_t)n };
        *(uint64_t *)base |= UINT64_C(1) << i;
        return 0;
}

/* ---- whole fields ---- */

static int add_given(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                     struct value value, struct error *err)
{
        struct syscall_given *given = NULL;
        struct str key;
        int r = record_copy(record, argument->key, &key, err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < record->event.n_given; i++)
                if (record->given[i].field == field && record->given[i].argument.kind == argument->kind &&
                    record->given[i].argument.index == argument->index && str_equal(record->given[i].argument.key, key))
                        given = &record->given[i];
        if (!given) {
                if (mem_grow(&record->given, &record->cap_given, record->event.n_given + 1, sizeof(*record->given)) < 0)
                        return error_oom(err);
                given = &record->given[record->event.n_given++];
        }
        *given = (struct syscall_given){ .field = field, .argument = *argument, .value = value };
        given->argument.key = key;
        record->event.given = record->given;
        return 0;
}

int record_give(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                struct str text, struct error *err)
{
        struct value value;
        struct str *items;
        size_t n;
        int r;

        if (field->is_list || (field->several && argument->kind == ARGUMENT_NONE)) {
                r = record_split(record, text, &items, &n, err);
                return r < 0 ? r : record_give_list(record, field, argument, items, n, err);
        }
        r = record_parse(record, field->type, text, &value, err);
        return r < 0 ? r : add_given(record, field, argument, value, err);
}

int record_give_list(struct syscall_record *record, const struct field *field, const struct field_argument *argument,
                     const struct str *items, size_t n, struct error *err)
{
        struct value *values = arena_alloc(record->arena, MAX_OF(n, (size_t)1) * sizeof(*values));
        int r;

        if (!values)
                return error_oom(err);
        for (size_t i = 0; i < n; i++) {
                r = record_parse(record, field->type, items[i], &values[i], err);
                if (r < 0)
                        return r;
        }
        return add_given(record, field, argument, value_of_list(field->type, values, (uint32_t)n), err);
}

/* ---- the door ---- */

static int resolve(struct syscall_record *record, struct str name, const struct field **ret,
                   struct field_argument *ret_argument, struct error *err)
{
        if (++record->n_set > SYSCALL_RECORD_FIELDS_MAX)
                return error_say(err, -E2BIG, "an event gives more than %u fields", SYSCALL_RECORD_FIELDS_MAX);
        return field_resolve(&syscall_source, name, ret, ret_argument, err);
}

int syscall_record_set(struct syscall_record *record, struct str name, struct str value, struct error *err)
{
        const struct field *field;
        struct field_argument argument;
        int r = resolve(record, name, &field, &argument, err);

        if (r < 0)
                return r;
        r = record_set_field(record, field, &argument, value, err);
        if (r < 0 && r != -ENOMEM)
                return error_wrap(err, "field '%s'", field->name);
        return r;
}

int syscall_record_set_list(struct syscall_record *record, struct str name, const struct str *items, size_t n,
                            struct error *err)
{
        const struct field *field;
        struct field_argument argument;
        int r = resolve(record, name, &field, &argument, err);

        if (r < 0)
                return r;
        r = record_set_list(record, field, &argument, items, n, err);
        if (r < 0 && r != -ENOMEM)
                return error_wrap(err, "field '%s'", field->name);
        return r;
}
