/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to base/: how a tree of YAML is built, whoever tells what stands in it: libyaml (yaml.c), or a worker that
 * need not be honest (yaml_answer.c). What yaml.h promises of trees is checked here: limits, keys, no circles.
 */
#ifndef TALLYMAN_BASE_YAML_PRIVATE_H
#define TALLYMAN_BASE_YAML_PRIVATE_H

#include "base/yaml.h"

/* {0} but for limits, arena and err is an empty one. Each function returns 0 or the error, which is at `where`. */
struct yaml_builder {
        const struct yaml_limits *limits;
        struct arena *arena;
        struct error *err;
        struct yaml_mark where;
        size_t nodes;
        struct yaml_open *open; /* sequences and mappings whose end was not read yet */
        size_t n_open, cap_open;
        struct yaml_node **pending; /* children of open nodes, and the document itself */
        size_t n_pending, cap_pending;
        struct yaml_node **documents;
        size_t n_documents, cap_documents;
        struct yaml_anchored *anchored;
        size_t n_anchored, cap_anchored, n_anchored_before; /* this document */
        struct yaml_node **keys; /* of one mapping, sorted */
        size_t cap_keys;
};

struct yaml_node *yaml_build_node(struct yaml_builder *b, enum yaml_kind kind, struct yaml_mark mark); /* NULL: no memory */
/* A scalar whose text, raw and so on are set. An anchored node gets its number in `anchor`. */
int yaml_build_scalar(struct yaml_builder *b, struct yaml_node *node, bool anchored) _must_check_;
int yaml_build_begin(struct yaml_builder *b, struct yaml_node *node, bool anchored) _must_check_;
int yaml_build_end(struct yaml_builder *b) _must_check_;
/* Again the node of this number, of this document. */
int yaml_build_alias(struct yaml_builder *b, uint32_t anchor, struct yaml_mark where) _must_check_;
int yaml_build_document(struct yaml_builder *b) _must_check_; /* ends one, of which all is there */
int yaml_build_finish(struct yaml_builder *b, struct yaml_node ***ret, size_t *ret_n) _must_check_;
void yaml_builder_done(struct yaml_builder *b);

struct str yaml_after_byte_order_mark(struct str text);
int yaml_check_size(struct str text, const struct yaml_limits *limits, struct error *err) _must_check_;
/* As yaml_parse() tells where an error is. */
void yaml_tell_where(struct yaml_mark where, struct yaml_mark *ret_where, struct error *err);

/* What a worker answers: the tree, or the error in the text and where it is. Negative: there is no answer. */
int yaml_answer(struct str text, const struct yaml_limits *limits, struct buf *out, struct error *err) _must_check_;
/* As yaml_parse(), of an answer; `ret_where` is not NULL. -EPROTO: no parser says this of this text. */
int yaml_take_answer(struct str answer, struct str text, const struct yaml_limits *limits, struct arena *arena,
                     struct yaml_node ***ret, size_t *ret_n, struct yaml_mark *ret_where, struct error *err) _must_check_;
/* The most bytes of an answer. */
size_t yaml_answer_max(struct str text, const struct yaml_limits *limits);

#endif
