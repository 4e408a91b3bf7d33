/* SPDX-License-Identifier: Apache-2.0 */
/* YAML documents: within their limits, each node with a place in the text, each scalar with the places of its parts. What a
 * worker answers of them is the same. */
#include "base/yaml_private.h"
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

static void check_same(const struct yaml_node *a, const struct yaml_node *b)
{
        HOLDS(a->kind == b->kind && a->n == b->n && a->anchor == b->anchor);
        HOLDS(a->mark.line == b->mark.line && a->mark.column == b->mark.column);
        HOLDS(a->style == b->style && a->plain == b->plain && str_equal(a->text, b->text));
        HOLDS(a->raw.p == b->raw.p && a->raw.n == b->raw.n);
        for (size_t i = 0; a->kind == YAML_SEQUENCE && i < a->n; i++)
                check_same(a->items[i], b->items[i]);
        for (size_t i = 0; a->kind == YAML_MAPPING && i < a->n; i++) {
                check_same(a->pairs[i].key, b->pairs[i].key);
                check_same(a->pairs[i].value, b->pairs[i].value);
        }
}

/* `code`, `err` and so on: what parsing in place gave. */
static void check_answer(struct str text, int code, struct yaml_node **documents, size_t n, const struct yaml_mark *where,
                         const struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(buf_free) struct buf answer = { 0 };
        struct yaml_mark again_where = { 0 };
        struct error why = ERROR_INIT;
        struct yaml_node **again;
        size_t n_again;
        int r;

        if (!arena || text.n > limits.bytes || yaml_answer(text, &limits, &answer, &why) < 0) {
                HOLDS(text.n > limits.bytes);
                return;
        }
        HOLDS(answer.len <= yaml_answer_max(text, &limits));
        r = yaml_take_answer(buf_str(&answer), text, &limits, arena, &again, &n_again, &again_where, &why);
        HOLDS_OR(r == code, why);
        if (fuzz_starved)
                return;
        if (r < 0) {
                HOLDS(strcmp(why.message, err->message) == 0);
                HOLDS(again_where.line == where->line && again_where.column == where->column);
                return;
        }
        HOLDS(n == n_again);
        for (size_t i = 0; i < n; i++)
                check_same(documents[i], again[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct walk w = { .text = { (const char *)data, size }, .lines = 2 };
        struct yaml_node **documents = NULL;
        struct yaml_mark where = { 0 };
        struct error err = ERROR_INIT;
        size_t n = 0;
        int code;

        if (!arena)
                return 0;
        for (size_t i = 0; i < size; i++)
                w.lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || data[i] == 0xa8 || data[i] == 0xa9;
        code = yaml_parse(w.text, &limits, arena, &documents, &n, &where, &err);
        if (!fuzz_starved)
                check_answer(w.text, code, documents, n, &where, &err);
        if (code < 0) {
                HOLDS(err.code < 0 && *err.message && (where.line > 0 || size > limits.bytes));
                return 0;
        }
        fuzz_accepted += n > 0;
        for (size_t i = 0; i < n; i++)
                walk_node(&w, documents[i], 1);
        return 0;
}
