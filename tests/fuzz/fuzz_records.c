/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What detectors emit: each record decodes, and a package's URL is one by the rules of ECMA-427 (clause 5.6 and annex
 * C) that says what the record says.
 */
#include <errno.h>

#include "fuzz.h"
#include "inventory/inventory.h"

#define PROBLEM_MAX 2048 /* an error's message, and a name of which only the start is shown */

/* ---- reading a package URL ---- */

static bool is_lower(char c)
{
        return c >= 'a' && c <= 'z';
}

static bool is_unreserved(char c)
{
        return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(".-_~:", c));
}

static int hex_digit(char c)
{
        static const char digits[] = "0123456789ABCDEF";
        const char *at = c ? strchr(digits, c) : NULL;

        return at ? (int)(at - digits) : -1;
}

static struct str without(struct str s, size_t n)
{
        n = MIN_OF(n, s.n);
        return (struct str){ s.p + n, s.n - n };
}

/* One component up to a separator or the end, decoded. */
static void take_component(struct str *rest, struct buf *out)
{
        buf_clear(out);
        while (rest->n && (is_unreserved(rest->p[0]) || rest->p[0] == '%')) {
                char c = rest->p[0];

                *rest = without(*rest, 1);
                if (c == '%') {
                        int high = rest->n > 1 ? hex_digit(rest->p[0]) : -1;
                        int low = rest->n > 1 ? hex_digit(rest->p[1]) : -1;

                        HOLDS(high >= 0 && low >= 0);
                        c = (char)(high << 4 | low);
                        HOLDS(!is_unreserved(c));
                        *rest = without(*rest, 2);
                }
                buf_putc(out, c);
        }
        HOLDS(out->len > 0);
        HOLDS(utf8_valid(buf_str(out)));
}

static bool take_char(struct str *rest, char c)
{
        if (rest->n == 0 || rest->p[0] != c)
                return false;
        *rest = without(*rest, 1);
        return true;
}

static void take_type(struct str *rest)
{
        struct str type = str_cut(rest, '/');

        HOLDS(type.n && is_lower(type.p[0]));
        for (size_t i = 0; i < type.n; i++)
                HOLDS(is_lower(type.p[i]) || (type.p[i] >= '0' && type.p[i] <= '9') || type.p[i] == '.' ||
                      type.p[i] == '-');
}

struct url {
        struct buf namespace, name, version, arch, epoch, other;
};

static void url_done(struct url *u)
{
        buf_free(&u->namespace);
        buf_free(&u->name);
        buf_free(&u->version);
        buf_free(&u->arch);
        buf_free(&u->epoch);
        buf_free(&u->other);
}

/* Keys are in order, so each stands there once. */
static void take_qualifiers(struct str *rest, struct url *u)
{
        struct str before = STR_NULL;

        do {
                struct buf *to = &u->other;
                struct str key = { rest->p, 0 };

                while (rest->n && is_lower(rest->p[0])) {
                        key.n++;
                        take_char(rest, rest->p[0]);
                }
                HOLDS(key.n && str_compare(before, key) < 0);
                HOLDS(take_char(rest, '='));
                if (str_equals(key, "arch"))
                        to = &u->arch;
                else if (str_equals(key, "epoch"))
                        to = &u->epoch;
                take_component(rest, to);
                before = key;
        } while (!fuzz_starved && take_char(rest, '&'));
}

static void take_url(struct str rest, struct url *u)
{
        HOLDS(str_starts(rest, "pkg:"));
        rest = without(rest, strlen("pkg:"));
        take_type(&rest);
        take_component(&rest, &u->name);
        while (!fuzz_starved && take_char(&rest, '/')) {
                HOLDS(u->name.len == 0 || !memchr(u->name.data, '/', u->name.len));
                if (u->namespace.len)
                        buf_putc(&u->namespace, '/');
                buf_add_str(&u->namespace, buf_str(&u->name));
                take_component(&rest, &u->name);
        }
        if (take_char(&rest, '@'))
                take_component(&rest, &u->version);
        if (take_char(&rest, '?'))
                take_qualifiers(&rest, u);
        HOLDS(rest.n == 0);
}

