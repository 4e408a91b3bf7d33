/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "pipeline/judge.h"
#include "report/json_parts.h"
#include "store/event_log.h"

#define USUAL "%evt.datetime %container.name %proc.name[%proc.pid] %evt.type %evt.args fd=%fd.name result=%evt.res"
#define FILTER "events that are asked for"

/* A rule that is the question: its condition says which events, its output what is shown of them. */
struct question {
        struct rule_set *set;
        struct rule_program *program;
        struct rule_scratch *scratch;
        bool json;
        int64_t since; /* nanoseconds since the epoch */
        const struct syscall_event *event;
        struct output *out;
        struct buf line;
        uint64_t shown;
        struct error *err;
        int code;
};

static void question_done(struct question *q)
{
        rule_scratch_free(q->scratch);
        rule_program_free(q->program);
        rule_set_free(q->set);
        output_free(q->out);
        buf_free(&q->line);
}

static int append(void *ctx, const char *data, size_t n, struct error *err)
{
        struct buf *out = ctx;

        buf_add(out, data, n);
        return buf_ok(out) ? 0 : error_oom(err);
}

/* The rule as a JSON document, which is YAML too: nothing in a text can end it. */
static int write_rule(const char *condition, const char *output, struct buf *out, struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        int r = json_writer_new(append, out, 0, &w, err);

        if (r < 0)
                return r;
        json_write_array_begin(w);
        json_write_object_begin(w);
        json_put_text(w, "rule", FILTER);
        json_put_text(w, "desc", FILTER);
        json_put_text(w, "condition", condition);
        json_put_text(w, "output", output);
        json_put_text(w, "priority", "INFO");
        json_write_object_end(w);
        json_write_array_end(w);
        return json_writer_finish(w, err);
}

static int ask(struct question *q, const struct arguments *args, struct error *err)
{
        const char *condition = arguments_get(args, "where"), *output = arguments_get(args, "show");
        const struct rules_options options = { .sources = judge_sources, .strict = true, .check = rule_condition_check };
        struct rule_file file = { .name = "--where" };
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = write_rule(condition ? condition : "evt.num > 0 or not evt.num exists", output ? output : USUAL, &text, err);

        file.text = buf_str(&text);
        if (r == 0)
                r = rules_load(&file, 1, &options, &q->set, err);
        if (r == 0 && rule_set_get(q->set, 0)->state != RULE_READY)
                r = error_say(err, -EINVAL, "--where: %.*s", STR_SHOWN(rule_set_get(q->set, 0)->reason));
        if (r == 0)
                r = rule_program_new(q->set, &syscall_source, MATCHING_ALL, &q->program, err);
        return r < 0 ? r : rule_scratch_new(q->program, &q->scratch, err);
}

static void put_field(void *ctx, struct str name, const struct value *value)
{
        _cleanup_free_ char *key = strndup(name.p, name.n);

        if (!key)
                return;
        json_write_key(ctx, key);
        json_put_value(ctx, value);
}

static int show_json(struct question *q, const struct rule *rule, const struct fact *fact)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        int r = json_writer_new(append, &q->line, 0, &w, q->err);

        if (r < 0)
                return r;
        json_write_object_begin(w);
        rule_output_fields(q->program, q->scratch, rule, fact, put_field, w);
        json_write_object_end(w);
        return json_writer_finish(w, q->err);
}

static void take_verdict(void *ctx, const struct rule_verdict *verdict)
{
        struct question *q = ctx;
        const struct fact fact = syscall_fact(q->event);
        _cleanup_(buf_free) struct buf text = { 0 };

        if (verdict->truth != TRUTH_TRUE || q->code < 0)
                return;
        buf_clear(&q->line);
        if (q->json) {
                q->code = show_json(q, verdict->rule, &fact);
        } else {
                rule_output(q->program, q->scratch, verdict->rule, &fact, &text);
                buf_add_quoted(&q->line, buf_str(&text));
                buf_putc(&q->line, '\n');
        }
        if (q->code == 0 && !buf_ok(&q->line))
                q->code = error_oom(q->err);
        if (q->code == 0)
                q->code = output_write(q->out, q->line.data, q->line.len, q->err);
        q->shown++;
}

static int read_log(struct question *q, const char *path, struct error *err)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *log = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        int r = fd < 0 ? error_set(err, -errno, "open '%s'", path) : event_log_reader_new(fd, path, &log, err);

        while (r == 0 && (r = event_log_read(log, &q->event, err)) > 0) {
                const struct fact fact = syscall_fact(q->event);

                if (!(q->event->known >> EVENT_time & 1) || q->event->time >= q->since)
                        rule_program_match(q->program, q->scratch, &fact, false, take_verdict, q);
                r = q->code < 0 ? q->code : interrupt_check(err);
        }
        if (r == 0 && event_log_was_cut(log))
                log_warning("'%s' was cut off: its last event is not whole", path);
        return r;
}

static int cmd_events(const struct arguments *args, struct error *err)
{
        const char *format = arguments_get(args, "format"), *since = arguments_get(args, "since");
        _cleanup_(question_done) struct question q = { .json = format && strcmp(format, "json") == 0, .err = err };
        uint64_t age = 0;
        int r = since ? parse_age(since, &age, err) : 0;

        if (r < 0)
                return error_wrap(err, "--since");
        q.since = since ? ((int64_t)time(NULL) - (int64_t)MIN_OF(age, (uint64_t)INT32_MAX)) * 1000000000ll : INT64_MIN;
        r = ask(&q, args, err);
        if (r == 0)
                r = output_stdout(&q.out, err);
        for (size_t i = 0; r == 0 && i < args->n_operands; i++)
                r = read_log(&q, args->operands[i], err);
        return r < 0 ? r : output_finish(q.out, err);
}

/* ---- how it is called ---- */

static const char *const text_or_json[] = { "text", "json", NULL };

static const struct option_spec events_options[] = {
        { "where", 'w', "CONDITION", "Only events for which this holds, as a rule's condition. 'tallyman rules fields syscall' lists what can be asked." },
        { "show", 's', "OUTPUT", "What is shown of each event, as a rule's output: text with fields behind percent signs." },
        { "since", 0, "TIME", "Only what happened in this time before now: 90s, 5m, 12h, 2d." },
        { "format", 'f', "FORMAT", "text, or json: an object of the fields that are shown. The default is text.", text_or_json },
        { NULL },
};

static const struct help_item events_examples[] = {
        { "tallyman events day.log", "Shows everything." },
        { "tallyman events --where 'container.name = web and evt.is_open_write = true' --show '%proc.exepath wrote %fd.name' day.log",
          "Shows which files a container opened for writing." },
        { NULL },
};

const struct command command_events = {
        .name = "events",
        .group = GROUP_OPERATION,
        .summary = "ask recordings what happened",
        .synopsis = "[OPTION...] FILE...",
        .description =
                "Shows events of recordings, a line each. Which ones is asked in the language of rules, and what is shown of them "
                "is written like a rule's output.",
        .options = events_options,
        .operand = { "FILE", "A recording.", NULL, 1, UINT_MAX },
        .examples = events_examples,
        .run = cmd_events,
};
