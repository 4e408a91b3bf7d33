/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an image index: look-up by binary search, links followed as inside the image. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/wire.h"
#include "model/path.h"
#include "oci/image_index.h"
#include "oci/layer_format.h"

#define LINKS_MAX 40

struct image_index {
        int fd;
        struct format_map map;
        uint64_t count;
        uint64_t table;
};

int image_index_open(int fd, struct image_index **ret, struct error *err)
{
        _cleanup_(image_index_freep) struct image_index *index = calloc(1, sizeof(*index));
        struct wire_reader reader;
        int r;

        if (!index) {
                fd_close(fd);
                return error_oom(err);
        }
        index->fd = fd;
        r = format_map_open(fd, IMAGE_INDEX_MAGIC, "file index", &index->map, err);
        if (r < 0)
                return r;
        reader = wire_reader(index->map.trailer.p, index->map.trailer.n);
        index->count = wire_get_u64(&reader);
        index->table = wire_get_u64(&reader);
        if (!wire_end(&reader) || index->table > index->map.body ||
            (index->map.body - index->table) / sizeof(uint64_t) != index->count ||
            (index->map.body - index->table) % sizeof(uint64_t))
                return error_say(err, -EBADMSG, "the file index is damaged: its table does not fit");
        *ret = TAKE_PTR(index);
        return 0;
}

struct image_index *image_index_free(struct image_index *index)
{
        if (!index)
                return NULL;
        format_map_close(&index->map);
        fd_close(index->fd);
        free(index);
        return NULL;
}

uint64_t image_index_count(const struct image_index *index)
{
        return index->count;
}

void image_index_release(const struct image_index *index)
{
        format_map_release(&index->map, 0, index->map.size);
}

int image_index_get(const struct image_index *index, uint64_t i, struct file_entry *ret, struct error *err)
{
        struct wire_reader r;
        struct str payload;
        uint64_t at;

        if (i >= index->count)
                return error_say(err, -EINVAL, "the file index has no entry %llu", (unsigned long long)i);
        memcpy(&at, index->map.data + index->table + i * sizeof(at), sizeof(at));
        if (format_map_sized(&index->map, &at, index->table, &payload) < 0)
                return error_say(err, -EBADMSG, "the file index is damaged: an entry does not fit");
        r = wire_reader(payload.p, payload.n);
        if (file_entry_decode(&r, ret) < 0)
                return error_say(err, -EBADMSG, "the file index is damaged: an entry makes no sense");
        return 0;
}

int image_index_find(const struct image_index *index, struct str path, struct file_entry *ret, uint64_t *ret_i,
                     struct error *err)
{
        uint64_t low = 0, high = index->count;

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;
                struct file_entry entry;
                int r = image_index_get(index, middle, &entry, err);

                if (r < 0)
                        return r;
                r = path_compare(entry.path, path);
                if (r == 0) {
                        *ret = entry;
                        if (ret_i)
                                *ret_i = middle;
                        return 1;
                }
                if (r < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return 0;
}

/* No file can be at a path that is none: one from a package database or a link may be anything. */
static int not_a_path(int code, struct error *err)
{
        return code == -ENOMEM ? error_oom(err) : 0;
}

/* Puts where the link `entry` leads, then what was still to be walked, into `todo`. 1, or 0 if it leads nowhere. */
static int follow_link(const struct file_entry *entry, struct str rest, struct buf *todo, struct error *err)
{
        _cleanup_(buf_free) struct buf target = { 0 };
        int r = path_link_target(entry->path, entry->target, &target, NULL);

        if (r < 0)
                return not_a_path(r, err);
        if (rest.n) {
                if (target.len)
                        buf_putc(&target, '/');
                buf_add_str(&target, rest);
        }
        if (!buf_ok(&target))
                return error_oom(err);
        if (target.len > PATH_LENGTH_MAX)
                return 0; /* else a link to a path below itself would grow with every step */
        buf_free(todo);
        *todo = target;
        target = (struct buf){ 0 };
        return 1;
}

/* The end of a whole component strictly between `low` and `high`, near their middle; `high` if there is none. */
static size_t middle_of(struct str path, size_t low, size_t high)
{
        size_t middle = low + (high - low) / 2, at = middle;

        while (at > low && path.p[at] != '/')
                at--;
        if (at > low)
                return at;
        for (at = middle + 1; at < high && path.p[at] != '/'; at++)
                ;
        return at;
}

/* Finds as many of the first components of `path` as are there: 1, and *ret_end is where they end; 0 not even one. The
 * directories above an entry are all there, so that this is a search and not a walk: paths may have thousands of them. */
static int find_longest(const struct image_index *index, struct str path, struct file_entry *ret, uint64_t *ret_i,
                        size_t *ret_end, struct error *err)
{
        size_t low = 0, high = path.n, end = path.n;
        bool found = false;

        do {
                int r = image_index_find(index, (struct str){ path.p, end }, ret, ret_i, err);

                if (r < 0)
                        return r;
                if (r > 0)
                        low = end; /* the longest so far: *ret is set only by those that are found */
                else
                        high = end;
                found |= r > 0;
                end = low < high ? middle_of(path, low, high) : high;
        } while (end < high);
        *ret_end = low;
        return found;
}

/* Follows `todo` until a link is met (1, `todo` now says where to go on), or to the end (0). */
static int walk(const struct image_index *index, struct buf *todo, struct file_entry *ret, uint64_t *ret_i, bool *found,
                struct error *err)
{
        struct str path = buf_str(todo), rest;
        size_t end;
        int r = find_longest(index, path, ret, ret_i, &end, err);

        *found = false;
        if (r <= 0)
                return r;
        rest = end < path.n ? (struct str){ path.p + end + 1, path.n - end - 1 } : STR_NULL;
        if (ret->type == FILE_SYMLINK)
                return follow_link(ret, rest, todo, err);
        *found = rest.n == 0;
        return 0;
}

int image_index_resolve(const struct image_index *index, struct str path, struct file_entry *ret, uint64_t *ret_i,
                        struct error *err)
{
        _cleanup_(buf_free) struct buf todo = { 0 };
        int r;

        r = path_normalize(path, &todo, NULL);
        if (r < 0)
                return not_a_path(r, err);
        for (unsigned links = 0; links <= LINKS_MAX; links++) {
                struct file_entry entry;
                uint64_t i = 0;
                bool found;

                r = walk(index, &todo, &entry, &i, &found, err);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;
                if (!found)
                        return 0;
                *ret = entry;
                if (ret_i)
                        *ret_i = i;
                return 1;
        }
        return 0;
}
