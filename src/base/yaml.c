/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <strings.h>
#include <yaml.h>

#include "base/hijack.h"
#include "base/names.h"
#include "base/yaml_private.h"

/* The name that an alias asks for. */
struct anchor_name {
        struct str name; /* first: see base/names.h */
        uint32_t anchor;
};

struct reader {
        yaml_parser_t parser;
        struct str text;
        struct yaml_builder tree;
        struct names anchors; /* of this document */
        size_t at, at_index; /* a byte of the text, and how many characters stand before it */
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
        r->tree.where = where;
        return error_say(r->tree.err, code, "%s", what);
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
                return error_oom(r->tree.err);
        case YAML_READER_ERROR:
                r->tree.where = mark_of_byte(r->text, p->problem_offset);
                return error_say(r->tree.err, -EBADMSG, "%s", p->problem ? p->problem : "the text can not be read");
        default:
                r->tree.where = mark_of(&p->problem_mark);
                return error_say(r->tree.err, -EBADMSG, "%s%s%s", p->problem ? p->problem : "no valid YAML",
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

static int name_node(struct reader *r, const yaml_char_t *name, const struct yaml_node *node)
{
        struct anchor_name *a;
        size_t n;

        if (!name)
                return 0;
        n = strlen((const char *)name);
        a = arena_alloc(r->tree.arena, sizeof(*a));
        if (!a || !(a->name.p = arena_string(r->tree.arena, (const char *)name, n)))
                return error_oom(r->tree.err);
        a->name.n = n;
        a->anchor = node->anchor;
        return names_put(&r->anchors, &a->name) < 0 ? error_oom(r->tree.err) : 0;
}

static int take_alias(struct reader *r, const yaml_event_t *event)
{
        const struct anchor_name *a = names_find(&r->anchors, str_from((const char *)event->data.alias.anchor));

        return yaml_build_alias(&r->tree, a ? a->anchor : 0, mark_of(&event->start_mark));
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

static int take_scalar(struct reader *r, const yaml_event_t *event)
{
        struct yaml_node *node = yaml_build_node(&r->tree, YAML_SCALAR, mark_of(&event->start_mark));
        size_t start, n = event->data.scalar.length;
        int code;

        if (!node)
                return error_oom(r->tree.err);
        node->text.p = arena_string(r->tree.arena, (const char *)event->data.scalar.value, n);
        if (!node->text.p)
                return error_oom(r->tree.err);
        node->text.n = n;
        node->style = style_of(event->data.scalar.style);
        node->plain = node->style == YAML_PLAIN && !event->data.scalar.tag;
        start = byte_of(r, event->start_mark.index);
        node->raw = (struct str){ r->text.p + start, byte_of(r, event->end_mark.index) - start };
        code = yaml_build_scalar(&r->tree, node, event->data.scalar.anchor);
        return code < 0 ? code : name_node(r, event->data.scalar.anchor, node);
}

static int begin_node(struct reader *r, enum yaml_kind kind, const yaml_event_t *event, const yaml_char_t *name)
{
        struct yaml_node *node = yaml_build_node(&r->tree, kind, mark_of(&event->start_mark));
        int code;

        if (!node)
                return error_oom(r->tree.err);
        code = yaml_build_begin(&r->tree, node, name);
        return code < 0 ? code : name_node(r, name, node);
}

static int end_document(struct reader *r)
{
        HIJACK_POINT("yaml");
        names_done(&r->anchors);
        return yaml_build_document(&r->tree);
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
                return yaml_build_end(&r->tree);
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
        yaml_builder_done(&r->tree);
}

/* libyaml would take UTF-16 too, and says of a wrong byte only how far it is from the start. */
static int check_text(struct reader *r)
{
        struct str rest = r->text;
        int code = yaml_check_size(rest, r->tree.limits, r->tree.err);

        while (code == 0 && rest.n) {
                size_t n = utf8_char_length(rest);

                if (n == 0)
                        return fail_at(r, mark_of_byte(r->text, r->text.n - rest.n), -EBADMSG, "this is not UTF-8");
                rest.p += n;
                rest.n -= n;
        }
        return code;
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
        struct reader r = { .text = yaml_after_byte_order_mark(text),
                            .tree = { .limits = limits, .arena = arena, .err = err } };
        int code;

        if (!yaml_parser_initialize(&r.parser))
                return error_oom(err);
        code = parse(&r);
        if (code == 0)
                code = yaml_build_finish(&r.tree, ret, ret_n);
        if (code < 0)
                yaml_tell_where(r.tree.where, ret_where, err);
        reader_done(&r);
        return code;
}

int yaml_parse_with(const struct yaml_parser *parser, struct str text, const struct yaml_limits *limits,
                    struct arena *arena, struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where,
                    struct error *err)
{
        if (parser)
                return parser->parse(parser->ctx, text, limits, arena, ret, ret_n, ret_where, err);
        return yaml_parse(text, limits, arena, ret, ret_n, ret_where, err);
}

bool yaml_blames_text(int code)
{
        return code == -EBADMSG || code == -E2BIG || code == -EPROTO;
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
