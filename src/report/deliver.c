/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "report/deliver.h"
#include "report/deliver_http.h"

#define PROGRAM_WAIT_MS 200     /* for a program that does not read; then the alert is lost to it */
#define PROGRAM_PIPE (1u << 20) /* bytes that wait for it */
#define PROGRAM_RESTART 10      /* seconds between two starts */
#define PROGRAM_END_MS 2000

enum kind { TO_STDOUT, TO_SYSLOG, TO_PROGRAM, TO_HTTP, TO_FILE };

struct sink {
        enum kind kind;
        char *destination; /* as it was given */
        const char *where; /* in it: the path, the command */
        struct alert_style style;
        int fd;
        uint64_t size;     /* FILE */
        pid_t pid;         /* PROGRAM */
        time_t started;
        struct http_sink *http;
        struct error later; /* of what it gave up */
        uint64_t delivered, lost;
        struct error why;
};

struct deliver {
        char *hostname;
        struct sink sinks[DELIVER_MAX];
        size_t n;
        struct buf line;
};

/* ---- files ---- */

/* Opens the file anew. Who lost the right to since then goes on with the one that is open. */
static int open_file(struct sink *s, struct error *err)
{
        int fd = open(s->where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        struct stat st;

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", s->where);
        fd_close(s->fd);
        s->fd = fd;
        s->size = fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        return 0;
}

/* FILE.4 to FILE.5 …, FILE to FILE.1. What can not be moved stays, and is written on. */
static void rotate(struct sink *s)
{
        _cleanup_(buf_free) struct buf from = { 0 }, to = { 0 };
        struct error err = ERROR_INIT;

        for (int i = DELIVER_FILES_KEPT - 1; i >= 0; i--) {
                buf_clear(&from);
                buf_clear(&to);
                buf_puts(&from, s->where);
                if (i)
                        buf_printf(&from, ".%d", i);
                buf_printf(&to, "%s.%d", s->where, i + 1);
                if (buf_ok(&from) && buf_ok(&to))
                        (void)!rename(from.data, to.data);
        }
        if (open_file(s, &err) < 0)
                s->why = err;
        s->size = 0; /* or it would be tried again for each line */
}

static int write_file(struct sink *s, struct str line, struct error *err)
{
        int r = s->fd < 0 ? open_file(s, err) : 0;

        if (r == 0 && s->size > 0 && s->size + line.n > DELIVER_FILE_BYTES)
                rotate(s);
        if (r == 0)
                r = file_write(s->fd, line.p, line.n, err);
        if (r == 0)
                s->size += line.n;
        return r;
}

/* ---- programs ---- */

static int start_program(struct sink *s, struct error *err)
{
        char *const argv[] = { (char *)"sh", (char *)"-c", (char *)s->where, NULL };
        posix_spawn_file_actions_t actions;
        int ends[2], r;

        if (s->started && time(NULL) - s->started < PROGRAM_RESTART)
                return error_say(err, -EAGAIN, "the program '%s' ended: it is started again after %d seconds", s->where, PROGRAM_RESTART);
        s->started = time(NULL);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set(err, -errno, "make a pipe");
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
        r = posix_spawn(&s->pid, "/bin/sh", &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        fd_close(ends[0]);
        if (r != 0) {
                fd_close(ends[1]);
                s->pid = 0;
                return error_set(err, -r, "start '%s'", s->where);
        }
        fcntl(ends[1], F_SETPIPE_SZ, PROGRAM_PIPE);
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        s->fd = ends[1];
        return 0;
}

static void end_program(struct sink *s, int wait_ms)
{
        s->fd = fd_close(s->fd);
        for (int waited = 0; s->pid > 0 && waitpid(s->pid, NULL, WNOHANG) == 0; waited += 10) {
                if (waited >= wait_ms)
                        kill(s->pid, SIGKILL);
                poll(NULL, 0, 10);
        }
        s->pid = 0;
}

/* All of the line or nothing of it, as far as the program reads at all. */
static int write_program(struct sink *s, struct str line, struct error *err)
{
        int r = s->pid > 0 ? 0 : start_program(s, err);

        while (r == 0 && line.n) {
                ssize_t n = write(s->fd, line.p, line.n);
                struct pollfd p = { .fd = s->fd, .events = POLLOUT };

                if (n > 0) {
                        line.p += n;
                        line.n -= (size_t)n;
                } else if (n < 0 && errno == EAGAIN && poll(&p, 1, PROGRAM_WAIT_MS) == 1 && !(p.revents & POLLERR)) {
                        continue;
                } else if (n < 0 && errno != EINTR) {
                        r = error_say(err, -errno, "the program '%s' %s", s->where, errno == EAGAIN ? "does not read" : "ended");
                        if (errno != EAGAIN || s->fd >= 0)
                                end_program(s, 0);
                }
        }
        return r;
}

/* ---- */

static int syslog_priority(enum severity severity)
{
        static const int priorities[] = {
                [SEVERITY_UNKNOWN] = LOG_INFO, [SEVERITY_NONE] = LOG_INFO, [SEVERITY_LOW] = LOG_NOTICE,
                [SEVERITY_MEDIUM] = LOG_WARNING, [SEVERITY_HIGH] = LOG_ERR, [SEVERITY_CRITICAL] = LOG_CRIT,
        };

        return priorities[severity];
}

static int write_line(struct sink *s, enum severity severity, struct str line, struct error *err)
{
        switch (s->kind) {
        case TO_SYSLOG:
                syslog(LOG_DAEMON | syslog_priority(severity), "%.*s", (int)(line.n ? line.n - 1 : 0), line.p);
                return 0;
        case TO_PROGRAM:
                return write_program(s, line, err);
        case TO_HTTP:
                return http_sink_put(s->http, line, err);
        case TO_FILE:
                return write_file(s, line, err);
        default:
                return file_write(STDOUT_FILENO, line.p, line.n, err);
        }
}

int deliver_new(const char *hostname, struct deliver **ret, struct error *err)
{
        _cleanup_(deliver_freep) struct deliver *d = calloc(1, sizeof(*d));

        if (!d || !(d->hostname = strdup(hostname)))
                return error_oom(err);
        *ret = TAKE_PTR(d);
        return 0;
}

struct deliver *deliver_free(struct deliver *d)
{
        if (!d)
                return NULL;
        for (size_t i = 0; i < d->n; i++) {
                if (d->sinks[i].kind == TO_PROGRAM)
                        end_program(&d->sinks[i], PROGRAM_END_MS);
                http_sink_free(d->sinks[i].http);
                fd_close(d->sinks[i].fd);
                free(d->sinks[i].destination);
        }
        buf_free(&d->line);
        free(d->hostname);
        free(d);
        return NULL;
}

/* "json:/var/log/x": a word before the first colon is a format if there is one of that name; before what can be no file's name it
 * must be. */
static const char *take_format(const char *destination, struct alert_style *style, bool *ret_given, bool *ret_wrong)
{
        const char *colon = strchr(destination, ':');
        struct error ignored = ERROR_INIT;
        char word[16];

        *ret_given = *ret_wrong = false;
        if (!colon || (size_t)(colon - destination) >= sizeof(word))
                return destination;
        memcpy(word, destination, (size_t)(colon - destination));
        word[colon - destination] = 0;
        *ret_given = alert_format_parse(word, &style->format, &ignored) == 0;
        *ret_wrong = !*ret_given && (strcmp(colon + 1, "-") == 0 || strcmp(colon + 1, "syslog") == 0 || colon[1] == '|');
        return *ret_given ? colon + 1 : destination;
}

int deliver_add(struct deliver *d, const char *destination, bool colour, struct error *err)
{
        struct sink *s = &d->sinks[d->n];
        bool given, wrong;
        int r = 0;

        if (d->n == DELIVER_MAX)
                return error_say(err, -E2BIG, "more than %d destinations for alerts", DELIVER_MAX);
        *s = (struct sink){ .destination = strdup(destination), .fd = -EBADF, .style = { .hostname = d->hostname } };
        if (!s->destination)
                return error_oom(err);
        d->n++;
        s->where = take_format(s->destination, &s->style, &given, &wrong);
        s->kind = strcmp(s->where, "-") == 0 ? TO_STDOUT : strcmp(s->where, "syslog") == 0 ? TO_SYSLOG :
                  s->where[0] == '|' ? TO_PROGRAM :
                  strncmp(s->where, "http://", 7) == 0 || strncmp(s->where, "https://", 8) == 0 ? TO_HTTP : TO_FILE;
        s->where += s->kind == TO_PROGRAM;
        if (!given)
                s->style.format = s->kind == TO_STDOUT || s->kind == TO_SYSLOG ? ALERT_TEXT : ALERT_JSON;
        s->style.colour = colour && s->kind == TO_STDOUT;
        if (wrong)
                r = error_say(err, -EINVAL, "'%s' begins with no format of alerts (expected text, json, falco or ocsf)", destination);
        else if (!*s->where)
                r = error_say(err, -EINVAL, "'%s' names no place for alerts", destination);
        else if (s->kind == TO_FILE)
                r = open_file(s, err);
        else if (s->kind == TO_PROGRAM)
                r = start_program(s, err);
        else if (s->kind == TO_HTTP)
                r = http_sink_new(s->where, &s->http, err);
        return r;
}

int deliver_alert(struct deliver *d, const struct alert *alert, struct error *err)
{
        for (size_t i = 0; i < d->n; i++) {
                struct sink *s = &d->sinks[i];
                struct error why = ERROR_INIT;
                int r;

                buf_clear(&d->line);
                r = alert_write(alert, &s->style, &d->line, err);
                if (r < 0)
                        return r;
                if (write_line(s, alert->finding->severity, buf_str(&d->line), &why) == 0) {
                        s->delivered++;
                } else {
                        s->lost++;
                        s->why = why;
                }
        }
        return 0;
}

void deliver_reopen(struct deliver *d)
{
        for (size_t i = 0; i < d->n; i++) {
                struct error ignored = ERROR_INIT;

                if (d->sinks[i].kind == TO_FILE)
                        (void)!open_file(&d->sinks[i], &ignored);
        }
}

void deliver_finish(struct deliver *d)
{
        for (size_t i = 0; i < d->n; i++)
                if (d->sinks[i].http && !http_sink_drain(d->sinks[i].http))
                        d->sinks[i].lost++; /* at least */
}

size_t deliver_get_counts(struct deliver *d, struct deliver_counts *ret, size_t max)
{
        for (size_t i = 0; i < d->n && i < max; i++) {
                struct sink *s = &d->sinks[i];
                uint64_t sent = s->delivered, lost = 0;

                if (s->http) /* what it was handed it has sent, given up, or sends still */
                        http_sink_counts(s->http, &sent, &lost, &s->later);
                ret[i] = (struct deliver_counts){ s->destination, sent, s->lost + lost,
                                                  lost ? s->later.message : s->lost ? s->why.message : NULL };
        }
        return d->n;
}
