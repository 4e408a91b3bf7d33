/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/watching.h"
#include "pipeline/watch.h"

#define POLL_MS 100
#define LOSS_TOLD_EVERY 10 /* seconds */
#define HOSTNAME_MAX 256

struct session {
        const struct arguments *args;
        struct watching watching;
        struct watch *watch;
        struct event_log_writer *log;
        struct image_scanner *scanner;
        int log_fd;
        uint64_t lost; /* as told */
        time_t loss_told;
};

static void session_done(struct session *s)
{
        watch_free(s->watch);
        image_scanner_free(s->scanner);
        event_log_writer_free(s->log);
        fd_close(s->log_fd);
        watching_done(&s->watching);
}

static int open_log(struct session *s, const char *hostname, struct error *err)
{
        const char *path = arguments_get(s->args, "record");

        if (!path)
                return 0;
        s->log_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
        if (s->log_fd < 0)
                return error_set(err, -errno, "make the recording '%s'", path);
        return event_log_writer_new(s->log_fd, path, hostname, &s->log, err);
}

static int tell_gap(void *ctx, const char *kind, const char *why)
{
        (void)ctx;
        log_error("events of kind '%s', which rules ask for, can not be seen: %s", kind, why);
        return 0;
}

static void tell_ready(struct session *s)
{
        struct watch_counts counts;

        watch_gaps(s->watch, tell_gap, NULL);
        watch_get_counts(s->watch, &counts);
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

static int start(struct session *s, struct error *err)
{
        struct watch_options options = { .host = arguments_has(s->args, "host") };
        char hostname[HOSTNAME_MAX] = "";
        int r;

        (void)!gethostname(hostname, sizeof(hostname) - 1);
        r = image_scanner_start(&s->scanner, err); /* forks: the fewer is open yet, the better */
        if (r == 0)
                r = watching_open(&s->watching, s->args, err);
        if (r == 0)
                r = watching_start(&s->watching, hostname, err);
        if (r == 0)
                r = open_log(s, hostname, err);
        if (r < 0)
                return r;
        options.detect = s->watching.detect;
        options.log = s->log;
        options.scanner = s->scanner;
        options.hostname = s->watching.hostname;
        return watch_new(&options, &s->watch, err);
}

static int run(struct session *s, uint64_t seconds, struct error *err)
{
        struct timespec begun, now;
        int r = 0;

        clock_gettime(CLOCK_MONOTONIC, &begun);
        while (r == 0 && !interrupt_pending()) {
                r = watch_step(s->watch, POLL_MS, err);
                tell_losses(s);
                clock_gettime(CLOCK_MONOTONIC, &now);
                if (seconds && now.tv_sec - begun.tv_sec >= (time_t)seconds)
                        break;
        }
        detect_flush(s->watching.detect, INT64_MAX);
        if (r == 0 && s->log)
                r = event_log_flush(s->log, err);
        return r;
}

int cmd_watch(const struct arguments *args, struct error *err)
{
        _cleanup_(session_done) struct session s = { .args = args, .log_fd = -EBADF };
        const char *length = arguments_get(args, "for");
        struct watch_counts counts;
        uint64_t seconds = 0;
        int r = length ? parse_age(length, &seconds, err) : 0;

        if (r < 0)
                return error_wrap(err, "--for");
        r = start(&s, err);
        if (r < 0)
                return r;
        tell_ready(&s);
        r = run(&s, seconds, err);
        if (r == 0)
                r = watching_tell_losses(&s.watching, err);
        watch_get_counts(s.watch, &counts);
        log_info("%llu events judged, %llu lost", (unsigned long long)counts.events, (unsigned long long)counts.lost);
        return r < 0 ? r : counts.lost ? EXIT_STATUS_INCOMPLETE : EXIT_STATUS_DONE;
}
