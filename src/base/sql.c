/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/sql_private.h"

#define STEPS_BETWEEN_LOOKS 1000
#define SQL_TEXT_MAX 65536 /* bytes of one statement, those of the database's own schema included */

static bool initialised;

int sql_init(struct error *err)
{
        uint8_t seed[8];

        if (initialised)
                return 0;
        /* Memory is counted, so that it can be limited; nothing is ever mapped; names are never URIs. */
        if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1) != SQLITE_OK ||
            sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, (sqlite3_int64)0, (sqlite3_int64)0) != SQLITE_OK ||
            sqlite3_config(SQLITE_CONFIG_URI, 0) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
                return error_say(err, -ENOTSUP, "SQLite can not be set up");
        sqlite3_randomness(sizeof(seed), seed);
        initialised = true;
        return 0;
}

static int say_failure(struct sql *sql, int code, struct error *err)
{
        switch (code & 0xff) {
        case SQLITE_IOERR:
                if (sql->source_error.code)
                        return error_say(err, sql->source_error.code, "%s", sql->source_error.message);
                return error_say(err, -EIO, "%s", sqlite3_errmsg(sql->db));
        case SQLITE_INTERRUPT:
                return error_say(err, -E2BIG, "reading it takes more than %llu steps", (unsigned long long)sql->limits.steps);
        case SQLITE_NOMEM:
                return error_say(err, -E2BIG, "reading it takes more than %llu MiB of memory",
                                 (unsigned long long)sql->limits.heap >> 20);
        case SQLITE_TOOBIG:
                return error_say(err, -E2BIG, "a value or statement of more than %u bytes", sql->limits.value);
        default:
                return error_say(err, -EBADMSG, "%s", sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(code));
        }
}

/* ---- opening ---- */

static int count_steps(void *ctx)
{
        struct sql *sql = ctx;

        sql->steps += STEPS_BETWEEN_LOOKS;
        return sql->steps > sql->limits.steps;
}

/* Of all that a statement can do, only reading columns is allowed. */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *c, const char *d)
{
        return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

static void set_limits(struct sql *sql)
{
        static const struct {
                int id, value;
        } limits[] = {
                { SQLITE_LIMIT_SQL_LENGTH, SQL_TEXT_MAX }, { SQLITE_LIMIT_COLUMN, 128 }, { SQLITE_LIMIT_EXPR_DEPTH, 64 },
                { SQLITE_LIMIT_COMPOUND_SELECT, 1 }, { SQLITE_LIMIT_VDBE_OP, 10000 }, { SQLITE_LIMIT_FUNCTION_ARG, 8 },
                { SQLITE_LIMIT_ATTACHED, 0 }, { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64 },
                { SQLITE_LIMIT_VARIABLE_NUMBER, 16 }, { SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
                { SQLITE_LIMIT_WORKER_THREADS, 0 },
        };

        for (size_t i = 0; i < ELEMENTS_OF(limits); i++)
                sqlite3_limit(sql->db, limits[i].id, limits[i].value);
        sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, (int)MIN_OF(sql->limits.value, (uint32_t)1 << 30));
        sqlite3_progress_handler(sql->db, STEPS_BETWEEN_LOOKS, count_steps, sql);
}

static int harden(struct sql *sql, struct error *err)
{
        static const struct {
                int option, on;
        } options[] = {
                { SQLITE_DBCONFIG_DEFENSIVE, 1 }, { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
                { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0 },
                { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 }, { SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 },
                { SQLITE_DBCONFIG_DQS_DDL, 0 }, { SQLITE_DBCONFIG_DQS_DML, 0 },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS_OF(options); i++)
                if (sqlite3_db_config(sql->db, options[i].option, options[i].on, NULL) != SQLITE_OK)
                        return error_say(err, -ENOTSUP, "this SQLite can not be made safe (option %d)", options[i].option);
        set_limits(sql);
        r = sqlite3_drop_modules(sql->db, NULL);
        if (r == SQLITE_OK)
                r = sqlite3_exec(sql->db, "PRAGMA cell_size_check = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048",
                                 NULL, NULL, NULL);
        if (r == SQLITE_OK)
                r = sqlite3_set_authorizer(sql->db, authorize, NULL);
        return r == SQLITE_OK ? 0 : say_failure(sql, r, err);
}

int sql_open_untrusted(struct sql_source source, const struct sql_limits *limits, struct sql **ret, struct error *err)
{
        _cleanup_(sql_freep) struct sql *sql = NULL;
        int r;

        if (!initialised)
                return error_say(err, -EINVAL, "sql_init() was not called");
        sql = calloc(1, sizeof(*sql));
        if (!sql)
                return error_oom(err);
        sql->source = source;
        sql->limits = *limits;
        sql->heap_before = sqlite3_hard_heap_limit64((sqlite3_int64)limits->heap);
        r = sql_source_register(sql, err);
        if (r < 0)
                return r;
        r = sqlite3_open_v2("database", &sql->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                            sql->vfs_name);
        if (r != SQLITE_OK)
                return say_failure(sql, r, err);
        r = harden(sql, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(sql);
        return 0;
}

struct sql *sql_free(struct sql *sql)
{
        if (!sql)
                return NULL;
        sqlite3_close(sql->db);
        sql_source_unregister(sql);
        sqlite3_hard_heap_limit64(sql->heap_before);
        free(sql);
        return NULL;
}

/* ---- statements ---- */

struct sql_statement {
        sqlite3_stmt *stmt;
        struct sql *sql;
};

int sql_prepare(struct sql *sql, const char *text, struct sql_statement **ret, struct error *err)
{
        _cleanup_(sql_statement_freep) struct sql_statement *statement = calloc(1, sizeof(*statement));
        int r;

        if (!statement)
                return error_oom(err);
        statement->sql = sql;
        r = sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_NO_VTAB, &statement->stmt, NULL);
        if (r != SQLITE_OK)
                return say_failure(sql, r, err);
        *ret = TAKE_PTR(statement);
        return 0;
}

struct sql_statement *sql_statement_free(struct sql_statement *statement)
{
        if (statement)
                sqlite3_finalize(statement->stmt);
        free(statement);
        return NULL;
}

int sql_bind_i64(struct sql_statement *statement, int64_t value, struct error *err)
{
        int r;

        sqlite3_reset(statement->stmt); /* gives the last step's error once more */
        r = sqlite3_bind_int64(statement->stmt, 1, value);
        return r == SQLITE_OK ? 0 : say_failure(statement->sql, r, err);
}

int sql_step(struct sql_statement *statement, struct error *err)
{
        int r = sqlite3_step(statement->stmt);

        if (r == SQLITE_ROW || r == SQLITE_DONE)
                return r == SQLITE_ROW;
        return say_failure(statement->sql, r, err);
}

bool sql_column_i64(struct sql_statement *statement, int column, int64_t *ret)
{
        if (sqlite3_column_type(statement->stmt, column) != SQLITE_INTEGER)
                return false;
        *ret = sqlite3_column_int64(statement->stmt, column);
        return true;
}

bool sql_column_blob(struct sql_statement *statement, int column, struct str *ret)
{
        if (sqlite3_column_type(statement->stmt, column) != SQLITE_BLOB)
                return false;
        *ret = (struct str){ sqlite3_column_blob(statement->stmt, column),
                             (size_t)sqlite3_column_bytes(statement->stmt, column) };
        return true;
}
