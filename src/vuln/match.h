/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which known vulnerabilities a package has. Packages of a distribution are held against that distribution's data and no
 * other: by source (Debian, Ubuntu, Alpine), by binary name and module stream (Red Hat), by either (AlmaLinux, Rocky, SUSE,
 * Wolfi, Chainguard). Packages of languages are held against their own ecosystem's. Records about the same issue are one
 * issue with all their identifiers. No I/O; any number of threads.
 */
#ifndef TALLYMAN_VULN_MATCH_H
#define TALLYMAN_VULN_MATCH_H

#include "model/package.h"
#include "vuln/db.h"
#include "vuln/evaluate.h"

#define MATCH_HITS_MAX 20000 /* records about one package */

/* What the packages of an image's distribution are held against. */
struct match_distribution {
        char ecosystem[96];  /* "Debian:12", "Ubuntu:22.04"; "": OSV knows no such distribution */
        bool has_data;       /* the database has records about this release */
};
/* `d` may be NULL. */
void match_distribution(const struct db *db, const struct distribution *d, struct match_distribution *ret);

enum match_state {
        MATCH_DONE,          /* what there is to be known was looked at */
        MATCH_NO_ECOSYSTEM,  /* nobody publishes advisories for packages of this kind, in a form that we read */
        MATCH_NO_DATA,       /* the database has nothing of this ecosystem or release */
        MATCH_THIRD_PARTY,   /* it comes from another repository than the distribution's: its data say nothing of it */
        MATCH_NO_VERSION,    /* its version says nothing: "(devel)" */
};

/* Why a record says that the package is affected. All borrowed from the database and the package. */
struct match_evidence {
        struct str record;
        uint32_t place;           /* of the record, see db.h */
        struct str ecosystem, name; /* as the record has them */
        bool source;              /* it is the source package that was compared */
        struct str version;       /* what was compared … */
        struct evaluation result; /* … with what */
        uint8_t flags;            /* enum affected_flag */
        struct str note;
        struct vuln_list severities; /* of the record's part about the package */
        bool pro;                 /* the fix needs a subscription: Ubuntu Pro */
};

struct match_issue {
        struct str id;          /* the best known of its identifiers: CVE, else GHSA, else another */
        const struct str *ids;  /* all of them, sorted */
        uint32_t n_ids;
        const struct match_evidence *evidence; /* the distribution's own first */
        uint32_t n_evidence;
};

struct match_found {
        enum match_state state;
        const char *ecosystem;     /* it was held against; NULL: none */
        const struct match_issue *issues; /* sorted by id */
        uint32_t n_issues;
        bool odd_version;          /* it does not parse: it counts as older than all */
};

/* Everything is put into `arena` or borrowed from `db` and `package`. -ENOMEM, or -E2BIG. */
int match_package(const struct db *db, const struct match_distribution *distribution, const struct distribution *d,
                  const struct package *package, struct arena *arena, struct match_found *ret, struct error *err) _must_check_;

/* True if the package comes from another repository than the distribution's, as far as its maintainer, vendor or version
 * tells. */
bool match_is_third_party(const struct package *package, const struct distribution *d);

/* The ecosystem of packages of this purl type ("npm": "npm", "cargo": "crates.io"); NULL: none, or a distribution's. */
const char *match_ecosystem_of_type(struct str type);

#endif
