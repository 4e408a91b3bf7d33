/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/chars.h"
#include "base/hijack.h"
#include "base/json_reader.h"

#define NUMBER_MAX 512 /* characters */

struct json_reader {
        struct chars chars;
        struct buf key, text;
        size_t depth;
        enum json_kind last;
        bool is_array[JSON_READER_DEPTH_MAX];
        bool fresh;    /* the innermost object or array has had nothing yet */
        bool complete; /* the document's one value is at its end */
        bool skipping; /* strings are not kept */
};

int json_reader_new(struct byte_source source, struct json_reader **ret, struct error *err)
{
        _cleanup_(json_reader_freep) struct json_reader *r = calloc(1, sizeof(*r));
        int code;

        if (!r)
                return error_oom(err);
        code = chars_init(&r->chars, source, err);
        if (code < 0)
                return code;
        chars_skip_mark(&r->chars);
        *ret = TAKE_PTR(r);
        return 0;
}

struct json_reader *json_reader_free(struct json_reader *r)
{
        if (r) {
                chars_done(&r->chars);
                buf_free(&r->key);
                buf_free(&r->text);
                free(r);
        }
        return NULL;
}

static int skip_blanks(struct json_reader *r)
{
        int c;

        while ((c = chars_peek(&r->chars)) == ' ' || c == '\n' || c == '\t' || c == '\r')
                chars_next(&r->chars);
        return c;
}

static int unexpected(struct json_reader *r, const char *expected, struct error *err)
{
        int c = chars_peek(&r->chars);

        if (c == CHARS_END)
                return chars_error(&r->chars, err, "the JSON ends too early: %s is expected", expected);
        if (c < 0x20 || c >= 0x7f)
                return chars_error(&r->chars, err, "not valid JSON: %s is expected, not the byte 0x%02x", expected, c);
        return chars_error(&r->chars, err, "not valid JSON: %s is expected, not '%c'", expected, c);
}

static bool add_char(struct json_reader *r, struct buf *out, char c)
{
        if (r->skipping)
                return true;
        buf_putc(out, c);
        return out->len <= JSON_READER_STRING_MAX;
}

/* \uXXXX, where two may stand for one character. */
static int read_unicode(struct json_reader *r, struct buf *out, struct error *err)
{
        int64_t c = chars_hex(&r->chars, 4), low;

        if (c >= 0xd800 && c < 0xdc00) {
                if (chars_next(&r->chars) != '\\' || chars_next(&r->chars) != 'u')
                        return chars_error(&r->chars, err, "not valid JSON: half a surrogate pair");
                low = chars_hex(&r->chars, 4);
                if (low < 0xdc00 || low > 0xdfff)
                        return chars_error(&r->chars, err, "not valid JSON: half a surrogate pair");
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
        if (c < 0 || (c >= 0xdc00 && c <= 0xdfff))
                return chars_error(&r->chars, err, "not valid JSON: a wrong \\u escape");
        if (!r->skipping)
                chars_add_utf8(out, (uint32_t)c);
        return 0;
}

static int read_escape(struct json_reader *r, struct buf *out, struct error *err)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        int c = chars_next(&r->chars);
        const char *at;

        if (c == 'u')
                return read_unicode(r, out, err);
        at = c > 0 ? strchr(from, c) : NULL;
        if (!at)
                return chars_error(&r->chars, err, "not valid JSON: a wrong escape in a string");
        add_char(r, out, to[at - from]);
        return 0;
}

/* After the opening quote. */
static int read_string(struct json_reader *r, struct buf *out, struct error *err)
{
        int c;

        buf_clear(out);
        buf_add(out, "", 0); /* so that an empty one is not NULL */
        while ((c = chars_next(&r->chars)) != '"') {
                int code = 0;

                if (c == CHARS_END)
                        return unexpected(r, "the end of a string", err);
                if (c < 0x20)
                        return chars_error(&r->chars, err, "not valid JSON: a control character in a string");
                if (c == '\\')
                        code = read_escape(r, out, err);
                else if (!add_char(r, out, (char)c))
                        return chars_error(&r->chars, err, "a string of more than %u bytes", JSON_READER_STRING_MAX);
                if (code < 0)
                        return code;
        }
        if (!buf_ok(out))
                return error_oom(err);
        return utf8_valid(buf_str(out)) ? 0 : chars_error(&r->chars, err, "not valid JSON: a string that is not UTF-8");
}

static int read_word(struct json_reader *r, const char *word, enum json_kind kind, struct json_event *ret, struct error *err)
{
        for (const char *p = word; *p; p++)
                if (chars_next(&r->chars) != *p)
                        return chars_error(&r->chars, err, "not valid JSON: '%s' is expected", word);
        ret->kind = kind;
        return 0;
}

static size_t read_digits(struct json_reader *r)
{
        size_t n = 0;
        int c;

        for (; (c = chars_peek(&r->chars)) >= '0' && c <= '9' && r->text.len <= NUMBER_MAX; n++)
                buf_putc(&r->text, (char)chars_next(&r->chars));
        return n;
}

