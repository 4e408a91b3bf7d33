/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/log_private.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static enum log_level max_level = LOG_LEVEL_WARNING;
static enum log_format log_format = LOG_FORMAT_TEXT;

void log_set_level(enum log_level level)
{
        max_level = level;
}

void log_set_format(enum log_format format)
{
        log_format = format;
}

bool log_is_text(void)
{
        return log_format == LOG_FORMAT_TEXT;
}

void log_lock(void)
{
        pthread_mutex_lock(&mutex);
}

void log_unlock(void)
{
        pthread_mutex_unlock(&mutex);
}

static int flush_stderr(void *ctx, const char *data, size_t n, struct error *err)
{
        return file_write(STDERR_FILENO, data, n, err);
}

static void write_json(const char *level, struct str message)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        struct timespec now;
        struct tm tm;
        char when[64], stamp[80];

        if (json_writer_new(flush_stderr, NULL, 0, &w, NULL) < 0)
                return;
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &tm);
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(stamp, sizeof(stamp), "%s.%03ldZ", when, now.tv_nsec / 1000000);
        json_write_object_begin(w);
        json_put_text(w, "time", stamp);
        json_put_text(w, "level", level);
        json_put_str(w, "message", message);
        json_write_object_end(w);
        if (json_writer_finish(w, NULL) < 0)
                return; /* nowhere left to say it */
}

static void write_text(enum log_level level, const char *name, struct str message)
{
        static const char *const colours[] = { "\033[31m", "\033[33m", "", "\033[2m" };
        _cleanup_(buf_free) struct buf line = { 0 };
        bool colour = terminal_wants_colour(STDERR_FILENO) && *colours[level];

        buf_printf(&line, "tallyman: %s%s:%s ", colour ? colours[level] : "", name, colour ? "\033[0m" : "");
        buf_add_quoted(&line, message);
        buf_putc(&line, '\n');
        if (!buf_ok(&line) || file_write(STDERR_FILENO, line.data, line.len, NULL) < 0)
                return;
}

void log_write(enum log_level level, const char *fmt, ...)
{
        static const char *const names[] = { "error", "warning", "info", "debug" };
        _cleanup_(buf_free) struct buf message = { 0 };
        va_list ap;

        if (level > max_level)
                return;
        va_start(ap, fmt);
        buf_vprintf(&message, fmt, ap);
        va_end(ap);
        if (!buf_ok(&message))
                return;
        log_lock();
        progress_hide();
        if (log_is_text())
                write_text(level, names[level], buf_str(&message));
        else
                write_json(names[level], buf_str(&message));
        log_unlock();
}

bool terminal_wants_colour(int fd)
{
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(fd) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

unsigned terminal_width(int fd, unsigned otherwise)
{
        struct winsize size;

        return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : otherwise;
}
