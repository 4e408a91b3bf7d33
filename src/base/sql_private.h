/* SPDX-License-Identifier: Apache-2.0 */
/* Private to base/: an open database, and the file system of one file that it is read through. */
#ifndef TALLYMAN_BASE_SQL_PRIVATE_H
#define TALLYMAN_BASE_SQL_PRIVATE_H

#include <sqlite3.h>

#include "base/sql.h"

struct sql {
        sqlite3 *db;
        struct sql_source source;
        struct sql_limits limits;
        uint64_t bytes, steps;      /* so far */
        struct error source_error;  /* why the last read failed */
        sqlite3_int64 heap_before;  /* the limit to put back */
        sqlite3_vfs vfs;
        char vfs_name[40];
};

/* Registers sql->vfs, through which only sql->source can be opened, for reading. */
int sql_source_register(struct sql *sql, struct error *err) _must_check_;
void sql_source_unregister(struct sql *sql);

#endif
