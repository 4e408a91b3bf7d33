/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/state.h"
#include "vuln/db.h"

struct section {
        uint64_t offset, size;
};

struct db {
        const uint8_t *data;
        uint64_t size, made_at;
        struct section sections[DB_SECTIONS];
        struct db_contents contents;
};

static uint32_t get_u32(const uint8_t *p)
{
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return le32toh(v);
}

static uint64_t get_u64(const uint8_t *p)
{
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return le64toh(v);
}

/* ---- opening ---- */

static int check_header(struct db *db, struct error *err)
{
        uint8_t header[DB_HEADER_SIZE];

        if (db->size < DB_HEADER_SIZE || memcmp(db->data, DB_MAGIC, 8) != 0)
                return error_say(err, -EBADMSG, "it is no database of vulnerabilities");
        if (get_u32(db->data + 8) > DB_VERSION)
                return error_say(err, -ENOTSUP, "it has format %u, made by a newer tallyman (this one reads %u): update tallyman, or make "
                                 "the database anew with 'tallyman db update'", get_u32(db->data + 8), DB_VERSION);
        memcpy(header, db->data, sizeof(header));
        memset(header + 12, 0, 4);
        if (checksum_crc32c(0, header, sizeof(header)) != get_u32(db->data + 12) || get_u32(db->data + 8) != DB_VERSION)
                return error_say(err, -EBADMSG, "its header is damaged");
        if (get_u64(db->data + 16) != db->size)
                return error_say(err, -EBADMSG, "it has %" PRIu64 " bytes where %" PRIu64 " were written", db->size, get_u64(db->data + 16));
        db->made_at = get_u64(db->data + 24);
        for (size_t i = 0; i < DB_SECTIONS; i++) {
                struct section s = { get_u64(db->data + 64 + 16 * i), get_u64(db->data + 72 + 16 * i) };

                if (s.offset % 8 || s.offset < DB_HEADER_SIZE || s.offset > db->size || s.size > db->size - s.offset ||
                    (i != DB_RECORDS && i != DB_CONTENTS && s.size % DB_ENTRY_SIZE))
                        return error_say(err, -EBADMSG, "its header is damaged");
                db->sections[i] = s;
        }
        return 0;
}

int db_open_file(int fd, struct db **ret, struct error *err)
{
        _cleanup_close_ int file = fd;
        _cleanup_(db_freep) struct db *db = calloc(1, sizeof(*db));
        struct stat st;
        void *data;
        int r;

        if (!db)
                return error_oom(err);
        if (fstat(file, &st) < 0)
                return error_set(err, -errno, "look at the database");
        if (!S_ISREG(st.st_mode) || st.st_size < DB_HEADER_SIZE)
                return error_say(err, -EBADMSG, "it is no database of vulnerabilities");
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, file, 0);
        if (data == MAP_FAILED)
                return error_set(err, -errno, "map the database");
        db->data = data;
        db->size = (uint64_t)st.st_size;
        r = check_header(db, err);
        if (r < 0)
                return r;
        madvise(data, (size_t)db->size, MADV_RANDOM);
        r = db_contents_decode((struct str){ (const char *)db->data + db->sections[DB_CONTENTS].offset, db->sections[DB_CONTENTS].size },
                               &db->contents, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(db);
        return 0;
}

static const char none_yet[] = "there is no database of vulnerabilities yet: run 'tallyman db update', or 'tallyman db import'";

