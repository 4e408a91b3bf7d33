/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/rules.h"
#include "pipeline/scan.h"
#include "report/report.h"

/* "NAME=VALUE" into the limit of that name. */
static int set_limit(struct scan_limits *limits, const char *text, struct error *err)
{
        const struct {
                const char *name;
                uint64_t *value;
                bool size;
        } known[] = {
                { "layer-bytes", &limits->layer_bytes, true }, { "ratio", &limits->ratio },     { "files", &limits->files },
                { "depth", &limits->depth },                   { "seconds", &limits->seconds },
        };
        const char *equals = strchr(text, '=');
        uint64_t value;

        if (!equals)
                return error_say(err, -EINVAL, "--limit '%s': expected NAME=VALUE", text);
        for (size_t i = 0; i < ELEMENTS_OF(known); i++) {
                if (!str_equals((struct str){ text, (size_t)(equals - text) }, known[i].name))
                        continue;
                if (known[i].size) {
                        int r = parse_size(equals + 1, &value, err);

                        if (r < 0)
                                return error_wrap(err, "--limit %s", known[i].name);
                } else if (str_to_u64(str_from(equals + 1), 10, &value) < 0) {
                        return error_say(err, -EINVAL, "--limit %s: '%s' is not a whole number", known[i].name, equals + 1);
                }
                if (value == 0)
                        return error_say(err, -EINVAL, "--limit %s: must be at least 1", known[i].name);
                *known[i].value = value;
                return 0;
        }
        return error_say(err, -EINVAL, "--limit: there is no limit '%.*s' (expected layer-bytes, ratio, files, depth or seconds)",
                         (int)(equals - text), text);
}

static int read_options(const struct arguments *args, struct scan_options *options, struct error *err)
{
        *options = (struct scan_options){
                .target = args->operands[0],
                .platform = arguments_get(args, "platform"),
                .use_cache = !arguments_has(args, "no-cache"),
                .owners = arguments_has(args, "files") || arguments_has(args, "rules"), /* rules may ask for owners */
                .limits = SCAN_LIMITS_DEFAULT,
        };
        for (size_t i = 0; i < args->n_options; i++) {
                int r;

                if (strcmp(args->options[i].spec->name, "limit") != 0)
                        continue;
                r = set_limit(&options->limits, args->options[i].value, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Every worker would refuse by itself, but only once there is an image to blame for it. */
static int check_confinement(struct error *err)
{
        struct worker_features features;

        worker_features(&features);
        if (features.missing)
                return error_say(err, -ENOSYS, "%s: nothing is parsed unconfined", features.missing);
        if (features.weakness && features.landlock_abi == 0)
                log_warning("%s", features.weakness);
        else if (features.weakness) /* the kernels of current distributions are so: 'tallyman version' says it too */
                log_info("%s", features.weakness);
        return 0;
}

static int write_report(const struct arguments *args, const struct scan_result *result, struct output *out, struct error *err)
{
        const char *format = arguments_get(args, "format");
        bool to_terminal = !arguments_has(args, "output");
        struct report_options options = {
                .files = arguments_has(args, "files"),
                .colour = to_terminal && terminal_wants_colour(STDOUT_FILENO),
                .width = to_terminal ? terminal_width(STDOUT_FILENO, 0) : 0,
        };
        int r;

        if (format && strcmp(format, "json") == 0)
                r = report_scan_json(result, &options, out, err);
        else
                r = report_scan_table(result, &options, out, err);
        return r < 0 ? r : output_finish(out, err);
}

/* The rules of --rules, after the stock rules; NULL: there are none. */
static int open_rules(const struct arguments *args, struct rule_set **ret, struct error *err)
{
        _cleanup_free_ const char **paths = calloc(args->n_options + 1, sizeof(*paths));
        struct rules_request request = { .paths = paths, .stock = true };

        if (!paths)
                return error_oom(err);
        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, "rules") == 0)
                        paths[request.n++] = args->options[i].value;
        return request.n ? rules_open(&request, ret, err) : 0;
}

int cmd_scan(const struct arguments *args, struct error *err)
{
        _cleanup_(scan_result_freep) struct scan_result *result = NULL;
        _cleanup_(output_freep) struct output *out = NULL;
        _cleanup_(rule_set_freep) struct rule_set *rules = NULL;
        const char *path = arguments_get(args, "output"), *fail_on = arguments_get(args, "fail-on");
        enum severity severity = SEVERITY_UNKNOWN;
        struct scan_options options;
        int r;

        if (fail_on) {
                r = severity_parse(fail_on, &severity, err);
                if (r < 0)
                        return r;
        }
        r = read_options(args, &options, err);
        if (r < 0)
                return r;
        r = open_rules(args, &rules, err);
        if (r < 0)
                return r;
        options.rules = rules;
        /* Before the work: a place that can not be written to is better known at once. */
        r = path ? output_open(path, &out, err) : output_stdout(&out, err);
        if (r < 0)
                return r;
        r = check_confinement(err);
        if (r < 0)
                return r;
        r = scan_run(&options, &result, err);
        if (r < 0)
                return r;
        r = interrupt_check(err);
        if (r < 0)
                return r;
        r = write_report(args, result, out, err);
        if (r < 0)
                return r;
        if (fail_on && finding_list_reaches(&result->findings, severity))
                return EXIT_STATUS_FINDINGS;
        return result->complete ? EXIT_STATUS_DONE : EXIT_STATUS_INCOMPLETE;
}
