/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/wire.h"
#include "oci/image_owners.h"
#include "oci/layer_format.h"

#define IMAGE_OWNERS_MAGIC 0x574f4d54u /* "TMOW" */

struct image_owners {
        int fd;
        struct format_map map;
        uint64_t n_files, n_texts;
        uint64_t owners, offsets; /* where they lie */
};

static int write_all(struct format_writer *w, const uint32_t *owners, uint64_t n_files, const struct str *texts, size_t n_texts,
                     uint64_t *offsets, struct error *err)
{
        _cleanup_(buf_free) struct buf trailer = { 0 };
        uint64_t at_owners, at_offsets;
        int r = 0;

        for (size_t i = 0; r == 0 && i < n_texts; i++) {
                offsets[i] = format_writer_offset(w);
                r = format_write_sized(w, texts[i], err);
        }
        at_owners = format_writer_offset(w);
        if (r == 0)
                r = format_write(w, owners, n_files * sizeof(*owners), err);
        at_offsets = format_writer_offset(w);
        if (r == 0)
                r = format_write(w, offsets, n_texts * sizeof(*offsets), err);
        if (r < 0)
                return r;
        wire_put_u64(&trailer, n_files);
        wire_put_u64(&trailer, n_texts);
        wire_put_u64(&trailer, at_owners);
        wire_put_u64(&trailer, at_offsets);
        return buf_ok(&trailer) ? format_write_end(w, buf_str(&trailer), IMAGE_OWNERS_MAGIC, err) : error_oom(err);
}

int image_owners_write(const uint32_t *owners, uint64_t n_files, const struct str *texts, size_t n_texts, int output,
                       struct error *err)
{
        _cleanup_free_ uint64_t *offsets = calloc(n_texts + 1, sizeof(*offsets));
        struct format_writer w = { .fd = output };
        int r = offsets ? write_all(&w, owners, n_files, texts, n_texts, offsets, err) : error_oom(err);

        buf_free(&w.buf);
        return r;
}

/* [at, at + n * size) lies before `end`. */
static bool fits(uint64_t at, uint64_t n, size_t size, uint64_t end)
{
        return at <= end && n <= (end - at) / size;
}

int image_owners_open(int fd, struct image_owners **ret, struct error *err)
{
        _cleanup_(image_owners_freep) struct image_owners *o = calloc(1, sizeof(*o));
        struct wire_reader reader;
        int r;

        if (!o) {
                fd_close(fd);
                return error_oom(err);
        }
        o->fd = fd;
        r = format_map_open(fd, IMAGE_OWNERS_MAGIC, "list of owners", &o->map, err);
        if (r < 0)
                return r;
        reader = wire_reader(o->map.trailer.p, o->map.trailer.n);
        o->n_files = wire_get_u64(&reader);
        o->n_texts = wire_get_u64(&reader);
        o->owners = wire_get_u64(&reader);
        o->offsets = wire_get_u64(&reader);
        if (!wire_end(&reader) || !fits(o->owners, o->n_files, sizeof(uint32_t), o->map.body) ||
            !fits(o->offsets, o->n_texts, sizeof(uint64_t), o->map.body))
                return error_say(err, -EBADMSG, "the list of owners is damaged: its tables do not fit");
        *ret = TAKE_PTR(o);
        return 0;
}

struct image_owners *image_owners_free(struct image_owners *owners)
{
        if (!owners)
                return NULL;
        format_map_close(&owners->map);
        fd_close(owners->fd);
        free(owners);
        return NULL;
}

uint64_t image_owners_count(const struct image_owners *owners)
{
        return owners->n_files;
}

struct str image_owners_get(const struct image_owners *o, uint64_t i)
{
        struct str text;
        uint32_t number;
        uint64_t at;

        if (i >= o->n_files)
                return STR_NULL;
        memcpy(&number, o->map.data + o->owners + i * sizeof(number), sizeof(number));
        if (number == 0 || number > o->n_texts)
                return STR_NULL;
        memcpy(&at, o->map.data + o->offsets + (number - 1) * sizeof(at), sizeof(at));
        return format_map_sized(&o->map, &at, o->map.body, &text) < 0 ? STR_NULL : text;
}
