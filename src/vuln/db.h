/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database of known vulnerabilities, for readers: one immutable file (db_format.h), mapped. Whoever has it open keeps
 * what was there when it was opened, whatever an update does; nobody waits for anybody. What is looked at is checked when it
 * is looked at: a damaged record is passed over and counted. Any number of threads may read one `struct db`.
 */
#ifndef TALLYMAN_VULN_DB_H
#define TALLYMAN_VULN_DB_H

#include "vuln/db_format.h"
#include "vuln/record.h"

#define DB_DIRECTORIES_MAX 256
#define DB_RELEASES_MAX 65536

/* What came from one directory of the publisher: an ecosystem. */
struct db_directory {
        struct str name;
        struct str from;  /* where it was fetched */
        uint64_t updated; /* when, in seconds since 1970 */
        uint64_t newest;  /* the latest change of a record */
        uint32_t records, withdrawn, left_out, bad; /* of all; of these withdrawn; not about security; not readable */
        uint32_t odd_versions, odd_ranges, no_ranges;
};

/* A list that comes beside: KEV, EPSS. */
struct db_list {
        struct str from, label; /* label: its own version or day */
        uint64_t updated;       /* 0: there is none */
        uint32_t entries, bad;
};

/* How often an ecosystem, with its suffix, is named as affected: "Debian:12". */
struct db_release {
        struct str name;
        uint32_t n;
};

struct db_contents {
        struct db_directory directories[DB_DIRECTORIES_MAX];
        size_t n_directories;
        struct db_list epss, kev;
        struct db_release *releases; /* sorted by name */
        size_t n_releases, cap_releases;
};

void db_contents_encode(const struct db_contents *contents, struct buf *out);
/* Borrowed from the input. -EBADMSG, -ENOMEM. */
int db_contents_decode(struct str bytes, struct db_contents *ret, struct error *err) _must_check_;
void db_contents_done(struct db_contents *contents);

struct db;

/* Opens the database of this user; after hash_init(). -ENOENT: there is none yet; -EBADMSG: it is damaged; -ENOTSUP: a newer tallyman made it. */
int db_open(struct db **ret, struct error *err) _must_check_;
/* Opens one that is anywhere; takes `fd`. */
int db_open_file(int fd, struct db **ret, struct error *err) _must_check_;
/* Reads all of it: the digest must be right and every record readable. */
int db_verify(struct db *db, struct error *err) _must_check_;
struct db *db_free(struct db *db);
DEFINE_FREEP(struct db, db_free)

const struct db_contents *db_contents(const struct db *db);
uint64_t db_made_at(const struct db *db);
uint64_t db_size(const struct db *db);
struct str db_bytes(const struct db *db);
/* The name of the database's file in the state directory's folder, "db". */
#define DB_FOLDER "db"
#define DB_FILE "vulnerabilities.db"

/* A record in the database. */
struct db_record {
        uint32_t place;
        uint64_t listed;
        uint32_t directory;
        struct str bytes;
};

/* Walks over all records: *place is 0 at first. 1, 0 at the end, -EBADMSG where one is damaged (then the walk is over). */
int db_next_record(const struct db *db, uint64_t *place, struct db_record *ret, struct error *err) _must_check_;
/* Checks its checksum. False: there is none such, or it is damaged. */
bool db_record_at(const struct db *db, uint32_t place, struct db_record *ret);

/* The entries of a section with this key: how many, and the first's index. */
size_t db_find(const struct db *db, enum db_section section, uint64_t key, size_t *ret_first);
bool db_entry(const struct db *db, enum db_section section, size_t index, struct db_entry *ret);
size_t db_entries(const struct db *db, enum db_section section);

/* What a package's name leads to: the part of a record about a package. False: it is damaged, or about another package. */
bool db_affected(const struct db *db, const struct db_entry *entry, struct str ecosystem, struct str name, struct db_record *ret_record,
                 struct vuln_affected *ret);

struct db_score {
        double epss, percentile; /* negative: there is none */
        bool known_exploited, ransomware;
        uint32_t kev_added, kev_due; /* YYYYMMDD */
};
/* What is known of this identifier beside its records. */
void db_score(const struct db *db, struct str id, struct db_score *ret);

#endif
