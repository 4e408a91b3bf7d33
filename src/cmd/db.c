/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/db.h"
#include "cmd/shared_options.h"
#include "vuln/update.h"

#define PROBLEMS_SHOWN 20

void db_add_time(struct buf *out, uint64_t seconds)
{
        time_t t = (time_t)seconds;
        struct tm tm;
        char text[32];

        if (!seconds || !gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm))
                buf_puts(out, "never");
        else
                buf_puts(out, text);
}

static int open_db(struct db **ret, struct error *err)
{
        int r = hash_init(err);

        return r < 0 ? r : db_open(ret, err);
}

/* ---- update ---- */

static void tell(void *ctx, const char *what)
{
        log_info("%s", what);
}

static int write_stdout(void *ctx, const char *data, size_t n, struct error *err)
{
        return output_write(ctx, data, n, err);
}

static void tell_problems(const struct problem_list *problems)
{
        size_t n = MIN_OF(problems->n, (size_t)PROBLEMS_SHOWN);

        for (size_t i = 0; i < n; i++)
                log_warning("%s: %s", problems->items[i].where, problems->items[i].what);
        if (problems->n + problems->more > n)
                log_warning("%zu more could not be read", problems->n + problems->more - n);
}

static void add_part(struct buf *text, const struct update_part *part)
{
        buf_printf(text, "%-14s  %8" PRIu32 " records", part->name, part->records);
        if (part->how == UPDATE_UNCHANGED)
                buf_puts(text, ", nothing new");
        else if (part->how == UPDATE_WHOLE)
                buf_puts(text, ", all read anew");
        else
                buf_printf(text, ", %" PRIu32 " changed", part->read);
        if (part->removed && part->how != UPDATE_UNCHANGED)
                buf_printf(text, ", %" PRIu32 " gone", part->removed);
        if (part->bad)
                buf_printf(text, ", %" PRIu32 " skipped", part->bad);
        buf_putc(text, '\n');
}

static int report_update(const struct update_report *report, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        for (size_t i = 0; i < report->n_parts; i++)
                add_part(&text, &report->parts[i]);
        buf_printf(&text, "KEV %s, EPSS %s\n%" PRIu64 " records in all, ", report->kev ? "updated" : "not updated",
                   report->epss ? "updated" : "not updated", report->records);
        buf_add_size(&text, report->bytes);
        buf_putc(&text, '\n');
        return print_text(&text, err);
}

static int cmd_db_update(const struct arguments *args, struct error *err)
{
        _cleanup_(update_report_done) struct update_report report = { 0 };
        _cleanup_free_ const char **ecosystems = calloc(args->n_options + 1, sizeof(*ecosystems));
        struct update_options options = {
                .from = arguments_get(args, "from"), .kev = arguments_get(args, "kev"), .epss = arguments_get(args, "epss"), .tell = tell,
        };
        int r;

        if (!ecosystems)
                return error_oom(err);
        for (size_t i = 0; i < args->n_options; i++)
                if (strcmp(args->options[i].spec->name, "ecosystem") == 0)
                        ecosystems[options.n_ecosystems++] = args->options[i].value;
        options.ecosystems = ecosystems;
        r = db_update(&options, &report, err);
        tell_problems(&report.problems);
        if (r < 0)
                return r;
        r = report_update(&report, err);
        if (r < 0)
                return r;
        return problem_list_complete(&report.problems) ? EXIT_STATUS_DONE : EXIT_STATUS_INCOMPLETE;
}

/* ---- status ---- */

static void add_age(struct buf *text, uint64_t then)
{
        uint64_t now = (uint64_t)time(NULL), age = now > then ? now - then : 0;

        if (age >= 2 * 86400)
                buf_printf(text, "%" PRIu64 " days old", age / 86400);
        else if (age >= 2 * 3600)
                buf_printf(text, "%" PRIu64 " hours old", age / 3600);
        else
                buf_printf(text, "%" PRIu64 " minutes old", age / 60);
}

static void add_list(struct buf *text, const char *name, const struct db_list *list)
{
        buf_printf(text, "%-12s  ", name);
        if (!list->updated) {
                buf_puts(text, "none\n");
                return;
        }
        buf_printf(text, "%" PRIu32 " entries of ", list->entries);
        buf_add_quoted(text, list->label);
        buf_puts(text, ", updated ");
        db_add_time(text, list->updated);
        if (list->bad)
                buf_printf(text, ", %" PRIu32 " lines skipped", list->bad);
        buf_putc(text, '\n');
}

static void add_directory(struct buf *text, const struct db_directory *d)
{
        _cleanup_(buf_free) struct buf name = { 0 };

        buf_add_quoted(&name, d->name);
        buf_printf(text, "%-14s  %8" PRIu32 "  %9" PRIu32 "  %7" PRIu32 "  ", name.data ? name.data : "", d->records, d->withdrawn, d->bad);
        db_add_time(text, d->newest);
        buf_puts(text, "  ");
        db_add_time(text, d->updated);
        buf_puts(text, ", ");
        add_age(text, d->updated);
        buf_putc(text, '\n');
}

