/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rules/limits.h"
#include "rules/text.h"

void text_builder_done(struct text_builder *b)
{
        buf_free(&b->text);
        free(b->runs);
        *b = (struct text_builder){ 0 };
}

static void add_run(struct text_builder *b, size_t offset, struct place place, bool fixed)
{
        if (b->failed || mem_grow(&b->runs, &b->cap_runs, b->n_runs + 1, sizeof(*b->runs)) < 0) {
                b->failed = true;
                return;
        }
        if (b->n_runs && b->runs[b->n_runs - 1].offset == offset)
                b->n_runs--;
        b->runs[b->n_runs++] = (struct text_run){ offset, place, fixed };
}

static void add_bytes(struct text_builder *b, struct str s)
{
        buf_add_str(&b->text, s);
        b->failed |= !buf_ok(&b->text);
}

void text_add_fixed(struct text_builder *b, struct str s, struct place place)
{
        if (s.n == 0)
                return;
        add_run(b, b->text.len, place, true);
        add_bytes(b, s);
}

void text_add_lines(struct text_builder *b, struct str s, struct place start)
{
        size_t before = b->text.len;

        add_run(b, before, start, false);
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] != '\n' || i + 1 == s.n)
                        continue;
                start = (struct place){ start.line + 1, 1, start.file };
                add_run(b, before + i + 1, start, false);
        }
        add_bytes(b, s);
}

struct scalar_runs {
        struct text_builder *b;
        size_t before;
        uint32_t file;
};

static void take_stretch(void *ctx, size_t offset, struct yaml_mark mark)
{
        struct scalar_runs *runs = ctx;

        add_run(runs->b, runs->before + offset, (struct place){ mark.line, mark.column, runs->file }, false);
}

void text_add_scalar(struct text_builder *b, const struct yaml_node *scalar, uint32_t file)
{
        struct scalar_runs runs = { b, b->text.len, file };

        add_run(b, b->text.len, (struct place){ scalar->mark.line, scalar->mark.column, file }, true);
        yaml_stretches(scalar, take_stretch, &runs);
        add_bytes(b, scalar->text);
}

void text_cut(struct text_builder *b, size_t n)
{
        if (b->failed || n >= b->text.len)
                return;
        b->text.len = n;
        while (b->n_runs && b->runs[b->n_runs - 1].offset >= n)
                b->n_runs--;
}

struct rule_text text_borrow(const struct text_builder *b)
{
        return (struct rule_text){ buf_str(&b->text), b->runs, b->n_runs };
}

int text_keep(const struct text_builder *b, struct arena *arena, struct rule_text *ret, struct error *err)
{
        char *text;

        if (b->failed)
                return error_oom(err);
        if (b->text.len > RULE_CONDITION_BYTES_MAX)
                return error_say(err, -E2BIG, "a condition of %zu bytes, more than the %u that are read", b->text.len,
                                 RULE_CONDITION_BYTES_MAX);
        text = arena_string(arena, b->text.data, b->text.len);
        ret->runs = arena_copy(arena, b->runs, b->n_runs * sizeof(*b->runs));
        if (!text || !ret->runs)
                return error_oom(err);
        ret->text = (struct str){ text, b->text.len };
        ret->n_runs = b->n_runs;
        return 0;
}

/* ---- places ---- */

/* The last run that begins at `offset` or before it. */
static size_t run_of(const struct rule_text *in, size_t offset)
{
        size_t low = 0, high = in->n_runs;

        while (low + 1 < high) {
                size_t middle = low + (high - low) / 2;

                if (in->runs[middle].offset <= offset)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

struct place text_place(struct text_places *places, size_t offset)
{
        const struct rule_text *in = places->in;
        const struct text_run *run;
        struct place place;
        size_t i;

        if (in->n_runs == 0)
                return (struct place){ 0 };
        i = run_of(in, offset);
        run = &in->runs[i];
        if (run->fixed)
                return run->place;
        if (!places->column || i != places->run || offset < places->at || places->at < run->offset) {
                places->run = i;
                places->at = run->offset;
                places->column = run->place.column;
        }
        for (; places->at < offset && places->at < in->text.n; places->at++)
                places->column += (in->text.p[places->at] & 0xc0) != 0x80;
        place = run->place;
        place.column = places->column;
        return place;
}

bool text_is_fixed(const struct rule_text *in, size_t offset)
{
        return in->n_runs && (in->runs[run_of(in, offset)].fixed || (offset && in->runs[run_of(in, offset - 1)].fixed));
}

void text_add_part(struct text_builder *b, struct text_places *from, size_t begin, size_t end)
{
        const struct rule_text *in = from->in;
        size_t run;

        if (begin >= end || in->n_runs == 0)
                return;
        run = run_of(in, begin);
        add_run(b, b->text.len, text_place(from, begin), in->runs[run].fixed);
        for (run++; run < in->n_runs && in->runs[run].offset < end; run++)
                add_run(b, b->text.len + (in->runs[run].offset - begin), in->runs[run].place, in->runs[run].fixed);
        add_bytes(b, (struct str){ in->text.p + begin, end - begin });
}
