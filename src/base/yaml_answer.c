/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of YAML between processes: its nodes in the order in which they begin, the end of each sequence and mapping
 * marked. An alias names a node that has ended, by its number among those that have an anchor: what is shared stays
 * shared, and there can be no circle.
 */
#include <errno.h>

#include "base/wire.h"
#include "base/yaml_private.h"

enum answer_kind {
        ANSWER_TREE = 1,
        ANSWER_ERROR, /* i32 code, mark, text */
};

enum token {
        TOKEN_SCALAR = YAML_SCALAR, /* u8 flags, mark, u32 offset and u32 length of `raw` in the text, text */
        TOKEN_SEQUENCE = YAML_SEQUENCE, /* u8 flags, mark */
        TOKEN_MAPPING = YAML_MAPPING,
        TOKEN_END,
        TOKEN_ALIAS, /* u32 anchor */
};
#define TOKEN_BYTES_MAX 22 /* with the end, without text */

#define FLAG_ANCHORED 1u
#define FLAG_PLAIN 2u
#define FLAGS_STYLE 2 /* from this bit on */

size_t yaml_answer_max(struct str text, const struct yaml_limits *limits)
{
        size_t nodes = MIN_OF(limits->nodes, SIZE_MAX / 4 / TOKEN_BYTES_MAX);

        /* An escape of two bytes may mean three. */
        return nodes * TOKEN_BYTES_MAX + 2 * text.n + 2 * ERROR_MESSAGE_MAX;
}

/* ---- in the worker ---- */

struct encode {
        struct str text;
        struct buf *out;
        uint32_t anchored; /* written so far */
};

static void put_mark(struct buf *out, struct yaml_mark mark)
{
        wire_put_u32(out, mark.line);
        wire_put_u32(out, mark.column);
}

static void put_scalar(struct encode *e, const struct yaml_node *node)
{
        wire_put_u32(e->out, (uint32_t)(node->raw.p - e->text.p));
        wire_put_u32(e->out, (uint32_t)node->raw.n);
        wire_put_str(e->out, node->text);
}

/* No deeper than the limit with which it was parsed. */
static void put_node(struct encode *e, const struct yaml_node *node)
{
        if (node->anchor && node->anchor <= e->anchored) {
                wire_put_u8(e->out, TOKEN_ALIAS);
                wire_put_u32(e->out, node->anchor);
                return;
        }
        e->anchored += node->anchor != 0;
        wire_put_u8(e->out, (uint8_t)node->kind);
        wire_put_u8(e->out, (uint8_t)((node->anchor ? FLAG_ANCHORED : 0) | (node->plain ? FLAG_PLAIN : 0) |
                                      (unsigned)node->style << FLAGS_STYLE));
        put_mark(e->out, node->mark);
        if (node->kind == YAML_SCALAR) {
                put_scalar(e, node);
                return;
        }
        for (size_t i = 0; i < node->n; i++) {
                if (node->kind == YAML_MAPPING)
                        put_node(e, node->pairs[i].key);
                put_node(e, node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i]);
        }
        wire_put_u8(e->out, TOKEN_END);
}

static void put_error(struct buf *out, const struct error *why, struct yaml_mark where)
{
        wire_put_u8(out, ANSWER_ERROR);
        wire_put_u32(out, (uint32_t)why->code);
        put_mark(out, where);
        wire_put_str(out, str_from(why->message));
}

int yaml_answer(struct str text, const struct yaml_limits *limits, struct buf *out, struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct encode e = { .text = text, .out = out };
        struct yaml_mark where = { 0 };
        struct error why = ERROR_INIT;
        struct yaml_node **documents;
        size_t n;
        int r;

        if (!arena)
                return error_oom(err);
        if (text.n > UINT32_MAX)
                return error_say(err, -E2BIG, "more than 4 GiB of YAML");
        r = yaml_parse(text, limits, arena, &documents, &n, &where, &why);
        if (r == -ENOMEM)
                return error_oom(err);
        if (r < 0) {
                put_error(out, &why, where);
        } else {
                wire_put_u8(out, ANSWER_TREE);
                for (size_t i = 0; i < n; i++)
                        put_node(&e, documents[i]);
        }
        return buf_ok(out) ? 0 : error_oom(err);
}

/* ---- in the parent ---- */

struct decode {
        struct wire_reader r;
        struct str text;
        struct yaml_builder tree;
};

/* Places that no text of this size has are nonsense. */
static struct yaml_mark get_mark(struct decode *d)
{
        struct yaml_mark mark = { wire_get_u32(&d->r), 0 };

        mark.column = wire_get_u32(&d->r);
        d->r.bad |= mark.line == 0 || mark.line - 1 > d->text.n || mark.column == 0 || mark.column - 1 > d->text.n;
        return mark;
}

