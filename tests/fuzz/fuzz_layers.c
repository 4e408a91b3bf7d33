/* SPDX-License-Identifier: Apache-2.0 */
/* Walking layer files and file indexes to their ends: shared by the targets that make them and that read them. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"
#include "model/path.h"
#include "oci/image_index.h"
#include "oci/layer_file.h"

struct reading {
        bool ours; /* written by our own code a moment ago: nothing in it may be amiss */
};

static int take_record(void *ctx, const struct layer_record *record, struct error *err)
{
        const struct reading *reading = ctx;
        bool good = fuzz_record_decodes(record->kind, record->payload);

        HOLDS(good || !reading->ours);
        return 0;
}

void fuzz_read_layer(const struct layer_file *lf, bool ours)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct reading reading = { ours };
        struct error err = ERROR_INIT;
        uint64_t n = 0;
        int r = 0;

        for (size_t run = 0; run < layer_file_runs(lf); run++) {
                struct layer_cursor cursor;
                struct file_entry entry;

                layer_cursor_init(&cursor, lf, run);
                while ((r = layer_cursor_next(&cursor, &entry, &err)) > 0)
                        n++;
                HOLDS_OR(r == 0 || !ours, err);
        }
        HOLDS(!ours || n == layer_file_entries(lf));
        r = layer_file_records(lf, take_record, &reading, &err);
        HOLDS_OR(r == 0 || !ours, err);
        r = layer_file_problems(lf, "layer 0", &problems, &err);
        HOLDS_OR(r == 0 || !ours, err);
}

/* Resolving, one component after the other. 1 found, 0 not. */
static int resolve_slowly(const struct image_index *index, struct str path, struct file_entry *ret)
{
        _cleanup_(buf_free) struct buf todo = { 0 };
        struct error err = ERROR_INIT;
        size_t end = 0;
        int links = 0;

        buf_add_str(&todo, path);
        while (buf_ok(&todo)) {
                _cleanup_(buf_free) struct buf target = { 0 };

                while (end < todo.len && todo.data[end] != '/')
                        end++;
                if (image_index_find(index, (struct str){ todo.data, end }, ret, NULL, &err) <= 0)
                        return 0;
                if (ret->type != FILE_SYMLINK && end == todo.len)
                        return 1;
                if (ret->type == FILE_DIRECTORY) {
                        end++;
                        continue;
                }
                if (ret->type != FILE_SYMLINK || ++links > 40 ||
                    path_link_target(ret->path, ret->target, &target, &err) < 0)
                        return 0;
                if (end < todo.len)
                        buf_add(&target, todo.data + end + !target.len, todo.len - end - !target.len);
                if (target.len > PATH_LENGTH_MAX)
                        return 0;
                buf_clear(&todo);
                buf_add_str(&todo, buf_str(&target));
                end = 0;
        }
        return 0;
}

static void check_resolving(const struct image_index *index, struct str path)
{
        struct file_entry found, expected;
        struct error err = ERROR_INIT;
        int r = image_index_resolve(index, path, &found, NULL, &err), e = resolve_slowly(index, path, &expected);

        HOLDS_OR(r == e, err);
        HOLDS(r <= 0 || str_equal(found.path, expected.path));
}

/* What an index that we wrote promises of each entry, the one before it given. */
static void check_entry(const struct image_index *index, const struct file_entry *entry, uint64_t i, struct str before)
{
        struct error err = ERROR_INIT;
        _cleanup_(buf_free) struct buf below = { 0 }, path = { 0 };
        struct file_entry found;
        uint64_t at = 0;

        HOLDS(entry->type < FILE_HARDLINK);
        HOLDS(i == 0 || path_compare(before, entry->path) < 0);
        HOLDS_OR(image_index_find(index, entry->path, &found, &at, &err) == 1, err);
        HOLDS(at == i);
        if (path_parent(entry->path).n) {
                HOLDS_OR(image_index_find(index, path_parent(entry->path), &found, NULL, &err) == 1, err);
                HOLDS(found.type == FILE_DIRECTORY);
        }
        buf_add_str(&below, entry->path);
        check_resolving(index, buf_str(&below));
        buf_puts(&below, below.len ? "/a/../b" : "a");
        if (buf_ok(&below) && path_normalize(buf_str(&below), &path, &err) == 0)
                check_resolving(index, buf_str(&path));
}

bool fuzz_read_index(int fd, bool ours)
{
        _cleanup_(image_index_freep) struct image_index *index = NULL;
        struct error err = ERROR_INIT;
        struct str before = STR_NULL;

        if (image_index_open(fd, &index, &err) < 0) {
                HOLDS_OR(!ours, err);
                return false;
        }
        for (uint64_t i = 0; i < image_index_count(index); i++) {
                struct file_entry entry, found;
                int r = image_index_get(index, i, &entry, &err);

                HOLDS_OR(r == 0 || !ours, err);
                if (r < 0)
                        continue;
                if (ours)
                        check_entry(index, &entry, i, before);
                before = entry.path;
                r = image_index_resolve(index, entry.path, &found, NULL, &err);
                HOLDS_OR(r >= 0 || !ours, err);
        }
        image_index_release(index);
        return true;
}

void fuzz_merge(struct layer_file *const *layers, size_t n)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct error err = ERROR_INIT;
        int fd = fuzz_file("", 0);

        if (image_index_write(layers, n, fd, &problems, &err) < 0) {
                close(fd);
                return;
        }
        fuzz_read_index(fd, true);
}
