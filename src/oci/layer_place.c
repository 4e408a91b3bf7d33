/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the entries of a layer end up. An engine extracts a layer into an empty folder, entry by entry: it follows links
 * that the layer itself made, and makes the directories that are missing.
 */
#include <errno.h>

#include "model/path.h"
#include "oci/layer_builder_private.h"

#define LINKS_MAX 40               /* followed for one path, as the kernel does */
#define IMPLIED_MAX (256ull << 20) /* bytes of paths: an entry may imply thousands of directories with long names */

static struct str shown(struct str path)
{
        return (struct str){ path.p, MIN_OF(path.n, (size_t)STR_SHOWN_MAX) };
}

static bool is_at_or_above(struct str path, struct str other)
{
        return str_equal(path, other) || path_below(other, path);
}

static bool remember_parent(struct layer_builder *b, struct str raw, struct str real)
{
        buf_clear(&b->parent);
        buf_clear(&b->real_parent);
        buf_add_str(&b->parent, raw);
        buf_add_str(&b->real_parent, real);
        return buf_ok(&b->parent) && buf_ok(&b->real_parent);
}

void layer_place_added(struct layer_builder *b, const struct file_entry *entry)
{
        struct str raw = buf_str(&b->parent), real = buf_str(&b->real_parent);

        if (!b->has_parent || entry->type == FILE_WHITEOUT || entry->type == FILE_OPAQUE)
                return;
        if (!str_equal(raw, real)) /* a link on the way may be another one now */
                b->has_parent = path_below(entry->path, real);
        else if (entry->type == FILE_DIRECTORY && str_equal(path_parent(entry->path), raw) && entry->path.n)
                b->has_parent = remember_parent(b, entry->path, entry->path);
        else if (entry->type != FILE_DIRECTORY && is_at_or_above(entry->path, raw))
                b->has_parent = false;
}

/* A directory on the way to an entry, whose path is resolved component by component. */
struct way {
        struct layer_builder *b;
        struct str entry;    /* as the archive names it */
        struct buf real;     /* so far */
        struct buf rest;     /* still to go, from `at` on */
        size_t at;
        unsigned links;
        bool add_missing;
};

static void way_done(struct way *w)
{
        buf_free(&w->real);
        buf_free(&w->rest);
}

/* 0: the entry is left out, and why is noted. */
static int leave_out(const struct way *w, const char *why)
{
        layer_builder_problem(w->b, PROBLEM_GAP, shown(w->entry), "%s; it was left out", why);
        return 0;
}

static int add_implied(struct way *w, struct error *err)
{
        struct file_entry directory = { .path = buf_str(&w->real), .type = FILE_DIRECTORY, .mode = 0755, .implied = true };
        int r;

        if (!w->add_missing)
                return 1;
        if (w->b->implied_bytes + directory.path.n > IMPLIED_MAX)
                return leave_out(w, "it lies in directories that no entry names, of which there are too many");
        w->b->implied_bytes += directory.path.n;
        r = layer_builder_add(w->b, &directory, err);
        return r < 0 ? r : 1;
}

/* Goes on where a link leads. */
static int follow(struct way *w, struct str target, struct error *err)
{
        _cleanup_(buf_free) struct buf rest = { 0 };
        struct error why = ERROR_INIT;
        int r;

        if (++w->links > LINKS_MAX)
                return leave_out(w, "it lies behind a loop of symbolic links");
        r = path_link_target(buf_str(&w->real), target, &rest, &why);
        if (r == -ENOMEM)
                return error_oom(err);
        if (r < 0)
                return leave_out(w, why.message);
        if (w->at < w->rest.len) {
                buf_putc(&rest, '/');
                buf_add(&rest, w->rest.data + w->at, w->rest.len - w->at);
        }
        if (!buf_ok(&rest))
                return error_oom(err);
        if (rest.len > PATH_LENGTH_MAX)
                return leave_out(w, "symbolic links lead to too long a path");
        buf_free(&w->rest);
        w->rest = rest;
        rest = (struct buf){ 0 };
        w->at = 0;
        buf_clear(&w->real);
        return 1;
}

