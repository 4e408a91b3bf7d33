/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: the end of a layer file and of an image index, and the buffered, checksummed writing of both. */
#ifndef TALLYMAN_OCI_LAYER_FORMAT_H
#define TALLYMAN_OCI_LAYER_FORMAT_H

#include "base/error.h"
#include "base/str.h"
#include "oci/layer_file.h"

#define LAYER_FILE_MAGIC 0x524c4d54u /* "TMLR" */
#define IMAGE_INDEX_MAGIC 0x58494d54u /* "TMIX" */

/* The last bytes of either file: u32 size of the trailer before it, u32 CRC-32C of all before the CRC itself, u32
 * version, u32 magic. */
#define FOOTER_SIZE 16

/* What a span of a layer file holds. */
enum span_kind {
        SPAN_RUN = 1,
        SPAN_RECORDS,
};

/* Sequential writing through one buffer, with the checksum of all that passed. */
struct format_writer {
        int fd;
        uint64_t written; /* bytes handed to the file, those in the buffer not counted */
        uint32_t crc;
        struct buf buf;
};

static inline uint64_t format_writer_offset(const struct format_writer *w)
{
        return w->written + w->buf.len;
}
/* Appends "u32 size, payload". */
int format_write_sized(struct format_writer *w, struct str payload, struct error *err) _must_check_;
int format_write(struct format_writer *w, const void *data, size_t n, struct error *err) _must_check_;
int format_flush(struct format_writer *w, struct error *err) _must_check_;
/* Writes the trailer and the footer. */
int format_write_end(struct format_writer *w, struct str trailer, uint32_t magic, struct error *err) _must_check_;

/* A finished file, mapped and checked. */
struct format_map {
        const uint8_t *data;
        size_t size;         /* of the whole file */
        size_t body;         /* bytes before the trailer */
        struct str trailer;
};

/* Maps `fd` (which stays the caller's) and checks size, magic, version and checksum. `what` names it in messages. */
int format_map_open(int fd, uint32_t magic, const char *what, struct format_map *ret, struct error *err) _must_check_;
void format_map_close(struct format_map *map);
/* Gives back the pages of [from, to), as far as they are whole. */
void format_map_release(const struct format_map *map, uint64_t from, uint64_t to);
/* Reads "u32 size, payload" at *at, not beyond `end`, and moves on. 0 or -EBADMSG. */
int format_map_sized(const struct format_map *map, uint64_t *at, uint64_t end, struct str *ret);

#endif
