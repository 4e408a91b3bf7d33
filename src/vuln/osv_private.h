/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_VULN_OSV_PRIVATE_H
#define TALLYMAN_VULN_OSV_PRIVATE_H

#include "base/json.h"
#include "base/wire.h"
#include "vuln/osv.h"
#include "vuln/record.h"

/* A member that is a text; empty: there is none. Borrowed. */
struct str osv_text(const json_t *object, const char *key);
void osv_put_affected_severities(const json_t *affected, struct buf *out);
/* The list "affected" of a record. -EBADMSG. */
int osv_put_affected(const json_t *record, struct buf *out, unsigned *odd, struct error *err) _must_check_;

#endif
