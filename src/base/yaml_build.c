/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/yaml_private.h"

/* A node that aliases may repeat, and how much one repeats. */
struct yaml_anchored {
        struct yaml_node *node;
        size_t nodes, height;
        bool open; /* its end was not read yet */
};

struct yaml_open {
        struct yaml_node *node;
        size_t first;        /* of its children in `pending` */
        size_t nodes_before; /* it began */
        size_t height;       /* of the highest child */
};

static int count_nodes(struct yaml_builder *b, struct yaml_mark where, size_t nodes, size_t height)
{
        b->where = where;
        if (nodes > b->limits->nodes || b->nodes > b->limits->nodes - nodes)
                return error_say(b->err, -E2BIG, "more than %zu nodes", b->limits->nodes);
        if (b->n_open + height > b->limits->depth)
                return error_say(b->err, -E2BIG, "nested deeper than %zu", b->limits->depth);
        b->nodes += nodes;
        return 0;
}

static int push_pending(struct yaml_builder *b, struct yaml_node *node, size_t height)
{
        if (mem_grow(&b->pending, &b->cap_pending, b->n_pending + 1, sizeof(*b->pending)) < 0)
                return error_oom(b->err);
        b->pending[b->n_pending++] = node;
        if (b->n_open)
                b->open[b->n_open - 1].height = MAX_OF(b->open[b->n_open - 1].height, height);
        return 0;
}

static int add_anchored(struct yaml_builder *b, struct yaml_node *node)
{
        if (b->n_anchored == UINT32_MAX ||
            mem_grow(&b->anchored, &b->cap_anchored, b->n_anchored + 1, sizeof(*b->anchored)) < 0)
                return error_oom(b->err);
        b->anchored[b->n_anchored++] = (struct yaml_anchored){ node, 1, 1, node->kind != YAML_SCALAR };
        node->anchor = (uint32_t)b->n_anchored;
        return 0;
}

struct yaml_node *yaml_build_node(struct yaml_builder *b, enum yaml_kind kind, struct yaml_mark mark)
{
        struct yaml_node *node = arena_alloc(b->arena, sizeof(*node));

        if (!node)
                return NULL;
        node->kind = kind;
        node->mark = mark;
        return node;
}

int yaml_build_scalar(struct yaml_builder *b, struct yaml_node *node, bool anchored)
{
        int r = count_nodes(b, node->mark, 1, 1);

        if (r == 0 && anchored)
                r = add_anchored(b, node);
        return r < 0 ? r : push_pending(b, node, 1);
}

int yaml_build_begin(struct yaml_builder *b, struct yaml_node *node, bool anchored)
{
        size_t before = b->nodes;
        int r = count_nodes(b, node->mark, 1, 1);

        if (r == 0 && anchored)
                r = add_anchored(b, node);
        if (r < 0)
                return r;
        if (mem_grow(&b->open, &b->cap_open, b->n_open + 1, sizeof(*b->open)) < 0)
                return error_oom(b->err);
        b->open[b->n_open++] = (struct yaml_open){ .node = node, .first = b->n_pending, .nodes_before = before };
        return 0;
}

static int compare_keys(const void *a, const void *b)
{
        const struct yaml_node *x = *(struct yaml_node *const *)a, *y = *(struct yaml_node *const *)b;
        int c = str_compare(x->text, y->text);

        if (c)
                return c;
        if (x->mark.line != y->mark.line)
                return x->mark.line < y->mark.line ? -1 : 1;
        return (x->mark.column > y->mark.column) - (x->mark.column < y->mark.column);
}

static int check_keys(struct yaml_builder *b, const struct yaml_node *mapping)
{
        size_t n = 0;

        if (mapping->n < 2)
                return 0;
        if (mem_grow(&b->keys, &b->cap_keys, mapping->n, sizeof(*b->keys)) < 0)
                return error_oom(b->err);
        for (size_t i = 0; i < mapping->n; i++)
                if (mapping->pairs[i].key->kind == YAML_SCALAR)
                        b->keys[n++] = mapping->pairs[i].key;
        mem_sort(b->keys, n, sizeof(*b->keys), compare_keys);
        for (size_t i = 1; i < n; i++) {
                _cleanup_(buf_free) struct buf name = { 0 };

                if (!str_equal(b->keys[i - 1]->text, b->keys[i]->text))
                        continue;
                buf_add_quoted(&name, b->keys[i]->text);
                b->where = b->keys[i]->mark;
                return error_say(b->err, -EBADMSG, "the key '%s' stands twice in one mapping, first on line %u",
                                 name.data ? name.data : "", b->keys[i - 1]->mark.line);
        }
        return 0;
}

