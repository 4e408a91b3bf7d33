/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/names.h"
#include "vuln/db_build.h"
#include "vuln/sorter.h"

#define WRITE_BYTES (256u << 10)

struct release {
        struct str name; /* first: see names.h */
        uint32_t n;
};

struct db_build {
        int fd;
        struct buf out;   /* not written yet */
        uint64_t at;      /* bytes of the file, with those */
        struct hash *hash;
        struct sorter *sorters[DB_SECTIONS];
        struct db_contents contents;
        struct arena *arena; /* names of releases */
        struct names releases;
        size_t n_releases;
        struct release *last; /* the same comes many times in a row */
        uint64_t offsets[DB_SECTIONS + 1], ends[DB_SECTIONS];
};

int db_build_new(int fd, int dir, struct db_build **ret, struct error *err)
{
        _cleanup_(db_build_freep) struct db_build *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return error_oom(err);
        b->fd = fd;
        b->at = DB_HEADER_SIZE;
        b->offsets[DB_RECORDS] = DB_HEADER_SIZE;
        b->arena = arena_new();
        if (!b->arena)
                return error_oom(err);
        r = hash_new(DIGEST_SHA256, &b->hash, err);
        for (size_t i = DB_PACKAGES; r == 0 && i <= DB_KEV; i++)
                r = sorter_new(dir, &b->sorters[i], err);
        if (r < 0)
                return r;
        if (lseek(fd, DB_HEADER_SIZE, SEEK_SET) < 0)
                return error_set(err, -errno, "write the database");
        *ret = TAKE_PTR(b);
        return 0;
}

struct db_build *db_build_free(struct db_build *b)
{
        if (!b)
                return NULL;
        for (size_t i = 0; i < DB_SECTIONS; i++)
                sorter_free(b->sorters[i]);
        hash_free(b->hash);
        names_done(&b->releases);
        arena_free(b->arena);
        db_contents_done(&b->contents);
        buf_free(&b->out);
        free(b);
        return NULL;
}

struct db_contents *db_build_contents(struct db_build *build)
{
        return &build->contents;
}

static int flush(struct db_build *b, struct error *err)
{
        int r;

        if (!buf_ok(&b->out))
                return error_oom(err);
        hash_update(b->hash, b->out.data, b->out.len);
        r = file_write(b->fd, b->out.data, b->out.len, err);
        buf_clear(&b->out);
        return r < 0 ? error_wrap(err, "write the database") : 0;
}

static int append(struct db_build *b, const void *data, size_t n, struct error *err)
{
        buf_add(&b->out, data, n);
        b->at += n;
        return b->out.len >= WRITE_BYTES ? flush(b, err) : 0;
}

static int pad(struct db_build *b, struct error *err)
{
        static const uint8_t zeros[8];

        return append(b, zeros, (size_t)((8 - b->at % 8) % 8), err);
}

/* ---- records ---- */

static int count_release(struct db_build *b, struct str name, struct error *err)
{
        struct release *release = b->last && str_equal(b->last->name, name) ? b->last : names_find(&b->releases, name);

        if (!release) {
                if (b->n_releases == DB_RELEASES_MAX)
                        return 0; /* such a database is no honest one; what is not counted is told as "no data" */
                release = arena_alloc(b->arena, sizeof(*release));
                if (!release)
                        return error_oom(err);
                release->name = (struct str){ arena_string(b->arena, name.p, name.n), name.n };
                if (!release->name.p || names_put(&b->releases, &release->name) < 0)
                        return error_oom(err);
                if (mem_grow(&b->contents.releases, &b->contents.cap_releases, b->n_releases + 1, sizeof(*b->contents.releases)) < 0)
                        return error_oom(err);
                b->contents.releases[b->n_releases++] = (struct db_release){ release->name, 0 };
        }
        release->n++;
        b->last = release;
        return 0;
}

