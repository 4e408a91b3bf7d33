/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/archive.h"
#include "base/hijack.h"

struct tar_reader {
        struct archive *archive;
        struct archive_entry *entry;
        struct tar_source source;
        struct error cause; /* of the source: libarchive would put its own words in its place */
};

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret)
{
        struct tar_reader *tar = ctx;
        const uint8_t *data;
        size_t n;
        int r = tar->source.next(tar->source.ctx, &data, &n, &tar->cause);

        if (r < 0) {
                archive_set_error(a, -r, "%s", tar->cause.message);
                return -1;
        }
        *ret = r ? data : NULL;
        return r ? (la_ssize_t)n : 0;
}

static la_int64_t on_skip(struct archive *a, void *ctx, la_int64_t n)
{
        struct tar_reader *tar = ctx;
        int64_t r = tar->source.skip(tar->source.ctx, n, &tar->cause);

        if (r < 0)
                archive_set_error(a, (int)-r, "%s", tar->cause.message);
        return r;
}

static int tar_error(struct tar_reader *tar, struct error *err)
{
        const char *text = archive_error_string(tar->archive);

        if (tar->cause.code) {
                if (err)
                        *err = tar->cause;
                return tar->cause.code;
        }
        if (archive_errno(tar->archive) == ENOMEM)
                return error_oom(err);
        return error_say(err, -EBADMSG, "the tar archive is damaged: %s", text ? text : "no reason known");
}

int tar_reader_new(struct tar_source source, struct tar_reader **ret, struct error *err)
{
        _cleanup_(tar_reader_freep) struct tar_reader *tar = calloc(1, sizeof(*tar));

        if (!tar)
                return error_oom(err);
        tar->source = source;
        tar->archive = archive_read_new();
        tar->entry = archive_entry_new();
        if (!tar->archive || !tar->entry)
                return error_oom(err);
        archive_read_support_format_tar(tar->archive);
        archive_read_support_format_empty(tar->archive);
        archive_read_set_callback_data(tar->archive, tar);
        archive_read_set_read_callback(tar->archive, on_read);
        if (source.skip)
                archive_read_set_skip_callback(tar->archive, on_skip);
        if (archive_read_open1(tar->archive) != ARCHIVE_OK)
                return tar_error(tar, err);
        *ret = TAKE_PTR(tar);
        return 0;
}

struct tar_reader *tar_reader_free(struct tar_reader *tar)
{
        if (!tar)
                return NULL;
        archive_read_free(tar->archive);
        archive_entry_free(tar->entry);
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
        struct archive_entry *e = tar->entry;
        int r = archive_read_next_header2(tar->archive, e);
        struct tar_entry t;

        if (r == ARCHIVE_EOF)
                return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                return tar_error(tar, err);
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
                .data_offset = not_negative(archive_filter_bytes(tar->archive, 0)),
                .sparse = archive_entry_sparse_count(e) > 0,
                .warning = r == ARCHIVE_WARN ? archive_error_string(tar->archive) : NULL,
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
        const void *data;
        size_t n;
        la_int64_t offset;
        int r = archive_read_data_block(tar->archive, &data, &n, &offset);

        if (r == ARCHIVE_EOF)
                return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                return tar_error(tar, err);
        *ret_data = data;
        *ret_n = n;
        *ret_offset = (uint64_t)offset;
        return 1;
}
