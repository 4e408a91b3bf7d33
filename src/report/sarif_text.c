/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "report/json_parts.h"
#include "report/parts.h"
#include "report/sarif_text.h"

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* ---- messages ---- */

static void add_message(struct buf *out, struct str text)
{
        for (size_t i = 0; i < text.n; i++) {
                char c = text.p[i];

                if (c == '{' || c == '}')
                        buf_putc(out, c); /* twice */
                else if (c == ']' && i + 1 < text.n && text.p[i + 1] == '(')
                        buf_putc(out, '\\');
                buf_putc(out, c);
        }
}

void sarif_put_message(struct json_writer *w, const char *key, struct str text, bool lines)
{
        _cleanup_(buf_free) struct buf quoted = { 0 }, message = { 0 };

        if (lines)
                buf_add_str(&quoted, text);
        else
                buf_add_quoted(&quoted, text);
        add_message(&message, buf_str(&quoted));
        json_put_begin(w, key, false);
        json_put_str(w, "text", buf_str(&message));
        json_write_object_end(w);
}

/* ---- addresses ---- */

static void add_segment(struct buf *out, struct str segment)
{
        if (str_equals(segment, "..")) { /* would be the directory above */
                buf_puts(out, "%2E%2E");
                return;
        }
        for (size_t i = 0; i < segment.n; i++) {
                char c = segment.p[i];

                if (is_letter(c) || (c && strchr("-._~", c)))
                        buf_putc(out, c);
                else
                        buf_printf(out, "%%%02X", (unsigned char)c);
        }
}

bool sarif_add_uri(struct buf *out, struct str path)
{
        bool any = false;

        while (path.n) {
                struct str segment = str_cut(&path, '/');

                if (segment.n == 0 || str_equals(segment, "."))
                        continue;
                if (any)
                        buf_putc(out, '/');
                add_segment(out, segment);
                any = true;
        }
        return any;
}

void sarif_add_image_uri(struct buf *out, const struct image *image)
{
        struct str rest = str_from(image->reference), last = STR_LIT("image");

        while (rest.n) {
                struct str segment = str_cut(&rest, '/');

                if (segment.n && !str_equals(segment, "."))
                        last = segment;
        }
        add_segment(out, last);
}

bool sarif_is_address(const char *text)
{
        const char *rest = strncmp(text, "https://", 8) == 0  ? text + 8
                           : strncmp(text, "http://", 7) == 0 ? text + 7
                                                              : "";

        if (!is_letter(*rest))
                return false;
        for (const char *p = rest; *p; p++)
                if (!is_letter(*p) && !strchr("-._~:/?#@!$&'()*+,;=", *p))
                        return false;
        return true;
}

/* ---- rules ---- */

void sarif_add_name(const char *rule, struct buf *out)
{
        bool start = true;

        for (const char *p = rule; *p; p++) {
                if (!is_letter(*p)) {
                        start = true;
                        continue;
                }
                buf_putc(out, start && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
                start = false;
        }
        if (!out->len)
                buf_puts(out, "Rule");
}

void sarif_add_score(const struct finding *f, struct buf *out)
{
        /* In tenths: the least, what stands for it where no score is known, the most. */
        static const int ranges[][3] = {
                [SEVERITY_UNKNOWN] = { 0, 0, 0 }, [SEVERITY_NONE] = { 0, 0, 0 },
                [SEVERITY_LOW] = { 1, 20, 39 },   [SEVERITY_MEDIUM] = { 40, 55, 69 },
                [SEVERITY_HIGH] = { 70, 80, 89 }, [SEVERITY_CRITICAL] = { 90, 95, 100 },
        };
        const int *range = ranges[f->severity];
        int tenths = range[1];

        if (tenths == 0)
                return;
        if (f->n_severities && f->severities[0].score >= 0 && f->severities[0].score <= 10)
                tenths = (int)(f->severities[0].score * 10 + 0.5);
        tenths = MIN_OF(MAX_OF(tenths, range[0]), range[2]);
        buf_printf(out, "%d.%d", tenths / 10, tenths % 10);
}

void sarif_add_help(const struct finding *f, struct buf *out)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_puts(&text, f->description ? f->description : f->title ? f->title : f->rule);
        if (f->remediation)
                buf_printf(&text, "\n\nWhat to do: %s", f->remediation);
        for (uint32_t i = 0; i < f->n_references; i++)
                buf_printf(&text, "%s%s", i ? "\n" : "\n\n", f->references[i]);
        out->failed = out->failed || text.failed;
        add_message(out, buf_str(&text));
}

void sarif_add_help_markdown(const struct finding *f, struct buf *out)
{
        markdown_add_prose(out, str_from(f->description ? f->description : f->title ? f->title : f->rule));
        if (f->remediation) {
                buf_puts(out, "\n\n**What to do:** ");
                markdown_add_prose(out, str_from(f->remediation));
        }
        buf_puts(out, f->n_references ? "\n" : "");
        for (uint32_t i = 0; i < f->n_references; i++) {
                buf_puts(out, "\n- ");
                if (sarif_is_address(f->references[i]))
                        buf_printf(out, "<%s>", f->references[i]);
                else
                        markdown_add_prose(out, str_from(f->references[i]));
        }
}
