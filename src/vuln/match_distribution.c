/* SPDX-License-Identifier: Apache-2.0 */
/* Which of OSV's ecosystems is a distribution's, and whether a package is a distribution's own. */
#include <stdio.h>

#include "vuln/match.h"
#include "vuln/match_private.h"

/* ---- names ---- */

/* The first `parts` parts of a version. */
static struct str parts_of(struct str version, unsigned parts)
{
        for (size_t i = 0; i < version.n; i++)
                if (version.p[i] == '.' && --parts == 0)
                        return (struct str){ version.p, i };
        return version;
}

static void name_alpine(const struct distribution *d, char *ret, size_t n)
{
        bool edge = memchr(d->version_id.p ? d->version_id.p : "", '_', d->version_id.n) != NULL;

        if (edge || !d->version_id.n)
                snprintf(ret, n, "Alpine:edge");
        else
                snprintf(ret, n, "Alpine:v%.*s", STR_ARG(parts_of(d->version_id, 2)));
}

static void name_sles(const struct distribution *d, char *ret, size_t n)
{
        struct str minor = d->version_id, major = str_cut(&minor, '.');

        if (minor.n && !str_equals(minor, "0"))
                snprintf(ret, n, "SUSE:%.*s SP%.*s", STR_ARG(major), STR_ARG(minor));
        else
                snprintf(ret, n, "SUSE:%.*s", STR_ARG(major));
}

static const struct {
        const char *id, *prefix;
        unsigned parts; /* of the version that name the release; 0: it has none */
} distributions[] = {
        { "debian", "Debian", 1 },        { "ubuntu", "Ubuntu", 2 },      { "rhel", "Red Hat:enterprise_linux", 1 },
        { "almalinux", "AlmaLinux", 1 },  { "rocky", "Rocky Linux", 1 },  { "wolfi", "Wolfi", 0 },
        { "chainguard", "Chainguard", 0 }, { "opensuse-leap", "openSUSE:Leap", 2 }, { "opensuse-tumbleweed", "openSUSE:Tumbleweed", 0 },
        { "photon", "Photon OS", 2 },     { "mageia", "Mageia", 1 },      { "minimos", "MinimOS", 0 },
        { "echo", "Echo", 0 },            { "alpaquita", "Alpaquita", 1 },
};

void match_distribution(const struct db *db, const struct distribution *d, struct match_distribution *ret)
{
        const struct db_contents *c = db_contents(db);

        *ret = (struct match_distribution){ 0 };
        if (!d)
                return;
        if (str_equals(d->id, "alpine"))
                name_alpine(d, ret->ecosystem, sizeof(ret->ecosystem));
        else if (str_equals(d->id, "sles") || str_equals(d->id, "sled"))
                name_sles(d, ret->ecosystem, sizeof(ret->ecosystem));
        for (size_t i = 0; i < ELEMENTS_OF(distributions); i++) {
                struct str version = parts_of(d->version_id, distributions[i].parts);

                if (!str_equals(d->id, distributions[i].id))
                        continue;
                if (distributions[i].parts == 0)
                        snprintf(ret->ecosystem, sizeof(ret->ecosystem), "%s", distributions[i].prefix);
                else if (version.n && version.n < 32)
                        snprintf(ret->ecosystem, sizeof(ret->ecosystem), str_equals(d->id, "opensuse-leap") ? "%s %.*s" : "%s:%.*s",
                                 distributions[i].prefix, STR_ARG(version));
        }
        for (size_t i = 0; ret->ecosystem[0] && i < c->n_releases && !ret->has_data; i++)
                ret->has_data = match_is_release(str_from(ret->ecosystem), c->releases[i].name, NULL);
}

/* What follows `prefix` in `s`; p == NULL: it does not begin so. */
static struct str after(struct str s, const char *prefix)
{
        size_t n = strlen(prefix);

        return str_starts(s, prefix) ? (struct str){ s.p + n, s.n - n } : STR_NULL;
}

static bool is_ubuntu(struct str release, struct str named, bool *ret_pro)
{
        struct str rest = after(named, "Ubuntu:"), pro = after(rest, "Pro:");

        if (pro.p)
                rest = pro;
        if (ret_pro)
                *ret_pro = pro.p != NULL;
        if (str_ends(rest, ":LTS"))
                rest.n -= 4;
        return str_equal(rest, after(release, "Ubuntu:"));
}

/* "SUSE:15 SP5" is all of "SUSE:Linux Enterprise … 15 SP5", long-term support too. */
static bool is_suse(struct str release, struct str named)
{
        static const char *const ends[] = { "-LTSS", "-ESPOS", "-TERADATA", "-CLIENT-TOOLS" };
        struct str wanted = after(release, "SUSE:"), rest = after(named, "SUSE:Linux Enterprise ");

        for (size_t i = 0; rest.p && i < ELEMENTS_OF(ends); i++)
                if (str_ends(rest, ends[i]))
                        rest.n -= strlen(ends[i]);
        return rest.n > wanted.n && rest.p[rest.n - wanted.n - 1] == ' ' &&
               memcmp(rest.p + rest.n - wanted.n, wanted.p, wanted.n) == 0;
}