static int status_table(const struct db *db, struct error *err)
{
        const struct db_contents *c = db_contents(db);
        _cleanup_(buf_free) struct buf text = { 0 };
        uint64_t records = 0;

        for (size_t i = 0; i < c->n_directories; i++)
                records += c->directories[i].records;
        buf_printf(&text, "%-12s  made ", "Database");
        db_add_time(&text, db_made_at(db));
        buf_puts(&text, ", ");
        add_age(&text, db_made_at(db));
        buf_printf(&text, "\n%-12s  %" PRIu64 ", ", "Records", records);
        buf_add_size(&text, db_size(db));
        buf_putc(&text, '\n');
        add_list(&text, "KEV", &c->kev);
        add_list(&text, "EPSS", &c->epss);
        buf_printf(&text, "\n%-14s  %8s  %9s  %7s  %-16s  %s\n", "ECOSYSTEM", "RECORDS", "WITHDRAWN", "SKIPPED", "NEWEST", "UPDATED");
        for (size_t i = 0; i < c->n_directories; i++)
                add_directory(&text, &c->directories[i]);
        return print_text(&text, err);
}

static void write_list(struct json_writer *w, const char *name, const struct db_list *list)
{
        json_write_key(w, name);
        if (!list->updated) {
                json_write_null(w);
                return;
        }
        json_write_object_begin(w);
        json_put_u64(w, "entries", list->entries);
        json_put_str(w, "label", list->label);
        json_put_u64(w, "updated", list->updated);
        json_put_str(w, "from", list->from);
        json_put_u64(w, "skipped", list->bad);
        json_write_object_end(w);
}

static void write_directory(struct json_writer *w, const struct db_directory *d)
{
        const struct {
                const char *key;
                uint64_t value;
        } numbers[] = {
                { "records", d->records }, { "withdrawn", d->withdrawn }, { "not-about-security", d->left_out }, { "skipped", d->bad },
                { "odd-versions", d->odd_versions }, { "odd-ranges", d->odd_ranges }, { "no-ranges", d->no_ranges },
                { "newest", d->newest }, { "updated", d->updated },
        };

        json_write_object_begin(w);
        json_put_str(w, "name", d->name);
        json_put_str(w, "from", d->from);
        for (size_t i = 0; i < ELEMENTS_OF(numbers); i++) {
                json_put_u64(w, numbers[i].key, numbers[i].value);
        }
        json_write_object_end(w);
}

static void status_json(const struct db *db, struct json_writer *w)
{
        const struct db_contents *c = db_contents(db);
        uint64_t now = (uint64_t)time(NULL);

        json_write_object_begin(w);
        json_put_u64(w, "made", db_made_at(db));
        json_put_u64(w, "age", now > db_made_at(db) ? now - db_made_at(db) : 0);
        json_put_u64(w, "bytes", db_size(db));
        write_list(w, "kev", &c->kev);
        write_list(w, "epss", &c->epss);
        json_put_begin(w, "ecosystems", true);
        for (size_t i = 0; i < c->n_directories; i++)
                write_directory(w, &c->directories[i]);
        json_write_array_end(w);
        json_put_begin(w, "releases", false);
        for (size_t i = 0; i < c->n_releases; i++) {
                _cleanup_(buf_free) struct buf name = { 0 };

                buf_add_utf8(&name, c->releases[i].name);
                json_put_u64(w, name.data ? name.data : "", c->releases[i].n);
        }
        json_write_object_end(w);
        json_write_object_end(w);
}

static bool wants_json(const struct arguments *args)
{
        const char *format = arguments_get(args, "format");

        return format && strcmp(format, "json") == 0;
}

static int finish_json(struct json_writer *w, struct output *out, struct error *err)
{
        int r = json_writer_finish(w, err);

        return r < 0 ? r : output_finish(out, err);
}

static int cmd_db_status(const struct arguments *args, struct error *err)
{
        _cleanup_(db_freep) struct db *db = NULL;
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        _cleanup_(output_freep) struct output *out = NULL;
        int r = open_db(&db, err);

        if (r < 0)
                return r;
        if (!wants_json(args))
                return status_table(db, err);
        r = output_stdout(&out, err);
        if (r == 0)
                r = json_writer_new(write_stdout, out, 2, &w, err);
        if (r < 0)
                return r;
        status_json(db, w);
        return finish_json(w, out, err);
}

/* ---- show ---- */

static int show_all(const struct db *db, const char *id, struct buf *text, struct json_writer *w)
{
        uint64_t key = db_hash_id(str_from(id));
        size_t first, n = db_find(db, DB_IDS, key, &first);
        uint32_t last = UINT32_MAX;
        int shown = 0;

        for (size_t i = 0; i < n; i++) {
                struct db_entry entry;
                struct db_record place;
                struct vuln_record record;

                if (!db_entry(db, DB_IDS, first + i, &entry) || entry.a == last || !db_record_at(db, entry.a, &place) ||
                    !record_decode(place.bytes, &record))
                        continue;
                last = entry.a;
                shown++;
                if (w)
                        db_write_record(db, &record, &place, w);
                else
                        db_show_record(db, &record, &place, text);
        }
        return shown;
}

