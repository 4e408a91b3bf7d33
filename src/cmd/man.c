/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages in mdoc(7). */
#include <ctype.h>
#include <string.h>

#include "cmd/command.h"

#define MAN_DATE "November 24, 2026" /* of the texts, not of the build: builds are reproducible */

/* One word or phrase, with what roff would understand taken out. */
static void add_escaped(struct buf *out, const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (text[i] == '\\')
                        buf_puts(out, "\\e");
                else if ((i == 0 || text[i - 1] == '\n') && (text[i] == '.' || text[i] == '\''))
                        buf_printf(out, "\\&%c", text[i]);
                else
                        buf_putc(out, text[i]);
        }
}

/* Running text: one sentence a line, as mdoc wants it. */
static void add_text(struct buf *out, const char *text)
{
        while (*text) {
                const char *end = text;

                while (*end && *end != '\n' && !(strchr(".?!:", *end) && *end != ':' && end[1] == ' '))
                        end++;
                if (*end && *end != '\n')
                        end++;
                add_escaped(out, text, (size_t)(end - text));
                buf_putc(out, '\n');
                if (end[0] == '\n' && end[1] == '\n')
                        buf_puts(out, ".Pp\n");
                text = end + strspn(end, " \n");
        }
}

static void add_options(struct buf *out, const struct option_spec *spec)
{
        if (!spec)
                return;
        buf_puts(out, ".Bl -tag -width Ds\n");
        for (; spec->name; spec++) {
                buf_puts(out, ".It");
                if (spec->short_name)
                        buf_printf(out, " Fl %c ,", spec->short_name);
                buf_printf(out, " Fl -%s", spec->name);
                if (spec->placeholder)
                        buf_printf(out, " Ar %s", spec->placeholder);
                buf_putc(out, '\n');
                add_text(out, spec->help);
                for (const char *const *c = spec->choices; c && *c; c++)
                        buf_printf(out, "%s.Cm %s%s\n", c == spec->choices ? "One of\n" : "", *c, c[1] ? " ," : " .");
        }
        buf_puts(out, ".El\n");
}

static void add_items(struct buf *out, const struct help_item *items, const char *macro)
{
        buf_puts(out, ".Bl -tag -width Ds\n");
        for (; items->term; items++) {
                buf_printf(out, ".It %s ", macro);
                add_escaped(out, items->term, strlen(items->term));
                buf_putc(out, '\n');
                add_text(out, items->text);
        }
        buf_puts(out, ".El\n");
}

/* "tallyman-cache-prune" */
static void add_page_name(struct buf *out, const struct command *command, bool upper)
{
        _cleanup_(buf_free) struct buf name = { 0 };

        buf_puts(&name, "tallyman");
        if (command)
                buf_printf(&name, "-%s", command->name);
        if (!buf_ok(&name))
                out->failed = true;
        for (size_t i = 0; i < name.len; i++)
                buf_putc(out, name.data[i] == ' ' ? '-' : upper ? (char)toupper((unsigned char)name.data[i]) : name.data[i]);
}

static void add_head(struct buf *out, const struct command *command)
{
        buf_puts(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Made from the table of commands; do not edit.\n");
        buf_puts(out, ".Dd " MAN_DATE "\n.Dt ");
        add_page_name(out, command, true);
        buf_puts(out, " 1\n.Os\n.Sh NAME\n.Nm ");
        add_page_name(out, command, false);
        buf_printf(out, "\n.Nd %s\n.Sh SYNOPSIS\n.Nm tallyman\n", command ? command->summary : "secure containers");
}

static void add_command_list(struct buf *out)
{
        for (unsigned g = 0; g < GROUP_MAX; g++) {
                bool any = false;

                FOR_EACH_COMMAND(c) {
                        if (c->group != g)
                                continue;
                        if (!any)
                                buf_printf(out, ".Ss %s\n.Bl -tag -width Ds\n", command_group_title(g));
                        any = true;
                        buf_printf(out, ".It Cm %s\n%s.\n", c->name, c->summary);
                }
                if (any)
                        buf_puts(out, ".El\n");
        }
}

static void add_program(struct buf *out)
{
        buf_puts(out, ".Op Ar OPTION ...\n.Ar COMMAND\n.Op Ar ARGUMENT ...\n.Sh DESCRIPTION\n.Nm tallyman\n"
                      "secures containers through their life: it shows what is in them, and says what it did not check.\n"
                      ".Sh COMMANDS\n");
        add_command_list(out);
        buf_puts(out, ".Sh OPTIONS\n");
        add_options(out, global_options);
        buf_puts(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
                      ".It Ev NO_COLOR\nNo colour is used if this is set and not empty.\n"
                      ".It Ev XDG_DATA_HOME\nWhere users other than root have their state, below\n.Pa tallyman .\n.El\n");
}

static void add_command(struct buf *out, const struct command *c)
{
        buf_printf(out, ".Cm %s\n", c->name);
        if (c->options)
                buf_puts(out, ".Op Ar OPTION ...\n");
        if (c->operand.name)
                buf_printf(out, c->operand.min ? ".Ar %s\n" : ".Op Ar %s\n", c->operand.name);
        buf_puts(out, ".Sh DESCRIPTION\n");
        add_text(out, c->description);
        if (c->operand.name) {
                buf_printf(out, ".Bl -tag -width Ds\n.It Ar %s\n", c->operand.name);
                add_text(out, c->operand.help);
                for (const char *const *o = c->operand.choices; o && *o; o++)
                        buf_printf(out, "%s.Cm %s%s\n", o == c->operand.choices ? "One of\n" : "", *o, o[1] ? " ," : " .");
                buf_puts(out, ".El\n");
        }
        if (c->options) {
                buf_puts(out, ".Pp\nThe options are:\n");
                add_options(out, c->options);
        }
        buf_puts(out, ".Pp\nThe options of every command are:\n");
        add_options(out, global_options);
        if (c->terms_title) {
                buf_printf(out, ".Ss %s\n", c->terms_title);
                add_items(out, c->terms, "Cm");
        }
}

static void add_see_also(struct buf *out, const struct command *command)
{
        bool first = true;

        buf_puts(out, ".Sh SEE ALSO\n");
        if (command) {
                buf_puts(out, ".Xr tallyman 1\n");
                return;
        }
        /* In the order of the alphabet, as mdoc asks: pick the next greater name each time. */
        for (const struct command *last = NULL, *next;; last = next) {
                next = NULL;
                FOR_EACH_COMMAND(c)
                        if ((!last || strcmp(c->name, last->name) > 0) && (!next || strcmp(c->name, next->name) < 0))
                                next = c;
                if (!next)
                        break;
                buf_puts(out, first ? ".Xr " : " 1 ,\n.Xr ");
                add_page_name(out, next, false);
                first = false;
        }
        buf_puts(out, " 1\n");
}

void man_page(const struct command *command, struct buf *out)
{
        add_head(out, command);
        if (command)
                add_command(out, command);
        else
                add_program(out);
        buf_puts(out, ".Sh EXIT STATUS\n");
        add_items(out, exit_statuses, "Li");
        if (command && command->examples) {
                buf_puts(out, ".Sh EXAMPLES\n");
                for (const struct help_item *e = command->examples; e->term; e++) {
                        if (e != command->examples)
                                buf_puts(out, ".Pp\n");
                        add_text(out, e->text);
                        buf_puts(out, ".Bd -literal -offset indent\n");
                        add_escaped(out, e->term, strlen(e->term));
                        buf_puts(out, "\n.Ed\n");
                }
        }
        add_see_also(out, command);
}
