/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/archive_private.h"
#include "base/hijack.h"

struct tar_reader {
        struct archive_stream stream;
};

int tar_reader_new(struct archive_source source, struct tar_reader **ret, struct error *err)
{
        static int (*const formats[])(struct archive *) = { archive_read_support_format_tar, archive_read_support_format_empty, NULL };
        _cleanup_(tar_reader_freep) struct tar_reader *tar = calloc(1, sizeof(*tar));
        int r = tar ? archive_stream_open(&tar->stream, source, "tar", formats, err) : error_oom(err);

        if (r < 0)
                return r;
        *ret = TAKE_PTR(tar);
        return 0;
}

struct tar_reader *tar_reader_free(struct tar_reader *tar)
{
        if (tar)
                archive_stream_close(&tar->stream);
        free(tar);
        return NULL;
}

static enum tar_type type_of(struct archive_entry *e)
{
        if (archive_entry_hardlink(e) || archive_entry_hardlink_utf8(e))
                return TAR_HARDLINK;
        switch (archive_entry_filetype(e)) {
        case AE_IFREG:
                return TAR_REGULAR;
        case AE_IFLNK:
                return TAR_SYMLINK;
        case AE_IFDIR:
                return TAR_DIRECTORY;
        case AE_IFCHR:
                return TAR_CHARACTER;
        case AE_IFBLK:
                return TAR_BLOCK;
        case AE_IFIFO:
                return TAR_FIFO;
        default:
                return TAR_OTHER;
        }
}

static struct str either(const char *raw, const char *utf8)
{
        return str_from(raw ? raw : utf8);
}

static void read_attributes(struct archive_entry *e, struct tar_entry *t)
{
        const char *name;
        const void *value;
        size_t n;

        archive_entry_xattr_reset(e);
        while (archive_entry_xattr_next(e, &name, &value, &n) == ARCHIVE_OK && name) {
                if (strcmp(name, "security.capability") == 0)
                        t->capability = (struct str){ value, n };
                else if (strcmp(name, "trusted.overlay.opaque") == 0 || strcmp(name, "user.overlay.opaque") == 0)
                        t->opaque = n == 1 && *(const char *)value == 'y';
        }
}

static uint64_t not_negative(int64_t v)
{
        return v < 0 ? 0 : (uint64_t)v;
}

int tar_reader_next(struct tar_reader *tar, struct tar_entry *ret, struct error *err)
{
        struct archive_entry *e = tar->stream.entry;
        const char *warning;
        int r = archive_stream_next(&tar->stream, &warning, err);
        struct tar_entry t;

        if (r <= 0)
                return r;
        HIJACK_POINT("tar");
        t = (struct tar_entry){
                .type = type_of(e),
                .path = either(archive_entry_pathname(e), archive_entry_pathname_utf8(e)),
                .mode = archive_entry_perm(e) & 07777,
                .uid = not_negative(archive_entry_uid(e)),
                .gid = not_negative(archive_entry_gid(e)),
                .mtime = archive_entry_mtime(e),
                .size = not_negative(archive_entry_size(e)),
                .device_major = (uint32_t)archive_entry_rdevmajor(e),
                .device_minor = (uint32_t)archive_entry_rdevminor(e),
                .data_offset = not_negative(archive_filter_bytes(tar->stream.archive, 0)),
                .sparse = archive_entry_sparse_count(e) > 0,
                .warning = warning,
        };
        if (t.type == TAR_HARDLINK)
                t.target = either(archive_entry_hardlink(e), archive_entry_hardlink_utf8(e));
        else if (t.type == TAR_SYMLINK)
                t.target = either(archive_entry_symlink(e), archive_entry_symlink_utf8(e));
        read_attributes(e, &t);
        *ret = t;
        return 1;
}

int tar_reader_data(struct tar_reader *tar, const uint8_t **ret_data, size_t *ret_n, uint64_t *ret_offset,
                    struct error *err)
{
        return archive_stream_data(&tar->stream, ret_data, ret_n, ret_offset, err);
}
