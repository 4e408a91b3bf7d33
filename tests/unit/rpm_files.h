/* SPDX-License-Identifier: Apache-2.0 */
/* Small writers of rpm's headers and databases, for tests. What they write is valid; tests damage it. */
#ifndef TALLYMAN_TESTS_RPM_FILES_H
#define TALLYMAN_TESTS_RPM_FILES_H

#include <sqlite3.h>

#include "base/str.h"

enum {
        T_CHAR = 1,
        T_INT32 = 4,
        T_STRING = 6,
        T_BIN = 7,
        T_STRING_ARRAY = 8,
        T_I18N = 9,
};

static inline void put_int(struct buf *out, uint64_t v, size_t n, bool big_endian)
{
        for (size_t i = 0; i < n; i++)
                buf_putc(out, (char)(v >> 8 * (big_endian ? n - 1 - i : i)));
}

static inline void set_int(void *at, uint64_t v, size_t n, bool big_endian)
{
        for (size_t i = 0; i < n; i++)
                ((uint8_t *)at)[i] = (uint8_t)(v >> 8 * (big_endian ? n - 1 - i : i));
}

/* ---- headers ---- */

struct rpm_writer {
        struct buf index, data;
        uint32_t n;
};

static inline void rpm_put(struct rpm_writer *w, uint32_t tag, uint32_t type, uint32_t count, const void *data, size_t n)
{
        while (type == T_INT32 && w->data.len % 4)
                buf_putc(&w->data, 0);
        put_int(&w->index, tag, 4, true);
        put_int(&w->index, type, 4, true);
        put_int(&w->index, w->data.len, 4, true);
        put_int(&w->index, count, 4, true);
        buf_add(&w->data, data, n);
        w->n++;
}

static inline void rpm_put_string(struct rpm_writer *w, uint32_t tag, const char *text)
{
        rpm_put(w, tag, T_STRING, 1, text, strlen(text) + 1);
}

/* Strings separated by '|'. */
static inline void rpm_put_strings(struct rpm_writer *w, uint32_t tag, const char *text)
{
        _cleanup_(buf_free) struct buf all = { 0 };
        uint32_t n = 1;

        buf_add(&all, text, strlen(text) + 1);
        for (size_t i = 0; i + 1 < all.len; i++)
                if (all.data[i] == '|') {
                        all.data[i] = 0;
                        n++;
                }
        rpm_put(w, tag, T_STRING_ARRAY, n, all.data, all.len);
}

static inline void rpm_put_numbers(struct rpm_writer *w, uint32_t tag, const uint32_t *numbers, uint32_t n)
{
        _cleanup_(buf_free) struct buf all = { 0 };

        for (uint32_t i = 0; i < n; i++)
                put_int(&all, numbers[i], 4, true);
        rpm_put(w, tag, T_INT32, n, all.data, all.len);
}

static inline void rpm_end(struct rpm_writer *w, struct buf *out)
{
        put_int(out, w->n, 4, true);
        put_int(out, w->data.len, 4, true);
        buf_add_str(out, buf_str(&w->index));
        buf_add_str(out, buf_str(&w->data));
        buf_free(&w->index);
        buf_free(&w->data);
        *w = (struct rpm_writer){ 0 };
}

/* A package of version 1-1 with two files and a description of `extra` bytes. */
static inline void rpm_simple(struct buf *out, const char *name, size_t extra)
{
        static const uint32_t dirs[] = { 0, 0 };
        struct rpm_writer w = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };

        for (size_t i = 0; i < extra; i++)
                buf_putc(&text, (char)('a' + i % 26));
        rpm_put_string(&w, 1000, name);
        rpm_put_string(&w, 1001, "1");
        rpm_put_string(&w, 1002, "1");
        rpm_put(&w, 1005, T_I18N, 1, text.data ? text.data : "", text.len + 1);
        rpm_put_string(&w, 1022, "noarch");
        rpm_put_numbers(&w, 1116, dirs, 2);
        rpm_put_strings(&w, 1117, "a|b");
        rpm_put_strings(&w, 1118, "/usr/");
        rpm_end(&w, out);
}

/* ---- NDB ---- */

static inline uint32_t test_adler32(const char *p, size_t n)
{
        uint32_t a = 1, b = 0;

        for (size_t i = 0; i < n; i++) {
                a = (a + (uint8_t)p[i]) % 65521;
                b = (b + a) % 65521;
        }
        return b << 16 | a;
}

static inline void ndb_begin(struct buf *out)
{
        buf_puts(out, "RpmP");
        put_int(out, 0, 4, false);
        put_int(out, 1, 4, false);
        put_int(out, 1, 4, false);
        while (out->len < 4096) {
                buf_puts(out, out->len < 32 ? "" : "Slot");
                put_int(out, 0, 4, false);
                put_int(out, 0, 8, false);
                if (out->len < 32)
                        put_int(out, 0, 4, false);
        }
}

/* Package `number` (from 1) goes to the slot of its number. */
static inline void ndb_add(struct buf *out, uint32_t number, struct str header)
{
        size_t start = out->len, slot = (number + 1) * 16;

        buf_puts(out, "BlbS");
        put_int(out, number, 4, false);
        put_int(out, 1, 4, false);
        put_int(out, header.n, 4, false);
        buf_add_str(out, header);
        while ((out->len + 12) % 16)
                buf_putc(out, 0);
        put_int(out, test_adler32(out->data + start, out->len - start), 4, false);
        put_int(out, header.n, 4, false);
        buf_puts(out, "BlbE");
        set_int(out->data + slot + 4, number, 4, false);
        set_int(out->data + slot + 8, start / 16, 4, false);
        set_int(out->data + slot + 12, (out->len - start) / 16, 4, false);
}