/* One component further. 1 go on, 2 something that is no directory stands there (the merge says so), 0 left out. */
static int step(struct way *w, struct error *err)
{
        struct str rest = { w->rest.data + w->at, w->rest.len - w->at }, name = str_cut(&rest, '/');
        struct file_entry found;
        int r;

        w->at += name.n + (rest.p != NULL);
        if (name.n == 0)
                return 1;
        if (w->real.len)
                buf_putc(&w->real, '/');
        buf_add_str(&w->real, name);
        if (!buf_ok(&w->real))
                return error_oom(err);
        r = layer_builder_find(w->b, buf_str(&w->real), &found, err);
        if (r < 0)
                return r;
        if (r == 0)
                return add_implied(w, err);
        if (found.type == FILE_SYMLINK)
                return follow(w, found.target, err);
        return found.type == FILE_DIRECTORY ? 1 : 2;
}

/* Directories that the last path went through need no second look. */
static void begin(struct way *w, struct str parent)
{
        struct str known = buf_str(&w->b->parent);
        size_t n = 0;

        buf_add_str(&w->rest, parent);
        if (!w->b->has_parent || !str_equal(known, buf_str(&w->b->real_parent)))
                return;
        while (known.n && !is_at_or_above(known, parent))
                known = path_parent(known);
        n = known.n;
        buf_add(&w->real, known.p, n);
        w->at = n && n < parent.n ? n + 1 : n;
}

/* The root too is there because something is in it. */
static int begin_at_root(struct way *w, struct error *err)
{
        struct file_entry found;
        int r = w->b->has_parent ? 1 : layer_builder_find(w->b, (struct str){ "", 0 }, &found, err);

        return r == 0 ? add_implied(w, err) : r;
}

static int resolve(struct way *w, struct str parent, struct error *err)
{
        int r = begin_at_root(w, err);

        if (r > 0)
                begin(w, parent);
        while (r == 1 && w->at < w->rest.len)
                r = step(w, err);
        if (r == 2) { /* what follows does not matter: there is no way */
                buf_clear(&w->real);
                buf_add_str(&w->real, parent);
        }
        if (r > 0 && (!buf_ok(&w->real) || !buf_ok(&w->rest)))
                return error_oom(err);
        if (r == 1 && w->add_missing)
                w->b->has_parent = remember_parent(w->b, parent, buf_str(&w->real));
        return r < 0 ? r : r > 0;
}

static int move(struct buf *path, struct str real_parent, struct error *err)
{
        _cleanup_(buf_free) struct buf moved = { 0 };

        buf_add_str(&moved, real_parent);
        if (moved.len)
                buf_putc(&moved, '/');
        buf_add_str(&moved, path_name(buf_str(path)));
        buf_clear(path);
        buf_add_str(path, buf_str(&moved));
        return buf_ok(&moved) && buf_ok(path) ? 1 : error_oom(err);
}

int layer_builder_place(struct layer_builder *b, struct buf *path, bool add_missing, struct error *err)
{
        _cleanup_(way_done) struct way w = { .b = b, .entry = buf_str(path), .add_missing = add_missing };
        struct str parent = path_parent(buf_str(path));
        int r;

        if (path->len == 0)
                return 1;
        if (b->has_parent && str_equal(parent, buf_str(&b->parent)))
                return str_equal(parent, buf_str(&b->real_parent)) ? 1 : move(path, buf_str(&b->real_parent), err);
        r = resolve(&w, parent, err);
        if (r <= 0)
                return r;
        if (!str_equal(parent, buf_str(&w.real)))
                r = move(path, buf_str(&w.real), err);
        w.entry = buf_str(path);
        if (r > 0 && path->len > PATH_LENGTH_MAX)
                return leave_out(&w, "symbolic links lead to too long a path");
        return r;
}
