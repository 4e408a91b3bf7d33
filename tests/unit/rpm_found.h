/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of rpm's databases: the same packages in each format, and what reading one found. */
#ifndef TALLYMAN_TESTS_RPM_FOUND_H
#define TALLYMAN_TESTS_RPM_FOUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/detectors.h"
#include "rpm_files.h"
#include "sink.h"

#define PATH "var/lib/rpm/Packages"
#define assert_str(s, text) assert_true(str_equals(s, text))

/* What the last read_database() found. */
static struct sink found;
static struct error err;

static inline int read_database(const struct buf *bytes)
{
        sink_done(&found);
        found = (struct sink){ 0 };
        err = (struct error)ERROR_INIT;
        return sink_run(&found, &rpm_detector, PATH, buf_str(bytes), &err);
}

static inline unsigned packages(void)
{
        unsigned n = 0;

        for (size_t i = 0; i < found.n; i++)
                n += found.records[i].kind == RECORD_PACKAGE;
        return n;
}

static inline void assert_problem(const char *part)
{
        if (found.n_problems == 0 || !strstr(found.problem, part))
                fail_msg("'%s' is not in: %s", part, found.problem);
}

static inline void assert_error(const char *part)
{
        if (!strstr(err.message, part))
                fail_msg("'%s' is not in: %s", part, err.message);
}

/* Three packages: a small one, one over several pages, a keyring's key between them. */
static inline void add_to(void (*add)(void *ctx, uint32_t number, struct str header), void *ctx)
{
        _cleanup_(buf_free) struct buf small = { 0 }, large = { 0 }, key = { 0 };
        struct rpm_writer w = { 0 };

        rpm_simple(&small, "small", 0);
        rpm_simple(&large, "large", 5000);
        rpm_put_string(&w, 1000, "gpg-pubkey");
        rpm_put_string(&w, 1001, "1");
        rpm_put_string(&w, 1002, "1");
        rpm_end(&w, &key);
        add(ctx, 1, buf_str(&small));
        add(ctx, 2, buf_str(&key));
        add(ctx, 3, buf_str(&large));
}

static inline void assert_all_there(void)
{
        assert_int_equal(found.n_problems, 0);
        assert_int_equal(found.n, 4);
        assert_str(sink_package(&found, 0).name, "small");
        assert_str(sink_package(&found, 0).version, "1-1");
        assert_int_equal(found.records[1].kind, RECORD_OWNED);
        assert_str(sink_package(&found, 2).name, "large");
        struct record_list list;
        struct str key;
        assert_int_equal(record_owned_decode(found.records[3].payload, &key, &list), 0);
        assert_str(key, "large-1-1.noarch");
        assert_int_equal(list.n, 2);
        record_list_next(&list);
        assert_str(record_list_next(&list), "/usr/b");
}

static inline void append(struct buf *out, const struct buf *data)
{
        buf_add_str(out, buf_str(data));
}

static inline void add_ndb(void *ctx, uint32_t number, struct str header)
{
        ndb_add(ctx, number, header);
}

static inline void make_ndb(struct buf *out)
{
        ndb_begin(out);
        add_to(add_ndb, out);
}

struct bdb_on_page {
        struct bdb_writer w;
        uint32_t page;
};

/* Small ones in the page itself, others on pages of their own; a hash page each. */
static inline void add_bdb(void *ctx, uint32_t number, struct str header)
{
        struct bdb_on_page *b = ctx;

        b->page = bdb_new_page(&b->w, number % 2 ? 13 : 2);
        if (header.n < 300)
                bdb_add_here(&b->w, b->page, number, header);
        else
                bdb_add_off_page(&b->w, b->page, number, header);
}

static inline void make_bdb(struct bdb_on_page *b, bool big_endian, uint32_t page_size)
{
        *b = (struct bdb_on_page){ 0 };
        bdb_begin(&b->w, big_endian, page_size);
        b->page = bdb_new_page(&b->w, 13);
        bdb_add_here(&b->w, b->page, 0, STR_LIT("\4\0\0\0")); /* what rpm keeps under 0 is no package */
        add_to(add_bdb, b);
}

static inline void add_sqlite(void *ctx, uint32_t number, struct str header)
{
        sqlite_add(ctx, number, header);
}

static inline void make_sqlite(struct buf *out)
{
        sqlite3 *db = sqlite_begin(SQLITE_RPM_SCHEMA);

        add_to(add_sqlite, db);
        sqlite_end(db, out);
}

static inline void make(int format, struct buf *out)
{
        struct bdb_on_page b;

        if (format == 0) {
                make_sqlite(out);
        } else if (format == 1) {
                make_ndb(out);
        } else {
                make_bdb(&b, format == 3, 512);
                append(out, &b.w.out);
                buf_free(&b.w.out);
        }
}

static inline int found_done(void **state)
{
        sink_done(&found);
        return 0;
}

#endif
