/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hijack.h"
#include "base/json.h"

#define NESTING_MAX 64
#define FLUSH_BYTES (64u << 10)

void json_init(void)
{
        json_object_seed(0);
}

int json_parse(struct str text, size_t max, json_t **ret, struct error *err)
{
        json_error_t why;
        json_t *json;

        if (text.n > max)
                return error_say(err, -E2BIG, "%zu bytes of JSON, more than the %zu that are read", text.n, max);
        json = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
        HIJACK_POINT("json");
        if (!json)
                return error_say(err, -EBADMSG, "not valid JSON: line %d, column %d: %s", why.line, why.column, why.text);
        *ret = json;
        return 0;
}

/* How many values there are, at most, in as much of `text` as is valid JSON. */
static size_t count_values(struct str text)
{
        bool in_string = false;
        size_t n = 1;

        for (size_t i = 0; i < text.n; i++) {
                char c = text.p[i];

                if (in_string && c == '\\')
                        i++;
                else if (c == '"')
                        in_string = !in_string;
                else if (!in_string && (c == ',' || c == '[' || c == '{'))
                        n++;
        }
        return n;
}

int json_parse_few(struct str text, size_t max, size_t max_values, json_t **ret, struct error *err)
{
        if (text.n <= max && count_values(text) > max_values)
                return error_say(err, -E2BIG, "JSON of more than %zu values", max_values);
        return json_parse(text, max, ret, err);
}

/* 1: a member is there, 0: it is not and need not be. */
static int member(const json_t *object, const char *key, bool required, json_t **ret, struct error *err)
{
        json_t *value = json_is_object(object) ? json_object_get(object, key) : NULL;

        if (!value || json_is_null(value))
                return required ? error_say(err, -ENOENT, "'%s' is missing", key) : 0;
        *ret = value;
        return 1;
}

static int wrong_type(const char *key, const char *expected, struct error *err)
{
        return error_say(err, -EBADMSG, "'%s' is not %s", key, expected);
}

int json_get_string(const json_t *object, const char *key, bool required, const char **ret, struct error *err)
{
        json_t *value = NULL;
        int r = member(object, key, required, &value, err);

        if (r <= 0)
                return r;
        if (!json_is_string(value))
                return wrong_type(key, "a string", err);
        *ret = json_string_value(value);
        return 0;
}

int json_get_u64(const json_t *object, const char *key, bool required, uint64_t *ret, struct error *err)
{
        json_t *value = NULL;
        int r = member(object, key, required, &value, err);

        if (r <= 0)
                return r;
        if (!json_is_integer(value) || json_integer_value(value) < 0)
                return wrong_type(key, "a whole number of at least 0", err);
        *ret = (uint64_t)json_integer_value(value);
        return 0;
}

int json_get_bool(const json_t *object, const char *key, bool required, bool *ret, struct error *err)
{
        json_t *value = NULL;
        int r = member(object, key, required, &value, err);

        if (r <= 0)
                return r;
        if (!json_is_boolean(value))
                return wrong_type(key, "true or false", err);
        *ret = json_is_true(value);
        return 0;
}

int json_get_object(const json_t *object, const char *key, bool required, json_t **ret, struct error *err)
{
        json_t *value = NULL;
        int r = member(object, key, required, &value, err);

        if (r <= 0)
                return r;
        if (!json_is_object(value))
                return wrong_type(key, "an object", err);
        *ret = value;
        return 0;
}

int json_get_array(const json_t *object, const char *key, bool required, json_t **ret, struct error *err)
{
        json_t *value = NULL;
        int r = member(object, key, required, &value, err);

        if (r <= 0)
                return r;
        if (!json_is_array(value))
                return wrong_type(key, "an array", err);
        *ret = value;
        return 0;
}

struct json_writer {
        int (*flush)(void *ctx, const char *data, size_t n, struct error *err);
        void *ctx;
        unsigned indent;
        struct buf buf;
        unsigned depth;
        bool empty[NESTING_MAX + 1]; /* nothing was written at this depth yet */
        bool after_key;
        struct error first;
};

int json_writer_new(int (*flush)(void *ctx, const char *data, size_t n, struct error *err), void *ctx, unsigned indent,
                    struct json_writer **ret, struct error *err)
{
        struct json_writer *w = calloc(1, sizeof(*w));

        if (!w)
                return error_oom(err);
        w->flush = flush;
        w->ctx = ctx;
        w->indent = indent;
        w->empty[0] = true;
        *ret = w;
        return 0;
}

struct json_writer *json_writer_free(struct json_writer *w)
{
        if (w) {
                buf_free(&w->buf);
                free(w);
        }
        return NULL;
}

static void hand_over(struct json_writer *w)
{
        if (!buf_ok(&w->buf))
                error_oom(&w->first);
        if (!w->first.code && w->buf.len)
                w->flush(w->ctx, w->buf.data, w->buf.len, &w->first);
        buf_clear(&w->buf);
}

static void new_line(struct json_writer *w)
{
        if (!w->indent)
                return;
        buf_putc(&w->buf, '\n');
        for (unsigned i = 0; i < w->depth * w->indent; i++)
                buf_putc(&w->buf, ' ');
}

