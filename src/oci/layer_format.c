/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/wire.h"
#include "oci/layer_format.h"

#define WRITE_BUFFER (256u << 10)
#define CHECK_STEP (4u << 20)

int format_flush(struct format_writer *w, struct error *err)
{
        int r;

        if (!buf_ok(&w->buf))
                return error_oom(err);
        if (w->buf.len == 0)
                return 0;
        r = file_write(w->fd, w->buf.data, w->buf.len, err);
        if (r < 0)
                return r;
        w->crc = checksum_crc32c(w->crc, w->buf.data, w->buf.len);
        w->written += w->buf.len;
        buf_clear(&w->buf);
        return 0;
}

int format_write(struct format_writer *w, const void *data, size_t n, struct error *err)
{
        buf_add(&w->buf, data, n);
        if (w->buf.len >= WRITE_BUFFER || !buf_ok(&w->buf))
                return format_flush(w, err);
        return 0;
}

int format_write_sized(struct format_writer *w, struct str payload, struct error *err)
{
        if (payload.n > UINT32_MAX)
                return error_say(err, -E2BIG, "a record of %zu bytes is too large to keep", payload.n);
        wire_put_str(&w->buf, payload);
        if (w->buf.len >= WRITE_BUFFER || !buf_ok(&w->buf))
                return format_flush(w, err);
        return 0;
}

int format_write_end(struct format_writer *w, struct str trailer, uint32_t magic, struct error *err)
{
        _cleanup_(buf_free) struct buf footer = { 0 };
        int r;

        buf_add_str(&w->buf, trailer);
        wire_put_u32(&w->buf, (uint32_t)trailer.n);
        r = format_flush(w, err);
        if (r < 0)
                return r;
        wire_put_u32(&footer, w->crc);
        wire_put_u32(&footer, LAYER_FILE_VERSION);
        wire_put_u32(&footer, magic);
        if (!buf_ok(&footer))
                return error_oom(err);
        return file_write(w->fd, footer.data, footer.len, err);
}

static int check_crc(const struct format_map *map, uint32_t expected, const char *what, struct error *err)
{
        uint32_t crc = 0;
        size_t end = map->size - (FOOTER_SIZE - 4), at, n;

        for (at = 0; at < end; at += n) {
                int r = interrupt_check(err);

                if (r < 0)
                        return r;
                n = MIN_OF(end - at, (size_t)CHECK_STEP);
                crc = checksum_crc32c(crc, map->data + at, n);
                format_map_release(map, at, at + n);
        }
        if (crc != expected)
                return error_say(err, -EBADMSG, "the %s is damaged: its checksum does not match", what);
        return 0;
}

static int check_footer(struct format_map *map, uint32_t magic, const char *what, struct error *err)
{
        struct wire_reader r = wire_reader(map->data + map->size - FOOTER_SIZE, FOOTER_SIZE);
        uint32_t trailer = wire_get_u32(&r), crc = wire_get_u32(&r), version = wire_get_u32(&r);

        if (wire_get_u32(&r) != magic)
                return error_say(err, -EBADMSG, "not a %s, or cut short", what);
        if (version != LAYER_FILE_VERSION)
                return error_say(err, -EBADMSG, "the %s has version %u, expected %u", what, version, LAYER_FILE_VERSION);
        if (trailer > map->size - FOOTER_SIZE)
                return error_say(err, -EBADMSG, "the %s is damaged: its trailer can not be that long", what);
        map->body = map->size - FOOTER_SIZE - trailer;
        map->trailer = (struct str){ (const char *)map->data + map->body, trailer };
        return check_crc(map, crc, what, err);
}

/* Both kinds of file are written from end to end. In one with holes a few bytes could claim to be terabytes to be read. */
static bool has_holes(int fd, size_t size)
{
        off_t hole = lseek(fd, 0, SEEK_HOLE);

        return hole >= 0 && (size_t)hole < size;
}

int format_map_open(int fd, uint32_t magic, const char *what, struct format_map *ret, struct error *err)
{
        struct format_map map = { 0 };
        struct stat st;
        void *p;
        int r;

        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at the %s", what);
        if (!S_ISREG(st.st_mode) || st.st_size < FOOTER_SIZE)
                return error_say(err, -EBADMSG, "not a %s, or cut short", what);
        map.size = (size_t)st.st_size;
        if (has_holes(fd, map.size))
                return error_say(err, -EBADMSG, "the %s is damaged: it has holes", what);
        p = mmap(NULL, map.size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                return error_set(err, -errno, "map the %s", what);
        map.data = p;
        r = check_footer(&map, magic, what, err);
        if (r < 0) {
                format_map_close(&map);
                return r;
        }
        *ret = map;
        return 0;
}

void format_map_close(struct format_map *map)
{
        if (map->data)
                munmap((void *)map->data, map->size);
        *map = (struct format_map){ 0 };
}

void format_map_release(const struct format_map *map, uint64_t from, uint64_t to)
{
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

        from = (from + page - 1) / page * page;
        to = to / page * page;
        if (from < to && to <= map->size)
                madvise((void *)(map->data + from), to - from, MADV_DONTNEED);
}

int format_map_sized(const struct format_map *map, uint64_t *at, uint64_t end, struct str *ret)
{
        struct wire_reader r;
        struct str payload;

        if (end > map->body || *at > end)
                return -EBADMSG;
        r = wire_reader(map->data + *at, end - *at);
        payload = wire_get_str(&r);
        if (r.bad)
                return -EBADMSG;
        *at = end - wire_left(&r);
        *ret = payload;
        return 0;
}
