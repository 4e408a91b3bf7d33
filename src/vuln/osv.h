/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an OSV record in JSON (https://ossf.github.io/osv-schema, 1.7) to our compact one. What the record says in members
 * that only one source has, and that decide what is affected, is read too: Go's custom_ranges (where `ranges` only says
 * "everything"), Debian's urgency, SUSE's binaries, streams of modules. Runs in a worker.
 */
#ifndef TALLYMAN_VULN_OSV_H
#define TALLYMAN_VULN_OSV_H

#include "base/error.h"
#include "base/str.h"

#define OSV_JSON_MAX (8u << 20) /* bytes of one record */

/* Appends the record; what is odd in one that is taken nevertheless is in its flags (enum record_flag): versions that do
 * not parse in their ecosystem, ranges that end before they begin, nothing that says which versions are affected. Of one that
 * is not about security only the identifier is kept. -EBADMSG and what is wrong: it is of no use; -E2BIG. */
int osv_record(struct str json, struct buf *out, struct error *err) _must_check_;

/* "2024-05-01T12:00:00.123Z" in microseconds since 1970. False: it is no such time. */
bool osv_time(struct str text, uint64_t *ret);

#endif
