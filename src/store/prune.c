/* SPDX-License-Identifier: Apache-2.0 */
/* Removing from the cache what is old, or what was used longest ago, and what killed processes left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "store/cache_private.h"

#define ASIDE_AGE 86400 /* seconds; nobody is still writing such a file */

struct item {
        int dir; /* borrowed */
        char name[80];
        uint64_t bytes;
        struct timespec used;
};

struct prune {
        const struct prune_options *options;
        time_t now;
        struct item *items;
        size_t n, cap;
        struct prune_report report;
};

/* "KEY" or "KEY.word": ours, also where it is of a kind that another version has. */
static bool is_entry(const char *name)
{
        size_t n = strspn(name, "0123456789abcdef");

        if (n != 64 || strlen(name) >= sizeof(((struct item *)NULL)->name))
                return false;
        return name[n] == 0 || (name[n] == '.' && name[n + 1 + strspn(name + n + 1, "abcdefghijklmnopqrstuvwxyz")] == 0);
}

/* One that went away meanwhile is neither removed by us nor kept. */
static int remove_file(struct prune *p, int dir, const char *name, uint64_t bytes, struct error *err)
{
        if (unlinkat(dir, name, 0) == 0) {
                p->report.removed_files++;
                p->report.removed_bytes += bytes;
                return 0;
        }
        return errno == ENOENT ? 0 : error_set(err, -errno, "remove '%s'", name);
}

static int take_file(struct prune *p, int dir, const char *name, struct error *err)
{
        struct item item = { .dir = dir };
        struct stat st;

        if (!is_entry(name) && !file_is_aside(name))
                return 0;
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : error_set(err, -errno, "look at '%s'", name);
        if (S_ISDIR(st.st_mode))
                return 0;
        item.bytes = (uint64_t)st.st_size;
        if (file_is_aside(name))
                return p->now - st.st_mtim.tv_sec > ASIDE_AGE ? remove_file(p, dir, name, item.bytes, err) : 0;
        item.used = st.st_mtim;
        snprintf(item.name, sizeof(item.name), "%s", name);
        if (mem_grow(&p->items, &p->cap, p->n + 1, sizeof(*p->items)) < 0)
                return error_oom(err);
        p->items[p->n++] = item;
        return 0;
}

static void close_listing(DIR **listing)
{
        if (*listing)
                closedir(*listing);
}

static int take_folder(struct prune *p, int dir, struct error *err)
{
        _cleanup_(close_listing) DIR *listing = NULL;
        struct dirent *d;
        int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0)
                return error_set(err, -errno, "list a folder");
        listing = fdopendir(fd);
        if (!listing) {
                close(fd);
                return error_oom(err);
        }
        for (errno = 0; (d = readdir(listing)); errno = 0) {
                r = interrupt_check(err);
                if (r == 0)
                        r = take_file(p, dir, d->d_name, err);
                if (r < 0)
                        return r;
        }
        return errno ? error_set(err, -errno, "list a folder") : 0;
}

/* The most recently used first. */
static int compare_items(const void *pa, const void *pb)
{
        const struct item *a = pa, *b = pb;

        if (a->used.tv_sec != b->used.tv_sec)
                return a->used.tv_sec < b->used.tv_sec ? 1 : -1;
        if (a->used.tv_nsec != b->used.tv_nsec)
                return a->used.tv_nsec < b->used.tv_nsec ? 1 : -1;
        return strcmp(a->name, b->name);
}

static bool is_too_old(const struct prune *p, const struct item *item)
{
        return p->options->older_than && p->now - item->used.tv_sec > p->options->older_than;
}

static int remove_items(struct prune *p, struct error *err)
{
        bool full = p->options->all;

        if (p->n)
                mem_sort(p->items, p->n, sizeof(*p->items), compare_items);
        for (size_t i = 0; i < p->n; i++) {
                const struct item *item = &p->items[i];
                int r = interrupt_check(err);

                full = full || is_too_old(p, item) || item->bytes > p->options->max_bytes - p->report.kept_bytes;
                if (full && r == 0)
                        r = remove_file(p, item->dir, item->name, item->bytes, err);
                if (r < 0)
                        return r;
                if (!full) {
                        p->report.kept_files++;
                        p->report.kept_bytes += item->bytes;
                }
        }
        return 0;
}

int cache_prune(struct cache *cache, const struct prune_options *options, struct prune_report *ret, struct error *err)
{
        struct prune p = { .options = options, .now = time(NULL) };
        int r = take_folder(&p, cache->dir, err);

        for (size_t i = 0; i < CACHE_KIND_MAX && r == 0; i++)
                r = take_folder(&p, cache->kinds[i], err);
        if (r == 0)
                r = remove_items(&p, err);
        free(p.items);
        if (r < 0)
                return error_wrap(err, "%s", cache->path);
        *ret = p.report;
        return 0;
}
