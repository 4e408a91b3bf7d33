/* SPDX-License-Identifier: Apache-2.0 */
/* The door to libarchive: walking one tar stream (ustar, pax, GNU, with sparse files and long names), or one of zip. */
#ifndef TALLYMAN_BASE_ARCHIVE_H
#define TALLYMAN_BASE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

enum tar_type {
        TAR_REGULAR,
        TAR_HARDLINK,
        TAR_SYMLINK,
        TAR_DIRECTORY,
        TAR_CHARACTER,
        TAR_BLOCK,
        TAR_FIFO,
        TAR_OTHER, /* a socket, or a type flag nobody knows */
};

/* Strings are borrowed until the next call. Names are the archive's own bytes, neither cleaned nor checked. */
struct tar_entry {
        enum tar_type type;
        struct str path;
        struct str target;     /* of a hard link or symbolic link */
        uint32_t mode;         /* 07777 */
        uint64_t uid, gid;
        int64_t mtime;         /* seconds */
        uint64_t size;         /* logical size, holes counted */
        uint32_t device_major, device_minor;
        struct str capability; /* SCHILY.xattr.security.capability / LIBARCHIVE.xattr…, raw; empty if none */
        bool opaque;           /* trusted.overlay.opaque or user.overlay.opaque is "y" */
        uint64_t data_offset;  /* where the data begins in the stream; meaningless where sparse */
        bool sparse;
        const char *warning;   /* what libarchive had to guess about this entry (a name that is not UTF-8 …), or NULL */
};

struct tar_reader;

/* `next` gives the next piece of the stream: 1 with a pointer valid until it is called again, 0 at the end, or a
 * negative errno, which (with its message) is what the readers' functions then return: libarchive's own error hides it not.
 * `skip`, if not NULL, passes over up to n bytes cheaply and returns how many (as inflating streams can not, theirs is
 * NULL). */
struct archive_source {
        int (*next)(void *ctx, const uint8_t **ret_data, size_t *ret_n, struct error *err);
        int64_t (*skip)(void *ctx, int64_t n, struct error *err);
        void *ctx;
};

int tar_reader_new(struct archive_source source, struct tar_reader **ret, struct error *err) _must_check_;
struct tar_reader *tar_reader_free(struct tar_reader *tar);
DEFINE_FREEP(struct tar_reader, tar_reader_free)

/* 1: an entry, 0: the end of the archive (two zero blocks or the end of the stream; an empty stream is an empty
 * archive), negative errno: -EBADMSG damaged or truncated, or what the source said. It does not read past the
 * end-of-archive mark: whoever needs the rest of the stream drains it. */
int tar_reader_next(struct tar_reader *tar, struct tar_entry *ret, struct error *err) _must_check_;
/* The current entry's data: 1 with a piece at `*ret_offset` (gaps between pieces are holes, read as zeros), 0 at its
 * end. Pieces are borrowed until the next call. */
int tar_reader_data(struct tar_reader *tar, const uint8_t **ret_data, size_t *ret_n, uint64_t *ret_offset,
                    struct error *err) _must_check_;

/* The same for a zip archive, read from its start to its end: memory does not grow with the number of members. What the
 * central directory says is not looked at. */
struct zip_reader;

struct zip_entry {
        struct str path; /* borrowed until the next call; the archive's own bytes */
        bool is_file;
};

int zip_reader_new(struct archive_source source, struct zip_reader **ret, struct error *err) _must_check_;
struct zip_reader *zip_reader_free(struct zip_reader *zip);
DEFINE_FREEP(struct zip_reader, zip_reader_free)
/* 1, 0 at the end, -EBADMSG damaged or truncated, or what the source said. */
int zip_reader_next(struct zip_reader *zip, struct zip_entry *ret, struct error *err) _must_check_;
/* Appends the current member's data; more than `max` bytes is -E2BIG, and the next member can still be read. */
int zip_reader_data(struct zip_reader *zip, size_t max, struct buf *out, struct error *err) _must_check_;

#endif
