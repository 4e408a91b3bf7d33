/* SPDX-License-Identifier: Apache-2.0 */
/* How engines' files are reached: bounded, without links below what root made, and only files that the right user owns. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/engine_private.h"

static int open_directly(struct files *f, const char *base, const char *path, int flags, struct error *err)
{
        _cleanup_(buf_free) struct buf whole = { 0 };
        _cleanup_close_ int dir = -EBADF;

        buf_printf(&whole, "%s%s", f->root, base);
        if (!buf_ok(&whole))
                return error_oom(err);
        if (!*path) {
                dir = open(whole.data, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
                return dir < 0 ? error_set(err, -errno, "open '%s'", base) : TAKE_FD(dir);
        }
        dir = open(whole.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return error_set(err, -errno, "open '%s'", base);
        return file_open_below(dir, path, flags, false, err);
}

static int check(int fd, int flags, int64_t uid, const char *base, const char *path, struct error *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at '%s/%s'", base, path);
        if (flags & O_DIRECTORY)
                return S_ISDIR(st.st_mode) ? 0 : error_say(err, -ENOTDIR, "'%s/%s' is not a directory", base, path);
        if (flags & O_NOFOLLOW)
                return S_ISLNK(st.st_mode) ? 0 : error_say(err, -EINVAL, "'%s' is not a link", base);
        if (!S_ISREG(st.st_mode))
                return error_say(err, -EINVAL, "'%s/%s' is not a regular file", base, path);
        if (uid != UID_ANY && st.st_uid != 0 && st.st_uid != geteuid() && (int64_t)st.st_uid != uid)
                return error_say(err, -EPERM, "'%s/%s' belongs to user %u, which runs no engine", base, path,
                                 (unsigned)st.st_uid);
        return 0;
}

int files_open(struct files *f, const char *base, const char *path, int flags, int64_t uid, struct error *err)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        f->reads++;
        if (f->access.open)
                fd = f->access.open(f->access.ctx, base, path, flags, err);
        else
                fd = open_directly(f, base, path, flags | O_RDONLY, err);
        if (fd < 0) {
                if (fd != -ENOENT && fd != -ENOTDIR)
                        f->failed++;
                return TAKE_FD(fd);
        }
        r = check(fd, flags, uid, base, path, err);
        if (r < 0) {
                f->failed++;
                return r;
        }
        return TAKE_FD(fd);
}

int files_read(struct files *f, const char *base, const char *path, size_t max, int64_t uid, struct buf *out,
               struct error *err)
{
        _cleanup_close_ int fd = files_open(f, base, path, 0, uid, err);
        int r;

        if (fd < 0)
                return fd;
        r = file_slurp(fd, max, out, err);
        if (r < 0) {
                f->failed++;
                return error_wrap(err, "read '%s/%s'", base, path);
        }
        return 0;
}

int files_read_json(struct files *f, const char *base, const char *path, size_t max, int64_t uid, json_t **ret,
                    struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = files_read(f, base, path, max, uid, &text, err);

        if (r < 0)
                return r;
        r = json_parse(buf_str(&text), max, ret, err);
        if (r < 0) {
                f->failed++;
                return error_wrap(err, "'%s/%s'", base, path);
        }
        return 0;
}

int files_names(struct files *f, const char *base, const char *path, int64_t uid,
                int (*each)(void *ctx, const char *name, bool folder), void *ctx, struct error *err)
{
        int fd = files_open(f, base, path, O_DIRECTORY, uid, err), r = 0;
        struct dirent *entry;
        unsigned n = 0;
        DIR *dir;

        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                r = error_set(err, -errno, "list '%s/%s'", base, path);
                fd_close(fd);
                return r;
        }
        while (!r && n++ < ENGINE_FOLDER_MAX && (entry = readdir(dir)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        r = each(ctx, entry->d_name, entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
        closedir(dir);
        return r;
}