static int index_binaries(struct db_build *b, const struct vuln_affected *a, struct db_entry entry, struct error *err)
{
        struct record_reader reader = a->binaries.reader;
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < a->binaries.n; i++) {
                struct str name = record_get_text(&reader);

                record_get_text(&reader);
                entry.key = db_hash_package(a->ecosystem, name);
                r = sorter_add(b->sorters[DB_PACKAGES], entry, err);
        }
        return r;
}

static int index_affected(struct db_build *b, const struct vuln_record *record, struct str bytes, uint32_t place, struct error *err)
{
        struct record_reader reader = record->affected.reader;
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < record->affected.n; i++) {
                struct db_entry entry = { .a = place, .b = (uint32_t)(reader.p - (const uint8_t *)bytes.p) };
                struct vuln_affected a;

                if (!record_next_affected(&reader, &a))
                        return error_say(err, -EBADMSG, "a record is damaged");
                entry.key = db_hash_package(a.ecosystem, a.name);
                r = sorter_add(b->sorters[DB_PACKAGES], entry, err);
                if (r == 0)
                        r = index_binaries(b, &a, entry, err);
                if (r == 0)
                        r = count_release(b, a.ecosystem, err);
        }
        return r;
}

static int index_ids(struct db_build *b, struct vuln_list list, uint32_t place, enum db_id_kind kind, struct error *err)
{
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < list.n; i++)
                r = sorter_add(b->sorters[DB_IDS], (struct db_entry){ db_hash_id(record_get_text(&list.reader)), place, kind }, err);
        return r;
}

static int index_record(struct db_build *b, const struct vuln_record *record, struct str bytes, uint32_t place, struct error *err)
{
        int r = sorter_add(b->sorters[DB_IDS], (struct db_entry){ db_hash_id(record->id), place, DB_ID_OWN }, err);

        if (r == 0)
                r = index_ids(b, record->aliases, place, DB_ID_ALIAS, err);
        if (r == 0)
                r = index_ids(b, record->upstream, place, DB_ID_UPSTREAM, err);
        if (r == 0)
                r = index_ids(b, record->related, place, DB_ID_RELATED, err);
        if (r == 0 && !(record->flags & RECORD_NOT_MATCHED))
                r = index_affected(b, record, bytes, place, err);
        return r;
}

static void count_record(struct db_directory *d, const struct vuln_record *record)
{
        d->records++;
        d->withdrawn += record->flags & RECORD_WITHDRAWN ? 1 : 0;
        d->left_out += record->flags & RECORD_LEFT_OUT ? 1 : 0;
        d->bad += record->flags & RECORD_BAD ? 1 : 0;
        d->odd_versions += record->flags & RECORD_ODD_VERSION ? 1 : 0;
        d->odd_ranges += record->flags & RECORD_ODD_RANGE ? 1 : 0;
        d->no_ranges += record->flags & RECORD_NO_RANGE ? 1 : 0;
        d->newest = MAX_OF(d->newest, record->modified);
}

static void put_u32(uint8_t *p, uint32_t v)
{
        v = htole32(v);
        memcpy(p, &v, sizeof(v));
}

static void put_u64(uint8_t *p, uint64_t v)
{
        v = htole64(v);
        memcpy(p, &v, sizeof(v));
}

int db_build_record(struct db_build *b, uint32_t directory, uint64_t listed, struct str bytes, struct error *err)
{
        uint8_t header[DB_RECORD_HEADER] = { 0 };
        uint64_t place = (b->at - DB_HEADER_SIZE) / 8;
        struct vuln_record record;
        int r;

        if (bytes.n > RECORD_BYTES_MAX || directory >= b->contents.n_directories || !record_decode(bytes, &record))
                return error_say(err, -EBADMSG, "a record is damaged");
        if (place > UINT32_MAX - RECORD_BYTES_MAX)
                return error_say(err, -E2BIG, "a database of more than 32 GiB");
        put_u32(header, (uint32_t)bytes.n);
        put_u64(header + 8, listed);
        put_u32(header + 16, directory);
        put_u32(header + 4, checksum_crc32c(checksum_crc32c(0, header + 8, sizeof(header) - 8), bytes.p, bytes.n));
        r = append(b, header, sizeof(header), err);
        if (r == 0)
                r = append(b, bytes.p, bytes.n, err);
        if (r == 0)
                r = pad(b, err);
        if (r == 0)
                r = index_record(b, &record, bytes, (uint32_t)place, err);
        if (r == 0)
                count_record(&b->contents.directories[directory], &record);
        return r;
}

