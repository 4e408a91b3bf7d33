/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/nearest.h"
#include "vuln/version_private.h"

static bool nothing_parses(struct str version)
{
        return false;
}

static const struct version_order orders[VERSION_ORDER_MAX] = {
        { VERSION_NONE, "none", "none", nothing_parses, str_compare },
        { VERSION_DPKG, "dpkg", "deb-version(7)", dpkg_parses, dpkg_compare },
        { VERSION_RPM, "rpm", "rpm-version(7)", rpm_parses, rpm_compare },
        { VERSION_APK, "apk", "apk-package(5)", apk_parses, apk_compare },
        { VERSION_SEMVER, "semver", "Semantic Versioning 2.0.0", semver_parses, semver_compare },
        { VERSION_PEP440, "pep440", "PEP 440", pep440_parses, pep440_compare },
        { VERSION_MAVEN, "maven", "Maven POM Reference, Version Order Specification", maven_parses, maven_compare },
        { VERSION_GEM, "gem", "Gem::Version", gem_parses, gem_compare },
        { VERSION_COMPOSER, "composer", "Composer, Versions; PHP's version_compare()", composer_parses, composer_compare },
        { VERSION_NUGET, "nuget", "NuGet, Package versioning", nuget_parses, nuget_compare },
        { VERSION_GO, "go", "Go Modules Reference, Versions", go_parses, go_compare },
        { VERSION_BITNAMI, "bitnami", "Semantic Versioning 2.0.0 with a revision", bitnami_parses, bitnami_compare },
        { VERSION_NUMBERS, "numbers", "numbers, one after the other", numbers_parses, numbers_compare },
};

/* The names OSV has (https://ossf.github.io/osv-schema, "Defined ecosystems"). */
static const struct {
        const char *name;
        enum version_order_id order;
} ecosystems[] = {
        { "AlmaLinux", VERSION_RPM },   { "Alpaquita", VERSION_APK },   { "Alpine", VERSION_APK },
        { "BellSoft Hardened Containers", VERSION_APK },
        { "Bioconductor", VERSION_NUMBERS }, { "Bitnami", VERSION_BITNAMI }, { "CRAN", VERSION_NUMBERS },
        { "Chainguard", VERSION_APK },  { "Debian", VERSION_DPKG },     { "Echo", VERSION_DPKG },
        { "GHC", VERSION_NUMBERS },     { "GitHub Actions", VERSION_SEMVER }, { "Go", VERSION_GO },
        { "Hackage", VERSION_NUMBERS }, { "Hex", VERSION_SEMVER },      { "Homebrew", VERSION_NONE },
        { "Julia", VERSION_SEMVER },
        { "Mageia", VERSION_RPM },      { "Maven", VERSION_MAVEN },     { "MinimOS", VERSION_APK },
        { "NuGet", VERSION_NUGET },     { "Packagist", VERSION_COMPOSER }, { "Photon OS", VERSION_RPM },
        { "Pub", VERSION_SEMVER },      { "PyPI", VERSION_PEP440 },     { "Red Hat", VERSION_RPM },
        { "Rocky Linux", VERSION_RPM }, { "RubyGems", VERSION_GEM },    { "SUSE", VERSION_RPM },
        { "SwiftURL", VERSION_SEMVER }, { "Ubuntu", VERSION_DPKG },     { "Wolfi", VERSION_APK },
        { "crates.io", VERSION_SEMVER }, { "npm", VERSION_SEMVER },     { "openEuler", VERSION_RPM },
        { "openSUSE", VERSION_RPM },    { "opam", VERSION_DPKG },
};

const struct version_order *version_order(enum version_order_id id)
{
        return &orders[(unsigned)id < VERSION_ORDER_MAX ? id : VERSION_NONE];
}

const struct version_order *version_order_of(struct str ecosystem)
{
        struct str name = str_cut(&ecosystem, ':');

        for (size_t i = 0; i < ELEMENTS_OF(ecosystems); i++)
                if (str_equals(name, ecosystems[i].name))
                        return &orders[ecosystems[i].order];
        return NULL;
}

