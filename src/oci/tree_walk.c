/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a root directory. What is in it may change under us and may be hostile: every name is opened alone, below the
 * directory that was opened before, with no link followed, so that nothing outside the root is ever reached; nothing
 * blocks; and the walk keeps its own stack, one open directory a level.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "model/path.h"
#include "oci/tree_private.h"

#define NAMES_BYTES (32u << 10)
#define NAMES_BYTES_DEEP (2u << 10) /* from level DEEP on, so that a deep tree takes little memory */
#define DEEP 64
#define LINK_MAX_BYTES 8192

struct level {
        int fd;
        dev_t device;
        size_t length;  /* of its path within walk.path */
        char *names;    /* as getdents64() gave them; kept for the next directory of this level */
        size_t at, end;
};

struct walk {
        const struct layer_request *request;
        struct tree_sender sender;
        struct tree_reader reader;
        struct level *levels;
        size_t n_levels, cap_levels;
        struct buf path; /* of what is at hand */
        uint64_t entries;
};

static void walk_done(struct walk *w)
{
        for (size_t i = 0; i < w->cap_levels; i++) {
                if (i < w->n_levels)
                        fd_close(w->levels[i].fd);
                free(w->levels[i].names);
        }
        free(w->levels);
        buf_free(&w->path);
        tree_reader_done(&w->reader);
        tree_sender_done(&w->sender);
}

/* ---- opening ---- */

static bool raise_open_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
                return false;
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int open_name(int dir, const char *name, int flags)
{
        int fd = file_open_below(dir, name, flags | O_NOFOLLOW, false, NULL);

        if (fd == -EMFILE && raise_open_files())
                fd = file_open_below(dir, name, flags | O_NOFOLLOW, false, NULL);
        return fd;
}

/* File systems that are the kernel talking, not stored files. NULL for all others. */
static const char *pseudo_name(int fd)
{
        static const struct {
                uint32_t magic;
                const char *name;
        } table[] = {
                { PROC_SUPER_MAGIC, "proc" }, { SYSFS_MAGIC, "sysfs" }, { CGROUP_SUPER_MAGIC, "cgroup" },
                { CGROUP2_SUPER_MAGIC, "cgroup2" }, { DEVPTS_SUPER_MAGIC, "devpts" }, { DEBUGFS_MAGIC, "debugfs" },
                { TRACEFS_MAGIC, "tracefs" }, { SECURITYFS_MAGIC, "securityfs" }, { BPF_FS_MAGIC, "bpf" },
                { PSTOREFS_MAGIC, "pstore" }, { EFIVARFS_MAGIC, "efivarfs" }, { HUGETLBFS_MAGIC, "hugetlbfs" },
                { AUTOFS_SUPER_MAGIC, "autofs" }, { BINFMTFS_MAGIC, "binfmt_misc" }, { SELINUX_MAGIC, "selinuxfs" },
                { RDTGROUP_SUPER_MAGIC, "resctrl" }, { 0x62656570, "configfs" }, { 0x19800202, "mqueue" },
                { 0x65735543, "fusectl" }, { 0x67596969, "rpc_pipefs" }, { 0x6e667364, "nfsd" },
        };
        struct statfs fs;

        if (fstatfs(fd, &fs) < 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTS_OF(table); i++)
                if (table[i].magic == (uint32_t)fs.f_type)
                        return table[i].name;
        return NULL;
}

/* ---- what is met ---- */

static int unreadable(struct walk *w, int code, struct error *err)
{
        struct str path = buf_str(&w->path);

        if (code == -EMFILE || code == -ENFILE)
                return tree_send_problem(&w->sender, err, PROBLEM_GAP, path,
                                         "not read: it lies too deep for the number of files that may be open");
        if (code == -ENOENT)
                return tree_send_problem(&w->sender, err, PROBLEM_GAP, path, "it went away before it was read");
        return tree_send_problem(&w->sender, err, PROBLEM_GAP, path, "it can not be read: %s", error_text(code));
}

static int push(struct walk *w, int fd, dev_t device, struct error *err)
{
        struct level *level;

        if (mem_grow(&w->levels, &w->cap_levels, w->n_levels + 1, sizeof(*w->levels)) < 0) {
                close(fd);
                return error_oom(err);
        }
        level = &w->levels[w->n_levels];
        if (!level->names)
                level->names = malloc(w->n_levels < DEEP ? NAMES_BYTES : NAMES_BYTES_DEEP);
        if (!level->names) {
                close(fd);
                return error_oom(err);
        }
        level->fd = fd;
        level->device = device;
        level->length = w->path.len;
        level->at = level->end = 0;
        w->n_levels++;
        return 0;
}

