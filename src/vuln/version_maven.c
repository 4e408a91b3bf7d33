/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maven's order (https://maven.apache.org/pom.html, "Version Order Specification"): tokens between dots, hyphens and
 * changes from digits to letters. A hyphen or such a change opens a list inside the list at hand, so a version is a chain of
 * lists, each but the last ending with the next: here one run of tokens in which some open a list.
 */
#include "vuln/version_private.h"

static const char *const qualifiers[] = { "alpha", "beta", "milestone", "rc", "snapshot", "", "sp" };
#define QUALIFIER_RELEASE 5
#define QUALIFIER_UNKNOWN 7

/* In a token's `rank`: what a word is worth. Of a list's opening: LIST. */
#define LIST (-1)

static int qualifier_rank(struct str word, bool before_digit)
{
        static const struct {
                const char *name;
                int rank;
                bool before_digit;
        } others[] = { { "a", 0, true }, { "b", 1, true }, { "m", 2, true }, { "cr", 3 }, { "ga", 5 }, { "final", 5 }, { "release", 5 } };

        for (size_t i = 0; i < ELEMENTS_OF(others); i++)
                if ((before_digit || !others[i].before_digit) && version_compare_folded(word, str_from(others[i].name)) == 0)
                        return others[i].rank;
        for (int i = 0; i < (int)ELEMENTS_OF(qualifiers); i++)
                if (version_compare_folded(word, str_from(qualifiers[i])) == 0)
                        return i;
        return QUALIFIER_UNKNOWN;
}

static void add(struct version_tokens *t, struct version_token token)
{
        if (t->n < ELEMENTS_OF(t->items))
                t->items[t->n++] = token;
}

static void add_list(struct version_tokens *t)
{
        add(t, (struct version_token){ .rank = LIST });
}

static void add_number(struct version_tokens *t, struct str digits)
{
        add(t, (struct version_token){ .text = digits, .number = true });
}

static bool list_is_empty(const struct version_tokens *t)
{
        return t->n == 0 || t->items[t->n - 1].rank == LIST;
}

/* A word that ends the version, or that digits follow, opens a list of its own behind whatever stands in the list at
 * hand: there ".x" is taken as "-x". */
static void add_word(struct version_tokens *t, struct str word, bool before_digit, bool last)
{
        if ((before_digit || last) && !list_is_empty(t))
                add_list(t);
        add(t, (struct version_token){ .text = word, .rank = qualifier_rank(word, before_digit) });
}

static bool token_is_null(const struct version_token *token)
{
        if (token->rank == LIST)
                return false;
        return token->number ? version_compare_numbers(token->text, STR_NULL) == 0 : token->rank == QUALIFIER_RELEASE;
}

/* From the end to the start, takes away what says nothing at the end of each list, and lists left empty. */
static void trim(struct version_tokens *t)
{
        size_t keep = t->n; /* tokens from here on stay */
        bool at_end = true; /* nothing that counts stands between here and the end of this list */

        for (size_t i = t->n; i > 0; i--) {
                struct version_token *token = &t->items[i - 1];
                bool empty_list = token->rank == LIST && keep == t->n;

                if ((at_end && token_is_null(token)) || empty_list)
                        continue;
                t->items[--keep] = *token;
                at_end = token->rank == LIST;
        }
        memmove(t->items, t->items + keep, (t->n - keep) * sizeof(t->items[0]));
        t->n -= keep;
}

static void split(struct str s, struct version_tokens *t)
{
        t->n = 0;
        while (s.n) {
                struct str part = version_take_digits(&s);
                bool number = part.n > 0;

                if (!number)
                        while (part.n < s.n && !is_digit(s.p[part.n]) && s.p[part.n] != '.' && s.p[part.n] != '-')
                                part.n++;
                if (!number)
                        s = (struct str){ s.p + part.n, s.n - part.n };
                if (part.n && !number)
                        add_word(t, part, s.n && is_digit(*s.p), !s.n);
                else
                        add_number(t, part); /* an empty token is 0 */
                if (!s.n)
                        break;
                if (*s.p == '-' || (*s.p != '.' && part.n))
                        add_list(t);
                if (*s.p == '-' || *s.p == '.')
                        s = (struct str){ s.p + 1, s.n - 1 };
        }
        trim(t);
}

/* What stands for a token that is not there. */
static int compare_to_nothing(const struct version_token *token)
{
        if (token->number)
                return version_compare_numbers(token->text, STR_NULL) ? 1 : 0;
        return token->rank - QUALIFIER_RELEASE;
}

static int kind(const struct version_token *token)
{
        return token->number ? 2 : token->rank == LIST ? 1 : 0; /* a word < a list < a number */
}

static int compare_tokens(const struct version_token *a, const struct version_token *b)
{
        if (kind(a) != kind(b))
                return kind(a) - kind(b);
        if (a->number)
                return version_compare_numbers(a->text, b->text);
        if (a->rank != b->rank || a->rank != QUALIFIER_UNKNOWN)
                return a->rank - b->rank;
        return version_compare_folded(a->text, b->text);
}

/* The first token of a rest that is not nothing decides; an opening stands for what is in its list. */
static int compare_rest_to_nothing(const struct version_tokens *t, size_t at)
{
        for (; at < t->n; at++) {
                int r = t->items[at].rank == LIST ? 0 : compare_to_nothing(&t->items[at]);

                if (r)
                        return r;
        }
        return 0;
}

bool maven_parses(struct str version)
{
        for (size_t i = 0; i < version.n; i++)
                if (version.p[i] <= ' ' || version.p[i] > '~')
                        return false;
        return version.n > 0;
}

int maven_compare(struct str a, struct str b)
{
        struct version_tokens x, y;
        size_t i = 0;

        split(a, &x);
        split(b, &y);
        for (; i < x.n && i < y.n; i++) {
                int r = compare_tokens(&x.items[i], &y.items[i]);

                if (r)
                        return r;
        }
        return i < x.n ? compare_rest_to_nothing(&x, i) : -compare_rest_to_nothing(&y, i);
}
