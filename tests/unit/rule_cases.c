/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_cases.h"

/* ---- source "test" ---- */

static bool read_item(enum value_type type, struct str text, struct value *ret)
{
        *ret = value_of_string(text);
        if (value_type_is_number(type)) {
                *ret = value_of_number(0);
                return value_parse_number(text, &ret->number) == 0;
        }
        if (type == VALUE_BOOL)
                *ret = value_of_bool(str_equals(text, "true"));
        if (value_type_is_address(type)) {
                ret->type = VALUE_ADDRESS;
                return address_parse(text, &ret->address) == 0;
        }
        return true;
}

static void get(const struct field *field, const struct fact *fact, const struct field_argument *argument,
                struct value_scratch *scratch, struct value *ret)
{
        const struct yaml_node *node = yaml_get(fact->data, field->name + strlen("t."));
        struct value *items;

        *ret = value_absent();
        if (!node)
                return;
        if (node->kind == YAML_SCALAR && str_equals(node->text, "?")) {
                ret->state = VALUE_UNKNOWN;
                return;
        }
        if (!field->is_list) {
                if (!read_item(field->type, node->text, ret))
                        *ret = value_absent();
                return;
        }
        items = value_scratch_alloc(scratch, (node->n + 1) * sizeof(*items));
        for (size_t i = 0; items && i < node->n; i++)
                if (!read_item(field->type, node->items[i]->text, &items[i]))
                        items[i] = value_of_string(STR_NULL);
        if (items)
                *ret = value_of_list(field->type, items, (uint32_t)node->n);
}

#define F(name_, type_, ...)                                                                                         \
        { .name = name_, .type = VALUE_##type_, .get = get, .doc = "A field.", .origin = "the test", ##__VA_ARGS__ }

static const struct field fields[] = {
        F("t.absent", STRING),
        F("t.addresses", ADDRESS, .is_list = true),
        F("t.bytes", BYTES),
        F("t.empty", STRING, .is_list = true),
        F("t.flag", BOOL),
        F("t.hidden", STRING),
        F("t.more", STRING, .is_list = true),
        F("t.network", NETWORK),
        F("t.number", NUMBER),
        F("t.numbers", NUMBER, .is_list = true),
        F("t.path", PATH),
        F("t.same", STRING, .is_list = true),
        F("t.text", STRING),
        F("t.time", TIME),
        F("t.words", STRING, .is_list = true),
};

const struct fact_source test_source = {
        .name = "test",
        .doc = "A source.",
        .logic = LOGIC_THREE_VALUED,
        .fields = fields,
        .n_fields = ELEMENTS_OF(fields),
};

/* ---- cases ---- */

struct yaml_node *cases_load(const char *name, struct arena *arena)
{
        static const struct yaml_limits limits = YAML_LIMITS_DEFAULT;
        const char *data = getenv("TALLYMAN_TEST_DATA");
        _cleanup_(buf_free) struct buf text = { 0 };
        struct yaml_node **documents;
        struct error err = ERROR_INIT;
        char path[4096], *copy;
        FILE *file;
        size_t n;

        snprintf(path, sizeof(path), "%s/rules/triples/%s", data ? data : "tests/data", name);
        file = fopen(path, "rb");
        if (!file)
                fail_msg("%s can not be read", path);
        assert_true(buf_reserve(&text, 1u << 20));
        text.len = fread(text.data, 1, 1u << 20, file);
        fclose(file);
        copy = arena_string(arena, text.data, text.len);
        if (yaml_parse((struct str){ copy, text.len }, &limits, arena, &documents, &n, NULL, &err) < 0 || n != 1)
                fail_msg("%s: %s", name, err.message);
        return documents[0];
}

static void set_field(struct syscall_record *record, const struct yaml_pair *pair)
{
        struct str items[64];
        struct error err = ERROR_INIT;
        int r;

        if (pair->value->kind == YAML_SEQUENCE) {
                for (size_t i = 0; i < pair->value->n && i < ELEMENTS_OF(items); i++)
                        items[i] = pair->value->items[i]->text;
                r = syscall_record_set_list(record, pair->key->text, items, pair->value->n, &err);
        } else {
                r = syscall_record_set(record, pair->key->text, pair->value->text, &err);
        }
        if (r < 0)
                fail_msg("%s", err.message);
}

struct fact cases_fact(const struct fact_source *source, const struct yaml_node *event, struct syscall_record *record)
{
        if (source == &test_source)
                return (struct fact){ .source = source, .data = event };
        for (size_t i = 0; i < event->n; i++)
                set_field(record, &event->pairs[i]);
        return syscall_fact(syscall_record_event(record));
}

/* Each in a block of its own, so that nothing in it needs quotes of YAML's. */
struct rule_set *cases_rules(const struct fact_source *source, const struct str *conditions, size_t n, const char *output)
{
        static const struct fact_source *const sources[] = { &syscall_source, &test_source, NULL };
        struct rules_options options = { .sources = sources, .strict = true };
        _cleanup_(buf_free) struct buf text = { 0 };
        struct rule_file file = { .name = "cases.yaml" };
        struct rule_set *set = NULL;
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < n; i++)
                buf_printf(&text, "- rule: \"%zu\"\n  desc: d\n  condition: |-\n    %.*s\n  output: |-\n    %s\n  priority: INFO\n"
                           "  source: %s\n", i, STR_ARG(conditions[i]), output, source->name);
        file.text = buf_str(&text);
        if (rules_load(&file, 1, &options, &set, &err) < 0)
                fail_msg("%s", err.message);
        assert_int_equal(rule_set_count(set), n);
        return set;
}
