/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/archive_private.h"
#include "base/hijack.h"

struct zip_reader {
        struct archive_stream stream;
};

int zip_reader_new(struct archive_source source, struct zip_reader **ret, struct error *err)
{
        static int (*const formats[])(struct archive *) = { archive_read_support_format_zip_streamable, NULL };
        _cleanup_(zip_reader_freep) struct zip_reader *zip = calloc(1, sizeof(*zip));
        int r = zip ? archive_stream_open(&zip->stream, source, "zip", formats, err) : error_oom(err);

        if (r < 0)
                return r;
        *ret = TAKE_PTR(zip);
        return 0;
}

struct zip_reader *zip_reader_free(struct zip_reader *zip)
{
        if (zip)
                archive_stream_close(&zip->stream);
        free(zip);
        return NULL;
}

int zip_reader_next(struct zip_reader *zip, struct zip_entry *ret, struct error *err)
{
        struct archive_entry *e = zip->stream.entry;
        const char *path, *warning;
        int r = archive_stream_next(&zip->stream, &warning, err);

        if (r <= 0)
                return r;
        HIJACK_POINT("zip-stream");
        path = archive_entry_pathname(e);
        *ret = (struct zip_entry){
                .path = str_from(path ? path : archive_entry_pathname_utf8(e)),
                .is_file = archive_entry_filetype(e) == AE_IFREG,
        };
        return 1;
}

int zip_reader_data(struct zip_reader *zip, size_t max, struct buf *out, struct error *err)
{
        const uint8_t *data;
        uint64_t offset;
        size_t n;
        int r;

        while ((r = archive_stream_data(&zip->stream, &data, &n, &offset, err)) > 0) {
                if (n > max - MIN_OF(max, out->len))
                        return error_say(err, -E2BIG, "more than %zu bytes", max);
                buf_add(out, data, n);
        }
        return r < 0 || buf_ok(out) ? r : error_oom(err);
}