/* Opens what O_PATH already holds, so that it can not have become something else. */
static int enter(struct walk *w, int path_fd, dev_t device, struct error *err)
{
        uint64_t depth = w->request->limits->depth;
        int fd, r;

        if (w->n_levels >= depth)
                return tree_send_problem(&w->sender, err, PROBLEM_GAP, buf_str(&w->path),
                                         "what is deeper than %llu directories was left out "
                                         "(--limit depth=N raises this)",
                                         (unsigned long long)depth);
        fd = open_name(path_fd, ".", O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return unreadable(w, fd, err);
        r = tree_send_marks(w->request, &w->sender, buf_str(&w->path), fd, err);
        if (r < 0) {
                close(fd);
                return r;
        }
        return push(w, fd, device, err);
}

static int visit_directory(struct walk *w, int dir, dev_t device, const char *name, struct error *err)
{
        _cleanup_close_ int fd = open_name(dir, name, O_PATH | O_DIRECTORY);
        const char *pseudo = NULL;
        struct file_entry e;
        struct stat st;
        int r;

        if (fd < 0)
                return unreadable(w, fd, err);
        if (fstat(fd, &st) < 0)
                return unreadable(w, -errno, err);
        tree_entry(&e, buf_str(&w->path), &st);
        r = tree_send_entry(&w->sender, &e, NULL, err);
        if (r < 0)
                return r;
        if (st.st_dev != device)
                pseudo = pseudo_name(fd);
        if (pseudo)
                return tree_send_problem(&w->sender, err, PROBLEM_NOTE, buf_str(&w->path),
                                         "a %s file system is mounted here; it was not entered", pseudo);
        return enter(w, fd, st.st_dev, err);
}

/* Neither a regular file nor a directory: nothing is opened. */
static int visit_other(struct walk *w, int dir, const char *name, const struct stat *st, struct error *err)
{
        char target[LINK_MAX_BYTES];
        struct file_entry e;
        ssize_t n;

        if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
                return tree_send_problem(&w->sender, err, PROBLEM_GAP, buf_str(&w->path),
                                         "it became something else while it was being read");
        tree_entry(&e, buf_str(&w->path), st);
        if (tree_is_whiteout(w->request, st))
                e = (struct file_entry){ .type = FILE_WHITEOUT, .path = e.path };
        if (S_ISLNK(st->st_mode)) {
                n = readlinkat(dir, name, target, sizeof(target));
                if (n < 0)
                        return unreadable(w, -errno, err);
                if (n == sizeof(target))
                        return unreadable(w, -ENAMETOOLONG, err);
                e.target = (struct str){ target, (size_t)n };
        }
        return tree_send_entry(&w->sender, &e, NULL, err);
}

static int look(int dir, const char *name, struct stat *ret)
{
        return fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 ? -errno : 0;
}

/* It should be a regular file but would not open: what it looks like is told all the same. */
static int visit_unopened(struct walk *w, int dir, const char *name, int code, struct error *err)
{
        struct file_entry e;
        struct stat st;
        int r;

        if (look(dir, name, &st) < 0)
                return unreadable(w, code, err);
        if (!S_ISREG(st.st_mode))
                return visit_other(w, dir, name, &st, err);
        tree_entry(&e, buf_str(&w->path), &st);
        r = tree_send_entry(&w->sender, &e, NULL, err);
        return r < 0 ? r : unreadable(w, code, err);
}

/* What the kernel makes up as it is read has no size to hash by. */
static int visit_pseudo(struct walk *w, const struct stat *st, const char *pseudo, struct error *err)
{
        struct file_entry e;
        int r;

        tree_entry(&e, buf_str(&w->path), st);
        r = tree_send_entry(&w->sender, &e, NULL, err);
        return r < 0 ? r : tree_send_problem(&w->sender, err, PROBLEM_NOTE, e.path,
                                             "a file of a %s file system is mounted here; it was not read", pseudo);
}

static int visit_regular(struct walk *w, int dir, dev_t device, const char *name, struct error *err)
{
        _cleanup_close_ int fd = open_name(dir, name, O_RDONLY);
        const char *pseudo = NULL;
        struct stat st;

        if (fd < 0)
                return visit_unopened(w, dir, name, fd, err);
        if (fstat(fd, &st) < 0)
                return unreadable(w, -errno, err);
        if (!S_ISREG(st.st_mode)) /* another is mounted on it, or stands there by now */
                return visit_other(w, dir, name, &st, err);
        if (st.st_dev != device)
                pseudo = pseudo_name(fd);
        if (pseudo)
                return visit_pseudo(w, &st, pseudo, err);
        return tree_read_file(&w->reader, buf_str(&w->path), fd, &st, err);
}

static int visit(struct walk *w, int dir, dev_t device, const char *name, unsigned char type, struct error *err)
{
        struct stat st;
        int r;

        if (type == DT_REG)
                return visit_regular(w, dir, device, name, err);
        if (type == DT_DIR)
                return visit_directory(w, dir, device, name, err);
        r = look(dir, name, &st);
        if (r < 0)
                return unreadable(w, r, err);
        if (type == DT_UNKNOWN && S_ISREG(st.st_mode))
                return visit_regular(w, dir, device, name, err);
        if (type == DT_UNKNOWN && S_ISDIR(st.st_mode))
                return visit_directory(w, dir, device, name, err);
        return visit_other(w, dir, name, &st, err);
}

/* ---- the walk ---- */

/* The next name of the deepest open directory: 1, or 0 with that directory left. */
static int next_name(struct walk *w, const struct dirent64 **ret, struct error *err)
{
        struct level *level = &w->levels[w->n_levels - 1];
        ssize_t n;
        int r = 0;

        if (level->at == level->end) {
                n = getdents64(level->fd, level->names, w->n_levels <= DEEP ? NAMES_BYTES : NAMES_BYTES_DEEP);
                if (n <= 0) {
                        w->path.len = level->length;
                        if (n < 0)
                                r = unreadable(w, -errno, err);
                        level->fd = fd_close(level->fd);
                        w->n_levels--;
                        return r;
                }
                level->at = 0;
                level->end = (size_t)n;
        }
        *ret = (const struct dirent64 *)(level->names + level->at);
        level->at += (*ret)->d_reclen;
        return 1;
}

static bool is_dots(const char *name)
{
        return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

static int set_path(struct walk *w, size_t length, const char *name, struct error *err)
{
        w->path.len = length;
        if (length)
                buf_putc(&w->path, '/');
        buf_puts(&w->path, name);
        return buf_ok(&w->path) ? 0 : error_oom(err);
}

static int enough(struct walk *w, struct error *err)
{
        while (w->n_levels)
                fd_close(w->levels[--w->n_levels].fd);
        return tree_send_problem(&w->sender, err, PROBLEM_GAP, STR_NULL,
                                 "more than %llu entries (--limit files=N raises this); "
                                 "what was read up to there is shown",
                                 (unsigned long long)w->request->limits->files);
}

/* One name. Where there is no more, or no more is wanted, no level is left. */
static int step(struct walk *w, struct error *err)
{
        const struct dirent64 *d = NULL;
        const struct level *level = &w->levels[w->n_levels - 1];
        int r = next_name(w, &d, err);

        if (r <= 0 || is_dots(d->d_name))
                return MIN_OF(r, 0);
        r = set_path(w, level->length, d->d_name, err);
        if (r < 0)
                return r;
        if (w->entries >= w->request->limits->files)
                return enough(w, err);
        w->entries++;
        if (w->path.len > PATH_LENGTH_MAX)
                return tree_send_problem(&w->sender, err, PROBLEM_GAP, buf_str(&w->path),
                                         "a path of more than %d bytes, left out", PATH_LENGTH_MAX);
        return visit(w, level->fd, level->device, d->d_name, d->d_type, err);
}

static int enter_root(struct walk *w, struct error *err)
{
        int fd = file_open_below(w->request->root, ".", O_RDONLY | O_DIRECTORY, false, err);
        const char *pseudo;
        struct file_entry e;
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0) {
                r = error_set(err, -errno, "look at the root directory");
                close(fd);
                return r;
        }
        pseudo = pseudo_name(fd);
        r = push(w, fd, st.st_dev, err);
        if (r < 0)
                return r;
        tree_entry(&e, STR_LIT(""), &st);
        w->entries = 1;
        r = tree_send_entry(&w->sender, &e, NULL, err);
        if (r < 0 || !pseudo)
                return r;
        w->levels[0].fd = fd_close(w->levels[0].fd);
        w->n_levels = 0;
        return tree_send_problem(&w->sender, err, PROBLEM_GAP, STR_NULL,
                                 "the root is a %s file system, which holds no stored files", pseudo);
}

static int walk_all(struct walk *w, struct error *err)
{
        int r = enter_root(w, err);

        if (r < 0)
                return r;
        while (r == 0 && w->n_levels) {
                r = interrupt_check(err);
                if (r == 0)
                        r = step(w, err);
        }
        return r < 0 ? r : tree_send_end(&w->sender, err);
}

int layer_feed_tree(const struct layer_request *request, struct worker **ret, struct error *err)
{
        _cleanup_(walk_done) struct walk w = { .request = request };
        int r = tree_reader_init(&w.reader, request, &w.sender, err);

        if (r == 0)
                r = layer_spawn("layer-tree", request, &request->output, 1, ret, err);
        if (r < 0)
                return r;
        w.sender.worker = *ret;
        r = walk_all(&w, err);
        return r == -EPIPE ? 0 : r;
}
