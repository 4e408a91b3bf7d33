/* SPDX-License-Identifier: Apache-2.0 */
/* Packages and distributions, as package databases name them. */
#ifndef TALLYMAN_MODEL_PACKAGE_H
#define TALLYMAN_MODEL_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/wire.h"

enum package_evidence {
        PACKAGE_INSTALLED, /* the package is there */
        PACKAGE_DECLARED,  /* a lockfile or manifest names it */
};

const char *package_evidence_name(enum package_evidence evidence); /* "installed", "declared" */

/* All strings borrowed, empty where unknown. Names have one text, also where the ecosystem has a group beside the name:
 * "@babel/core" (npm), "org.apache.commons:commons-lang3" (maven), "symfony/console" (composer), as advisories have them. */
struct package {
        struct str name;
        struct str version; /* with epoch and revision, as the ecosystem writes it: "1:2.3-4" */
        struct str type;    /* purl type: "deb", "apk", "rpm" …; of letters, digits, dots and dashes */
        struct str arch;
        struct str source_name;    /* never empty for deb, apk, rpm: the binary's own where the database names none */
        struct str source_version;
        struct str vendor;  /* maintainer or vendor, as written: tells third-party repositories' packages */
        struct str module;  /* rpm modularity label */
        struct str key;     /* what a list of owned files names it by (`struct owned_files`), unique in its database */
        enum package_evidence evidence;
        bool development;   /* declared for the developers only: not needed to run */
        const struct str *licenses; /* as written, or SPDX where the database uses it */
        uint32_t n_licenses;
};

/* True for packages of an operating system: what ships others' files. */
bool package_is_of_distribution(const struct package *package);

void package_encode(const struct package *package, struct buf *out);
/* Licences are put into `arena`, strings are borrowed from the input. 0, -EBADMSG or -ENOMEM. */
int package_decode(struct wire_reader *r, struct arena *arena, struct package *ret);

/* An operating system, from os-release(5) and our table of releases. */
struct distribution {
        struct str id;          /* ID: "debian" */
        struct str id_like;     /* as written */
        struct str name;        /* PRETTY_NAME, else NAME */
        struct str version_id;  /* "12", "24.04", "3.20.3"; empty for rolling or unreleased ones */
        struct str codename;    /* "bookworm" */
        struct str end_of_life; /* "2028-06-30", last day with security support free for all; empty if unknown or rolling */
};

void distribution_encode(const struct distribution *d, struct buf *out);
int distribution_decode(struct wire_reader *r, struct distribution *ret);

#endif
