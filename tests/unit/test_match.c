/* SPDX-License-Identifier: Apache-2.0 */
/* Packages against records of our own, for every ecosystem: what is affected, and what nearly is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "vuln/cvss.h"
#include "vuln/db_build.h"
#include "vuln/match.h"
#include "vuln/osv.h"
#include "vuln/weigh.h"

/* ---- a database made of JSON ---- */

struct world {
        struct db *db;
        struct arena *arena;
        struct match_distribution matched;
        struct distribution distribution;
        bool has_distribution;
};

static struct db *make_db(const char *const *directories, const char *const *records, size_t n)
{
        int fd = file_unnamed(NULL, NULL), dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct db_build *build;
        struct error err = ERROR_INIT;
        struct db *db;

        assert_true(fd >= 0 && dir >= 0);
        assert_int_equal(db_build_new(fd, dir, &build, &err), 0);
        for (size_t i = 0; directories[i]; i++)
                db_build_contents(build)->directories[db_build_contents(build)->n_directories++] =
                        (struct db_directory){ .name = str_from(directories[i]), .updated = 1 };
        for (size_t i = 0; i < n; i++) {
                _cleanup_(buf_free) struct buf out = { 0 };

                if (osv_record(str_from(records[i]), &out, &err) < 0)
                        fail_msg("%s: %s", err.message, records[i]);
                if (db_build_record(build, 0, 0, buf_str(&out), &err) < 0)
                        fail_msg("%s: %s", err.message, records[i]);
        }
        assert_int_equal(db_build_entry(build, DB_KEV, (struct db_entry){ db_cve(STR_LIT("CVE-2024-7")), 20240102, 20240203 }, &err), 0);
        assert_int_equal(db_build_entry(build, DB_EPSS, (struct db_entry){ db_cve(STR_LIT("CVE-2024-7")), 91000, 99000 }, &err), 0);
        assert_int_equal(db_build_finish(build, 1, &err), 0);
        db_build_free(build);
        close(dir);
        if (db_open_file(fd, &db, &err) < 0)
                fail_msg("%s", err.message);
        assert_int_equal(db_verify(db, &err), 0);
        return db;
}

static struct match_found look(struct world *w, const struct package *package)
{
        struct match_found found;
        struct error err = ERROR_INIT;

        assert_int_equal(match_package(w->db, &w->matched, w->has_distribution ? &w->distribution : NULL, package, w->arena, &found, &err), 0);
        return found;
}

static void world_of(struct world *w, const char *id, const char *version)
{
        w->distribution = (struct distribution){ .id = str_from(id), .version_id = str_from(version) };
        w->has_distribution = *id;
        match_distribution(w->db, w->has_distribution ? &w->distribution : NULL, &w->matched);
}

static void world_done(struct world *w)
{
        db_free(w->db);
        arena_free(w->arena);
}

static bool has_issue(const struct match_found *found, const char *id)
{
        for (uint32_t i = 0; i < found->n_issues; i++)
                for (uint32_t k = 0; k < found->issues[i].n_ids; k++)
                        if (str_equals(found->issues[i].ids[k], id))
                                return true;
        return false;
}

/* ---- each ecosystem: ranges over a chain of its versions ---- */

struct ecosystem_case {
        const char *ecosystem, *distribution, *release, *type;
        const char *versions[12]; /* rising */
};

