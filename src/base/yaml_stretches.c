/* SPDX-License-Identifier: Apache-2.0 */
/* Where the text of a scalar was written: both are walked side by side. What is not blank stands in both, in the same
 * order, but for quotes and escapes (YAML 1.1, chapter 9). */
#include "base/yaml.h"

struct walk {
        const struct yaml_node *scalar;
        size_t at; /* in `raw` */
        struct yaml_mark mark;
};

static bool left(const struct walk *w)
{
        return w->at < w->scalar->raw.n;
}

static char now(const struct walk *w)
{
        return w->scalar->raw.p[w->at];
}

static struct str rest(const struct walk *w)
{
        return (struct str){ w->scalar->raw.p + w->at, w->scalar->raw.n - w->at };
}

/* CR LF, CR, LF, and the breaks of Unicode that YAML 1.1 knows; 0: none stands here. */
static size_t line_break(struct str s)
{
        switch (s.n ? s.p[0] : 0) {
        case '\n':
                return 1;
        case '\r':
                return str_starts(s, "\r\n") ? 2 : 1;
        case '\xc2':
                return str_starts(s, "\xc2\x85") ? 2 : 0;
        case '\xe2':
                return str_starts(s, "\xe2\x80\xa8") || str_starts(s, "\xe2\x80\xa9") ? 3 : 0;
        default:
                return 0;
        }
}

static void step(struct walk *w)
{
        size_t n = line_break(rest(w));

        if (n) {
                w->at += n;
                w->mark.line++;
                w->mark.column = 1;
                return;
        }
        n = utf8_char_length(rest(w));
        w->at += n ? n : 1;
        w->mark.column++;
}

static size_t blank_length(struct str s)
{
        return s.n && (s.p[0] == ' ' || s.p[0] == '\t') ? 1 : line_break(s);
}

static void skip_blanks(struct walk *w)
{
        while (left(w) && blank_length(rest(w)))
                step(w);
}

/* To what follows the line with | or >, or the opening quote. */
static void skip_opening(struct walk *w)
{
        if (w->scalar->style == YAML_BLOCK) {
                while (left(w) && !line_break(rest(w)))
                        step(w);
        } else if (w->scalar->style != YAML_PLAIN && left(w)) {
                step(w);
        }
}

/* Past an escape that stands for one character. */
static void skip_escape(struct walk *w)
{
        size_t digits;

        step(w);
        if (!left(w))
                return;
        digits = now(w) == 'x' ? 2 : now(w) == 'u' ? 4 : now(w) == 'U' ? 8 : 0;
        step(w);
        for (size_t i = 0; i < digits && left(w); i++)
                step(w);
}

/* A line that ends with a backslash goes on where the next one begins. */
static void skip_escaped_breaks(struct walk *w)
{
        while (w->scalar->style == YAML_DOUBLE_QUOTED && left(w) && now(w) == '\\') {
                struct str after = rest(w);

                after.p++;
                after.n--;
                if (!line_break(after))
                        return;
                step(w);
                skip_blanks(w);
        }
}

/* Finds a character of the text that is not blank and passes it. False: they no longer go together. */
static bool pass(struct walk *w, struct str character)
{
        if (w->scalar->style == YAML_DOUBLE_QUOTED && now(w) == '\\') {
                skip_escape(w);
                return true;
        }
        if (!str_equal((struct str){ rest(w).p, MIN_OF(rest(w).n, character.n) }, character))
                return false;
        step(w);
        if (w->scalar->style == YAML_SINGLE_QUOTED && character.p[0] == '\'' && left(w))
                step(w); /* the second of '' */
        return true;
}

/* A blank of the text may stand there as an escape; other blanks are skipped before what follows them. */
static void pass_blank(struct walk *w)
{
        if (w->scalar->style != YAML_DOUBLE_QUOTED || !left(w))
                return;
        skip_escaped_breaks(w);
        if (left(w) && now(w) == '\\')
                skip_escape(w);
        else if (left(w) && blank_length(rest(w)))
                step(w);
}

void yaml_stretches(const struct yaml_node *scalar, void (*each)(void *ctx, size_t offset, struct yaml_mark mark),
                    void *ctx)
{
        struct walk w = { scalar, 0, scalar->mark };
        struct str text = scalar->text;
        struct yaml_mark next = { 0 }; /* where the stretch would go on */

        skip_opening(&w);
        if (text.n == 0)
                each(ctx, 0, w.mark);
        while (text.n) {
                size_t n = utf8_char_length(text), blank = blank_length(text);

                n = blank ? blank : n ? n : 1;
                if (blank) {
                        pass_blank(&w);
                } else {
                        skip_blanks(&w);
                        skip_escaped_breaks(&w);
                        if (left(&w) && (w.mark.line != next.line || w.mark.column != next.column))
                                each(ctx, (size_t)(text.p - scalar->text.p), w.mark);
                        next = w.mark;
                        if (!left(&w) || !pass(&w, (struct str){ text.p, n }))
                                return;
                }
                next.column++;
                text.p += n;
                text.n -= n;
        }
}
