/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts of three shells, from the table. */
#include <errno.h>
#include <string.h>

#include "cmd/command.h"

static void add_choices(struct buf *out, const char *const *choices)
{
        for (const char *const *c = choices; c && *c; c++)
                buf_printf(out, "%s%s", c == choices ? "" : " ", *c);
}

/* Texts stand within single quotes in all three shells; zsh's also within brackets, where ':' and ']' mean something. */
static void add_quotable(struct buf *out, const char *text, bool zsh)
{
        for (; *text; text++) {
                if (*text == '\'')
                        buf_puts(out, zsh ? "'\\''" : "\\'");
                else if (zsh && strchr("[]:", *text))
                        buf_printf(out, "\\%c", *text);
                else
                        buf_putc(out, *text);
        }
}

/* The first or second words that may follow `topic` (NULL: the program's name), each once. */
static void add_words(struct buf *out, const char *topic)
{
        size_t n = topic ? strlen(topic) + 1 : 0;
        const char *separator = "", *last = "";

        FOR_EACH_COMMAND(c) {
                size_t length;

                if (topic && (strncmp(c->name, topic, n - 1) != 0 || c->name[n - 1] != ' '))
                        continue;
                length = strcspn(c->name + n, " ");
                if (strlen(last) >= length && strncmp(last, c->name + n, length) == 0 && strchr(" ", last[length]))
                        continue;
                buf_printf(out, "%s%.*s", separator, (int)length, c->name + n);
                separator = " ";
                last = c->name + n;
        }
}

