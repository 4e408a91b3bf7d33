/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to SQLite. Databases that came with an image are read here: nothing in them is trusted, and their bytes come
 * through a callback, so that a sandboxed worker reads one without opening, locking or mapping anything and without
 * holding it in memory. Only plain tables can be read: views, triggers, virtual tables and functions do not exist.
 * Not thread-safe: a database and its statements belong to one thread.
 */
#ifndef TALLYMAN_BASE_SQL_H
#define TALLYMAN_BASE_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

/* Must run once before a database is opened, and before a sandbox and worker_init(): SQLite then asks the system what it
 * ever will (random bytes, environment). */
int sql_init(struct error *err) _must_check_;

struct sql_source {
        /* Reads exactly n bytes at `offset`; only asked for what is below `size`. */
        int (*read)(void *ctx, uint64_t offset, void *buf, size_t n, struct error *err);
        void *ctx;
        uint64_t size;
};

struct sql_limits {
        uint64_t heap;  /* bytes that SQLite may hold at once, in the whole process */
        uint64_t steps; /* of SQLite's virtual machine, all statements together */
        uint32_t value; /* bytes of a value, and of a row */
};

struct sql;

/* Opens a database (file format 3, https://www.sqlite.org/fileformat2.html) for reading. One in WAL mode is read as its
 * main file stands. `source.ctx` is borrowed. */
int sql_open_untrusted(struct sql_source source, const struct sql_limits *limits, struct sql **ret, struct error *err)
        _must_check_;
/* Its statements must be freed before (so declare them after it). */
struct sql *sql_free(struct sql *sql);
DEFINE_FREEP(struct sql, sql_free)

/* Errors of these: -EBADMSG the database is damaged or holds no such table; -E2BIG a limit; what the source said. */
struct sql_statement;

int sql_prepare(struct sql *sql, const char *text, struct sql_statement **ret, struct error *err) _must_check_;
struct sql_statement *sql_statement_free(struct sql_statement *statement);
DEFINE_FREEP(struct sql_statement, sql_statement_free)
/* Starts the statement anew with ?1 = value. */
int sql_bind_i64(struct sql_statement *statement, int64_t value, struct error *err) _must_check_;
/* 1 a row, 0 the end, negative errno. After an error (or the end) the statement can be started anew. */
int sql_step(struct sql_statement *statement, struct error *err) _must_check_;
/* Columns of the row, from 0. False if the value is of another type. A blob is borrowed until the next step or bind. */
bool sql_column_i64(struct sql_statement *statement, int column, int64_t *ret);
bool sql_column_blob(struct sql_statement *statement, int column, struct str *ret);

#endif
