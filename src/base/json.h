/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to jansson for reading (small documents, in a worker), and a streaming writer, since a report can hold
 * half a million files and jansson builds whole documents.
 */
#ifndef TALLYMAN_BASE_JSON_H
#define TALLYMAN_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

#define _cleanup_json_ _cleanup_(json_decrefp)

/* Must run once before a sandbox: jansson seeds its hash tables from /dev/urandom. */
void json_init(void);

/* Parses one document: duplicate keys, trailing bytes, invalid UTF-8 and more than jansson's depth (2,048) are -EBADMSG
 * with line and column in the message; more than `max` bytes is -E2BIG. */
int json_parse(struct str text, size_t max, json_t **ret, struct error *err) _must_check_;
/* The same for what is parsed outside a worker: jansson takes some forty bytes for a value that is two bytes of text. More
 * than `max_values` of them are -E2BIG, found before any is made. */
int json_parse_few(struct str text, size_t max, size_t max_values, json_t **ret, struct error *err) _must_check_;

/* Members of `object`. A wrong type is -EBADMSG naming the key and what was expected; an absent or null member is
 * -ENOENT with a message if required, else 0 with the result left untouched. Strings are borrowed from `object`. */
int json_get_string(const json_t *object, const char *key, bool required, const char **ret, struct error *err) _must_check_;
int json_get_u64(const json_t *object, const char *key, bool required, uint64_t *ret, struct error *err) _must_check_;
int json_get_bool(const json_t *object, const char *key, bool required, bool *ret, struct error *err) _must_check_;
int json_get_object(const json_t *object, const char *key, bool required, json_t **ret, struct error *err) _must_check_;
int json_get_array(const json_t *object, const char *key, bool required, json_t **ret, struct error *err) _must_check_;

/* Streaming writer. Output is handed to `flush` in large pieces. The first error sticks. Nesting up to 64.
 * `indent` 0 gives compact output, else that many spaces a level. */
struct json_writer;

int json_writer_new(int (*flush)(void *ctx, const char *data, size_t n, struct error *err), void *ctx, unsigned indent,
                    struct json_writer **ret, struct error *err) _must_check_;
struct json_writer *json_writer_free(struct json_writer *w);
DEFINE_FREEP(struct json_writer, json_writer_free)
void json_write_object_begin(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array_begin(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
void json_write_key(struct json_writer *w, const char *key);
void json_write_string(struct json_writer *w, struct str s); /* bytes that are not UTF-8: as buf_add_utf8() */
void json_write_text(struct json_writer *w, const char *s);  /* NULL writes null */
void json_write_u64(struct json_writer *w, uint64_t v);
void json_write_i64(struct json_writer *w, int64_t v);
void json_write_decimal(struct json_writer *w, double v); /* at most five decimals, whatever the locale; not finite: null */
void json_write_bool(struct json_writer *w, bool v);
void json_write_null(struct json_writer *w);
/* A key and its value in one. */
void json_put_str(struct json_writer *w, const char *key, struct str value);
void json_put_known(struct json_writer *w, const char *key, bool known, struct str value); /* what is not known is null */
void json_put_text(struct json_writer *w, const char *key, const char *value);             /* NULL is null */
void json_put_u64(struct json_writer *w, const char *key, uint64_t value);
void json_put_i64(struct json_writer *w, const char *key, int64_t value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
void json_put_begin(struct json_writer *w, const char *key, bool array); /* an array or an object, which is to be ended */
/* Flushes; 0 or the first error. Ends the document with a newline. */
int json_writer_finish(struct json_writer *w, struct error *err) _must_check_;

#endif
