/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker that parses YAML answers, as a hijacked one may: "u32 size, text, answer". A tree that is taken keeps every
 * promise of yaml.h that does not ask whether it is the text's.
 */
#include <errno.h>

#include "base/wire.h"
#include "base/yaml_private.h"
#include "fuzz.h"

#define GROWTH 16                    /* bytes of memory for each of an answer … */
#define GROWTH_AT_LEAST (128u << 10) /* … since an arena grows by pieces */

static const struct yaml_limits limits = { .bytes = 1 << 20, .depth = 16, .nodes = 5000 };

struct walk {
        struct str text;
        size_t nodes;
        const struct yaml_node *scalar;
};

static void take_stretch(void *ctx, size_t offset, struct yaml_mark mark)
{
        const struct walk *w = ctx;

        HOLDS(offset < w->scalar->text.n || (offset == 0 && w->scalar->text.n == 0));
        HOLDS(mark.line > 0 && mark.column > 0);
}

static void walk_scalar(struct walk *w, const struct yaml_node *node)
{
        struct error err = ERROR_INIT;
        bool flag;

        HOLDS(node->raw.p >= w->text.p && node->raw.p + node->raw.n <= w->text.p + w->text.n);
        HOLDS(utf8_valid(node->text) && node->text.p[node->text.n] == 0);
        HOLDS(node->style <= YAML_BLOCK && (!node->plain || node->style == YAML_PLAIN));
        HOLDS(node->style == YAML_DOUBLE_QUOTED || strlen(node->text.p) == node->text.n);
        HOLDS(!yaml_is_null(node) || node->plain);
        HOLDS((yaml_bool(node, &flag, &err) == 0) || *err.message);
        w->scalar = node;
        yaml_stretches(node, take_stretch, w);
}

static void walk_node(struct walk *w, const struct yaml_node *node, size_t depth)
{
        HOLDS(depth <= limits.depth);
        HOLDS(++w->nodes <= limits.nodes);
        HOLDS(node->kind == YAML_SCALAR || node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING);
        HOLDS(node->mark.line > 0 && node->mark.column > 0);
        if (node->kind == YAML_SCALAR)
                walk_scalar(w, node);
        for (size_t i = 0; node->kind == YAML_SEQUENCE && i < node->n; i++)
                walk_node(w, node->items[i], depth + 1);
        for (size_t i = 0; node->kind == YAML_MAPPING && i < node->n; i++) {
                const struct yaml_node *key = node->pairs[i].key;

                walk_node(w, key, depth + 1);
                walk_node(w, node->pairs[i].value, depth + 1);
                if (key->kind == YAML_SCALAR && strlen(key->text.p) == key->text.n)
                        HOLDS(yaml_get(node, key->text.p) == node->pairs[i].value);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire_reader r = wire_reader(data, size);
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct walk w = { .text = wire_get_str(&r) };
        struct str answer = { (const char *)r.p, wire_left(&r) };
        struct yaml_mark where = { 0 };
        struct yaml_node **documents;
        struct error err = ERROR_INIT;
        size_t n;
        int code;

        if (!arena || r.bad || w.text.n > limits.bytes || answer.n > yaml_answer_max(w.text, &limits))
                return 0;
        code = yaml_take_answer(answer, w.text, &limits, arena, &documents, &n, &where, &err);
        HOLDS(arena_size(arena) <= GROWTH * answer.n + GROWTH_AT_LEAST);
        if (code < 0) {
                HOLDS_OR(err.code == code && (code == -EPROTO || ((code == -EBADMSG || code == -E2BIG) && where.line > 0)), err);
                return 0;
        }
        fuzz_accepted++;
        for (size_t i = 0; i < n; i++)
                walk_node(&w, documents[i], 1);
        return 0;
}