static bool is_between_characters(struct str text, size_t at)
{
        return at == text.n || (text.p[at] & 0xc0) != 0x80;
}

static struct str get_raw(struct decode *d)
{
        size_t at = wire_get_u32(&d->r), n = wire_get_u32(&d->r);

        d->r.bad |= at > d->text.n || n > d->text.n - at;
        if (d->r.bad || !is_between_characters(d->text, at) || !is_between_characters(d->text, at + n)) {
                d->r.bad = true;
                return STR_NULL;
        }
        return (struct str){ d->text.p + at, n };
}

/* A NUL can be written as an escape only. */
static bool is_text_of(struct str text, enum yaml_style style)
{
        return utf8_valid(text) && (style == YAML_DOUBLE_QUOTED || !text.n || !memchr(text.p, 0, text.n));
}

static int take_scalar(struct decode *d, struct yaml_node *node, unsigned flags)
{
        struct str text;

        node->plain = flags & FLAG_PLAIN;
        node->style = (enum yaml_style)(flags >> FLAGS_STYLE);
        node->raw = get_raw(d);
        text = wire_get_str(&d->r);
        d->r.bad |= node->style > YAML_BLOCK || (node->plain && node->style != YAML_PLAIN);
        d->r.bad |= !is_text_of(text, node->style);
        if (d->r.bad)
                return -EPROTO;
        node->text.p = arena_string(d->tree.arena, text.n ? text.p : "", text.n);
        if (!node->text.p)
                return error_oom(d->tree.err);
        node->text.n = text.n;
        return yaml_build_scalar(&d->tree, node, flags & FLAG_ANCHORED);
}

static int take_node(struct decode *d, enum yaml_kind kind)
{
        unsigned flags = wire_get_u8(&d->r);
        struct yaml_mark mark = get_mark(d);
        struct yaml_node *node;

        if (d->r.bad || (kind != YAML_SCALAR && (flags & ~FLAG_ANCHORED)))
                return -EPROTO;
        node = yaml_build_node(&d->tree, kind, mark);
        if (!node)
                return error_oom(d->tree.err);
        return kind == YAML_SCALAR ? take_scalar(d, node, flags) : yaml_build_begin(&d->tree, node, flags);
}

static int take_token(struct decode *d)
{
        uint8_t token = wire_get_u8(&d->r);
        int r;

        switch (token) {
        case TOKEN_SCALAR:
        case TOKEN_SEQUENCE:
        case TOKEN_MAPPING:
                r = take_node(d, (enum yaml_kind)token);
                break;
        case TOKEN_ALIAS:
                r = yaml_build_alias(&d->tree, wire_get_u32(&d->r), (struct yaml_mark){ 0 });
                break;
        case TOKEN_END:
                r = d->tree.n_open ? yaml_build_end(&d->tree) : -EPROTO;
                break;
        default:
                r = -EPROTO;
        }
        return r == 0 && d->tree.n_open == 0 ? yaml_build_document(&d->tree) : r;
}

/* What is refused here, the worker's parser would have refused. */
static int take_tree(struct decode *d, struct yaml_node ***ret, size_t *ret_n)
{
        int r = 0;

        while (r == 0 && wire_left(&d->r))
                r = take_token(d);
        if (r == 0 && (!wire_end(&d->r) || d->tree.n_open))
                r = -EPROTO;
        if (r == 0)
                r = yaml_build_finish(&d->tree, ret, ret_n);
        return r == 0 || r == -ENOMEM ? r : -EPROTO;
}

/* What is wrong with the text is said at a place, but for its size, which was looked at before. */
static int take_error(struct decode *d, struct yaml_mark *ret_where, struct error *err)
{
        int code = (int)wire_get_u32(&d->r);
        struct yaml_mark where = get_mark(d);
        struct str message = wire_get_str(&d->r);

        if (!wire_end(&d->r) || (code != -EBADMSG && code != -E2BIG) || !message.n)
                return -EPROTO;
        *ret_where = where;
        return error_say(err, code, "%.*s", STR_ARG(message));
}

int yaml_take_answer(struct str answer, struct str text, const struct yaml_limits *limits, struct arena *arena,
                     struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where, struct error *err)
{
        struct decode d = { .r = wire_reader(answer.p, answer.n), .text = text,
                            .tree = { .limits = limits, .arena = arena, .err = err } };
        int r;

        switch (wire_get_u8(&d.r)) {
        case ANSWER_TREE:
                r = take_tree(&d, ret, ret_n);
                break;
        case ANSWER_ERROR:
                r = take_error(&d, ret_where, err);
                break;
        default:
                r = -EPROTO;
        }
        yaml_builder_done(&d.tree);
        return r == -EPROTO ? error_say(err, r, "the worker that parses YAML answered nonsense") : r;
}
