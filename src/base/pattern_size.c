/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large an expression becomes when it is compiled: Hyperscan takes a minute for what stands on one line. Counted as
 * an automaton of positions (Glushkov): characters after repeats are written out, and the steps between them. The reading
 * is rough, since Hyperscan reads the expression itself; it must only never count far too little.
 */
#include "base/pattern_private.h"

#define DEPTH_MAX 100

struct size {
        double positions, steps;
        double first, last; /* positions that a match may start and end with */
        bool empty;         /* it may match nothing */
};

struct reader {
        struct str rest;
        unsigned depth;
        bool too_deep;
};

static char peek(const struct reader *r)
{
        return r->rest.n ? r->rest.p[0] : 0;
}

static void skip(struct reader *r, size_t n)
{
        n = MIN_OF(n, r->rest.n);
        r->rest = (struct str){ r->rest.p + n, r->rest.n - n };
}

/* ---- how sizes combine ---- */

static struct size nothing(void)
{
        return (struct size){ .empty = true };
}

/* One character that takes so many positions, since it may take up to four bytes. */
static struct size character(double positions)
{
        double ends = MIN_OF(MAX_OF(positions / 4, 1.0), 8.0);

        return (struct size){ positions, positions, ends, ends, false };
}

static struct size followed_by(struct size a, struct size b)
{
        return (struct size){
                .positions = a.positions + b.positions,
                .steps = a.steps + b.steps + a.last * b.first,
                .first = a.first + (a.empty ? b.first : 0),
                .last = b.last + (b.empty ? a.last : 0),
                .empty = a.empty && b.empty,
        };
}

static struct size either(struct size a, struct size b)
{
        return (struct size){
                .positions = a.positions + b.positions,
                .steps = a.steps + b.steps,
                .first = a.first + b.first,
                .last = a.last + b.last,
                .empty = a.empty || b.empty,
        };
}

/* From `low` to `high` times, one in another, so that each copy may be followed by the next or be the end. */
static struct size repeated(struct size a, double low, double high, bool for_ever)
{
        double n = MAX_OF(for_ever ? MAX_OF(low, 1.0) : high, 1.0);
        double ends = for_ever ? 1 : MAX_OF(high - low + 1, 1.0);
        struct size r = {
                .positions = n * a.positions,
                .steps = n * a.steps + n * a.last * a.first,
                .first = a.first,
                .last = a.last * ends,
                .empty = a.empty || low == 0,
        };

        if (a.empty) { /* any copy may be left out */
                r.first *= n;
                r.last *= n;
                r.steps += n * n / 2 * a.last * a.first;
        }
        return r;
}

/* ---- reading ---- */

static struct size read_alternatives(struct reader *r);

/* Between braces: "{3}", "{3,}", "{3,7}"; anything else is read as characters. */
static bool read_bounds(struct reader *r, double *low, double *high, bool *for_ever)
{
        struct str rest = r->rest, inside;
        uint64_t a = 0, b = 0;

        rest = (struct str){ rest.p + 1, rest.n - 1 };
        inside = str_cut(&rest, '}');
        if (!rest.p)
                return false;
        *for_ever = false;
        if (str_to_u64(inside, 10, &a) == 0) {
                b = a;
        } else {
                struct str high_text = inside, low_text = str_cut(&high_text, ',');

                if (str_to_u64(low_text, 10, &a) < 0 || !high_text.p)
                        return false;
                *for_ever = high_text.n == 0;
                if (high_text.n && str_to_u64(high_text, 10, &b) < 0)
                        return false;
        }
        *low = (double)a;
        *high = (double)b;
        r->rest = rest;
        return true;
}

static struct size read_quantifiers(struct reader *r, struct size atom)
{
        double low, high;
        bool for_ever;

        for (;;) {
                char c = peek(r);

                if (c == '*' || c == '+')
                        atom = repeated(atom, c == '+', 1, true);
                else if (c == '?')
                        atom = repeated(atom, 0, 1, false);
                if (c == '*' || c == '+' || c == '?')
                        skip(r, 1);
                else if (c == '{' && read_bounds(r, &low, &high, &for_ever))
                        atom = repeated(atom, low, high, for_ever);
                else
                        return atom;
        }
}

/* A class takes what its widest member takes. */
static struct size read_class(struct reader *r)
{
        double positions = 2;
        bool first = true;

        skip(r, 1);
        if (peek(r) == '^') {
                positions = 12;
                skip(r, 1);
        }
        for (; r->rest.n && (first || peek(r) != ']'); first = false) {
                char c = peek(r);

                if (c == '\\') {
                        skip(r, 1);
                        if (peek(r) == 'p' || peek(r) == 'P')
                                positions += 1000;
                        else if (peek(r) == 'x' || (peek(r) >= 'A' && peek(r) <= 'Z'))
                                positions = MAX_OF(positions, 12.0);
                } else if (str_starts(r->rest, "[:")) {
                        positions = MAX_OF(positions, 12.0);
                } else if (c & 0x80) {
                        positions += 4;
                }
                skip(r, 1);
        }
        skip(r, 1);
        return character(positions);
}

static struct size read_escape(struct reader *r)
{
        struct size all = nothing();
        char c;

        skip(r, 1);
        c = peek(r);
        skip(r, 1);
        if (c == 'Q') {
                while (r->rest.n && !str_starts(r->rest, "\\E")) {
                        all = followed_by(all, character(1));
                        skip(r, 1);
                }
                skip(r, 2);
                return all;
        }
        if (c == 'x' && peek(r) == '{')
                str_cut(&r->rest, '}');
        if (c == 'p' || c == 'P') {
                if (peek(r) == '{')
                        str_cut(&r->rest, '}');
                else
                        skip(r, 1);
                return character(1000);
        }
        return character(c >= 'A' && c <= 'Z' ? 12 : c == 'x' ? 4 : 1);
}

static struct size read_group(struct reader *r)
{
        struct size inside;

        skip(r, 1);
        if (++r->depth > DEPTH_MAX) {
                r->too_deep = true;
                r->rest = STR_NULL;
        }
        inside = read_alternatives(r);
        r->depth--;
        skip(r, 1);
        return inside;
}

static struct size read_atom(struct reader *r)
{
        char c = peek(r);

        if (c == '(')
                return read_group(r);
        if (c == '[')
                return read_class(r);
        if (c == '\\')
                return read_escape(r);
        skip(r, 1);
        return character(c == '.' ? 12 : c & 0x80 ? 2 : 1);
}

static struct size read_alternatives(struct reader *r)
{
        struct size all = { 0 }, one = nothing();
        bool some = false;

        while (r->rest.n && peek(r) != ')') {
                if (peek(r) == '|') {
                        all = some ? either(all, one) : one;
                        some = true;
                        one = nothing();
                        skip(r, 1);
                        continue;
                }
                one = followed_by(one, read_quantifiers(r, read_atom(r)));
        }
        return some ? either(all, one) : one;
}

bool pattern_is_too_large(struct str expression)
{
        struct reader r = { .rest = expression };
        struct size size = nothing();

        while (r.rest.n) {
                size = followed_by(size, read_alternatives(&r));
                skip(&r, 1); /* a bracket too many: Hyperscan says so */
        }
        return r.too_deep || size.positions > PATTERN_POSITIONS_MAX || size.steps > PATTERN_STEPS_MAX;
}
