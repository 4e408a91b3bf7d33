/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/chars.h"
#include "base/hijack.h"
#include "base/xml.h"

struct xml {
        struct chars chars;
        const struct xml_handler *handler;
        struct buf names; /* of the open elements, one after the other */
        size_t starts[XML_DEPTH_MAX];
        size_t depth;
        struct buf name, text;
        bool any;
};

static int wrong(struct xml *x, const char *what, struct error *err)
{
        if (chars_peek(&x->chars) == CHARS_END)
                return chars_error(&x->chars, err, "the XML ends too early");
        return chars_error(&x->chars, err, "not valid XML: %s", what);
}

static bool is_blank(int c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct xml *x)
{
        while (is_blank(chars_peek(&x->chars)))
                chars_next(&x->chars);
}

static void add_text(struct xml *x, int c)
{
        if (x->depth && x->text.len < XML_TEXT_MAX)
                buf_putc(&x->text, (char)c);
}

/* Up to and with `end`, of up to three characters; the text before it is kept if `keep`. */
static int skip_past(struct xml *x, const char *end, bool keep, struct error *err)
{
        size_t n = strlen(end), at = 0;

        while (at < n) {
                int c = chars_next(&x->chars);

                if (c == CHARS_END)
                        return wrong(x, "", err);
                if (keep)
                        add_text(x, c);
                if (c == end[at])
                        at++;
                else if (!(at == 2 && n == 3 && c == end[0] && end[0] == end[1])) /* "]]]>" has its end too */
                        at = c == end[0];
        }
        if (keep && x->depth && x->text.len < XML_TEXT_MAX)
                x->text.len -= MIN_OF(n, x->text.len); /* less where there was no memory */
        return 0;
}

/* After "<!". */
static int skip_declaration(struct xml *x, struct error *err)
{
        static const char cdata[] = "[CDATA[";
        int c = chars_next(&x->chars);

        if (c == '-' && chars_next(&x->chars) == '-')
                return skip_past(x, "-->", false, err);
        if (c == '[') {
                for (size_t i = 1; cdata[i]; i++)
                        if (chars_next(&x->chars) != cdata[i])
                                return wrong(x, "'<![' without CDATA", err);
                return skip_past(x, "]]>", true, err);
        }
        while (c != '>') {
                if (c == '[')
                        return wrong(x, "a document type with definitions is not read", err);
                if (c == CHARS_END)
                        return wrong(x, "", err);
                c = chars_next(&x->chars);
        }
        return 0;
}

/* After "&". An entity that nobody knows stays as it is written. */
static int read_entity(struct xml *x, struct error *err)
{
        static const struct {
                const char *name;
                char c;
        } known[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' }, { "apos", '\'' } };
        struct str s;
        uint64_t code;
        int c;

        buf_clear(&x->name);
        while ((c = chars_next(&x->chars)) != ';') {
                if (c == CHARS_END || x->name.len >= XML_NAME_MAX || is_blank(c) || c == '<')
                        return wrong(x, "'&' without ';'", err);
                buf_putc(&x->name, (char)c);
        }
        if (!buf_ok(&x->name))
                return error_oom(err);
        s = buf_str(&x->name);
        for (size_t i = 0; i < ELEMENTS_OF(known); i++)
                if (str_equals(s, known[i].name)) {
                        add_text(x, known[i].c);
                        return 0;
                }
        if (str_starts(s, "#") && x->depth && x->text.len < XML_TEXT_MAX) {
                bool hex = str_starts(s, "#x");

                s = (struct str){ s.p + (hex ? 2 : 1), s.n - (hex ? 2 : 1) };
                if (str_to_u64(s, hex ? 16 : 10, &code) == 0)
                        chars_add_utf8(&x->text, code > 0x10ffff ? 0xfffd : (uint32_t)code);
                return 0;
        }
        add_text(x, '&');
        for (size_t i = 0; i < x->name.len; i++)
                add_text(x, x->name.data[i]);
        add_text(x, ';');
        return 0;
}

