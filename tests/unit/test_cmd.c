/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/command.h"

/* Parses a line of words parted by spaces. */
static int parse(const char *line, struct arguments *args, struct error *err)
{
        static char words[256];
        char *argv[32] = { (char *)"tallyman" }, *save;
        int argc = 1;

        snprintf(words, sizeof(words), "%s", line);
        for (char *w = strtok_r(words, " ", &save); w && argc < 31; w = strtok_r(NULL, " ", &save))
                argv[argc++] = w;
        return arguments_parse(argc, argv, args, err);
}

static void accepts_all_forms(void **state)
{
        static const char *const lines[] = {
                "scan --format json -o out --files T", "scan --format=json -oout --files T", "scan T -f json -o out --files",
                "--log-level debug scan -fjson --output=out --files -- T", "scan --format table -f json --files -o out T",
        };

        for (size_t i = 0; i < ELEMENTS_OF(lines); i++) {
                _cleanup_(arguments_done) struct arguments args = { 0 };
                struct error err = ERROR_INIT;

                assert_int_equal(parse(lines[i], &args, &err), 0);
                assert_string_equal(args.command->name, "scan");
                assert_string_equal(arguments_get(&args, "format"), "json");
                assert_string_equal(arguments_get(&args, "output"), "out");
                assert_true(arguments_has(&args, "files"));
                assert_false(arguments_has(&args, "no-cache"));
                assert_int_equal(args.n_operands, 1);
                assert_string_equal(args.operands[0], "T");
        }
}

static void refuses_with_one_line(void **state)
{
        static const struct {
                const char *line, *message;
        } cases[] = {
                { "scan --formt json T", "unknown option '--formt', did you mean '--format'?" },
                { "scan --zzzzzzzzz T", "unknown option '--zzzzzzzzz', see 'tallyman scan --help'" },
                { "scan -x T", "unknown option '-x', see 'tallyman scan --help'" },
                { "scan --files=yes T", "option '--files' takes no value" },
                { "scan T --format", "option '--format' needs a value: FORMAT" },
                { "scan T -o", "option '-o' needs a value: FILE" },
                { "scan --format xml T", "'xml' is not a value of --format (expected table, json, sarif, junit, markdown, cyclonedx or spdx)" },
                { "scan", "'tallyman scan' needs TARGET, see 'tallyman scan --help'" },
                { "scan A B", "'B' is one argument too many for 'tallyman scan'" },
                { "scam", "unknown command 'scam', did you mean 'scan'?" },
                { "cache", "'tallyman cache' needs a command, see 'tallyman cache --help'" },
                { "cache prune x", "'x' is one argument too many for 'tallyman cache prune'" },
                { "cache prun", "unknown command 'cache prun', did you mean 'cache prune'?" },
                { "completion tcsh", "'tcsh' is not a value of SHELL (expected bash, zsh or fish)" },
                { "", "no command was given, see 'tallyman --help'" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(arguments_done) struct arguments args = { 0 };
                struct error err = ERROR_INIT;

                assert_true(parse(cases[i].line, &args, &err) < 0);
                assert_string_equal(err.message, cases[i].message);
        }
}

static void repeated_options_all_count(void **state)
{
        _cleanup_(arguments_done) struct arguments args = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(parse("scan --limit files=1 --limit=depth=2 T", &args, &err), 0);
        assert_int_equal(args.n_options, 2);
        assert_string_equal(args.options[0].value, "files=1");
        assert_string_equal(args.options[1].value, "depth=2");
}

static void sizes_and_ages(void **state)
{
        static const char *const bad[] = { "", "K", "-1", "1.5G", "1KB", "99999999999999999999", "16777216T" };
        static const char *const bad_ages[] = { "", "30", "d", "-1d", "1y", "9999999999999999999w" };
        uint64_t v;

        assert_int_equal(parse_size("512", &v, NULL), 0);
        assert_int_equal(v, 512);
        assert_int_equal(parse_size("2G", &v, NULL), 0);
        assert_int_equal(v, 2ull << 30);
        assert_int_equal(parse_age("30d", &v, NULL), 0);
        assert_int_equal(v, 30 * 86400);
        assert_int_equal(parse_age("12h", &v, NULL), 0);
        assert_int_equal(v, 12 * 3600);
        for (size_t i = 0; i < ELEMENTS_OF(bad); i++)
                assert_true(parse_size(bad[i], &v, NULL) < 0);
        for (size_t i = 0; i < ELEMENTS_OF(bad_ages); i++)
                assert_true(parse_age(bad_ages[i], &v, NULL) < 0);
}

static void table_is_complete(void **state)
{
        FOR_EACH_COMMAND(c) {
                assert_non_null(c->run);
                assert_true(*c->summary && *c->description && c->group < GROUP_MAX);
                assert_true(c->summary[strlen(c->summary) - 1] != '.');
                assert_true(!c->operand.name || (c->operand.help && c->operand.max > 0));
                for (const struct option_spec *o = c->options; o && o->name; o++) {
                        assert_true(o->help && o->help[strlen(o->help) - 1] == '.');
                        for (const struct option_spec *g = global_options; g->name; g++)
                                assert_true(strcmp(o->name, g->name) && (!o->short_name || o->short_name != g->short_name));
                }
        }
}

static void check_texts(const struct command *c, const struct option_spec *o, const char *help, const char *man,
                        const char *const scripts[3])
{
        char dashed[64], roff[64], fish[64];

        snprintf(dashed, sizeof(dashed), "--%s", o->name);
        snprintf(roff, sizeof(roff), "Fl -%s", o->name);
        snprintf(fish, sizeof(fish), "-l %s", o->name);
        if (!strstr(help, dashed) || !strstr(man, roff) || !strstr(scripts[0], dashed) || !strstr(scripts[1], dashed) ||
            !strstr(scripts[2], fish))
                fail_msg("'%s' of '%s' is missing from a text", o->name, c->name);
}

static void every_text_names_every_option(void **state)
{
        static const char *const shells[] = { "bash", "zsh", "fish" };
        struct buf script[3] = { 0 };
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < 3; i++)
                assert_int_equal(completion_script(shells[i], &script[i], &err), 0);
        FOR_EACH_COMMAND(c) {
                _cleanup_(buf_free) struct buf help = { 0 }, man = { 0 };
                const char *const scripts[] = { script[0].data, script[1].data, script[2].data };

                help_command(c, 80, &help);
                man_page(c, &man);
                for (const struct option_spec *o = c->options; o && o->name; o++)
                        check_texts(c, o, help.data, man.data, scripts);
                for (const struct option_spec *o = global_options; o->name; o++)
                        check_texts(c, o, help.data, man.data, scripts);
        }
        for (size_t i = 0; i < 3; i++)
                buf_free(&script[i]);
}

static void help_is_folded(void **state)
{
        static const unsigned widths[] = { 60, 80, 100 };

        for (size_t i = 0; i < ELEMENTS_OF(widths); i++) {
                _cleanup_(buf_free) struct buf help = { 0 };
                struct str rest;

                help_overview(widths[i], &help);
                rest = buf_str(&help);
                while (rest.n)
                        assert_true(str_cut(&rest, '\n').n <= widths[i]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(accepts_all_forms),    cmocka_unit_test(refuses_with_one_line),
                cmocka_unit_test(repeated_options_all_count), cmocka_unit_test(sizes_and_ages),
                cmocka_unit_test(table_is_complete),    cmocka_unit_test(every_text_names_every_option),
                cmocka_unit_test(help_is_folded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
