/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's view of the system (https://www.sqlite.org/vfs.html): one file that never changes, read through a callback. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/sql_private.h"

/* Reading takes each page once or twice; a damaged database can send SQLite round the same pages for ever. */
#define PASSES_MAX 16

#define PAGE_SIZE_MIN 512

/* Bytes 18 and 19 of the header: 1 a rollback journal, 2 a write-ahead log, which would need shared memory. */
#define VERSIONS_AT 18

struct sql_file {
        sqlite3_file base;
        struct sql *sql;
};

static struct sql *sql_of(sqlite3_file *file)
{
        return ((struct sql_file *)file)->sql;
}

static void as_rollback_mode(uint8_t *p, uint64_t offset, size_t n)
{
        for (uint64_t at = VERSIONS_AT; at < VERSIONS_AT + 2; at++)
                if (at >= offset && at - offset < n && p[at - offset] == 2)
                        p[at - offset] = 1;
}

static int source_read(sqlite3_file *file, void *buf, int wanted, sqlite3_int64 at)
{
        struct sql *sql = sql_of(file);
        uint64_t offset = (uint64_t)at, left = offset < sql->source.size ? sql->source.size - offset : 0;
        size_t n = MIN_OF((uint64_t)wanted, left);

        memset((uint8_t *)buf + n, 0, (size_t)wanted - n);
        if (sql->bytes > PASSES_MAX * (sql->source.size + 65536)) {
                error_say(&sql->source_error, -E2BIG, "its pages are read over and over: it is damaged");
                return SQLITE_IOERR_READ;
        }
        sql->bytes += n;
        if (n && n < (size_t)wanted && wanted >= PAGE_SIZE_MIN) {
                error_say(&sql->source_error, -EBADMSG, "it ends inside a page");
                return SQLITE_IOERR_READ; /* else the missing part would be read as zeros */
        }
        if (n && sql->source.read(sql->source.ctx, offset, buf, n, &sql->source_error) < 0)
                return SQLITE_IOERR_READ;
        as_rollback_mode(buf, offset, n);
        return n == (size_t)wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int source_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        *ret = (sqlite3_int64)sql_of(file)->source.size;
        return SQLITE_OK;
}

static int source_close(sqlite3_file *file)
{
        return SQLITE_OK;
}

static int refuse_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
        return SQLITE_READONLY;
}

static int refuse_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        return SQLITE_READONLY;
}

static int no_flags(sqlite3_file *file, int flags)
{
        return SQLITE_OK;
}

static int no_lock_held(sqlite3_file *file, int *ret)
{
        *ret = 0;
        return SQLITE_OK;
}

static int no_control(sqlite3_file *file, int op, void *arg)
{
        return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *file)
{
        return 4096;
}

/* Immutable: no locks are taken and no journal is looked for. */
static int characteristics(sqlite3_file *file)
{
        return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods methods = {
        .iVersion = 1, /* without shared memory and mapping */
        .xClose = source_close,
        .xRead = source_read,
        .xWrite = refuse_write,
        .xTruncate = refuse_truncate,
        .xSync = no_flags,
        .xFileSize = source_size,
        .xLock = no_flags,
        .xUnlock = no_flags,
        .xCheckReservedLock = no_lock_held,
        .xFileControl = no_control,
        .xSectorSize = sector_size,
        .xDeviceCharacteristics = characteristics,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
        file->pMethods = NULL;
        if (!(flags & SQLITE_OPEN_MAIN_DB))
                return SQLITE_CANTOPEN; /* a journal or a temporary file: nothing that only reads needs one */
        ((struct sql_file *)file)->sql = vfs->pAppData;
        file->pMethods = &methods;
        if (ret_flags)
                *ret_flags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY;
        return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
        return SQLITE_READONLY;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
        *ret = 0;
        return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
        return snprintf(ret, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *ret)
{
        memset(ret, 0, (size_t)n); /* sql_init() has seeded SQLite from the system's own */
        return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
        return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, double *ret)
{
        *ret = 2440587.5 + (double)time(NULL) / 86400; /* a Julian day */
        return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *ret)
{
        return 0;
}

int sql_source_register(struct sql *sql, struct error *err)
{
        /* SQLite finds a file system by name, so each database has its own. */
        snprintf(sql->vfs_name, sizeof(sql->vfs_name), "tallyman-%p", (void *)sql);
        sql->vfs = (sqlite3_vfs){
                .iVersion = 1,
                .szOsFile = sizeof(struct sql_file),
                .mxPathname = 64,
                .zName = sql->vfs_name,
                .pAppData = sql,
                .xOpen = vfs_open,
                .xDelete = vfs_delete,
                .xAccess = vfs_access,
                .xFullPathname = vfs_full_path,
                .xRandomness = vfs_randomness,
                .xSleep = vfs_sleep,
                .xCurrentTime = vfs_time,
                .xGetLastError = vfs_last_error,
        };
        return sqlite3_vfs_register(&sql->vfs, 0) == SQLITE_OK ? 0 : error_oom(err);
}

void sql_source_unregister(struct sql *sql)
{
        if (sql->vfs.zName)
                sqlite3_vfs_unregister(&sql->vfs);
}
