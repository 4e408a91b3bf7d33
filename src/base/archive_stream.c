/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/archive_private.h"

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret)
{
        struct archive_stream *s = ctx;
        const uint8_t *data;
        size_t n;
        int r = s->source.next(s->source.ctx, &data, &n, &s->cause);

        if (r < 0) {
                archive_set_error(a, -r, "%s", s->cause.message);
                return -1;
        }
        *ret = r ? data : NULL;
        return r ? (la_ssize_t)n : 0;
}

static la_int64_t on_skip(struct archive *a, void *ctx, la_int64_t n)
{
        struct archive_stream *s = ctx;
        int64_t r = s->source.skip(s->source.ctx, n, &s->cause);

        if (r < 0)
                archive_set_error(a, (int)-r, "%s", s->cause.message);
        return r;
}

static int failed(struct archive_stream *s, struct error *err)
{
        const char *text = archive_error_string(s->archive);

        if (s->cause.code) {
                if (err)
                        *err = s->cause;
                return s->cause.code;
        }
        if (archive_errno(s->archive) == ENOMEM)
                return error_oom(err);
        return error_say(err, -EBADMSG, "the %s archive is damaged: %s", s->what, text ? text : "no reason known");
}

int archive_stream_open(struct archive_stream *s, struct archive_source source, const char *what,
                        int (*const *formats)(struct archive *), struct error *err)
{
        s->source = source;
        s->what = what;
        s->archive = archive_read_new();
        s->entry = archive_entry_new();
        if (!s->archive || !s->entry)
                return error_oom(err);
        while (*formats)
                (*formats++)(s->archive);
        archive_read_set_callback_data(s->archive, s);
        archive_read_set_read_callback(s->archive, on_read);
        if (source.skip)
                archive_read_set_skip_callback(s->archive, on_skip);
        return archive_read_open1(s->archive) == ARCHIVE_OK ? 0 : failed(s, err);
}

void archive_stream_close(struct archive_stream *s)
{
        archive_read_free(s->archive);
        archive_entry_free(s->entry);
}

int archive_stream_next(struct archive_stream *s, const char **ret_warning, struct error *err)
{
        int r = archive_read_next_header2(s->archive, s->entry);

        if (r == ARCHIVE_EOF)
                return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                return failed(s, err);
        *ret_warning = r == ARCHIVE_WARN ? archive_error_string(s->archive) : NULL;
        return 1;
}

int archive_stream_data(struct archive_stream *s, const uint8_t **ret_data, size_t *ret_n, uint64_t *ret_offset,
                        struct error *err)
{
        const void *data;
        la_int64_t offset;
        int r = archive_read_data_block(s->archive, &data, ret_n, &offset);

        if (r == ARCHIVE_EOF)
                return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                return failed(s, err);
        *ret_data = data;
        *ret_offset = (uint64_t)offset;
        return 1;
}
