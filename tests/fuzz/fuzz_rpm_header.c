/* SPDX-License-Identifier: Apache-2.0 */
/* One header of an rpm package, as any of the three databases hands it over. */
#include "fuzz.h"
#include "inventory/rpm.h"
#include "inventory/rpm_header.h"

static void check_paths(const struct rpm_header *header)
{
        _cleanup_(rpm_paths_done) struct rpm_paths paths = { 0 };
        struct error err = ERROR_INIT;

        if (rpm_header_paths(header, RPM_ALL_PATHS_MAX, &paths, &err) < 0)
                return;
        HOLDS(paths.n <= RPM_FILES_MAX && paths.text.len <= RPM_PATHS_MAX);
        for (size_t i = 0; i < paths.n; i++)
                HOLDS(!paths.paths[i].n || !memchr(paths.paths[i].p, 0, paths.paths[i].n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct record_sink sink = fuzz_sink();
        struct str blob = { (const char *)data, size };
        struct error err = ERROR_INIT;
        struct rpm_header header;
        struct rpm_database db = { .sink = &sink };
        struct content content;

        content_from_memory(&content, data, size);
        db.content = &content;
        HOLDS_OR(rpm_database_header(&db, 1, blob, &err) == 0, err); /* its damage is a problem, not an error */
        HOLDS(db.header_bytes == size && db.damaged <= 1);
        if (rpm_header_parse(blob, &header, &err) == 0)
                check_paths(&header);
        return 0;
}
