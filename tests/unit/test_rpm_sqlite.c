/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's database in SQLite: hostile shapes, types, trees and chains. */
#include <errno.h>

#include "base/sql.h"
#include "rpm_found.h"

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
        assert_problem("package 1 was left out"); /* SQLite or our own limit sees it first, by SQLite's version */
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sqlite),
                cmocka_unit_test(test_sqlite_of_other_shapes),
                cmocka_unit_test(test_sqlite_rows_of_other_types),
                cmocka_unit_test(test_sqlite_trusts_no_index),
                cmocka_unit_test(test_sqlite_cyclic_trees),
                cmocka_unit_test(test_sqlite_cyclic_overflow_pages),
                cmocka_unit_test(test_too_many_damaged_packages),
        };

        if (sql_init(&err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, found_done);
}
