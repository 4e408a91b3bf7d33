/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/command.h"

#define WIDTH_MIN 40u
#define WIDTH_MAX 100u
#define TERM_COLUMNS 26 /* where the texts of options begin */

unsigned help_width(void)
{
        unsigned width = terminal_width(STDOUT_FILENO, 80);

        return MIN_OF(MAX_OF(width, WIDTH_MIN), WIDTH_MAX);
}

/* Writes `text` in lines of at most `width` columns, each after the first begun by `indent` spaces; `column` is where
 * the first begins. An empty line parts paragraphs. Ends with a newline. */
static void fold(struct buf *out, const char *text, size_t column, size_t indent, unsigned width)
{
        bool first = true;

        while (*text) {
                size_t n = strcspn(text, " \n");

                if (!first && column + 1 + n > width) {
                        buf_printf(out, "\n%*s", (int)indent, "");
                        column = indent;
                } else if (!first) {
                        buf_putc(out, ' ');
                        column++;
                }
                buf_add(out, text, n);
                column += n;
                text += n;
                first = false;
                if (text[0] == '\n' && text[1] == '\n') {
                        buf_printf(out, "\n\n%*s", (int)indent, "");
                        column = indent;
                        first = true;
                }
                text += strspn(text, " \n");
        }
        buf_putc(out, '\n');
}

static void item(struct buf *out, const char *term, const char *text, unsigned width)
{
        size_t n = strlen(term) + 2;

        buf_printf(out, "  %s", term);
        if (n + 2 > TERM_COLUMNS) {
                buf_putc(out, '\n');
                n = 0;
        }
        buf_printf(out, "%*s", (int)(TERM_COLUMNS - n), "");
        fold(out, text, TERM_COLUMNS, TERM_COLUMNS, width);
}

static void options(struct buf *out, const char *title, const struct option_spec *spec, unsigned width)
{
        if (!spec)
                return;
        buf_printf(out, "\n%s:\n", title);
        for (; spec->name; spec++) {
                _cleanup_(buf_free) struct buf term = { 0 }, text = { 0 };

                if (spec->short_name)
                        buf_printf(&term, "-%c, ", spec->short_name);
                buf_printf(&term, "--%s", spec->name);
                if (spec->placeholder)
                        buf_printf(&term, " %s", spec->placeholder);
                buf_puts(&text, spec->help);
                for (const char *const *c = spec->choices; c && *c; c++)
                        buf_printf(&text, "%s%s%s", c == spec->choices ? " One of: " : ", ", *c, c[1] ? "" : ".");
                if (!buf_ok(&term) || !buf_ok(&text))
                        out->failed = true;
                else
                        item(out, term.data, text.data, width);
        }
}

static void items(struct buf *out, const char *title, const struct help_item *list, unsigned width)
{
        if (!list)
                return;
        buf_printf(out, "\n%s:\n", title);
        for (; list->term; list++)
                item(out, list->term, list->text, width);
}

void help_overview(unsigned width, struct buf *out)
{
        buf_puts(out, "Usage: tallyman [OPTION...] COMMAND [ARGUMENT...]\n\n");
        fold(out, "Secures containers through their life: shows what is in them, and says what it did not check.", 0, 0, width);
        for (unsigned g = 0; g < GROUP_MAX; g++) {
                bool any = false;

                FOR_EACH_COMMAND(c) {
                        if (c->group != g)
                                continue;
                        if (!any)
                                buf_printf(out, "\n%s:\n", command_group_title(g));
                        any = true;
                        item(out, c->name, c->summary, width);
                }
        }
        options(out, "Options", global_options, width);
        items(out, "Exit status", exit_statuses, width);
        buf_putc(out, '\n');
        fold(out, "'tallyman COMMAND --help' tells more of a command.", 0, 0, width);
}

void help_command(const struct command *c, unsigned width, struct buf *out)
{
        buf_printf(out, "Usage: tallyman %s%s%s\n\n", c->name, *c->synopsis ? " " : "", c->synopsis);
        fold(out, c->description, 0, 0, width);
        if (c->operand.name) {
                const struct help_item operand[] = { { c->operand.name, c->operand.help }, { NULL } };

                items(out, "Arguments", operand, width);
        }
        options(out, "Options", c->options, width);
        options(out, "Options of every command", global_options, width);
        if (c->terms_title)
                items(out, c->terms_title, c->terms, width);
        items(out, "Exit status", exit_statuses, width);
        if (c->examples)
                buf_puts(out, "\nExamples:\n");
        for (const struct help_item *e = c->examples; e && e->term; e++) {
                buf_printf(out, "  %s\n      ", e->term);
                fold(out, e->text, 6, 6, width);
        }
}

void help_topic(const char *topic, unsigned width, struct buf *out)
{
        size_t n = strlen(topic);

        buf_printf(out, "Usage: tallyman %s COMMAND [ARGUMENT...]\n\nCommands:\n", topic);
        FOR_EACH_COMMAND(c)
                if (strncmp(c->name, topic, n) == 0 && c->name[n] == ' ')
                        item(out, c->name, c->summary, width);
}

int print_text(const struct buf *text, struct error *err)
{
        _cleanup_(output_freep) struct output *out = NULL;
        int r;

        if (!buf_ok(text))
                return error_oom(err);
        r = output_stdout(&out, err);
        if (r < 0)
                return r;
        r = output_write(out, text->data, text->len, err);
        return r < 0 ? r : output_finish(out, err);
}

static int cmd_help(const struct arguments *args, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        char name[128] = "";
        const struct command *command;

        for (size_t i = 0; i < args->n_operands; i++)
                snprintf(name + strlen(name), sizeof(name) - strlen(name), "%s%s", i ? " " : "", args->operands[i]);
        command = command_find(name);
        if (command) {
                help_command(command, help_width(), &text);
        } else if (!*name) {
                help_overview(help_width(), &text);
        } else {
                size_t n = strlen(name);

                FOR_EACH_COMMAND(c)
                        if (strncmp(c->name, name, n) == 0 && c->name[n] == ' ')
                                command = c;
                if (!command)
                        return error_say(err, -EINVAL, "there is no command '%s', see 'tallyman --help'", name);
                help_topic(name, help_width(), &text);
        }
        return print_text(&text, err);
}

/* ---- how it is called ---- */

const struct command command_help = {
        .name = "help",
        .group = GROUP_GENERAL,
        .summary = "show help on a command",
        .synopsis = "[COMMAND]",
        .description = "Shows the overview, or the help of one command.",
        .operand = { "COMMAND", "A command, in one or two words.", NULL, 0, 2 },
        .run = cmd_help,
};
