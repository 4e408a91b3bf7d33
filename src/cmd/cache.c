/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>

#include "cmd/command.h"
#include "store/cache.h"

static int read_options(const struct arguments *args, struct prune_options *options, struct error *err)
{
        const char *max_size = arguments_get(args, "max-size"), *older_than = arguments_get(args, "older-than");
        uint64_t seconds;
        int r;

        *options = (struct prune_options){ .max_bytes = UINT64_MAX, .all = arguments_has(args, "all") };
        if (!max_size && !older_than && !options->all)
                return error_say(err, -EINVAL, "say what to remove: --max-size, --older-than or --all");
        if (max_size) {
                r = parse_size(max_size, &options->max_bytes, err);
                if (r < 0)
                        return error_wrap(err, "--max-size");
        }
        if (older_than) {
                r = parse_age(older_than, &seconds, err);
                if (r < 0)
                        return error_wrap(err, "--older-than");
                /* 0 would mean "no limit" to the cache, and an age beyond time_t never comes. */
                options->older_than = seconds > INT32_MAX ? INT32_MAX : (time_t)MAX_OF(seconds, (uint64_t)1);
        }
        return 0;
}

static void add_amount(struct buf *text, const char *what, uint64_t files, uint64_t bytes)
{
        buf_printf(text, "%s %" PRIu64 " %s, ", what, files, files == 1 ? "file" : "files");
        buf_add_size(text, bytes);
        buf_putc(text, '\n');
}

static int cmd_cache_prune(const struct arguments *args, struct error *err)
{
        _cleanup_(cache_freep) struct cache *cache = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct prune_options options;
        struct prune_report report = { 0 };
        int r;

        r = read_options(args, &options, err);
        if (r < 0)
                return r;
        r = cache_open(&cache, err);
        if (r < 0)
                return r;
        r = cache_prune(cache, &options, &report, err);
        if (r < 0)
                return r;
        add_amount(&text, "removed", report.removed_files, report.removed_bytes);
        add_amount(&text, "kept   ", report.kept_files, report.kept_bytes);
        return print_text(&text, err);
}

/* ---- how it is called ---- */

static const struct option_spec prune_options[] = {
        { "max-size", 0, "SIZE", "Keep what was used last, up to this many bytes; with K, M, G or T." },
        { "older-than", 0, "AGE", "Remove what was not used for this long: a number with s, m, h, d or w, as in 30d." },
        { "all", 0, NULL, "Remove everything." },
        { NULL },
};

static const struct help_item prune_examples[] = {
        { "tallyman cache prune --older-than 30d --max-size 2G",
          "Removes what was not used for 30 days, then the oldest until 2 GiB are left." },
        { NULL },
};

const struct command command_cache_prune = {
        .name = "cache prune",
        .group = GROUP_GENERAL,
        .summary = "remove results of earlier scans",
        .synopsis = "[OPTION...]",
        .description = "Removes remembered layers and indexes that are no longer wanted, and prints what was removed and "
                       "what was kept. At least one of the options is needed. A later scan reads again what it needs.",
        .options = prune_options,
        .examples = prune_examples,
        .run = cmd_cache_prune,
};
