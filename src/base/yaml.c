/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <strings.h>
#include <yaml.h>

#include "base/hijack.h"
#include "base/names.h"
#include "base/yaml.h"

/* A node that was given a name, and how much an alias to it repeats. */
struct anchor {
        struct str name; /* first: see base/names.h */
        struct yaml_node *node;
        size_t nodes, height;
        bool open; /* its end was not read yet */
};

/* A sequence or mapping whose end was not read yet. */
struct open_node {
        struct yaml_node *node;
        struct anchor *anchor;
        size_t first;        /* of its children in `pending` */
        size_t nodes_before; /* it began */
        size_t height;       /* of the highest child */
};

struct reader {
        yaml_parser_t parser;
        struct str text;
        const struct yaml_limits *limits;
        struct arena *arena;
        struct names anchors; /* of this document */
        size_t nodes;
        struct open_node *open;
        size_t n_open, cap_open;
        struct yaml_node **pending; /* children of open nodes, and the document itself */
        size_t n_pending, cap_pending;
        struct yaml_node **documents;
        size_t n_documents, cap_documents;
        struct yaml_node **keys; /* of one mapping, sorted */
        size_t cap_keys;
        size_t at, at_index; /* a byte of the text, and how many characters stand before it */
        struct yaml_mark where;
        struct error *err;
};

static struct yaml_mark mark_of(const yaml_mark_t *mark)
{
        return (struct yaml_mark){
                (uint32_t)MIN_OF(mark->line, (size_t)UINT32_MAX - 1) + 1,
                (uint32_t)MIN_OF(mark->column, (size_t)UINT32_MAX - 1) + 1,
        };
}

static int fail_at(struct reader *r, struct yaml_mark where, int code, const char *what)
{
        r->where = where;
        return error_say(r->err, code, "%s", what);
}

static struct yaml_mark mark_of_byte(struct str text, size_t at)
{
        struct yaml_mark mark = { 1, 1 };

        for (size_t i = 0; i < at && i < text.n; i++) {
                if (text.p[i] == '\n') {
                        mark.line++;
                        mark.column = 1;
                } else if ((text.p[i] & 0xc0) != 0x80) {
                        mark.column++;
                }
        }
        return mark;
}

static int parser_failed(struct reader *r)
{
        yaml_parser_t *p = &r->parser;

        switch (p->error) {
        case YAML_MEMORY_ERROR:
                return error_oom(r->err);
        case YAML_READER_ERROR:
                r->where = mark_of_byte(r->text, p->problem_offset);
                return error_say(r->err, -EBADMSG, "%s", p->problem ? p->problem : "the text can not be read");
        default:
                r->where = mark_of(&p->problem_mark);
                return error_say(r->err, -EBADMSG, "%s%s%s", p->problem ? p->problem : "no valid YAML",
                                 p->context ? ", " : "", p->context ? p->context : "");
        }
}

/* ---- marks: libyaml counts characters, we need bytes ---- */

static size_t byte_of(struct reader *r, size_t index)
{
        if (index < r->at_index)
                r->at = r->at_index = 0;
        while (r->at_index < index && r->at < r->text.n) {
                r->at++;
                while (r->at < r->text.n && (r->text.p[r->at] & 0xc0) == 0x80)
                        r->at++;
                r->at_index++;
        }
        return r->at;
}

/* ---- nodes ---- */

static int count_nodes(struct reader *r, struct yaml_mark where, size_t nodes, size_t height)
{
        if (nodes > r->limits->nodes || r->nodes > r->limits->nodes - nodes) {
                r->where = where;
                return error_say(r->err, -E2BIG, "more than %zu nodes", r->limits->nodes);
        }
        if (r->n_open + height > r->limits->depth) {
                r->where = where;
                return error_say(r->err, -E2BIG, "nested deeper than %zu", r->limits->depth);
        }
        r->nodes += nodes;
        return 0;
}

static int push_pending(struct reader *r, struct yaml_node *node, size_t height)
{
        if (mem_grow(&r->pending, &r->cap_pending, r->n_pending + 1, sizeof(*r->pending)) < 0)
                return error_oom(r->err);
        r->pending[r->n_pending++] = node;
        if (r->n_open)
                r->open[r->n_open - 1].height = MAX_OF(r->open[r->n_open - 1].height, height);
        return 0;
}

static int name_node(struct reader *r, const yaml_char_t *name, struct yaml_node *node, struct anchor **ret)
{
        struct anchor *a;
        size_t n;

        *ret = NULL;
        if (!name)
                return 0;
        n = strlen((const char *)name);
        a = arena_alloc(r->arena, sizeof(*a));
        if (!a || !(a->name.p = arena_string(r->arena, (const char *)name, n)))
                return error_oom(r->err);
        a->name.n = n;
        a->node = node;
        a->nodes = a->height = 1;
        if (names_put(&r->anchors, &a->name) < 0)
                return error_oom(r->err);
        *ret = a;
        return 0;
}