void fuzz_check_url_text(struct str url)
{
        _cleanup_(url_done) struct url taken = { 0 };

        take_url(url, &taken);
}

/* ---- comparing it with the package ---- */

static void says(const struct buf *said, struct str text, bool lower)
{
        _cleanup_(buf_free) struct buf expected = { 0 };

        buf_add_utf8(&expected, text);
        for (size_t i = 0; lower && i < expected.len; i++)
                if (expected.data[i] >= 'A' && expected.data[i] <= 'Z')
                        expected.data[i] += 'a' - 'A';
        HOLDS(str_equal(buf_str(said), buf_str(&expected)));
}

/* Of a name with a group before it the last part is the URL's name, and Python's names have no '_'. */
static void says_name(const struct url *url, const struct package *p)
{
        static const char *const lowered[] = { "deb", "apk", "npm", "composer", "golang", "pypi" };
        char separator = str_equals(p->type, "maven") ? ':' : '/';
        bool lower = false, grouped = separator == ':';
        _cleanup_(buf_free) struct buf name = { 0 };

        for (size_t i = 0; i < ELEMENTS_OF(lowered); i++) {
                lower |= str_equals(p->type, lowered[i]);
                grouped |= str_equals(p->type, lowered[i]) && i > 1 && i < 5;
        }
        buf_add_str(&name, p->name);
        for (size_t i = 0; i < name.len; i++)
                if (name.data[i] == '_' && str_equals(p->type, "pypi"))
                        name.data[i] = '-';
        for (size_t i = name.len; grouped && i-- > 1;)
                if (name.data[i] == separator && i + 1 < name.len) {
                        says(&url->name, (struct str){ name.data + i + 1, name.len - i - 1 }, lower);
                        return;
                } else if (name.data[i] == separator) {
                        break;
                }
        says(&url->name, buf_str(&name), lower);
}

static void check_url(const struct package *p, const struct distribution *d)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_(url_done) struct url url = { 0 };

        package_url(p, d, &text);
        if (!buf_ok(&text))
                return;
        take_url(buf_str(&text), &url);
        says_name(&url, p);
        says(&url.arch, p->arch, false);
        if (url.epoch.len) {
                buf_putc(&url.epoch, ':');
                buf_add_str(&url.epoch, buf_str(&url.version));
        }
        says(url.epoch.len ? &url.epoch : &url.version, p->version, false);
        HOLDS(d || url.namespace.len == 0 || !package_is_of_distribution(p));
}

void fuzz_check_url(struct str payload)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct wire_reader r = wire_reader(payload.p, payload.n);
        struct distribution d = { .id = STR_LIT("rhel"), .version_id = STR_LIT("9.4") };
        struct package p;

        if (!arena || package_decode(&r, arena, &p) < 0)
                return;
        check_url(&p, NULL);
        check_url(&p, &d);
        d = (struct distribution){ .id = p.source_name, .version_id = p.arch, .codename = p.vendor };
        check_url(&p, &d); /* whatever os-release may say */
}

/* ---- the sink ---- */

static int take_record(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        HOLDS(fuzz_record_decodes(kind, payload));
        if (kind == RECORD_PACKAGE)
                fuzz_check_url(payload);
        fuzz_accepted++;
        return 0;
}

static void take_problem(void *ctx, const char *what)
{
        struct error err = ERROR_INIT;

        error_say(&err, -EBADMSG, "%s", what);
        HOLDS_OR(*what && strlen(what) < PROBLEM_MAX, err);
}

struct record_sink fuzz_sink(void)
{
        return (struct record_sink){ take_record, take_problem, NULL };
}
