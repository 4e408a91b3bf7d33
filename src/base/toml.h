/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0, as far as programs write lockfiles in it: tables, arrays of tables, and texts are told; numbers, dates and
 * truth values are passed over without a look at what they mean. Read in one pass, in constant memory. What is not TOML
 * by its outline is an error; that a key or table stands twice is not noticed.
 */
#ifndef TALLYMAN_BASE_TOML_H
#define TALLYMAN_BASE_TOML_H

#include <stdbool.h>

#include "base/compress.h"
#include "base/str.h"

#define TOML_DEPTH_MAX 64           /* arrays and inline tables inside one another */
#define TOML_TEXT_MAX (1u << 20)    /* bytes of a text or a dotted key */

enum toml_kind {
        TOML_TABLE = 1,   /* [key]: what follows belongs to it */
        TOML_TABLES,      /* [[key]]: the same, one more of several */
        TOML_TEXT,        /* key = "text", also inside an inline table: its key comes before and a dot */
        TOML_ITEM,        /* a text in an array, at any depth of it */
};

/* Strings are borrowed. The parts of a dotted key are joined by dots; a dot inside a quoted part becomes "\\.". */
struct toml_event {
        enum toml_kind kind;
        struct str key;
        struct str text;
};

/* Calls `each` until it returns non-zero, which is returned. -EBADMSG: "line N: …". */
int toml_read(struct byte_source source, int (*each)(void *ctx, const struct toml_event *event, struct error *err),
              void *ctx, struct error *err) _must_check_;

#endif