static int cmd_db_show(const struct arguments *args, struct error *err)
{
        _cleanup_(db_freep) struct db *db = NULL;
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        _cleanup_(output_freep) struct output *out = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = open_db(&db, err);

        if (r < 0)
                return r;
        if (wants_json(args)) {
                r = output_stdout(&out, err);
                if (r == 0)
                        r = json_writer_new(write_stdout, out, 2, &w, err);
                if (r < 0)
                        return r;
                json_write_array_begin(w);
        }
        if (!show_all(db, args->operands[0], &text, w))
                return error_say(err, -ENOENT, "no record of the database has or names '%s'", args->operands[0]);
        if (!w)
                return print_text(&text, err);
        json_write_array_end(w);
        return finish_json(w, out, err);
}

/* ---- export, import ---- */

static int cmd_db_export(const struct arguments *args, struct error *err)
{
        _cleanup_(db_freep) struct db *db = NULL;
        _cleanup_(output_freep) struct output *out = NULL;
        struct str bytes;
        int r = open_db(&db, err);

        if (r == 0)
                r = db_verify(db, err);
        if (r == 0)
                r = output_open(args->operands[0], &out, err);
        if (r < 0)
                return r;
        bytes = db_bytes(db);
        for (size_t at = 0, n; r == 0 && at < bytes.n; at += n) {
                n = MIN_OF(bytes.n - at, (size_t)1 << 20);
                r = output_write(out, bytes.p + at, n, err);
        }
        return r < 0 ? r : output_finish(out, err);
}

static int cmd_db_import(const struct arguments *args, struct error *err)
{
        _cleanup_close_ int fd = open(args->operands[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int r = hash_init(err);

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", args->operands[0]);
        if (r == 0)
                r = db_import(fd, err);
        return r < 0 ? error_wrap(err, "%s", args->operands[0]) : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

static const struct option_spec update_options[] = {
        { "from", 0, "URL|DIR", "Where records come from, in the layout of the public OSV bucket, which is the default." },
        { "ecosystem", 0, "NAME", "Update only this one; the others stay as they are. May be repeated. The default is all that are "
                                  "published there and known here.", NULL, true },
        { "kev", 0, "URL|FILE", "Where the list of known exploited vulnerabilities comes from. The default is CISA's, or with --from the "
                                "file kev/known_exploited_vulnerabilities.json there, if it exists." },
        { "epss", 0, "URL|FILE", "Where EPSS scores come from. The default is FIRST's, or with --from the file "
                                 "epss/epss_scores-current.csv.gz there, if it exists." },
        { NULL },
};

static const struct help_item update_examples[] = {
        { "tallyman db update --ecosystem Debian --ecosystem PyPI", "Fetches what images of Debian with Python need." },
        { "tallyman db update --from /mnt/osv-copy", "Reads a copy of the bucket, without network." },
        { NULL },
};

const struct command command_db_update = {
        .name = "db update",
        .group = GROUP_GENERAL,
        .summary = "fetch what is known of vulnerabilities",
        .synopsis = "[OPTION...]",
        .description =
                "Makes or renews the database that scans are held against: records as OSV publishes them, CISA's list of known "
                "exploited vulnerabilities, and EPSS scores. The first time an ecosystem is fetched whole, later only the records "
                "that have changed. The new database takes the place of the old one in one step; scans never wait, and an "
                "update that fails leaves the old one. A record that can not be read is skipped, named, and makes the exit "
                "status 3.",
        .options = update_options,
        .examples = update_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_db_update,
};

const struct command command_db_status = {
        .name = "db status",
        .group = GROUP_GENERAL,
        .summary = "show the age of the database and what it holds",
        .synopsis = "[OPTION...]",
        .description = "Shows when the database was made, and for each ecosystem how many records there are, how new they are "
                       "and when they were fetched. Without a database the exit status is 2.",
        .options = db_format_options,
        .run = cmd_db_status,
};

const struct command command_db_show = {
        .name = "db show",
        .group = GROUP_GENERAL,
        .summary = "show what the database says of a vulnerability",
        .synopsis = "[OPTION...] ID",
        .description = "Shows every record that has this identifier or names it as an alias, as what it comes from, or as related.",
        .options = db_format_options,
        .operand = { "ID", "An identifier: CVE-2024-1234, GHSA-..., DSA-...", NULL, 1, 1 },
        .run = cmd_db_show,
};

const struct command command_db_export = {
        .name = "db export",
        .group = GROUP_GENERAL,
        .summary = "write the database to a file, for a machine without network",
        .synopsis = "FILE",
        .description = "Checks the database and writes it to one file, which db import reads elsewhere.",
        .operand = { "FILE", "The file to write.", NULL, 1, 1 },
        .run = cmd_db_export,
};

const struct command command_db_import = {
        .name = "db import",
        .group = GROUP_GENERAL,
        .summary = "take a database that another machine exported",
        .synopsis = "FILE",
        .description = "Checks all of the file, then puts it in the place of the database. It keeps the age that it has.",
        .operand = { "FILE", "What db export wrote.", NULL, 1, 1 },
        .run = cmd_db_import,
};
