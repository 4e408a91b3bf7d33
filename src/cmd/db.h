/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands about the database of vulnerabilities. */
#ifndef TALLYMAN_CMD_DB_H
#define TALLYMAN_CMD_DB_H

#include "base/json.h"
#include "vuln/db.h"

/* "2026-11-25 12:00" of seconds since 1970; "never" for 0. */
void db_add_time(struct buf *out, uint64_t seconds);
/* A record for people, and for programs. */
void db_show_record(const struct db *db, const struct vuln_record *record, const struct db_record *place, struct buf *out);
void db_write_record(const struct db *db, const struct vuln_record *record, const struct db_record *place, struct json_writer *w);

#endif
