/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "cmd/command.h"
#include "pipeline/judge.h"

#define NAME_COLUMNS 34

static const char *type_name(const struct field *field)
{
        static const char *const names[] = {
                [VALUE_STRING] = "string", [VALUE_PATH] = "path", [VALUE_NUMBER] = "number", [VALUE_BOOL] = "bool",
                [VALUE_BYTES] = "bytes", [VALUE_ADDRESS] = "address", [VALUE_NETWORK] = "network", [VALUE_TIME] = "time",
        };

        return names[field->type];
}

static const char *argument_text(const struct field *field)
{
        static const char *const given[] = {
                [ARGUMENT_NONE] = "", [ARGUMENT_INDEX] = "[N]", [ARGUMENT_KEY] = "[KEY]", [ARGUMENT_POINTER] = "[/POINTER]",
        };

        return given[field->argument];
}

static void print_field(const struct field *field, struct buf *out)
{
        size_t before = out->len;

        buf_printf(out, "  %s%s", field->name, argument_text(field));
        buf_printf(out, "%*s", (int)(out->len - before < NAME_COLUMNS ? NAME_COLUMNS - (out->len - before) : 1), "");
        buf_printf(out, "%s%s. %s", type_name(field), field->is_list ? " list" : "", field->doc);
        if (field->origin)
                buf_printf(out, " From: %s.", field->origin);
        if (!field->get)
                buf_puts(out, " Nothing fills it yet.");
        buf_putc(out, '\n');
}

static void print_source(const struct fact_source *source, struct buf *out)
{
        buf_printf(out, "%s: %s\n", source->name, source->doc);
        for (uint32_t i = 0; i < source->n_fields; i++)
                print_field(&source->fields[i], out);
        if (source->n_events)
                buf_printf(out, "  Kinds of events (%s):", source->event_field);
        for (uint32_t i = 0; i < source->n_events; i++)
                buf_printf(out, " %s", source->events[i].name);
        buf_puts(out, source->n_events ? "\n" : "");
}

static int cmd_rules_fields(const struct arguments *args, struct error *err)
{
        const char *wanted = args->n_operands ? args->operands[0] : NULL;
        _cleanup_(buf_free) struct buf text = { 0 }, names = { 0 };

        for (size_t i = 0; judge_sources[i]; i++) {
                const struct fact_source *source = judge_sources[i];

                buf_printf(&names, "%s%s", i ? ", " : "", source->name);
                if (wanted && strcmp(source->name, wanted) != 0)
                        continue;
                buf_puts(&text, text.len ? "\n" : "");
                print_source(source, &text);
        }
        if (!text.len)
                return error_say(err, -EINVAL, "there is no source '%s' (expected one of %s)", wanted, names.data);
        return print_text(&text, err);
}

/* ---- how it is called ---- */

const struct command command_rules_fields = {
        .name = "rules fields",
        .group = GROUP_INITIATION,
        .summary = "list what rules can read",
        .synopsis = "[SOURCE]",
        .description = "Lists the fields of each source of facts, with their types, what they mean and where their values "
                       "come from.",
        .operand = { "SOURCE", "Only this source.", NULL, 0, 1 },
        .run = cmd_rules_fields,
};
