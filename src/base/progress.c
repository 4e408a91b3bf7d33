/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/log_private.h"

#define FIRST_AFTER_MS 1000
#define EVERY_MS 100
#define BAR_WIDTH 30

static struct {
        bool active, shown;
        char what[64];
        uint64_t done, total;
        int64_t began, drawn; /* ms */
} bar;

static int64_t now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool never;

void progress_never(void)
{
        never = true;
}

void progress_begin(const char *what, uint64_t total)
{
        log_lock();
        memset(&bar, 0, sizeof(bar));
        bar.active = !never && log_is_text() && isatty(STDERR_FILENO);
        snprintf(bar.what, sizeof(bar.what), "%s", what);
        bar.total = total;
        bar.began = now_ms();
        log_unlock();
}

static void put(const struct buf *line)
{
        if (!buf_ok(line) || file_write(STDERR_FILENO, line->data, line->len, NULL) < 0)
                bar.active = false;
}

static void draw(void)
{
        _cleanup_(buf_free) struct buf line = { 0 };
        unsigned filled = bar.total ? (unsigned)(MIN_OF(bar.done, bar.total) * BAR_WIDTH / bar.total) : 0;

        buf_printf(&line, "\r\033[K%s ", bar.what);
        if (bar.total) {
                buf_putc(&line, '[');
                for (unsigned i = 0; i < BAR_WIDTH; i++)
                        buf_putc(&line, i < filled ? '#' : '.');
                buf_printf(&line, "] %llu%% of %.1f MB", (unsigned long long)(MIN_OF(bar.done, bar.total) * 100 / bar.total),
                           (double)bar.total / 1e6);
        } else {
                buf_printf(&line, "%.1f MB", (double)bar.done / 1e6);
        }
        put(&line);
        bar.shown = true;
}

void progress_hide(void)
{
        _cleanup_(buf_free) struct buf line = { 0 };

        if (!bar.shown)
                return;
        buf_puts(&line, "\r\033[K");
        put(&line);
        bar.shown = false;
}

void progress_add(uint64_t done)
{
        int64_t now;

        log_lock();
        bar.done += done;
        now = bar.active ? now_ms() : 0;
        if (bar.active && now - bar.began >= FIRST_AFTER_MS && now - bar.drawn >= EVERY_MS) {
                bar.drawn = now;
                draw();
        }
        log_unlock();
}

void progress_end(void)
{
        log_lock();
        progress_hide();
        bar.active = false;
        log_unlock();
}
