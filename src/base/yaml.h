/* SPDX-License-Identifier: Apache-2.0 */
/* The door to libyaml (YAML 1.1): small documents, read whole, each node with the place where it was written. */
#ifndef TALLYMAN_BASE_YAML_H
#define TALLYMAN_BASE_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

enum yaml_kind {
        YAML_SCALAR = 1,
        YAML_SEQUENCE,
        YAML_MAPPING,
};

enum yaml_style { /* of a scalar */
        YAML_PLAIN,
        YAML_SINGLE_QUOTED,
        YAML_DOUBLE_QUOTED,
        YAML_BLOCK, /* | or > */
};

/* A place in the text, both from 1; the column counts characters, not bytes. 0: unknown. */
struct yaml_mark {
        uint32_t line, column;
};

struct yaml_node;

struct yaml_pair {
        struct yaml_node *key;
        struct yaml_node *value;
};

struct yaml_node {
        enum yaml_kind kind;
        enum yaml_style style;  /* SCALAR */
        struct yaml_mark mark;  /* of its first character */
        struct str text;        /* SCALAR: its value; may hold a NUL where it was written as an escape */
        struct str raw;         /* SCALAR: how it was written, from its mark on; borrowed from what was parsed */
        bool plain;             /* SCALAR: neither quoted, a block nor tagged: only then "true", "12", "~" mean more */
        uint32_t anchor;        /* its number, from 1, among the nodes that have an anchor; 0: it has none */
        struct yaml_node **items; /* SEQUENCE */
        struct yaml_pair *pairs;  /* MAPPING, in the order written; a key that stands twice is -EBADMSG */
        size_t n;
};

struct yaml_limits {
        size_t bytes;  /* of the text */
        size_t depth;  /* of nesting */
        size_t nodes;  /* of all documents; what an alias repeats counts again */
};
#define YAML_LIMITS_DEFAULT { .bytes = 16u << 20, .depth = 64, .nodes = 1000000 }

/* Parses all documents of a stream. Anchors and aliases are allowed within the limits (an alias is the same node
 * again); an alias inside what it names is -EBADMSG. UTF-8 only; a byte order mark and Windows line ends are fine.
 * Errors say where: in `ret_where` if that is not NULL, else as the beginning of the message. Everything goes into
 * `arena`, but `raw` points into `text`. */
int yaml_parse(struct str text, const struct yaml_limits *limits, struct arena *arena, struct yaml_node ***ret,
               size_t *ret_n, struct yaml_mark *ret_where, struct error *err) _must_check_;

/* Another way to the same tree, with the contract of yaml_parse(): base/yaml_worker.h has one, in which a text may also
 * make its parser misbehave (-EPROTO). */
struct yaml_parser {
        int (*parse)(void *ctx, struct str text, const struct yaml_limits *limits, struct arena *arena,
                     struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where, struct error *err);
        void *ctx;
};
/* NULL: yaml_parse() itself. */
int yaml_parse_with(const struct yaml_parser *parser, struct str text, const struct yaml_limits *limits,
                    struct arena *arena, struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where,
                    struct error *err) _must_check_;
/* Is it the text's fault, so that others may still be parsed? */
bool yaml_blames_text(int code);

/* NULL: it is no mapping, or has no such key. */
struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* Of a plain scalar: true/false (also yes/no, y/n, on/off as YAML 1.1 has them). 0 or -EBADMSG, naming the place. */
int yaml_bool(const struct yaml_node *node, bool *ret, struct error *err) _must_check_;
/* "null", "~" or nothing, unquoted. */
bool yaml_is_null(const struct yaml_node *node);

/* Where the text of a scalar was written: calls `each` for every stretch that stands in the file without a break, with
 * the offset in `text` of its first byte. Folded and indented lines, quotes and escapes are followed; blanks may belong
 * to the stretch before them. The text that was parsed must still be there. */
void yaml_stretches(const struct yaml_node *scalar, void (*each)(void *ctx, size_t offset, struct yaml_mark mark),
                    void *ctx);

#endif
