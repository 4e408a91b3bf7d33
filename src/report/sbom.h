/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: what the formats of bills of materials share. Two scans that found the same write the same bytes. */
#ifndef TALLYMAN_REPORT_SBOM_H
#define TALLYMAN_REPORT_SBOM_H

#include "base/json.h"
#include "report/report.h"

#define SBOM_REF_MAX 33  /* 32 hexadecimal digits */
#define SBOM_UUID_MAX 37
#define SBOM_TIME_MAX 21 /* "2024-01-31T12:00:00Z" */

struct sbom {
        const struct scan_result *result;
        const char *name;                /* of what it describes */
        char id[DIGEST_TEXT_MAX];        /* the image's, empty for a root directory */
        char created[SBOM_TIME_MAX];
        char uuid[SBOM_UUID_MAX];        /* made from all else that the document says */
};

/* Writes the document that `put` makes, which must depend on `sbom` alone. */
int sbom_write(const struct scan_result *result, const struct report_options *options,
               int (*put)(struct json_writer *w, const struct sbom *sbom, struct error *err), struct output *out,
               struct error *err) _must_check_;

/* A name for a package inside the document, made from what it is and where it is. */
void sbom_package_ref(const struct scan_package *package, char ret[static SBOM_REF_MAX]);
/* The diffID of the layer that brought it, "" where there is none. */
const char *sbom_package_layer(const struct scan_result *result, const struct scan_package *package,
                               char text[static DIGEST_TEXT_MAX]);

/* What the formats have no member for: calls `each` with name and value of what is known of it. */
void sbom_package_facts(const struct scan_result *result, const struct scan_package *package,
                        void (*each)(void *ctx, const char *name, struct str value), void *ctx);

/* True for an SPDX licence expression ("MIT OR Apache-2.0") all of whose licences are among those known here. */
bool sbom_is_expression(struct str license);

#endif
