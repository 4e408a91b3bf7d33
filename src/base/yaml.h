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

struct yaml_node;

struct yaml_pair {
        struct yaml_node *key;
        struct yaml_node *value;
};

struct yaml_node {
        enum yaml_kind kind;
        uint32_t line, column;  /* of its first character, from 1 */
        struct str text;        /* SCALAR: its value */
        bool plain;             /* SCALAR: written without quotes and not as a block: only then "true", "12", "~" mean more */
        bool block;             /* SCALAR: | or >; its text begins on the line after `line` */
        bool verbatim;          /* SCALAR: its text stands in the file as it is, so that places inside it can be told */
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

/* Parses all documents of a stream. Anchors and aliases are allowed within the limits; an alias inside what it names is
 * -EBADMSG. UTF-8 only, a byte order mark and Windows line ends are fine. Errors name line and column. */
int yaml_parse(struct str text, const struct yaml_limits *limits, struct arena *arena, struct yaml_node ***ret,
               size_t *ret_n, struct error *err) _must_check_;

/* NULL: it is no mapping, or has no such key. */
struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* Of a plain scalar: true/false (also yes/no, on/off as YAML 1.1 has them). 0 or -EBADMSG, naming line and column. */
int yaml_bool(const struct yaml_node *node, bool *ret, struct error *err) _must_check_;
/* "null", "~" or nothing, unquoted. */
bool yaml_is_null(const struct yaml_node *node);

#endif
