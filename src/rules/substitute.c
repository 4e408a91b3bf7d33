/* SPDX-License-Identifier: Apache-2.0 */
/* Lists are replaced as text: every word between blanks and "(),=" that is the name of a list. */
#include <errno.h>

#include "rules/limits.h"
#include "rules/text.h"

static bool is_quote(char c)
{
        return c == '"' || c == '\'';
}

static bool is_delimiter(char c)
{
        return text_is_blank(c) || c == '(' || c == ')' || c == ',' || c == '=';
}

size_t text_quoted_end(struct str text, size_t at)
{
        char delimiter = text.p[at], before = 0;

        for (size_t i = at + 1; i < text.n && text.p[i]; i++) {
                if (text.p[i] == delimiter && before != '\\')
                        return i + 1;
                before = text.p[i];
        }
        return 0;
}

/* A value that begins with a quote is taken as it is. A backslash is left alone too: it may begin an escape. */
static bool needs_quotes(struct str item)
{
        if (item.n == 0)
                return true;
        if (is_quote(item.p[0]))
                return false;
        for (size_t i = 0; i < item.n; i++)
                if (text_is_blank(item.p[i]) || is_quote(item.p[i]) || item.p[i] == '=' || item.p[i] == '(' ||
                    item.p[i] == ')')
                        return true;
        return false;
}

void text_quote(struct str item, struct buf *out)
{
        if (!needs_quotes(item)) {
                buf_add_str(out, item);
                return;
        }
        buf_putc(out, '"');
        for (size_t i = 0; i < item.n; i++) {
                if (item.p[i] == '"' && (i == 0 || item.p[i - 1] != '\\'))
                        buf_putc(out, '\\');
                buf_putc(out, item.p[i]);
        }
        buf_putc(out, '"');
}

struct substitution {
        const struct rule_text *in;
        const struct list_lookup *lists;
        struct text_builder *out;
        struct text_places places;
        size_t at, copied; /* what was read, and how much of it was taken over */
};

static void copy_until(struct substitution *s, size_t end)
{
        text_add_part(s->out, &s->places, s->copied, end);
        s->copied = end;
}

/* An empty list takes the comma beside it away with it. */
static void drop_comma(struct substitution *s)
{
        struct str before = buf_str(&s->out->text), text = s->in->text;
        size_t n = before.n, at = s->at;

        while (n && text_is_blank(before.p[n - 1]))
                n--;
        if (n && before.p[n - 1] == ',') {
                text_cut(s->out, n - 1);
                text_add_fixed(s->out, STR_LIT(" "), text_place(&s->places, s->at));
                return;
        }
        while (at < text.n && text_is_blank(text.p[at]))
                at++;
        if (at < text.n && text.p[at] == ',')
                s->copied = s->at = at + 1;
}

static int put_list(struct substitution *s, struct str name, const struct str *items, size_t n, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct place place;

        copy_until(s, s->at - name.n);
        place = text_place(&s->places, s->copied);
        s->copied = s->at;
        for (size_t i = 0; i < n; i++) {
                if (i)
                        buf_puts(&text, ", ");
                text_quote(items[i], &text);
                if (text.len + s->out->text.len > RULE_CONDITION_BYTES_MAX)
                        return error_say(err, -E2BIG, "a condition of more than %u bytes with its lists put in",
                                         RULE_CONDITION_BYTES_MAX);
        }
        if (!buf_ok(&text))
                return error_oom(err);
        text_add_fixed(s->out, buf_str(&text), place);
        if (n == 0)
                drop_comma(s);
        return 0;
}

/* A word without quotes; s->at is at its first byte and then beyond its last. */
static int take_word(struct substitution *s, struct error *err)
{
        struct str text = s->in->text, word = { text.p + s->at, 0 };
        const struct str *items;
        size_t begin = s->at, n;

        while (s->at < text.n && !is_delimiter(text.p[s->at]) && !is_quote(text.p[s->at]))
                s->at++;
        word.n = s->at - begin;
        if ((begin && is_quote(text.p[begin - 1])) || (s->at < text.n && is_quote(text.p[s->at])))
                return 0;
        return s->lists->find(s->lists->ctx, word, &items, &n) ? put_list(s, word, items, n, err) : 0;
}

int text_substitute(const struct rule_text *in, const struct list_lookup *lists, struct text_builder *out,
                    struct error *err)
{
        struct substitution s = { .in = in, .lists = lists, .out = out, .places = { .in = in } };
        struct str text = in->text;
        int r;

        while (lists && s.at < text.n) {
                if (is_quote(text.p[s.at])) {
                        s.at = text_quoted_end(text, s.at);
                        if (s.at == 0)
                                break;
                } else if (is_delimiter(text.p[s.at])) {
                        s.at++;
                } else {
                        r = take_word(&s, err);
                        if (r < 0)
                                return r;
                }
        }
        copy_until(&s, text.n);
        if (out->n_runs == 0)
                text_add_lines(out, STR_NULL, text_place(&s.places, 0)); /* errors have a place all the same */
        return out->failed ? error_oom(err) : 0;
}
