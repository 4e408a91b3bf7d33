/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's databases in each format: what is in them, what damage does, and that reading them needs nothing but reading. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/sql.h"
#include "base/worker.h"
#include "inventory/detectors.h"
#include "rpm_files.h"
#include "sink.h"

#define PATH "var/lib/rpm/Packages"
#define assert_str(s, text) assert_true(str_equals(s, text))

/* What the last read_database() found. */
static struct sink found;
static struct error err;

static int read_database(const struct buf *bytes)
{
        sink_done(&found);
        found = (struct sink){ 0 };
        err = (struct error)ERROR_INIT;
        return sink_run(&found, &rpm_detector, PATH, buf_str(bytes), &err);
}

static unsigned packages(void)
{
        unsigned n = 0;

        for (size_t i = 0; i < found.n; i++)
                n += found.records[i].kind == RECORD_PACKAGE;
        return n;
}

static void assert_problem(const char *part)
{
        if (found.n_problems == 0 || !strstr(found.problem, part))
                fail_msg("'%s' is not in: %s", part, found.problem);
}

static void assert_error(const char *part)
{
        if (!strstr(err.message, part))
                fail_msg("'%s' is not in: %s", part, err.message);
}

/* Three packages: a small one, one over several pages, a keyring's key between them. */
static void add_to(void (*add)(void *ctx, uint32_t number, struct str header), void *ctx)
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

static void assert_all_there(void)
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

static void append(struct buf *out, const struct buf *data)
{
        buf_add_str(out, buf_str(data));
}

/* ---- NDB ---- */

static void add_ndb(void *ctx, uint32_t number, struct str header)
{
        ndb_add(ctx, number, header);
}

static void make_ndb(struct buf *out)
{
        ndb_begin(out);
        add_to(add_ndb, out);
}

static void test_ndb(void **state)
{
        _cleanup_(buf_free) struct buf db = { 0 };

        make_ndb(&db);
        assert_int_equal(read_database(&db), 0);
        assert_all_there();
}

