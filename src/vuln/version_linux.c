/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of distributions' packages. */
#include "vuln/version_private.h"

/* ---- dpkg: deb-version(7), Debian Policy 5.6.12 ---- */

/* Where a byte stands between two runs of digits; -1: the tilde, before even the end of the text (0). */
static int dpkg_weight(struct str s, size_t at)
{
        char c = at < s.n ? s.p[at] : 0;

        if (c == '~')
                return -1;
        if (!c || is_digit(c))
                return 0;
        return is_letter(c) ? (unsigned char)c : (unsigned char)c + 256;
}

static int dpkg_compare_part(struct str a, struct str b)
{
        while (a.n || b.n) {
                size_t i = 0;
                int r;

                while ((i < a.n && !is_digit(a.p[i])) || (i < b.n && !is_digit(b.p[i]))) {
                        int x = dpkg_weight(a, i), y = dpkg_weight(b, i);

                        if (x != y)
                                return x - y;
                        i++;
                }
                a = (struct str){ a.p + MIN_OF(i, a.n), a.n - MIN_OF(i, a.n) };
                b = (struct str){ b.p + MIN_OF(i, b.n), b.n - MIN_OF(i, b.n) };
                r = version_compare_numbers(version_take_digits(&a), version_take_digits(&b));
                if (r)
                        return r;
        }
        return 0;
}

struct evr {
        struct str epoch, version, release;
        bool has_release;
};

/* The epoch ends at the first colon, the release begins behind the last hyphen. */
static struct evr evr_split(struct str s)
{
        struct evr evr = { .version = s };
        const char *colon = memchr(s.p, ':', s.n), *hyphen;

        if (colon) {
                evr.epoch = (struct str){ s.p, (size_t)(colon - s.p) };
                evr.version = (struct str){ colon + 1, s.n - evr.epoch.n - 1 };
        }
        hyphen = evr.version.n ? memrchr(evr.version.p, '-', evr.version.n) : NULL;
        if (hyphen) {
                size_t n = (size_t)(hyphen - evr.version.p);

                evr.release = (struct str){ hyphen + 1, evr.version.n - n - 1 };
                evr.version.n = n;
                evr.has_release = true;
        }
        return evr;
}

bool dpkg_parses(struct str version)
{
        struct evr evr = evr_split(version);

        if ((memchr(version.p, ':', version.n) && !version_is_number(evr.epoch)) || !evr.version.n)
                return false;
        for (size_t i = 0; i < version.n; i++)
                if (!is_alphanumeric(version.p[i]) && !memchr("-+._~:", version.p[i], 6))
                        return false;
        return true;
}

int dpkg_compare(struct str a, struct str b)
{
        struct evr x = evr_split(a), y = evr_split(b);
        int r = version_compare_numbers(x.epoch, y.epoch);

        if (r == 0)
                r = dpkg_compare_part(x.version, y.version);
        return r ? r : dpkg_compare_part(x.release, y.release);
}

/* ---- rpm: rpm-version(7) ---- */

static void rpm_skip(struct str *s)
{
        while (s->n && !is_alphanumeric(*s->p) && *s->p != '~' && *s->p != '^') {
                s->p++;
                s->n--;
        }
}

static bool take(struct str *s, char c)
{
        if (!s->n || *s->p != c)
                return false;
        s->p++;
        s->n--;
        return true;
}

/* A tilde is below everything, the end too; a caret is above the end and below anything else. 1: both are past one, go on;
 * 0: there is none; else 2 with the answer. */
static int rpm_marks(struct str *a, struct str *b, int *ret)
{
        bool x = take(a, '~'), y = take(b, '~');

        if (x || y) {
                *ret = x == y ? 0 : x ? -1 : 1;
                return x == y ? 1 : 2;
        }
        x = a->n && *a->p == '^';
        y = b->n && *b->p == '^';
        if (x && y) {
                take(a, '^');
                take(b, '^');
                return 1;
        }
        if (!x && !y)
                return 0;
        *ret = x ? (b->n ? -1 : 1) : (a->n ? 1 : -1);
        return 2;
}

static int rpm_compare_part(struct str a, struct str b)
{
        for (;;) {
                struct str x, y;
                int r = 0, mark;
                bool number;

                rpm_skip(&a);
                rpm_skip(&b);
                mark = rpm_marks(&a, &b, &r);
                if (mark == 2)
                        return r;
                if (mark == 1)
                        continue;
                if (!a.n || !b.n)
                        return a.n ? 1 : b.n ? -1 : 0;
                number = is_digit(*a.p);
                if (number != is_digit(*b.p))
                        return number ? 1 : -1; /* a number is newer than a word */
                x = number ? version_take_digits(&a) : version_take_letters(&a);
                y = number ? version_take_digits(&b) : version_take_letters(&b);
                r = number ? version_compare_numbers(x, y) : str_compare(x, y);
                if (r)
                        return r;
        }
}

bool rpm_parses(struct str version)
{
        struct evr evr = evr_split(version);

        if (evr.epoch.n && !version_is_number(evr.epoch))
                return false;
        for (size_t i = 0; i < version.n; i++)
                if (version.p[i] <= ' ' || version.p[i] > '~')
                        return false;
        return evr.version.n > 0;
}

