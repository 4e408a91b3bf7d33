/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers into one view, in one pass over all runs in path order. What hides what is decided with a stack of the current
 * path's ancestors: each knows the lowest layer whose entries below it still count (its `cut`).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wire.h"
#include "model/path.h"
#include "oci/image_index.h"
#include "oci/layer_format.h"

#define NO_LAYER (-1)
#define LINKS_MAX 500000           /* hard links to files of other layers: each is held in memory */
#define IMPLIED_MAX (256ull << 20) /* bytes of paths of directories that no layer names: a deep path implies many */

struct input {
        struct layer_cursor cursor;
        struct file_entry entry;
        int layer;
};

struct level {
        size_t length;  /* of this directory's path within merge.path */
        int cut;        /* entries below it from lower layers are hidden */
        int blocker;    /* layer of the non-directory that is visible here, NO_LAYER if none */
        bool written;   /* stands in the index as a directory */
};

/* Everything that the layers say of one path. */
struct group {
        struct str path;
        struct file_entry winner;
        int winner_layer; /* NO_LAYER: no entry */
        int whiteout, opaque, other; /* highest layer with a whiteout, an opaque mark, a non-directory */
};

/* A hard link to a file of another layer, and what it turned out to be. */
struct link {
        char *path;
        size_t path_n;
        struct file_entry file; /* type 0: nothing was found; strings are not used */
};

struct merge {
        struct input *inputs;
        struct input **heap;
        size_t n_inputs, n_heap;
        struct level *levels;
        size_t n_levels, levels_cap;
        struct buf path;    /* of the deepest level */
        struct buf pending; /* encoded non-directory, held back until it is known whether something replaces it */
        bool has_pending;
        size_t pending_level;
        struct format_writer writer;
        uint64_t *offsets;
        size_t n_offsets, offsets_cap;
        struct link *links;
        size_t n_links, links_cap;
        bool second_pass;
        uint64_t implied; /* bytes of paths of directories that no layer names */
        struct problem_list *problems;
        struct buf encoded;
};

/* ---- a heap of inputs, the least (path, layer, sequence) first ---- */

static bool comes_before(const struct input *a, const struct input *b)
{
        int r = path_compare(a->entry.path, b->entry.path);

        if (r)
                return r < 0;
        if (a->layer != b->layer)
                return a->layer < b->layer;
        return a->entry.sequence < b->entry.sequence;
}

static void heap_sink(struct merge *m, size_t i)
{
        for (;;) {
                size_t least = i, child = 2 * i + 1;
                struct input *swap;

                if (child < m->n_heap && comes_before(m->heap[child], m->heap[least]))
                        least = child;
                if (child + 1 < m->n_heap && comes_before(m->heap[child + 1], m->heap[least]))
                        least = child + 1;
                if (least == i)
                        return;
                swap = m->heap[i];
                m->heap[i] = m->heap[least];
                m->heap[least] = swap;
                i = least;
        }
}

static int heap_advance(struct merge *m, struct error *err)
{
        struct input *top = m->heap[0];
        int r = layer_cursor_next(&top->cursor, &top->entry, err);

        if (r < 0)
                return r;
        if (r == 0)
                m->heap[0] = m->heap[--m->n_heap];
        heap_sink(m, 0);
        return 0;
}

static int inputs_open(struct merge *m, struct layer_file *const *layers, size_t n_layers, struct error *err)
{
        size_t n = 0;

        for (size_t i = 0; i < n_layers; i++)
                n += layers[i] ? layer_file_runs(layers[i]) : 0;
        free(m->inputs);
        free(m->heap);
        m->n_inputs = m->n_heap = 0;
        m->inputs = calloc(n ? n : 1, sizeof(*m->inputs));
        m->heap = calloc(n ? n : 1, sizeof(*m->heap));
        if (!m->inputs || !m->heap)
                return error_oom(err);
        for (size_t i = 0; i < n_layers; i++)
                for (size_t run = 0; layers[i] && run < layer_file_runs(layers[i]); run++) {
                        struct input *input = &m->inputs[m->n_inputs++];
                        int r;

                        input->layer = (int)i;
                        layer_cursor_init(&input->cursor, layers[i], run);
                        r = layer_cursor_next(&input->cursor, &input->entry, err);
                        if (r < 0)
                                return r;
                        if (r > 0)
                                m->heap[m->n_heap++] = input;
                }
        for (size_t i = m->n_heap; i-- > 0;)
                heap_sink(m, i);
        return 0;
}

