/* SPDX-License-Identifier: Apache-2.0 */
/* One program that runs, held against the view of its image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "model/path.h"
#include "oci/image_index.h"
#include "oci/image_owners.h"
#include "pipeline/container_layers.h"
#include "pipeline/provenance.h"

#define PIECE (64u << 10)
#define SECOND 1000000000ll
#define DELETED " (deleted)" /* as the kernel writes it behind the path */

/* ---- the view ---- */

struct image_view {
        struct image_index *index;
        struct image_owners *owners;
        bool whole;
};

int image_view_open(int index, int owners, bool whole, struct image_view **ret, struct error *err)
{
        _cleanup_(image_view_freep) struct image_view *view = calloc(1, sizeof(*view));
        int r;

        if (!view) {
                fd_close(index);
                fd_close(owners);
                return error_oom(err);
        }
        view->whole = whole;
        r = image_index_open(index, &view->index, err);
        if (r < 0) {
                fd_close(owners);
                return r;
        }
        r = image_owners_open(owners, &view->owners, err);
        if (r < 0)
                return r;
        if (image_owners_count(view->owners) != image_index_count(view->index))
                return error_say(err, -EBADMSG, "the list of owners is of another image");
        *ret = TAKE_PTR(view);
        return 0;
}

struct image_view *image_view_free(struct image_view *view)
{
        if (!view)
                return NULL;
        image_index_free(view->index);
        image_owners_free(view->owners);
        free(view);
        return NULL;
}

int image_view_find(const struct image_view *view, struct str path, struct image_file *ret)
{
        struct error ignored = ERROR_INIT;
        uint64_t i;
        int r;

        while (path.n && path.p[0] == '/') {
                path.p++;
                path.n--;
        }
        r = image_index_find(view->index, path, &ret->entry, &i, &ignored);
        if (r <= 0)
                return r == 0 && view->whole ? 0 : -ENODATA;
        ret->package = image_owners_get(view->owners, i);
        return 1;
}

/* ---- content ---- */

enum comparison { COMPARE_UNKNOWN, COMPARE_SAME, COMPARE_OTHER };

static int64_t nanoseconds(struct timespec t)
{
        return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static int open_below(const struct container_access *access, const char *base, const char *path)
{
        struct error ignored = ERROR_INIT;
        _cleanup_close_ int dir = -EBADF;

        if (access->open)
                return access->open(access->ctx, base, path, 0, &ignored);
        dir = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? -errno : file_open_below(dir, path, O_RDONLY, false, &ignored);
}

/* The file as it lies in the container's own layer. */
static int open_copy(const struct program_request *request, struct stat *ret_st)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        char *upper = arena ? container_layer_path(request->container, request->container->upper, arena) : NULL;
        char *path = arena ? arena_string(arena, request->path.p + 1, request->path.n - 1) : NULL;
        int fd = upper && path ? open_below(request->access, upper, path) : -ENOMEM;

        if (fd >= 0 && (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode)))
                fd = fd_close(fd);
        return fd;
}

static enum comparison compare_digest(int fd, const struct file_entry *entry, uint64_t *ret_hashed)
{
        _cleanup_(hash_freep) struct hash *hash = NULL;
        _cleanup_free_ uint8_t *piece = malloc(PIECE);
        struct error ignored = ERROR_INIT;
        struct digest digest;
        uint64_t done = 0;

        if (!piece || hash_new(DIGEST_SHA256, &hash, &ignored) < 0)
                return COMPARE_UNKNOWN;
        while (done < entry->size) {
                ssize_t n = file_read_at(fd, piece, (size_t)MIN_OF(entry->size - done, (uint64_t)PIECE), done, NULL);

                if (n <= 0)
                        break;
                hash_update(hash, piece, (size_t)n);
                done += (uint64_t)n;
        }
        hash_finish(hash, &digest);
        *ret_hashed = done;
        if (done < entry->size)
                return COMPARE_UNKNOWN;
        return memcmp(digest.bytes, entry->sha256, SHA256_SIZE) == 0 ? COMPARE_SAME : COMPARE_OTHER;
}

static enum comparison compare_content(const struct program_request *request, int fd, uint64_t size, const struct file_entry *entry,
                                       uint64_t *ret_hashed)
{
        if (request->container->uid == 0 && fgetxattr(fd, "trusted.overlay.metacopy", NULL, 0) >= 0)
                return COMPARE_SAME; /* its content lies in the image's layer still */
        if (size != entry->size)
                return COMPARE_OTHER;
        if (!entry->has_sha256 || entry->size > request->hash_max)
                return COMPARE_UNKNOWN;
        return compare_digest(fd, entry, ret_hashed);
}