int db_build_entry(struct db_build *b, enum db_section section, struct db_entry entry, struct error *err)
{
        return sorter_add(b->sorters[section], entry, err);
}

/* ---- the end ---- */

static int write_entries(struct db_build *b, enum db_section section, struct error *err)
{
        struct db_entry entry;
        int r = sorter_begin(b->sorters[section], err);

        b->offsets[section] = b->at;
        while (r == 0 && (r = sorter_next(b->sorters[section], &entry, err)) > 0) {
                uint8_t bytes[DB_ENTRY_SIZE];

                put_u64(bytes, entry.key);
                put_u32(bytes + 8, entry.a);
                put_u32(bytes + 12, entry.b);
                r = append(b, bytes, sizeof(bytes), err);
        }
        b->ends[section] = b->at;
        b->sorters[section] = sorter_free(b->sorters[section]);
        return r;
}

static int compare_releases(const void *a, const void *b)
{
        const struct db_release *x = a, *y = b;

        return str_compare(x->name, y->name);
}

static int write_contents(struct db_build *b, struct error *err)
{
        _cleanup_(buf_free) struct buf out = { 0 };
        int r;

        for (size_t i = 0; i < b->n_releases; i++) {
                const struct release *release = names_find(&b->releases, b->contents.releases[i].name);

                b->contents.releases[i].n = release ? release->n : 0;
        }
        b->contents.n_releases = b->n_releases;
        mem_sort(b->contents.releases, b->n_releases, sizeof(*b->contents.releases), compare_releases);
        db_contents_encode(&b->contents, &out);
        if (!buf_ok(&out))
                return error_oom(err);
        b->offsets[DB_CONTENTS] = b->at;
        r = append(b, out.data, out.len, err);
        b->ends[DB_CONTENTS] = b->at;
        return r < 0 ? r : flush(b, err);
}

static int write_header(struct db_build *b, uint64_t now, struct error *err)
{
        uint8_t header[DB_HEADER_SIZE] = DB_MAGIC;
        struct digest digest;

        put_u32(header + 8, DB_VERSION);
        put_u64(header + 16, b->at);
        put_u64(header + 24, now);
        hash_finish(b->hash, &digest);
        memcpy(header + 32, digest.bytes, SHA256_SIZE);
        for (size_t i = 0; i < DB_SECTIONS; i++) {
                put_u64(header + 64 + 16 * i, b->offsets[i]);
                put_u64(header + 72 + 16 * i, b->ends[i] - b->offsets[i]);
        }
        put_u32(header + 12, checksum_crc32c(0, header, sizeof(header)));
        if (lseek(b->fd, 0, SEEK_SET) < 0)
                return error_set(err, -errno, "write the database");
        return file_write(b->fd, header, sizeof(header), err);
}

int db_build_finish(struct db_build *b, uint64_t now, struct error *err)
{
        int r = 0;

        b->ends[DB_RECORDS] = b->at;
        for (size_t i = DB_PACKAGES; r == 0 && i <= DB_KEV; i++)
                r = write_entries(b, (enum db_section)i, err);
        if (r == 0)
                r = write_contents(b, err);
        if (r == 0)
                r = write_header(b, now, err);
        if (r == 0 && fsync(b->fd) < 0)
                r = error_set(err, -errno, "write the database");
        return r;
}
