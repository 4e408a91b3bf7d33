/* SPDX-License-Identifier: Apache-2.0 */
/* The door to SQLite: databases that others wrote can be read, and nothing else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sql.h"
#include "rpm_files.h"

static const struct sql_limits limits = { .heap = 64u << 20, .steps = 1000000, .value = 1u << 20 };

static int read_bytes(void *ctx, uint64_t offset, void *buf, size_t n, struct error *err)
{
        struct buf *bytes = ctx;

        assert_true(offset + n <= bytes->len);
        memcpy(buf, bytes->data + offset, n);
        return 0;
}

static int read_badly(void *ctx, uint64_t offset, void *buf, size_t n, struct error *err)
{
        return offset < 1024 ? read_bytes(ctx, offset, buf, n, err) : error_say(err, -EIO, "the disk is gone");
}

/* Opens `bytes` and counts the rows of `query`. */
static int count(struct buf *bytes, const struct sql_limits *l, const char *query, struct error *err)
{
        struct sql_source source = { read_bytes, bytes, bytes->len };
        _cleanup_(sql_freep) struct sql *sql = NULL;
        _cleanup_(sql_statement_freep) struct sql_statement *statement = NULL;
        int n = 0, r = sql_open_untrusted(source, l, &sql, err);

        if (r == 0)
                r = sql_prepare(sql, query, &statement, err);
        while (r == 0 && (r = sql_step(statement, err)) > 0) {
                n++;
                r = 0;
        }
        return r < 0 ? r : n;
}

static void make(struct buf *bytes, const char *schema)
{
        sqlite_end(sqlite_begin(schema), bytes);
}

static void test_rows_and_columns(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct sql_source source = { read_bytes, &bytes, 0 };
        struct error err = ERROR_INIT;
        struct str blob;
        int64_t number;

        make(&bytes, "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, x'00ff'), (5, 'text'), (7, NULL)");
        source.size = bytes.len;
        _cleanup_(sql_freep) struct sql *sql = NULL;
        _cleanup_(sql_statement_freep) struct sql_statement *s = NULL;
        assert_int_equal(sql_open_untrusted(source, &limits, &sql, &err), 0);
        assert_int_equal(sql_prepare(sql, "SELECT a, b FROM t WHERE a >= ?1", &s, &err), 0);
        assert_int_equal(sql_bind_i64(s, 1, &err), 0);
        assert_int_equal(sql_step(s, &err), 1);
        assert_true(sql_column_i64(s, 0, &number) && number == 1);
        assert_true(sql_column_blob(s, 1, &blob) && blob.n == 2 && memcmp(blob.p, "\0\xff", 2) == 0);
        assert_false(sql_column_i64(s, 1, &number));
        assert_int_equal(sql_step(s, &err), 1);
        assert_false(sql_column_blob(s, 1, &blob));
        assert_int_equal(sql_bind_i64(s, 6, &err), 0);
        assert_int_equal(sql_step(s, &err), 1);
        assert_true(sql_column_i64(s, 0, &number) && number == 7);
        assert_int_equal(sql_step(s, &err), 0);
}

