/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/file.h"
#include "model/path.h"

const char *file_type_name(enum file_type type)
{
        static const char *const names[] = {
                [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory", [FILE_SYMLINK] = "symlink",
                [FILE_CHARACTER] = "character", [FILE_BLOCK] = "block", [FILE_FIFO] = "fifo",
                [FILE_SOCKET] = "socket", [FILE_HARDLINK] = "hardlink", [FILE_WHITEOUT] = "whiteout",
                [FILE_OPAQUE] = "opaque",
        };

        return type > 0 && type < ELEMENTS_OF(names) ? names[type] : "unknown";
}

#define FLAG_SHA256 1
#define FLAG_IMPLIED 2

void file_entry_encode(const struct file_entry *e, struct buf *out)
{
        wire_put_str(out, e->path);
        wire_put_u8(out, (uint8_t)e->type);
        wire_put_u8(out, (e->has_sha256 ? FLAG_SHA256 : 0) | (e->implied ? FLAG_IMPLIED : 0));
        wire_put_u32(out, e->mode);
        wire_put_u32(out, e->uid);
        wire_put_u32(out, e->gid);
        wire_put_u32(out, e->layer);
        wire_put_u32(out, e->sequence);
        wire_put_u64(out, (uint64_t)e->mtime);
        if (e->type == FILE_REGULAR)
                wire_put_u64(out, e->size);
        if (e->has_sha256)
                wire_put_bytes(out, e->sha256, sizeof(e->sha256));
        if (e->type == FILE_SYMLINK || e->type == FILE_HARDLINK)
                wire_put_str(out, e->target);
        if (e->type == FILE_CHARACTER || e->type == FILE_BLOCK) {
                wire_put_u32(out, e->device_major);
                wire_put_u32(out, e->device_minor);
        }
        wire_put_str(out, e->capability);
}

int file_entry_decode(struct wire_reader *r, struct file_entry *ret)
{
        struct file_entry e = { .path = wire_get_str(r) };
        uint8_t type = wire_get_u8(r), flags = wire_get_u8(r);

        e.type = (enum file_type)type;
        e.has_sha256 = flags & FLAG_SHA256;
        e.implied = flags & FLAG_IMPLIED;
        e.mode = wire_get_u32(r);
        e.uid = wire_get_u32(r);
        e.gid = wire_get_u32(r);
        e.layer = wire_get_u32(r);
        e.sequence = wire_get_u32(r);
        e.mtime = (int64_t)wire_get_u64(r);
        if (e.type == FILE_REGULAR)
                e.size = wire_get_u64(r);
        if (e.has_sha256)
                wire_get_bytes(r, e.sha256, sizeof(e.sha256));
        if (e.type == FILE_SYMLINK || e.type == FILE_HARDLINK)
                e.target = wire_get_str(r);
        if (e.type == FILE_CHARACTER || e.type == FILE_BLOCK) {
                e.device_major = wire_get_u32(r);
                e.device_minor = wire_get_u32(r);
        }
        e.capability = wire_get_str(r);
        if (r->bad || type < FILE_REGULAR || type > FILE_OPAQUE || (e.mode & ~07777u) || e.size > INT64_MAX ||
            (flags & ~(FLAG_SHA256 | FLAG_IMPLIED)) || (e.implied && type != FILE_DIRECTORY) ||
            e.path.n > PATH_LENGTH_MAX || e.target.n > PATH_LENGTH_MAX || e.capability.n > FILE_CAPABILITY_MAX)
                return -EBADMSG;
        *ret = e;
        return 0;
}
