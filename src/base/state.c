/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/state.h"

static int state_path(char **ret, struct error *err)
{
        const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
        int n;

        if (data && *data == '/') /* the XDG base directory specification wants others ignored */
                n = asprintf(ret, "%s/tallyman", data);
        else if (geteuid() == 0)
                n = asprintf(ret, "/var/lib/tallyman");
        else if (home && *home == '/')
                n = asprintf(ret, "%s/.local/share/tallyman", home);
        else
                return error_say(err, -ENOENT, "no place for results: neither XDG_DATA_HOME nor HOME names a directory");
        return n < 0 ? error_oom(err) : 0;
}

static int check_directory(int fd, const char *path, struct error *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at '%s'", path);
        if (st.st_uid != geteuid() && st.st_uid != 0)
                return error_say(err, -EPERM,
                                 "'%s' belongs to user %u, who could put false results there: remove it or change its "
                                 "owner, or set XDG_DATA_HOME to a directory of your own",
                                 path, (unsigned)st.st_uid);
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return error_say(err, -EPERM,
                                 "'%s' can be written by others (mode %04o), who could put false results there: "
                                 "empty it and run chmod go-w on it",
                                 path, (unsigned)st.st_mode & 07777);
        return 0;
}

int state_open_folder(int dir, const char *path, const char *name, int *ret, struct error *err)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *full = NULL;
        int r;

        if (asprintf(&full, "%s/%s", path, name) < 0) {
                full = NULL;
                return error_oom(err);
        }
        fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) {
                if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
                        return error_set(err, -errno, "make the directory '%s'", full);
                fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        if (fd < 0)
                return error_set(err, -errno, "open '%s'", full);
        r = check_directory(fd, full, err);
        if (r < 0)
                return r;
        *ret = TAKE_FD(fd);
        return 0;
}

static int open_at(char *path, char **ret_path, int *ret, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", path);
        r = check_directory(fd, path, err);
        if (r < 0)
                return r;
        *ret_path = path;
        *ret = TAKE_FD(fd);
        return 0;
}

int state_find(char **ret_path, int *ret, struct error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = state_path(&path, err);

        if (r == 0)
                r = open_at(path, ret_path, ret, err);
        if (r == 0)
                path = NULL;
        return r;
}

int state_open(char **ret_path, int *ret, struct error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = state_path(&path, err);

        if (r == 0)
                r = file_make_directories(path, err);
        if (r == 0)
                r = open_at(path, ret_path, ret, err);
        if (r == 0)
                path = NULL;
        return r;
}

bool state_trusts(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0) &&
               !(st.st_mode & (S_IWGRP | S_IWOTH));
}
