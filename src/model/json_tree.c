/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/json_tree.h"

/* ---- encoding ---- */

struct encoder {
        struct buf *out;
        uint32_t n;
        size_t bytes;
        bool stopped; /* a limit was reached: nothing more is written */
};

static void put_node(struct encoder *e, enum json_tree_kind kind, struct str name, struct str text)
{
        wire_put_u8(e->out, (uint8_t)kind);
        wire_put_str(e->out, name);
        wire_put_str(e->out, text);
        e->n++;
        e->bytes += name.n + text.n;
}

static void put_scalar(struct encoder *e, const json_t *value, struct str name)
{
        _cleanup_free_ char *number = NULL;
        struct str text = STR_NULL;

        switch (json_typeof(value)) {
        case JSON_STRING:
                text = (struct str){ json_string_value(value), json_string_length(value) };
                if (e->bytes + name.n + text.n > JSON_TREE_BYTES_MAX)
                        put_node(e, JSON_TREE_LEFT_OUT, name, STR_NULL);
                else
                        put_node(e, JSON_TREE_STRING, name, text);
                return;
        case JSON_INTEGER:
        case JSON_REAL:
                number = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
                put_node(e, number ? JSON_TREE_NUMBER : JSON_TREE_LEFT_OUT, name, str_from(number));
                return;
        default:
                put_node(e, json_is_true(value) ? JSON_TREE_TRUE : json_is_false(value) ? JSON_TREE_FALSE : JSON_TREE_NULL,
                         name, STR_NULL);
        }
}

static void put_value(struct encoder *e, const json_t *value, struct str name, unsigned depth);

static void put_inside(struct encoder *e, const json_t *value, unsigned depth)
{
        const char *key;
        json_t *member;
        size_t i;

        if (json_is_array(value))
                json_array_foreach(value, i, member)
                        put_value(e, member, STR_NULL, depth);
        else
                json_object_foreach((json_t *)value, key, member)
                        put_value(e, member, str_from(key), depth);
}

/* The values inside one are ended by a 0. */
static void put_value(struct encoder *e, const json_t *value, struct str name, unsigned depth)
{
        bool nests = json_is_array(value) || json_is_object(value);

        if (e->stopped)
                return;
        if (e->n + 1 == JSON_TREE_VALUES_MAX || e->bytes + name.n > JSON_TREE_BYTES_MAX) {
                put_node(e, JSON_TREE_LEFT_OUT, STR_NULL, STR_NULL);
                e->stopped = true;
        } else if (nests && depth == JSON_TREE_DEPTH_MAX) {
                put_node(e, JSON_TREE_LEFT_OUT, name, STR_NULL);
        } else if (nests) {
                put_node(e, json_is_array(value) ? JSON_TREE_ARRAY : JSON_TREE_OBJECT, name, STR_NULL);
                put_inside(e, value, depth + 1);
                wire_put_u8(e->out, 0);
        } else {
                put_scalar(e, value, name);
        }
}

void json_tree_encode(const json_t *root, struct buf *out)
{
        struct encoder e = { .out = out };

        put_value(&e, root, STR_NULL, 0);
}

/* ---- decoding ---- */

struct decoder {
        struct wire_reader *r;
        struct json_tree_node *nodes;
        size_t n, cap, bytes;
        uint32_t open[JSON_TREE_DEPTH_MAX + 1]; /* indexes of what is not closed yet */
        unsigned depth;
};

static int take_node(struct decoder *d, uint8_t kind, struct arena *arena)
{
        struct json_tree_node node = { .kind = kind, .name = wire_get_str(d->r), .text = wire_get_str(d->r) };
        bool nests = kind == JSON_TREE_ARRAY || kind == JSON_TREE_OBJECT;

        d->bytes += node.name.n + node.text.n;
        d->r->bad |= kind > JSON_TREE_LEFT_OUT || d->n == JSON_TREE_VALUES_MAX || d->bytes > JSON_TREE_BYTES_MAX ||
                     (nests && d->depth > JSON_TREE_DEPTH_MAX) || !utf8_valid(node.name) || !utf8_valid(node.text);
        if (d->r->bad)
                return 0;
        if (mem_grow(&d->nodes, &d->cap, d->n + 1, sizeof(*d->nodes)) < 0)
                return -ENOMEM;
        node.name.p = arena_string(arena, node.name.p, node.name.n);
        node.text.p = arena_string(arena, node.text.p, node.text.n);
        if (!node.name.p || !node.text.p)
                return -ENOMEM;
        if (nests)
                d->open[d->depth++] = (uint32_t)d->n;
        d->nodes[d->n++] = node;
        d->nodes[d->n - 1].end = (uint32_t)d->n;
        return 0;
}

