/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When releases of distributions end, and what they are called, as their makers publish it. The day is the last of
 * security support that takes no extra contract: Debian's LTS but not its ELTS, Ubuntu without Pro, Red Hat and its
 * rebuilds to the end of maintenance, SUSE's general support. A future day is the one scheduled in November 2026.
 * What is not here is unknown, or rolls on without an end (Arch, Wolfi, Tumbleweed, Debian unstable, Alpine edge).
 */
#include "inventory/inventory.h"

struct release {
        const char *version;
        const char *end;      /* NULL: not announced */
        const char *codename; /* NULL: none */
};

static const struct release debian[] = {
        { "6", "2016-02-29", "squeeze" },
        { "7", "2018-05-31", "wheezy" },
        { "8", "2020-06-30", "jessie" },
        { "9", "2022-06-30", "stretch" },
        { "10", "2024-06-30", "buster" },
        { "11", "2026-08-31", "bullseye" },
        { "12", "2028-06-30", "bookworm" },
        { "13", "2030-06-30", "trixie" },
        { "14", NULL, "forky" },
        { "15", NULL, "duke" },
};

static const struct release ubuntu[] = {
        { "12.04", "2017-04-28", "precise" },
        { "14.04", "2019-04-25", "trusty" },
        { "14.10", "2015-07-23", "utopic" },
        { "15.04", "2016-02-04", "vivid" },
        { "15.10", "2016-07-28", "wily" },
        { "16.04", "2021-04-30", "xenial" },
        { "16.10", "2017-07-20", "yakkety" },
        { "17.04", "2018-01-13", "zesty" },
        { "17.10", "2018-07-19", "artful" },
        { "18.04", "2023-05-31", "bionic" },
        { "18.10", "2019-07-18", "cosmic" },
        { "19.04", "2020-01-23", "disco" },
        { "19.10", "2020-07-17", "eoan" },
        { "20.04", "2025-05-29", "focal" },
        { "20.10", "2021-07-22", "groovy" },
        { "21.04", "2022-01-20", "hirsute" },
        { "21.10", "2022-07-14", "impish" },
        { "22.04", "2027-06-01", "jammy" },
        { "22.10", "2023-07-20", "kinetic" },
        { "23.04", "2024-01-25", "lunar" },
        { "23.10", "2024-07-11", "mantic" },
        { "24.04", "2029-05-31", "noble" },
        { "24.10", "2025-07-10", "oracular" },
        { "25.04", "2026-01-15", "plucky" },
        { "25.10", "2026-07-09", "questing" },
        { "26.04", "2031-05-29", "resolute" },
        { "26.10", "2027-07-15", "stonking" },
};

static const struct release alpine[] = {
        { "3.3", "2017-11-01", NULL }, { "3.4", "2018-05-01", NULL }, { "3.5", "2018-11-01", NULL },
        { "3.6", "2019-05-01", NULL }, { "3.7", "2019-11-01", NULL }, { "3.8", "2020-05-01", NULL },
        { "3.9", "2020-11-01", NULL }, { "3.10", "2021-05-01", NULL }, { "3.11", "2021-11-01", NULL },
        { "3.12", "2022-05-01", NULL }, { "3.13", "2022-11-01", NULL }, { "3.14", "2023-05-01", NULL },
        { "3.15", "2023-11-01", NULL }, { "3.16", "2024-05-23", NULL }, { "3.17", "2024-11-22", NULL },
        { "3.18", "2025-05-09", NULL }, { "3.19", "2025-11-01", NULL }, { "3.20", "2026-04-01", NULL },
        { "3.21", "2026-11-01", NULL }, { "3.22", "2027-05-01", NULL }, { "3.23", "2027-11-01", NULL },
        { "3.24", "2028-06-01", NULL },
};

static const struct release rhel[] = {
        { "5", "2017-03-31", NULL }, { "6", "2020-11-30", NULL }, { "7", "2024-06-30", NULL },
        { "8", "2029-05-31", NULL }, { "9", "2032-05-31", NULL }, { "10", "2035-05-31", NULL },
};

/* Rocky Linux and AlmaLinux follow Red Hat's dates. */
static const struct release rebuilds[] = {
        { "8", "2029-05-31", NULL }, { "9", "2032-05-31", NULL }, { "10", "2035-05-31", NULL },
};

/* 9 and 10 are Stream only. */
static const struct release centos[] = {
        { "5", "2017-03-31", NULL }, { "6", "2020-11-30", NULL }, { "7", "2024-06-30", NULL },
        { "8", "2021-12-31", NULL }, { "9", "2027-05-31", NULL }, { "10", "2030-05-31", NULL },
};

static const struct release centos_stream[] = {
        { "8", "2024-05-31", NULL }, { "9", "2027-05-31", NULL }, { "10", "2030-05-31", NULL },
};

static const struct release oracle[] = {
        { "6", "2021-03-31", NULL }, { "7", "2024-12-31", NULL }, { "8", "2029-07-31", NULL },
        { "9", "2032-06-30", NULL },
};

