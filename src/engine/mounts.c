/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's own texts say: mount tables and addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/engine_private.h"

/* \ooo stands for a blank, a tab, a newline or a backslash (getmntent(3)). */
static void unescape(struct str s, struct buf *out)
{
        uint64_t n;

        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] == '\\' && s.n - i > 3 && str_to_u64((struct str){ s.p + i + 1, 3 }, 8, &n) == 0 && n < 256) {
                        buf_putc(out, (char)n);
                        i += 3;
                } else {
                        buf_putc(out, s.p[i]);
                }
        }
}

static bool parse_device(struct str text, struct container_device *ret)
{
        struct str major = str_cut(&text, ':');
        uint64_t a, b;

        if (str_to_u64(major, 10, &a) < 0 || str_to_u64(text, 10, &b) < 0 || a > UINT32_MAX || b > UINT32_MAX)
                return false;
        *ret = (struct container_device){ (uint32_t)a, (uint32_t)b };
        return true;
}

/* "36 35 98:0 /root /point options optional… - type source options" */
static bool parse_line(struct str line, struct mount_line *ret)
{
        str_cut(&line, ' ');
        str_cut(&line, ' ');
        if (!parse_device(str_cut(&line, ' '), &ret->device))
                return false;
        ret->root = str_cut(&line, ' ');
        ret->mount_point = str_cut(&line, ' ');
        while (line.n && !str_equals(str_cut(&line, ' '), "-"))
                ;
        ret->type = str_cut(&line, ' ');
        str_cut(&line, ' ');
        ret->options = line;
        return ret->type.n > 0;
}

bool mountinfo_find(struct str text, struct str mount_point, struct mount_line *ret)
{
        struct mount_line line;
        bool found = false;

        while (text.n) {
                _cleanup_(buf_free) struct buf point = { 0 };

                if (!parse_line(str_cut(&text, '\n'), &line))
                        continue;
                /* Escapes are rare: most lines are told apart by their length. */
                if (line.mount_point.n < mount_point.n || line.mount_point.n > 4 * mount_point.n)
                        continue;
                unescape(line.mount_point, &point);
                if (!buf_ok(&point) || !str_equal(buf_str(&point), mount_point))
                        continue;
                *ret = line;
                found = true;
        }
        return found;
}

static void take_layers(struct draft *d, struct str value)
{
        while (value.n) {
                _cleanup_(buf_free) struct buf path = { 0 };

                unescape(str_cut(&value, ':'), &path);
                if (path.len && buf_ok(&path))
                        draft_layer(d, buf_str(&path));
        }
}

void draft_take_mount(struct draft *d, const struct mount_line *line)
{
        struct str options = line->options;

        d->c.device = line->device;
        d->c.knows_device = true;
        if (!str_equals(line->type, "overlay") && !str_equals(line->type, "fuse.fuse-overlayfs"))
                return;
        d->c.n_layers = 0;
        while (options.n) {
                _cleanup_(buf_free) struct buf path = { 0 };
                struct str value = str_cut(&options, ','), name = str_cut(&value, '=');

                if (str_equals(name, "lowerdir") || str_equals(name, "lowerdir+"))
                        take_layers(d, value);
                if (!str_equals(name, "upperdir"))
                        continue;
                unescape(value, &path);
                if (buf_ok(&path))
                        d->c.upper = draft_text(d, buf_str(&path));
        }
}

/* "|-- 10.1.2.3" and below it "/32 host LOCAL". */
struct str parse_fib_trie(struct str text)
{
        struct str address = STR_NULL;

        while (text.n) {
                struct str line = str_trim(str_cut(&text, '\n'));

                if (str_starts(line, "|-- ") || str_starts(line, "+-- "))
                        address = str_starts(line, "|") ? (struct str){ line.p + 4, line.n - 4 } : STR_NULL;
                else if (str_equals(line, "/32 host LOCAL") && address.n && address.n < INET_ADDRSTRLEN &&
                         !str_starts(address, "127."))
                        return address;
        }
        return STR_NULL;
}

/* "fd00…01 02 40 00 80 eth0": address, interface, prefix, scope (00: global), flags, name; numbers in hexadecimal. */
bool parse_if_inet6(struct str text, char ret[static 46])
{
        while (text.n) {
                struct str line = str_cut(&text, '\n'), address = str_cut(&line, ' '), scope;
                uint8_t bytes[16];
                uint64_t byte;
                size_t i;

                str_cut(&line, ' ');
                str_cut(&line, ' ');
                scope = str_cut(&line, ' ');
                if (address.n != 32 || !str_equals(scope, "00"))
                        continue;
                for (i = 0; i < 16 && str_to_u64((struct str){ address.p + 2 * i, 2 }, 16, &byte) == 0; i++)
                        bytes[i] = (uint8_t)byte;
                if (i == 16 && inet_ntop(AF_INET6, bytes, ret, 46))
                        return true;
        }
        return false;
}

/* ---- overlays ---- */

#define LOWER_MAX 1024 /* of one overlay; the kernel takes 500 */

static bool is_same(const char *path, const struct stat *st)
{
        struct stat other;

        return stat(path, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

/* ".../overlay2/" of ".../overlay2/ID/merged". */
static void add_base(struct str mount_point, struct buf *out)
{
        for (unsigned i = 0; i < 2; i++) {
                while (mount_point.n && mount_point.p[mount_point.n - 1] != '/')
                        mount_point.n--;
                mount_point.n -= mount_point.n > 0;
        }
        buf_add_str(out, mount_point);
        buf_putc(out, '/');
}

static bool is_directory(struct str written, struct str mount_point, const struct stat *st)
{
        _cleanup_(buf_free) struct buf path = { 0 };

        if (!str_starts(written, "/"))
                add_base(mount_point, &path);
        unescape(written, &path);
        return path.len && buf_ok(&path) && is_same(path.data, st);
}

/* Lower directories stand the uppermost first. */
static bool lies_on(const struct mount_line *line, const struct stat *wanted, size_t n)
{
        struct str options = line->options, lower[LOWER_MAX];
        size_t found = 0;

        while (options.n) {
                struct str value = str_cut(&options, ','), name = str_cut(&value, '=');

                if (!str_equals(name, "lowerdir") && !str_equals(name, "lowerdir+"))
                        continue;
                while (value.n && found < LOWER_MAX)
                        lower[found++] = str_cut(&value, ':');
        }
        if (found != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_directory(lower[i], line->mount_point, &wanted[n - 1 - i]))
                        return false;
        return true;
}

bool mounts_have_overlay(struct str text, const char *const *directories, size_t n)
{
        _cleanup_free_ struct stat *wanted = calloc(n + 1, sizeof(*wanted));
        struct mount_line line;

        for (size_t i = 0; i < n; i++)
                if (!wanted || stat(directories[i], &wanted[i]) < 0)
                        return false;
        while (n && wanted && text.n)
                if (parse_line(str_cut(&text, '\n'), &line) &&
                    (str_equals(line.type, "overlay") || str_equals(line.type, "fuse.fuse-overlayfs")) && lies_on(&line, wanted, n))
                        return true;
        return false;
}
