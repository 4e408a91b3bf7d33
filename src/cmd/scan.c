/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/fail_on.h"
#include "cmd/policy.h"
#include "cmd/rules.h"
#include "cmd/scan.h"
#include "cmd/shared_options.h"
#include "pipeline/judge.h"
#include "pipeline/scan.h"
#include "report/report.h"

#define TIME_MAX 253402300799ull /* the last second of the year 9999 */

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

#define MAX_DB_AGE_DEFAULT (7 * 86400)

static int read_max_age(const struct arguments *args, uint64_t *ret, struct error *err)
{
        const char *text = arguments_get(args, "max-db-age");
        int r = text ? parse_age(text, ret, err) : 0;

        if (!text)
                *ret = MAX_DB_AGE_DEFAULT;
        return r < 0 ? error_wrap(err, "--max-db-age") : 0;
}

int scan_read_options(const struct arguments *args, struct scan_options *options, struct error *err)
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
        return read_max_age(args, &options->max_db_age, err);
}

/* Every worker would refuse by itself, but only once there is an image to blame for it. */
int scan_check_confinement(struct error *err)
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

typedef int (*render_fn)(const struct scan_result *, const struct report_options *, struct output *, struct error *);

static render_fn renderer_for(const char *format)
{
#define FORMAT(name, function) { name, function },
        static const struct {
                const char *name;
                render_fn render;
        } formats[] = { REPORT_SCAN_FORMATS(FORMAT) };
#undef FORMAT

        for (size_t i = 0; format && i < ELEMENTS_OF(formats); i++)
                if (strcmp(formats[i].name, format) == 0)
                        return formats[i].render;
        return formats[0].render; /* the arguments were held against the same table */
}

int scan_report_time(struct report_options *options, struct error *err)
{
        const char *epoch = getenv("SOURCE_DATE_EPOCH");

        if (!epoch || !*epoch)
                return 0;
        if (str_to_u64(str_from(epoch), 10, &options->time) < 0 || options->time > TIME_MAX)
                return error_say(err, -EINVAL, "SOURCE_DATE_EPOCH is '%s': expected seconds since 1970", epoch);
        options->has_time = true;
        return 0;
}

static int write_report(const struct arguments *args, const struct scan_result *result, struct output *out, struct error *err)
{
        bool to_terminal = !arguments_has(args, "output");
        struct report_options options = {
                .files = arguments_has(args, "files"),
                .colour = to_terminal && terminal_wants_colour(STDOUT_FILENO),
                .width = to_terminal ? terminal_width(STDOUT_FILENO, 0) : 0,
        };
        int r = scan_report_time(&options, err);

        if (r == 0)
                r = renderer_for(arguments_get(args, "format"))(result, &options, out, err);
        return r < 0 ? r : output_finish(out, err);
}

/* The rules of --rules, after the stock rules; NULL: there are none. */
static int open_rules(const struct arguments *args, struct rule_set **ret, struct error *err)
{
        _cleanup_free_ const char **paths = calloc(args->n_options + 1, sizeof(*paths));
        struct rules_request request = { .args = args, .paths = paths, .stock = true };

        if (!paths)
                return error_oom(err);
        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, "rules") == 0)
                        paths[request.n++] = args->options[i].value;
        return request.n ? rules_open(&request, ret, err) : 0;
}

/* One run of the command. */
struct session {
        const struct arguments *args;
        struct scan_options options;
        struct rule_set *rules;
        struct policy *policy; /* NULL: there is none */
        struct output *out;
        struct scan_result *result;
        struct fail_on *fail_on; /* each --fail-on */
        size_t n_fail_on;
};

static void session_done(struct session *s)
{
        scan_result_free(s->result);
        output_free(s->out);
        rule_set_free(s->rules);
        policy_free(s->policy);
        free(s->fail_on);
}

/* A gate that a mistyped name keeps from ever being reached is worse than none. */
static int check_names(const struct session *s, struct error *err)
{
        _cleanup_(rule_set_freep) struct rule_set *stock = NULL;
        int r = s->rules ? 0 : judge_stock_rules(&stock, err);

        if (r == 0)
                policy_warn_of_names(s->policy, s->rules ? s->rules : stock);
        return r;
}

static int open_policy(struct session *s, struct error *err)
{
        const char *path = arguments_get(s->args, "policy");
        int r;

        if (path && arguments_has(s->args, "no-policy"))
                return error_say(err, -EINVAL, "--policy and --no-policy: give one of them");
        if (path)
                return policy_open(path, &s->policy, err);
        if (arguments_has(s->args, "no-policy"))
                return 0;
        r = policy_open_here(&s->policy, err);
        if (r == 0 && s->policy)
                log_info("the policy is '%s'", s->policy->file);
        return r;
}

/* All that can be wrong before the work; a place that can not be written to is better known at once. */
static int prepare(struct session *s, struct error *err)
{
        const char *path = arguments_get(s->args, "output");
        int r = fail_on_read(s->args, &s->fail_on, &s->n_fail_on, err);

        if (r == 0)
                r = scan_read_options(s->args, &s->options, err);
        if (r == 0)
                r = open_rules(s->args, &s->rules, err);
        if (r == 0)
                r = open_policy(s, err);
        if (r == 0)
                r = path ? output_open(path, &s->out, err) : output_stdout(&s->out, err);
        if (r == 0 && s->policy && s->policy->n_gates)
                r = check_names(s, err);
        s->options.rules = s->rules;
        return r < 0 ? r : scan_check_confinement(err);
}

#define EXCEPTIONS_TOLD 20

