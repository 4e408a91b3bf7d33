/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) piece by piece, in constant memory: for documents that may be as large as they like. A byte order mark
 * before it is passed over. Keys that stand twice are handed over twice: whoever reads decides (the last one counts to
 * JavaScript and to most others).
 */
#ifndef TALLYMAN_BASE_JSON_READER_H
#define TALLYMAN_BASE_JSON_READER_H

#include <stdbool.h>

#include "base/compress.h"
#include "base/str.h"

#define JSON_READER_DEPTH_MAX 512
#define JSON_READER_STRING_MAX (1u << 20) /* bytes of one string; longer ones can only be skipped */

enum json_kind {
        JSON_KIND_OBJECT = 1, /* its members follow, then JSON_KIND_END */
        JSON_KIND_ARRAY,      /* its items follow, then JSON_KIND_END */
        JSON_KIND_END,
        JSON_KIND_STRING,
        JSON_KIND_NUMBER,
        JSON_KIND_TRUE,
        JSON_KIND_FALSE,
        JSON_KIND_NULL,
};

/* Strings are borrowed until the next call. */
struct json_event {
        enum json_kind kind;
        struct str key;  /* of a member of an object (not NULL then, even if empty), else STR_NULL */
        struct str text; /* of a string; of a number as written */
};

struct json_reader;

int json_reader_new(struct byte_source source, struct json_reader **ret, struct error *err) _must_check_;
struct json_reader *json_reader_free(struct json_reader *r);
DEFINE_FREEP(struct json_reader, json_reader_free)
/* 1: an event; 0: the document is at its end, and nothing but blanks follows; -EBADMSG "line N: …", or what the source
 * said. After an error nothing more is to be read. */
int json_reader_next(struct json_reader *r, struct json_event *ret, struct error *err) _must_check_;
/* Calls `each` for each member or item of the object or array whose event was the last, until it returns a negative errno;
 * what `each` leaves unread of a value is passed over. After any other event does nothing. */
int json_reader_walk(struct json_reader *r,
                     int (*each)(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err),
                     void *ctx, struct error *err) _must_check_;

#endif
