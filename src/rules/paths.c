/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/glob.h"
#include "rules/paths.h"

/* Children with plain names are sorted, once all are there, and found by halving; those that are patterns are tried. */
struct path_tree {
        struct str name;
        struct path_tree **names, **patterns;
        size_t n_names, n_patterns, cap_names, cap_patterns;
        bool is_end; /* what is below is found too */
};

/* The next component, without the slashes around it; empty at the end. */
static struct str next_component(struct str *rest)
{
        struct str part = STR_NULL;

        while (rest->n && part.n == 0)
                part = str_cut(rest, '/');
        return part;
}

/* Doubling in an arena: what was before is left behind. */
static int add_child(struct path_tree ***children, size_t *n, size_t *cap, struct arena *arena, struct path_tree *child)
{
        if (*n == *cap) {
                size_t more = *cap ? *cap * 2 : 4;
                struct path_tree **room = arena_alloc(arena, more * sizeof(struct path_tree *));

                if (!room)
                        return -ENOMEM;
                if (*n)
                        memcpy(room, *children, *n * sizeof(struct path_tree *));
                *children = room;
                *cap = more;
        }
        (*children)[(*n)++] = child;
        return 0;
}

static struct path_tree *find_name(const struct path_tree *node, struct str name)
{
        size_t low = 0, high = node->n_names;

        while (low < high) {
                size_t mid = low + (high - low) / 2;
                int order = str_compare(name, node->names[mid]->name);

                if (order == 0)
                        return node->names[mid];
                if (order < 0)
                        high = mid;
                else
                        low = mid + 1;
        }
        return NULL;
}

static int insert_name(struct path_tree *node, struct arena *arena, struct path_tree *child)
{
        size_t i;
        int r = add_child(&node->names, &node->n_names, &node->cap_names, arena, child);

        if (r < 0)
                return r;
        for (i = node->n_names - 1; i && str_compare(child->name, node->names[i - 1]->name) < 0; i--)
                node->names[i] = node->names[i - 1];
        node->names[i] = child;
        return 0;
}

static struct path_tree *find_pattern(const struct path_tree *node, struct str name)
{
        for (size_t i = 0; i < node->n_patterns; i++)
                if (str_equal(node->patterns[i]->name, name))
                        return node->patterns[i];
        return NULL;
}

static int add_path(struct path_tree *node, struct arena *arena, struct str path, struct error *err)
{
        struct path_tree *child;
        struct str part;
        size_t depth = 0;
        int r;

        while (!node->is_end && (part = next_component(&path)).n) {
                bool is_pattern = glob_has_wildcard(part);

                if (++depth > PATH_COMPONENTS_MAX)
                        return error_say(err, -E2BIG, "a path has more than %u components", PATH_COMPONENTS_MAX);
                child = is_pattern ? find_pattern(node, part) : find_name(node, part);
                if (!child) {
                        child = arena_alloc(arena, sizeof(*child));
                        if (!child)
                                return error_oom(err);
                        child->name = part;
                        r = is_pattern ? add_child(&node->patterns, &node->n_patterns, &node->cap_patterns, arena, child)
                                       : insert_name(node, arena, child);
                        if (r < 0)
                                return error_oom(err);
                }
                node = child;
        }
        node->is_end = true;
        return 0;
}

static int compare_paths(const void *a, const void *b)
{
        return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* In order, so that nearly every name is added behind those before it. */
int path_tree_new(const struct str *paths, size_t n, struct arena *arena, struct path_tree **ret, struct error *err)
{
        struct path_tree *root = arena_alloc(arena, sizeof(*root));
        struct str *sorted = arena_copy(arena, paths, n * sizeof(*paths));

        if (!root || !sorted)
                return error_oom(err);
        qsort(sorted, n, sizeof(*sorted), compare_paths);
        for (size_t i = 0; i < n; i++) {
                int r = add_path(root, arena, sorted[i], err);

                if (r < 0)
                        return r;
        }
        *ret = root;
        return 0;
}

/* Not deeper than the tree is. */
bool path_tree_matches(const struct path_tree *node, struct str path)
{
        struct path_tree *child;
        struct str part;

        if (node->is_end)
                return true;
        part = next_component(&path);
        if (part.n == 0)
                return false;
        child = find_name(node, part);
        if (child && path_tree_matches(child, path))
                return true;
        for (size_t i = 0; i < node->n_patterns; i++)
                if (glob_match(node->patterns[i]->name, part, false) && path_tree_matches(node->patterns[i], path))
                        return true;
        return false;
}
