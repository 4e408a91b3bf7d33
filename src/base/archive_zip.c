/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "base/archive.h"
#include "base/hijack.h"

struct zip_reader {
        struct archive *archive;
        struct archive_entry *entry;
        struct tar_source source;
        struct error cause; /* of the source: libarchive would put its own words in its place */
};

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret)
{
        struct zip_reader *zip = ctx;
        const uint8_t *data;
        size_t n;
        int r = zip->source.next(zip->source.ctx, &data, &n, &zip->cause);

        if (r < 0) {
                archive_set_error(a, -r, "%s", zip->cause.message);
                return -1;
        }
        *ret = r ? data : NULL;
        return r ? (la_ssize_t)n : 0;
}

static int zip_error(struct zip_reader *zip, struct error *err)
{
        const char *text = archive_error_string(zip->archive);

        if (zip->cause.code) {
                if (err)
                        *err = zip->cause;
                return zip->cause.code;
        }
        if (archive_errno(zip->archive) == ENOMEM)
                return error_oom(err);
        return error_say(err, -EBADMSG, "the zip archive is damaged: %s", text ? text : "no reason known");
}

int zip_reader_new(struct tar_source source, struct zip_reader **ret, struct error *err)
{
        _cleanup_(zip_reader_freep) struct zip_reader *zip = calloc(1, sizeof(*zip));

        if (!zip)
                return error_oom(err);
        zip->source = source;
        zip->archive = archive_read_new();
        zip->entry = archive_entry_new();
        if (!zip->archive || !zip->entry)
                return error_oom(err);
        archive_read_support_format_zip_streamable(zip->archive);
        archive_read_set_callback_data(zip->archive, zip);
        archive_read_set_read_callback(zip->archive, on_read);
        if (archive_read_open1(zip->archive) != ARCHIVE_OK)
                return zip_error(zip, err);
        *ret = TAKE_PTR(zip);
        return 0;
}

struct zip_reader *zip_reader_free(struct zip_reader *zip)
{
        if (!zip)
                return NULL;
        archive_read_free(zip->archive);
        archive_entry_free(zip->entry);
        free(zip);
        return NULL;
}

int zip_reader_next(struct zip_reader *zip, struct zip_entry *ret, struct error *err)
{
        int r = archive_read_next_header2(zip->archive, zip->entry);
        const char *path;

        if (r == ARCHIVE_EOF)
                return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                return zip_error(zip, err);
        HIJACK_POINT("zip-stream");
        path = archive_entry_pathname(zip->entry);
        *ret = (struct zip_entry){
                .path = str_from(path ? path : archive_entry_pathname_utf8(zip->entry)),
                .is_file = archive_entry_filetype(zip->entry) == AE_IFREG,
        };
        return 1;
}

int zip_reader_data(struct zip_reader *zip, size_t max, struct buf *out, struct error *err)
{
        for (;;) {
                const void *data;
                size_t n;
                la_int64_t offset;
                int r = archive_read_data_block(zip->archive, &data, &n, &offset);

                if (r == ARCHIVE_EOF)
                        return buf_ok(out) ? 0 : error_oom(err);
                if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                        return zip_error(zip, err);
                if (n > max - MIN_OF(max, out->len))
                        return error_say(err, -E2BIG, "more than %zu bytes", max);
                buf_add(out, data, n);
        }
}
