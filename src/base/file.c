/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#define COPY_PIECE (256u << 10)

ssize_t file_read(int fd, void *buf, size_t n, struct error *err)
{
        size_t done = 0;

        while (done < n) {
                ssize_t r = read(fd, (char *)buf + done, n - done);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return error_set(err, -errno, "read");
                if (r == 0)
                        break;
                done += (size_t)r;
        }
        return (ssize_t)done;
}

ssize_t file_read_at(int fd, void *buf, size_t n, uint64_t offset, struct error *err)
{
        size_t done = 0;

        while (done < n) {
                ssize_t r = pread(fd, (char *)buf + done, n - done, (off_t)(offset + done));

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return error_set(err, -errno, "read");
                if (r == 0)
                        break;
                done += (size_t)r;
        }
        return (ssize_t)done;
}

int file_write(int fd, const void *data, size_t n, struct error *err)
{
        size_t done = 0;

        while (done < n) {
                ssize_t r = write(fd, (const char *)data + done, n - done);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return error_set(err, -errno, "write");
                done += (size_t)r;
        }
        return 0;
}

int file_slurp(int fd, size_t max, struct buf *out, struct error *err)
{
        size_t before = out->len;

        for (;;) {
                ssize_t n;

                if (!buf_reserve(out, 65536))
                        return error_oom(err);
                n = file_read(fd, out->data + out->len, 65536, err);
                if (n < 0)
                        return (int)n;
                out->len += (size_t)n;
                out->data[out->len] = 0;
                if (out->len - before > max)
                        return error_say(err, -E2BIG, "larger than %zu bytes", max);
                if (n < 65536)
                        return 0;
        }
}

int file_read_whole(const char *path, size_t max, struct buf *out, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        int r;

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", path);
        r = file_slurp(fd, max, out, err);
        return r < 0 ? error_wrap(err, "'%s'", path) : 0;
}

int file_by_bytes(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

int file_open_below(int dir, const char *path, int flags, bool follow, struct error *err)
{
        int safe = O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK); /* openat2() refuses both with O_PATH */
        struct open_how how = {
                .flags = (uint64_t)(flags | safe),
                .resolve = RESOLVE_NO_MAGICLINKS |
                           (follow ? RESOLVE_IN_ROOT : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS),
        };
        long fd;

        do {
                fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
        } while (fd < 0 && errno == EINTR);
        if (fd < 0)
                return error_set(err, -errno, "open '%s'", path);
        return (int)fd;
}

#define ASIDE_PREFIX ".tallyman-aside-"
#define ASIDE_MAX 64

/* A name that no other file has. */
static int name_aside(char name[static ASIDE_MAX])
{
        uint64_t numbers[2];

        if (getrandom(numbers, sizeof(numbers), 0) != sizeof(numbers))
                return -EIO;
        snprintf(name, ASIDE_MAX, ASIDE_PREFIX "%016llx%016llx", (unsigned long long)numbers[0],
                 (unsigned long long)numbers[1]);
        return 0;
}

static int open_aside_in(int dir, char name[static ASIDE_MAX])
{
        int fd, r = name_aside(name);

        if (r < 0)
                return r;
        fd = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : fd;
}

bool file_is_aside(const char *name)
{
        return strncmp(name, ASIDE_PREFIX, sizeof(ASIDE_PREFIX) - 1) == 0;
}

static int unnamed_in(int dir)
{
        char name[ASIDE_MAX];
        int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd >= 0)
                return fd;
        fd = open_aside_in(dir, name); /* not every file system has O_TMPFILE */
        if (fd >= 0 && unlinkat(dir, name, 0) < 0) {
                int code = -errno;

                close(fd);
                return code;
        }
        return fd;
}

int file_unnamed_in(int dir, struct error *err)
{
        int fd = unnamed_in(dir);

        return fd < 0 ? error_set(err, fd, "make a temporary file") : fd;
}

