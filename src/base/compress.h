/* SPDX-License-Identifier: Apache-2.0 */
/* The door to ISA-L (gzip, RFC 1952) and libzstd (RFC 8878): a pull stream of inflated bytes, told apart by magic. */
#ifndef TALLYMAN_BASE_COMPRESS_H
#define TALLYMAN_BASE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

enum compression {
        COMPRESSION_NONE,
        COMPRESSION_GZIP,
        COMPRESSION_ZSTD,
        COMPRESSION_BZIP2, /* recognised, not supported */
        COMPRESSION_XZ,    /* recognised, not supported */
};

const char *compression_name(enum compression compression);

/* By the first bytes (6 are enough; fewer are taken as they are). */
enum compression compression_detect(const void *head, size_t n);

/* Where compressed bytes come from: up to n bytes, 0 at the end, negative errno. */
struct byte_source {
        ssize_t (*read)(void *ctx, void *buf, size_t n, struct error *err);
        void *ctx;
};

struct inflate_limits {
        uint64_t output;      /* bytes out at most; 0: no limit */
        uint64_t ratio;       /* out at most ratio × in …; 0: no limit */
        uint64_t ratio_after; /* … once more than this many bytes came out */
};

/* Reads ahead to find the format. Several gzip members or zstd frames in a row (and zstd skippable frames) are one
 * stream; zero padding after the last is accepted, other trailing bytes are -EBADMSG. A zstd window of more than 16 MiB
 * is -ENOTSUP, as is bzip2 or xz. Not compressed: bytes pass through unchanged. */
struct inflater;

int inflater_new(struct byte_source source, const struct inflate_limits *limits, struct inflater **ret,
                 struct error *err) _must_check_;
struct inflater *inflater_free(struct inflater *inflater);
DEFINE_FREEP(struct inflater, inflater_free)
/* 1: *ret_data points to *ret_n (> 0) bytes, valid until the next call; 0: the end, cleanly; negative errno:
 * -EBADMSG (corrupt or truncated), -E2BIG (a limit; the message names it), or what the source said. */
int inflater_next(struct inflater *inflater, const uint8_t **ret_data, size_t *ret_n, struct error *err) _must_check_;
uint64_t inflater_bytes_in(const struct inflater *inflater);
uint64_t inflater_bytes_out(const struct inflater *inflater);

/* ---- what other formats hold ---- */

enum deflate_kind {
        DEFLATE_RAW,  /* RFC 1951 */
        DEFLATE_ZLIB, /* RFC 1950 */
};

/* Appends all that one deflate stream holds to `out`; more than `max` bytes is -E2BIG. What follows its end is not
 * looked at. -EBADMSG: damaged, or it ends too early. */
int deflate_read(struct byte_source source, enum deflate_kind kind, size_t max, struct buf *out, struct error *err)
        _must_check_;

#endif