int rpm_compare(struct str a, struct str b)
{
        struct evr x = evr_split(a), y = evr_split(b);
        int r = version_compare_numbers(x.epoch, y.epoch);

        if (r == 0)
                r = rpm_compare_part(x.version, y.version);
        if (r == 0 && x.has_release != y.has_release)
                r = x.has_release ? 1 : -1;
        return r ? r : rpm_compare_part(x.release, y.release);
}

/* ---- apk: apk-package(5): number{.number}[letter]{_suffix[number]}[~hash][-rnumber] ---- */

/* In the order in which parts may come; a version that ends is above one that goes on with a part of a later kind only
 * where the suffix is a "pre" one. */
enum apk_kind { APK_FIRST, APK_NUMBER, APK_LETTER, APK_SUFFIX, APK_SUFFIX_NUMBER, APK_HASH, APK_REVISION, APK_END, APK_BAD };

static const char *const apk_suffixes[] = { "alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p" };
#define APK_SUFFIX_NONE 4

struct apk_part {
        enum apk_kind kind;
        struct str text;
        int suffix;
};

static struct apk_part apk_suffix(struct str *rest)
{
        struct apk_part part = { .kind = APK_BAD, .text = version_take_letters(rest) };

        for (int i = 0; i < (int)ELEMENTS_OF(apk_suffixes); i++)
                if (part.text.n && str_equals(part.text, apk_suffixes[i])) {
                        part.kind = APK_SUFFIX;
                        part.suffix = i;
                }
        return part;
}

/* Its digits must be there. */
static struct apk_part apk_digits(struct str *rest, enum apk_kind kind)
{
        struct apk_part part = { .kind = kind, .text = version_take_digits(rest) };

        if (!part.text.n)
                part.kind = APK_BAD;
        return part;
}

static struct apk_part apk_hash(struct str *rest)
{
        struct apk_part part = { .kind = APK_HASH, .text = { rest->p, 0 } };

        while (part.text.n < rest->n && (is_digit(rest->p[part.text.n]) || (rest->p[part.text.n] >= 'a' && rest->p[part.text.n] <= 'f')))
                part.text.n++;
        *rest = (struct str){ rest->p + part.text.n, rest->n - part.text.n };
        if (!part.text.n)
                part.kind = APK_BAD;
        return part;
}

/* The part behind one of kind `last`. */
static struct apk_part apk_next(struct str *rest, enum apk_kind last)
{
        struct apk_part bad = { .kind = APK_BAD };

        if (!rest->n)
                return (struct apk_part){ .kind = APK_END };
        if (last == APK_SUFFIX && is_digit(*rest->p))
                return apk_digits(rest, APK_SUFFIX_NUMBER);
        if (last <= APK_NUMBER && *rest->p >= 'a' && *rest->p <= 'z') {
                struct apk_part letter = { .kind = APK_LETTER, .text = { rest->p, 1 } };

                *rest = (struct str){ rest->p + 1, rest->n - 1 };
                return letter;
        }
        if (last <= APK_NUMBER && take(rest, '.'))
                return apk_digits(rest, APK_NUMBER);
        if (last <= APK_SUFFIX_NUMBER && take(rest, '_'))
                return apk_suffix(rest);
        if (last <= APK_SUFFIX_NUMBER && take(rest, '~'))
                return apk_hash(rest);
        if (last <= APK_HASH && take(rest, '-') && take(rest, 'r'))
                return apk_digits(rest, APK_REVISION);
        return bad;
}

static int apk_compare_part(const struct apk_part *a, const struct apk_part *b)
{
        switch (a->kind) {
        case APK_NUMBER:
                /* As the digits behind a decimal point, where there is a zero in front. */
                return *a->text.p == '0' || *b->text.p == '0' ? str_compare(a->text, b->text) :
                                                                version_compare_numbers(a->text, b->text);
        case APK_FIRST:
        case APK_SUFFIX_NUMBER:
        case APK_REVISION:
                return version_compare_numbers(a->text, b->text);
        case APK_SUFFIX:
                return a->suffix - b->suffix;
        default:
                return str_compare(a->text, b->text);
        }
}

bool apk_parses(struct str version)
{
        struct apk_part part = apk_digits(&version, APK_FIRST);

        while (part.kind < APK_END)
                part = apk_next(&version, part.kind);
        return part.kind == APK_END;
}

int apk_compare(struct str a, struct str b)
{
        struct apk_part x = apk_digits(&a, APK_FIRST), y = apk_digits(&b, APK_FIRST);

        while (x.kind == y.kind && x.kind < APK_END) {
                int r = apk_compare_part(&x, &y);

                if (r)
                        return r;
                x = apk_next(&a, x.kind);
                y = apk_next(&b, y.kind);
        }
        if (x.kind == y.kind)
                return 0;
        if (x.kind == APK_SUFFIX && x.suffix < APK_SUFFIX_NONE)
                return -1;
        if (y.kind == APK_SUFFIX && y.suffix < APK_SUFFIX_NONE)
                return 1;
        return x.kind > y.kind ? -1 : 1;
}