static bool is_executed_one(const struct program_request *request, const struct stat *st)
{
        return nanoseconds(st->st_ctim) == request->file->ctime && nanoseconds(st->st_mtim) == request->file->mtime;
}

/* Only what has not changed since it was executed says anything of what runs: another could have been put in its place. */
static enum comparison compare(const struct program_request *request, const struct file_entry *entry, uint64_t *ret_hashed)
{
        struct stat st;
        _cleanup_close_ int fd = open_copy(request, &st);
        enum comparison found;

        if (fd < 0 || !is_executed_one(request, &st))
                return COMPARE_UNKNOWN;
        found = compare_content(request, fd, (uint64_t)st.st_size, entry, ret_hashed);
        if (fstat(fd, &st) < 0 || !is_executed_one(request, &st))
                return COMPARE_UNKNOWN;
        if (found == COMPARE_SAME && request->executed - request->file->ctime < PROVENANCE_TICK)
                return COMPARE_UNKNOWN;
        return found;
}

/* ---- the verdict ---- */

static bool covers(struct str mount, struct str path)
{
        while (mount.n > 1 && mount.p[mount.n - 1] == '/')
                mount.n--;
        return mount.n > 1 && path.n >= mount.n && memcmp(path.p, mount.p, mount.n) == 0 &&
               (path.n == mount.n || path.p[mount.n] == '/');
}

/* Until a container's own program runs, its process is the runtime's, whose files are the host's. */
static bool is_on_mount(const struct container *c, struct str path)
{
        for (uint32_t i = 0; i < c->facts.n_mounts; i++)
                if (covers(c->facts.mounts[i].destination, path))
                        return true;
        return covers(STR_LIT("/dev/shm"), path);
}

static bool is_in_root(const struct container *c, const struct sensor_file *file)
{
        return file->marks & SENSOR_FILE_OVERLAY && (!c->knows_device || file->dev == (c->device.major << 20 | c->device.minor));
}

static void tell_file(const struct image_file *found, struct str path, struct decoder_program *ret, char layer[static 12])
{
        ret->path = path;
        ret->layer = (struct str){ layer, (size_t)snprintf(layer, 12, "%u", found->entry.layer) };
        ret->package = found->package;
}

static bool judge_in_root(const struct program_request *request, struct decoder_program *ret, char layer[static 12],
                          uint64_t *ret_hashed)
{
        bool is_upper = request->file->marks & SENSOR_FILE_UPPER;
        struct image_file found;
        enum comparison same;
        int r;

        if (!request->view)
                return false;
        r = image_view_find(request->view, request->path, &found);
        if (r == 0 && is_upper)
                ret->state = STR_LIT("new");
        if (r <= 0)
                return true;
        tell_file(&found, request->path, ret, layer);
        if (!is_upper) {
                ret->state = STR_LIT("unmodified");
                return true;
        }
        if (found.entry.type != FILE_REGULAR || request->compared == COMPARED_OTHER)
                same = COMPARE_OTHER;
        else
                same = request->compared == COMPARED_SAME ? COMPARE_SAME : compare(request, &found.entry, ret_hashed);
        if (same != COMPARE_UNKNOWN)
                ret->state = same == COMPARE_SAME ? STR_LIT("metadata") : STR_LIT("modified");
        return true;
}

bool program_judge(const struct program_request *request, struct decoder_program *ret, char layer[static 12],
                   uint64_t *ret_hashed)
{
        const struct sensor_file *file = request->file;
        struct str path = request->path;

        *ret = (struct decoder_program){ 0 };
        *ret_hashed = 0;
        if (file->marks & SENSOR_FILE_MEMFD) {
                ret->state = STR_LIT("memfd");
                return true;
        }
        if (path.n < 2 || path.p[0] != '/')
                return true;
        if (file->marks & SENSOR_FILE_UNLINKED || file->nlink == 0 || str_ends(path, DELETED)) {
                ret->state = STR_LIT("deleted");
                return true;
        }
        if (is_in_root(request->container, file))
                return judge_in_root(request, ret, layer, ret_hashed);
        if (is_on_mount(request->container, path))
                ret->state = STR_LIT("volume");
        return true;
}
