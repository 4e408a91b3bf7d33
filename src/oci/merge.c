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
#include "oci/merge_private.h"


#define IMPLIED_MAX (256ull << 20) /* bytes of paths of directories that no layer names: a deep path implies many */

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
        struct file_entry implied; /* the last directory that is implied where one was there already */
        int implied_layer;
        int whiteout, opaque, other; /* highest layer with a whiteout, an opaque mark, a non-directory */
};

struct merge {
        struct merge_inputs inputs;
        struct level *levels;
        size_t n_levels, levels_cap;
        struct buf path;    /* of the deepest level */
        struct buf pending; /* encoded non-directory, held back until it is known whether something replaces it */
        bool has_pending;
        size_t pending_level;
        struct format_writer writer;
        uint64_t *offsets;
        size_t n_offsets, offsets_cap;
        uint64_t implied_bytes; /* of paths of directories that were added */
        struct merge_links links;
        bool second_pass;
        struct problem_list *problems;
        struct buf encoded;
};

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
                m->implied_bytes += level->length;
                r = write_entry(m, &implied, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A worker that is ours names every directory, so that none is to be added here. */
static bool too_many_implied(struct merge *m, const struct group *g)
{
        uint64_t bytes = m->implied_bytes;

        for (size_t i = 0; i < m->n_levels; i++)
                bytes += m->levels[i].written ? 0 : m->levels[i].length;
        if (bytes <= IMPLIED_MAX)
                return false;
        problem_add(m->problems, PROBLEM_GAP, "image", "'%.*s' lies in directories that no layer names, of which there are "
                    "too many; it was left out", STR_SHOWN(g->path));
        return true;
}

/* First pass: a hard link is written as it is. Second pass: as the file that it was found to lead to. */
static int settle_link(struct merge *m, struct file_entry *entry, struct error *err)
{
        const struct file_entry *file;
        struct file_entry linked;

        if (entry->type != FILE_HARDLINK)
                return 0;
        if (!m->second_pass)
                return merge_links_add(&m->links, entry, err);
        file = merge_links_find(&m->links, entry->path);
        if (!file || file->type == FILE_DIRECTORY) {
                problem_add(m->problems, PROBLEM_GAP, "image", "'%.*s' is a hard link to '%.*s', which is %s",
                            STR_SHOWN(entry->path), STR_SHOWN(entry->target), file ? "a directory" : "not there");
                entry->type = FILE_REGULAR;
                entry->target = STR_NULL;
                return 0;
        }
        linked = *entry; /* whose owner and mode an engine gives to what it links */
        linked.type = file->type;
        linked.mode = file->type == FILE_SYMLINK ? file->mode : entry->mode;
        linked.target = file->target;
        linked.size = file->size;
        linked.has_sha256 = file->has_sha256;
        memcpy(linked.sha256, file->sha256, sizeof(linked.sha256));
        linked.device_major = file->device_major;
        linked.device_minor = file->device_minor;
        linked.capability = file->capability;
        *entry = linked;
        return 0;
}

/* ---- one path ---- */

/* One more entry of the group's path. A directory that is merely implied leaves one that is there as it is. */
static void take_entry(struct group *g, const struct file_entry *e, int layer, int cut)
{
        if (e->type != FILE_DIRECTORY)
                g->other = layer;
        if (layer < cut)
                return;
        if (e->implied && g->winner_layer != NO_LAYER && g->winner.type == FILE_DIRECTORY) {
                g->implied = *e; /* the layer may yet take away the one that is there */
                g->implied_layer = layer;
                return;
        }
        g->winner = *e;
        g->winner_layer = layer;
}

static void take_whiteout(struct group *g, int layer)
{
        g->whiteout = layer;
        if (g->winner_layer >= layer)
                return;
        g->winner_layer = NO_LAYER;
        if (g->implied_layer == layer) {
                g->winner = g->implied;
                g->winner_layer = layer;
        }
}

/* `cut`: entries of lower layers are hidden by something above. */
static int take_group(struct merge *m, int cut, struct group *ret, struct error *err)
{
        struct group g = { .path = m->inputs.heap[0]->entry.path, .winner_layer = NO_LAYER, .implied_layer = NO_LAYER,
                           .whiteout = NO_LAYER, .opaque = NO_LAYER, .other = NO_LAYER };

        while (m->inputs.n_heap && str_equal(m->inputs.heap[0]->entry.path, g.path)) {
                const struct merge_input *input = m->inputs.heap[0];
                int r;

                if (input->entry.type == FILE_WHITEOUT)
                        take_whiteout(&g, input->layer);
                else if (input->entry.type == FILE_OPAQUE)
                        g.opaque = input->layer;
                else
                        take_entry(&g, &input->entry, input->layer, cut);
                r = merge_inputs_advance(&m->inputs, err);
                if (r < 0)
                        return r;
        }
        *ret = g;
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
        if (path.n && !m->n_levels) {
                if (mem_grow(&m->levels, &m->levels_cap, 1, sizeof(*m->levels)) < 0)
                        return error_oom(err);
                m->levels[m->n_levels++] = (struct level){ .blocker = NO_LAYER };
        }
        for (size_t i = start ? start + 1 : 0; i < path.n; i++) {
                if (path.p[i] != '/')
                        continue;
                if (mem_grow(&m->levels, &m->levels_cap, m->n_levels + 1, sizeof(*m->levels)) < 0)
                        return error_oom(err);
                m->levels[m->n_levels] = (struct level){
                        .length = i, .cut = m->levels[m->n_levels - 1].cut, .blocker = NO_LAYER };
                m->n_levels++;
        }
        return 0;
}

/* False: an entry of the same layer stands in the way as something that is not a directory. */
static bool way_is_free(struct merge *m, const struct group *g)
{
        for (size_t i = 0; i < m->n_levels; i++)
                if (m->levels[i].blocker == g->winner_layer) {
                        problem_add(m->problems, PROBLEM_GAP, "image",
                                    "'%.*s' lies below '%.*s', which the same layer makes something other than a "
                                    "directory; it was left out", STR_SHOWN(g->path),
                                    (int)MIN_OF(m->levels[i].length, (size_t)STR_SHOWN_MAX), m->path.data);
                        return false;
                }
        return true;
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
        int cut, r;

        r = move_to(m, m->inputs.heap[0]->entry.path, err);
        if (r < 0)
                return r;
        cut = m->n_levels ? m->levels[m->n_levels - 1].cut : 0;
        r = take_group(m, cut, &g, err);
        if (r < 0)
                return r;
        level.length = g.path.n;
        level.cut = MAX_OF(MAX_OF(cut, g.whiteout), MAX_OF(g.opaque, g.other));
        if (g.winner_layer != NO_LAYER && way_is_free(m, &g) && !too_many_implied(m, &g)) {
                r = place(m, &g, &level, err);
                if (r < 0)
                        return r;
        }
        if (mem_grow(&m->levels, &m->levels_cap, m->n_levels + 1, sizeof(*m->levels)) < 0)
                return error_oom(err);
        m->levels[m->n_levels++] = level;
        return 0;
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
        m->implied_bytes = 0;
        m->has_pending = false;
        merge_inputs_done(&m->inputs);
        r = merge_inputs_open(layers, n_layers, &m->inputs, err);
        while (r == 0 && m->inputs.n_heap)
                r = merge_path(m, err);
        return r < 0 ? r : write_end(m, err);
}

static void merge_done(struct merge *m)
{
        merge_links_done(&m->links);
        merge_inputs_done(&m->inputs);
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
        if (m.links.n) {
                r = merge_links_resolve(&m.links, layers, n_layers, err);
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