/* ---- writing ---- */

static int write_encoded(struct merge *m, struct str encoded, struct error *err)
{
        if (mem_grow(&m->offsets, &m->offsets_cap, m->n_offsets + 1, sizeof(*m->offsets)) < 0)
                return error_oom(err);
        m->offsets[m->n_offsets++] = format_writer_offset(&m->writer);
        return format_write_sized(&m->writer, encoded, err);
}

static int write_entry(struct merge *m, const struct file_entry *entry, struct error *err)
{
        buf_clear(&m->encoded);
        file_entry_encode(entry, &m->encoded);
        if (!buf_ok(&m->encoded))
                return error_oom(err);
        return write_encoded(m, buf_str(&m->encoded), err);
}

static int flush_pending(struct merge *m, struct error *err)
{
        if (!m->has_pending)
                return 0;
        m->has_pending = false;
        return write_encoded(m, buf_str(&m->pending), err);
}

/* Directories that no layer names but that must be there, since something is below them. */
static int write_ancestors(struct merge *m, int layer, struct error *err)
{
        for (size_t i = 0; i < m->n_levels; i++) {
                struct level *level = &m->levels[i];
                struct file_entry implied = { .path = { m->path.data, level->length }, .type = FILE_DIRECTORY,
                                              .mode = 0755, .layer = (uint32_t)layer };
                int r;

                if (level->written)
                        continue;
                if (m->has_pending && m->pending_level == i)
                        m->has_pending = false; /* a directory took its place */
                level->blocker = NO_LAYER;
                level->written = true;
                if (level->length == 0 && i > 0)
                        continue;
                r = write_entry(m, &implied, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- hard links to other layers ---- */

static int compare_link(const void *key, const void *item)
{
        const struct str *path = key;
        const struct link *link = item;

        return path_compare(*path, (struct str){ link->path, link->path_n });
}

static int remember_link(struct merge *m, const struct file_entry *entry, struct error *err)
{
        struct link *link;

        if (mem_grow(&m->links, &m->links_cap, m->n_links + 1, sizeof(*m->links)) < 0)
                return error_oom(err);
        link = &m->links[m->n_links];
        link->path = malloc(entry->path.n + 1);
        if (!link->path)
                return error_oom(err);
        memcpy(link->path, entry->path.p, entry->path.n);
        link->path[entry->path.n] = 0;
        link->path_n = entry->path.n;
        m->n_links++;
        return 0;
}

/* First pass: a hard link is written with its target, to be found in the finished view. Second pass: as what it is. */
static int settle_link(struct merge *m, struct file_entry *entry, struct error *err)
{
        const struct link *link;
        struct file_entry file;

        if (entry->type != FILE_HARDLINK)
                return 0;
        if (!m->second_pass)
                return m->n_links < LINKS_MAX ? remember_link(m, entry, err) : 0; /* then it will not be found */
        link = mem_find(&entry->path, m->links, m->n_links, sizeof(*m->links), compare_link);
        if (!link || !link->file.type) {
                problem_add(m->problems, PROBLEM_GAP, "image", "'%.*s' is a hard link to '%.*s', which is not there%s",
                            STR_ARG(entry->path), STR_ARG(entry->target), m->n_links < LINKS_MAX ? "" : ", or one too many");
                entry->type = FILE_REGULAR;
                entry->target = STR_NULL;
                return 0;
        }
        file = link->file;
        file.path = entry->path;
        file.target = file.capability = STR_NULL;
        file.layer = entry->layer;
        file.sequence = entry->sequence;
        *entry = file;
        return 0;
}

/* ---- one path ---- */

static int take_group(struct merge *m, struct group *ret, struct error *err)
{
        struct group g = { .path = m->heap[0]->entry.path, .winner_layer = NO_LAYER, .whiteout = NO_LAYER,
                           .opaque = NO_LAYER, .other = NO_LAYER };

        while (m->n_heap && str_equal(m->heap[0]->entry.path, g.path)) {
                const struct input *input = m->heap[0];
                int r;

                if (input->entry.type == FILE_WHITEOUT) {
                        g.whiteout = input->layer;
                } else if (input->entry.type == FILE_OPAQUE) {
                        g.opaque = input->layer;
                } else {
                        g.winner = input->entry;
                        g.winner_layer = input->layer;
                        if (input->entry.type != FILE_DIRECTORY)
                                g.other = input->layer;
                }
                r = heap_advance(m, err);
                if (r < 0)
                        return r;
        }
        *ret = g;
        return 0;
}

static int push_level(struct merge *m, size_t length, int cut, struct error *err)
{
        if (mem_grow(&m->levels, &m->levels_cap, m->n_levels + 1, sizeof(*m->levels)) < 0)
                return error_oom(err);
        m->levels[m->n_levels++] = (struct level){ .length = length, .cut = cut, .blocker = NO_LAYER };
        return 0;
}

/* Leaves the levels that are not above `path` and adds those that are missing. */
static int move_to(struct merge *m, struct str path, struct error *err)
{
        size_t start;

        while (m->n_levels) {
                const struct level *top = &m->levels[m->n_levels - 1];
                int r;

                if (path_below(path, (struct str){ m->path.data, top->length }))
                        break;
                if (m->has_pending && m->pending_level == m->n_levels - 1) {
                        r = flush_pending(m, err);
                        if (r < 0)
                                return r;
                }
                m->n_levels--;
        }
        buf_clear(&m->path);
        buf_add_str(&m->path, path);
        if (!buf_ok(&m->path))
                return error_oom(err);
        start = m->n_levels ? m->levels[m->n_levels - 1].length : 0;
        if (path.n && !m->n_levels && push_level(m, 0, 0, err) < 0)
                return -ENOMEM;
        for (size_t i = start ? start + 1 : 0; i < path.n; i++)
                if (path.p[i] == '/' && push_level(m, i, m->levels[m->n_levels - 1].cut, err) < 0)
                        return -ENOMEM;
        return 0;
}

/* False: an entry of the same layer stands in the way as something that is not a directory. */
static bool way_is_free(struct merge *m, const struct group *g)
{
        for (size_t i = 0; i < m->n_levels; i++)
                if (m->levels[i].blocker == g->winner_layer) {
                        problem_add(m->problems, PROBLEM_GAP, "image",
                                    "'%.*s' lies below '%.*s', which the same layer makes something other than a "
                                    "directory; it was left out", STR_ARG(g->path),
                                    (int)m->levels[i].length, m->path.data);
                        return false;
                }
        return true;
}

/* False: so many directories would have to be made up that they would fill the disk. */
static bool may_imply(struct merge *m, const struct group *g)
{
        uint64_t more = 0;

        for (size_t i = 0; i < m->n_levels; i++)
                more += m->levels[i].written ? 0 : m->levels[i].length;
        if (more <= IMPLIED_MAX - m->implied) {
                m->implied += more;
                return true;
        }
        problem_add(m->problems, PROBLEM_GAP, "image", "too many directories that no layer names; without '%.*s'",
                    STR_ARG(g->path));
        return false;
}

static int place(struct merge *m, struct group *g, struct level *level, struct error *err)
{
        int r = write_ancestors(m, g->winner_layer, err);

        if (r < 0)
                return r;
        g->winner.layer = (uint32_t)g->winner_layer;
        r = settle_link(m, &g->winner, err);
        if (r < 0)
                return r;
        if (g->winner.type == FILE_DIRECTORY) {
                level->written = true;
                return write_entry(m, &g->winner, err);
        }
        level->blocker = g->winner_layer;
        buf_clear(&m->pending);
        file_entry_encode(&g->winner, &m->pending);
        if (!buf_ok(&m->pending))
                return error_oom(err);
        m->has_pending = true;
        m->pending_level = m->n_levels;
        return 0;
}

static int merge_path(struct merge *m, struct error *err)
{
        struct level level = { .blocker = NO_LAYER };
        struct group g;
        int cut, r = take_group(m, &g, err);

        if (r == 0)
                r = move_to(m, g.path, err);
        if (r < 0)
                return r;
        cut = m->n_levels ? m->levels[m->n_levels - 1].cut : 0;
        level.length = g.path.n;
        level.cut = MAX_OF(MAX_OF(cut, g.whiteout), MAX_OF(g.opaque, g.other));
        if (g.winner_layer >= cut && g.winner_layer >= g.whiteout && g.winner_layer != NO_LAYER && way_is_free(m, &g) &&
            may_imply(m, &g)) {
                r = place(m, &g, &level, err);
                if (r < 0)
                        return r;
        }
        r = push_level(m, level.length, level.cut, err);
        if (r == 0)
                m->levels[m->n_levels - 1] = level;
        return r;
}

static int write_end(struct merge *m, struct error *err)
{
        _cleanup_(buf_free) struct buf trailer = { 0 };
        uint64_t table;
        int r = flush_pending(m, err);

        if (r < 0)
                return r;
        table = format_writer_offset(&m->writer);
        r = format_write(&m->writer, m->offsets, m->n_offsets * sizeof(*m->offsets), err);
        if (r < 0)
                return r;
        wire_put_u64(&trailer, m->n_offsets);
        wire_put_u64(&trailer, table);
        if (!buf_ok(&trailer))
                return error_oom(err);
        return format_write_end(&m->writer, buf_str(&trailer), IMAGE_INDEX_MAGIC, err);
}

static int merge_pass(struct merge *m, struct layer_file *const *layers, size_t n_layers, struct error *err)
{
        int r;

        if (ftruncate(m->writer.fd, 0) < 0 || lseek(m->writer.fd, 0, SEEK_SET) < 0)
                return error_set(err, -errno, "write the file index");
        m->writer = (struct format_writer){ .fd = m->writer.fd, .buf = m->writer.buf };
        m->n_offsets = m->n_levels = 0;
        m->implied = 0;
        m->has_pending = false;
        r = inputs_open(m, layers, n_layers, err);
        while (r == 0 && m->n_heap)
                r = merge_path(m, err);
        return r < 0 ? r : write_end(m, err);
}

/* What each link of the first pass leads to in its finished view; only a file that the link's layer could see counts. */
static int find_link_targets(struct merge *m, struct error *err)
{
        _cleanup_(image_index_freep) struct image_index *index = NULL;
        int fd = dup(m->writer.fd), r;

        if (fd < 0)
                return error_set(err, -errno, "read the file index");
        r = image_index_open(fd, &index, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < m->n_links; i++) {
                struct file_entry link, file = { 0 };

                r = image_index_find(index, (struct str){ m->links[i].path, m->links[i].path_n }, &link, NULL, err);
                if (r > 0)
                        r = image_index_find(index, link.target, &file, NULL, err);
                if (r < 0)
                        return r;
                if (r > 0 && file.type == FILE_REGULAR && file.layer <= link.layer)
                        m->links[i].file = file;
        }
        return 0;
}

static void merge_done(struct merge *m)
{
        for (size_t i = 0; i < m->n_links; i++)
                free(m->links[i].path);
        free(m->links);
        free(m->inputs);
        free(m->heap);
        free(m->levels);
        free(m->offsets);
        buf_free(&m->path);
        buf_free(&m->pending);
        buf_free(&m->encoded);
        buf_free(&m->writer.buf);
}

int image_index_write(struct layer_file *const *layers, size_t n_layers, int output, struct problem_list *problems,
                      struct error *err)
{
        _cleanup_(merge_done) struct merge m = { .writer.fd = output };
        _cleanup_(problem_list_done) struct problem_list first = { 0 };
        int r;

        m.problems = &first;
        r = merge_pass(&m, layers, n_layers, err);
        if (r < 0)
                return r;
        if (m.n_links) {
                r = find_link_targets(&m, err);
                if (r < 0)
                        return r;
                m.second_pass = true;
                problem_list_done(&first);
                r = merge_pass(&m, layers, n_layers, err);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < first.n; i++)
                problem_add(problems, first.items[i].kind, first.items[i].where, "%s", first.items[i].what);
        if (first.more)
                problem_add(problems, PROBLEM_GAP, "image", "%zu further problems of the merge are not listed", first.more);
        return 0;
}
