/* SPDX-License-Identifier: Apache-2.0 */
/* What an update has to do: which ecosystems, and of each which records have changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "vuln/osv.h"
#include "vuln/update_private.h"
#include "vuln/version.h"

#define LIST_BYTES_MAX (1u << 30)  /* of modified_id.csv */
#define NAMES_BYTES_MAX (1u << 20) /* of ecosystems.txt */
#define FEW_CHANGES 64             /* so many are always fetched one by one … */
#define FEW_CHANGES_SHARE 10       /* … or this part of all */
#define CHANGES_MAX 100000

int listed_add(struct listed_set *set, uint64_t hash, uint64_t time, struct error *err)
{
        if (mem_grow(&set->items, &set->cap, set->n + 1, sizeof(*set->items)) < 0)
                return error_oom(err);
        set->items[set->n++] = (struct listed){ hash, time };
        return 0;
}

static int compare_listed(const void *a, const void *b)
{
        const struct listed *x = a, *y = b;

        return x->hash == y->hash ? 0 : x->hash < y->hash ? -1 : 1;
}

void listed_sort(struct listed_set *set)
{
        mem_sort(set->items, set->n, sizeof(*set->items), compare_listed);
}

const struct listed *listed_find(const struct listed_set *set, uint64_t hash)
{
        const struct listed key = { .hash = hash };

        return mem_find(&key, set->items, set->n, sizeof(key), compare_listed);
}

void plan_done(struct plan *plan)
{
        free(plan->list.items);
        free(plan->old.items);
        for (size_t i = 0; i < plan->n_changed; i++)
                free(plan->changed[i]);
        free(plan->changed);
}

/* ---- which ecosystems ---- */

static int find_directory(const struct db_contents *c, struct str name)
{
        for (size_t i = 0; i < c->n_directories; i++)
                if (str_equal(c->directories[i].name, name))
                        return (int)i;
        return -1;
}

static int copy_text(struct update *u, struct str text, struct str *ret, struct error *err)
{
        *ret = (struct str){ arena_string(u->arena, text.p, text.n), text.n };
        return ret->p ? 0 : error_oom(err);
}

static int add_directory(struct update *u, struct str name, int *ret, struct error *err)
{
        struct db_contents *c = db_build_contents(u->build);

        *ret = find_directory(c, name);
        if (*ret >= 0)
                return 0;
        if (c->n_directories == DB_DIRECTORIES_MAX)
                return error_say(err, -E2BIG, "more than %d ecosystems", DB_DIRECTORIES_MAX);
        *ret = (int)c->n_directories++;
        return copy_text(u, name, &c->directories[*ret].name, err);
}

/* What the database at hand has stays, unless it is read anew. */
static int take_old(struct update *u, struct error *err)
{
        struct db_contents *c = db_build_contents(u->build);
        int r = 0, index;

        for (size_t i = 0; u->old && r == 0 && i < db_contents(u->old)->n_directories; i++) {
                const struct db_directory *d = &db_contents(u->old)->directories[i];

                r = add_directory(u, d->name, &index, err);
                if (r < 0)
                        break;
                u->new_of_old[i] = (uint32_t)index;
                c->directories[index].updated = d->updated;
                r = copy_text(u, d->from, &c->directories[index].from, err);
        }
        return r;
}

static int plan_ecosystem(struct update *u, struct str name, struct error *err)
{
        struct plan *plan = &u->plans[u->n_plans];
        int index, r;

        if (!name.n || name.n >= sizeof(u->report->parts[0].name) || memchr(name.p, '/', name.n) || *name.p == '.')
                return error_say(err, -EINVAL, "'%.*s' can not be the name of an ecosystem", STR_SHOWN(name));
        r = add_directory(u, name, &index, err);
        if (r < 0 || u->plan_of[index])
                return r;
        u->plan_of[index] = plan;
        u->n_plans++;
        plan->directory = (uint32_t)index;
        plan->part = &u->report->parts[u->report->n_parts++];
        snprintf(plan->part->name, sizeof(plan->part->name), "%.*s", STR_ARG(name));
        return 0;
}

/* Without names: all that the publisher has and that can be compared. */
static int plan_all(struct update *u, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct str rest;
        int r = publisher_get(u->publisher, "ecosystems.txt", NAMES_BYTES_MAX, &text, err);

        if (r < 0)
                return r == -ENOENT ? error_wrap(err, "this is not the layout of the OSV bucket") : r;
        rest = buf_str(&text);
        while (r == 0 && rest.n) {
                struct str line = str_trim(str_cut(&rest, '\n')), suffix = line;

                str_cut(&suffix, ':'); /* older layouts have a directory for each release as well */
                if (line.n && !suffix.p && version_order_of(line))
                        r = plan_ecosystem(u, line, err);
        }
        if (r == 0 && !u->n_plans)
                r = error_say(err, -EBADMSG, "%s/ecosystems.txt names no ecosystem that is known here", publisher_name(u->publisher));
        return r;
}

/* ---- what has changed ---- */

/* Any change of it tells, whatever it says. */
static uint64_t time_of(struct str text)
{
        uint64_t micro;

        return osv_time(text, &micro) ? micro : db_hash_id(text);
}