static int take_children(struct yaml_builder *b, struct yaml_node *node, size_t first)
{
        size_t n = b->n_pending - first;
        void *children = arena_copy(b->arena, n ? b->pending + first : NULL, n * sizeof(*b->pending));

        if (!children)
                return error_oom(b->err);
        if (node->kind == YAML_SEQUENCE) {
                node->items = children;
                node->n = n;
                return 0;
        }
        _Static_assert(sizeof(struct yaml_pair) == 2 * sizeof(void *), "a pair is two children");
        if (n % 2) {
                b->where = node->mark;
                return error_say(b->err, -EBADMSG, "a key without a value");
        }
        node->pairs = children;
        node->n = n / 2;
        return check_keys(b, node);
}

int yaml_build_end(struct yaml_builder *b)
{
        struct yaml_open *open = &b->open[b->n_open - 1];
        struct yaml_node *node = open->node;
        size_t height = open->height + 1;
        int r = take_children(b, node, open->first);

        if (r < 0)
                return r;
        if (node->anchor)
                b->anchored[node->anchor - 1] =
                        (struct yaml_anchored){ node, b->nodes - open->nodes_before, height, false };
        b->n_pending = open->first;
        b->n_open--;
        return push_pending(b, node, height);
}

int yaml_build_alias(struct yaml_builder *b, uint32_t anchor, struct yaml_mark where)
{
        const struct yaml_anchored *a;
        int r;

        b->where = where;
        if (anchor <= b->n_anchored_before || anchor > b->n_anchored)
                return error_say(b->err, -EBADMSG, "an alias of something that has no such anchor");
        a = &b->anchored[anchor - 1];
        if (a->open)
                return error_say(b->err, -EBADMSG, "an alias inside what it names");
        r = count_nodes(b, where, a->nodes, a->height);
        return r < 0 ? r : push_pending(b, a->node, a->height);
}

int yaml_build_document(struct yaml_builder *b)
{
        if (mem_grow(&b->documents, &b->cap_documents, b->n_documents + 1, sizeof(*b->documents)) < 0)
                return error_oom(b->err);
        b->documents[b->n_documents++] = b->pending[0];
        b->n_pending = 0;
        b->n_anchored_before = b->n_anchored;
        return 0;
}

int yaml_build_finish(struct yaml_builder *b, struct yaml_node ***ret, size_t *ret_n)
{
        struct yaml_node **documents = arena_copy(b->arena, b->documents, b->n_documents * sizeof(*documents));

        if (!documents)
                return error_oom(b->err);
        *ret = documents;
        *ret_n = b->n_documents;
        return 0;
}

void yaml_builder_done(struct yaml_builder *b)
{
        free(b->open);
        free(b->pending);
        free(b->documents);
        free(b->anchored);
        free(b->keys);
}

struct str yaml_after_byte_order_mark(struct str text)
{
        return str_starts(text, "\xef\xbb\xbf") ? (struct str){ text.p + 3, text.n - 3 } : text;
}

int yaml_check_size(struct str text, const struct yaml_limits *limits, struct error *err)
{
        size_t n = yaml_after_byte_order_mark(text).n;

        if (n > limits->bytes)
                return error_say(err, -E2BIG, "%zu bytes of YAML, more than the %zu that are read", n, limits->bytes);
        return 0;
}

void yaml_tell_where(struct yaml_mark where, struct yaml_mark *ret_where, struct error *err)
{
        if (ret_where)
                *ret_where = where;
        else if (where.line)
                error_wrap(err, "line %u, column %u", where.line, where.column);
}
