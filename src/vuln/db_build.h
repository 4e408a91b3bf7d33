/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a database (db_format.h): records in any order, then it is finished. Memory does not grow with what is written:
 * records go straight to the file, entries are sorted in temporary ones.
 */
#ifndef TALLYMAN_VULN_DB_BUILD_H
#define TALLYMAN_VULN_DB_BUILD_H

#include "vuln/db.h"

struct db_build;

/* `fd`: an empty file to be written, `dir`: a directory for temporary files. Both borrowed. */
int db_build_new(int fd, int dir, struct db_build **ret, struct error *err) _must_check_;
struct db_build *db_build_free(struct db_build *build);
DEFINE_FREEP(struct db_build, db_build_free)

/* What the database will say of itself. The caller fills in all but `releases` and what db_build_record() counts:
 * records, withdrawn, left_out, bad and newest of the directories. Texts must stay until the end. */
struct db_contents *db_build_contents(struct db_build *build);

/* -EBADMSG: it is damaged; nothing was added. */
int db_build_record(struct db_build *build, uint32_t directory, uint64_t listed, struct str record, struct error *err) _must_check_;
/* DB_EPSS or DB_KEV. */
int db_build_entry(struct db_build *build, enum db_section section, struct db_entry entry, struct error *err) _must_check_;
/* Nothing is added any more; the file is complete and on the disk. */
int db_build_finish(struct db_build *build, uint64_t now, struct error *err) _must_check_;

#endif
