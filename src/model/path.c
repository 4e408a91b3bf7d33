/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "model/path.h"

#define COMPARE_BLOCK 32 /* bytes at a time, where paths have much in common */

static void drop_last(struct buf *out)
{
        while (out->len && out->data[out->len - 1] != '/')
                out->len--;
        if (out->len)
                out->len--;
        if (out->data)
                out->data[out->len] = 0;
}

/* Adds the components of `name` to `out`; ".." at the root is an error, or stays at the root if `clamp`. */
static int add_components(struct str name, bool clamp, struct buf *out, struct error *err)
{
        while (name.n) {
                struct str part = str_cut(&name, '/');

                if (part.n == 0 || str_equals(part, "."))
                        continue;
                if (str_equals(part, "..")) {
                        if (out->len == 0 && !clamp)
                                return error_say(err, -EBADMSG, "the path leaves the root");
                        drop_last(out);
                        continue;
                }
                if (out->len)
                        buf_putc(out, '/');
                buf_add_str(out, part);
                if (out->len > PATH_LENGTH_MAX)
                        return error_say(err, -E2BIG, "a path of more than %d bytes", PATH_LENGTH_MAX);
        }
        return 0;
}

int path_normalize(struct str name, struct buf *out, struct error *err)
{
        int r;

        buf_clear(out);
        if (name.n && memchr(name.p, 0, name.n))
                return error_say(err, -EBADMSG, "the path holds a NUL byte");
        r = add_components(name, false, out, err);
        if (r < 0)
                return r;
        return buf_ok(out) ? 0 : error_oom(err);
}

int path_link_target(struct str link, struct str target, struct buf *out, struct error *err)
{
        int r;

        buf_clear(out);
        if (target.n && memchr(target.p, 0, target.n))
                return error_say(err, -EBADMSG, "the link holds a NUL byte");
        if (!str_starts(target, "/"))
                buf_add_str(out, path_parent(link));
        r = add_components(target, true, out, err);
        if (r < 0)
                return r;
        return buf_ok(out) ? 0 : error_oom(err);
}

int path_compare(struct str a, struct str b)
{
        size_t n = MIN_OF(a.n, b.n), i = 0;

        while (n - i >= COMPARE_BLOCK && memcmp(a.p + i, b.p + i, COMPARE_BLOCK) == 0)
                i += COMPARE_BLOCK;
        while (i < n && a.p[i] == b.p[i])
                i++;
        if (i == n)
                return (a.n > b.n) - (a.n < b.n);
        if (a.p[i] == '/')
                return -1;
        if (b.p[i] == '/')
                return 1;
        return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
}

struct str path_parent(struct str path)
{
        if (path.n == 0)
                return STR_NULL;
        while (path.n && path.p[path.n - 1] != '/')
                path.n--;
        if (path.n)
                path.n--;
        return path;
}

struct str path_name(struct str path)
{
        size_t start = path.n;

        while (start && path.p[start - 1] != '/')
                start--;
        return start ? (struct str){ path.p + start, path.n - start } : path;
}

bool path_below(struct str path, struct str directory)
{
        if (directory.n == 0)
                return path.n > 0;
        return path.n > directory.n && path.p[directory.n] == '/' && memcmp(path.p, directory.p, directory.n) == 0;
}
