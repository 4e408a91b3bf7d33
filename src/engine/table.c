/* SPDX-License-Identifier: Apache-2.0 */
/* The table of containers: how cgroups come, are looked at again, and go. */
#include <errno.h>
#include <time.h>

#include "engine/table_private.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define CONTAINERS_DEFAULT 4096
#define CGROUPS_DEFAULT 65536
#define TOMBSTONES_DEFAULT 1024
#define TOMBSTONE_SECONDS_DEFAULT 60
#define BYTES_DEFAULT (16u << 20)
#define SOCKET_MS_DEFAULT 500
#define BUCKETS_MAX 16384
#define YOUNG_SECONDS 10
#define YOUNG_TRIES_MAX 16
/* When a container is read again: one that is pending until it is known, others for what engines write late. */
#define RETRY_FIRST (NS_PER_SECOND / 10)
#define RETRY_TRIES_MAX 10
#define LATE_FACTS_SECONDS 2

static uint64_t clock_now(void *ctx)
{
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        return (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
}

static void set_defaults(struct container_options *o)
{
        o->containers_max = o->containers_max ? o->containers_max : CONTAINERS_DEFAULT;
        o->cgroups_max = o->cgroups_max ? o->cgroups_max : CGROUPS_DEFAULT;
        o->tombstones_max = o->tombstones_max ? o->tombstones_max : TOMBSTONES_DEFAULT;
        o->tombstone_seconds = o->tombstone_seconds ? o->tombstone_seconds : TOMBSTONE_SECONDS_DEFAULT;
        o->bytes_max = o->bytes_max ? o->bytes_max : BYTES_DEFAULT;
        o->socket_ms = o->socket_ms ? o->socket_ms : SOCKET_MS_DEFAULT;
        o->now = o->now ? o->now : clock_now;
}

int container_table_new(const struct container_options *options, struct container_table **ret, struct error *err)
{
        _cleanup_(container_table_freep) struct container_table *t = calloc(1, sizeof(*t));
        struct str root;
        int r;

        if (!t)
                return error_oom(err);
        t->options = *options;
        set_defaults(&t->options);
        for (t->n_buckets = 64; t->n_buckets < MIN_OF(t->options.cgroups_max, (size_t)BUCKETS_MAX); t->n_buckets *= 2)
                ;
        t->buckets = calloc(t->n_buckets, sizeof(struct entry *));
        root = str_from(options->root ? options->root : "");
        while (root.n && root.p[root.n - 1] == '/')
                root.n--;
        t->root = strndup(root.n ? root.p : "", root.n);
        if (!t->buckets || !t->root)
                return error_oom(err);
        t->engines = (struct engines){ .files = { .root = t->root, .access = options->access },
                                       .no_sockets = options->no_sockets,
                                       .socket_ms = t->options.socket_ms,
                                       .now = t->options.now,
                                       .now_ctx = options->now_ctx };
        r = hierarchy_find(&t->engines, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

struct container_table *container_table_free(struct container_table *t)
{
        if (!t)
                return NULL;
        while (t->running.first)
                slot_remove(t, &t->running, t->running.first);
        while (t->gone.first)
                slot_remove(t, &t->gone, t->gone.first);
        while (t->host.first)
                index_remove(t, t->host.first);
        free(t->buckets);
        free(t->root);
        free(t);
        return NULL;
}

const char *container_table_hierarchy(const struct container_table *t, bool *ret_v1)
{
        *ret_v1 = t->engines.v1;
        return t->engines.hierarchy;
}

/* ---- one container ---- */

static int seal(struct container_table *t, struct draft *d, uint64_t id, struct str path, bool late, uint64_t since,
                const struct container **ret, struct error *err)
{
        int r;

        d->c.cgroup_id = id;
        d->c.cgroup_path = draft_text(d, path);
        d->c.seen_late = late;
        if (!DRAFT_KNOWS(d, start) && !late)
                DRAFT_PUT(d, start, (int64_t)since);
        r = draft_seal(d, ret, err);
        if (r < 0)
                return r;
        while (t->gone.first && t->bytes + container_bytes(*ret) > t->options.bytes_max) {
                slot_remove(t, &t->gone, t->gone.first);
                t->tombstones_evicted++;
        }
        if (t->bytes + container_bytes(*ret) <= t->options.bytes_max)
                return 0;
        container_unref(*ret);
        draft_trim(d);
        t->containers_trimmed++;
        return draft_seal(d, ret, err);
}

static void plan(struct slot *slot, uint64_t now)
{
        slot->due = 0;
        if (slot->container->state == CONTAINER_PENDING) {
                if (slot->tries < RETRY_TRIES_MAX)
                        slot->due = now + (RETRY_FIRST << slot->tries++);
        } else if (!slot->read_late && !slot->seen_late) {
                slot->read_late = true;
                slot->due = now + LATE_FACTS_SECONDS * NS_PER_SECOND;
        }
}

/* Puts a container that was found into the table; an entry of the host that its cgroup had gives way. */
static int add_container(struct container_table *t, uint64_t id, struct str path, bool late, uint64_t since,
                         struct draft *d, struct slot **ret, struct error *err)
{
        const struct container *container = NULL;
        struct entry *old = index_find(t, id);
        char *copy;
        int r;

        r = seal(t, d, id, path, late, since, &container, err);
        if (r < 0)
                return r;
        copy = strndup(path.p, path.n);
        if (!copy) {
                container_unref(container);
                return error_oom(err);
        }
        if (old && old->slot && &old->slot->own == old)
                slot_remove(t, old->slot->gone ? &t->gone : &t->running, old->slot);
        else if (old)
                index_remove(t, old);
        r = slot_add(t, id, copy, container, ret, err);
        if (r < 0)
                return r;
        (*ret)->since = since;
        (*ret)->seen_late = late;
        plan(*ret, table_now(t));
        return 0;
}

/* Nothing on disk tells of it, but its name is one that only engines give. */
static int draft_unknown(const struct cgroup_name *name, struct draft *d, struct error *err)
{
        int r;

        draft_done(d);
        r = draft_init(d, err);
        if (r < 0)
                return r;
        d->c.engine = name->engine;
        d->c.uid = name->uid;
        DRAFT_SET(d, full_id, name->id);
        DRAFT_SET(d, id, ((struct str){ name->id.p, MIN_OF(name->id.n, (size_t)12) }));
        DRAFT_SET(d, type, str_from(container_engine_name(name->engine)));
        d->c.why_pending = STR_LIT("no file of its engine tells of it");
        d->c.why_no_image = d->c.why_no_image_id = d->c.why_no_digest = d->c.why_pending;
        return d->failed ? error_oom(err) : 0;
}

/* The container that a path is in but that the table does not have, from the deepest name up to what is known.
 * 1: found, *ret_name says where; 0: there is none. `late`: an empty cgroup that no engine knows is what one left behind. */
static int find_container(struct container_table *t, struct str path, const struct slot *above, bool late,
                          struct draft *d, struct cgroup_name *ret_name, struct error *err)
{
        struct cgroup_name names[ENGINE_DEPTH_MAX], *sure = NULL;
        size_t known = above ? strlen(above->path) : 0, n = cgroup_names(path, names);
        int r;

        for (size_t i = 0; i < n && names[i].path_length > known; i++) {
                struct str here = { path.p, names[i].path_length };

                r = engines_identify(&t->engines, &names[i], here, above != NULL, d, err);
                if (r == -ENOMEM)
                        return r;
                if (r == 0) {
                        *ret_name = names[i];
                        return 1;
                }
                if (names[i].strength == NAME_SURE)
                        sure = &names[i];
        }
        if (!sure || above || (late && hierarchy_is_empty(&t->engines, (struct str){ path.p, sure->path_length })))
                return 0;
        *ret_name = *sure;
        r = draft_unknown(sure, d, err);
        return r < 0 ? r : 1;
}

static int add_host(struct container_table *t, uint64_t id, struct str path, uint64_t since, struct error *err)
{
        struct entry *entry;
        struct young *young;
        int r = index_add(t, id, NULL, &entry, err);

        if (r < 0)
                return r == -ENOSPC ? 0 : r;
        young = path.n ? calloc(1, sizeof(*young)) : NULL;
        if (!young)
                return path.n ? error_oom(err) : 0;
        young->path = strndup(path.p, path.n);
        if (!young->path) {
                free(young);
                return error_oom(err);
        }
        young->since = since;
        entry->young = young;
        t->n_young++;
        return 0;
}

static int add_nested(struct container_table *t, uint64_t id, struct slot *slot, struct error *err)
{
        struct entry *entry;
        int r = index_add(t, id, slot, &entry, err);

        return r == -ENOSPC ? 0 : r;
}

static int add_path(struct container_table *t, uint64_t id, struct str path, bool late, uint64_t since, struct error *err)
{
        _cleanup_(draft_done) struct draft d = { 0 };
        struct slot *above = slot_above(t, path), *slot = NULL;
        struct cgroup_name name;
        uint64_t own = id;
        int r;

        /* Made anew under the same path: that the former is gone was not told. */
        if (above && strlen(above->path) == path.n && above->own.id != id) {
                slot_bury(t, above);
                above = slot_above(t, path);
        }
        r = find_container(t, path, above, late, &d, &name, err);
        if (r < 0)
                return r;
        if (r == 0)
                return above ? add_nested(t, id, above, err) : add_host(t, id, path, since, err);
        if (name.path_length < path.n) {
                _cleanup_free_ char *copy = strndup(path.p, name.path_length);

                if (!copy)
                        return error_oom(err);
                if (hierarchy_id(&t->engines, copy, &own, err) < 0)
                        return add_host(t, id, STR_NULL, since, err);
        }
        r = add_container(t, own, (struct str){ path.p, name.path_length }, late, since, &d, &slot, err);
        if (r < 0 || own == id)
                return r;
        return add_nested(t, id, slot, err);
}

int container_table_add_cgroup(struct container_table *t, uint64_t id, const char *path, struct error *err)
{
        _cleanup_(buf_free) struct buf found = { 0 };
        struct entry *old = index_find(t, id);
        int r;

        if (old && !(old->slot && old->slot->gone))
                return 0;
        if (old && old == &old->slot->own)
                slot_remove(t, &t->gone, old->slot);
        else if (old)
                index_remove(t, old);
        if (path) {
                buf_puts(&found, path);
        } else {
                r = hierarchy_path(&t->engines, id, &found, err);
                if (r == -ENOENT)
                        return add_host(t, id, STR_NULL, table_now(t), NULL) < 0 ? error_oom(err) : r;
                if (r < 0)
                        return r;
        }
        if (!buf_ok(&found) || !found.len || found.len > ENGINE_PATH_MAX)
                return error_say(err, -EINVAL, "not the path of a cgroup");
        return add_path(t, id, buf_str(&found), false, table_now(t), err);
}

/* ---- again ---- */

static void reread(struct container_table *t, struct slot *slot)
{
        _cleanup_(draft_done) struct draft d = { 0 };
        const struct container *container = NULL;
        struct cgroup_name names[ENGINE_DEPTH_MAX];
        struct error err = ERROR_INIT;
        struct str path = str_from(slot->path);

        /* What stands in a container is as old as its files: if they are gone by now, it stays as it was. */
        if (cgroup_names(path, names) && names[0].path_length == path.n &&
            engines_identify(&t->engines, &names[0], path, false, &d, &err) == 0 &&
            seal(t, &d, slot->own.id, path, slot->seen_late, slot->since, &container, &err) == 0)
                slot_replace(t, slot, container);
        plan(slot, table_now(t));
}

/* What the runtimes alone know of a container is written only after its cgroup was made. */
static enum container_state look_again(struct container_table *t, struct entry *entry)
{
        _cleanup_free_ char *path = TAKE_PTR(entry->young->path);
        uint64_t id = entry->id, since = entry->young->since;
        unsigned tries = entry->young->tries + 1;
        struct error err = ERROR_INIT;

        index_remove(t, entry);
        if (add_path(t, id, str_from(path), false, since, &err) < 0)
                return CONTAINER_PENDING;
        entry = index_find(t, id);
        if (entry && entry->slot)
                return entry->slot->container->state;
        if (entry && entry->young && tries >= YOUNG_TRIES_MAX)
                index_settle(t, entry);
        else if (entry && entry->young)
                entry->young->tries = tries;
        return CONTAINER_KNOWN;
}

enum container_state container_table_refresh(struct container_table *t, uint64_t id)
{
        struct entry *entry = index_find(t, id);

        if (!entry)
                return CONTAINER_KNOWN;
        if (entry->young)
                return look_again(t, entry);
        if (!entry->slot || entry->slot->gone || entry->slot->container->state == CONTAINER_KNOWN)
                return CONTAINER_KNOWN;
        reread(t, entry->slot);
        return entry->slot->container->state;
}

static void forget_old(struct container_table *t, uint64_t now)
{
        while (t->gone.first &&
               (now < t->gone.first->gone || now - t->gone.first->gone > t->options.tombstone_seconds * NS_PER_SECOND))
                slot_remove(t, &t->gone, t->gone.first);
        if (!t->n_young)
                return;
        for (struct entry *e = t->host.last; e && t->n_young; e = e->previous)
                if (e->young && (now < e->young->since || now - e->young->since > YOUNG_SECONDS * NS_PER_SECOND))
                        index_settle(t, e);
}

void container_table_tick(struct container_table *t)
{
        uint64_t now = table_now(t);

        forget_old(t, now);
        for (struct slot *s = t->running.first; s; s = s->next)
                if (s->due && now >= s->due)
                        reread(t, s);
}

void container_table_gone(struct container_table *t, uint64_t id)
{
        struct entry *entry = index_find(t, id);

        if (!entry || (entry->slot && entry->slot->gone))
                return;
        if (entry->slot && entry == &entry->slot->own)
                slot_bury(t, entry->slot);
        else
                index_remove(t, entry);
}

/* ---- all ---- */

static int see(void *ctx, uint64_t id, struct str path, struct error *err)
{
        struct container_table *t = ctx;
        struct entry *entry = index_find(t, id);
        struct slot *above = slot_above(t, path);
        int r;

        /* A container that makes cgroups without end must not keep us from seeing others. */
        if (above && strlen(above->path) < path.n && above->scanned++ >= ENGINE_NESTED_MAX)
                return WALK_PASS;
        if (!entry || (entry->slot && entry->slot->gone)) {
                if (entry)
                        container_table_gone(t, id);
                r = add_path(t, id, path, true, table_now(t), err);
                if (r < 0)
                        return r;
                entry = index_find(t, id);
        }
        if (entry)
                entry->scan = t->scan;
        return 0;
}

int container_table_scan(struct container_table *t, struct error *err)
{
        struct entry *next_entry;
        struct slot *next_slot;
        int r;

        t->scan++;
        for (struct slot *s = t->running.first; s; s = s->next)
                s->scanned = 0;
        r = hierarchy_walk(&t->engines, see, t, err);
        if (r < 0)
                return r;
        for (struct entry *e = t->host.first; e; e = next_entry) {
                next_entry = e->next;
                if (e->scan != t->scan)
                        index_remove(t, e);
        }
        for (struct slot *s = t->running.first; s; s = next_slot) {
                next_slot = s->next;
                if (s->own.scan != t->scan)
                        slot_bury(t, s);
        }
        return 0;
}

enum cgroup_kind container_table_find(const struct container_table *t, uint64_t id, const struct container **ret)
{
        const struct entry *entry = index_find(t, id);

        *ret = entry && entry->slot ? entry->slot->container : NULL;
        if (!entry)
                return CGROUP_UNKNOWN;
        if (entry->slot)
                return entry->slot->gone ? CGROUP_GONE : CGROUP_CONTAINER;
        return entry->young ? CGROUP_NEW : CGROUP_HOST;
}

int container_table_each(const struct container_table *t, bool tombstones,
                         int (*each)(void *ctx, const struct container *container, bool gone), void *ctx)
{
        int r = 0;

        for (const struct slot *s = t->running.first; s && r >= 0; s = s->next)
                r = each(ctx, s->container, false);
        for (const struct slot *s = tombstones ? t->gone.first : NULL; s && r >= 0; s = s->next)
                r = each(ctx, s->container, true);
        return r < 0 ? r : 0;
}

struct container_table_counts container_table_counts(const struct container_table *t)
{
        struct container_table_counts counts = {
                .containers = t->running.n,
                .tombstones = t->gone.n,
                .cgroups = t->n_entries,
                .bytes = t->bytes,
                .containers_trimmed = t->containers_trimmed,
                .containers_evicted = t->containers_evicted,
                .cgroups_evicted = t->cgroups_evicted,
                .tombstones_evicted = t->tombstones_evicted,
                .reads = t->engines.files.reads,
                .reads_failed = t->engines.files.failed,
                .calls = t->engines.files.calls,
                .calls_failed = t->engines.files.calls_failed,
        };

        for (const struct slot *s = t->running.first; s; s = s->next)
                counts.pending += s->container->state == CONTAINER_PENDING;
        return counts;
}