int json_tree_decode(struct wire_reader *r, struct arena *arena, struct json_tree *ret)
{
        struct decoder d = { .r = r };
        int code = 0;

        do {
                uint8_t kind = wire_get_u8(r);

                if (kind)
                        code = take_node(&d, kind, arena);
                else if (d.depth)
                        d.nodes[d.open[--d.depth]].end = (uint32_t)d.n;
                else
                        r->bad = true;
        } while (code == 0 && d.depth && !r->bad);
        *ret = (struct json_tree){ 0 };
        if (code == 0 && !r->bad) {
                ret->nodes = arena_copy(arena, d.nodes, d.n * sizeof(*d.nodes));
                ret->n = (uint32_t)d.n;
                code = ret->nodes ? 0 : -ENOMEM;
        }
        free(d.nodes);
        for (uint32_t i = 0; code == 0 && i < ret->n; i++)
                ret->left_out |= ret->nodes[i].kind == JSON_TREE_LEFT_OUT;
        return code;
}

/* ---- reading ---- */

/* A component of a pointer as it is written, against a name: "~1" is "/", "~0" is "~". */
static bool component_is(struct str component, struct str name)
{
        size_t i = 0;

        for (size_t at = 0; at < component.n; at++, i++) {
                char c = component.p[at];

                if (c == '~' && at + 1 < component.n && (component.p[at + 1] == '0' || component.p[at + 1] == '1'))
                        c = component.p[++at] == '0' ? '~' : '/';
                if (i == name.n || name.p[i] != c)
                        return false;
        }
        return i == name.n;
}

/* The value with that name, or with that number, in the one at `at`; 0: there is none. */
static uint32_t find_inside(const struct json_tree *tree, uint32_t at, struct str component)
{
        const struct json_tree_node *node = &tree->nodes[at];
        uint64_t wanted = 0, number = 0;

        if (node->kind == JSON_TREE_ARRAY &&
            (str_to_u64(component, 10, &wanted) < 0 || (component.n > 1 && component.p[0] == '0')))
                return 0;
        if (node->kind != JSON_TREE_ARRAY && node->kind != JSON_TREE_OBJECT)
                return 0;
        for (uint32_t i = at + 1; i < node->end; i = tree->nodes[i].end, number++)
                if (node->kind == JSON_TREE_ARRAY ? number == wanted : component_is(component, tree->nodes[i].name))
                        return i;
        return 0;
}

static void add_escaped(struct value_text *text, struct str s)
{
        static const char hex[] = "0123456789abcdef";

        value_text_add(text, STR_LIT("\""));
        for (size_t i = 0; i < s.n; i++) {
                unsigned char c = (unsigned char)s.p[i];
                char code[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

                if (c == '"' || c == '\\')
                        value_text_add(text, (struct str){ (char[]){ '\\', (char)c }, 2 });
                else if (c < 0x20)
                        value_text_add(text, (struct str){ code, sizeof(code) });
                else
                        value_text_add(text, (struct str){ &s.p[i], 1 });
        }
        value_text_add(text, STR_LIT("\""));
}

static void add_value(const struct json_tree *tree, uint32_t at, struct value_text *text)
{
        static const char *const words[] = { [JSON_TREE_NULL] = "null", [JSON_TREE_FALSE] = "false", [JSON_TREE_TRUE] = "true",
                                             [JSON_TREE_LEFT_OUT] = "null" };
        const struct json_tree_node *node = &tree->nodes[at];
        bool array = node->kind == JSON_TREE_ARRAY;

        if (node->kind == JSON_TREE_STRING) {
                add_escaped(text, node->text);
        } else if (node->kind == JSON_TREE_NUMBER) {
                value_text_add(text, node->text);
        } else if (!array && node->kind != JSON_TREE_OBJECT) {
                value_text_add(text, str_from(words[node->kind]));
        } else {
                value_text_add(text, str_from(array ? "[" : "{"));
                for (uint32_t i = at + 1; i < node->end; i = tree->nodes[i].end) {
                        if (i > at + 1)
                                value_text_add(text, STR_LIT(","));
                        if (!array) {
                                add_escaped(text, tree->nodes[i].name);
                                value_text_add(text, STR_LIT(":"));
                        }
                        add_value(tree, i, text); /* no deeper than JSON_TREE_DEPTH_MAX */
                }
                value_text_add(text, str_from(array ? "]" : "}"));
        }
}

struct value json_tree_get(const struct json_tree *tree, struct str pointer, struct value_scratch *scratch)
{
        const struct value missing = { .state = tree->left_out ? VALUE_UNKNOWN : VALUE_ABSENT };
        struct value_text text;
        uint32_t at = 0;

        if (tree->n == 0)
                return value_absent();
        for (struct str rest = pointer.n ? (struct str){ pointer.p + 1, pointer.n - 1 } : STR_NULL; rest.p;)
                if (!(at = find_inside(tree, at, str_cut(&rest, '/'))))
                        return missing;
        if (tree->nodes[at].kind == JSON_TREE_STRING || tree->nodes[at].kind == JSON_TREE_NUMBER)
                return value_of_string(tree->nodes[at].text);
        if (tree->nodes[at].kind == JSON_TREE_NULL)
                return value_absent();
        if (tree->nodes[at].kind == JSON_TREE_LEFT_OUT)
                return (struct value){ .state = VALUE_UNKNOWN };
        text = value_text_begin(scratch);
        add_value(tree, at, &text);
        return value_of_string(value_text_end(&text));
}
