/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's database in SQLite: the table Packages (hnum INTEGER PRIMARY KEY, blob BLOB), a row a header. */
#include <errno.h>
#include <inttypes.h>

#include "base/hijack.h"
#include "base/sql.h"
#include "inventory/rpm.h"

#define HEAP_MAX (96ull << 20)   /* one header and what SQLite needs beside it */
#define STEPS_MAX 500000000ull   /* a package takes about 20 */
#define ROW_EXTRA 1024           /* of a row beside its header */

static int source_read(void *ctx, uint64_t offset, void *buf, size_t n, struct error *err)
{
        return content_read(ctx, offset, buf, n, err);
}

/* The header in `row`, as the statement `get` finds it. What is wrong with it goes to `why`. */
static int get_header(struct sql_statement *get, int64_t row, struct str *ret, struct error *why)
{
        int r = sql_bind_i64(get, row, why);

        if (r == 0)
                r = sql_step(get, why);
        if (r < 0)
                return r;
        if (r == 0)
                return error_say(why, -EBADMSG, "its row can not be found again: the table is damaged");
        if (!sql_column_blob(get, 0, ret))
                return error_say(why, -EBADMSG, "its row holds no blob");
        return ret->n > RPM_HEADER_MAX ? error_say(why, -E2BIG, "a header of %zu bytes", ret->n) : 0;
}

static int take_row(struct rpm_database *db, struct sql_statement *get, int64_t row, struct error *err)
{
        struct error why = ERROR_INIT;
        struct str blob;

        if (get_header(get, row, &blob, &why) < 0)
                return rpm_database_damaged(db, (uint64_t)row, &why, err);
        return rpm_database_header(db, (uint64_t)row, blob, err);
}

int rpm_read_sqlite(struct rpm_database *db, struct error *err)
{
        const struct sql_limits limits = { .heap = HEAP_MAX, .steps = STEPS_MAX, .value = RPM_HEADER_MAX + ROW_EXTRA };
        const struct sql_source source = { source_read, db->content, db->content->size };
        _cleanup_(sql_freep) struct sql *sql = NULL;
        _cleanup_(sql_statement_freep) struct sql_statement *list = NULL, *get = NULL;
        int64_t row, last = INT64_MIN;
        int r = sql_open_untrusted(source, &limits, &sql, err);

        /* Two statements, so that a row that can not be read ends itself and not the list. No index is trusted to name
         * all rows. */
        if (r == 0)
                r = sql_prepare(sql, "SELECT rowid FROM Packages NOT INDEXED", &list, err);
        if (r == 0)
                r = sql_prepare(sql, "SELECT blob FROM Packages NOT INDEXED WHERE rowid = ?1", &get, err);
        if (r < 0)
                return r;
        HIJACK_POINT("rpm-sqlite");
        while ((r = sql_step(list, err)) > 0) {
                if (!sql_column_i64(list, 0, &row) || row <= last)
                        return error_say(err, -EBADMSG, "the rows of its table Packages are not in order: it is damaged");
                last = row;
                r = take_row(db, get, row, err);
                if (r < 0)
                        return r;
        }
        return r;
}