static const struct ecosystem_case ecosystem_cases[] = {
        { "Debian:12", "debian", "12", "deb", { "0.9~rc1-1", "0.9-1", "1.0-1", "1.0-1+deb12u1", "1.0-1+deb12u10", "1.1~a-1", "1.1-1", "1.10-1", "1:0.1-1", "2:0-1" } },
        { "Ubuntu:22.04:LTS", "ubuntu", "22.04", "deb", { "0.9-0ubuntu1", "0.9-0ubuntu1.1", "1.0-0ubuntu1~22.04.1", "1.0-0ubuntu1", "1.0-1", "1.1-1ubuntu2", "1.9-1", "1.10-1", "1:0.1-1", "2:0" } },
        { "Alpine:v3.20", "alpine", "3.20.3", "apk", { "0.9_rc1-r0", "0.9-r0", "0.9-r1", "1.0-r0", "1.0_p1-r0", "1.0.1-r0", "1.1-r0", "1.2-r3", "1.10-r0", "2-r0" } },
        { "Wolfi", "wolfi", "20230201", "apk", { "0.9_rc1-r0", "0.9-r0", "0.9-r1", "1.0-r0", "1.0-r1", "1.0.1-r0", "1.1-r0", "1.2-r3", "1.10-r0", "2-r0" } },
        { "Chainguard", "chainguard", "20230214", "apk", { "0.9-r0", "0.9-r2", "0.9-r10", "1.0-r0", "1.0-r1", "1.0.1-r0", "1.1-r0", "1.2-r3", "1.10-r0", "2-r0" } },
        { "Red Hat:enterprise_linux:9::baseos", "rhel", "9.4", "rpm", { "0.9-1.el9", "1.0~rc1-1.el9", "1.0-1.el9", "1.0-1.el9_2", "1.0-2.el9", "1.0^git1-1.el9", "1.1-1.el9", "1.10-1.el9", "1:0.1-1.el9", "2:0-1" } },
        { "AlmaLinux:9", "almalinux", "9.4", "rpm", { "0.9-1.el9", "1.0~rc1-1.el9", "1.0-1.el9", "1.0-1.el9_2", "1.0-2.el9", "1.0^git1-1.el9", "1.1-1.el9", "1.10-1.el9", "1:0.1-1.el9", "2:0-1" } },
        { "Rocky Linux:9", "rocky", "9.4", "rpm", { "0.9-1.el9", "1.0~rc1-1.el9", "1.0-1.el9", "1.0-1.el9_2", "1.0-2.el9", "1.0^git1-1.el9", "1.1-1.el9", "1.10-1.el9", "1:0.1-1.el9", "2:0-1" } },
        { "SUSE:Linux Enterprise Server 15 SP5", "sles", "15.5", "rpm", { "0.9-1", "1.0-150500.1.1", "1.0-150500.3.2.1", "1.0-150500.10.1", "1.0a-1", "1.1-1", "1.2-1", "1.10-1", "1:0-1", "2:0-1" } },
        { "openSUSE:Leap 15.5", "opensuse-leap", "15.5", "rpm", { "0.9-1", "1.0-150500.1.1", "1.0-150500.3.2.1", "1.0-150500.10.1", "1.0a-1", "1.1-1", "1.2-1", "1.10-1", "1:0-1", "2:0-1" } },
        { "npm", "", "", "npm", { "0.9.0", "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-beta", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0" } },
        { "PyPI", "", "", "pypi", { "0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.2", "1.10", "2.0b1", "1!0.1" } },
        { "Go", "", "", "golang", { "v0.0.0-20200101000000-abcdefabcdef", "v0.9.0", "v1.0.0-rc.1", "v1.0.0", "v1.0.1-0.20210101000000-abcdefabcdef", "v1.0.1", "v1.2.0", "v1.10.0", "v2.0.0+incompatible", "v3.0.0" } },
        { "crates.io", "", "", "cargo", { "0.9.0", "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-beta", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0" } },
        { "Maven", "", "", "maven", { "0.9", "1.0-alpha-1", "1.0-beta1", "1.0-rc1", "1.0-SNAPSHOT", "1.0", "1.0-sp1", "1.0.1", "1.10", "2.0.RELEASE" } },
        { "RubyGems", "", "", "gem", { "0.9", "1.0.0.alpha", "1.0.0.beta1", "1.0.0.rc1", "1.0.0", "1.0.1", "1.2", "1.10", "2.0.0.pre", "2.0" } },
        { "Packagist", "", "", "composer", { "0.9", "1.0.0-dev", "1.0.0-alpha1", "1.0.0-beta1", "1.0.0-RC1", "v1.0.0", "1.0.0-pl1", "1.2", "1.10", "v2.0.0" } },
        { "NuGet", "", "", "nuget", { "0.9", "1.0.0-alpha", "1.0.0-Beta", "1.0.0-rc.1", "1.0.0", "1.0.0.1", "1.0.1", "1.2", "1.10", "2.0.0" } },
        { "Bitnami", "", "", "bitnami", { "0.9.0", "1.0.0-rc1", "1.0.0", "1.0.0-1", "1.0.0-14", "1.0.1", "1.2.0", "1.10.0", "1.10.0-3", "2.0.0" } },
};

#define CHAIN 10

static struct package package_of(const struct ecosystem_case *c, const char *version)
{
        struct package p = { .name = STR_LIT("thing"), .version = str_from(version), .type = str_from(c->type) };

        if (*c->distribution) {
                p.source_name = p.name;
                p.source_version = p.version;
        }
        return p;
}

/* Three records: one closed range, one that ends with its last affected version, one of two ranges. */
static void make_records(const struct ecosystem_case *c, char text[3][1024])
{
        const char *const *v = c->versions;
        static const char head[] = "{\"id\":\"T-%d\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"%s\",\"name\":\"thing\"},"
                                   "\"ranges\":[{\"type\":\"%s\",\"events\":[";
        const char *type = *c->distribution || strchr("pmgcn", c->type[0]) ? "ECOSYSTEM" : "SEMVER";
        int at;

        at = snprintf(text[0], 1024, head, 0, c->ecosystem, type);
        snprintf(text[0] + at, 1024 - (size_t)at, "{\"introduced\":\"%s\"},{\"fixed\":\"%s\"}]}]}]}", v[2], v[6]);
        at = snprintf(text[1], 1024, head, 1, c->ecosystem, type);
        snprintf(text[1] + at, 1024 - (size_t)at, "{\"introduced\":\"0\"},{\"last_affected\":\"%s\"}]}]}]}", v[4]);
        at = snprintf(text[2], 1024, head, 2, c->ecosystem, type);
        snprintf(text[2] + at, 1024 - (size_t)at, "{\"introduced\":\"0\"},{\"fixed\":\"%s\"},{\"introduced\":\"%s\"},{\"fixed\":\"%s\"}]}]}]}", v[1], v[5], v[8]);
}

static void test_every_ecosystem(void **state)
{
        for (size_t e = 0; e < ELEMENTS_OF(ecosystem_cases); e++) {
                const struct ecosystem_case *c = &ecosystem_cases[e];
                char text[3][1024], directory[32];
                const char *records[] = { text[0], text[1], text[2] };
                const char *directories[] = { directory, NULL };
                struct world w = { .arena = arena_new() };
                int matched = 0, near = 0;

                snprintf(directory, sizeof(directory), "%.*s", (int)strcspn(c->ecosystem, ":"), c->ecosystem);
                make_records(c, text);
                w.db = make_db(directories, records, 3);
                world_of(&w, c->distribution, c->release);
                for (int i = 0; i < CHAIN; i++) {
                        struct package p = package_of(c, c->versions[i]);
                        struct match_found found = look(&w, &p);
                        const bool expected[] = { i >= 2 && i < 6, i <= 4, i < 1 || (i >= 5 && i < 8) };

                        assert_int_equal(found.state, MATCH_DONE);
                        assert_false(found.odd_version);
                        for (int k = 0; k < 3; k++) {
                                char id[8];

                                snprintf(id, sizeof(id), "T-%d", k);
                                if (has_issue(&found, id) != expected[k])
                                        fail_msg("%s %s: T-%d should %sbe there", c->ecosystem, c->versions[i], k, expected[k] ? "" : "not ");
                                matched += expected[k];
                                near += !expected[k];
                        }
                        /* Other names, and another release, are not meant. */
                        p.name = p.source_name = STR_LIT("things");
                        assert_int_equal(look(&w, &p).n_issues, 0);
                        near++;
                        if (*c->distribution && !str_equals(str_from(c->distribution), "wolfi") && !str_equals(str_from(c->distribution), "chainguard")) {
                                struct match_distribution right = w.matched;

                                world_of(&w, c->distribution, "7.77");
                                assert_false(w.matched.has_data);
                                p = package_of(c, c->versions[i]);
                                assert_int_equal(look(&w, &p).state, MATCH_NO_DATA);
                                assert_int_equal(look(&w, &p).n_issues, 0);
                                world_of(&w, c->distribution, c->release);
                                assert_string_equal(w.matched.ecosystem, right.ecosystem);
                        }
                }
                assert_int_equal(matched + near, 4 * CHAIN);
                world_done(&w);
        }
}

/* ---- traps ---- */

#define RECORD(id, ecosystem, name, more, events)                                                                       \
        "{\"id\":\"" id "\",\"modified\":\"2026-01-01T00:00:00Z\"," more "\"affected\":[{\"package\":{\"ecosystem\":\"" \
        ecosystem "\",\"name\":\"" name "\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]}]}"
#define ALL_BELOW(version) "{\"introduced\":\"0\"},{\"fixed\":\"" version "\"}"

static struct world world_with(const char *directory, const char *const *records, size_t n, const char *id, const char *version)
{
        const char *directories[] = { directory, NULL };
        struct world w = { .arena = arena_new(), .db = make_db(directories, records, n) };

        world_of(&w, id, version);
        return w;
}

static struct package binary(const char *type, const char *name, const char *version, const char *source, const char *source_version)
{
        return (struct package){ .type = str_from(type), .name = str_from(name), .version = str_from(version),
                                 .source_name = str_from(source), .source_version = str_from(source_version) };
}

/* Debian's data name sources and their versions: a binary's own version may be another (perl-modules, gcc). */
static void test_source_is_compared(void **state)
{
        static const char *const records[] = {
                RECORD("D-1", "Debian:12", "gcc-defaults", "", ALL_BELOW("1.200")),
                RECORD("D-2", "Debian:12", "gcc", "", ALL_BELOW("9:0")),
        };
        struct world w = world_with("Debian", records, 2, "debian", "12");
        struct package p = binary("deb", "gcc", "4:12.2.0-3", "gcc-defaults", "1.203");

        assert_int_equal(look(&w, &p).n_issues, 0);
        p.source_version = STR_LIT("1.199");
        assert_true(has_issue(&(struct match_found[]){ look(&w, &p) }[0], "D-1"));
        assert_int_equal(look(&w, &p).n_issues, 1);
        world_done(&w);
}

/* Red Hat: by binary name; AlmaLinux: by either, the binary's own entry first. */
static void test_names_of_rpm(void **state)
{
        static const char *const redhat[] = {
                RECORD("RHSA-1", "Red Hat:enterprise_linux:9::appstream", "openssl", "", ALL_BELOW("1:3.0-5")),
                RECORD("RHSA-2", "Red Hat:enterprise_linux:90", "openssl-libs", "", ALL_BELOW("1:3.0-5")),
                RECORD("RHSA-3", "Red Hat:openshift:4.15::el9", "openssl-libs", "", ALL_BELOW("1:3.0-5")),
                RECORD("RHSA-4", "Red Hat:enterprise_linux:9", "openssl-libs", "", ALL_BELOW("1:3.0-5")),
        };
        static const char *const alma[] = {
                RECORD("ALSA-1", "AlmaLinux:9", "openssl", "", ALL_BELOW("1:3.0-5")),
                "{\"id\":\"ALSA-2\",\"affected\":[{\"package\":{\"ecosystem\":\"AlmaLinux:9\",\"name\":\"openssl\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":["
                ALL_BELOW("1:3.0-5") "]}]},{\"package\":{\"ecosystem\":\"AlmaLinux:9\",\"name\":\"openssl-libs\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":["
                ALL_BELOW("1:3.0-3") "]}]}]}",
        };
        struct package p = binary("rpm", "openssl-libs", "1:3.0-4", "openssl", "1:3.0-4");
        struct world w = world_with("Red Hat", redhat, ELEMENTS_OF(redhat), "rhel", "9.4");
        struct match_found found = look(&w, &p);

        assert_int_equal(found.n_issues, 1);
        assert_true(has_issue(&found, "RHSA-4"));
        world_of(&w, "centos", "9"); /* a rebuild has other versions */
        assert_int_equal(look(&w, &p).state, MATCH_NO_ECOSYSTEM);
        world_done(&w);
        w = world_with("AlmaLinux", alma, 2, "almalinux", "9.4");
        found = look(&w, &p);
        assert_int_equal(found.n_issues, 1);
        assert_true(has_issue(&found, "ALSA-1"));
        p.version = p.source_version = STR_LIT("1:3.0-2");
        assert_int_equal(look(&w, &p).n_issues, 2);
        p.vendor = STR_LIT("Fedora Project");
        assert_int_equal(look(&w, &p).state, MATCH_THIRD_PARTY);
        p.vendor = STR_LIT("AlmaLinux");
        assert_int_equal(look(&w, &p).state, MATCH_DONE);
        world_done(&w);
}

static void test_module_streams(void **state)
{
        static const char *const records[] = {
                RECORD("ALSA-1", "AlmaLinux:8", "nodejs", "\"summary\":\"Important: nodejs:18 security update\",", ALL_BELOW("1:18.20-1.module_el8.10.0+1")),
                RECORD("ALSA-2", "AlmaLinux:8", "nodejs", "\"summary\":\"Important: nodejs:20 and nodejs-devel:20 security update\",", ALL_BELOW("1:20.12-1.module_el8.10.0+1")),
                RECORD("ALSA-3", "AlmaLinux:8", "nodejs", "\"summary\":\"Important: nodejs security update\",", ALL_BELOW("1:99-1.el8")),
                RECORD("ALSA-4", "AlmaLinux:8", "nodejs", "\"summary\":\"Important: something\",", ALL_BELOW("1:99-1.module_el8.10.0+1")),
        };
        struct world w = world_with("AlmaLinux", records, ELEMENTS_OF(records), "almalinux", "8.10");
        struct package p = binary("rpm", "nodejs", "1:18.10-1.module_el8.9.0+1", "nodejs", "1:18.10-1.module_el8.9.0+1");
        struct match_found found;

        p.module = STR_LIT("nodejs:18:8090020231101:a75119d5");
        found = look(&w, &p);
        assert_true(has_issue(&found, "ALSA-1") && has_issue(&found, "ALSA-4") && found.n_issues == 2);
        p.module = STR_LIT("nodejs:20:8090020231101:a75119d5");
        found = look(&w, &p);
        assert_true(has_issue(&found, "ALSA-2") && has_issue(&found, "ALSA-4") && found.n_issues == 2);
        p.module = STR_NULL;
        found = look(&w, &p);
        assert_true(has_issue(&found, "ALSA-3") && found.n_issues == 1);
        world_done(&w);
}

static void test_module_in_the_name(void **state)
{
        static const char *const records[] = {
                RECORD("RHSA-1", "Red Hat:enterprise_linux:8::appstream", "nodejs:18::nodejs", "", ALL_BELOW("1:18.20-1.module+el8")),
        };
        struct world w = world_with("Red Hat", records, 1, "rhel", "8.10");
        struct package p = binary("rpm", "nodejs", "1:18.10-1.module+el8", "nodejs", "1:18.10-1.module+el8");

        p.module = STR_LIT("nodejs:18:8090020231101:a75119d5");
        assert_int_equal(look(&w, &p).n_issues, 1);
        p.module = STR_LIT("nodejs:16:8090020231101:a75119d5");
        assert_int_equal(look(&w, &p).n_issues, 0);
        world_done(&w);
}

static void test_suse(void **state)
{
        static const char *const records[] = {
                "{\"id\":\"SUSE-SU-1\",\"affected\":[{\"package\":{\"ecosystem\":\"SUSE:Linux Enterprise Module for Basesystem 15 SP5\",\"name\":\"openssl-1_1\"},"
                "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" ALL_BELOW("1.1.1l-5") "]}],\"ecosystem_specific\":{\"binaries\":[{\"libopenssl1_1\":\"1.1.1l-5\","
                "\"openssl-1_1\":\"1.1.1l-5\"}]}}]}",
                RECORD("SUSE-SU-2", "SUSE:Linux Enterprise Server 15 SP5-LTSS", "openssl-1_1", "", ALL_BELOW("1.1.1l-9")),
                RECORD("SUSE-SU-3", "SUSE:Linux Enterprise Server 15 SP4", "openssl-1_1", "", ALL_BELOW("1.1.1l-9")),
        };
        struct world w = world_with("SUSE", records, ELEMENTS_OF(records), "sles", "15.5");
        struct package p = binary("rpm", "libopenssl1_1", "1.1.1l-4", "openssl-1_1", "1.1.1l-4");
        struct match_found found = look(&w, &p);

        assert_true(found.n_issues == 2 && has_issue(&found, "SUSE-SU-1") && has_issue(&found, "SUSE-SU-2"));
        p.version = p.source_version = STR_LIT("1.1.1l-5");
        found = look(&w, &p);
        assert_true(found.n_issues == 1 && has_issue(&found, "SUSE-SU-2"));
        p = binary("rpm", "libopenssl1_1-32bit", "1.1.1l-4", "openssl-1_1", "1.1.1l-4"); /* not one of the binaries named */
        assert_false(has_issue(&(struct match_found[]){ look(&w, &p) }[0], "SUSE-SU-1"));
        world_done(&w);
}

/* A fix that needs a subscription is one; where it is installed the plain release's "no fix" does not count. */
static void test_ubuntu_pro(void **state)
{
        static const char *const records[] = {
                "{\"id\":\"UBUNTU-CVE-2024-7\",\"upstream\":[\"CVE-2024-7\"],\"affected\":[{\"package\":{\"ecosystem\":\"Ubuntu:18.04:LTS\",\"name\":\"lib\"},"
                "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}]}]},{\"package\":{\"ecosystem\":\"Ubuntu:Pro:18.04:LTS\",\"name\":\"lib\"},"
                "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" ALL_BELOW("1.0-1+esm2") "]}]}],\"severity\":[{\"type\":\"Ubuntu\",\"score\":\"medium\"}]}",
        };
        struct world w = world_with("Ubuntu", records, 1, "ubuntu", "18.04");
        struct package p = binary("deb", "lib", "1.0-1", "lib", "1.0-1");
        struct match_found found = look(&w, &p);
        struct weighed weighed;
        struct error err = ERROR_INIT;

        assert_int_equal(found.n_issues, 1);
        assert_int_equal(weigh_issue(w.db, &p, &found.issues[0], w.arena, &weighed, &err), 0);
        assert_true(str_equals(weighed.fixed, "1.0-1+esm2") && weighed.fix_needs_pro);
        assert_int_equal(weighed.severity, SEVERITY_MEDIUM);
        assert_string_equal(weighed.severities[0].source, "ubuntu");
        assert_true(weighed.exploited.known_exploited && weighed.rank >= 92);
        p.source_version = STR_LIT("1.0-1+esm2");
        assert_int_equal(look(&w, &p).n_issues, 0);
        p.source_version = STR_LIT("1.0-1+esm1");
        assert_int_equal(look(&w, &p).n_issues, 1);
        world_done(&w);
}

static void test_go(void **state)
{
        static const char *const records[] = {
                "{\"id\":\"GO-1\",\"affected\":[{\"package\":{\"ecosystem\":\"Go\",\"name\":\"k8s.io/ingress-nginx\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
                "{\"introduced\":\"0\"}]}],\"ecosystem_specific\":{\"custom_ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" ALL_BELOW("1.9.0") "]}]}}]}",
                "{\"id\":\"GO-2\",\"affected\":[{\"package\":{\"ecosystem\":\"Go\",\"name\":\"stdlib\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":["
                "{\"introduced\":\"0\"},{\"fixed\":\"1.21.8\"},{\"introduced\":\"1.22.0-0\"},{\"fixed\":\"1.22.1\"}]}]}]}",
        };
        static const struct {
                const char *name, *version;
                bool affected;
        } cases[] = {
                { "k8s.io/ingress-nginx", "v1.8.9", true }, { "k8s.io/ingress-nginx", "v1.9.0", false }, { "k8s.io/ingress-nginx", "v1.11.0", false },
                { "stdlib", "1.21.7", true }, { "stdlib", "go1.21.7", true }, { "stdlib", "go1.21.8", false }, { "stdlib", "1.22rc1", true },
                { "stdlib", "go1.22", true }, { "stdlib", "go1.22.1", false }, { "stdlib", "1.23.0", false },
        };
        struct world w = world_with("Go", records, 2, "debian", "12");

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct package p = { .type = STR_LIT("golang"), .name = str_from(cases[i].name), .version = str_from(cases[i].version) };

                if ((look(&w, &p).n_issues == 1) != cases[i].affected)
                        fail_msg("%s %s", cases[i].name, cases[i].version);
                p.version = STR_LIT("(devel)"); /* the main module, built without a version */
                assert_int_equal(look(&w, &p).state, MATCH_NO_VERSION);
        }
        world_done(&w);
}

static void test_aliases_are_joined(void **state)
{
        static const char *const records[] = {
                RECORD("PYSEC-1", "PyPI", "Some.Lib", "\"aliases\":[\"CVE-2024-1\",\"GHSA-1\"],", ALL_BELOW("2")),
                RECORD("GHSA-1", "PyPI", "some_lib", "\"aliases\":[\"CVE-2024-1\"],", ALL_BELOW("2.1")),
                RECORD("PYSEC-2", "PyPI", "some-lib", "", ALL_BELOW("2")),
                RECORD("GHSA-9", "PyPI", "some-lib", "\"withdrawn\":\"2025-01-01T00:00:00Z\",", ALL_BELOW("2")),
        };
        struct world w = world_with("PyPI", records, ELEMENTS_OF(records), "", "");
        struct package p = { .type = STR_LIT("pypi"), .name = STR_LIT("some---lib"), .version = STR_LIT("1.0") };
        struct match_found found = look(&w, &p);
        struct weighed weighed;
        struct error err = ERROR_INIT;

        assert_int_equal(found.n_issues, 2);
        assert_true(str_equals(found.issues[0].id, "CVE-2024-1"));
        assert_int_equal(found.issues[0].n_ids, 3);
        assert_int_equal(found.issues[0].n_evidence, 2);
        assert_true(str_equals(found.issues[1].id, "PYSEC-2"));
        assert_int_equal(weigh_issue(w.db, &p, &found.issues[0], w.arena, &weighed, &err), 0);
        assert_true(str_equals(weighed.fixed, "2.1")); /* the fix that both take for one */
        world_done(&w);
}

/* An advisory about several issues is none of its own. */
static void test_advisories_are_taken_apart(void **state)
{
        static const char *const records[] = {
                RECORD("DSA-1-1", "Debian:12", "lib", "\"upstream\":[\"CVE-2024-1\",\"CVE-2024-2\"],", ALL_BELOW("2")),
                RECORD("DEBIAN-CVE-2024-1", "Debian:12", "lib", "\"upstream\":[\"CVE-2024-1\"],", ALL_BELOW("2")),
                RECORD("DEBIAN-CVE-2024-2", "Debian:12", "lib", "\"upstream\":[\"CVE-2024-2\"],", ALL_BELOW("1")),
                RECORD("DSA-2-1", "Debian:12", "lib", "", ALL_BELOW("2")),
        };
        struct world w = world_with("Debian", records, ELEMENTS_OF(records), "debian", "12");
        struct package p = binary("deb", "lib", "1.5", "lib", "1.5");
        struct match_found found = look(&w, &p);

        assert_int_equal(found.n_issues, 3);
        assert_true(str_equals(found.issues[0].id, "CVE-2024-1") && found.issues[0].n_ids == 3);
        assert_true(str_equals(found.issues[1].id, "CVE-2024-2") && found.issues[1].n_ids == 2);
        assert_true(str_equals(found.issues[2].id, "DSA-2-1"));
        world_done(&w);
}

static void test_lists_of_versions(void **state)
{
        static const char *const records[] = {
                "{\"id\":\"L-1\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"lib\"},\"versions\":[\"1.0\",\"1.1\"]}]}",
                "{\"id\":\"L-2\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"lib\"},\"ranges\":[{\"type\":\"GIT\",\"repo\":\"x\",\"events\":[{\"introduced\":\"0\"}]}]}]}",
                "{\"id\":\"L-3\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"lib\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"limit\":\"1.1\"}]}]}]}",
        };
        struct world w = world_with("PyPI", records, ELEMENTS_OF(records), "", "");
        struct package p = { .type = STR_LIT("pypi"), .name = STR_LIT("lib"), .version = STR_LIT("1.0.0") };
        struct match_found found = look(&w, &p);

        assert_true(found.n_issues == 2 && has_issue(&found, "L-1") && has_issue(&found, "L-3"));
        assert_true(found.issues[0].evidence[0].result.by_list);
        p.version = STR_LIT("1.1");
        found = look(&w, &p);
        assert_true(found.n_issues == 1 && has_issue(&found, "L-1"));
        p.version = STR_LIT("1.2");
        assert_int_equal(look(&w, &p).n_issues, 0);
        p.version = STR_LIT("what"); /* below all */
        found = look(&w, &p);
        assert_true(found.odd_version && has_issue(&found, "L-3"));
        world_done(&w);
}

static void test_other_repositories(void **state)
{
        static const char *const records[] = { RECORD("D-1", "Debian:12", "nginx", "", ALL_BELOW("9")) };
        struct world w = world_with("Debian", records, 1, "debian", "12");
        struct package p = binary("deb", "nginx", "1.25.3-1~bookworm", "nginx", "1.25.3-1~bookworm");

        p.vendor = STR_LIT("NGINX Packaging <nginx-packaging@f5.com>, @nginx.com");
        assert_int_equal(look(&w, &p).state, MATCH_THIRD_PARTY);
        p.vendor = STR_LIT("Debian Nginx Maintainers <pkg-nginx-maintainers@alioth-lists.debian.net>");
        assert_int_equal(look(&w, &p).n_issues, 1);
        p.type = STR_LIT("npm");
        assert_int_equal(look(&w, &p).state, MATCH_NO_DATA);
        p.type = STR_LIT("generic");
        assert_int_equal(look(&w, &p).state, MATCH_NO_ECOSYSTEM);
        world_done(&w);
}

/* ---- severities ---- */

static void test_cvss(void **state)
{
        static const struct {
                const char *vector;
                double score; /* negative: no vector */
        } cases[] = {
                { "AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8 }, { "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0 }, { "(AV:L/AC:H/Au:N/C:C/I:C/A:C)", 6.2 },
                { "AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0 }, { "AV:N/AC:L/Au:N/C:P/I:P/A:P/E:POC/RL:OF/RC:C", 7.5 },
                { "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8 }, { "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0 },
                { "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1 }, { "CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:H", 6.6 },
                { "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0 }, { "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N/E:P/RL:O", 5.9 },
                { "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0 },
                { "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3 },
                { "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N", 6.9 },
                { "CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A/MAV:A", 7.7 },
                { "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0 },
                { "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", -1 }, { "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", -1 },
                { "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", -1 }, { "CVSS:5.0/AV:N", -1 }, { "", -1 }, { "CVSS:4.0/", -1 }, { "(", -1 },
                { "AV:N/AC:L/Au:N/C:P/I:P/A:P/ZZ:1", -1 },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct cvss cvss = { 0 };
                bool good = cvss_parse(str_from(cases[i].vector), &cvss);

                if (good != (cases[i].score >= 0) || (good && (int)(cvss.score * 10 + 0.5) != (int)(cases[i].score * 10 + 0.5)))
                        fail_msg("%s: %d %.2f", cases[i].vector, good, cvss.score);
        }
}

static void test_severities(void **state)
{
        static const char *const records[] = {
                RECORD("DEBIAN-CVE-2024-1", "Debian:12", "lib", "\"upstream\":[\"CVE-2024-1\"],", ALL_BELOW("2")),
                RECORD("GHSA-1", "npm", "lib", "\"aliases\":[\"CVE-2024-1\"],\"summary\":\"what it is\",\"severity\":[{\"type\":\"CVSS_V3\",\"score\":"
                       "\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}],\"database_specific\":{\"severity\":\"MODERATE\"},", ALL_BELOW("2")),
                "{\"id\":\"DEBIAN-CVE-2024-3\",\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"lib\"},\"ecosystem_specific\":{\"urgency\":\"unimportant\"},"
                "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}]}]}]}",
        };
        struct world w = world_with("Debian", records, ELEMENTS_OF(records), "debian", "12");
        struct package p = binary("deb", "lib", "1", "lib", "1"), headers = binary("deb", "linux-libc-dev", "1", "lib", "1");
        struct match_found found = look(&w, &p);
        struct weighed weighed;
        struct error err = ERROR_INIT;

        assert_int_equal(found.n_issues, 2);
        assert_int_equal(weigh_issue(w.db, &p, &found.issues[0], w.arena, &weighed, &err), 0);
        assert_int_equal(weighed.n_severities, 2);
        assert_int_equal(weighed.severity, SEVERITY_CRITICAL); /* Debian says nothing: the worst of the others */
        assert_true(weighed.cvss > 9.7 && weighed.cvss < 9.9);
        assert_true(str_equals(weighed.title, "what it is"));
        assert_int_equal(weighed.fix, FIX_AVAILABLE);
        assert_true(weighed.rank > 60 && weighed.n_reasons >= 3);
        assert_int_equal(weigh_issue(w.db, &headers, &found.issues[0], w.arena, &weighed, &err), 0);
        assert_true(weighed.rank <= 10);
        assert_int_equal(weigh_issue(w.db, &p, &found.issues[1], w.arena, &weighed, &err), 0);
        assert_true(weighed.unimportant && weighed.rank < 15);
        assert_int_equal(weighed.fix, FIX_NOT_YET);
        world_done(&w);
}

static int set_up(void **state)
{
        return hash_init(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_ecosystem),   cmocka_unit_test(test_source_is_compared), cmocka_unit_test(test_names_of_rpm),
                cmocka_unit_test(test_module_streams),    cmocka_unit_test(test_module_in_the_name), cmocka_unit_test(test_suse),
                cmocka_unit_test(test_ubuntu_pro),        cmocka_unit_test(test_go),                 cmocka_unit_test(test_aliases_are_joined),
                cmocka_unit_test(test_advisories_are_taken_apart), cmocka_unit_test(test_lists_of_versions),
                cmocka_unit_test(test_other_repositories), cmocka_unit_test(test_cvss),              cmocka_unit_test(test_severities),
        };

        return cmocka_run_group_tests(tests, set_up, NULL);
}