const char *version_ecosystem_nearest(struct str ecosystem)
{
        struct nearest nearest = nearest_to(str_cut(&ecosystem, ':'));

        for (size_t i = 0; i < ELEMENTS_OF(ecosystems); i++)
                nearest_offer(&nearest, ecosystems[i].name);
        return nearest.name;
}

bool version_parses(const struct version_order *order, struct str version)
{
        return version.n > 0 && version.n <= VERSION_LENGTH_MAX && order->parses(version);
}

int version_compare(const struct version_order *order, struct str a, struct str b)
{
        bool parses_a = version_parses(order, a), parses_b = version_parses(order, b);
        int r;

        if (parses_a != parses_b)
                return parses_a ? 1 : -1;
        r = parses_a ? order->compare(a, b) : str_compare(a, b);
        return r < 0 ? -1 : r > 0;
}

/* ---- what orders share ---- */

static void skip_zeros(struct str *s)
{
        while (s->n && *s->p == '0') {
                s->p++;
                s->n--;
        }
}

int version_compare_numbers(struct str a, struct str b)
{
        skip_zeros(&a);
        skip_zeros(&b);
        if (a.n != b.n)
                return a.n < b.n ? -1 : 1;
        return str_compare(a, b);
}

int version_compare_folded(struct str a, struct str b)
{
        for (size_t i = 0; i < a.n && i < b.n; i++) {
                unsigned char x = (unsigned char)to_lower(a.p[i]), y = (unsigned char)to_lower(b.p[i]);

                if (x != y)
                        return x < y ? -1 : 1;
        }
        return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

bool version_is_number(struct str s)
{
        return version_take_digits(&s).n > 0 && s.n == 0;
}

struct str version_take_digits(struct str *rest)
{
        struct str taken = { rest->p, 0 };

        while (taken.n < rest->n && is_digit(rest->p[taken.n]))
                taken.n++;
        *rest = (struct str){ rest->p + taken.n, rest->n - taken.n };
        return taken;
}

struct str version_take_letters(struct str *rest)
{
        struct str taken = { rest->p, 0 };

        while (taken.n < rest->n && is_letter(rest->p[taken.n]))
                taken.n++;
        *rest = (struct str){ rest->p + taken.n, rest->n - taken.n };
        return taken;
}

bool version_take_word(struct str *rest, const char *word)
{
        size_t n = strlen(word);

        if (rest->n < n || version_compare_folded((struct str){ rest->p, n }, (struct str){ word, n }) != 0)
                return false;
        *rest = (struct str){ rest->p + n, rest->n - n };
        return true;
}

/* ---- lines for authors ---- */

static int split_line(struct str line, struct str *ret_a, char *ret_sign, struct str *ret_b, struct error *err)
{
        struct str a = line, b, sign;

        a = str_trim(str_cut(&line, ' '));
        line = str_trim(line);
        sign = str_cut(&line, ' ');
        b = str_trim(line);
        if (!a.n || sign.n != 1 || !memchr("<=>", *sign.p, 3) || !b.n)
                return error_say(err, -EBADMSG, "expected 'A < B', 'A = B' or 'A > B'");
        *ret_a = a;
        *ret_sign = *sign.p;
        *ret_b = b;
        return 0;
}

int version_check_line(const struct version_order *order, struct str line, struct str *ret_odd, struct error *err)
{
        struct str a, b, text = str_trim(line);
        char sign = '=';
        int r;

        *ret_odd = STR_NULL;
        if (!text.n || *text.p == '#')
                return 1;
        r = split_line(text, &a, &sign, &b, err);
        if (r < 0)
                return r;
        if (!version_parses(order, a) || !version_parses(order, b))
                *ret_odd = version_parses(order, a) ? b : a;
        r = version_compare(order, a, b);
        return sign == '<' ? r < 0 : sign == '>' ? r > 0 : r == 0;
}
