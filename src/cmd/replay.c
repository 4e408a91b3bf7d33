/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/rules.h"
#include "cmd/shared_options.h"
#include "cmd/watching.h"
#include "store/event_log.h"

static int hold(struct event_log_reader *log, struct detect *detect, struct error *err)
{
        const struct syscall_event *event;
        int r;

        while ((r = event_log_read(log, &event, err)) > 0) {
                r = detect_event(detect, event, err);
                if (r == 0)
                        r = interrupt_check(err);
                if (r < 0)
                        return r;
        }
        detect_flush(detect, INT64_MAX);
        return r;
}

static int replay(const char *path, struct watching *w, struct error *err)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *log = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        int r;

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", path);
        r = event_log_reader_new(fd, path, &log, err);
        if (r == 0)
                r = watching_start(w, event_log_hostname(log), err);
        if (r == 0)
                r = hold(log, w->detect, err);
        if (r == 0 && event_log_was_cut(log)) {
                log_warning("'%s' was cut off: its last event is not whole", path);
                w->incomplete = true;
        }
        return r;
}

static int cmd_replay(const struct arguments *args, struct error *err)
{
        _cleanup_(watching_done) struct watching w = { 0 };
        struct detect_counts counts;
        int r = watching_open(&w, args, err);

        for (size_t i = 0; r == 0 && i < args->n_operands; i++)
                r = replay(args->operands[i], &w, err);
        if (r < 0)
                return r;
        r = watching_tell_losses(&w, err);
        detect_get_counts(w.detect, &counts);
        log_info("%llu events, %llu matches, %llu alerts", (unsigned long long)counts.events, (unsigned long long)counts.matches,
                 (unsigned long long)counts.told);
        if (r < 0)
                return r;
        if (arguments_has(args, "fail") && counts.matches)
                return EXIT_STATUS_FINDINGS;
        return w.incomplete ? EXIT_STATUS_INCOMPLETE : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

static const struct option_spec replay_options[] = {
        { "rules", 'r', "FILE", "Rules to load after the stock rules: a file, a signed bundle, or a folder of them. May be repeated.", NULL, true },
        { "no-stock", 0, NULL, "Leave the stock rules out." },
        TRUST_RULES_OPTION,
        { "matching", 0, "HOW", "Which rules are tried on an event: all of them, or none after the first that matches.", matchings },
        { "output", 'o', "OUTPUT", "Where alerts go, named below. May be repeated. The default is -.", NULL, true },
        { "all", 'a', NULL, "Tell each alert. Without it the eleventh of one rule and container in a minute is counted only." },
        { "fail", 0, NULL, "Exit with status 1 if a rule matched." },
        { NULL },
};

static const struct help_item replay_examples[] = {
        { "tallyman replay --rules new.yaml yesterday.log", "Shows what a new rule would have said of yesterday." },
        { "tallyman replay --no-stock --rules falco_rules.yaml --output falco:- day.log", "Judges by Falco's rules, and writes what Falco would." },
        { NULL },
};

const struct command command_replay = {
        .name = "replay",
        .group = GROUP_OPERATION,
        .summary = "hold recorded events against rules",
        .synopsis = "[OPTION...] FILE...",
        .description =
                "Reads what was recorded of processes, and tells what rules say of it, as if it happened now. Needs no "
                "privileges. With several rules that match one event all are told, unless --matching first is given.",
        .terms_title = "Outputs",
        .terms = output_terms,
        .options = replay_options,
        .operand = { "FILE", "A recording.", NULL, 1, UINT_MAX },
        .examples = replay_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_replay,
};
