/* SPDX-License-Identifier: Apache-2.0 */
/* What reading any archive through libarchive takes. */
#ifndef TALLYMAN_BASE_ARCHIVE_PRIVATE_H
#define TALLYMAN_BASE_ARCHIVE_PRIVATE_H

#include <archive.h>
#include <archive_entry.h>

#include "base/archive.h"

struct archive_stream {
        struct archive *archive;
        struct archive_entry *entry; /* the current one */
        struct archive_source source;
        struct error cause; /* of the source: libarchive would put its own words in its place */
        const char *what;   /* "tar" */
};

/* `formats` is NULL-terminated. The stream stays where it is until it is closed, also after an error. */
int archive_stream_open(struct archive_stream *stream, struct archive_source source, const char *what,
                        int (*const *formats)(struct archive *), struct error *err) _must_check_;
void archive_stream_close(struct archive_stream *stream);

/* 1 with the next entry, and *ret_warning what libarchive had to guess about it or NULL; 0 at the end; negative errno. */
int archive_stream_next(struct archive_stream *stream, const char **ret_warning, struct error *err) _must_check_;
/* 1 with a piece of the current entry's data, borrowed until the next call; 0 at its end; negative errno. */
int archive_stream_data(struct archive_stream *stream, const uint8_t **ret_data, size_t *ret_n, uint64_t *ret_offset,
                        struct error *err) _must_check_;

#endif