static int take_alias(struct reader *r, const yaml_event_t *event)
{
        struct str name = str_from((const char *)event->data.alias.anchor);
        struct yaml_mark where = mark_of(&event->start_mark);
        struct anchor *a = names_find(&r->anchors, name);
        int code;

        if (!a)
                return fail_at(r, where, -EBADMSG, "an alias of something that has no such anchor");
        if (a->open)
                return fail_at(r, where, -EBADMSG, "an alias inside what it names");
        code = count_nodes(r, where, a->nodes, a->height);
        return code < 0 ? code : push_pending(r, a->node, a->height);
}

static enum yaml_style style_of(yaml_scalar_style_t style)
{
        switch (style) {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE:
                return YAML_SINGLE_QUOTED;
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
                return YAML_DOUBLE_QUOTED;
        case YAML_LITERAL_SCALAR_STYLE:
        case YAML_FOLDED_SCALAR_STYLE:
                return YAML_BLOCK;
        default:
                return YAML_PLAIN;
        }
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, const yaml_event_t *event)
{
        struct yaml_node *node = arena_alloc(r->arena, sizeof(*node));

        if (!node)
                return NULL;
        node->kind = kind;
        node->mark = mark_of(&event->start_mark);
        return node;
}

static int take_scalar(struct reader *r, const yaml_event_t *event)
{
        struct yaml_node *node = new_node(r, YAML_SCALAR, event);
        struct anchor *anchor;
        size_t start, n = event->data.scalar.length;
        int code;

        if (!node)
                return error_oom(r->err);
        node->text.p = arena_string(r->arena, (const char *)event->data.scalar.value, n);
        if (!node->text.p)
                return error_oom(r->err);
        node->text.n = n;
        node->style = style_of(event->data.scalar.style);
        node->plain = node->style == YAML_PLAIN && !event->data.scalar.tag;
        start = byte_of(r, event->start_mark.index);
        node->raw = (struct str){ r->text.p + start, byte_of(r, event->end_mark.index) - start };
        code = count_nodes(r, node->mark, 1, 1);
        if (code == 0)
                code = name_node(r, event->data.scalar.anchor, node, &anchor);
        return code < 0 ? code : push_pending(r, node, 1);
}

static int begin_node(struct reader *r, enum yaml_kind kind, const yaml_event_t *event, const yaml_char_t *name)
{
        struct yaml_node *node = new_node(r, kind, event);
        struct open_node *open;
        struct anchor *anchor = NULL;
        size_t before = r->nodes;
        int code;

        if (!node)
                return error_oom(r->err);
        code = count_nodes(r, node->mark, 1, 1);
        if (code == 0)
                code = name_node(r, name, node, &anchor);
        if (code < 0)
                return code;
        if (mem_grow(&r->open, &r->cap_open, r->n_open + 1, sizeof(*r->open)) < 0)
                return error_oom(r->err);
        open = &r->open[r->n_open++];
        *open = (struct open_node){ .node = node, .anchor = anchor, .first = r->n_pending, .nodes_before = before };
        if (anchor)
                anchor->open = true;
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

static int check_keys(struct reader *r, const struct yaml_node *mapping)
{
        size_t n = 0;

        if (mapping->n < 2)
                return 0;
        if (mem_grow(&r->keys, &r->cap_keys, mapping->n, sizeof(*r->keys)) < 0)
                return error_oom(r->err);
        for (size_t i = 0; i < mapping->n; i++)
                if (mapping->pairs[i].key->kind == YAML_SCALAR)
                        r->keys[n++] = mapping->pairs[i].key;
        qsort(r->keys, n, sizeof(*r->keys), compare_keys);
        for (size_t i = 1; i < n; i++) {
                _cleanup_(buf_free) struct buf name = { 0 };

                if (!str_equal(r->keys[i - 1]->text, r->keys[i]->text))
                        continue;
                buf_add_quoted(&name, r->keys[i]->text);
                r->where = r->keys[i]->mark;
                return error_say(r->err, -EBADMSG, "the key '%s' stands twice in one mapping, first on line %u",
                                 name.data ? name.data : "", r->keys[i - 1]->mark.line);
        }
        return 0;
}

static int end_node(struct reader *r)
{
        struct open_node *open = &r->open[r->n_open - 1];
        struct yaml_node *node = open->node;
        size_t n = r->n_pending - open->first, height = open->height + 1;
        void *children = arena_copy(r->arena, n ? r->pending + open->first : NULL, n * sizeof(*r->pending));
        int code = 0;

        if (!children)
                return error_oom(r->err);
        if (node->kind == YAML_SEQUENCE) {
                node->items = children;
                node->n = n;
        } else {
                _Static_assert(sizeof(struct yaml_pair) == 2 * sizeof(void *), "a pair is two children");
                node->pairs = children;
                node->n = n / 2;
                code = check_keys(r, node);
        }
        if (code < 0)
                return code;
        if (open->anchor) {
                open->anchor->open = false;
                open->anchor->nodes = r->nodes - open->nodes_before;
                open->anchor->height = height;
        }
        r->n_pending = open->first;
        r->n_open--;
        return push_pending(r, node, height);
}

static int end_document(struct reader *r)
{
        HIJACK_POINT("yaml");
        if (mem_grow(&r->documents, &r->cap_documents, r->n_documents + 1, sizeof(*r->documents)) < 0)
                return error_oom(r->err);
        r->documents[r->n_documents++] = r->pending[0];
        r->n_pending = 0;
        names_done(&r->anchors);
        return 0;
}

static int take_event(struct reader *r, const yaml_event_t *event)
{
        switch (event->type) {
        case YAML_ALIAS_EVENT:
                return take_alias(r, event);
        case YAML_SCALAR_EVENT:
                return take_scalar(r, event);
        case YAML_SEQUENCE_START_EVENT:
                return begin_node(r, YAML_SEQUENCE, event, event->data.sequence_start.anchor);
        case YAML_MAPPING_START_EVENT:
                return begin_node(r, YAML_MAPPING, event, event->data.mapping_start.anchor);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                return end_node(r);
        case YAML_DOCUMENT_END_EVENT:
                return end_document(r);
        default:
                return 0;
        }
}

static int read_events(struct reader *r)
{
        bool ended = false;
        int code = 0;

        while (code == 0 && !ended) {
                yaml_event_t event;

                if (!yaml_parser_parse(&r->parser, &event))
                        return parser_failed(r);
                ended = event.type == YAML_STREAM_END_EVENT;
                code = take_event(r, &event);
                yaml_event_delete(&event);
        }
        return code;
}

static void reader_done(struct reader *r)
{
        yaml_parser_delete(&r->parser);
        names_done(&r->anchors);
        free(r->open);
        free(r->pending);
        free(r->documents);
        free(r->keys);
}

/* libyaml would take UTF-16 too, and says of a wrong byte only how far it is from the start. */
static int check_text(struct reader *r)
{
        struct str rest = r->text;

        if (rest.n > r->limits->bytes)
                return error_say(r->err, -E2BIG, "%zu bytes of YAML, more than the %zu that are read", rest.n,
                                 r->limits->bytes);
        while (rest.n) {
                size_t n = utf8_char_length(rest);

                if (n == 0)
                        return fail_at(r, mark_of_byte(r->text, r->text.n - rest.n), -EBADMSG, "this is not UTF-8");
                rest.p += n;
                rest.n -= n;
        }
        return 0;
}

static int parse(struct reader *r)
{
        int code = check_text(r);

        if (code < 0)
                return code;
        yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r->parser, (const unsigned char *)(r->text.n ? r->text.p : ""), r->text.n);
        return read_events(r);
}