/* What nothing needs any more should go, and a year that is far away may be mistyped. */
static void tell_exceptions(const struct policy *policy, const struct policy_use *use, int64_t now)
{
        uint32_t told = 0, far = 0, first_far = 0;

        for (uint32_t i = 0; i < policy->n_exceptions; i++) {
                const struct policy_exception *e = &policy->exceptions[i];

                if (!use->used[i] && told++ < EXCEPTIONS_TOLD)
                        log_info("%s:%u: this exception excepts nothing here", policy->file, e->line);
                if (policy_exception_is_far(e, now) && far++ == 0)
                        first_far = e->line;
        }
        if (told > EXCEPTIONS_TOLD)
                log_info("'%s': %u more exceptions except nothing here", policy->file, told - EXCEPTIONS_TOLD);
        if (far)
                log_warning("%s:%u: this exception%s for more than a year", policy->file, first_far,
                            far > 1 ? " and others hold" : " holds");
}

static int apply_policy(struct session *s, struct error *err)
{
        struct policy_use use = { 0 };
        int64_t now = time(NULL);
        int r;

        if (!s->policy)
                return 0;
        r = policy_apply(s->policy, &s->result->findings, now, &use, err);
        if (r == 0) {
                s->result->policy = s->policy->file;
                tell_exceptions(s->policy, &use, now);
        }
        free(use.used);
        return r;
}

/* What fails the run is said: a status alone tells nobody where to look. */
static int status_of(const struct session *s)
{
        const struct finding_list *list = &s->result->findings;
        const struct policy_gate *gate = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        size_t n = 0;

        if (s->policy)
                gate = policy_gate_reached(s->policy, list, &n);
        if (gate) {
                policy_gate_print(gate, &text);
                log_warning("%zu %s the gate at %s:%u: %s", n, n == 1 ? "finding reaches" : "findings reach", s->policy->file,
                            gate->line, text.data ? text.data : "");
                return EXIT_STATUS_FINDINGS;
        }
        n = fail_on_reached(s->fail_on, s->n_fail_on, list);
        if (n) {
                log_warning("%zu %s what --fail-on names", n, n == 1 ? "finding is" : "findings are");
                return EXIT_STATUS_FINDINGS;
        }
        return s->result->complete ? EXIT_STATUS_DONE : EXIT_STATUS_INCOMPLETE;
}

static int cmd_scan(const struct arguments *args, struct error *err)
{
        _cleanup_(session_done) struct session s = { .args = args };
        int r = prepare(&s, err);

        if (r == 0)
                r = scan_run(&s.options, &s.result, err);
        if (r == 0)
                r = interrupt_check(err);
        if (r == 0)
                r = apply_policy(&s, err);
        if (r == 0)
                r = write_report(args, s.result, s.out, err);
        return r < 0 ? r : status_of(&s);
}

/* ---- how it is called ---- */

#define FORMAT_NAME(name, function) name,
static const char *const report_formats[] = { REPORT_SCAN_FORMATS(FORMAT_NAME) NULL };

static const struct option_spec scan_options[] = {
        { "format", 'f', "FORMAT", "How the report is written. The default is table.", report_formats },
        { "output", 'o', "FILE", "Write the report to this file, which is replaced only once the report is complete." },
        { "fail-on", 0, "TERMS", "Exit with status 1 if a finding meets all of these terms, with commas between them: a severity (or above), "
                               "fixable (a version that fixes it is known), kev (it is known to be exploited). May be repeated: one of them "
                               "is enough.", NULL, true },
        { "max-db-age", 0, "AGE", "How old what is known of vulnerabilities may be, before the check counts as incomplete; as in 30d. The "
                                  "default is 7d, 0s takes any age." },
        { "rules", 'r', "FILE", "Judge by these rules too: a file, a signed bundle, or a folder of them. May be repeated.", NULL, true },
        TRUST_RULES_OPTION,
        { "policy", 0, "FILE", "Gates, exceptions and owners. The default is .tallyman.yaml in the working directory, if it is there." },
        { "no-policy", 0, NULL, "Use no policy, whatever is in the working directory." },
        { "platform", 0, "PLATFORM", "Which image of several, as os/architecture or os/architecture/variant. The default is "
                                     "this machine's." },
        { "files", 0, NULL, "List every file of the image as well." },
        { "no-cache", 0, NULL, "Read every layer again and remember nothing." },
        { "limit", 0, "NAME=VALUE", "Change a limit on what the image may cost; named below. May be repeated.", NULL, true },
        { NULL },
};

static const struct help_item scan_examples[] = {
        { "tallyman scan oci-archive:app.tar", "Shows what is in an image." },
        { "tallyman scan --format json --files --output app.json oci-dir:layout:v2",
          "Writes all that is known of one tag of a layout, with every file." },
        { "tallyman scan --format sarif --output app.sarif app.tar", "Writes the findings for a code scanning service." },
        { "tallyman scan --fail-on high app.tar", "Ends with status 1 if something is wrong that is high or critical." },
        { "tallyman scan --fail-on high,fixable --fail-on kev app.tar",
          "Ends with status 1 for what is high and can be fixed, and for what is known to be exploited." },
        { NULL },
};

const struct command command_scan = {
        .name = "scan",
        .group = GROUP_IMPLEMENTATION,
        .summary = "show exactly what is inside an image",
        .synopsis = "[OPTION...] TARGET",
        .description =
                "Reads an image at rest: verifies every digest, merges its layers, and reports its distribution, its "
                "packages with the layer each came from, and whatever is wrong with the image itself.\n\n"
                "Everything that comes out of the image is read in processes that can reach neither files nor the "
                "network. What could not be read is named in the report, and the checks that were not made are "
                "named as not made. A layer that was read before is not read again.",
        .terms_title = "Targets and limits",
        .terms = scan_terms,
        .options = scan_options,
        .operand = { "TARGET", "The image. Without a prefix a path is recognised by its content.", NULL, 1, 1 },
        .examples = scan_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_scan,
};