static const struct release fedora[] = {
        { "30", "2020-05-26", NULL }, { "31", "2020-11-24", NULL }, { "32", "2021-05-25", NULL },
        { "33", "2021-11-30", NULL }, { "34", "2022-06-07", NULL }, { "35", "2022-12-13", NULL },
        { "36", "2023-05-16", NULL }, { "37", "2023-12-05", NULL }, { "38", "2024-05-21", NULL },
        { "39", "2024-11-26", NULL }, { "40", "2025-05-13", NULL }, { "41", "2025-12-15", NULL },
        { "42", "2026-05-27", NULL }, { "43", "2026-12-09", NULL }, { "44", "2027-06-02", NULL },
};

/* Amazon Linux 1 counted by year and month ("2018.03"), all of it ended on one day. */
static const struct release amazon[] = {
        { "2012", "2023-12-31", NULL }, { "2013", "2023-12-31", NULL }, { "2014", "2023-12-31", NULL },
        { "2015", "2023-12-31", NULL }, { "2016", "2023-12-31", NULL }, { "2017", "2023-12-31", NULL },
        { "2018", "2023-12-31", NULL }, { "2", "2026-06-30", NULL }, { "2023", "2029-06-30", NULL },
};

static const struct release leap[] = {
        { "42.1", "2017-05-17", NULL }, { "42.2", "2018-01-26", NULL }, { "42.3", "2019-07-01", NULL },
        { "15.0", "2019-12-03", NULL }, { "15.1", "2021-02-02", NULL }, { "15.2", "2022-01-04", NULL },
        { "15.3", "2022-12-31", NULL }, { "15.4", "2023-12-07", NULL }, { "15.5", "2024-12-31", NULL },
        { "15.6", "2026-04-30", NULL }, { "16.0", "2027-10-31", NULL },
};

static const struct release sles[] = {
        { "12", "2016-06-30", NULL }, { "12.1", "2017-05-31", NULL }, { "12.2", "2018-03-31", NULL },
        { "12.3", "2019-06-30", NULL }, { "12.4", "2020-06-30", NULL }, { "12.5", "2024-10-31", NULL },
        { "15", "2019-12-31", NULL }, { "15.1", "2021-01-31", NULL }, { "15.2", "2021-12-31", NULL },
        { "15.3", "2022-12-31", NULL }, { "15.4", "2023-12-31", NULL }, { "15.5", "2024-12-31", NULL },
        { "15.6", "2025-12-31", NULL }, { "15.7", "2031-07-31", NULL }, { "16.0", "2027-11-30", NULL },
};

static const struct release photon[] = {
        { "3", "2025-10-02", NULL }, { "4", "2027-10-11", NULL },
};

static const struct release mariner[] = {
        { "2", "2025-11-30", NULL },
};

/* `parts`: how many parts of VERSION_ID name a release; what follows are updates of it. */
static const struct distribution_releases {
        const char *id;
        unsigned parts;
        const struct release *releases;
        size_t n;
} distributions[] = {
        { "debian", 1, debian, ELEMENTS_OF(debian) },
        { "ubuntu", 2, ubuntu, ELEMENTS_OF(ubuntu) },
        { "alpine", 2, alpine, ELEMENTS_OF(alpine) },
        { "rhel", 1, rhel, ELEMENTS_OF(rhel) },
        { "rocky", 1, rebuilds, ELEMENTS_OF(rebuilds) },
        { "almalinux", 1, rebuilds, ELEMENTS_OF(rebuilds) },
        { "centos", 1, centos, ELEMENTS_OF(centos) },
        { "centos-stream", 1, centos_stream, ELEMENTS_OF(centos_stream) },
        { "ol", 1, oracle, ELEMENTS_OF(oracle) },
        { "fedora", 1, fedora, ELEMENTS_OF(fedora) },
        { "amzn", 1, amazon, ELEMENTS_OF(amazon) },
        { "opensuse-leap", 2, leap, ELEMENTS_OF(leap) },
        { "opensuse", 2, leap, ELEMENTS_OF(leap) },
        { "sles", 2, sles, ELEMENTS_OF(sles) },
        { "sled", 2, sles, ELEMENTS_OF(sles) },
        { "photon", 1, photon, ELEMENTS_OF(photon) },
        { "mariner", 1, mariner, ELEMENTS_OF(mariner) },
};

/* The first `parts` parts of a version; empty where it is more than numbers ("3.22.0_alpha20250108" is no 3.22). */
static struct str release_of(struct str version, unsigned parts)
{
        size_t end = version.n;

        for (size_t i = 0; i < version.n; i++) {
                if (version.p[i] == '.' && parts > 0 && --parts == 0)
                        end = i;
                else if (version.p[i] != '.' && (version.p[i] < '0' || version.p[i] > '9'))
                        return STR_NULL;
        }
        return (struct str){ version.p, end };
}

static const struct release *find(struct str id, struct str version)
{
        for (size_t i = 0; i < ELEMENTS_OF(distributions); i++) {
                const struct distribution_releases *d = &distributions[i];

                if (!str_equals(id, d->id))
                        continue;
                for (size_t k = 0; k < d->n; k++)
                        if (str_equals(release_of(version, d->parts), d->releases[k].version))
                                return &d->releases[k];
        }
        return NULL;
}

const char *distribution_end_of_life(struct str id, struct str version_id)
{
        const struct release *release = find(id, version_id);

        return release ? release->end : NULL;
}

const char *distribution_codename(struct str id, struct str version_id)
{
        const struct release *release = find(id, version_id);

        return release ? release->codename : NULL;
}