static void test_write_ahead_mode_is_read(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct error err = ERROR_INIT;

        make(&bytes, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
        bytes.data[18] = bytes.data[19] = 2;
        assert_int_equal(count(&bytes, &limits, "SELECT a FROM t", &err), 2);
}

static void test_only_reading_tables_is_allowed(void **state)
{
        static const char *const refused[] = {
                "DELETE FROM t", "INSERT INTO t VALUES (1, 2)", "UPDATE t SET a = 1", "DROP TABLE t", "CREATE TABLE u (a)",
                "ATTACH '/etc/passwd' AS p", "PRAGMA journal_mode = WAL", "PRAGMA writable_schema = 1", "VACUUM",
                "VACUUM INTO '/tmp/x'", "SELECT length(a) FROM t", "SELECT load_extension('x')", "SELECT a FROM v",
                "SELECT * FROM f", "SELECT * FROM json_each('[1]')", "SELECT * FROM pragma_database_list",
                "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
                "SELECT randomblob(1000000000)", "SELECT 1 UNION SELECT 2", "BEGIN", "SELECT a FROM nothing", "nonsense",
        };
        _cleanup_(buf_free) struct buf bytes = { 0 };

        make(&bytes, "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a FROM t; CREATE VIRTUAL TABLE f USING fts5(x);"
                     "INSERT INTO t VALUES (1, 2)");
        for (size_t i = 0; i < ELEMENTS_OF(refused); i++) {
                struct error err = ERROR_INIT;

                if (count(&bytes, &limits, refused[i], &err) != -EBADMSG)
                        fail_msg("not refused: %s (%s)", refused[i], err.message);
                assert_true(*err.message);
        }
}

static void test_limits(void **state)
{
        static const char schema[] =
                "CREATE TABLE t (a INTEGER PRIMARY KEY, b);"
                "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5000) INSERT INTO t SELECT n, n FROM r;"
                "CREATE TABLE big (b); INSERT INTO big VALUES (zeroblob(8000000))";
        struct sql_limits few_steps = limits, large = limits, small_heap = limits;
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct error err = ERROR_INIT;

        few_steps.steps = 3000;
        large.value = 10u << 20;
        small_heap.value = 10u << 20;
        small_heap.heap = 2u << 20;
        make(&bytes, schema);
        assert_int_equal(count(&bytes, &limits, "SELECT a FROM t", &err), 5000);
        assert_int_equal(count(&bytes, &few_steps, "SELECT a FROM t", &err), -E2BIG);
        assert_non_null(strstr(err.message, "3000 steps"));
        assert_int_equal(count(&bytes, &limits, "SELECT b FROM big", &err), -E2BIG);
        assert_non_null(strstr(err.message, "1048576 bytes"));
        assert_int_equal(count(&bytes, &large, "SELECT b FROM big", &err), 1);
        assert_int_equal(count(&bytes, &small_heap, "SELECT b FROM big", &err), -E2BIG);
        assert_non_null(strstr(err.message, "2 MiB of memory"));
        assert_int_equal(count(&bytes, &large, "SELECT b FROM big", &err), 1); /* the heap's limit was put back */
}

static void test_what_is_no_database(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 }, whole = { 0 };
        struct error err = ERROR_INIT;

        buf_puts(&bytes, "SQLite format 3");
        buf_putc(&bytes, 0);
        assert_int_equal(count(&bytes, &limits, "SELECT a FROM t", &err), -EBADMSG);
        make(&whole, "PRAGMA page_size = 1024; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
        for (size_t n = 0; n < whole.len; n += 97) {
                struct buf part = { .data = whole.data, .len = n };

                assert_true(count(&part, &limits, "SELECT a FROM t", &err) < 0);
        }
}

static void test_what_the_source_says_is_told(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct sql_source source = { read_badly, &bytes, 0 };
        struct error err = ERROR_INIT;

        make(&bytes, "PRAGMA page_size = 1024; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(9000))");
        source.size = bytes.len;
        _cleanup_(sql_freep) struct sql *sql = NULL;
        _cleanup_(sql_statement_freep) struct sql_statement *s = NULL;
        assert_int_equal(sql_open_untrusted(source, &limits, &sql, &err), 0);
        assert_int_equal(sql_prepare(sql, "SELECT a FROM t", &s, &err), 0);
        assert_int_equal(sql_step(s, &err), -EIO);
        assert_string_equal(err.message, "the disk is gone");
}

static void test_two_at_once(void **state)
{
        _cleanup_(buf_free) struct buf a = { 0 }, b = { 0 };
        struct sql_source source = { read_bytes, &a, 0 };
        _cleanup_(sql_freep) struct sql *sql = NULL;
        struct error err = ERROR_INIT;

        make(&a, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
        make(&b, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
        source.size = a.len;
        assert_int_equal(sql_open_untrusted(source, &limits, &sql, &err), 0);
        assert_int_equal(count(&b, &limits, "SELECT a FROM t", &err), 2);
        _cleanup_(sql_statement_freep) struct sql_statement *s = NULL;
        assert_int_equal(sql_prepare(sql, "SELECT a FROM t", &s, &err), 0);
        assert_int_equal(sql_step(s, &err), 1);
        assert_int_equal(sql_step(s, &err), 0);
}

static void test_not_before_it_is_set_up(void **state)
{
        struct sql *sql = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(sql_open_untrusted((struct sql_source){ .size = 0 }, &limits, &sql, &err), -EINVAL);
        assert_null(sql);
        assert_int_equal(sql_init(&err), 0);
        assert_int_equal(sql_init(&err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_not_before_it_is_set_up), /* the first */
                cmocka_unit_test(test_rows_and_columns),
                cmocka_unit_test(test_write_ahead_mode_is_read),
                cmocka_unit_test(test_only_reading_tables_is_allowed),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_what_is_no_database),
                cmocka_unit_test(test_what_the_source_says_is_told),
                cmocka_unit_test(test_two_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
