/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"

static unsigned char folded(unsigned char c, bool fold)
{
        return fold && c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* The character at the start, as a number; bytes that are no UTF-8 count above every character. */
static uint32_t character(struct str s, size_t *ret_n)
{
        const unsigned char *p = (const unsigned char *)s.p;
        size_t n = utf8_char_length(s);
        uint32_t c;

        if (n <= 1) {
                *ret_n = 1;
                return n ? p[0] : 0x110000u + p[0];
        }
        c = p[0] & (0xffu >> (n + 1));
        for (size_t i = 1; i < n; i++)
                c = c << 6 | (p[i] & 0x3f);
        *ret_n = n;
        return c;
}

static bool is_between(uint32_t c, char low, char high)
{
        return c >= (uint32_t)low && c <= (uint32_t)high;
}

static bool in_class(uint32_t c, struct str class)
{
        bool lower = is_between(c, 'a', 'z'), upper = is_between(c, 'A', 'Z'), digit = is_between(c, '0', '9');
        const struct {
                const char *name;
                bool in;
        } classes[] = {
                { "alpha", lower || upper },
                { "digit", digit },
                { "alnum", lower || upper || digit },
                { "upper", upper },
                { "lower", lower },
                { "space", c == ' ' || is_between(c, '\t', '\r') },
                { "blank", c == ' ' || c == '\t' },
                { "punct", is_between(c, '!', '~') && !lower && !upper && !digit },
                { "print", is_between(c, ' ', '~') },
                { "graph", is_between(c, '!', '~') },
                { "cntrl", c < ' ' || c == 0x7f },
                { "xdigit", digit || is_between(c, 'a', 'f') || is_between(c, 'A', 'F') },
        };

        for (size_t i = 0; i < ELEMENTS_OF(classes); i++)
                if (str_equals(class, classes[i].name))
                        return classes[i].in;
        return false;
}

/* One member of a bracket at *at: a class, a range or a character. Moves *at behind it. */
static bool member_matches(struct str pattern, size_t *at, uint32_t c)
{
        struct str rest = { pattern.p + *at, pattern.n - *at };
        uint32_t low, high;
        size_t n;

        if (str_starts(rest, "[:")) {
                for (size_t end = 2; end + 1 < rest.n; end++)
                        if (rest.p[end] == ':' && rest.p[end + 1] == ']') {
                                *at += end + 2;
                                return in_class(c, (struct str){ rest.p + 2, end - 2 });
                        }
        }
        if (rest.p[0] == '\\' && rest.n > 1)
                rest = (struct str){ rest.p + 1, rest.n - 1 };
        low = high = character(rest, &n);
        rest = (struct str){ rest.p + n, rest.n - n };
        if (rest.n > 1 && rest.p[0] == '-' && rest.p[1] != ']') {
                rest = (struct str){ rest.p + 1, rest.n - 1 };
                if (rest.p[0] == '\\' && rest.n > 1)
                        rest = (struct str){ rest.p + 1, rest.n - 1 };
                high = character(rest, &n);
                rest = (struct str){ rest.p + n, rest.n - n };
        }
        *at = (size_t)(rest.p - pattern.p);
        return c >= low && c <= high;
}

static uint32_t swapped_case(uint32_t c)
{
        if (is_between(c, 'a', 'z') || is_between(c, 'A', 'Z'))
                return c ^ 0x20;
        return c;
}

/* A bracket expression at `at` (after its "["). Gives where it ends, 0 where it is none: then "[" means itself. */
static size_t bracket(struct str pattern, size_t at, uint32_t c, bool fold, bool *ret_matches)
{
        bool negated = at < pattern.n && (pattern.p[at] == '!' || pattern.p[at] == '^'), found = false, first = true;
        size_t again;

        at += negated;
        for (; at < pattern.n; first = false) {
                if (pattern.p[at] == ']' && !first) {
                        *ret_matches = found != negated;
                        return at + 1;
                }
                again = at;
                if (member_matches(pattern, &at, c))
                        found = true;
                if (fold && !found && member_matches(pattern, &again, swapped_case(c)))
                        found = true;
        }
        return 0;
}

/* Matches one piece of pattern that is no star against the start of `text`. */
static bool one_matches(struct str pattern, size_t *at, struct str text, size_t *ret_n, bool fold)
{
        char p = pattern.p[*at];
        uint32_t c;
        size_t end;
        bool matches;

        if (text.n == 0)
                return false;
        if (p == '?' || p == '[') {
                c = character(text, ret_n);
                if (p == '?') {
                        (*at)++;
                        return true;
                }
                end = bracket(pattern, *at + 1, c, fold, &matches);
                if (end) {
                        *at = end;
                        return matches;
                }
        }
        if (p == '\\') {
                if (*at + 1 == pattern.n)
                        return false;
                p = pattern.p[++*at];
        }
        (*at)++;
        *ret_n = 1;
        return folded((unsigned char)p, fold) == folded((unsigned char)text.p[0], fold);
}

bool glob_match(struct str pattern, struct str text, bool fold)
{
        size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0, n, next;

        while (t < text.n || p < pattern.n) {
                if (p < pattern.n && pattern.p[p] == '*') {
                        star = ++p;
                        star_text = t;
                        if (p == pattern.n)
                                return true;
                        continue;
                }
                next = p;
                if (p < pattern.n && one_matches(pattern, &next, (struct str){ text.p + t, text.n - t }, &n, fold)) {
                        p = next;
                        t += n;
                        continue;
                }
                /* Only the last star can take more: what it leaves is matched as far left as can be. */
                if (star == SIZE_MAX || star_text >= text.n)
                        return false;
                character((struct str){ text.p + star_text, text.n - star_text }, &n);
                p = star;
                t = star_text += n;
        }
        return true;
}

bool glob_has_wildcard(struct str pattern)
{
        for (size_t i = 0; i < pattern.n; i++)
                if (strchr("*?[\\", pattern.p[i]) && pattern.p[i])
                        return true;
        return false;
}
