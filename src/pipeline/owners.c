/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/interrupt.h"
#include "model/path.h"
#include "pipeline/owners.h"

#define LOOK_EVERY 256 /* paths, for an interrupt and the time */

struct owned_list {
        struct str key; /* of the package */
        struct record_list paths;
};

void owners_done(struct owners *owners)
{
        free(owners->lists);
        *owners = (struct owners){ 0 };
}

int owners_take(struct owners *owners, struct str payload, struct error *err)
{
        struct owned_list *list;

        if (mem_grow(&owners->lists, &owners->cap, owners->n + 1, sizeof(*owners->lists)) < 0)
                return error_oom(err);
        list = &owners->lists[owners->n];
        if (record_owned_decode(payload, &list->key, &list->paths) < 0)
                return error_say(err, -EBADMSG, "a list of a package's files is damaged");
        owners->n++;
        return 0;
}

struct key_item {
        struct str key;
        uint32_t package; /* index + 1 */
};

static int compare_keys(const void *pa, const void *pb)
{
        const struct key_item *a = pa, *b = pb;

        return str_compare(a->key, b->key);
}

/* Lists and links of a hostile image can make each path dear: the time for all of them is limited. */
struct patience {
        uint64_t seconds; /* of CPU time */
        uint64_t paths;
};

/* 1 if no more is to be looked up. */
static int is_enough(struct patience *p, struct scan_result *result, struct error *err)
{
        struct timespec used;
        int r;

        if (p->paths++ % LOOK_EVERY)
                return 0;
        r = interrupt_check(err);
        if (r < 0)
                return r;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used); /* what came before counts too: it is little */
        if ((uint64_t)used.tv_sec < p->seconds)
                return 0;
        problem_add(&result->problems, PROBLEM_GAP, "image", "which package owns which file takes more than %llu seconds of CPU "
                    "time to find out: it was given up (--limit seconds=N raises this)", (unsigned long long)p->seconds);
        return 1;
}

/* One list being gone through; the directory of the path before is kept, since lists go directory by directory. */
struct claim {
        struct scan_result *result;
        uint32_t package;
        struct buf path, parent, real_parent, full;
};

static void claim_done(struct claim *c)
{
        buf_free(&c->path);
        buf_free(&c->parent);
        buf_free(&c->real_parent);
        buf_free(&c->full);
}

/* Paths in package databases go through links such as /lib -> usr/lib: the directory is resolved, the name is not. */
static int resolve_parent(struct claim *c, struct str parent, struct error *err)
{
        struct file_entry entry;
        int r;

        if (c->real_parent.data && str_equal(buf_str(&c->parent), parent))
                return 0;
        buf_clear(&c->parent);
        buf_clear(&c->real_parent);
        buf_add_str(&c->parent, parent);
        r = image_index_resolve(c->result->index, parent, &entry, NULL, err);
        if (r < 0)
                return r;
        buf_add_str(&c->real_parent, r > 0 ? entry.path : parent);
        return buf_ok(&c->parent) && buf_ok(&c->real_parent) ? 0 : error_oom(err);
}

/* A path that the list goes on below is a directory of the package; a link that stands in its place, such as /lib, was not
 * its doing. */
static bool is_directory_of_list(const struct claim *c, struct str next)
{
        while (next.n && next.p[0] == '/') {
                next.p++;
                next.n--;
        }
        return path_below(next, buf_str(&c->path));
}

static int claim_path(struct claim *c, struct str raw, struct str next, struct error *err)
{
        struct error ignored = ERROR_INIT;
        struct file_entry entry;
        uint32_t *owner;
        uint64_t i;
        int r;

        if (path_normalize(raw, &c->path, &ignored) < 0 || c->path.len == 0 || is_directory_of_list(c, next))
                return 0;
        r = resolve_parent(c, path_parent(buf_str(&c->path)), err);
        if (r < 0)
                return r;
        buf_clear(&c->full);
        buf_add_str(&c->full, buf_str(&c->real_parent));
        if (c->full.len)
                buf_putc(&c->full, '/');
        buf_add_str(&c->full, path_name(buf_str(&c->path)));
        if (!buf_ok(&c->full))
                return error_oom(err);
        r = image_index_find(c->result->index, buf_str(&c->full), &entry, &i, err);
        if (r <= 0 || entry.type == FILE_DIRECTORY)
                return r < 0 ? r : 0;
        owner = &c->result->owners[i];
        *owner = *owner ? MIN_OF(*owner, c->package) : c->package;
        return 0;
}

