/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The orders in which ecosystems put their versions, each from its own specification. An order is total: a version that
 * it can not parse stands below all that it can, and two such versions are ordered by their bytes. (Maven's is as Maven has it:
 * 1.x-1 > 1 > 1-a1.x > 1.x-1.) Nothing is allocated,
 * and the time is linear in the length of the versions (for Maven, RubyGems and Packagist in that of their at most
 * VERSION_LENGTH_MAX bytes). No I/O; any number of threads.
 */
#ifndef TALLYMAN_VULN_VERSION_H
#define TALLYMAN_VULN_VERSION_H

#include "base/str.h"

#define VERSION_LENGTH_MAX 256 /* bytes; a longer one does not parse */

/* Numbered as databases keep them: new ones go to the end. */
enum version_order_id {
        VERSION_NONE, /* nobody says how this ecosystem's versions compare: only lists of versions match */
        VERSION_DPKG,
        VERSION_RPM,
        VERSION_APK,
        VERSION_SEMVER,
        VERSION_PEP440,
        VERSION_MAVEN,
        VERSION_GEM,
        VERSION_COMPOSER,
        VERSION_NUGET,
        VERSION_GO,
        VERSION_BITNAMI,
        VERSION_NUMBERS,
        VERSION_ORDER_MAX,
};

struct version_order {
        enum version_order_id id;
        const char *name;          /* "dpkg" */
        const char *specification; /* where it is written down */
        bool (*parses)(struct str version);
        int (*compare)(struct str a, struct str b); /* both parse: < 0, 0, > 0 */
};

const struct version_order *version_order(enum version_order_id id); /* VERSION_NONE for a number there is none of */
/* By the name OSV has for the ecosystem, with or without a suffix: "Debian", "Ubuntu:Pro:18.04:LTS". NULL: not known. */
const struct version_order *version_order_of(struct str ecosystem);
/* The nearest name there is, for a message; NULL: none is near. */
const char *version_ecosystem_nearest(struct str ecosystem);

bool version_parses(const struct version_order *order, struct str version);
/* -1, 0 or 1. */
int version_compare(const struct version_order *order, struct str a, struct str b);

/* ---- for authors of advisories ---- */

/* Checks one line "A < B" (or = or >; blank lines and those that begin with # always hold). 1: it holds, 0: it does not.
 * -EBADMSG: it is no such line; the message says what was expected. `ret_odd` is the version that does not parse, empty:
 * both do. */
int version_check_line(const struct version_order *order, struct str line, struct str *ret_odd, struct error *err)
        _must_check_;

#endif
