/* SPDX-License-Identifier: Apache-2.0 */
/* A file of an image, as a layer or the merged view has it. */
#ifndef TALLYMAN_MODEL_FILE_H
#define TALLYMAN_MODEL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/wire.h"

enum file_type {
        FILE_REGULAR = 1,
        FILE_DIRECTORY,
        FILE_SYMLINK,
        FILE_CHARACTER,
        FILE_BLOCK,
        FILE_FIFO,
        FILE_SOCKET,
        /* In a layer only, never in a merged view: */
        FILE_HARDLINK, /* to a file that is not in the same layer */
        FILE_WHITEOUT, /* what lower layers have at this path is gone */
        FILE_OPAQUE,   /* what lower layers have below this path is gone */
};

/* "file", "directory", "symlink", "character", "block", "fifo", "socket" as in JSON; "hardlink", "whiteout", "opaque". */
const char *file_type_name(enum file_type type);

#define FILE_CAPABILITY_MAX 64 /* bytes; the kernel knows none of more than 24 */

struct file_entry {
        struct str path;   /* canonical, see model/path.h */
        struct str target; /* of a symbolic or hard link, as written; at most PATH_LENGTH_MAX */
        enum file_type type;
        uint32_t mode;     /* 07777 */
        uint32_t uid, gid;
        uint64_t size;     /* regular files, at most INT64_MAX as the kernel has it; else 0 */
        int64_t mtime;     /* seconds */
        uint8_t sha256[SHA256_SIZE]; /* of a regular file's content, if has_sha256 */
        bool implied;      /* a directory that no entry of its layer names; one of a lower layer stays as it is */
        bool has_sha256;   /* false: the content could not be read to its end */
        uint32_t device_major, device_minor;
        struct str capability; /* raw security.capability attribute, empty if none; at most FILE_CAPABILITY_MAX bytes */
        uint32_t layer;    /* index into the image's layers, 0 the lowest; set in a merged view */
        uint32_t sequence; /* position in its layer's archive */
};

/* The one encoding, in layer files and image indexes. Decoded strings are borrowed from the input. */
void file_entry_encode(const struct file_entry *entry, struct buf *out);
int file_entry_decode(struct wire_reader *r, struct file_entry *ret); /* 0 or -EBADMSG */

#endif
