/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document as facts carry it: parsed in a worker, sent over as a flat list of values, and read by JSON pointers
 * (RFC 6901), which is what jevt.value[/pointer] gives.
 */
#ifndef TALLYMAN_MODEL_JSON_TREE_H
#define TALLYMAN_MODEL_JSON_TREE_H

#include "base/json.h"
#include "base/wire.h"
#include "model/field.h"

#define JSON_TREE_VALUES_MAX 50000
#define JSON_TREE_BYTES_MAX (4u << 20) /* of all names and texts */
#define JSON_TREE_DEPTH_MAX 64         /* of nesting */

enum json_tree_kind {
        JSON_TREE_NULL = 1,
        JSON_TREE_FALSE,
        JSON_TREE_TRUE,
        JSON_TREE_NUMBER,
        JSON_TREE_STRING,
        JSON_TREE_ARRAY,
        JSON_TREE_OBJECT,
        JSON_TREE_LEFT_OUT, /* there is something, but beyond a limit */
};

struct json_tree_node {
        uint8_t kind;
        uint32_t end;    /* index behind the last value inside it; of a scalar the next index */
        struct str name; /* of an object's member; else empty */
        struct str text; /* NUMBER, STRING */
};

/* Values in the order of the document, each before those inside it. The first one is the whole. */
struct json_tree {
        struct json_tree_node *nodes;
        uint32_t n;    /* 0: there is no document */
        bool left_out; /* something was, somewhere */
};

/* In a worker: appends the encoded document. What is beyond a limit is left out, and said to be. */
void json_tree_encode(const json_t *root, struct buf *out);
/* In the parent: what came from a worker is checked again; anything odd makes the reader bad. Copies into `arena`; -ENOMEM. */
int json_tree_decode(struct wire_reader *r, struct arena *arena, struct json_tree *ret) _must_check_;

/* What a pointer gives, as text: strings as they are, numbers and truth values as written, arrays and objects as compact JSON.
 * Absent: there is nothing there, or null. Unknown: it was left out. */
struct value json_tree_get(const struct json_tree *tree, struct str pointer, struct value_scratch *scratch);

/* The field that sources whose facts carry a document have. */
#define JSON_TREE_FIELD "jevt.value"
#define JSON_TREE_FIELD_DOC "What stands at a JSON pointer in the document, as text."

#endif