struct wanted_names {
        struct str *items; /* sorted */
        size_t n;
};

static void wanted_names_done(struct wanted_names *names)
{
        free(names->items);
}

static int compare_names(const void *pa, const void *pb)
{
        const struct str *a = pa, *b = pb;

        return str_compare(*a, *b);
}

static bool is_wanted(const struct wanted_names *names, struct str path)
{
        struct str name = path_name(path);

        return !names || mem_find(&name, names->items, names->n, sizeof(name), compare_names);
}

/* 1 if the time is up. `names`: NULL for all. */
static int claim_list(struct scan_result *result, const struct owned_list *list, const struct key_item *keys, size_t n_keys,
                      const struct wanted_names *names, struct patience *patience, struct error *err)
{
        _cleanup_(claim_done) struct claim c = { .result = result };
        struct key_item wanted = { .key = list->key };
        const struct key_item *item = mem_find(&wanted, keys, n_keys, sizeof(*keys), compare_keys);
        struct record_list paths = list->paths;
        struct str path, next = record_list_next(&paths);

        if (!item)
                return 0; /* left behind by a package that is no longer installed */
        c.package = item->package;
        for (uint32_t n = list->paths.n; n > 0; n--) {
                int r;

                path = next;
                next = record_list_next(&paths);
                if (!is_wanted(names, path))
                        continue;
                r = is_enough(patience, result, err);
                if (r == 0)
                        r = claim_path(&c, path, next, err);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* ---- which packages are shipped by others ---- */

/* The names of the files that name packages of languages: only paths that end in one matter to owned_by. */
static int collect_names(const struct scan_result *result, struct wanted_names *ret, struct error *err)
{
        ret->items = calloc(result->n_packages + 1, sizeof(*ret->items));
        if (!ret->items)
                return error_oom(err);
        for (size_t i = 0; i < result->n_packages; i++)
                if (!package_is_of_distribution(&result->packages[i].package))
                        ret->items[ret->n++] = path_name(result->packages[i].path);
        mem_sort(ret->items, ret->n, sizeof(*ret->items), compare_names);
        return 0;
}

static int take_owners(struct scan_result *result, struct error *err)
{
        for (size_t i = 0; i < result->n_packages; i++) {
                struct scan_package *p = &result->packages[i];
                struct file_entry entry;
                uint64_t at;
                int r;

                if (package_is_of_distribution(&p->package))
                        continue;
                r = image_index_find(result->index, p->path, &entry, &at, err);
                if (r < 0)
                        return r;
                if (r > 0 && result->owners[at])
                        p->owned_by = result->packages[result->owners[at] - 1].purl;
        }
        return 0;
}

static int claim_all(const struct owners *owners, struct scan_result *result, const struct wanted_names *names,
                     uint64_t seconds, struct error *err)
{
        struct patience patience = { .seconds = seconds };
        _cleanup_free_ struct key_item *keys = calloc(result->n_packages + 1, sizeof(*keys));
        size_t n = 0;
        int r = 0;

        if (!keys)
                return error_oom(err);
        for (size_t i = 0; i < result->n_packages; i++)
                if (result->packages[i].package.key.n)
                        keys[n++] = (struct key_item){ result->packages[i].package.key, (uint32_t)i + 1 };
        mem_sort(keys, n, sizeof(*keys), compare_keys);
        for (size_t i = 0; r == 0 && i < owners->n; i++)
                r = claim_list(result, &owners->lists[i], keys, n, names, &patience, err);
        return MIN_OF(r, 0);
}

int owners_assign(const struct owners *owners, bool all, uint64_t seconds, struct scan_result *result, struct error *err)
{
        _cleanup_(wanted_names_done) struct wanted_names names = { 0 };
        uint64_t files = image_index_count(result->index);
        int r = collect_names(result, &names, err);

        if (r < 0 || (!all && names.n == 0))
                return r;
        result->owners = calloc(files ? files : 1, sizeof(*result->owners));
        if (!result->owners)
                return error_oom(err);
        r = claim_all(owners, result, all ? NULL : &names, seconds, err);
        if (r == 0)
                r = take_owners(result, err);
        if (!all) {
                free(result->owners);
                result->owners = NULL;
        }
        return r;
}
