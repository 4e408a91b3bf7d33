/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's databases, told apart by what they hold, and what is common to them. */
#include <errno.h>
#include <inttypes.h>

#include "inventory/detectors.h"
#include "inventory/rpm.h"
#include "inventory/rpm_header.h"

#define DATABASE_MAX (4ull << 30)

int rpm_database_damaged(struct rpm_database *db, uint64_t number, const struct error *why, struct error *err)
{
        record_problem(db->sink, "package %" PRIu64 " was left out: %s", number, why->message);
        if (++db->damaged < RPM_DAMAGED_MAX)
                return 0;
        return error_say(err, -E2BIG, "%u packages are damaged: no more are read", RPM_DAMAGED_MAX);
}

static int emit_paths(struct rpm_database *db, const struct rpm_header *h, const struct package *p, struct error *err)
{
        _cleanup_(rpm_paths_done) struct rpm_paths paths = { 0 };
        struct error why = ERROR_INIT;
        int r = rpm_header_paths(h, RPM_ALL_PATHS_MAX - db->path_bytes, &paths, &why);

        if (r < 0) {
                record_problem(db->sink, "the list of files of %.*s was left out: %s", STR_SHOWN(p->key), why.message);
                return 0;
        }
        db->path_bytes += paths.text.len;
        return paths.n ? record_owned(db->sink, p->key, paths.paths, paths.n, err) : 0;
}

int rpm_database_header(struct rpm_database *db, uint64_t number, struct str blob, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error why = ERROR_INIT;
        struct rpm_header header;
        struct str license;
        struct package p;
        int r;

        if (blob.n > db->content->size - db->header_bytes)
                return error_say(err, -EBADMSG, "its packages are larger than itself: parts of it are used twice");
        db->header_bytes += blob.n;
        r = rpm_header_parse(blob, &header, &why);
        if (r == 0 && rpm_header_is_key(&header))
                return 0;
        if (r == 0)
                r = rpm_header_package(&header, &text, &license, &p, &why);
        if (r < 0)
                return rpm_database_damaged(db, number, &why, err);
        r = record_package(db->sink, &p, err);
        return r < 0 ? r : emit_paths(db, &header, &p, err);
}

/* ---- the detector ---- */

#define HEAD_SIZE 16
#define BDB_HASH_MAGIC 0x061561u
#define BDB_MAGIC_AT 12

static int read_database(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct rpm_database db = { .content = file->content, .sink = sink };
        uint8_t head[HEAD_SIZE];
        int r;

        if (file->content->size == 0)
                return error_say(err, -EBADMSG, "the package database is empty");
        r = content_read(file->content, 0, head, sizeof(head), err);
        if (r < 0)
                return r;
        if (memcmp(head, "SQLite format 3", 16) == 0)
                return rpm_read_sqlite(&db, err);
        if (memcmp(head, "RpmP", 4) == 0)
                return rpm_read_ndb(&db, err);
        if (rpm_le32(head + BDB_MAGIC_AT) == BDB_HASH_MAGIC || rpm_be32(head + BDB_MAGIC_AT) == BDB_HASH_MAGIC)
                return rpm_read_bdb(&db, err);
        return error_say(err, -ENOTSUP, "not a package database of rpm that is known here (SQLite, NDB, Berkeley DB hash)");
}

#define IN_EACH_FOLDER(name) \
        { PATTERN_PATH, "var/lib/rpm/" name, NULL }, { PATTERN_PATH, "usr/lib/sysimage/rpm/" name, NULL }, \
        { PATTERN_PATH, "usr/share/rpm/" name, NULL }

static const struct pattern database_patterns[] = {
        IN_EACH_FOLDER("rpmdb.sqlite"),
        IN_EACH_FOLDER("Packages.db"),
        IN_EACH_FOLDER("Packages"),
};

const struct detector rpm_detector = {
        .name = "rpm",
        .version = 1,
        .patterns = database_patterns,
        .n_patterns = ELEMENTS_OF(database_patterns),
        .max_size = DATABASE_MAX,
        .read = read_database,
};

/* ---- what rpm had not yet merged into rpmdb.sqlite when it was stopped ---- */

#define WAL_HEADER_SIZE 32 /* https://www.sqlite.org/fileformat2.html#walformat; rpm empties the file when it ends */

static int read_wal(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        if (file->content->size > WAL_HEADER_SIZE)
                record_problem(sink, "changes in %" PRIu64 " bytes are not yet merged into rpmdb.sqlite: packages that they "
                               "add, change or remove are not seen", file->content->size - WAL_HEADER_SIZE);
        return 0;
}

static const struct pattern wal_patterns[] = { IN_EACH_FOLDER("rpmdb.sqlite-wal") };

const struct detector rpm_wal_detector = {
        .name = "rpm-wal",
        .version = 1,
        .patterns = wal_patterns,
        .n_patterns = ELEMENTS_OF(wal_patterns),
        .max_size = UINT64_MAX,
        .read = read_wal,
};
