/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/privileges.h"
#include "cmd/command.h"
#include "cmd/shared_options.h"
#include "cmd/watching.h"
#include "pipeline/watch.h"

#define POLL_MS 100
#define LOSS_TOLD_EVERY 10 /* seconds */
#define HOSTNAME_MAX 256
#define USUAL_USER "tallyman" /* made by packages */
#define OTHER_USER "nobody"

/* The engine's side of a watch; it may be the successor of one that died. */
struct session {
        const struct arguments *args;
        time_t ends; /* of the monotonic clock; 0: never */
        struct watching watching;
        struct watch *watch;
        struct event_log_writer *log;
        struct image_scanner *scanner; /* the keeper's */
        int log_fd;
        uint64_t lost; /* as told */
        time_t loss_told;
};

static void session_done(struct session *s)
{
        watch_free(s->watch);
        event_log_writer_free(s->log);
        fd_close(s->log_fd);
        watching_done(&s->watching);
}

static int open_log(struct session *s, bool goes_on, const char *hostname, struct error *err)
{
        const char *path = arguments_get(s->args, "record");
        struct stat st;

        if (!path)
                return 0;
        s->log_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | (goes_on ? 0 : O_CREAT | O_EXCL), 0600);
        if (s->log_fd < 0 || fstat(s->log_fd, &st) < 0)
                return error_set(err, -errno, "make the recording '%s'", path);
        return goes_on ? event_log_writer_resume(s->log_fd, path, (uint64_t)st.st_size, &s->log, err)
                       : event_log_writer_new(s->log_fd, path, hostname, &s->log, err);
}

static int tell_gap(void *ctx, const char *kind, const char *why)
{
        (void)ctx;
        log_error("events of kind '%s', which rules ask for, can not be seen: %s", kind, why);
        return 0;
}

static void tell_ready(struct session *s)
{
        const char *spots[SENSOR_BLIND_MAX];
        struct watch_counts counts;

        watch_gaps(s->watch, tell_gap, NULL);
        for (size_t i = watch_blind_spots(s->watch, spots); i > 0; i--)
                log_warning("%s", spots[i - 1]);
        watch_get_counts(s->watch, &counts);
        notify_service("READY=1");
        log_info("watching: %u kinds of events, %u containers run", counts.kinds, counts.containers);
}

/* That events were lost is a state of its own: what was not seen was not judged. */
static void tell_losses(struct session *s)
{
        struct watch_counts counts;
        time_t now = time(NULL);

        if (now - s->loss_told < LOSS_TOLD_EVERY)
                return;
        s->loss_told = now;
        watch_get_counts(s->watch, &counts);
        if (counts.lost > s->lost)
                log_error("%llu events were lost: the machine made them faster than they could be judged",
                          (unsigned long long)(counts.lost - s->lost));
        s->lost = counts.lost;
}

/* Who judges needs no rights once its files are open. */
static int give_up_rights(const struct arguments *args, struct error *err)
{
        const char *user = arguments_get(args, "user");
        struct error ignored = ERROR_INIT;

        if (user)
                return privileges_drop(user, err);
        if (privileges_drop(USUAL_USER, &ignored) == 0)
                return 0;
        return privileges_drop(OTHER_USER, err);
}

static int start(struct session *s, struct sensor_remote *remote, struct error *err)
{
        struct watch_options options = { .host = arguments_has(s->args, "host"), .remote = remote };
        char hostname[HOSTNAME_MAX] = "";
        int r;

        (void)!gethostname(hostname, sizeof(hostname) - 1);
        r = watching_open(&s->watching, s->args, err);
        if (r == 0)
                r = watching_start(&s->watching, hostname, err);
        if (r == 0)
                r = open_log(s, sensor_remote_is_successor(remote), hostname, err);
        if (r == 0)
                r = give_up_rights(s->args, err);
        if (r < 0)
                return r;
        options.detect = s->watching.detect;
        options.log = s->log;
        options.scanner = s->scanner;
        options.hostname = s->watching.hostname;
        return watch_new(&options, &s->watch, err);
}

static time_t monotonic(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec;
}

static int reload(struct session *s, struct error *err)
{
        _cleanup_(watching_done) struct watching old = { 0 };
        struct error why = ERROR_INIT;
        int r;

        notify_service("RELOADING=1");
        r = watching_reload(&s->watching, &old, &why);
        if (r < 0)
                log_error("the rules that were in use stay: %s (they are read by the user who judges, see --user)", why.message);
        else
                r = watch_use(s->watch, s->watching.detect, err);
        notify_service("READY=1");
        if (r == 0)
                log_info("the rules were read anew");
        return old.detect ? r : 0;
}

