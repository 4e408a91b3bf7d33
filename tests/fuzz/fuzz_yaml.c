/* SPDX-License-Identifier: Apache-2.0 */
/* YAML documents: within their limits, each node with a place in the text, each scalar with the places of its parts. */
#include "base/yaml.h"
#include "fuzz.h"

static const struct yaml_limits limits = { .bytes = 1 << 20, .depth = 16, .nodes = 5000 };

struct walk {
        struct str text;
        size_t nodes;
        uint32_t lines;
        /* Of one scalar: */
        const struct yaml_node *scalar;
        size_t offset;
        struct yaml_mark mark;
        bool any;
};

static void take_stretch(void *ctx, size_t offset, struct yaml_mark mark)
{
        struct walk *w = ctx;

        HOLDS(offset < w->scalar->text.n || (offset == 0 && w->scalar->text.n == 0));
        HOLDS(mark.line >= w->scalar->mark.line && mark.line <= w->lines && mark.column > 0);
        HOLDS(!w->any || (offset > w->offset && mark.line >= w->mark.line &&
                          (mark.line > w->mark.line || mark.column > w->mark.column)));
        w->offset = offset;
        w->mark = mark;
        w->any = true;
}

static void walk_scalar(struct walk *w, const struct yaml_node *node)
{
        struct error err = ERROR_INIT;
        bool flag;

        HOLDS(node->raw.p >= w->text.p && node->raw.p + node->raw.n <= w->text.p + w->text.n);
        HOLDS(utf8_valid(node->text));
        HOLDS(!node->plain || node->style == YAML_PLAIN);
        HOLDS(!yaml_is_null(node) || node->plain);
        HOLDS((yaml_bool(node, &flag, &err) == 0) ||
              (*err.message && (!node->plain || !str_equals(node->text, "true"))));
        w->scalar = node;
        w->any = false;
        yaml_stretches(node, take_stretch, w);
}

static void walk_node(struct walk *w, const struct yaml_node *node, size_t depth)
{
        HOLDS(depth <= limits.depth);
        HOLDS(++w->nodes <= limits.nodes);
        HOLDS(node->mark.line > 0 && node->mark.column > 0);
        if (node->kind == YAML_SCALAR)
                walk_scalar(w, node);
        for (size_t i = 0; node->kind == YAML_SEQUENCE && i < node->n; i++)
                walk_node(w, node->items[i], depth + 1);
        for (size_t i = 0; node->kind == YAML_MAPPING && i < node->n; i++) {
                const struct yaml_node *key = node->pairs[i].key;

                walk_node(w, key, depth + 1);
                walk_node(w, node->pairs[i].value, depth + 1);
                if (key->kind == YAML_SCALAR && !memchr(key->text.n ? key->text.p : "", 0, key->text.n))
                        HOLDS(yaml_get(node, key->text.p) == node->pairs[i].value);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct walk w = { .text = { (const char *)data, size }, .lines = 2 };
        struct yaml_node **documents;
        struct yaml_mark where = { 0 };
        struct error err = ERROR_INIT;
        size_t n;

        if (!arena)
                return 0;
        for (size_t i = 0; i < size; i++)
                w.lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || data[i] == 0xa8 || data[i] == 0xa9;
        if (yaml_parse(w.text, &limits, arena, &documents, &n, &where, &err) < 0) {
                HOLDS(err.code < 0 && *err.message && (where.line > 0 || size > limits.bytes));
                return 0;
        }
        fuzz_accepted += n > 0;
        for (size_t i = 0; i < n; i++)
                walk_node(&w, documents[i], 1);
        return 0;
}
