/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/sql.h"
#include "fuzz.h"
#include "model/file.h"

unsigned long fuzz_accepted;
bool fuzz_starved;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        struct error err = ERROR_INIT;

        setlocale(LC_ALL, "C.UTF-8"); /* as main() does: libarchive converts names */
        if (hash_init(&err) < 0 || sql_init(&err) < 0)
                fuzz_broken("what main() sets up first", __FILE__, __LINE__, err.message);
        json_object_seed(1); /* the same each time, so that an input does the same */
        return 0;
}

_Noreturn void fuzz_broken(const char *what, const char *file, int line, const char *message)
{
        fprintf(stderr, "%s:%d: does not hold: %s (%s)\n", file, line, what, message ? message : "no message");
        abort();
}

int fuzz_file(const void *data, size_t n)
{
        struct error err = ERROR_INIT;
        int fd = memfd_create("fuzz", MFD_CLOEXEC);

        if (fd < 0 || file_write(fd, data, n, &err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                fuzz_broken("a file in memory", __FILE__, __LINE__, err.message);
        return fd;
}

static bool list_walks(struct record_list *list)
{
        while (list->n)
                record_list_next(list);
        HOLDS(!list->reader.bad);
        return true;
}

static bool package_decodes(struct str payload)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct wire_reader r = wire_reader(payload.p, payload.n);
        _cleanup_(buf_free) struct buf again = { 0 };
        struct package p;

        if (!arena || package_decode(&r, arena, &p) < 0)
                return false;
        package_encode(&p, &again);
        HOLDS(str_equal(buf_str(&again), payload));
        return true;
}

static bool distribution_decodes(struct str payload)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        _cleanup_(buf_free) struct buf again = { 0 };
        struct distribution d;

        if (distribution_decode(&r, &d) < 0)
                return false;
        distribution_encode(&d, &again);
        HOLDS(str_equal(buf_str(&again), payload));
        return true;
}

bool fuzz_record_decodes(enum record_kind kind, struct str payload)
{
        struct record_list list;
        struct str key;

        switch (kind) {
        case RECORD_PACKAGE:
                return package_decodes(payload);
        case RECORD_OWNED:
                return record_owned_decode(payload, &key, &list) == 0 && list_walks(&list);
        case RECORD_LICENSES:
                return record_licenses_decode(payload, &list) == 0 && list_walks(&list);
        case RECORD_DISTRIBUTION:
                return distribution_decodes(payload);
        default:
                return false;
        }
}
