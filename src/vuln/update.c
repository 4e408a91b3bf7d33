/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/state.h"
#include "vuln/osv.h"
#include "vuln/update_private.h"

void update_report_done(struct update_report *report)
{
        problem_list_done(&report->problems);
}

void update_tell(struct update *u, const char *fmt, ...)
{
        char text[256];
        va_list ap;

        if (!u->options->tell)
                return;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        u->options->tell(u->options->ctx, text);
}

static void update_done(struct update *u)
{
        for (size_t i = 0; u->plans && i < u->n_plans; i++)
                plan_done(&u->plans[i]);
        free(u->plans);
        db_build_free(u->build);
        db_free(u->old);
        publisher_free(u->publisher);
        arena_free(u->arena);
        fd_close(u->lock);
        fd_close(u->downloads);
        fd_close(u->folder);
        fd_close(u->state);
        free(u->path);
}

/* ---- one at a time ---- */

static int open_folders(struct update *u, struct error *err)
{
        int r = state_open(&u->path, &u->state, err);

        if (r == 0)
                r = state_open_folder(u->state, u->path, DB_FOLDER, &u->folder, err);
        if (r == 0)
                r = state_open_folder(u->folder, u->path, "downloads", &u->downloads, err);
        if (r < 0)
                return r;
        u->lock = openat(u->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (u->lock < 0)
                return error_set(err, -errno, "open '%s/%s/lock'", u->path, DB_FOLDER);
        if (flock(u->lock, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? error_say(err, -EBUSY, "another update of the database is at work: wait for it to end") :
                                              error_set(err, -errno, "lock '%s/%s/lock'", u->path, DB_FOLDER);
        return 0;
}

/* One that can not be used is as none: the new one takes its place. */
static int open_old(struct update *u, struct error *err)
{
        struct error why = ERROR_INIT;
        int r = db_open(&u->old, &why);

        if (r == -ENOMEM)
                return error_oom(err);
        if (r < 0 && r != -ENOENT)
                problem_add(&u->report->problems, PROBLEM_NOTE, "the database at hand", "it is not used, everything is read anew: %s", why.message);
        return 0;
}

/* ---- records ---- */

struct taking {
        struct update *u;
        struct plan *plan;
};

static uint64_t time_of(const struct plan *plan, struct str name, struct str record)
{
        const struct listed *listed = listed_find(&plan->list, db_hash_id(name));
        struct vuln_record decoded;

        if (listed)
                return listed->time;
        return record_decode(record, &decoded) ? decoded.modified * 1000000 : 0;
}

/* A record is known by the name of its file; one that says another of itself is not what was published. */
static bool is_named(struct str record, struct str name)
{
        struct vuln_record decoded;

        return record_decode(record, &decoded) && str_equal(decoded.id, name);
}

static int take_record(void *ctx, struct str name, bool good, struct str bytes, struct error *err)
{
        struct taking *t = ctx;
        _cleanup_(buf_free) struct buf stub = { 0 }, where = { 0 };

        if (interrupt_check(err) < 0)
                return -ECANCELED;
        if (good && !is_named(bytes, name)) {
                good = false;
                bytes = STR_LIT("its 'id' is not the name of its file");
        }
        t->plan->part->read++;
        if (!good) {
                t->plan->part->bad++;
                buf_printf(&where, "%s/", t->plan->part->name);
                buf_add_quoted(&where, name);
                problem_add(&t->u->report->problems, PROBLEM_GAP, where.data ? where.data : "", "the record was skipped: %.*s", STR_SHOWN(bytes));
                if (!name.n || name.n > 128)
                        return 0;
                record_put_stub(&stub, name, RECORD_BAD);
                if (!buf_ok(&stub))
                        return error_oom(err);
                bytes = buf_str(&stub);
        }
        return db_build_record(t->u->build, t->plan->directory, time_of(t->plan, name, bytes), bytes, err);
}

static int read_whole(struct update *u, struct plan *plan, struct error *err)
{
        struct taking taking = { u, plan };
        const struct feed_sink sink = { .record = take_record, .ctx = &taking };
        _cleanup_close_ int fd = -EBADF;
        char path[128];
        int r;

        snprintf(path, sizeof(path), "%s/all.zip", plan->part->name);
        update_tell(u, "%s: fetching all of it", plan->part->name);
        r = publisher_file(u->publisher, path, &fd, err);
        if (r < 0)
                return r == -ENOENT ? error_wrap(err, "the ecosystem '%s' is not published there", plan->part->name) : r;
        update_tell(u, "%s: reading", plan->part->name);
        r = feed_file(FEED_ARCHIVE, fd, &sink, err);
        return r < 0 ? error_wrap(err, "%s/%s", publisher_name(u->publisher), path) : 0;
}

static int read_changes(struct update *u, struct plan *plan, struct feed *feed, struct error *err)
{
        struct taking taking = { u, plan };
        const struct feed_sink sink = { .record = take_record, .ctx = &taking };
        _cleanup_(buf_free) struct buf json = { 0 };
        int r = 0;

        for (size_t i = 0; r == 0 && i < plan->n_changed; i++) {
                char path[256];

                snprintf(path, sizeof(path), "%s/%s.json", plan->part->name, plan->changed[i]);
                r = publisher_get(u->publisher, path, OSV_JSON_MAX, &json, err);
                if (r == -ENOENT || r == -E2BIG)
                        r = take_record(&taking, str_from(plan->changed[i]), false, str_from(err->message), err);
                else if (r == 0)
                        r = feed_record(feed, str_from(plan->changed[i]), buf_str(&json), &sink, err);
        }
        return r;
}

static bool is_kept(const struct plan *plan, const struct db_record *record)
{
        struct vuln_record decoded;
        const struct listed *listed;

        if (!plan || plan->part->how == UPDATE_UNCHANGED)
                return true;
        if (plan->part->how == UPDATE_WHOLE || !record_decode(record->bytes, &decoded))
                return false;
        listed = listed_find(&plan->list, db_hash_id(decoded.id));
        return listed && listed->time == record->listed;
}

static int keep_old(struct update *u, struct error *err)
{
        struct db_record record;
        uint64_t place = 0;
        int r = 0;

        while (u->old && (r = db_next_record(u->old, &place, &record, err)) > 0) {
                uint32_t index = record.directory < DB_DIRECTORIES_MAX ? u->new_of_old[record.directory] : UINT32_MAX;

                if (index == UINT32_MAX || !is_kept(u->plan_of[index], &record))
                        continue;
                r = db_build_record(u->build, index, record.listed, record.bytes, err);
                if (r < 0)
                        return r;
        }
        return r;
}

int update_records(struct update *u, struct error *err)
{
        _cleanup_(feed_freep) struct feed *feed = NULL;
        struct db_contents *contents = db_build_contents(u->build);
        int r = keep_old(u, err);

        for (size_t i = 0; r == 0 && i < u->n_plans; i++) {
                struct plan *plan = &u->plans[i];
                struct db_directory *directory = &contents->directories[plan->directory];

                if (plan->part->how == UPDATE_WHOLE)
                        r = read_whole(u, plan, err);
                if (plan->part->how == UPDATE_CHANGES && plan->n_changed) {
                        update_tell(u, "%s: fetching %zu records", plan->part->name, plan->n_changed);
                        r = feed ? 0 : feed_open(&feed, err);
                        if (r == 0)
                                r = read_changes(u, plan, feed, err);
                }
                directory->updated = (uint64_t)time(NULL);
                directory->from = str_from(publisher_name(u->publisher));
        }
        return r == 0 && feed ? feed_close(feed, err) : r;
}

/* ---- all of it ---- */

static int start(struct update *u, int fd, struct error *err)
{
        int r;

        u->arena = arena_new();
        u->plans = calloc(DB_DIRECTORIES_MAX, sizeof(*u->plans));
        if (!u->arena || !u->plans)
                return error_oom(err);
        r = open_old(u, err);
        if (r == 0)
                r = publisher_open(u->options->from ? u->options->from : PUBLISHER_DEFAULT, u->downloads, &u->publisher, err);
        return r < 0 ? r : db_build_new(fd, u->folder, &u->build, err);
}

static int publish(struct update *u, int fd, struct error *err)
{
        const struct db_contents *contents = db_build_contents(u->build);
        struct stat st;
        int r;

        update_tell(u, "writing the database");
        r = db_build_finish(u->build, (uint64_t)time(NULL), err);
        if (r < 0)
                return r;
        if (fchmod(fd, 0400) < 0 || fstat(fd, &st) < 0)
                return error_set(err, -errno, "write the database");
        r = file_publish(fd, u->folder, DB_FILE, err);
        if (r < 0)
                return r;
        publisher_clean(u->downloads);
        u->report->bytes = (uint64_t)st.st_size;
        for (size_t i = 0; i < contents->n_directories; i++)
                u->report->records += contents->directories[i].records;
        for (size_t i = 0; i < u->n_plans; i++)
                u->plans[i].part->records = contents->directories[u->plans[i].directory].records;
        return 0;
}

int db_update(const struct update_options *options, struct update_report *ret, struct error *err)
{
        _cleanup_(update_done) struct update u = {
                .options = options, .report = ret, .state = -EBADF, .folder = -EBADF, .downloads = -EBADF, .lock = -EBADF,
        };
        _cleanup_close_ int fd = -EBADF;
        int r;

        *ret = (struct update_report){ 0 };
        r = open_folders(&u, err);
        if (r < 0)
                return r;
        fd = file_unnamed_in(u.folder, err);
        if (fd < 0)
                return fd;
        r = start(&u, fd, err);
        if (r == 0)
                r = update_plan(&u, err);
        if (r == 0)
                r = update_records(&u, err);
        if (r == 0)
                r = update_lists(&u, err);
        if (r == 0)
                r = interrupt_check(err);
        if (r == 0)
                r = publish(&u, fd, err);
        return r < 0 ? r : ret->problems.failed ? error_oom(err) : 0;
}

/* ---- from other machines ---- */

static int copy_bytes(struct str bytes, int fd, struct error *err)
{
        return file_write(fd, bytes.p, bytes.n, err);
}

int db_import(int fd, struct error *err)
{
        struct update_report report = { 0 };
        const struct update_options options = { 0 };
        _cleanup_(update_done) struct update u = {
                .options = &options, .report = &report, .state = -EBADF, .folder = -EBADF, .downloads = -EBADF, .lock = -EBADF,
        };
        _cleanup_(db_freep) struct db *db = NULL;
        _cleanup_close_ int copy = -EBADF;
        int r = open_folders(&u, err);

        if (r == 0)
                r = db_open_file(fcntl(fd, F_DUPFD_CLOEXEC, 3), &db, err);
        if (r < 0)
                return r;
        /* The bytes that are checked are ours by then: nobody changes them in between. */
        copy = file_unnamed_in(u.folder, err);
        if (copy < 0)
                return copy;
        r = copy_bytes(db_bytes(db), copy, err);
        db = db_free(db);
        if (r == 0)
                r = db_open_file(fcntl(copy, F_DUPFD_CLOEXEC, 3), &db, err);
        if (r == 0)
                r = db_verify(db, err);
        if (r < 0)
                return r;
        if (fchmod(copy, 0400) < 0 || fsync(copy) < 0)
                return error_set(err, -errno, "write the database");
        return file_publish(copy, u.folder, DB_FILE, err);
}