bool match_is_release(struct str release, struct str named, bool *ret_pro)
{
        struct str rest;

        if (ret_pro)
                *ret_pro = false;
        if (str_starts(release, "Ubuntu:"))
                return is_ubuntu(release, named, ret_pro);
        if (str_starts(release, "SUSE:"))
                return is_suse(release, named);
        if (named.n < release.n || memcmp(named.p, release.p, release.n) != 0)
                return false;
        rest = (struct str){ named.p + release.n, named.n - release.n };
        if (str_starts(release, "Red Hat:")) /* "enterprise_linux:9::baseos", but not "enterprise_linux:90" */
                return rest.n == 0 || *rest.p == ':' || *rest.p == '.';
        if (str_starts(release, "Debian:")) /* older releases were called 6.0 */
                return rest.n == 0 || str_equals(rest, ".0");
        return rest.n == 0;
}

/* ---- whose package it is ---- */

/* Who else publishes packages for Debian and Ubuntu, by the maintainer's address or what is in the version. */
static const char *const other_maintainers[] = {
        "@docker.com", "@microsoft.com", "@nodesource.com", "@pgdg", "@google.com", "@nginx.com", "@nginx.org", "@hashicorp.com",
        "@elastic.co", "@mongodb.com", "@oracle.com", "@gitlab.com", "@sury.org", "@influxdata.com", "@cloudflare.com", "@datadoghq.com",
        "@grafana.com", "@nvidia.com", "@zabbix.com", "@saltproject", "@saltstack.com", "@chef.io", "@puppet.com", "@puppetlabs.com",
        "@amazon.com", "@github.com", "@tailscale.com", "@percona.com", "@mariadb.org", "@mariadb.com", "@redis.io", "@redis.com",
        "@rabbitmq.com", "@vmware.com", "@broadcom.com", "@yarnpkg.com", "@apache.org", "@adoptium", "@eclipse.org", "@azul.com",
        "@corretto", "@kubernetes", "@cri-o", "@sentry.io", "@newrelic.com", "@splunk.com", "@confluent.io", "@neo4j.com", "@clickhouse.com",
};
static const char *const other_versions[] = { "nodesource", ".pgdg", "+sury", ".gbp", "~bookworm_amd64" };

static bool contains(struct str s, const char *part)
{
        return s.n && memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static bool is_other_deb(const struct package *p)
{
        for (size_t i = 0; i < ELEMENTS_OF(other_maintainers); i++)
                if (contains(p->vendor, other_maintainers[i]))
                        return true;
        for (size_t i = 0; i < ELEMENTS_OF(other_versions); i++)
                if (contains(p->version, other_versions[i]))
                        return true;
        return false;
}

/* An rpm names its vendor. */
static bool is_other_rpm(const struct package *p, const struct distribution *d)
{
        static const struct {
                const char *id, *vendor;
        } vendors[] = {
                { "rhel", "Red Hat" },        { "almalinux", "AlmaLinux" }, { "rocky", "Rocky" },     { "sles", "SUSE" },
                { "sled", "SUSE" },           { "opensuse-leap", "SUSE" },  { "opensuse-tumbleweed", "SUSE" },
                { "photon", "VMware" },       { "mageia", "Mageia" },
        };

        for (size_t i = 0; p->vendor.n && i < ELEMENTS_OF(vendors); i++)
                if (str_equals(d->id, vendors[i].id))
                        return !contains(p->vendor, vendors[i].vendor);
        return false;
}

bool match_is_third_party(const struct package *package, const struct distribution *d)
{
        if (!d)
                return false;
        if (str_equals(package->type, "deb"))
                return is_other_deb(package);
        return str_equals(package->type, "rpm") && is_other_rpm(package, d);
}

const char *match_ecosystem_of_type(struct str type)
{
        static const struct {
                const char *type, *ecosystem;
        } types[] = {
                { "npm", "npm" },          { "pypi", "PyPI" },         { "golang", "Go" },     { "cargo", "crates.io" }, { "maven", "Maven" },
                { "gem", "RubyGems" },     { "composer", "Packagist" }, { "nuget", "NuGet" },  { "bitnami", "Bitnami" }, { "hex", "Hex" },
                { "pub", "Pub" },          { "swift", "SwiftURL" },    { "cran", "CRAN" },     { "hackage", "Hackage" }, { "julia", "Julia" },
                { "opam", "opam" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(types); i++)
                if (str_equals(type, types[i].type))
                        return types[i].ecosystem;
        return NULL;
}