int db_open(struct db **ret, struct error *err)
{
        _cleanup_close_ int state = -EBADF, fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        int r = state_find(&path, &state, err);

        if (r < 0)
                return r == -ENOENT ? error_say(err, -ENOENT, "%s", none_yet) : r;
        fd = openat(state, DB_FOLDER "/" DB_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return error_say(err, -ENOENT, "%s", none_yet);
        if (fd < 0)
                return error_set(err, -errno, "open '%s/%s/%s'", path, DB_FOLDER, DB_FILE);
        if (!state_trusts(fd))
                return error_say(err, -EPERM, "'%s/%s/%s' is not used: others can write it or own it; remove it", path, DB_FOLDER, DB_FILE);
        r = db_open_file(TAKE_FD(fd), ret, err);
        return r < 0 ? error_wrap(err, "%s/%s/%s", path, DB_FOLDER, DB_FILE) : 0;
}

struct db *db_free(struct db *db)
{
        if (!db)
                return NULL;
        db_contents_done(&db->contents);
        if (db->data)
                munmap((void *)db->data, (size_t)db->size);
        free(db);
        return NULL;
}

const struct db_contents *db_contents(const struct db *db)
{
        return &db->contents;
}

uint64_t db_made_at(const struct db *db)
{
        return db->made_at;
}

uint64_t db_size(const struct db *db)
{
        return db->size;
}

struct str db_bytes(const struct db *db)
{
        return (struct str){ (const char *)db->data, db->size };
}

int db_verify(struct db *db, struct error *err)
{
        uint8_t digest[SHA256_SIZE];
        struct db_record record;
        struct vuln_record decoded;
        uint64_t place = 0;
        int r;

        hash_sha256(db->data + DB_HEADER_SIZE, db->size - DB_HEADER_SIZE, digest);
        if (memcmp(digest, db->data + 32, SHA256_SIZE) != 0)
                return error_say(err, -EBADMSG, "the database is damaged: its digest is not the one that was written");
        while ((r = db_next_record(db, &place, &record, err)) > 0)
                if (!record_decode(record.bytes, &decoded))
                        return error_say(err, -EBADMSG, "the database is damaged: a record can not be read");
        return r;
}

/* ---- records ---- */

static bool record_read(const struct db *db, uint64_t offset, struct db_record *ret)
{
        const struct section *s = &db->sections[DB_RECORDS];
        const uint8_t *p = db->data + s->offset + offset;
        uint32_t size;

        if (offset % 8 || offset > s->size || s->size - offset < DB_RECORD_HEADER)
                return false;
        size = get_u32(p);
        if (size > RECORD_BYTES_MAX || size > s->size - offset - DB_RECORD_HEADER)
                return false;
        if (checksum_crc32c(0, p + 8, DB_RECORD_HEADER - 8 + size) != get_u32(p + 4))
                return false;
        *ret = (struct db_record){
                .place = (uint32_t)(offset / 8), .listed = get_u64(p + 8), .directory = get_u32(p + 16),
                .bytes = { (const char *)p + DB_RECORD_HEADER, size },
        };
        return true;
}

bool db_record_at(const struct db *db, uint32_t place, struct db_record *ret)
{
        return record_read(db, (uint64_t)place * 8, ret);
}

int db_next_record(const struct db *db, uint64_t *place, struct db_record *ret, struct error *err)
{
        uint64_t offset = *place;

        if (offset >= db->sections[DB_RECORDS].size)
                return 0;
        if (!record_read(db, offset, ret))
                return error_say(err, -EBADMSG, "the database is damaged: a record's checksum is wrong");
        *place = offset + (DB_RECORD_HEADER + ret->bytes.n + 7) / 8 * 8;
        return 1;
}

/* ---- entries ---- */

size_t db_entries(const struct db *db, enum db_section section)
{
        return section == DB_RECORDS || section == DB_CONTENTS ? 0 : db->sections[section].size / DB_ENTRY_SIZE;
}

bool db_entry(const struct db *db, enum db_section section, size_t index, struct db_entry *ret)
{
        const uint8_t *p = db->data + db->sections[section].offset + index * DB_ENTRY_SIZE;

        if (index >= db_entries(db, section))
                return false;
        *ret = (struct db_entry){ get_u64(p), get_u32(p + 8), get_u32(p + 12) };
        return true;
}

static uint64_t key_at(const struct db *db, enum db_section section, size_t index)
{
        return get_u64(db->data + db->sections[section].offset + index * DB_ENTRY_SIZE);
}

size_t db_find(const struct db *db, enum db_section section, uint64_t key, size_t *ret_first)
{
        size_t low = 0, n = db_entries(db, section), high = n, end;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (key_at(db, section, middle) < key)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (end = low; end < n && key_at(db, section, end) == key; end++)
                ;
        *ret_first = low;
        return end - low;
}

bool db_affected(const struct db *db, const struct db_entry *entry, struct str ecosystem, struct str name, struct db_record *ret_record,
                 struct vuln_affected *ret)
{
        struct record_reader reader;

        if (!db_record_at(db, entry->a, ret_record) || entry->b >= ret_record->bytes.n)
                return false;
        reader = record_reader((struct str){ ret_record->bytes.p + entry->b, ret_record->bytes.n - entry->b });
        if (!record_next_affected(&reader, ret))
                return false;
        if (!str_equal(str_cut(&(struct str){ ecosystem.p, ecosystem.n }, ':'), str_cut(&(struct str){ ret->ecosystem.p, ret->ecosystem.n }, ':')))
                return false;
        return db_same_package(ecosystem, name, ret->name) || ret->binaries.n > 0;
}

void db_score(const struct db *db, struct str id, struct db_score *ret)
{
        uint64_t cve = db_cve(id);
        struct db_entry entry;
        size_t first;

        *ret = (struct db_score){ .epss = -1, .percentile = -1 };
        if (!cve)
                return;
        if (db_find(db, DB_EPSS, cve, &first) && db_entry(db, DB_EPSS, first, &entry)) {
                ret->epss = MIN_OF(entry.a, 100000u) / 100000.0;
                ret->percentile = MIN_OF(entry.b, 100000u) / 100000.0;
        }
        if (db_find(db, DB_KEV, cve, &first) && db_entry(db, DB_KEV, first, &entry)) {
                ret->known_exploited = true;
                ret->kev_added = entry.a;
                ret->kev_due = entry.b & ~DB_KEV_RANSOMWARE;
                ret->ransomware = entry.b & DB_KEV_RANSOMWARE;
        }
}
