/* SPDX-License-Identifier: Apache-2.0 */
/* A file's bytes, readable at any place: in memory, or in a (temporary) file. What parsers of files are given. */
#ifndef TALLYMAN_MODEL_CONTENT_H
#define TALLYMAN_MODEL_CONTENT_H

#include <stdint.h>

#include "base/compress.h"
#include "base/error.h"
#include "base/str.h"

struct content {
        uint64_t size;
        /* Reads exactly n bytes at `offset`; beyond the end is -EBADMSG ("… ends at byte N"). Use content_read(). */
        int (*read)(struct content *content, uint64_t offset, void *buf, size_t n, struct error *err);
        union {
                const uint8_t *memory;
                struct {
                        int fd;
                        uint64_t start; /* where the content begins in fd */
                };
                void *ctx; /* of other readers, tests' for example */
        };
};

void content_from_memory(struct content *ret, const void *data, size_t n); /* borrowed */
void content_from_fd(struct content *ret, int fd, uint64_t start, uint64_t size); /* borrowed */
int content_read(struct content *content, uint64_t offset, void *buf, size_t n, struct error *err) _must_check_;
/* All of it appended to `out`; more than `max` bytes is -E2BIG. */
int content_slurp(struct content *content, uint64_t max, struct buf *out, struct error *err) _must_check_;

/* From its start on, as a source of bytes. */
struct content_stream {
        struct content *content;
        uint64_t offset;
};
struct byte_source content_source(struct content_stream *stream); /* the stream is borrowed */

/* Line by line, in constant memory, for text that may be large. A line over `max` bytes is -E2BIG. Lines come without
 * LF or CR LF. 1 a line (borrowed until the next call), 0 the end. */
struct content_lines {
        struct content *content;
        uint64_t offset;
        struct buf buf;
        size_t start;
        size_t max;
};
void content_lines_init(struct content_lines *lines, struct content *content, size_t max);
int content_lines_next(struct content_lines *lines, struct str *ret, struct error *err) _must_check_;
void content_lines_done(struct content_lines *lines); /* also the _cleanup_ form */

#endif
