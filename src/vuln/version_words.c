/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that work on a list of words and numbers: RubyGems and Packagist. */
#include "vuln/version_private.h"

static void add(struct version_tokens *t, struct str text, bool number, int rank)
{
        if (t->n < ELEMENTS_OF(t->items))
                t->items[t->n++] = (struct version_token){ text, number, rank };
}

/* ---- Gem::Version: number{.alphanumerics}[-alphanumerics{.alphanumerics}] ---- */

bool gem_parses(struct str version)
{
        bool after = false, hyphen = false;

        version = str_trim(version);
        if (!version.n || !is_digit(*version.p))
                return false;
        for (size_t i = 0; i < version.n; i++) {
                char c = version.p[i];

                if (c == '-' && after) {
                        hyphen = true; /* from here on it may also be part of a word */
                        after = i + 1 < version.n;
                } else if (c == '.' && after) {
                        after = false;
                } else if (is_alphanumeric(c) && (hyphen || i > 0 || is_digit(c))) {
                        after = true;
                } else {
                        return false;
                }
        }
        return after;
}

/* Zeros at the end say nothing, neither at the end of the numbers before the first word nor at the end of it all. */
static void drop_zeros(struct version_tokens *t, size_t from)
{
        while (t->n > from && t->items[t->n - 1].number && version_compare_numbers(t->items[t->n - 1].text, STR_NULL) == 0)
                t->n--;
}

static void gem_split(struct str s, struct version_tokens *t)
{
        size_t words = 0; /* where the pre-release begins */
        bool in_words = false;

        t->n = 0;
        while (s.n) {
                struct str digits = version_take_digits(&s), letters = digits.n ? STR_NULL : version_take_letters(&s);
                bool hyphen = !digits.n && !letters.n && *s.p == '-';

                if (!digits.n && !letters.n)
                        s = (struct str){ s.p + 1, s.n - 1 };
                if ((letters.n || hyphen) && !in_words) {
                        drop_zeros(t, 0);
                        words = t->n;
                        in_words = true;
                }
                if (digits.n || letters.n)
                        add(t, digits.n ? digits : letters, digits.n > 0, 0);
                else if (hyphen)
                        add(t, STR_LIT("pre"), false, 0); /* a hyphen is read as ".pre." */
        }
        drop_zeros(t, words);
}

int gem_compare(struct str a, struct str b)
{
        static const struct version_token zero = { .number = true };
        struct version_tokens x, y;

        gem_split(str_trim(a), &x);
        gem_split(str_trim(b), &y);
        for (size_t i = 0; i < x.n || i < y.n; i++) {
                const struct version_token *p = i < x.n ? &x.items[i] : &zero, *q = i < y.n ? &y.items[i] : &zero;
                int r;

                if (p->number != q->number)
                        return p->number ? 1 : -1;
                r = p->number ? version_compare_numbers(p->text, q->text) : str_compare(p->text, q->text);
                if (r)
                        return r;
        }
        return 0;
}

/* ---- Packagist: Composer pads to four numbers and names the stability, PHP's version_compare() orders the result ---- */

enum { RANK_OTHER, RANK_DEV, RANK_ALPHA, RANK_BETA, RANK_RC, RANK_NUMBER, RANK_PATCH };

static int composer_rank(struct str word, bool *ret_stable)
{
        static const struct {
                const char *name;
                int rank;
        } words[] = { { "dev", RANK_DEV }, { "alpha", RANK_ALPHA }, { "a", RANK_ALPHA }, { "beta", RANK_BETA }, { "b", RANK_BETA },
                      { "rc", RANK_RC },   { "patch", RANK_PATCH }, { "pl", RANK_PATCH }, { "p", RANK_PATCH } };

        *ret_stable = version_compare_folded(word, STR_LIT("stable")) == 0;
        for (size_t i = 0; i < ELEMENTS_OF(words); i++)
                if (version_compare_folded(word, str_from(words[i].name)) == 0)
                        return words[i].rank;
        return RANK_OTHER;
}

static bool is_wildcard(struct str s)
{
        return s.n && (to_lower(*s.p) == 'x' || *s.p == '*') && (s.n == 1 || !is_alphanumeric(s.p[1]));
}

/* The numbers of "1.2.3", "1.2.x-dev". */
static void composer_numbers(struct str *rest, struct version_tokens *t)
{
        while (rest->n && t->n < 4) {
                struct str s = *rest, digits;

                if (t->n && (*s.p != '.' || s.n == 1))
                        break;
                if (t->n)
                        s = (struct str){ s.p + 1, s.n - 1 };
                digits = version_take_digits(&s);
                if (!digits.n && t->n && is_wildcard(s)) {
                        digits = STR_LIT("9999999"); /* as Composer has it: above all of that branch */
                        s = (struct str){ s.p + 1, s.n - 1 };
                }
                if (!digits.n)
                        break;
                add(t, digits, true, RANK_NUMBER);
                *rest = s;
        }
}

/* False: it holds what no version may. */
static bool composer_split(struct str s, struct version_tokens *t)
{
        const char *plus;

        t->n = 0;
        s = str_trim(s);
        if (s.n && to_lower(*s.p) == 'v')
                s = (struct str){ s.p + 1, s.n - 1 };
        plus = s.n ? memchr(s.p, '+', s.n) : NULL;
        if (plus)
                s.n = (size_t)(plus - s.p);
        composer_numbers(&s, t);
        if (!t->n)
                return false; /* a branch: "dev-main" */
        while (t->n < 4)
                add(t, STR_LIT("0"), true, RANK_NUMBER);
        while (s.n) {
                struct str digits = version_take_digits(&s), letters = digits.n ? STR_NULL : version_take_letters(&s);
                bool stable = false;
                int rank = letters.n ? composer_rank(letters, &stable) : RANK_NUMBER;

                if (digits.n || (letters.n && !stable))
                        add(t, digits.n ? digits : letters, digits.n > 0, rank);
                else if (!letters.n && !memchr(".-_", *s.p, 3))
                        return false;
                else if (!letters.n)
                        s = (struct str){ s.p + 1, s.n - 1 };
        }
        return true;
}

bool composer_parses(struct str version)
{
        struct version_tokens t;

        return composer_split(version, &t);
}

static int composer_rest(const struct version_tokens *t, size_t at)
{
        if (at >= t->n)
                return 0;
        return t->items[at].number ? 1 : t->items[at].rank - RANK_NUMBER;
}

int composer_compare(struct str a, struct str b)
{
        struct version_tokens x, y;
        size_t i = 0;

        if (!composer_split(a, &x) || !composer_split(b, &y))
                return 0;
        for (; i < x.n && i < y.n; i++) {
                const struct version_token *p = &x.items[i], *q = &y.items[i];
                int r = p->number && q->number ? version_compare_numbers(p->text, q->text) : p->rank - q->rank;

                if (r)
                        return r;
        }
        return composer_rest(&x, i) - composer_rest(&y, i);
}