int yaml_parse(struct str text, const struct yaml_limits *limits, struct arena *arena, struct yaml_node ***ret,
               size_t *ret_n, struct yaml_mark *ret_where, struct error *err)
{
        struct reader r = { .text = text, .limits = limits, .arena = arena, .err = err };
        struct yaml_node **documents = NULL;
        int code;

        if (str_starts(text, "\xef\xbb\xbf"))
                r.text = (struct str){ text.p + 3, text.n - 3 };
        if (!yaml_parser_initialize(&r.parser))
                return error_oom(err);
        code = parse(&r);
        if (code == 0) {
                documents = arena_copy(arena, r.documents, r.n_documents * sizeof(*documents));
                code = documents ? 0 : error_oom(err);
        }
        if (code == 0) {
                *ret = documents;
                *ret_n = r.n_documents;
        } else if (ret_where) {
                *ret_where = r.where;
        } else if (r.where.line) {
                error_wrap(err, "line %u, column %u", r.where.line, r.where.column);
        }
        reader_done(&r);
        return code;
}

/* ---- what callers ask of nodes ---- */

struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
        if (mapping->kind != YAML_MAPPING)
                return NULL;
        for (size_t i = 0; i < mapping->n; i++)
                if (mapping->pairs[i].key->kind == YAML_SCALAR && str_equals(mapping->pairs[i].key->text, key))
                        return mapping->pairs[i].value;
        return NULL;
}

static bool is_one_of(struct str text, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (text.n == strlen(words[i]) && strncasecmp(text.p, words[i], text.n) == 0)
                        return true;
        return false;
}

int yaml_bool(const struct yaml_node *node, bool *ret, struct error *err)
{
        static const char *const yes[] = { "true", "yes", "on", "y" }, *const no[] = { "false", "no", "off", "n" };

        if (node->kind == YAML_SCALAR && node->plain) {
                if (is_one_of(node->text, yes, ELEMENTS_OF(yes))) {
                        *ret = true;
                        return 0;
                }
                if (is_one_of(node->text, no, ELEMENTS_OF(no))) {
                        *ret = false;
                        return 0;
                }
        }
        return error_say(err, -EBADMSG, "line %u, column %u: true or false is expected", node->mark.line,
                         node->mark.column);
}

bool yaml_is_null(const struct yaml_node *node)
{
        static const char *const nothing[] = { "", "~", "null" };

        return node->kind == YAML_SCALAR && node->plain && is_one_of(node->text, nothing, ELEMENTS_OF(nothing));
}
