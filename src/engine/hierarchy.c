/* SPDX-License-Identifier: Apache-2.0 */
/* The hierarchy of cgroups whose numbers are containers' keys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine_private.h"

#define KERNFS_HANDLE 0xfe /* FILEID_KERNFS: a file handle that is the number alone */

int hierarchy_find(struct engines *e, struct error *err)
{
        static const struct {
                const char *path, *sign;
                bool v1;
        } places[] = {
                { "/sys/fs/cgroup", "cgroup.controllers", false },
                { "/sys/fs/cgroup/unified", "cgroup.controllers", false },
                { "/sys/fs/cgroup/pids", "cgroup.procs", true },
                { "/sys/fs/cgroup/memory", "cgroup.procs", true },
                { "/sys/fs/cgroup/systemd", "cgroup.procs", true },
        };

        for (size_t i = 0; i < ELEMENTS_OF(places); i++) {
                _cleanup_close_ int fd = files_open(&e->files, places[i].path, places[i].sign, 0, UID_ANY, NULL);

                if (fd < 0)
                        continue;
                snprintf(e->hierarchy, sizeof(e->hierarchy), "%s", places[i].path);
                e->v1 = places[i].v1;
                return 0;
        }
        return error_say(err, -ENOENT, "no hierarchy of cgroups is mounted below /sys/fs/cgroup");
}

static const char *below(const char *path)
{
        while (*path == '/')
                path++;
        return path;
}

int hierarchy_id(struct engines *e, const char *path, uint64_t *ret, struct error *err)
{
        _cleanup_close_ int fd = files_open(&e->files, e->hierarchy, below(path), O_DIRECTORY, UID_ANY, err);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at the cgroup '%s'", path);
        *ret = st.st_ino;
        return 0;
}

/* ---- the walk ---- */

struct walk {
        struct engines *e;
        int (*each)(void *ctx, uint64_t id, struct str path, struct error *err);
        void *ctx;
        struct buf path; /* below the root, with a slash before each name */
        unsigned depth, n;
        struct error *err;
};

static int walk_folder(struct walk *w);

static int walk_name(void *ctx, const char *name, bool folder)
{
        struct walk *w = ctx;
        size_t length = w->path.len;
        int r;

        if (!folder || w->depth >= ENGINE_DEPTH_MAX || length + strlen(name) + 2 > ENGINE_PATH_MAX)
                return 0;
        buf_putc(&w->path, '/');
        buf_puts(&w->path, name);
        if (!buf_ok(&w->path))
                return error_oom(w->err);
        w->depth++;
        r = walk_folder(w);
        w->depth--;
        w->path.len = length;
        w->path.data[length] = '\0';
        return r;
}

/* One that was removed meanwhile is passed over. */
static int walk_folder(struct walk *w)
{
        const char *path = w->path.len ? w->path.data : "/";
        struct error err = ERROR_INIT;
        uint64_t id;
        int r;

        if (w->n >= ENGINE_CGROUPS_MAX)
                return error_say(w->err, -E2BIG, "there are more than %d cgroups", ENGINE_CGROUPS_MAX);
        if (hierarchy_id(w->e, path, &id, &err) < 0)
                return 0;
        r = w->each(w->ctx, id, w->path.len ? buf_str(&w->path) : STR_LIT("/"), w->err);
        if (r)
                return r == WALK_PASS ? 0 : r;
        w->n++;
        r = files_names(&w->e->files, w->e->hierarchy, below(path), UID_ANY, walk_name, w, &err);
        return r == -ENOENT || r == -ENODEV || r == -EACCES ? 0 : r;
}

int hierarchy_walk(struct engines *e, int (*each)(void *ctx, uint64_t id, struct str path, struct error *err),
                   void *ctx, struct error *err)
{
        struct walk w = { .e = e, .each = each, .ctx = ctx, .err = err };
        int r = walk_folder(&w);

        buf_free(&w.path);
        return r;
}

/* ---- a path for a number ---- */

struct wanted {
        uint64_t id;
        struct buf *path;
};

static int compare(void *ctx, uint64_t id, struct str path, struct error *err)
{
        struct wanted *wanted = ctx;

        if (id != wanted->id)
                return 0;
        buf_add_str(wanted->path, path);
        return WALK_STOP;
}

/* Kernels since 5.5 open a cgroup by its number. -ENOTSUP: not here. */
static int by_handle(struct engines *e, uint64_t id, struct buf *ret)
{
        union {
                struct file_handle handle;
                uint8_t room[sizeof(struct file_handle) + sizeof(uint64_t)];
        } h = { .handle = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE } };
        _cleanup_close_ int mount = -EBADF, fd = -EBADF;
        char link[64], path[ENGINE_PATH_MAX];
        size_t prefix = strlen(e->hierarchy);
        ssize_t n;

        if (*e->files.root || e->files.access.open)
                return -ENOTSUP;
        mount = open(e->hierarchy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (mount < 0)
                return -ENOTSUP;
        memcpy(h.handle.f_handle, &id, sizeof(id));
        fd = open_by_handle_at(mount, &h.handle, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return errno == ESTALE ? -ENOENT : -ENOTSUP;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path));
        if (n < (ssize_t)prefix || n >= (ssize_t)sizeof(path) || memcmp(path, e->hierarchy, prefix) != 0)
                return -ENOTSUP;
        buf_add(ret, path + prefix, (size_t)n - prefix);
        if (!ret->len)
                buf_putc(ret, '/');
        return 0;
}

int hierarchy_path(struct engines *e, uint64_t id, struct buf *ret, struct error *err)
{
        struct wanted wanted = { id, ret };
        int r = by_handle(e, id, ret);

        if (r == -ENOTSUP)
                r = hierarchy_walk(e, compare, &wanted, err);
        else if (r < 0)
                return error_say(err, r, "there is no cgroup %llu", (unsigned long long)id);
        if (r < 0)
                return r;
        if (!ret->len)
                return error_say(err, -ENOENT, "there is no cgroup %llu", (unsigned long long)id);
        return buf_ok(ret) ? 0 : error_oom(err);
}

int64_t hierarchy_first_pid(struct engines *e, struct str path)
{
        _cleanup_(buf_free) struct buf name = { 0 };
        _cleanup_close_ int fd = -EBADF;
        char text[32];
        uint64_t pid;
        struct str rest;
        ssize_t n;

        buf_add_str(&name, path);
        buf_puts(&name, "/cgroup.procs");
        if (!buf_ok(&name))
                return 0;
        fd = files_open(&e->files, e->hierarchy, below(name.data), 0, UID_ANY, NULL);
        if (fd < 0)
                return 0;
        n = read(fd, text, sizeof(text));
        rest = (struct str){ text, n > 0 ? (size_t)n : 0 };
        return str_to_u64(str_cut(&rest, '\n'), 10, &pid) == 0 && pid <= INT32_MAX ? (int64_t)pid : 0;
}

bool hierarchy_is_empty(struct engines *e, struct str path)
{
        _cleanup_(buf_free) struct buf name = { 0 }, text = { 0 };
        struct str rest;

        if (e->v1)
                return !hierarchy_first_pid(e, path);
        buf_add_str(&name, path);
        buf_puts(&name, "/cgroup.events");
        if (!buf_ok(&name) ||
            files_read(&e->files, e->hierarchy, below(name.data), ENGINE_TEXT_MAX, UID_ANY, &text, NULL) < 0)
                return false;
        rest = buf_str(&text);
        while (rest.n)
                if (str_equals(str_cut(&rest, '\n'), "populated 0"))
                        return true;
        return false;
}
