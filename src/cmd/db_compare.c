/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/command.h"
#include "vuln/version.h"

#define LINE_MAX_BYTES (64u << 10)
#define READ_SIZE (64u << 10)

struct checking {
        const struct version_order *order;
        size_t line;
        bool failed; /* one did not hold */
        struct buf out;
};

static int check_line(struct checking *c, struct str line, struct error *err)
{
        struct str odd = STR_NULL;
        int r = version_check_line(c->order, line, &odd, err);

        c->line++;
        if (r < 0)
                return error_wrap(err, "standard input, line %zu", c->line);
        if (odd.n)
                log_warning("line %zu: '%.*s' is no version as %s orders them (%s): it stands below all that are", c->line,
                            STR_SHOWN(odd), c->order->name, c->order->specification);
        if (r == 0) {
                c->failed = true;
                buf_add_str(&c->out, line);
                buf_putc(&c->out, '\n');
        }
        return 0;
}

/* Whole lines at the start of `pending`; of the last piece also what has no end of line. */
static int check_lines(struct checking *c, struct buf *pending, bool last, struct error *err)
{
        struct str rest = buf_str(pending);
        size_t left;
        int r;

        while (rest.n) {
                const char *end = memchr(rest.p, '\n', rest.n);

                if (!end && !last)
                        break;
                r = check_line(c, end ? (struct str){ rest.p, (size_t)(end - rest.p) } : rest, err);
                if (r < 0)
                        return r;
                rest = end ? (struct str){ end + 1, rest.n - (size_t)(end - rest.p) - 1 } : STR_NULL;
        }
        if (rest.n > LINE_MAX_BYTES)
                return error_say(err, -E2BIG, "standard input, line %zu: longer than %u bytes", c->line + 1, LINE_MAX_BYTES);
        left = rest.n;
        if (left)
                memmove(pending->data, rest.p, left);
        pending->len = left;
        return 0;
}

static int check_input(struct checking *c, struct error *err)
{
        _cleanup_(buf_free) struct buf pending = { 0 };
        ssize_t n;
        int r;

        do {
                if (!buf_reserve(&pending, READ_SIZE))
                        return error_oom(err);
                n = file_read(STDIN_FILENO, pending.data + pending.len, READ_SIZE, err);
                if (n < 0)
                        return error_wrap(err, "standard input");
                pending.len += (size_t)n;
                r = check_lines(c, &pending, n == 0, err);
                if (r < 0)
                        return r;
        } while (n > 0);
        return 0;
}

static int cmd_db_compare(const struct arguments *args, struct error *err)
{
        struct checking c = { .order = version_order_of(str_from(args->operands[0])) };
        const char *nearest = version_ecosystem_nearest(str_from(args->operands[0]));
        int r;

        if (!c.order && nearest)
                return error_say(err, -EINVAL, "there is no ecosystem '%s'; did you mean '%s'?", args->operands[0], nearest);
        if (!c.order)
                return error_say(err, -EINVAL, "there is no ecosystem '%s' (expected a name of OSV's, such as Debian, npm or PyPI)",
                                 args->operands[0]);
        r = check_input(&c, err);
        if (r == 0)
                r = print_text(&c.out, err);
        buf_free(&c.out);
        return r < 0 ? r : c.failed ? EXIT_STATUS_FINDINGS : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

static const struct help_item compare_examples[] = {
        { "echo '1.0~rc1 < 1.0' | tallyman db compare Debian", "Holds, so nothing is printed." },
        { NULL },
};

const struct command command_db_compare = {
        .name = "db compare",
        .group = GROUP_GENERAL,
        .summary = "check statements of the form 'A < B' against an ecosystem's order of versions",
        .synopsis = "ECOSYSTEM",
        .description =
                "Reads lines 'A < B', 'A = B' or 'A > B' on standard input and prints, as they came, those that do not hold; "
                "then the exit status is 1. A version that the ecosystem's specification can not read stands below all that it "
                "can. For authors of advisories.",
        .operand = { "ECOSYSTEM", "As OSV names it: Debian, Alpine, Red Hat, npm, PyPI, Maven ...", NULL, 1, 1 },
        .examples = compare_examples,
        .run = cmd_db_compare,
};