static int read_name(struct xml *x, struct error *err)
{
        int c;

        buf_clear(&x->name);
        while ((c = chars_peek(&x->chars)) != CHARS_END && !is_blank(c) && c != '>' && c != '/' && c != '<' && c != '=') {
                if (x->name.len >= XML_NAME_MAX)
                        return wrong(x, "a name that is too long", err);
                buf_putc(&x->name, (char)chars_next(&x->chars));
        }
        if (!buf_ok(&x->name))
                return error_oom(err);
        return x->name.len ? 0 : wrong(x, "a name is expected", err);
}

static struct str without_prefix(struct str name)
{
        struct str rest = name;

        str_cut(&rest, ':');
        return rest.p && rest.n ? rest : name;
}

/* To the end of a start tag. True in *ret_empty: it ends its element too. */
static int skip_attributes(struct xml *x, bool *ret_empty, struct error *err)
{
        int c, quote;

        *ret_empty = false;
        while ((c = chars_next(&x->chars)) != '>') {
                if (c == CHARS_END || c == '<')
                        return wrong(x, "a tag without end", err);
                *ret_empty = c == '/';
                if (c != '"' && c != '\'')
                        continue;
                quote = c;
                while ((c = chars_next(&x->chars)) != quote)
                        if (c == CHARS_END)
                                return wrong(x, "", err);
        }
        return 0;
}

static struct str innermost(const struct xml *x)
{
        size_t start = x->starts[x->depth - 1];

        return (struct str){ x->names.data + start, x->names.len - start };
}

static int end_element(struct xml *x, struct error *err)
{
        int r;

        if (!buf_ok(&x->text))
                return error_oom(err);
        r = x->handler->end(x->handler->ctx, without_prefix(innermost(x)), str_trim(buf_str(&x->text)), err);
        buf_clear(&x->text);
        x->names.len = x->starts[--x->depth];
        return r;
}

static int begin_element(struct xml *x, struct error *err)
{
        bool empty = false;
        int r = read_name(x, err);

        if (r == 0)
                r = skip_attributes(x, &empty, err);
        if (r < 0)
                return r;
        if (x->depth == 0 && x->any)
                return wrong(x, "more than one element at the top", err);
        if (x->depth == XML_DEPTH_MAX)
                return wrong(x, "elements are nested too deep", err);
        x->any = true;
        x->starts[x->depth++] = x->names.len;
        buf_add_str(&x->names, buf_str(&x->name));
        if (!buf_ok(&x->names))
                return error_oom(err);
        buf_clear(&x->text);
        HIJACK_POINT("xml");
        r = x->handler->begin(x->handler->ctx, without_prefix(innermost(x)), err);
        return r || !empty ? r : end_element(x, err);
}

/* After "</". */
static int read_end_tag(struct xml *x, struct error *err)
{
        int r = read_name(x, err);

        if (r < 0)
                return r;
        skip_blanks(x);
        if (x->depth == 0 || !str_equal(buf_str(&x->name), innermost(x)) || chars_next(&x->chars) != '>')
                return wrong(x, "the end of an element that is not open", err);
        return end_element(x, err);
}

static int read_tag(struct xml *x, struct error *err)
{
        switch (chars_peek(&x->chars)) {
        case '!':
                chars_next(&x->chars);
                return skip_declaration(x, err);
        case '?':
                return skip_past(x, "?>", false, err);
        case '/':
                chars_next(&x->chars);
                return read_end_tag(x, err);
        default:
                return begin_element(x, err);
        }
}

static int read_all(struct xml *x, struct error *err)
{
        int c, r = 0;

        chars_skip_mark(&x->chars);
        while (r == 0 && (c = chars_next(&x->chars)) != CHARS_END) {
                if (c == '<')
                        r = read_tag(x, err);
                else if (c == '&')
                        r = read_entity(x, err);
                else if (x->depth == 0 && !is_blank(c))
                        r = wrong(x, "text outside the element", err);
                else
                        add_text(x, c);
        }
        if (r == 0 && (x->chars.why.code || x->depth || !x->any))
                r = wrong(x, "", err);
        return r;
}

int xml_read(struct byte_source source, const struct xml_handler *handler, struct error *err)
{
        struct xml x = { .handler = handler };
        int r = chars_init(&x.chars, source, err);

        if (r == 0)
                r = read_all(&x, err);
        chars_done(&x.chars);
        buf_free(&x.names);
        buf_free(&x.name);
        buf_free(&x.text);
        return r;
}
