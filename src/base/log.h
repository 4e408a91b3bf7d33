/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says on stderr: logs (human text, or JSON lines) and the progress line. Only cmd/, pipeline/ and the
 * daemon's main loop log; libraries return errors. Thread-safe. Text from outside is quoted by the caller or by %q-free
 * means: every message passes buf_add_quoted() for its control characters before it is written.
 */
#ifndef TALLYMAN_BASE_LOG_H
#define TALLYMAN_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum log_level {
        LOG_LEVEL_ERROR,
        LOG_LEVEL_WARNING,
        LOG_LEVEL_INFO,
        LOG_LEVEL_DEBUG,
};

enum log_format {
        LOG_FORMAT_TEXT,
        LOG_FORMAT_JSON, /* {"time": RFC 3339, "level": "warning", "message": "…"} a line */
};

void log_set_level(enum log_level level);   /* default LOG_LEVEL_WARNING */
void log_set_format(enum log_format format);

/* "tallyman: error: …" in text. A progress line on display is removed first and drawn again afterwards. */
void log_write(enum log_level level, const char *fmt, ...) _printf_(2, 3);
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* True if `fd` is a terminal that wants colour: NO_COLOR unset or empty, TERM set and not "dumb". */
bool terminal_wants_colour(int fd);
/* Columns of the terminal at `fd`, `otherwise` if it is none. */
unsigned terminal_width(int fd, unsigned otherwise);

/* One progress bar on stderr: drawn only on a terminal, only with text logs, only once the work has taken a second,
 * at most ten times a second. `total` 0: unknown. Thread-safe; one at a time. */
void progress_begin(const char *what, uint64_t total);
void progress_add(uint64_t done);
void progress_end(void); /* removes the line */
void progress_never(void); /* from now on there is none in this process */

#endif
