/* SPDX-License-Identifier: Apache-2.0 */
/* The lists beside the records: known exploited vulnerabilities, and EPSS. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "vuln/update_private.h"

struct list_kind {
        enum db_section section;
        const char *name, *job, *public_url, *path;
};

static const struct list_kind kinds[] = {
        { DB_KEV, "KEV", FEED_KEV, PUBLISHER_KEV, "kev/known_exploited_vulnerabilities.json" },
        { DB_EPSS, "EPSS", FEED_EPSS, PUBLISHER_EPSS, "epss/epss_scores-current.csv.gz" },
};

struct taking {
        struct update *u;
        const struct list_kind *kind;
        struct db_list *list;
};

static int take_entry(void *ctx, struct db_entry entry, struct error *err)
{
        struct taking *t = ctx;

        t->list->entries++;
        return db_build_entry(t->u->build, t->kind->section, entry, err);
}

static int take_label(void *ctx, struct str text, struct error *err)
{
        struct taking *t = ctx;

        t->list->label = (struct str){ arena_string(t->u->arena, text.p, text.n), text.n };
        return t->list->label.p ? 0 : error_oom(err);
}

static int take_bad(void *ctx, struct str where, struct str what, struct error *err)
{
        struct taking *t = ctx;
        _cleanup_(buf_free) struct buf text = { 0 };

        t->list->bad++;
        buf_printf(&text, "%s, ", t->kind->name);
        buf_add_quoted(&text, where);
        problem_add(&t->u->report->problems, PROBLEM_GAP, text.data ? text.data : t->kind->name, "skipped: %.*s", STR_SHOWN(what));
        return 0;
}

/* The open file and where it came from. -ENOENT: nobody offers it, which is as good as not asked. */
static int open_list(struct update *u, const struct list_kind *kind, const char *option, int *ret, struct str *ret_from, struct error *err)
{
        _cleanup_(publisher_freep) struct publisher *other = NULL;
        const char *from = option ? option : u->options->from ? NULL : kind->public_url;
        int r;

        if (!from) {
                *ret_from = str_from(publisher_name(u->publisher));
                return publisher_file(u->publisher, kind->path, ret, err);
        }
        *ret_from = (struct str){ arena_string(u->arena, from, strlen(from)), strlen(from) };
        if (!ret_from->p)
                return error_oom(err);
        if (!publisher_is_url(from)) {
                *ret = open(from, O_RDONLY | O_CLOEXEC);
                return *ret < 0 ? error_set(err, -errno, "open '%s'", from) : 0;
        }
        r = publisher_open(from, u->downloads, &other, err);
        return r < 0 ? r : publisher_file(other, "", ret, err);
}

/* What the database at hand has. */
static int keep_list(struct update *u, const struct list_kind *kind, struct db_list *list, struct error *err)
{
        const struct db_list *old = kind->section == DB_KEV ? &db_contents(u->old)->kev : &db_contents(u->old)->epss;
        struct db_entry entry;
        int r = 0;

        *list = *old;
        list->from = (struct str){ arena_string(u->arena, old->from.p, old->from.n), old->from.n };
        list->label = (struct str){ arena_string(u->arena, old->label.p, old->label.n), old->label.n };
        if (!list->from.p || !list->label.p)
                return error_oom(err);
        for (size_t i = 0; r == 0 && db_entry(u->old, kind->section, i, &entry); i++)
                r = db_build_entry(u->build, kind->section, entry, err);
        return r;
}

static int update_list(struct update *u, const struct list_kind *kind, const char *option, struct db_list *list, bool *ret_read,
                       struct error *err)
{
        struct taking taking = { u, kind, list };
        const struct feed_sink sink = { .entry = take_entry, .label = take_label, .bad = take_bad, .ctx = &taking };
        struct error why = ERROR_INIT;
        _cleanup_close_ int fd = -EBADF;
        int r;

        update_tell(u, "%s: fetching", kind->name);
        r = open_list(u, kind, option, &fd, &list->from, &why);
        if (r < 0 && (option || r == -ECANCELED || r == -ENOMEM)) {
                *err = why;
                return r;
        }
        if (r < 0) {
                if (r != -ENOENT)
                        problem_add(&u->report->problems, PROBLEM_GAP, kind->name, "it was not updated: %s", why.message);
                return u->old ? keep_list(u, kind, list, err) : 0;
        }
        r = feed_file(kind->job, fd, &sink, err);
        if (r < 0)
                return error_wrap(err, "%s (%.*s)", kind->name, STR_SHOWN(list->from));
        list->updated = (uint64_t)time(NULL);
        *ret_read = true;
        return 0;
}

int update_lists(struct update *u, struct error *err)
{
        struct db_contents *contents = db_build_contents(u->build);
        int r = update_list(u, &kinds[0], u->options->kev, &contents->kev, &u->report->kev, err);

        return r < 0 ? r : update_list(u, &kinds[1], u->options->epss, &contents->epss, &u->report->epss, err);
}