static int run(struct session *s, struct error *err)
{
        int r = 0;

        while (r == 0 && !interrupt_pending() && !(s->ends && monotonic() >= s->ends)) {
                r = watch_step(s->watch, POLL_MS, err);
                if (r == 0 && interrupt_reload_asked())
                        r = reload(s, err);
                tell_losses(s);
        }
        detect_flush(s->watching.detect, INT64_MAX);
        if (r == 0 && s->log)
                r = event_log_flush(s->log, err);
        return r < 0 ? r : watching_tell_losses(&s->watching, err);
}

/* True if all that happened was judged, and all that was judged recorded. */
static bool is_whole(const struct session *s, const struct watch_counts *counts)
{
        uint64_t left_out = s->log ? event_log_left_out(s->log) : 0;

        if (left_out)
                log_error("%llu events were too large to be recorded", (unsigned long long)left_out);
        if (counts->malformed)
                log_error("%llu events could not be read, and were not judged", (unsigned long long)counts->malformed);
        return !left_out && !counts->malformed && !counts->lost && !s->watching.incomplete;
}

static int watch_it(struct session *s, struct sensor_remote *remote, struct error *err)
{
        struct watch_counts counts;
        int r = start(s, remote, err);

        if (r < 0)
                return r;
        tell_ready(s);
        r = run(s, err);
        watch_get_counts(s->watch, &counts);
        log_info("%llu events judged, %llu lost", (unsigned long long)counts.events, (unsigned long long)counts.lost);
        return r < 0 ? r : is_whole(s, &counts) ? EXIT_STATUS_DONE : EXIT_STATUS_INCOMPLETE;
}

/* In a process of its own; what it returns is its exit status. */
static int be_engine(void *ctx, struct sensor_remote *remote)
{
        _cleanup_(session_done) struct session s = *(const struct session *)ctx;
        struct error err = ERROR_INIT;
        int r = watch_it(&s, remote, &err);

        if (r >= 0)
                return r;
        log_error("%s", *err.message ? err.message : error_text(r));
        return EXIT_STATUS_FAILED;
}

static int cmd_watch(const struct arguments *args, struct error *err)
{
        struct session s = { .args = args, .log_fd = -EBADF };
        const char *length = arguments_get(args, "for");
        uint64_t seconds = 0;
        int r = length ? parse_age(length, &seconds, err) : 0;

        if (r < 0)
                return error_wrap(err, "--for");
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) /* of a terminal the same signal says that it is gone */
                interrupt_take_reload();
        r = image_scanner_start(&s.scanner, err); /* forks: nothing is open yet */
        if (r < 0)
                return r;
        s.ends = seconds ? monotonic() + (time_t)MIN_OF(seconds, (uint64_t)INT32_MAX) : 0;
        r = keeper_run(be_engine, &s, err);
        image_scanner_free(s.scanner);
        return r;
}

/* ---- how it is called ---- */

static const struct option_spec watch_options[] = {
        { "rules", 'r', "FILE", "Rules to load after the stock rules: a file, or a folder of them. May be repeated.", NULL, true },
        TRUST_RULES_OPTION,
        { "no-stock", 0, NULL, "Leave the stock rules out." },
        { "matching", 0, "HOW", "Which rules are tried on an event: all of them, or none after the first that matches.", matchings },
        { "output", 'o', "OUTPUT", "Where alerts go, named below. May be repeated. The default is -.", NULL, true },
        { "all", 'a', NULL, "Tell each alert. Without it the eleventh of one rule and container in a minute is counted only." },
        { "host", 0, NULL, "Watch what runs in no container too." },
        { "record", 0, "FILE", "Write every event that was judged to this file, for 'tallyman replay'. It must not exist yet." },
        { "user", 0, "NAME", "The user that judges events and writes alerts, with no rights of root. The default is tallyman, if there is "
                             "one, else nobody." },
        { "for", 0, "TIME", "End after this time: 30s, 5m, 12h." },
        { NULL },
};

static const struct help_item watch_examples[] = {
        { "sudo tallyman watch", "Tells on the terminal what the stock rules find." },
        { "sudo tallyman watch --no-stock --rules falco_rules.yaml --output falco:/var/log/falco.json", "Judges by Falco's rules, and writes what Falco would." },
        { NULL },
};

const struct command command_watch = {
        .name = "watch",
        .group = GROUP_OPERATION,
        .summary = "tell what containers do against the rules, as it happens",
        .synopsis = "[OPTION...]",
        .description =
                "Watches every container on this machine through the kernel, whoever runs it, and tells what the rules say of "
                "what it does: which container, which image, which process and its ancestors. Needs root. It ends when it is "
                "interrupted. If events were lost, or could not be read or recorded, the exit status is 3.",
        .terms_title = "Outputs",
        .terms = output_terms,
        .options = watch_options,
        .examples = watch_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_watch,
};
