/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a file of ours should hold from its tree: errors name file, line and column, and the nearest key. */
#ifndef TALLYMAN_BASE_YAML_READ_H
#define TALLYMAN_BASE_YAML_READ_H

#include "base/yaml.h"

/* -EBADMSG, "FILE:LINE:COLUMN: …". */
int yaml_say(const char *file, const struct yaml_node *node, struct error *err, const char *fmt, ...) _printf_(4, 5);

/* Parses a text that holds one document. Errors name `file`, and the place where there is one. */
int yaml_read_document(const char *file, struct str text, const struct yaml_limits *limits, const struct yaml_parser *yaml,
                       struct arena *arena, const struct yaml_node **ret, struct error *err) _must_check_;

/* All keys of a mapping are among these. -EBADMSG; `what` says what it is: "a case". Not a mapping: likewise. */
int yaml_check_keys(const char *file, const struct yaml_node *node, const char *what, const char *const *keys, size_t n,
                    struct error *err) _must_check_;
/* A scalar's text. */
int yaml_read_text(const char *file, const struct yaml_node *node, const char *what, struct str *ret, struct error *err) _must_check_;
/* One text, or a sequence of at most `max`. */
int yaml_read_texts(const char *file, const struct yaml_node *node, const char *what, size_t max, struct arena *arena,
                    struct str **ret, uint32_t *ret_n, struct error *err) _must_check_;

#endif