static bool take(struct json_reader *r, char wanted)
{
        if (chars_peek(&r->chars) != wanted)
                return false;
        buf_putc(&r->text, (char)chars_next(&r->chars));
        return true;
}

static int read_number(struct json_reader *r, struct json_event *ret, struct error *err)
{
        bool ok;

        buf_clear(&r->text);
        take(r, '-');
        ok = take(r, '0') || read_digits(r);
        if (ok && take(r, '.'))
                ok = read_digits(r);
        if (ok && (take(r, 'e') || take(r, 'E'))) {
                if (!take(r, '-'))
                        take(r, '+');
                ok = read_digits(r);
        }
        if (!buf_ok(&r->text))
                return error_oom(err);
        if (!ok || r->text.len > NUMBER_MAX)
                return unexpected(r, "a value", err);
        ret->kind = JSON_KIND_NUMBER;
        ret->text = buf_str(&r->text);
        return 0;
}

static int open_nest(struct json_reader *r, bool array, struct json_event *ret, struct error *err)
{
        if (r->depth == JSON_READER_DEPTH_MAX)
                return chars_error(&r->chars, err, "JSON nested deeper than %d", JSON_READER_DEPTH_MAX);
        chars_next(&r->chars);
        r->is_array[r->depth++] = array;
        r->fresh = true;
        ret->kind = array ? JSON_KIND_ARRAY : JSON_KIND_OBJECT;
        return 0;
}

static int read_value(struct json_reader *r, struct json_event *ret, struct error *err)
{
        int code;

        switch (skip_blanks(r)) {
        case '{':
                return open_nest(r, false, ret, err);
        case '[':
                return open_nest(r, true, ret, err);
        case '"':
                chars_next(&r->chars);
                code = read_string(r, &r->text, err);
                ret->kind = JSON_KIND_STRING;
                ret->text = buf_str(&r->text);
                return code;
        case 't':
                return read_word(r, "true", JSON_KIND_TRUE, ret, err);
        case 'f':
                return read_word(r, "false", JSON_KIND_FALSE, ret, err);
        case 'n':
                return read_word(r, "null", JSON_KIND_NULL, ret, err);
        default:
                return read_number(r, ret, err);
        }
}

/* 1: a value follows (with its key, in an object), 0: that was the end of it. */
static int read_separator(struct json_reader *r, struct json_event *ret, struct error *err)
{
        bool array = r->is_array[r->depth - 1];
        int c = skip_blanks(r), code;

        if (c == (array ? ']' : '}')) {
                chars_next(&r->chars);
                r->depth--;
                ret->kind = JSON_KIND_END;
                return 0;
        }
        if (!r->fresh) {
                if (c != ',')
                        return unexpected(r, array ? "',' or ']'" : "',' or '}'", err);
                chars_next(&r->chars);
                c = skip_blanks(r);
        }
        if (array)
                return 1;
        if (c != '"')
                return unexpected(r, "a key in quotes", err);
        chars_next(&r->chars);
        code = read_string(r, &r->key, err);
        if (code < 0)
                return code;
        ret->key = buf_str(&r->key);
        if (skip_blanks(r) != ':')
                return unexpected(r, "':'", err);
        chars_next(&r->chars);
        return 1;
}

int json_reader_next(struct json_reader *r, struct json_event *ret, struct error *err)
{
        struct json_event event = { 0 };
        int code = 1;

        if (r->complete) {
                if (skip_blanks(r) != CHARS_END)
                        return unexpected(r, "nothing more", err);
                return r->chars.why.code ? chars_error(&r->chars, err, "read on") : 0;
        }
        HIJACK_POINT("json-stream");
        if (r->depth)
                code = read_separator(r, &event, err);
        r->fresh = false;
        if (code > 0)
                code = read_value(r, &event, err);
        if (code < 0)
                return code;
        r->last = event.kind;
        r->complete = r->depth == 0;
        *ret = event;
        return 1;
}

/* Passes over what is open beyond `depth`. */
static int skip_to(struct json_reader *r, size_t depth, struct error *err)
{
        struct json_event event;
        int code = 0;

        r->skipping = true;
        while (code >= 0 && r->depth > depth)
                code = json_reader_next(r, &event, err);
        r->skipping = false;
        return MIN_OF(code, 0);
}

int json_reader_walk(struct json_reader *r,
                     int (*each)(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err),
                     void *ctx, struct error *err)
{
        size_t depth = r->depth;
        struct json_event event;
        int code;

        if (r->last != JSON_KIND_OBJECT && r->last != JSON_KIND_ARRAY)
                return 0;
        for (;;) {
                code = json_reader_next(r, &event, err);
                if (code < 0 || r->depth < depth)
                        return MIN_OF(code, 0);
                code = each(ctx, r, &event, err);
                if (code == 0)
                        code = skip_to(r, depth, err);
                if (code < 0)
                        return code;
        }
}
