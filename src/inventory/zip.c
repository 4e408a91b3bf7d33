/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/hijack.h"
#include "inventory/zip.h"

#define END_SIZE 22u           /* of the end of central directory record, without comment */
#define END_SEARCH (END_SIZE + 65535u)
#define END64_SIZE 56u
#define LOCATOR_SIZE 20u
#define CENTRAL_SIZE 46u       /* of an entry, without name, extra field and comment */
#define CENTRAL_MAX (CENTRAL_SIZE + 3 * 65535u)
#define LOCAL_SIZE 30u
#define PIECE (64u << 10)

static uint16_t le16(const uint8_t *p)
{
        return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
        return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint64_t le64(const uint8_t *p)
{
        return (uint64_t)le32(p + 4) << 32 | le32(p);
}

static int damaged(struct error *err)
{
        return error_say(err, -EBADMSG, "the central directory of the zip archive makes no sense");
}

/* ---- the end, which says where the directory is ---- */

static int read_end64(struct zip *zip, uint64_t end, uint64_t *size, uint64_t *offset, uint64_t *count, struct error *err)
{
        uint8_t locator[LOCATOR_SIZE], record[END64_SIZE];
        int r;

        if (end < LOCATOR_SIZE)
                return 0;
        r = content_read(zip->content, end - LOCATOR_SIZE, locator, sizeof(locator), err);
        if (r < 0 || le32(locator) != 0x07064b50)
                return r;
        r = content_read(zip->content, le64(locator + 8), record, sizeof(record), err);
        if (r < 0)
                return r;
        if (le32(record) != 0x06064b50)
                return damaged(err);
        *count = le64(record + 32);
        *size = le64(record + 40);
        *offset = le64(record + 48);
        return 1;
}

static int take_end(struct zip *zip, const uint8_t *record, uint64_t end, struct error *err)
{
        uint64_t count = le16(record + 10), size = le32(record + 12), offset = le32(record + 16);
        int r = 0;

        if (count == 0xffff || size == 0xffffffff || offset == 0xffffffff) {
                r = read_end64(zip, end, &size, &offset, &count, err);
                if (r < 0)
                        return r;
        }
        if (r == 0) {
                if (size > end || offset > end - size)
                        return damaged(err);
                zip->base = end - size - offset;
        } else if (offset > zip->content->size || size > zip->content->size - offset) {
                return damaged(err);
        }
        zip->at = zip->base + offset;
        zip->end = zip->at + size;
        zip->left = count;
        return 0;
}

static int is_end(const uint8_t *p, size_t left)
{
        return left >= END_SIZE && le32(p) == 0x06054b50 && le16(p + 20) <= left - END_SIZE;
}

int zip_open(struct zip *zip, struct content *content, struct error *err)
{
        size_t n = (size_t)MIN_OF(content->size, (uint64_t)END_SEARCH);
        _cleanup_free_ uint8_t *tail = malloc(n + 1);
        int r;

        *zip = (struct zip){ .content = content };
        if (!tail)
                return error_oom(err);
        r = content_read(content, content->size - n, tail, n, err);
        if (r < 0)
                return r;
        for (size_t at = n < END_SIZE ? 0 : n - END_SIZE + 1; at-- > 0;)
                if (is_end(tail + at, n - at))
                        return take_end(zip, tail + at, content->size - n + at, err);
        return error_say(err, -EBADMSG, "this is no zip archive, or it is cut short");
}

void zip_done(struct zip *zip)
{
        buf_free(&zip->piece);
}

/* ---- the directory ---- */

/* Makes `n` bytes of the directory available, if it has so many. */
static int fill(struct zip *zip, size_t n, struct error *err)
{
        size_t left = zip->piece.len - zip->piece_at, more;
        int r;

        if (left >= n)
                return 0;
        if (zip->end - zip->at < n - left)
                return damaged(err);
        if (left)
                memmove(zip->piece.data, zip->piece.data + zip->piece_at, left);
        zip->piece.len = left;
        zip->piece_at = 0;
        more = (size_t)MIN_OF(zip->end - zip->at, (uint64_t)MAX_OF(n - left, (size_t)PIECE));
        if (!buf_reserve(&zip->piece, more))
                return error_oom(err);
        r = content_read(zip->content, zip->at, zip->piece.data + left, more, err);
        if (r < 0)
                return r;
        zip->piece.len += more;
        zip->at += more;
        return 0;
}

/* Sizes and offsets that do not fit 32 bits stand in the extra field of id 1, those that need it in this order. */
static void take_extra(struct zip_entry *e, const uint8_t *p, size_t n)
{
        uint64_t *const values[] = { &e->size, &e->packed, &e->header };

        while (n >= 4) {
                size_t length = le16(p + 2);

                if (length > n - 4)
                        return;
                if (le16(p) == 1) {
                        p += 4;
                        for (size_t i = 0; i < ELEMENTS_OF(values); i++) {
                                if (*values[i] != 0xffffffff || length < 8)
                                        continue;
                                *values[i] = le64(p);
                                p += 8;
                                length -= 8;
                        }
                        return;
                }
                p += 4 + length;
                n -= 4 + length;
        }
}

int zip_next(struct zip *zip, struct zip_entry *ret, struct error *err)
{
        const uint8_t *p;
        size_t name, extra, all;
        int r;

        if (zip->left == 0)
                return 0;
        zip->left--;
        r = fill(zip, CENTRAL_SIZE, err);
        if (r < 0)
                return r;
        p = (const uint8_t *)zip->piece.data + zip->piece_at;
        if (le32(p) != 0x02014b50)
                return damaged(err);
        HIJACK_POINT("zip");
        name = le16(p + 28);
        extra = le16(p + 30);
        all = CENTRAL_SIZE + name + extra + le16(p + 32);
        r = fill(zip, all, err);
        if (r < 0)
                return r;
        p = (const uint8_t *)zip->piece.data + zip->piece_at;
        *ret = (struct zip_entry){
                .name = { (const char *)p + CENTRAL_SIZE, name }, .flags = le16(p + 8), .method = le16(p + 10),
                .packed = le32(p + 20), .size = le32(p + 24), .header = le32(p + 42),
        };
        take_extra(ret, p + CENTRAL_SIZE + name, extra);
        zip->piece_at += all;
        return 1;
}

/* ---- an entry ---- */

static int data_offset(struct zip *zip, const struct zip_entry *e, uint64_t *ret, struct error *err)
{
        uint8_t local[LOCAL_SIZE];
        uint64_t at, size = zip->content->size;
        int r;

        if (e->flags & 1)
                return error_say(err, -ENOTSUP, "it is encrypted");
        if (__builtin_add_overflow(zip->base, e->header, &at))
                return damaged(err);
        r = content_read(zip->content, at, local, sizeof(local), err);
        if (r < 0)
                return r;
        at += LOCAL_SIZE + le16(local + 26) + (uint64_t)le16(local + 28);
        if (le32(local) != 0x04034b50 || at > size || e->packed > size - at)
                return error_say(err, -EBADMSG, "it is not where the zip archive's directory says");
        *ret = at;
        return 0;
}

int zip_stored_at(struct zip *zip, const struct zip_entry *entry, uint64_t *ret, struct error *err)
{
        int r;

        if (entry->method != 0)
                return 0;
        r = data_offset(zip, entry, ret, err);
        return r < 0 ? r : 1;
}

struct window {
        struct content *content;
        uint64_t at, left;
};

static ssize_t read_window(void *ctx, void *buf, size_t n, struct error *err)
{
        struct window *w = ctx;
        int r;

        n = (size_t)MIN_OF((uint64_t)n, w->left);
        r = content_read(w->content, w->at, buf, n, err);
        if (r < 0)
                return r;
        w->at += n;
        w->left -= n;
        return (ssize_t)n;
}

int zip_read(struct zip *zip, const struct zip_entry *entry, size_t max, struct buf *out, struct error *err)
{
        struct window window = { .content = zip->content, .left = entry->packed };
        int r = data_offset(zip, entry, &window.at, err);

        if (r < 0)
                return r;
        if (entry->method == 8)
                return deflate_read((struct byte_source){ read_window, &window }, DEFLATE_RAW, max, out, err);
        if (entry->method != 0)
                return error_say(err, -ENOTSUP, "it is compressed by method %u, which is not supported", entry->method);
        if (entry->packed > max)
                return error_say(err, -E2BIG, "it holds more than %zu bytes", max);
        if (!buf_reserve(out, (size_t)entry->packed + 1))
                return error_oom(err);
        r = content_read(zip->content, window.at, out->data + out->len, (size_t)entry->packed, err);
        if (r < 0)
                return r;
        out->len += (size_t)entry->packed;
        out->data[out->len] = 0;
        return 0;
}
