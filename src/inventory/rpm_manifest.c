/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of packages of a distroless CBL-Mariner or Azure Linux image, which has no rpm database. A line a package, as
 * those images are documented (toolkit/docs/how_it_works/5_misc.md of CBL-Mariner, "RPM manifest file"), of ten columns
 * with a tab between them:
 *   NAME VERSION-RELEASE INSTALLTIME BUILDTIME VENDOR EPOCH SIZE ARCH EPOCHNUM SOURCERPM
 * What a package does not have is "(none)"; EPOCHNUM is 0 then, and EPOCH is "(none)" in practice even where there is one.
 */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/rpm_header.h"

#define LINE_MAX_BYTES 65536u
#define MANIFEST_MAX (64ull << 20)

enum column {
        COLUMN_NAME,
        COLUMN_VERSION,
        COLUMN_INSTALLED,
        COLUMN_BUILT,
        COLUMN_VENDOR,
        COLUMN_EPOCH,
        COLUMN_SIZE,
        COLUMN_ARCH,
        COLUMN_EPOCH_NUMBER,
        COLUMN_SOURCE,
        COLUMNS,
};

static struct str known(struct str value)
{
        return str_equals(value, "(none)") ? STR_NULL : value;
}

/* "EPOCH:VERSION-RELEASE", without an epoch where there is none. */
static void put_version(const struct str columns[COLUMNS], struct buf *out)
{
        struct str epoch = columns[COLUMN_EPOCH_NUMBER];

        if (!str_equals(epoch, "0") || str_equals(columns[COLUMN_EPOCH], "0")) {
                buf_add_str(out, epoch);
                buf_putc(out, ':');
        }
        buf_add_str(out, columns[COLUMN_VERSION]);
}

static int emit_line(const struct str columns[COLUMNS], struct record_sink *sink, struct error *err)
{
        _cleanup_(buf_free) struct buf version = { 0 }, key = { 0 };
        struct package p = {
                .name = columns[COLUMN_NAME], .type = STR_LIT("rpm"), .arch = known(columns[COLUMN_ARCH]),
                .vendor = known(columns[COLUMN_VENDOR]),
        };

        put_version(columns, &version);
        p.version = buf_str(&version);
        p.source_name = p.name;
        p.source_version = p.version;
        rpm_split_source(columns[COLUMN_SOURCE], &p.source_name, &p.source_version);
        buf_printf(&key, "%.*s-%.*s%s%.*s", STR_ARG(p.name), STR_ARG(p.version), p.arch.n ? "." : "", STR_ARG(p.arch));
        if (!buf_ok(&version) || !buf_ok(&key))
                return error_oom(err);
        p.key = buf_str(&key);
        return record_package(sink, &p, err);
}

/* False if it is not a line of ten columns that say what they should. */
static bool split_line(struct str line, struct str ret[COLUMNS])
{
        uint64_t epoch;

        for (size_t i = 0; i < COLUMNS; i++) {
                if (!line.p)
                        return false;
                ret[i] = str_cut(&line, '\t');
        }
        return !line.p && ret[COLUMN_NAME].n && memchr(ret[COLUMN_VERSION].p, '-', ret[COLUMN_VERSION].n) &&
               str_to_u64(ret[COLUMN_EPOCH_NUMBER], 10, &epoch) == 0;
}

static int read_manifest(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        struct str line, columns[COLUMNS];
        unsigned number = 0;
        int r;

        content_lines_init(&lines, file->content, LINE_MAX_BYTES);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                number++;
                HIJACK_POINT("rpm-manifest");
                if (line.n == 0)
                        continue;
                if (!split_line(line, columns)) {
                        record_problem(sink, "line %u is not a package in ten columns", number);
                        continue;
                }
                if (str_equals(columns[COLUMN_NAME], "gpg-pubkey"))
                        continue; /* a key of rpm's keyring, no software */
                r = emit_line(columns, sink, err);
                if (r < 0)
                        return r;
        }
        return r;
}

static const struct pattern patterns[] = { { PATTERN_PATH, "var/lib/rpmmanifest/container-manifest-2", NULL } };

const struct detector rpm_manifest_detector = {
        .name = "rpm-manifest",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .max_size = MANIFEST_MAX,
        .read = read_manifest,
};
