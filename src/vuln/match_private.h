/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_VULN_MATCH_PRIVATE_H
#define TALLYMAN_VULN_MATCH_PRIVATE_H

#include "vuln/match.h"

/* True if `named`, as a record has it ("Ubuntu:Pro:22.04:LTS"), is about the release ("Ubuntu:22.04"). `ret_pro` may be NULL. */
bool match_is_release(struct str release, struct str named, bool *ret_pro);

/* Records about one package, before they are joined. */
struct match_hits {
        struct match_evidence *items;
        size_t n, cap;
};

/* Joins them to issues. -ENOMEM. */
int match_join(const struct db *db, const struct match_hits *hits, struct arena *arena, struct match_found *ret, struct error *err)
        _must_check_;

/* "DEBIAN-CVE-2024-1" is CVE-2024-1; others are themselves. */
struct str match_plain_id(struct str id);

#endif
