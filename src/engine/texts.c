/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "engine/engine_private.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define YEARS_MAX 2200 /* nanoseconds since 1970 fit 64 bits until 2262 */

static int take_number(struct str *s, size_t digits, int low, int high, int *ret)
{
        uint64_t n;

        if (s->n < digits || str_to_u64((struct str){ s->p, digits }, 10, &n) < 0 || n < (uint64_t)low ||
            n > (uint64_t)high)
                return -EBADMSG;
        *s = (struct str){ s->p + digits, s->n - digits };
        *ret = (int)n;
        return 0;
}

static int take_char(struct str *s, const char *any)
{
        if (!s->n || !strchr(any, *s->p) || !*s->p)
                return -EBADMSG;
        s->p++;
        s->n--;
        return 0;
}

static int64_t take_fraction(struct str *s)
{
        int64_t ns = 0, unit = NS_PER_SECOND / 10;

        if (take_char(s, ".") < 0)
                return 0;
        for (; s->n && *s->p >= '0' && *s->p <= '9'; s->p++, s->n--, unit /= 10)
                ns += (*s->p - '0') * unit;
        return ns;
}

/* Seconds east of UTC. */
static int take_zone(struct str *s, int *ret)
{
        bool west = s->n && *s->p == '-';
        int hours = 0, minutes = 0;

        *ret = 0;
        if (take_char(s, "Zz") == 0)
                return 0;
        if (take_char(s, "+-") < 0 || take_number(s, 2, 0, 23, &hours) < 0 || take_char(s, ":") < 0 ||
            take_number(s, 2, 0, 59, &minutes) < 0)
                return -EBADMSG;
        *ret = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
        return 0;
}

int parse_time(struct str text, int64_t *ret_ns)
{
        struct tm tm = { 0 };
        int zone = 0;
        int64_t fraction;

        if (take_number(&text, 4, 1971, YEARS_MAX, &tm.tm_year) < 0 || take_char(&text, "-") < 0 ||
            take_number(&text, 2, 1, 12, &tm.tm_mon) < 0 || take_char(&text, "-") < 0 ||
            take_number(&text, 2, 1, 31, &tm.tm_mday) < 0 || take_char(&text, "Tt ") < 0 ||
            take_number(&text, 2, 0, 23, &tm.tm_hour) < 0 || take_char(&text, ":") < 0 ||
            take_number(&text, 2, 0, 59, &tm.tm_min) < 0 || take_char(&text, ":") < 0 ||
            take_number(&text, 2, 0, 60, &tm.tm_sec) < 0)
                return -EBADMSG;
        fraction = take_fraction(&text);
        if (take_zone(&text, &zone) < 0 || text.n)
                return -EBADMSG;
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        *ret_ns = ((int64_t)timegm(&tm) - zone) * NS_PER_SECOND + fraction;
        return 0;
}

void split_reference(struct str reference, struct str *ret_repository, struct str *ret_tag, struct str *ret_digest)
{
        struct str rest = reference;
        size_t slash, colon;

        *ret_tag = *ret_digest = STR_NULL;
        *ret_repository = str_cut(&rest, '@');
        *ret_digest = rest;
        /* The last colon begins a tag, unless a slash follows: then it begins a port. */
        for (slash = ret_repository->n; slash && ret_repository->p[slash - 1] != '/'; slash--)
                ;
        for (colon = ret_repository->n; colon > slash && ret_repository->p[colon - 1] != ':'; colon--)
                ;
        if (colon > slash) {
                *ret_tag = (struct str){ ret_repository->p + colon, ret_repository->n - colon };
                ret_repository->n = colon - 1;
        }
}

bool is_hex(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
                        return false;
        return s.n > 0;
}

struct str json_text(const json_t *object, const char *key)
{
        const json_t *value = json_is_object(object) ? json_object_get(object, key) : NULL;

        return json_is_string(value) ? (struct str){ json_string_value(value), json_string_length(value) } : STR_NULL;
}
