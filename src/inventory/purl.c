/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package URLs (ECMA-427, "Rules for each PURL component", and the definitions of the types).
 *
 * The `upstream` qualifier is not the specification's but what SBOM readers look for: most advisories for deb and apk
 * name source packages, so a reader who knows the binary's name alone would find nothing. It is there where the source
 * differs from the binary in name or version, and has the form that these readers take apart: "name" or "name@version",
 * for rpm the file name of the source package.
 */
#include "inventory/inventory.h"

/* ---- components ---- */

static bool is_plain(unsigned char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == '~' || c == ':';
}

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* What is encoded has to be UTF-8: other bytes become \xHH first, as in the reports. In lower case ASCII suffices: names
 * and IDs that packages may have are ASCII. */
static void add_component(struct buf *out, struct str s, bool in_lower_case)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_add_utf8(&text, s);
        out->failed |= !buf_ok(&text);
        for (size_t i = 0; i < text.len; i++) {
                char c = in_lower_case ? lower(text.data[i]) : text.data[i];

                if (is_plain((unsigned char)c))
                        buf_putc(out, c);
                else
                        buf_printf(out, "%%%02X", (unsigned char)c);
        }
}

static void add_encoded(struct buf *out, struct str s)
{
        add_component(out, s, false);
}

static void add_lower(struct buf *out, struct str s)
{
        add_component(out, s, true);
}

static void start_qualifier(struct buf *out, char *separator, const char *key)
{
        buf_putc(out, *separator);
        buf_puts(out, key);
        buf_putc(out, '=');
        *separator = '&';
}

static void add_qualifier(struct buf *out, char *separator, const char *key, struct str value)
{
        if (value.n == 0)
                return;
        start_qualifier(out, separator, key);
        add_encoded(out, value);
}

/* ---- what the types make of a package ---- */

static bool is_type(const struct package *p, const char *type)
{
        return str_equals(p->type, type);
}

/* The vendor. Of rpm distributions some have an ID of another name; advisories and other tools use the vendor's. */
static struct str namespace_of(const struct package *p, const struct distribution *d)
{
        static const struct {
                const char *id, *vendor;
        } vendors[] = {
                { "rhel", "redhat" },
                { "sles", "suse" },
                { "sled", "suse" },
                { "opensuse-leap", "opensuse" },
                { "opensuse-tumbleweed", "opensuse" },
        };

        for (size_t i = 0; is_type(p, "rpm") && i < ELEMENTS_OF(vendors); i++)
                if (str_equals(d->id, vendors[i].id))
                        return str_from(vendors[i].vendor);
        return d->id;
}

/* "1:2.3-4": the epoch, and what follows; without one the epoch is empty. */
static struct str cut_epoch(struct str *version)
{
        struct str rest = *version, epoch = str_cut(&rest, ':');
        uint64_t number;

        if (!rest.p || str_to_u64(epoch, 10, &number) < 0)
                return STR_NULL;
        *version = rest;
        return epoch;
}

static void add_distro(struct buf *out, char *separator, const struct distribution *d)
{
        struct str release = d->version_id.n ? d->version_id : d->codename; /* testing and unstable have no version */

        start_qualifier(out, separator, "distro");
        add_lower(out, d->id);
        if (release.n) {
                buf_putc(out, '-');
                add_encoded(out, release);
        }
}

static void add_upstream(struct buf *out, char *separator, const struct package *p)
{
        struct str version = p->version, source = p->source_version;

        if (is_type(p, "rpm")) { /* the source's file name has no epoch */
                cut_epoch(&version);
                cut_epoch(&source);
        }
        if (source.n == 0)
                source = version;
        if (p->source_name.n == 0 || (str_equal(p->source_name, p->name) && str_equal(source, version)))
                return;
        start_qualifier(out, separator, "upstream");
        add_encoded(out, p->source_name);
        if (is_type(p, "rpm")) {
                buf_putc(out, '-');
                add_encoded(out, source);
                buf_puts(out, ".src.rpm");
        } else if (!str_equal(source, version)) {
                buf_puts(out, "%40");
                add_encoded(out, source);
        }
}

/* Where the name of a package has its group beside it, that is the namespace. */
static char separator_of(const struct package *p)
{
        return is_type(p, "maven") ? ':' : is_type(p, "npm") || is_type(p, "composer") || is_type(p, "golang") ? '/' : 0;
}

static size_t last_of(struct str s, char c)
{
        for (size_t i = s.n; c && i-- > 0;)
                if (s.p[i] == c)
                        return i;
        return 0;
}

/* In the segments of a namespace a slash is one. */
static void add_namespace(struct buf *out, struct str s, bool in_lower_case)
{
        while (s.p) {
                struct str segment = str_cut(&s, '/');

                if (segment.n == 0 || str_equals(segment, ".") || str_equals(segment, ".."))
                        continue;
                add_component(out, segment, in_lower_case);
                buf_putc(out, '/');
        }
}

/* Python's names are the same with '-' and with '_'. */
static void add_python_name(struct buf *out, struct str name)
{
        _cleanup_(buf_free) struct buf dashed = { 0 };

        buf_add_str(&dashed, name);
        for (size_t i = 0; i < dashed.len; i++)
                if (dashed.data[i] == '_')
                        dashed.data[i] = '-';
        out->failed |= !buf_ok(&dashed);
        add_lower(out, buf_str(&dashed));
}

static void add_name(struct buf *out, const struct package *p)
{
        static const char *const lower_case[] = { "deb", "apk", "npm", "composer", "golang" };
        struct str name = p->name;
        size_t at = last_of(name, separator_of(p));
        bool lowered = false;

        for (size_t i = 0; i < ELEMENTS_OF(lower_case); i++)
                lowered |= is_type(p, lower_case[i]);
        if (at && at + 1 < name.n) {
                add_namespace(out, (struct str){ name.p, at }, lowered);
                name = (struct str){ name.p + at + 1, name.n - at - 1 };
        }
        if (is_type(p, "pypi"))
                add_python_name(out, name);
        else
                add_component(out, name, lowered);
}

void package_url(const struct package *package, const struct distribution *d, struct buf *out)
{
        struct str version = package->version, epoch = STR_NULL;
        bool distributed = package_is_of_distribution(package);
        char separator = '?';

        if (!distributed || (d && (d->id.n == 0 || memchr(d->id.p, '/', d->id.n))))
                d = NULL; /* a namespace's segment can hold no slash, and no distribution's ID has one */
        if (is_type(package, "rpm"))
                epoch = cut_epoch(&version);
        buf_puts(out, "pkg:");
        buf_add_str(out, package->type);
        buf_putc(out, '/');
        if (d) {
                add_lower(out, namespace_of(package, d));
                buf_putc(out, '/');
        }
        add_name(out, package);
        if (version.n) {
                buf_putc(out, '@');
                add_encoded(out, version);
        }
        /* In the order of their keys: */
        add_qualifier(out, &separator, "arch", package->arch);
        if (d)
                add_distro(out, &separator, d);
        add_qualifier(out, &separator, "epoch", epoch);
        add_qualifier(out, &separator, "rpmmod", package->module);
        if (distributed)
                add_upstream(out, &separator, package);
}
