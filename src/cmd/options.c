/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cmd/command.h"

#define NAMES_MAX 64
#define NAME_LENGTH_MAX 48

void arguments_done(struct arguments *args)
{
        free(args->options);
        free(args->operands);
        *args = (struct arguments){ 0 };
}

const char *arguments_get(const struct arguments *args, const char *option)
{
        const char *value = NULL;

        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, option) == 0)
                        value = args->options[i].value;
        return value;
}

const char *arguments_next(const struct arguments *args, const char *option, size_t *at)
{
        while (*at < args->n_options) {
                const struct option_value *o = &args->options[(*at)++];

                if (strcmp(o->spec->name, option) == 0)
                        return o->value;
        }
        return NULL;
}

bool arguments_has(const struct arguments *args, const char *option)
{
        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, option) == 0)
                        return true;
        return false;
}

static const struct option_spec *find_in(const struct option_spec *list, struct str name, char short_name)
{
        for (; list && list->name; list++)
                if (short_name ? list->short_name == short_name : str_equals(name, list->name))
                        return list;
        return NULL;
}

static const struct option_spec *find_option(const struct command *command, struct str name, char short_name)
{
        const struct option_spec *spec = command ? find_in(command->options, name, short_name) : NULL;

        return spec ? spec : find_in(global_options, name, short_name);
}

static int unknown_option(const struct command *command, struct str name, struct error *err)
{
        const char *names[NAMES_MAX], *nearest;
        char text[NAME_LENGTH_MAX + 2];
        char see[64] = "tallyman --help";
        size_t n = 0;

        for (const struct option_spec *s = command ? command->options : NULL; s && s->name && n < NAMES_MAX; s++)
                names[n++] = s->name;
        for (const struct option_spec *s = global_options; s->name && n < NAMES_MAX; s++)
                names[n++] = s->name;
        snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
        if (command)
                snprintf(see, sizeof(see), "tallyman %s --help", command->name);
        nearest = nearest_name(text, names, n);
        if (nearest)
                return error_say(err, -EINVAL, "unknown option '--%.*s', did you mean '--%s'?", STR_ARG(name), nearest);
        return error_say(err, -EINVAL, "unknown option '--%.*s', see '%s'", STR_ARG(name), see);
}

static int check_choice(const char *what, const char *const *choices, const char *value, struct error *err)
{
        _cleanup_(buf_free) struct buf list = { 0 };

        for (const char *const *c = choices; c && *c; c++) {
                if (strcmp(*c, value) == 0)
                        return 0;
                buf_printf(&list, "%s%s", c == choices ? "" : c[1] ? ", " : " or ", *c);
        }
        if (!choices)
                return 0;
        return error_say(err, -EINVAL, "'%s' is not a value of %s (expected %s)", value, what,
                         buf_ok(&list) ? list.data : "another");
}

static int add_option(struct arguments *args, const struct option_spec *spec, const char *value, struct error *err)
{
        char what[64];
        int r;

        if (value) {
                snprintf(what, sizeof(what), "--%s", spec->name);
                r = check_choice(what, spec->choices, value, err);
                if (r < 0)
                        return r;
        }
        if (mem_grow(&args->options, &args->cap_options, args->n_options + 1, sizeof(*args->options)) < 0)
                return error_oom(err);
        args->options[args->n_options++] = (struct option_value){ spec, value };
        return 0;
}

/* "--name", "--name=value" or "--name value". Gives how many arguments after this one were used. */
static int parse_long(struct arguments *args, const char *text, const char *next, struct error *err)
{
        const char *equals = strchr(text, '=');
        struct str name = { text, equals ? (size_t)(equals - text) : strlen(text) };
        const struct option_spec *spec = find_option(args->command, name, 0);
        const char *value = equals ? equals + 1 : NULL;
        int r;

        if (!spec)
                return unknown_option(args->command, name, err);
        if (!spec->placeholder && equals)
                return error_say(err, -EINVAL, "option '--%s' takes no value", spec->name);
        if (spec->placeholder && !equals && !(value = next))
                return error_say(err, -EINVAL, "option '--%s' needs a value: %s", spec->name, spec->placeholder);
        r = add_option(args, spec, value, err);
        return r < 0 ? r : spec->placeholder && !equals;
}

/* "-x", "-xVALUE", "-x VALUE", or several that take no value together. Gives as parse_long(). */
static int parse_short(struct arguments *args, const char *text, const char *next, struct error *err)
{
        for (; *text; text++) {
                const struct option_spec *spec = find_option(args->command, STR_NULL, *text);
                const char *value = NULL;
                int r;

                if (!spec)
                        return error_say(err, -EINVAL, "unknown option '-%c', see 'tallyman %s%s--help'", *text,
                                         args->command ? args->command->name : "", args->command ? " " : "");
                if (spec->placeholder) {
                        value = text[1] ? text + 1 : next;
                        if (!value)
                                return error_say(err, -EINVAL, "option '-%c' needs a value: %s", *text, spec->placeholder);
                }
                r = add_option(args, spec, value, err);
                if (r < 0)
                        return r;
                if (spec->placeholder)
                        return !text[1];
        }
        return 0;
}