static void bash_values(struct buf *out, const struct option_spec *spec)
{
        for (; spec && spec->name; spec++) {
                if (!spec->placeholder)
                        continue;
                buf_printf(out, "        --%s", spec->name);
                if (spec->short_name)
                        buf_printf(out, "|-%c", spec->short_name);
                if (spec->choices) {
                        buf_puts(out, ") COMPREPLY=($(compgen -W '");
                        add_choices(out, spec->choices);
                        buf_puts(out, "' -- \"$cur\")); return ;;\n");
                } else if (strcmp(spec->placeholder, "FILE") == 0) {
                        buf_puts(out, ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
                } else {
                        buf_puts(out, ") COMPREPLY=(); return ;;\n");
                }
        }
}

static void bash_options(struct buf *out, const struct option_spec *spec)
{
        for (; spec && spec->name; spec++) {
                buf_printf(out, " --%s", spec->name);
                if (spec->short_name)
                        buf_printf(out, " -%c", spec->short_name);
        }
}

static void bash_operand(struct buf *out, const struct command *c)
{
        if (c->operand.choices) {
                buf_puts(out, "COMPREPLY=($(compgen -W '");
                add_choices(out, c->operand.choices);
                buf_puts(out, "' -- \"$cur\"))");
        } else if (c->operand.name && strcmp(c->operand.name, "COMMAND") == 0) {
                buf_puts(out, "COMPREPLY=($(compgen -W '");
                add_words(out, NULL);
                buf_puts(out, "' -- \"$cur\"))");
        } else if (c->operand.name) {
                buf_puts(out, "COMPREPLY=($(compgen -f -- \"$cur\"))");
        } else {
                buf_puts(out, "COMPREPLY=()");
        }
}

static void bash_script(struct buf *out)
{
        buf_puts(out, "# bash completion for tallyman\n# SPDX-License-Identifier: Apache-2.0\n"
                      "_tallyman()\n{\n"
                      "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= topic= word i\n"
                      "    # bash parts --name=value into three words\n"
                      "    if [[ $cur == '=' ]]; then cur=\n"
                      "    elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
                      "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                      "        word=${COMP_WORDS[i]}\n"
                      "        case \"$topic${topic:+ }$word\" in\n");
        FOR_EACH_COMMAND(c) {
                const char *space = strchr(c->name, ' ');

                if (space)
                        buf_printf(out, "        '%.*s') topic=$word ;;\n", (int)(space - c->name), c->name);
                buf_printf(out, "        '%s') command='%s'; break ;;\n", c->name, c->name);
        }
        buf_puts(out, "        esac\n    done\n    case $prev in\n");
        bash_values(out, global_options);
        buf_puts(out, "    esac\n    case $command in\n");
        FOR_EACH_COMMAND(c) {
                buf_printf(out, "    '%s')\n        case $prev in\n", c->name);
                bash_values(out, c->options);
                buf_puts(out, "        esac\n        if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '");
                bash_options(out, c->options);
                bash_options(out, global_options);
                buf_puts(out, "' -- \"$cur\")); else ");
                bash_operand(out, c);
                buf_puts(out, "; fi ;;\n");
        }
        buf_puts(out, "    *)\n        if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '");
        bash_options(out, global_options);
        buf_puts(out, "' -- \"$cur\")); return; fi\n        case $topic in\n");
        FOR_EACH_COMMAND(c) {
                const char *space = strchr(c->name, ' ');
                char topic[64];

                if (!space || (size_t)(space - c->name) >= sizeof(topic))
                        continue;
                memcpy(topic, c->name, (size_t)(space - c->name));
                topic[space - c->name] = 0;
                buf_printf(out, "        %s) COMPREPLY=($(compgen -W '", topic);
                add_words(out, topic);
                buf_puts(out, "' -- \"$cur\")) ;;\n");
        }
        buf_puts(out, "        *) COMPREPLY=($(compgen -W '");
        add_words(out, NULL);
        buf_puts(out, "' -- \"$cur\")) ;;\n        esac ;;\n    esac\n}\ncomplete -o filenames -F _tallyman tallyman\n");
}

static void zsh_options(struct buf *out, const struct option_spec *spec)
{
        for (; spec && spec->name; spec++) {
                const char *name = spec->name;

                buf_puts(out, " \\\n            ");
                if (spec->repeatable)
                        buf_printf(out, "'*--%s", name);
                else if (spec->short_name)
                        buf_printf(out, "'(-%c --%s)'{-%c%s,--%s%s}'", spec->short_name, name, spec->short_name,
                                   spec->placeholder ? "+" : "", name, spec->placeholder ? "=" : "");
                else
                        buf_printf(out, "'--%s", name);
                if (spec->placeholder && !(spec->short_name && !spec->repeatable))
                        buf_putc(out, '=');
                buf_putc(out, '[');
                add_quotable(out, spec->help, true);
                buf_putc(out, ']');
                if (spec->placeholder)
                        buf_printf(out, ":%s:", spec->placeholder);
                if (spec->choices) {
                        buf_putc(out, '(');
                        add_choices(out, spec->choices);
                        buf_putc(out, ')');
                } else if (spec->placeholder && strcmp(spec->placeholder, "FILE") == 0) {
                        buf_puts(out, "_files");
                }
                buf_putc(out, '\'');
        }
}

static void zsh_script(struct buf *out)
{
        buf_puts(out, "#compdef tallyman\n# SPDX-License-Identifier: Apache-2.0\n_tallyman() {\n"
                      "    local command= skip=1 i\n"
                      "    for ((i = 2; i < CURRENT; i++)); do\n"
                      "        case \"${words[i]} ${words[i+1]}\" in\n");
        FOR_EACH_COMMAND(c)
                if (strchr(c->name, ' '))
                        buf_printf(out, "        '%s') command='%s'; skip=$((i + 1)); break ;;\n", c->name, c->name);
        FOR_EACH_COMMAND(c)
                if (!strchr(c->name, ' '))
                        buf_printf(out, "        '%s '*) command='%s'; skip=$i; break ;;\n", c->name, c->name);
        buf_puts(out, "        esac\n    done\n"
                      "    if [[ -n $command ]] && ((skip < CURRENT)); then\n"
                      "        shift $((skip - 1)) words\n        ((CURRENT -= skip - 1))\n    else\n        command=\n    fi\n"
                      "    case $command in\n");
        FOR_EACH_COMMAND(c) {
                buf_printf(out, "    '%s')\n        _arguments -s", c->name);
                zsh_options(out, c->options);
                zsh_options(out, global_options);
                if (c->operand.name) {
                        buf_printf(out, " \\\n            '%s:%s:", c->operand.max > 1 ? "*" : "1", c->operand.name);
                        if (c->operand.choices || strcmp(c->operand.name, "COMMAND") == 0) {
                                buf_putc(out, '(');
                                if (c->operand.choices)
                                        add_choices(out, c->operand.choices);
                                else
                                        add_words(out, NULL);
                                buf_putc(out, ')');
                        } else {
                                buf_puts(out, "_files");
                        }
                        buf_putc(out, '\'');
                }
                buf_puts(out, " ;;\n");
        }
        buf_puts(out, "    *)\n        _arguments -s");
        zsh_options(out, global_options);
        buf_puts(out, " \\\n            '*:COMMAND:((");
        FOR_EACH_COMMAND(c) {
                /* "cache prune" is offered as two words: its first only stands for all that begin so. */
                buf_printf(out, "%.*s\\:\"", (int)strcspn(c->name, " "), c->name);
                add_quotable(out, c->summary, true);
                buf_printf(out, "\"%s", c_at[1] ? " " : "");
        }
        buf_puts(out, "))' ;;\n    esac\n}\n_tallyman \"$@\"\n");
}

static void fish_options(struct buf *out, const struct option_spec *spec, const char *condition)
{
        for (; spec && spec->name; spec++) {
                buf_puts(out, "complete -c tallyman");
                if (condition)
                        buf_printf(out, " -n '%s'", condition);
                if (spec->short_name)
                        buf_printf(out, " -s %c", spec->short_name);
                buf_printf(out, " -l %s", spec->name);
                if (spec->choices) {
                        buf_puts(out, " -x -a '");
                        add_choices(out, spec->choices);
                        buf_putc(out, '\'');
                } else if (spec->placeholder) {
                        buf_puts(out, strcmp(spec->placeholder, "FILE") == 0 ? " -r -F" : " -x");
                }
                buf_puts(out, " -d '");
                add_quotable(out, spec->help, false);
                buf_puts(out, "'\n");
        }
}

static void fish_command(struct buf *out, const struct command *c)
{
        const char *space = strchr(c->name, ' ');
        _cleanup_(buf_free) struct buf condition = { 0 };

        if (space)
                buf_printf(&condition, "__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s",
                           (int)(space - c->name), c->name, space + 1);
        else
                buf_printf(&condition, "__fish_seen_subcommand_from %s", c->name);
        if (!buf_ok(&condition)) {
                out->failed = true;
                return;
        }
        if (space)
                buf_printf(out, "complete -c tallyman -n '__fish_seen_subcommand_from %.*s; and not "
                                "__fish_seen_subcommand_from %s' -f -a %s -d '",
                           (int)(space - c->name), c->name, space + 1, space + 1);
        else
                buf_printf(out, "complete -c tallyman -n __fish_use_subcommand -f -a %s -d '", c->name);
        add_quotable(out, c->summary, false);
        buf_puts(out, "'\n");
        if (space)
                buf_printf(out, "complete -c tallyman -n __fish_use_subcommand -f -a %.*s\n", (int)(space - c->name), c->name);
        fish_options(out, c->options, condition.data);
        if (c->operand.choices || (c->operand.name && strcmp(c->operand.name, "COMMAND") == 0)) {
                buf_printf(out, "complete -c tallyman -n '%s' -f -a '", condition.data);
                if (c->operand.choices)
                        add_choices(out, c->operand.choices);
                else
                        add_words(out, NULL);
                buf_puts(out, "'\n");
        } else if (c->operand.name) {
                buf_printf(out, "complete -c tallyman -n '%s' -F\n", condition.data);
        }
}

static void fish_script(struct buf *out)
{
        buf_puts(out, "# fish completion for tallyman\n# SPDX-License-Identifier: Apache-2.0\ncomplete -c tallyman -f\n");
        FOR_EACH_COMMAND(c)
                fish_command(out, c);
        fish_options(out, global_options, NULL);
}

int completion_script(const char *shell, struct buf *out, struct error *err)
{
        if (strcmp(shell, "bash") == 0)
                bash_script(out);
        else if (strcmp(shell, "zsh") == 0)
                zsh_script(out);
        else if (strcmp(shell, "fish") == 0)
                fish_script(out);
        else
                return error_say(err, -EINVAL, "'%s' is not a shell whose completion is known", shell);
        return buf_ok(out) ? 0 : error_oom(err);
}

static int cmd_completion(const struct arguments *args, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = completion_script(args->operands[0], &text, err);

        return r < 0 ? r : print_text(&text, err);
}

/* ---- how it is called ---- */

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

static const struct help_item completion_examples[] = {
        { "source <(tallyman completion bash)", "Completes in the shell at hand." },
        { NULL },
};

const struct command command_completion = {
        .name = "completion",
        .group = GROUP_GENERAL,
        .summary = "print a shell's completion script",
        .synopsis = "SHELL",
        .description = "Prints a script that teaches a shell the commands and options. Packages install these scripts.",
        .operand = { "SHELL", "The shell.", shells, 1, 1 },
        .examples = completion_examples,
        .run = cmd_completion,
};