/* What stands before a value or a key. */
static void separate(struct json_writer *w)
{
        if (w->after_key) {
                w->after_key = false;
                return;
        }
        if (!w->empty[w->depth])
                buf_putc(&w->buf, ',');
        w->empty[w->depth] = false;
        if (w->depth)
                new_line(w);
        if (w->buf.len >= FLUSH_BYTES)
                hand_over(w);
}

static void open_nest(struct json_writer *w, char c)
{
        separate(w);
        buf_putc(&w->buf, c);
        if (w->depth == NESTING_MAX) {
                error_say(&w->first, -E2BIG, "JSON nested deeper than %d", NESTING_MAX);
                return;
        }
        w->empty[++w->depth] = true;
}

static void close_nest(struct json_writer *w, char c)
{
        bool empty = w->empty[w->depth];

        if (w->depth)
                w->depth--;
        if (!empty)
                new_line(w);
        buf_putc(&w->buf, c);
}

void json_write_object_begin(struct json_writer *w)
{
        open_nest(w, '{');
}

void json_write_object_end(struct json_writer *w)
{
        close_nest(w, '}');
}

void json_write_array_begin(struct json_writer *w)
{
        open_nest(w, '[');
}

void json_write_array_end(struct json_writer *w)
{
        close_nest(w, ']');
}

static void put_escaped(struct buf *out, struct str s)
{
        buf_putc(out, '"');
        while (s.n) {
                size_t n = utf8_char_length(s);
                unsigned char c = (unsigned char)s.p[0];

                if (n == 0)
                        buf_printf(out, "\\\\x%02x", c);
                else if (c == '"' || c == '\\')
                        buf_printf(out, "\\%c", c);
                else if (c == '\n')
                        buf_puts(out, "\\n");
                else if (c == '\t')
                        buf_puts(out, "\\t");
                else if (c < 0x20 || c == 0x7f)
                        buf_printf(out, "\\u%04x", c);
                else
                        buf_add(out, s.p, n);
                n = n ? n : 1;
                s.p += n;
                s.n -= n;
        }
        buf_putc(out, '"');
}

void json_write_key(struct json_writer *w, const char *key)
{
        separate(w);
        put_escaped(&w->buf, str_from(key));
        buf_puts(&w->buf, w->indent ? ": " : ":");
        w->after_key = true;
}

void json_write_string(struct json_writer *w, struct str s)
{
        separate(w);
        put_escaped(&w->buf, s);
}

void json_write_text(struct json_writer *w, const char *s)
{
        if (s)
                json_write_string(w, str_from(s));
        else
                json_write_null(w);
}

void json_write_u64(struct json_writer *w, uint64_t v)
{
        separate(w);
        buf_printf(&w->buf, "%llu", (unsigned long long)v);
}

void json_write_i64(struct json_writer *w, int64_t v)
{
        separate(w);
        buf_printf(&w->buf, "%lld", (long long)v);
}

void json_write_decimal(struct json_writer *w, double v)
{
        const double one = 100000, most = 1e12;
        uint64_t all;
        char text[40];
        int n;

        if (!(v >= -most && v <= most)) {
                json_write_null(w);
                return;
        }
        all = (uint64_t)((v < 0 ? -v : v) * one + 0.5);
        n = snprintf(text, sizeof(text), "%s%llu.%05llu", v < 0 && all ? "-" : "", (unsigned long long)(all / (uint64_t)one),
                     (unsigned long long)(all % (uint64_t)one));
        while (text[n - 1] == '0')
                n--;
        separate(w);
        buf_add(&w->buf, text, (size_t)(text[n - 1] == '.' ? n - 1 : n));
}

void json_write_bool(struct json_writer *w, bool v)
{
        separate(w);
        buf_puts(&w->buf, v ? "true" : "false");
}

void json_write_null(struct json_writer *w)
{
        separate(w);
        buf_puts(&w->buf, "null");
}

void json_put_str(struct json_writer *w, const char *key, struct str value)
{
        json_write_key(w, key);
        json_write_string(w, value);
}

void json_put_known(struct json_writer *w, const char *key, bool known, struct str value)
{
        json_write_key(w, key);
        if (known)
                json_write_string(w, value);
        else
                json_write_null(w);
}

void json_put_text(struct json_writer *w, const char *key, const char *value)
{
        json_write_key(w, key);
        json_write_text(w, value);
}

void json_put_u64(struct json_writer *w, const char *key, uint64_t value)
{
        json_write_key(w, key);
        json_write_u64(w, value);
}

void json_put_i64(struct json_writer *w, const char *key, int64_t value)
{
        json_write_key(w, key);
        json_write_i64(w, value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
        json_write_key(w, key);
        json_write_bool(w, value);
}

void json_put_null(struct json_writer *w, const char *key)
{
        json_write_key(w, key);
        json_write_null(w);
}

void json_put_begin(struct json_writer *w, const char *key, bool array)
{
        json_write_key(w, key);
        if (array)
                json_write_array_begin(w);
        else
                json_write_object_begin(w);
}

int json_writer_finish(struct json_writer *w, struct error *err)
{
        buf_putc(&w->buf, '\n');
        hand_over(w);
        if (w->first.code && err)
                *err = w->first;
        return w->first.code;
}