static int unknown_command(const char *name, struct error *err)
{
        const char *names[NAMES_MAX], *nearest;
        size_t n = 0;

        FOR_EACH_COMMAND(c)
                if (n < NAMES_MAX)
                        names[n++] = c->name;
        nearest = nearest_name(name, names, n);
        if (nearest)
                return error_say(err, -EINVAL, "unknown command '%s', did you mean '%s'?", name, nearest);
        return error_say(err, -EINVAL, "unknown command '%s', see 'tallyman --help'", name);
}

static bool is_topic(const char *word)
{
        size_t n = strlen(word);

        FOR_EACH_COMMAND(c)
                if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ')
                        return true;
        return false;
}

/* A command's one or two words, or one more operand. */
static int add_word(struct arguments *args, const char *word, struct error *err)
{
        char both[128];

        if (!args->command && !args->topic) {
                args->command = command_find(word);
                if (!args->command && is_topic(word))
                        args->topic = word;
                return args->command || args->topic ? 0 : unknown_command(word, err);
        }
        if (!args->command) {
                snprintf(both, sizeof(both), "%s %s", args->topic, word);
                args->command = command_find(both);
                if (!args->command)
                        return unknown_command(both, err);
                args->topic = NULL;
                return 0;
        }
        if (mem_grow(&args->operands, &args->cap_operands, args->n_operands + 1, sizeof(*args->operands)) < 0)
                return error_oom(err);
        args->operands[args->n_operands++] = word;
        return 0;
}

static int check_operands(const struct arguments *args, struct error *err)
{
        const struct operand_spec *spec = &args->command->operand;

        if (args->n_operands < spec->min)
                return error_say(err, -EINVAL, "'tallyman %s' needs %s, see 'tallyman %s --help'", args->command->name,
                                 spec->name, args->command->name);
        if (args->n_operands > spec->max)
                return error_say(err, -EINVAL, "'%s' is one argument too many for 'tallyman %s'", args->operands[spec->max],
                                 args->command->name);
        for (size_t i = 0; i < args->n_operands; i++) {
                int r = check_choice(spec->name, spec->choices, args->operands[i], err);

                if (r < 0)
                        return r;
        }
        return 0;
}

int arguments_parse(int argc, char *const *argv, struct arguments *args, struct error *err)
{
        bool only_operands = false;

        for (int i = 1; i < argc; i++) {
                const char *arg = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
                int r;

                if (only_operands || arg[0] != '-' || !arg[1])
                        r = add_word(args, arg, err);
                else if (strcmp(arg, "--") == 0)
                        r = 0, only_operands = true;
                else if (arg[1] == '-')
                        r = parse_long(args, arg + 2, next, err);
                else
                        r = parse_short(args, arg + 1, next, err);
                if (r < 0)
                        return r;
                i += r;
        }
        if (arguments_has(args, "help") || arguments_has(args, "version"))
                return 0;
        if (args->topic)
                return error_say(err, -EINVAL, "'tallyman %s' needs a command, see 'tallyman %s --help'", args->topic, args->topic);
        if (!args->command)
                return error_say(err, -EINVAL, "no command was given, see 'tallyman --help'");
        return check_operands(args, err);
}

static int with_unit(const char *text, const char *units, const uint64_t *factors, uint64_t *ret)
{
        struct str s = str_from(text);
        uint64_t n, factor = 1;
        const char *unit = s.n ? strchr(units, text[s.n - 1]) : NULL;

        if (unit) {
                factor = factors[unit - units];
                s.n--;
        }
        if (str_to_u64(s, 10, &n) < 0 || __builtin_mul_overflow(n, factor, ret))
                return -EINVAL;
        return 0;
}

int parse_size(const char *text, uint64_t *ret, struct error *err)
{
        static const uint64_t factors[] = { 1ull << 10, 1ull << 20, 1ull << 30, 1ull << 40,
                                            1ull << 10, 1ull << 20, 1ull << 30, 1ull << 40 };

        if (with_unit(text, "KMGTkmgt", factors, ret) < 0)
                return error_say(err, -EINVAL, "'%s' is not a size (expected a number, with K, M, G or T, as in 512M)", text);
        return 0;
}

int parse_age(const char *text, uint64_t *ret, struct error *err)
{
        static const uint64_t factors[] = { 1, 60, 3600, 86400, 7 * 86400 };
        size_t n = strlen(text);

        if (n == 0 || !strchr("smhdw", text[n - 1]) || with_unit(text, "smhdw", factors, ret) < 0)
                return error_say(err, -EINVAL, "'%s' is not an age (expected a number with s, m, h, d or w, as in 30d)", text);
        return 0;
}
