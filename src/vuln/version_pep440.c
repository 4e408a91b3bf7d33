/* SPDX-License-Identifier: Apache-2.0 */
/* PEP 440, with the spellings that its "Normalization" section allows. */
#include "vuln/version_private.h"

enum phase { PHASE_DEV_ONLY, PHASE_ALPHA, PHASE_BETA, PHASE_RC, PHASE_FINAL };

struct pep440 {
        struct str epoch;
        struct str release; /* numbers and dots */
        enum phase phase;
        struct str phase_number;
        bool has_post, has_dev;
        struct str post, dev;
        struct str local;
};

static bool is_separator(char c)
{
        return c == '.' || c == '-' || c == '_';
}

static void skip_separator(struct str *s)
{
        if (s->n && is_separator(*s->p))
                *s = (struct str){ s->p + 1, s->n - 1 };
}

/* The number of a marker, which may be missing, and a separator may stand before it; one that stands there for nothing
 * belongs to the marker too, unless the next marker can have it. */
static struct str take_marker_number(struct str *rest)
{
        struct str after = *rest, number;

        skip_separator(&after);
        number = version_take_digits(&after);
        if (number.n || !after.n || is_separator(*after.p) || *after.p == '+')
                *rest = after;
        return number;
}

/* Takes "word", "word.1", "word1". Longer words stand before shorter ones that they begin with. */
static bool take_marker(struct str *rest, const char *const *words, size_t n_words, size_t *ret_word, struct str *ret_number)
{
        struct str s = *rest;

        skip_separator(&s);
        for (size_t i = 0; i < n_words; i++) {
                if (!version_take_word(&s, words[i]))
                        continue;
                *ret_number = take_marker_number(&s);
                *rest = s;
                *ret_word = i;
                return true;
        }
        return false;
}

static struct str take_release(struct str *rest)
{
        struct str s = { rest->p, 0 };

        while (s.n < rest->n && (is_digit(rest->p[s.n]) ||
                                 (rest->p[s.n] == '.' && s.n && s.n + 1 < rest->n && is_digit(rest->p[s.n + 1]))))
                s.n++;
        *rest = (struct str){ rest->p + s.n, rest->n - s.n };
        return s;
}

static bool take_local(struct str *rest, struct str *ret)
{
        bool after_separator = true;

        if (!rest->n || *rest->p != '+')
                return true;
        *ret = (struct str){ rest->p + 1, rest->n - 1 };
        for (size_t i = 0; i < ret->n; i++) {
                bool separator = is_separator(ret->p[i]);

                if (separator ? after_separator : !is_alphanumeric(ret->p[i]))
                        return false;
                after_separator = separator;
        }
        *rest = STR_NULL;
        return !after_separator;
}

static void take_suffixes(struct str *rest, struct pep440 *v)
{
        static const char *const pre_words[] = { "alpha", "a", "beta", "b", "rc", "c", "preview", "pre" };
        static const enum phase pre_phases[] = { PHASE_ALPHA, PHASE_ALPHA, PHASE_BETA, PHASE_BETA,
                                                 PHASE_RC,    PHASE_RC,    PHASE_RC,   PHASE_RC };
        static const char *const post_words[] = { "post", "rev", "r" };
        static const char *const dev_words[] = { "dev" };
        size_t word;

        if (take_marker(rest, pre_words, ELEMENTS_OF(pre_words), &word, &v->phase_number))
                v->phase = pre_phases[word];
        if (rest->n > 1 && *rest->p == '-' && is_digit(rest->p[1])) {
                *rest = (struct str){ rest->p + 1, rest->n - 1 };
                v->post = version_take_digits(rest);
                v->has_post = true;
        } else {
                v->has_post = take_marker(rest, post_words, ELEMENTS_OF(post_words), &word, &v->post);
        }
        v->has_dev = take_marker(rest, dev_words, ELEMENTS_OF(dev_words), &word, &v->dev);
}

static bool pep440_parse(struct str s, struct pep440 *ret)
{
        struct pep440 v = { .phase = PHASE_FINAL };
        struct str rest, first;

        s = str_trim(s);
        if (s.n && to_lower(*s.p) == 'v')
                s = (struct str){ s.p + 1, s.n - 1 };
        rest = s;
        first = version_take_digits(&rest);
        if (first.n && rest.n && *rest.p == '!') {
                v.epoch = first;
                s = (struct str){ rest.p + 1, rest.n - 1 };
        }
        v.release = take_release(&s);
        if (!v.release.n)
                return false;
        take_suffixes(&s, &v);
        if (!take_local(&s, &v.local) || s.n)
                return false;
        /* Without pre-release or post-release, a development release comes before all of them. */
        if (v.phase == PHASE_FINAL && !v.has_post && v.has_dev)
                v.phase = PHASE_DEV_ONLY;
        *ret = v;
        return true;
}

bool pep440_parses(struct str version)
{
        struct pep440 v;

        return pep440_parse(version, &v);
}

static struct str next_segment(struct str *rest)
{
        struct str s = { rest->p, 0 };

        while (s.n < rest->n && !is_separator(rest->p[s.n]))
                s.n++;
        *rest = s.n < rest->n ? (struct str){ rest->p + s.n + 1, rest->n - s.n - 1 } : STR_NULL;
        return s;
}

/* Numbers are above words, and more segments above fewer. */
static int compare_local(struct str a, struct str b)
{
        while (a.n && b.n) {
                struct str x = next_segment(&a), y = next_segment(&b);
                bool number_x = version_is_number(x), number_y = version_is_number(y);
                int r;

                if (number_x != number_y)
                        return number_x ? 1 : -1;
                r = number_x ? version_compare_numbers(x, y) : version_compare_folded(x, y);
                if (r)
                        return r;
        }
        return a.n ? 1 : b.n ? -1 : 0;
}

int pep440_compare(struct str a, struct str b)
{
        struct pep440 x, y;
        int r;

        if (!pep440_parse(a, &x) || !pep440_parse(b, &y))
                return 0;
        r = version_compare_numbers(x.epoch, y.epoch);
        if (r == 0)
                r = numbers_compare(x.release, y.release);
        if (r == 0)
                r = (int)x.phase - (int)y.phase;
        if (r == 0)
                r = version_compare_numbers(x.phase_number, y.phase_number);
        if (r == 0 && x.has_post != y.has_post)
                r = x.has_post ? 1 : -1;
        if (r == 0)
                r = version_compare_numbers(x.post, y.post);
        if (r == 0 && x.has_dev != y.has_dev)
                r = x.has_dev ? -1 : 1;
        if (r == 0)
                r = version_compare_numbers(x.dev, y.dev);
        return r ? r : compare_local(x.local, y.local);
}