static void test_ndb_damage(void **state)
{
        static const struct {
                size_t at;
                uint64_t value;
                const char *message;
        } cases[] = {
                { 4096, 0, "package 1 was left out: there is no blob at block 256" },
                { 4096 + 4, 9, "package 1 was left out: the blob at block 256 is of package 9" },
                { 4096 + 12, 1u << 31, "a header of 2147483648 bytes in a blob" },
                { 4096 + 64, 7, "package 1 was left out: its checksum is wrong" },
                { 32, 7, "slot 2 is damaged" },
                { 32 + 8, 0xffffffff, "it ends at byte" },
                { 32 + 12, 0xffffffff, "a header of 68719476720 bytes" },
                { 32 + 12, 1, "a blob of 16 bytes" },
                { 32 + 12, 2, "there is no blob" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(buf_free) struct buf db = { 0 };

                make_ndb(&db);
                set_int(db.data + cases[i].at, cases[i].value, 4, false);
                assert_int_equal(read_database(&db), 0);
                assert_int_equal(packages(), 1); /* the other one */
                assert_int_equal(found.n_problems, 1);
                assert_problem(cases[i].message);
        }
}

static void test_ndb_that_can_not_be_read(void **state)
{
        _cleanup_(buf_free) struct buf db = { 0 };

        make_ndb(&db);
        set_int(db.data + 4, 1, 4, false);
        assert_int_equal(read_database(&db), -ENOTSUP);
        assert_error("NDB format 1");
        set_int(db.data + 4, 0, 4, false);
        set_int(db.data + 12, 0xffffffff, 4, false); /* the blobs are taken for slots, then the file ends */
        assert_true(read_database(&db) < 0);
        assert_true(found.n_problems > 0);
        db.len = 5000;
        set_int(db.data + 12, 1, 4, false);
        assert_int_equal(read_database(&db), 0);
        assert_int_equal(packages(), 1);
        assert_problem("it ends at byte 5000");
        db.len = 4000;
        assert_int_equal(read_database(&db), -EBADMSG);
}

/* ---- Berkeley DB ---- */

struct bdb_on_page {
        struct bdb_writer w;
        uint32_t page;
};

/* Small ones in the page itself, others on pages of their own; a hash page each. */
static void add_bdb(void *ctx, uint32_t number, struct str header)
{
        struct bdb_on_page *b = ctx;

        b->page = bdb_new_page(&b->w, number % 2 ? 13 : 2);
        if (header.n < 300)
                bdb_add_here(&b->w, b->page, number, header);
        else
                bdb_add_off_page(&b->w, b->page, number, header);
}

static void make_bdb(struct bdb_on_page *b, bool big_endian, uint32_t page_size)
{
        *b = (struct bdb_on_page){ 0 };
        bdb_begin(&b->w, big_endian, page_size);
        b->page = bdb_new_page(&b->w, 13);
        bdb_add_here(&b->w, b->page, 0, STR_LIT("\4\0\0\0")); /* what rpm keeps under 0 is no package */
        add_to(add_bdb, b);
}

static void test_bdb(void **state)
{
        static const uint32_t sizes[] = { 512, 4096, 65536 };

        for (size_t i = 0; i < 2 * ELEMENTS_OF(sizes); i++) {
                struct bdb_on_page b;

                make_bdb(&b, i % 2, sizes[i / 2]);
                assert_int_equal(read_database(&b.w.out), 0);
                assert_all_there();
                buf_free(&b.w.out);
        }
}

/* Pages of the file of make_bdb() at 512 bytes: 2 "small", 3 the key, 4 "large", 5… its overflow pages. */
static void damage_bdb(uint32_t page, size_t at, uint64_t value, size_t n, bool big_endian)
{
        struct bdb_on_page b;

        make_bdb(&b, big_endian, 512);
        bdb_set(&b.w, page, at, value, n);
        read_database(&b.w.out);
        buf_free(&b.w.out);
}

static void test_bdb_damage(void **state)
{
        static const struct {
                uint32_t page;
                size_t at, n;
                uint64_t value;
                const char *message;
        } cases[] = {
                { 8, 16, 4, 5, "lead back to page" },
                { 5, 16, 4, 5, "lead back to page 5" },
                { 6, 16, 4, 0, "its value ends after 972 of " },
                { 6, 16, 4, 1000, "goes on at page 1000 of" },
                { 6, 16, 4, 2, "page 2 does not go on" },
                { 6, 8, 4, 7, "page 6 says that it is page 7" },
                { 6, 22, 2, 0, "page 6 does not go on" },
                { 6, 22, 2, 487, "page 6 does not go on" },
                { 4, 20, 2, 3, "the packages of page 4 were left out: it has 3 items" },
                { 4, 20, 2, 0xfffe, "the packages of page 4 were left out: it has 65534 items" },
                { 4, 26, 2, 20, "item 0 of 2 is not inside its page" },
                { 4, 26, 2, 512, "item 0 of 2 is not inside its page" },
                { 4, 28, 2, 511, "item 1 of 2 is not inside its page" },
                { 4, 8, 4, 3, "page 4 says that it is page 3" },
        };

        for (size_t i = 0; i < 2 * ELEMENTS_OF(cases); i++) {
                size_t c = i / 2;

                damage_bdb(cases[c].page, cases[c].at, cases[c].value, cases[c].n, i % 2);
                assert_problem(cases[c].message);
                assert_int_equal(err.code, 0);
                assert_int_equal(packages(), 1);
                assert_int_equal(found.n_problems, 1);
        }
}

/* The item of "large" in page 4 (its kind, its first page, its length), and its key. */
static void test_bdb_damaged_items(void **state)
{
        static const struct {
                size_t from_end, n;
                uint64_t value;
                const char *message;
        } cases[] = {
                { 17, 1, 2, "package 3 was left out: one key has several values" },
                { 17, 1, 4, "one key has several values" },
                { 17, 1, 77, "an item of unknown kind 77" },
                { 17, 1, 1, "package 3 was left out: " }, /* the reference taken for a header */
                { 9, 4, 0x7fffffff, "a header of 2147483647 bytes" },
                { 9, 4, 33000000, "its value ends after " },
                { 9, 4, 100, "does not go on" },
                { 13, 4, 0, "its value ends after 0 of" },
                { 5, 1, 3, "its key is not the number of a package" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                damage_bdb(4, 512 - cases[i].from_end, cases[i].value, cases[i].n, false);
                assert_int_equal(packages(), 1);
                assert_problem(cases[i].message);
        }
}

static void test_bdb_that_can_not_be_read(void **state)
{
        struct bdb_on_page b;

        damage_bdb(0, 24, 1, 1, false);
        assert_error("encrypted");
        damage_bdb(0, 25, 9, 1, false);
        assert_error("a Berkeley DB of type 9");
        damage_bdb(0, 20, 1000, 4, false);
        assert_error("pages of 1000 bytes");
        damage_bdb(0, 20, 1u << 31, 4, true);
        assert_error("pages of 2147483648 bytes");
        damage_bdb(0, 32, 0xffffffff, 4, false);
        assert_int_equal(packages(), 2);
        assert_error("more are missing");
        make_bdb(&b, false, 512);
        b.w.out.len = 5 * 512;
        assert_int_equal(read_database(&b.w.out), -EBADMSG);
        assert_int_equal(packages(), 1);
        assert_problem("goes on at page 5 of 5");
        buf_free(&b.w.out);
}

/* Many keys share one long chain: each package would be read again for every key. */
static void test_bdb_shared_chain(void **state)
{
        _cleanup_(buf_free) struct buf header = { 0 };
        struct bdb_writer w;
        uint8_t item[11] = { 0 };
        uint32_t page, first;

        rpm_simple(&header, "large", 200000);
        bdb_begin(&w, false, 4096);
        page = bdb_new_page(&w, 13);
        first = bdb_add_off_page(&w, page, 1, buf_str(&header));
        set_int(item + 3, first, 4, false);
        set_int(item + 7, header.len, 4, false);
        for (uint32_t i = 2; i < 100; i++) {
                bdb_key(&w, page, i);
                bdb_item(&w, page, 3, item, sizeof(item));
        }
        assert_int_equal(read_database(&w.out), -EBADMSG);
        assert_error("its packages are larger than itself");
        assert_true(packages() <= 2);
        buf_free(&w.out);
}

/* ---- SQLite ---- */

static void add_sqlite(void *ctx, uint32_t number, struct str header)
{
        sqlite_add(ctx, number, header);
}

static void make_sqlite(struct buf *out)
{
        sqlite3 *db = sqlite_begin(SQLITE_RPM_SCHEMA);

        add_to(add_sqlite, db);
        sqlite_end(db, out);
}

static void test_sqlite(void **state)
{
        for (int wal = 0; wal < 2; wal++) {
                _cleanup_(buf_free) struct buf bytes = { 0 };

                make_sqlite(&bytes);
                if (wal)
                        bytes.data[18] = bytes.data[19] = 2;
                assert_int_equal(read_database(&bytes), 0);
                assert_all_there();
        }
}

static void test_sqlite_of_other_shapes(void **state)
{
        static const struct {
                const char *schema, *message;
        } cases[] = {
                { "CREATE TABLE other (a)", "no such table: Packages" },
                { "CREATE TABLE t (hnum INTEGER PRIMARY KEY, blob); INSERT INTO t VALUES (1, x'00');"
                  "CREATE VIEW Packages AS SELECT hnum AS rowid, blob FROM t", "view" },
                { "CREATE VIRTUAL TABLE Packages USING fts5(blob)", "no such table: Packages" },
                { "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob) WITHOUT ROWID", "no such column: rowid" },
                { "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, data BLOB)", "no such column: blob" },
                { "CREATE TABLE Packages (rowid TEXT, blob); INSERT INTO Packages VALUES ('x', 'y')", "not in order" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(buf_free) struct buf bytes = { 0 };

                sqlite_end(sqlite_begin(cases[i].schema), &bytes);
                assert_int_equal(read_database(&bytes), -EBADMSG);
                assert_error(cases[i].message);
                assert_int_equal(found.n, 0);
        }
}

static void test_sqlite_rows_of_other_types(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, header = { 0 };
        sqlite3 *db = sqlite_begin("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob);"
                                   "INSERT INTO Packages VALUES (1, 'text'), (2, 7), (3, NULL), (4, 1.5), (5, x''),"
                                   "(6, zeroblob(40000000))");

        rpm_simple(&header, "good", 0);
        sqlite_add(db, 7, buf_str(&header));
        sqlite_end(db, &bytes);
        assert_int_equal(read_database(&bytes), 0);
        assert_int_equal(packages(), 1);
        assert_int_equal(found.n_problems, 6);
        assert_problem("package 6 was left out: a value or statement of more than");
}

/* An index that does not name all rows must not hide any. */
static void test_sqlite_trusts_no_index(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        sqlite3 *db = sqlite_begin(SQLITE_RPM_SCHEMA "; CREATE INDEX i ON Packages (hnum) WHERE hnum < 0;"
                                                     "CREATE INDEX k ON Packages (hnum)");
        int64_t root = sqlite_number(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'k'");

        add_to(add_sqlite, db);
        sqlite_end(db, &bytes);
        set_int(bytes.data + (root - 1) * 1024 + 3, 0, 2, true); /* the index has no entries */
        assert_int_equal(read_database(&bytes), 0);
        assert_all_there();
}

/* A table of 300 rows, so that its root has children; returns where the root page is. */
static char *make_tree(struct buf *bytes)
{
        _cleanup_(buf_free) struct buf header = { 0 };
        sqlite3 *db = sqlite_begin(SQLITE_RPM_SCHEMA);
        int64_t root = sqlite_number(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'Packages'");

        rpm_simple(&header, "n", 0);
        for (int i = 1; i <= 300; i++)
                sqlite_add(db, i, buf_str(&header));
        sqlite_end(db, bytes);
        assert_int_equal(bytes->data[(root - 1) * 1024], 5); /* an inner page of a table */
        return bytes->data + (root - 1) * 1024;
}

static void test_sqlite_cyclic_trees(void **state)
{
        for (int way = 0; way < 3; way++) {
                _cleanup_(buf_free) struct buf bytes = { 0 };
                char *root = make_tree(&bytes), *cell = root + ((uint8_t)root[12] << 8 | (uint8_t)root[13]);
                char *next = root + ((uint8_t)root[14] << 8 | (uint8_t)root[15]);

                if (way == 0) /* the first child is the root itself */
                        set_int(cell, (uint64_t)((root - bytes.data) / 1024 + 1), 4, true);
                else if (way == 1) /* the second child is the first once more */
                        memcpy(next, cell, 4);
                else /* the last child is the first once more */
                        memcpy(root + 8, cell, 4);
                assert_int_equal(read_database(&bytes), -EBADMSG);
                assert_error(way ? "not in order" : "malformed");
                if (way == 1)
                        assert_true(packages() > 0 && packages() < 300);
                if (way == 2)
                        assert_true(packages() > 200 && packages() < 300);
        }
}

static void test_sqlite_cyclic_overflow_pages(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, header = { 0 };
        sqlite3 *db = sqlite_begin(SQLITE_RPM_SCHEMA);
        size_t pages, chained = 0;

        rpm_simple(&header, "n", 10000000);
        sqlite_add(db, 1, buf_str(&header));
        sqlite_end(db, &bytes);
        pages = bytes.len / 1024;
        for (size_t i = 10; i < pages; i++) { /* all pages but the first ones are of the chain: each begins with the next */
                set_int(bytes.data + i * 1024, 11, 4, true);
                chained++;
        }
        assert_true(chained > 9000);
        assert_int_equal(read_database(&bytes), 0);
        assert_true(found.n_problems <= 1); /* the description goes round: the rest was read before it */
        bytes.len = 20 * 1024; /* the same in a file that is smaller than the header says it is */
        set_int(bytes.data + 28, 20, 4, true);
        assert_int_equal(read_database(&bytes), 0);
        assert_int_equal(found.n, 0);
        assert_problem("malformed");
}

/* ---- all formats ---- */

static void test_what_is_none(void **state)
{
        static const char *const none[] = { "x", "0123456789abcdef", "SQLite format 2, and more", "rpmP and so on ..." };
        _cleanup_(buf_free) struct buf bytes = { 0 };

        assert_int_equal(read_database(&bytes), -EBADMSG);
        assert_error("empty");
        for (size_t i = 0; i < ELEMENTS_OF(none); i++) {
                buf_clear(&bytes);
                buf_puts(&bytes, none[i]);
                assert_true(read_database(&bytes) < 0);
                assert_true(*err.message);
        }
}

static void make(int format, struct buf *out)
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

/* Each byte in turn wrong, each length: never a crash, never more than is there. */
static void test_any_damage(void **state)
{
        for (int format = 0; format < 4; format++) {
                _cleanup_(buf_free) struct buf good = { 0 }, bad = { 0 };
                uint32_t random = 1;

                make(format, &good);
                for (size_t i = 0; i < 3000; i++) {
                        size_t length = good.len;

                        buf_clear(&bad);
                        append(&bad, &good);
                        for (size_t k = 0; k <= i % 4; k++) {
                                random = random * 1664525 + 1013904223;
                                bad.data[(random >> 4) % good.len] = i % 3 ? (char)(random >> 24) : -1;
                        }
                        if (i % 7 == 0)
                                length = (random >> 3) % good.len;
                        bad.len = length;
                        if (read_database(&bad) < 0)
                                assert_true(*err.message);
                        assert_true(packages() <= 4);
                }
        }
}

static void test_too_many_damaged_packages(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };

        sqlite_end(sqlite_begin("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob);"
                                "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5000)"
                                "INSERT INTO Packages SELECT n, n FROM r"), &bytes);
        assert_int_equal(read_database(&bytes), -E2BIG);
        assert_int_equal(found.n_problems, 1000);
        assert_error("1000 packages are damaged");
}

/* ---- in the sandbox ---- */

static int job_read(struct worker_io *io, struct error *error)
{
        struct file_entry entry = { .path = STR_LIT(PATH), .type = FILE_REGULAR };
        struct record_sink sink = { sink_emit, sink_problem, &found };
        struct content content;
        struct detector_file file = { &entry, &content };
        uint64_t size;
        int r;

        memcpy(&size, io->argument, sizeof(size));
        content_from_fd(&content, io->fds[0], 0, size);
        found.arena = arena_new();
        r = rpm_detector.read(&file, &sink, error);
        if (r == 0 && packages() != 2)
                return error_say(error, -EBADMSG, "%u packages", packages());
        return r;
}

static const struct worker_job jobs[] = { { "read", job_read } };

static void test_each_is_read_in_the_sandbox(void **state)
{
        for (int format = 0; format < 4; format++) {
                _cleanup_(buf_free) struct buf bytes = { 0 };
                _cleanup_(worker_freep) struct worker *worker = NULL;
                _cleanup_close_ int fd = file_unnamed(NULL, &err);
                struct worker_end end;
                uint64_t size;

                make(format, &bytes);
                size = bytes.len;
                assert_int_equal(file_write(fd, bytes.data, bytes.len, &err), 0);
                assert_int_equal(worker_spawn("read", (struct str){ (const char *)&size, sizeof(size) }, &fd, 1, NULL,
                                              &worker, &err), 0);
                if (worker_wait(worker, &end, &err) < 0)
                        fail_msg("%s", err.message);
                assert_string_equal(end.refused, "");
        }
}

static int done(void **state)
{
        sink_done(&found);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_is_read_in_the_sandbox),
                cmocka_unit_test(test_ndb),
                cmocka_unit_test(test_ndb_damage),
                cmocka_unit_test(test_ndb_that_can_not_be_read),
                cmocka_unit_test(test_bdb),
                cmocka_unit_test(test_bdb_damage),
                cmocka_unit_test(test_bdb_damaged_items),
                cmocka_unit_test(test_bdb_that_can_not_be_read),
                cmocka_unit_test(test_bdb_shared_chain),
                cmocka_unit_test(test_sqlite),
                cmocka_unit_test(test_sqlite_of_other_shapes),
                cmocka_unit_test(test_sqlite_rows_of_other_types),
                cmocka_unit_test(test_sqlite_trusts_no_index),
                cmocka_unit_test(test_sqlite_cyclic_trees),
                cmocka_unit_test(test_sqlite_cyclic_overflow_pages),
                cmocka_unit_test(test_what_is_none),
                cmocka_unit_test(test_any_damage),
                cmocka_unit_test(test_too_many_damaged_packages),
        };

        if (hash_init(&err) < 0 || sql_init(&err) < 0 || worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, done);
}
