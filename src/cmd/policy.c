/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/yaml_worker.h"
#include "cmd/command.h"
#include "cmd/policy.h"

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

int policy_open_here(struct policy **ret, struct error *err)
{
        _cleanup_close_ int fd = open(POLICY_NAME, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        *ret = NULL;
        if (fd < 0)
                return errno == ENOENT ? 0 : error_set(err, -errno, "open '" POLICY_NAME "'");
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return error_say(err, -EINVAL, "'" POLICY_NAME "' is no file: name the policy with --policy, or give --no-policy");
        if ((st.st_uid != 0 && st.st_uid != geteuid() && geteuid() != 0) || st.st_mode & S_IWOTH)
                return error_say(err, -EPERM, "'" POLICY_NAME "' could have been written by others, who may not decide what is excepted: "
                                 "take it with --policy " POLICY_NAME ", or give --no-policy");
        return parse(fd, POLICY_NAME, ret, err);
}

/* ---- policy check ---- */

static void tell(const struct policy *policy, const struct policy_exception *e, const char *what, struct buf *out)
{
        buf_add_quoted(out, str_from(policy->file));
        buf_printf(out, ":%u: %s %.*s: ", e->line, what, STR_ARG(e->expires));
        buf_add_quoted(out, e->where.id.n ? e->where.id : e->where.rule);
        buf_puts(out, " (");
        buf_add_quoted(out, e->owner);
        buf_puts(out, ")\n");
}

int cmd_policy_check(const struct arguments *args, struct error *err)
{
        _cleanup_(policy_freep) struct policy *policy = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        int64_t now = time(NULL);
        uint32_t expired = 0;
        int r = policy_open(args->n_operands ? args->operands[0] : POLICY_NAME, &policy, err);

        if (r < 0)
                return r;
        for (uint32_t i = 0; i < policy->n_exceptions; i++) {
                const struct policy_exception *e = &policy->exceptions[i];

                expired += policy_exception_expired(e, now);
                if (policy_exception_expired(e, now))
                        tell(policy, e, "expired on", &text);
                else if (policy_exception_expires_soon(e, now))
                        tell(policy, e, "expires soon, on", &text);
        }
        buf_printf(&text, "%u gates, %u exceptions (%u expired), %u owners\n", policy->n_gates, policy->n_exceptions, expired,
                   policy->n_owners);
        r = print_text(&text, err);
        return r < 0 ? r : expired ? EXIT_STATUS_FINDINGS : EXIT_STATUS_DONE;
}
