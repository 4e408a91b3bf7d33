/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantic Versioning 2.0.0 and its relatives. Advisories and packages write versions with less care than the
 * specification asks for, so these take what leaves no doubt: a "v" in front, fewer or more than three numbers (missing
 * ones are 0), leading zeros, a pre-release without its hyphen ("1.0.0rc1"). Build metadata is ignored.
 */
#include "vuln/version_private.h"

struct semver {
        struct str numbers;     /* "1.2.3" */
        struct str pre_release; /* "rc.1", empty: none */
        bool squeezed;          /* it stood without a hyphen: "rc1" is "rc.1" */
};

static bool identifiers_are_valid(struct str s)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '.' ? n == 0 : !is_alphanumeric(s.p[i]) && s.p[i] != '-')
                        return false;
                n = s.p[i] == '.' ? 0 : n + 1;
        }
        return n > 0;
}

static bool semver_parse(struct str s, struct semver *ret)
{
        const char *plus;
        size_t n = 0;

        s = str_trim(s);
        if (s.n && (*s.p == 'v' || *s.p == 'V'))
                s = (struct str){ s.p + 1, s.n - 1 };
        plus = s.n ? memchr(s.p, '+', s.n) : NULL;
        if (plus) {
                struct str build = { plus + 1, s.n - (size_t)(plus - s.p) - 1 };

                if (!identifiers_are_valid(build))
                        return false;
                s.n = (size_t)(plus - s.p);
        }
        while (n < s.n && (is_digit(s.p[n]) || (s.p[n] == '.' && n + 1 < s.n && is_digit(s.p[n + 1]) && n > 0)))
                n++;
        if (n == 0)
                return false;
        *ret = (struct semver){ .numbers = { s.p, n }, .pre_release = { s.p + n, s.n - n } };
        if (n == s.n)
                return true;
        if (s.p[n] == '-' || s.p[n] == '.')
                ret->pre_release = (struct str){ s.p + n + 1, s.n - n - 1 };
        ret->squeezed = s.p[n] != '-';
        return identifiers_are_valid(ret->pre_release);
}

int numbers_compare(struct str a, struct str b)
{
        while (a.n || b.n) {
                int r = version_compare_numbers(version_take_digits(&a), version_take_digits(&b));

                if (r)
                        return r;
                if (a.n)
                        a = (struct str){ a.p + 1, a.n - 1 };
                if (b.n)
                        b = (struct str){ b.p + 1, b.n - 1 };
        }
        return 0;
}

/* Numbers with dots or hyphens between them, as CRAN and Haskell's PVP have them. */
bool numbers_parses(struct str version)
{
        bool after_digit = false;

        for (size_t i = 0; i < version.n; i++) {
                if (!is_digit(version.p[i]) && (!after_digit || !memchr(".-", version.p[i], 2)))
                        return false;
                after_digit = is_digit(version.p[i]);
        }
        return after_digit;
}

static struct str next_identifier(struct str *rest, bool squeezed)
{
        struct str s = { rest->p, 0 };

        while (s.n < rest->n && rest->p[s.n] != '.' &&
               !(squeezed && s.n && is_digit(rest->p[s.n]) && is_letter(rest->p[s.n - 1])))
                s.n++;
        *rest = (struct str){ rest->p + s.n, rest->n - s.n };
        if (rest->n && *rest->p == '.')
                *rest = (struct str){ rest->p + 1, rest->n - 1 };
        return s;
}

static int compare_identifiers(struct str x, struct str y, bool fold)
{
        bool number_x = version_is_number(x), number_y = version_is_number(y);

        if (number_x && number_y)
                return version_compare_numbers(x, y);
        if (number_x != number_y)
                return number_x ? -1 : 1;
        return fold ? version_compare_folded(x, y) : str_compare(x, y);
}

/* `squeeze`: whether one that stood without hyphen is split at its digits. */
static int compare_pre_releases(const struct semver *a, const struct semver *b, bool fold, bool squeeze)
{
        struct str x = a->pre_release, y = b->pre_release;

        if (!x.n || !y.n)
                return x.n ? -1 : y.n ? 1 : 0;
        while (x.n && y.n) {
                int r = compare_identifiers(next_identifier(&x, squeeze && a->squeezed),
                                            next_identifier(&y, squeeze && b->squeezed), fold);

                if (r)
                        return r;
        }
        return x.n ? 1 : y.n ? -1 : 0;
}

bool semver_parses(struct str version)
{
        struct semver v;

        return semver_parse(version, &v);
}

int semver_compare(struct str a, struct str b)
{
        struct semver x, y;
        int r;

        if (!semver_parse(a, &x) || !semver_parse(b, &y))
                return 0;
        r = numbers_compare(x.numbers, y.numbers);
        return r ? r : compare_pre_releases(&x, &y, false, false);
}

/* Four numbers, and letters of either case are the same. */
bool nuget_parses(struct str version)
{
        return semver_parses(version);
}

int nuget_compare(struct str a, struct str b)
{
        struct semver x, y;
        int r;

        if (!semver_parse(a, &x) || !semver_parse(b, &y))
                return 0;
        r = numbers_compare(x.numbers, y.numbers);
        return r ? r : compare_pre_releases(&x, &y, true, false);
}

/* The toolchain and its library write "go1.21rc2" for what advisories call 1.21.0-rc.2. */
static bool go_parse(struct str s, struct semver *ret)
{
        s = str_trim(s);
        if (str_starts(s, "go"))
                s = (struct str){ s.p + 2, s.n - 2 };
        return semver_parse(s, ret);
}

bool go_parses(struct str version)
{
        struct semver v;

        return go_parse(version, &v);
}

int go_compare(struct str a, struct str b)
{
        struct semver x, y;
        int r;

        if (!go_parse(a, &x) || !go_parse(b, &y))
                return 0;
        r = numbers_compare(x.numbers, y.numbers);
        return r ? r : compare_pre_releases(&x, &y, false, true);
}

/* Bitnami appends the revision of its packaging, a number behind a hyphen: 1.2.3-4 is newer than 1.2.3. */
static bool is_revision(const struct semver *v)
{
        return !v->squeezed && version_is_number(v->pre_release);
}

bool bitnami_parses(struct str version)
{
        return semver_parses(version);
}

int bitnami_compare(struct str a, struct str b)
{
        struct semver x, y;
        struct str revision_x = STR_NULL, revision_y = STR_NULL;
        int r;

        if (!semver_parse(a, &x) || !semver_parse(b, &y))
                return 0;
        if (is_revision(&x)) {
                revision_x = x.pre_release;
                x.pre_release = STR_NULL;
        }
        if (is_revision(&y)) {
                revision_y = y.pre_release;
                y.pre_release = STR_NULL;
        }
        r = numbers_compare(x.numbers, y.numbers);
        if (r == 0)
                r = compare_pre_releases(&x, &y, false, false);
        return r ? r : version_compare_numbers(revision_x, revision_y);
}