int file_unnamed(const char *dir, struct error *err)
{
        const char *env = getenv("TMPDIR");
        const char *places[] = { dir, env && *env ? env : NULL, "/var/tmp", "/tmp" };
        int code = -ENOENT;

        for (size_t i = 0; i < ELEMENTS_OF(places); i++) {
                _cleanup_close_ int place = -EBADF;
                int fd;

                if (!places[i])
                        continue;
                place = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
                fd = place < 0 ? -errno : unnamed_in(place);
                if (fd >= 0)
                        return fd;
                code = fd;
                if (dir)
                        break;
        }
        return error_set(err, code, "make a temporary file in %s", dir ? dir : "$TMPDIR, /var/tmp or /tmp");
}

/* Gives the unnamed file itself a name. By its descriptor alone this takes privilege on older kernels, through /proc it
 * takes /proc; a file that was unlinked can not be named again. */
static int link_unnamed(int fd, int dir, const char *name)
{
        char self[64];

        if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
                return 0;
        if (errno == EEXIST)
                return -EEXIST;
        snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int copy_all(int from, int to)
{
        _cleanup_free_ char *piece = malloc(COPY_PIECE);
        uint64_t at = 0;

        if (!piece)
                return -ENOMEM;
        for (;;) {
                ssize_t n = file_read_at(from, piece, COPY_PIECE, at, NULL);
                int r;

                if (n <= 0)
                        return (int)n;
                r = file_write(to, piece, (size_t)n, NULL);
                if (r < 0)
                        return r;
                at += (uint64_t)n;
        }
}

/* Some file systems tell only when the file is closed that there is no room. */
static int copy_aside(int from, int dir, char name[static ASIDE_MAX])
{
        struct stat st;
        int fd, r;

        if (fstat(from, &st) < 0)
                return -errno;
        fd = open_aside_in(dir, name);
        if (fd < 0)
                return fd;
        r = copy_all(from, fd);
        if (r == 0 && fchmod(fd, st.st_mode & 07777) < 0)
                r = -errno;
        if (close(fd) < 0 && errno != EINTR && r == 0)
                r = -errno;
        if (r < 0)
                unlinkat(dir, name, 0);
        return r;
}

static int link_aside(int fd, int dir, char name[static ASIDE_MAX])
{
        int r = name_aside(name);

        return r < 0 ? r : link_unnamed(fd, dir, name);
}

int file_publish(int fd, int dir, const char *name, struct error *err)
{
        char aside[ASIDE_MAX];
        int r = link_unnamed(fd, dir, name);

        if (r == 0)
                return 0;
        if (r == -EEXIST)
                r = link_aside(fd, dir, aside);
        if (r < 0)
                r = copy_aside(fd, dir, aside);
        if (r == 0 && renameat(dir, aside, dir, name) < 0) {
                r = -errno;
                unlinkat(dir, aside, 0);
        }
        return r < 0 ? error_set(err, r, "publish '%s'", name) : 0;
}

/* A rename that refuses to replace; where the file system has none, a second name and the end of the first. */
static int rename_new(int dir, const char *from, const char *to)
{
        if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
                return 0;
        if (errno != EINVAL && errno != ENOSYS)
                return -errno;
        if (linkat(dir, from, dir, to, 0) < 0)
                return -errno;
        unlinkat(dir, from, 0);
        return 0;
}

int file_publish_new(int fd, int dir, const char *name, struct error *err)
{
        char aside[ASIDE_MAX];
        int r = link_unnamed(fd, dir, name);

        if (r < 0 && r != -EEXIST) {
                r = copy_aside(fd, dir, aside);
                if (r == 0 && (r = rename_new(dir, aside, name)) < 0)
                        unlinkat(dir, aside, 0);
        }
        return r < 0 ? error_set(err, r, "publish '%s'", name) : 0;
}

int file_make_directories(const char *path, struct error *err)
{
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return error_oom(err);
        for (char *p = copy + 1;; p++) {
                char c = *p;

                if (c != '/' && c != 0)
                        continue;
                *p = 0;
                if (mkdir(copy, 0700) < 0 && errno != EEXIST)
                        return error_set(err, -errno, "make the directory '%s'", copy);
                *p = c;
                if (c == 0)
                        return 0;
        }
}

struct output {
        int fd;
        char *path;  /* NULL: standard output, or written directly */
        char *aside;
        struct buf buf;
};

#define OUTPUT_BUFFER (64u << 10)

static struct output *output_new(void)
{
        struct output *out = calloc(1, sizeof(*out));

        if (out)
                out->fd = -EBADF;
        return out;
}

/* A new file beside `path`, with the permissions that `path` has or would get. */
static int open_aside(struct output *out, const char *path, const struct stat *old, struct error *err)
{
        mode_t mask;

        out->path = strdup(path);
        if (!out->path || asprintf(&out->aside, "%s.XXXXXX", path) < 0) {
                out->aside = NULL;
                return error_oom(err);
        }
        out->fd = mkostemp(out->aside, O_CLOEXEC);
        if (out->fd < 0) {
                int code = -errno;

                free(out->aside);
                out->aside = NULL;
                return error_set(err, code, "write '%s'", path);
        }
        mask = umask(0);
        umask(mask);
        if (fchmod(out->fd, old ? old->st_mode & 07777 : 0666 & ~mask) < 0)
                return error_set(err, -errno, "set the permissions of '%s'", path);
        return 0;
}

int output_open(const char *path, struct output **ret, struct error *err)
{
        _cleanup_(output_freep) struct output *out = output_new();
        struct stat st;
        bool exists = stat(path, &st) == 0;
        int r;

        if (!out)
                return error_oom(err);
        if (exists && S_ISDIR(st.st_mode))
                return error_say(err, -EISDIR, "write '%s': it is a directory, expected a file", path);
        if (exists && !S_ISREG(st.st_mode)) {
                out->path = strdup(path);
                if (!out->path)
                        return error_oom(err);
                out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
                if (out->fd < 0)
                        return error_set(err, -errno, "write '%s'", path);
        } else {
                r = open_aside(out, path, exists ? &st : NULL, err);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(out);
        return 0;
}

int output_stdout(struct output **ret, struct error *err)
{
        _cleanup_(output_freep) struct output *out = output_new();

        if (!out)
                return error_oom(err);
        out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        if (out->fd < 0)
                return error_set(err, -errno, "write to standard output");
        *ret = TAKE_PTR(out);
        return 0;
}

static int output_flush(struct output *out, struct error *err)
{
        int r = 0;

        if (out->buf.len)
                r = file_write(out->fd, out->buf.data, out->buf.len, err);
        buf_clear(&out->buf);
        if (r < 0)
                return error_wrap(err, "%s", out->path ? out->path : "standard output");
        return 0;
}

int output_write(struct output *out, const void *data, size_t n, struct error *err)
{
        buf_add(&out->buf, data, n);
        if (!buf_ok(&out->buf))
                return error_oom(err);
        return out->buf.len >= OUTPUT_BUFFER ? output_flush(out, err) : 0;
}

int output_finish(struct output *out, struct error *err)
{
        int fd, r = output_flush(out, err);

        if (r < 0)
                return r;
        fd = TAKE_FD(out->fd);
        if (close(fd) < 0 && errno != EINTR)
                return error_set(err, -errno, "write %s", out->path ? out->path : "standard output");
        if (!out->aside)
                return 0;
        if (rename(out->aside, out->path) < 0)
                return error_set(err, -errno, "write '%s'", out->path);
        free(TAKE_PTR(out->aside));
        return 0;
}

struct output *output_free(struct output *out)
{
        if (!out)
                return NULL;
        fd_close(out->fd);
        if (out->aside)
                unlink(out->aside);
        free(out->aside);
        free(out->path);
        buf_free(&out->buf);
        free(out);
        return NULL;
}
