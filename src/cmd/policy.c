/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/yaml_worker.h"
#include "cmd/command.h"
#include "cmd/policy.h"
#include "pipeline/judge.h"

static int parse(int fd, const char *path, struct policy **ret, struct error *err)
{
        _cleanup_(yaml_worker_done) struct yaml_worker worker = { 0 };
        const struct yaml_parser confined = yaml_worker_parser(&worker);
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = file_slurp(fd, POLICY_BYTES_MAX, &text, err);

        return r < 0 ? error_wrap(err, "'%s'", path) : policy_parse(path, buf_str(&text), &confined, ret, err);
}

int policy_open(const char *path, struct policy **ret, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? error_set(err, -errno, "open the policy '%s'", path) : parse(fd, path, ret, err);
}

/* Root too is told what others decide in their own folders: what it runs may answer for more than they do. */
static bool is_of_others(const struct stat *st)
{
        return (st->st_uid != 0 && st->st_uid != geteuid()) || st->st_mode & S_IWOTH;
}

int policy_open_here(struct policy **ret, struct error *err)
{
        /* A link would lend the owner of what it points to. */
        _cleanup_close_ int fd = open(POLICY_NAME, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
        struct stat st;

        *ret = NULL;
        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 && errno != ELOOP)
                return error_set(err, -errno, "open '" POLICY_NAME "'");
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return error_say(err, -EINVAL,
                                 "'" POLICY_NAME "' is no file: name the policy with --policy, or give --no-policy");
        if (is_of_others(&st))
                return error_say(err, -EPERM,
                                 "'" POLICY_NAME
                                 "' could have been written by others, who may not decide what is excepted: "
                                 "take it with --policy " POLICY_NAME ", or give --no-policy");
        return parse(fd, POLICY_NAME, ret, err);
}

/* ---- names ---- */

/* Rules that no file holds: what the program finds by itself. */
static const char *const own_rules[] = { "image-integrity", "image-attacks-scanner", "exception-expired" };
static const char *const own_sources[] = { "model", "coverage" };

static bool is_rule(const struct rule_set *rules, struct str name)
{
        for (size_t i = 0; i < ELEMENTS_OF(own_rules); i++)
                if (str_equals(name, own_rules[i]))
                        return true;
        return rule_set_find(rules, name);
}

static bool is_source(struct str name)
{
        for (size_t i = 0; i < ELEMENTS_OF(own_sources); i++)
                if (str_equals(name, own_sources[i]))
                        return true;
        for (size_t i = 0; judge_sources[i]; i++)
                if (str_equals(name, judge_sources[i]->name))
                        return true;
        return false;
}

static void warn_of(const struct policy *policy, uint32_t line, const struct policy_patterns *names, const struct rule_set *rules)
{
        for (uint32_t i = 0; i < names->n; i++) {
                struct str name = names->items[i];

                if (glob_has_wildcard(name) || (rules ? is_rule(rules, name) : is_source(name)))
                        continue;
                log_warning("%s:%u: there is no %s '%.*s': by that nothing reaches this gate", policy->file, line,
                            rules ? "rule" : "source", STR_SHOWN(name));
        }
}

void policy_warn_of_names(const struct policy *policy, const struct rule_set *rules)
{
        for (uint32_t i = 0; i < policy->n_gates; i++) {
                const struct policy_gate *gate = &policy->gates[i];

                warn_of(policy, gate->line, &gate->where.on[POLICY_RULE], rules);
                warn_of(policy, gate->line, &gate->where.on[POLICY_SOURCE], NULL);
        }
}

/* ---- policy check ---- */

/* What there is to be said of one exception; true if it has expired. */
static bool tell(const struct policy *policy, const struct policy_exception *e, int64_t now, struct buf *out)
{
        _cleanup_(buf_free) struct buf where = { 0 };
        bool expired = policy_exception_expired(e, now);
        const char *what = expired                                 ? "expired on"
                           : policy_exception_expires_soon(e, now) ? "expires soon, on"
                           : policy_exception_is_far(e, now)       ? "warning: holds for more than a year, until"
                           : e->expires.n                          ? NULL
                                                                   : "never expires";

        if (!what)
                return false;
        policy_where_print(&e->where, &where);
        buf_add_quoted(out, str_from(policy->file));
        buf_printf(out, ":%u: %s%s%.*s: ", e->line, what, e->expires.n ? " " : "", STR_ARG(e->expires));
        buf_add_quoted(out, buf_str(&where));
        buf_puts(out, " (");
        buf_add_quoted(out, e->owner);
        buf_puts(out, ")\n");
        return expired;
}

static int open_named_or_here(const struct arguments *args, struct policy **ret, struct error *err)
{
        int r;

        if (args->n_operands)
                return policy_open(args->operands[0], ret, err);
        r = policy_open_here(ret, err);
        return r == 0 && !*ret ? error_say(err, -ENOENT, "there is no '" POLICY_NAME "' here: name a policy") : r;
}

static int cmd_policy_check(const struct arguments *args, struct error *err)
{
        _cleanup_(policy_freep) struct policy *policy = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        int64_t now = time(NULL);
        uint32_t expired = 0;
        int r = open_named_or_here(args, &policy, err);

        if (r < 0)
                return r;
        for (uint32_t i = 0; i < policy->n_exceptions; i++)
                expired += tell(policy, &policy->exceptions[i], now, &text);
        buf_printf(&text, "%u gates, %u exceptions (%u expired), %u owners\n", policy->n_gates, policy->n_exceptions,
                   expired, policy->n_owners);
        r = print_text(&text, err);
        return r < 0 ? r : expired ? EXIT_STATUS_FINDINGS : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

const struct command command_policy_check = {
        .name = "policy check",
        .group = GROUP_INITIATION,
        .summary = "say what is wrong in a policy, and which exceptions have expired",
        .synopsis = "[FILE]",
        .description =
                "Reads a policy: gates, exceptions and owners, as 'tallyman scan' uses them. Without FILE it is .tallyman.yaml in "
                "the working directory. Names each exception that has expired, that does within 30 days, or that holds for more than "
                "a year. The exit status is 1 if one has expired.",
        .operand = { "FILE", "A policy.", NULL, 0, 1 },
        .needs = NEEDS_WORKERS,
        .run = cmd_policy_check,
};
