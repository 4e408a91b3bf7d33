/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/file.h"
#include "model/content.h"

#define LINES_CHUNK (64u << 10)

static int read_memory(struct content *c, uint64_t offset, void *buf, size_t n, struct error *err)
{
        memcpy(buf, c->memory + offset, n);
        return 0;
}

static int read_fd(struct content *c, uint64_t offset, void *buf, size_t n, struct error *err)
{
        ssize_t r = file_read_at(c->fd, buf, n, c->start + offset, err);

        if (r < 0)
                return (int)r;
        return (size_t)r == n ? 0 : error_say(err, -EBADMSG, "the file shrank while it was read");
}

void content_from_memory(struct content *ret, const void *data, size_t n)
{
        *ret = (struct content){ .size = n, .read = read_memory, .memory = data };
}

void content_from_fd(struct content *ret, int fd, uint64_t start, uint64_t size)
{
        *ret = (struct content){ .size = size, .read = read_fd };
        ret->fd = fd;
        ret->start = start;
}

int content_read(struct content *content, uint64_t offset, void *buf, size_t n, struct error *err)
{
        if (offset > content->size || n > content->size - offset)
                return error_say(err, -EBADMSG, "it ends at byte %llu, but %zu bytes at %llu are needed",
                                 (unsigned long long)content->size, n, (unsigned long long)offset);
        return n ? content->read(content, offset, buf, n, err) : 0;
}

int content_slurp(struct content *content, uint64_t max, struct buf *out, struct error *err)
{
        int r;

        if (content->size > max)
                return error_say(err, -E2BIG, "%llu bytes, more than the %llu that are read",
                                 (unsigned long long)content->size, (unsigned long long)max);
        if (!buf_reserve(out, content->size))
                return error_oom(err);
        r = content_read(content, 0, out->data + out->len, content->size, err);
        if (r < 0)
                return r;
        out->len += content->size;
        out->data[out->len] = 0;
        return 0;
}

static ssize_t read_stream(void *ctx, void *buf, size_t n, struct error *err)
{
        struct content_stream *s = ctx;
        size_t left = (size_t)MIN_OF(s->content->size - s->offset, (uint64_t)n);
        int r = content_read(s->content, s->offset, buf, left, err);

        if (r < 0)
                return r;
        s->offset += left;
        return (ssize_t)left;
}

struct byte_source content_source(struct content_stream *stream)
{
        return (struct byte_source){ read_stream, stream };
}

void content_lines_init(struct content_lines *lines, struct content *content, size_t max)
{
        *lines = (struct content_lines){ .content = content, .max = max };
}

static int refill(struct content_lines *l, struct error *err)
{
        size_t n = MIN_OF((uint64_t)LINES_CHUNK, l->content->size - l->offset), left = l->buf.len - l->start;
        int r;

        if (left > l->max)
                return error_say(err, -E2BIG, "a line of more than %zu bytes", l->max);
        if (l->start) {
                memmove(l->buf.data, l->buf.data + l->start, left);
                l->buf.len = left;
                l->start = 0;
        }
        if (!buf_reserve(&l->buf, n))
                return error_oom(err);
        r = content_read(l->content, l->offset, l->buf.data + l->buf.len, n, err);
        if (r < 0)
                return r;
        l->buf.len += n;
        l->offset += n;
        return 0;
}

int content_lines_next(struct content_lines *l, struct str *ret, struct error *err)
{
        size_t searched = 0;

        for (;;) {
                size_t left = l->buf.len - l->start;
                const char *base = left ? l->buf.data + l->start : "";
                const char *at = left > searched ? memchr(base + searched, '\n', left - searched) : NULL;
                int r;

                if (at || (l->offset == l->content->size && left)) {
                        size_t n = at ? (size_t)(at - base) : left;

                        l->start += n + (at ? 1 : 0);
                        *ret = (struct str){ base, n && base[n - 1] == '\r' ? n - 1 : n };
                        return n > l->max ? error_say(err, -E2BIG, "a line of more than %zu bytes", l->max) : 1;
                }
                if (l->offset == l->content->size)
                        return 0;
                searched = left;
                r = refill(l, err);
                if (r < 0)
                        return r;
        }
}

void content_lines_done(struct content_lines *lines)
{
        buf_free(&lines->buf);
}
