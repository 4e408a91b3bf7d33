/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>

#include "base/file.h"
#include "base/yaml_worker.h"
#include "cmd/command.h"
#include "cmd/rules.h"
#include "cmd/shared_options.h"
#include "pipeline/judge.h"
#include "rules/cases.h"
#include "rules/limits.h"
#include "store/event_log.h"

struct tally {
        const struct arguments *args;
        unsigned passed, failed;
        struct buf out;
        struct yaml_worker yaml; /* parses the files of cases */
};

static void tally_done(struct tally *t)
{
        buf_free(&t->out);
        yaml_worker_done(&t->yaml);
}

/* "dir/of/cases" + "../rules.yaml", or the path itself where it is absolute. */
static int beside(const struct rule_cases *cases, struct str path, const char **ret, struct error *err)
{
        _cleanup_free_ char *copy = strdup(cases->file);
        _cleanup_(buf_free) struct buf full = { 0 };

        if (!copy)
                return error_oom(err);
        if (path.n == 0 || memchr(path.p, 0, path.n))
                return error_say(err, -EBADMSG, "%s: a name of a file is expected", cases->file);
        if (path.p[0] != '/' && strchr(cases->file, '/'))
                buf_printf(&full, "%s/", dirname(copy));
        buf_add_str(&full, path);
        *ret = buf_ok(&full) ? arena_string(cases->arena, full.data, full.len) : NULL;
        return *ret ? 0 : error_oom(err);
}

/* The rules that the file names, then those of --rules; where there are none, the stock rules. */
static int load_rules(const struct arguments *args, const struct rule_cases *cases, const struct case_bench *bench,
                      struct rule_set **ret, struct error *err)
{
        const char **paths = arena_alloc(cases->arena, (cases->n_rule_files + args->n_options + 1) * sizeof(*paths));
        struct rules_request request = { .args = args, .paths = paths, .strict = true, .sources = case_bench_sources(bench) };

        if (!paths)
                return error_oom(err);
        for (uint32_t i = 0; i < cases->n_rule_files; i++) {
                int r = beside(cases, cases->rule_files[i], &paths[request.n++], err);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, "rules") == 0)
                        paths[request.n++] = args->options[i].value;
        request.stock = cases->stock || request.n == 0;
        return rules_open(&request, ret, err);
}

/* Hands out the events of a recording. */
static int each_event(void *ctx, struct str recording, void (*take)(void *to, const struct fact *fact), void *to, struct error *err)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *log = NULL;
        const struct rule_cases *cases = ctx;
        const struct syscall_event *event;
        _cleanup_close_ int fd = -EBADF;
        const char *path;
        int r = beside(cases, recording, &path, err);

        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        r = fd < 0 ? error_set(err, -errno, "open '%s'", path) : event_log_reader_new(fd, path, &log, err);
        while (r == 0 && (r = event_log_read(log, &event, err)) > 0) {
                const struct fact fact = syscall_fact(event);

                take(to, &fact);
                r = 0;
        }
        return r;
}

static int run_case(struct tally *t, const struct rule_cases *cases, const struct rule_case *it, struct case_bench *bench,
                    struct error *err)
{
        _cleanup_(buf_free) struct buf complaints = { 0 };
        const struct case_events events = { .each = each_event, .ctx = (void *)cases };
        int r = case_bench_run(bench, cases, it, &events, &complaints, err);

        if (r < 0)
                return r;
        *(r ? &t->passed : &t->failed) += 1;
        if (r && !arguments_has(t->args, "verbose"))
                return 0;
        buf_puts(&t->out, r ? "passed: " : "FAILED: ");
        buf_add_quoted(&t->out, str_from(cases->file));
        buf_printf(&t->out, ":%u: ", it->mark.line);
        buf_add_quoted(&t->out, it->name);
        buf_putc(&t->out, '\n');
        buf_add_str(&t->out, buf_str(&complaints));
        return 0;
}

static int run_file(struct tally *t, const char *path, struct error *err)
{
        _cleanup_(rule_cases_freep) struct rule_cases *cases = NULL;
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(case_bench_freep) struct case_bench *bench = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct yaml_parser yaml = yaml_worker_parser(&t->yaml);
        int r = file_read_whole(path, RULE_FILE_BYTES_MAX, &text, err);

        if (r == 0)
                r = case_bench_new(judge_sources, &bench, err);
        if (r == 0)
                r = rule_cases_parse(path, buf_str(&text), judge_sources, &yaml, &cases, err);
        if (r == 0)
                r = load_rules(t->args, cases, bench, &set, err);
        if (r == 0)
                r = case_bench_use(bench, set, err);
        for (uint32_t i = 0; r == 0 && i < cases->n; i++)
                r = run_case(t, cases, &cases->items[i], bench, err);
        bench = case_bench_free(bench); /* before the set that it looks at */
        return r;
}

static int cmd_rules_test(const struct arguments *args, struct error *err)
{
        _cleanup_(tally_done) struct tally t = { .args = args };
        int r = 0;

        for (size_t i = 0; r == 0 && i < args->n_operands; i++)
                r = run_file(&t, args->operands[i], err);
        if (r < 0)
                return r;
        buf_printf(&t.out, "%u passed, %u failed\n", t.passed, t.failed);
        r = print_text(&t.out, err);
        return r < 0 ? r : t.failed ? EXIT_STATUS_FINDINGS : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

static const struct option_spec test_options[] = {
        { "rules", 'r', "FILE", "Rules to load after those that the cases name: a file, or a folder of them. May be repeated.", NULL, true },
        { "verbose", 'v', NULL, "Print the cases that passed as well." },
        TRUST_RULES_OPTION,
        { NULL },
};

static const struct help_item test_examples[] = {
        { "tallyman rules test cases.yaml", "Says which cases hold." },
        { "tallyman rules test --rules local.yaml cases.yaml", "Holds a file of rules against the cases." },
        { NULL },
};

const struct command command_rules_test = {
        .name = "rules test",
        .group = GROUP_INITIATION,
        .summary = "hold rules against facts whose outcome is known",
        .synopsis = "[OPTION...] FILE...",
        .description =
                "Reads cases in YAML: facts as fields and values, and the rules that should say something of them. Prints "
                "each case whose outcome was another, and why. The exit status is 1 if there is one. The rules are those "
                "that the file names under 'rules' and those of --rules; if there are none, the stock rules.",
        .options = test_options,
        .operand = { "FILE", "A file of cases.", NULL, 1, UINT_MAX },
        .examples = test_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_rules_test,
};