static int take_line(struct plan *plan, struct str line, size_t number, struct error *err)
{
        struct str id = line, time;

        if (!line.n)
                return 0;
        time = str_cut(&id, ',');
        if (!time.n || !id.n || id.n > 128 || memchr(id.p, '/', id.n))
                return error_say(err, -EBADMSG, "%s/modified_id.csv, line %zu: expected 'time,identifier'", plan->part->name, number);
        return listed_add(&plan->list, db_hash_id(id), time_of(time), err);
}

static int read_list(struct update *u, struct plan *plan, struct buf *text, struct error *err)
{
        char path[128];
        struct str rest;
        size_t number = 0;
        int r;

        snprintf(path, sizeof(path), "%s/modified_id.csv", plan->part->name);
        r = publisher_get(u->publisher, path, LIST_BYTES_MAX, text, err);
        if (r == -ENOENT) { /* then it is read whole */
                *err = (struct error)ERROR_INIT;
                return 0;
        }
        plan->has_list = r == 0;
        rest = buf_str(text);
        while (r == 0 && rest.n)
                r = take_line(plan, str_trim(str_cut(&rest, '\n')), ++number, err);
        listed_sort(&plan->list);
        return r;
}

/* The identifiers that are new or were changed, as far as they are few. */
static int find_changes(struct plan *plan, struct str rest, struct error *err)
{
        size_t few = MIN_OF(MAX_OF(plan->list.n / FEW_CHANGES_SHARE, (size_t)FEW_CHANGES), (size_t)CHANGES_MAX);

        while (rest.n) {
                struct str id = str_trim(str_cut(&rest, '\n')), time = str_cut(&id, ',');
                const struct listed *old = listed_find(&plan->old, db_hash_id(id));

                if (!id.n || (old && old->time == time_of(time)))
                        continue;
                plan->changes++;
                if (plan->changes > few || !plan->old.n)
                        continue;
                if (mem_grow(&plan->changed, &plan->cap_changed, plan->n_changed + 1, sizeof(*plan->changed)) < 0)
                        return error_oom(err);
                plan->changed[plan->n_changed] = strndup(id.p, id.n);
                if (!plan->changed[plan->n_changed++])
                        return error_oom(err);
        }
        return 0;
}

/* One of them must be there on its own, or they are only in the archive (a copy of the bucket may leave them out). */
static int probe(struct update *u, const struct plan *plan, bool *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf json = { 0 };
        char path[256];
        int r;

        snprintf(path, sizeof(path), "%s/%s.json", plan->part->name, plan->changed[0]);
        r = publisher_get(u->publisher, path, OSV_JSON_MAX, &json, err);
        *ret = r == 0 || r == -E2BIG;
        if (r == -ENOENT || r == -E2BIG) {
                *err = (struct error)ERROR_INIT;
                return 0;
        }
        return r;
}

static void count_removed(struct plan *plan)
{
        for (size_t i = 0; i < plan->old.n; i++)
                plan->part->removed += !listed_find(&plan->list, plan->old.items[i].hash);
}

static int plan_one(struct update *u, struct plan *plan, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        bool there = true;
        int r = read_list(u, plan, &text, err);

        plan->part->how = UPDATE_WHOLE;
        if (r < 0 || !plan->has_list)
                return r;
        r = find_changes(plan, buf_str(&text), err);
        if (r < 0 || !plan->old.n)
                return r;
        count_removed(plan);
        if (plan->changes > plan->n_changed)
                return 0;
        if (plan->n_changed)
                r = probe(u, plan, &there, err);
        if (there)
                plan->part->how = plan->n_changed || plan->part->removed ? UPDATE_CHANGES : UPDATE_UNCHANGED;
        return r;
}

static int read_old(struct update *u, struct error *err)
{
        struct db_record record;
        struct vuln_record decoded;
        uint64_t place = 0;
        int r = 0;

        while (u->old && (r = db_next_record(u->old, &place, &record, err)) > 0) {
                uint32_t index = record.directory < DB_DIRECTORIES_MAX ? u->new_of_old[record.directory] : UINT32_MAX;
                struct plan *plan = index == UINT32_MAX ? NULL : u->plan_of[index];

                if (!plan || !record_decode(record.bytes, &decoded))
                        continue;
                r = listed_add(&plan->old, db_hash_id(decoded.id), record.listed, err);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < u->n_plans; i++)
                listed_sort(&u->plans[i].old);
        return r;
}

int update_plan(struct update *u, struct error *err)
{
        int r;

        for (size_t i = 0; i < DB_DIRECTORIES_MAX; i++)
                u->new_of_old[i] = UINT32_MAX;
        r = take_old(u, err);
        for (size_t i = 0; r == 0 && i < u->options->n_ecosystems; i++)
                r = plan_ecosystem(u, str_from(u->options->ecosystems[i]), err);
        if (r == 0 && u->options->n_ecosystems == 0)
                r = plan_all(u, err);
        if (r == 0)
                r = read_old(u, err);
        for (size_t i = 0; r == 0 && i < u->n_plans; i++) {
                update_tell(u, "%s: asking what has changed", u->plans[i].part->name);
                r = plan_one(u, &u->plans[i], err);
                if (r == 0)
                        r = interrupt_check(err);
        }
        return r;
}
