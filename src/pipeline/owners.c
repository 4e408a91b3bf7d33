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

/* 1 if the time is up. */
static int claim_list(struct scan_result *result, const struct owned_list *list, const struct key_item *keys,
                      struct patience *patience, struct error *err)
{
        _cleanup_(claim_done) struct claim c = { .result = result };
        struct key_item wanted = { .key = list->key };
        const struct key_item *item = mem_find(&wanted, keys, result->n_packages, sizeof(*keys), compare_keys);
        struct record_list paths = list->paths;
        struct str path, next = record_list_next(&paths);

        if (!item)
                return 0; /* left behind by a package that is no longer installed */
        c.package = item->package;
        for (uint32_t n = list->paths.n; n > 0; n--) {
                int r;

                path = next;
                next = record_list_next(&paths);
                r = is_enough(patience, result, err);
                if (r == 0)
                        r = claim_path(&c, path, next, err);
                if (r != 0)
                        return r;
        }
        return 0;
}

int owners_assign(const struct owners *owners, uint64_t seconds, struct scan_result *result, struct error *err)
{
        struct patience patience = { .seconds = seconds };
        _cleanup_free_ struct key_item *keys = calloc(result->n_packages + 1, sizeof(*keys));
        uint64_t files = image_index_count(result->index);

        result->owners = calloc(files ? files : 1, sizeof(*result->owners));
        if (!keys || !result->owners)
                return error_oom(err);
        for (size_t i = 0; i < result->n_packages; i++)
                keys[i] = (struct key_item){ result->packages[i].package.key, (uint32_t)i + 1 };
        mem_sort(keys, result->n_packages, sizeof(*keys), compare_keys);
        for (size_t i = 0; i < owners->n; i++) {
                int r = claim_list(result, &owners->lists[i], keys, &patience, err);

                if (r != 0)
                        return MIN_OF(r, 0);
        }
        return 0;
}
