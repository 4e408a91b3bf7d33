/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "pipeline/container_layers.h"

#define NAMED_MAX 8 /* of those that are meant by an ambiguous name */

/* ---- layers ---- */

/* The directory above the directory above: ".../overlay2" of ".../overlay2/ID/merged". */
static struct str above_twice(struct str path)
{
        for (unsigned i = 0; i < 2; i++) {
                while (path.n && path.p[path.n - 1] != '/')
                        path.n--;
                path.n -= path.n > 1;
        }
        return path;
}

char *container_layer_path(const struct container *c, struct str path, struct arena *arena)
{
        _cleanup_(buf_free) struct buf full = { 0 };

        if (!str_starts(path, "/") && c->root.n) {
                buf_add_str(&full, above_twice(c->root));
                buf_putc(&full, '/');
        }
        buf_add_str(&full, path);
        return buf_ok(&full) ? arena_string(arena, full.data ? full.data : "", full.len) : NULL;
}

int container_layers(const struct container *c, bool with_upper, struct arena *arena, struct source_directories *ret,
                     struct error *err)
{
        const char **paths = arena_alloc(arena, ((size_t)c->n_layers + 1) * sizeof(*paths));
        size_t n = 0;

        if (!paths)
                return error_oom(err);
        if (c->n_layers == 0 || (with_upper && !c->upper.n))
                return error_say(err, -ENOENT, "its root file system is not an overlay of layers");
        for (uint32_t i = c->n_layers; i-- > 0; n++)
                if (!(paths[n] = container_layer_path(c, c->layers[i], arena)))
                        return error_oom(err);
        if (with_upper && !(paths[n++] = container_layer_path(c, c->upper, arena)))
                return error_oom(err);
        *ret = (struct source_directories){ .paths = paths, .n = n, .kind = "container",
                                            .marks = c->uid ? LAYER_MARKS_USER : LAYER_MARKS_TRUSTED };
        return 0;
}

/* ---- by name ---- */

struct search {
        struct str name;
        const struct container *found; /* a reference */
        size_t n;
        struct buf names;
};

static void search_done(struct search *s)
{
        container_unref(s->found);
        buf_free(&s->names);
}

#define KNOWS(c, member) ((c)->facts.known >> CONTAINER_##member & 1)

static int look(void *ctx, const struct container *c, bool gone)
{
        struct search *s = ctx;
        bool by_name = KNOWS(c, name) && str_equal(c->facts.name, s->name);
        bool by_id = KNOWS(c, full_id) && s->name.n <= c->facts.full_id.n && memcmp(c->facts.full_id.p, s->name.p, s->name.n) == 0;

        (void)gone;
        if (!by_name && !by_id)
                return 0;
        if (s->n++ < NAMED_MAX) {
                buf_puts(&s->names, s->n > 1 ? ", " : "");
                buf_add_quoted(&s->names, KNOWS(c, id) ? c->facts.id : c->facts.full_id);
        }
        if (!s->found)
                s->found = container_ref(c);
        return 0;
}

static int find(const char *name, struct search *s, struct error *err)
{
        _cleanup_(container_table_freep) struct container_table *table = NULL;
        int r;

        if (!*name)
                return error_say(err, -EINVAL, "'" CONTAINER_TARGET "': the name or the id of a running container is expected");
        s->name = str_from(name);
        r = container_table_new(&(struct container_options){ 0 }, &table, err);
        if (r == 0)
                r = container_table_scan(table, err);
        if (r < 0)
                return r;
        container_table_each(table, false, look, s);
        if (!buf_ok(&s->names))
                return error_oom(err);
        if (s->n == 0)
                return error_say(err, -ENOENT, "no container that runs has the name '%s', or an id that begins so ('tallyman containers' "
                                 "shows those that run)", name);
        if (s->n > 1)
                return error_say(err, -EINVAL, "'%s' may be any of %zu containers: %s", name, s->n, s->names.data);
        return 0;
}

int container_open(const char *name, struct source **ret, struct error *err)
{
        _cleanup_(search_done) struct search s = { 0 };
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct source_directories directories = { 0 };
        const char *root;
        int r = arena ? find(name, &s, err) : error_oom(err);

        if (r < 0)
                return r;
        r = container_layers(s.found, true, arena, &directories, err);
        if (r == -ENOENT && s.found->root.n) { /* another storage driver: what it shows as the root */
                root = arena_string(arena, s.found->root.p, s.found->root.n);
                directories = (struct source_directories){ .paths = &root, .n = 1, .kind = "container" };
                r = root ? 0 : error_oom(err);
        }
        if (r < 0)
                return error_wrap(err, "container '%s'", name);
        directories.reference = name;
        return source_open_directories(&directories, ret, err);
}