/* ---- Berkeley DB hash ---- */

struct bdb_writer {
        struct buf out;
        bool big_endian;
        uint32_t page_size;
};

static inline char *bdb_page(struct bdb_writer *w, uint32_t number)
{
        return w->out.data + (size_t)number * w->page_size;
}

static inline void bdb_set(struct bdb_writer *w, uint32_t page, size_t at, uint64_t v, size_t n)
{
        set_int(bdb_page(w, page) + at, v, n, w->big_endian);
}

/* Appends a page of zeros but for its number and type. */
static inline uint32_t bdb_new_page(struct bdb_writer *w, uint8_t type)
{
        uint32_t number = (uint32_t)(w->out.len / w->page_size);

        for (uint32_t i = 0; i < w->page_size; i++)
                buf_putc(&w->out, 0);
        bdb_set(w, number, 8, number, 4);
        bdb_page(w, number)[25] = (char)type;
        bdb_set(w, 0, 32, number, 4); /* the last page, as page 0 knows it */
        return number;
}

static inline void bdb_begin(struct bdb_writer *w, bool big_endian, uint32_t page_size)
{
        *w = (struct bdb_writer){ .big_endian = big_endian, .page_size = page_size };
        bdb_new_page(w, 8);
        bdb_set(w, 0, 12, 0x061561, 4);
        bdb_set(w, 0, 16, 9, 4);
        bdb_set(w, 0, 20, page_size, 4);
}

/* Adds an item to a hash page: `kind`, then `data`. */
static inline void bdb_item(struct bdb_writer *w, uint32_t page, uint8_t kind, const void *data, size_t n)
{
        char *p = bdb_page(w, page);
        bool be = w->big_endian;
        uint32_t entries = be ? (uint32_t)(uint8_t)p[20] << 8 | (uint8_t)p[21] : (uint32_t)(uint8_t)p[21] << 8 | (uint8_t)p[20];
        size_t last = 26 + 2 * ((size_t)entries - 1), end = w->page_size;

        if (entries)
                end = be ? (size_t)(uint8_t)p[last] << 8 | (uint8_t)p[last + 1]
                         : (size_t)(uint8_t)p[last + 1] << 8 | (uint8_t)p[last];
        p[end - n - 1] = (char)kind;
        memcpy(p + end - n, data, n);
        bdb_set(w, page, 26 + 2 * (size_t)entries, end - n - 1, 2);
        bdb_set(w, page, 20, entries + 1, 2);
}

static inline void bdb_key(struct bdb_writer *w, uint32_t page, uint32_t number)
{
        uint8_t key[4];

        set_int(key, number, 4, w->big_endian);
        bdb_item(w, page, 1, key, 4);
}

/* The value on overflow pages; returns the first of them. */
static inline uint32_t bdb_add_off_page(struct bdb_writer *w, uint32_t page, uint32_t number, struct str header)
{
        uint32_t first = 0, room = w->page_size - 26, before = 0;
        uint8_t item[11] = { 0 };

        for (size_t at = 0; at < header.n; at += room) {
                uint32_t p = bdb_new_page(w, 7), n = (uint32_t)MIN_OF(header.n - at, (size_t)room);

                memcpy(bdb_page(w, p) + 26, header.p + at, n);
                bdb_set(w, p, 20, 1, 2);
                bdb_set(w, p, 22, n, 2);
                if (before)
                        bdb_set(w, before, 16, p, 4);
                first = first ? first : p;
                before = p;
        }
        set_int(item + 3, first, 4, w->big_endian);
        set_int(item + 7, header.n, 4, w->big_endian);
        bdb_key(w, page, number);
        bdb_item(w, page, 3, item, sizeof(item));
        return first;
}

static inline void bdb_add_here(struct bdb_writer *w, uint32_t page, uint32_t number, struct str header)
{
        bdb_key(w, page, number);
        bdb_item(w, page, 1, header.p, header.n);
}

/* ---- SQLite ---- */

static inline sqlite3 *sqlite_begin(const char *schema)
{
        sqlite3 *db = NULL;

        if (sqlite3_open(":memory:", &db) != SQLITE_OK || sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK)
                abort();
        return db;
}

#define SQLITE_RPM_SCHEMA \
        "PRAGMA page_size = 1024; CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"

static inline void sqlite_add(sqlite3 *db, int64_t number, struct str header)
{
        sqlite3_stmt *stmt = NULL;

        sqlite3_prepare_v2(db, "INSERT INTO Packages VALUES (?1, ?2)", -1, &stmt, NULL);
        sqlite3_bind_int64(stmt, 1, number);
        sqlite3_bind_blob(stmt, 2, header.p, (int)header.n, SQLITE_STATIC);
        if (sqlite3_step(stmt) != SQLITE_DONE)
                abort();
        sqlite3_finalize(stmt);
}

/* One number that a query gives. */
static inline int64_t sqlite_number(sqlite3 *db, const char *query)
{
        sqlite3_stmt *stmt = NULL;
        int64_t n;

        sqlite3_prepare_v2(db, query, -1, &stmt, NULL);
        if (sqlite3_step(stmt) != SQLITE_ROW)
                abort();
        n = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        return n;
}

/* The bytes of the database, as a file would have them; closes it. */
static inline void sqlite_end(sqlite3 *db, struct buf *out)
{
        sqlite3_int64 n = 0;
        unsigned char *p = sqlite3_serialize(db, "main", &n, 0);

        if (!p)
                abort();
        buf_add(out, p, (size_t)n);
        sqlite3_free(p);
        sqlite3_close(db);
}

#endif
