/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/hijack.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/command.h"
#include "pipeline/scan.h"

static void apply_log_options(const struct arguments *args)
{
        const char *format = arguments_get(args, "log-format"), *level = arguments_get(args, "log-level");
        static const char *const levels[] = {
                [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_INFO] = "info",
                [LOG_LEVEL_DEBUG] = "debug",
        };

        if (format)
                log_set_format(strcmp(format, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
        for (size_t i = 0; level && i < ELEMENTS_OF(levels); i++)
                if (strcmp(level, levels[i]) == 0)
                        log_set_level((enum log_level)i);
}

static int show_help(const struct arguments *args, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        if (args->command)
                help_command(args->command, help_width(), &text);
        else if (args->topic)
                help_topic(args->topic, help_width(), &text);
        else
                help_overview(help_width(), &text);
        return print_text(&text, err);
}

static int show_version(struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_puts(&text, "tallyman " TALLYMAN_VERSION "\n");
        return print_text(&text, err);
}

static int run(int argc, char **argv, struct error *err)
{
        _cleanup_(arguments_done) struct arguments args = { 0 };
        int r = arguments_parse(argc, argv, &args, err);

        apply_log_options(&args);
        if (r < 0)
                return r;
        if (args.command && args.command->needs & NEEDS_WORKERS && !arguments_has(&args, "help") &&
            !arguments_has(&args, "version")) {
                r = scan_init(err); /* forks: nothing may be open yet */
                if (r < 0)
                        return r;
        }
        r = interrupt_init(err);
        if (r < 0)
                return r;
        if (arguments_has(&args, "help"))
                return show_help(&args, err);
        if (arguments_has(&args, "version"))
                return show_version(err);
        return args.command->run(&args, err);
}

int main(int argc, char **argv)
{
        struct error err = ERROR_INIT;
        int r;

        if (!setlocale(LC_ALL, "") || MB_CUR_MAX == 1)
                setlocale(LC_CTYPE, "C.UTF-8"); /* file names are UTF-8 where they are anything */
        setlocale(LC_NUMERIC, "C");
#ifdef TALLYMAN_TESTS
        hijack_init();
#endif
        r = run(argc, argv, &err);
        if (r >= 0)
                return r;
        if (r == -ECANCELED && interrupt_pending()) {
                log_error("interrupted");
                interrupt_reraise();
        }
        log_error("%s", *err.message ? err.message : error_text(r));
        return EXIT_STATUS_FAILED;
}
