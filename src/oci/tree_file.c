/* SPDX-License-Identifier: Apache-2.0 */
/* One regular file of a root directory: its digest, its capabilities, and its bytes where a detector wants them. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "oci/tree_private.h"

#define PIECE (256u << 10)
#define TELL (1u << 20)
#define SEEN_SLOTS 8192 /* a power of two; what falls out is hashed again */

_Static_assert(TREE_CONTENT_MAX <= PIECE, "what is sent is read in one piece");

/* A file with several names is hashed once, as long as it is the same and its slot is not needed by another. */
struct tree_seen {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec mtime, ctime;
        uint8_t sha256[SHA256_SIZE];
        bool used;
};

int tree_reader_init(struct tree_reader *reader, const struct layer_request *request, struct tree_sender *sender,
                     struct error *err)
{
        *reader = (struct tree_reader){ .request = request, .sender = sender };
        reader->piece = malloc(PIECE);
        reader->seen = calloc(SEEN_SLOTS, sizeof(*reader->seen));
        if (!reader->piece || !reader->seen)
                return error_oom(err);
        return hash_new(DIGEST_SHA256, &reader->hash, err);
}

void tree_reader_done(struct tree_reader *reader)
{
        if (reader->untold && reader->request->progress)
                reader->request->progress(reader->untold);
        hash_free(reader->hash);
        free(reader->piece);
        free(reader->seen);
        *reader = (struct tree_reader){ 0 };
}

void tree_entry(struct file_entry *ret, struct str path, const struct stat *st)
{
        *ret = (struct file_entry){ .path = path, .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
                                    .mtime = st->st_mtim.tv_sec };
        switch (st->st_mode & S_IFMT) {
        case S_IFREG:
                ret->type = FILE_REGULAR;
                ret->size = (uint64_t)MAX_OF(st->st_size, (off_t)0);
                break;
        case S_IFDIR:
                ret->type = FILE_DIRECTORY;
                break;
        case S_IFLNK:
                ret->type = FILE_SYMLINK;
                break;
        case S_IFIFO:
                ret->type = FILE_FIFO;
                break;
        case S_IFSOCK:
                ret->type = FILE_SOCKET;
                break;
        default: /* a device; 0/0 is one too where it is not overlayfs's mark (tree_is_whiteout()) */
                ret->type = S_ISCHR(st->st_mode) ? FILE_CHARACTER : FILE_BLOCK;
                ret->device_major = major(st->st_rdev);
                ret->device_minor = minor(st->st_rdev);
        }
}

static struct tree_seen *seen_slot(struct tree_reader *reader, const struct stat *st)
{
        uint64_t h = ((uint64_t)st->st_ino + (uint64_t)st->st_dev) * 0x9e3779b97f4a7c15ull;

        return &reader->seen[(h >> 32) & (SEEN_SLOTS - 1)];
}

static bool same_time(struct timespec a, struct timespec b)
{
        return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool was_seen(const struct tree_seen *seen, const struct stat *st)
{
        return seen->used && seen->device == st->st_dev && seen->inode == st->st_ino && seen->size == st->st_size &&
               same_time(seen->mtime, st->st_mtim) && same_time(seen->ctime, st->st_ctim);
}

static void tell(struct tree_reader *reader, uint64_t n)
{
        reader->bytes += n;
        reader->untold += n;
        if (reader->untold < TELL)
                return;
        if (reader->request->progress)
                reader->request->progress(reader->untold);
        reader->untold = 0;
}

/* Hashes `size` bytes, fewer where the file ends sooner. The file's own failure is told by *ret_code. */
static int hash_bytes(struct tree_reader *reader, int fd, uint64_t size, struct digest *ret, uint64_t *ret_done,
                      int *ret_code, struct error *err)
{
        uint64_t done = 0;
        ssize_t n = 0;

        memset(reader->head, 0, sizeof(reader->head));
        *ret_code = 0;
        while (done < size) {
                int r = interrupt_check(err);

                if (r < 0)
                        return r;
                n = file_read_at(fd, reader->piece, (size_t)MIN_OF(size - done, (uint64_t)PIECE), done, NULL);
                if (n <= 0)
                        break;
                hash_update(reader->hash, reader->piece, (size_t)n);
                if (done == 0)
                        memcpy(reader->head, reader->piece, MIN_OF((size_t)n, sizeof(reader->head)));
                tell(reader, (uint64_t)n);
                done += (uint64_t)n;
        }
        reader->hashed = true;
        hash_finish(reader->hash, ret); /* in every case: it starts again */
        *ret_done = done;
        if (n < 0)
                *ret_code = (int)n;
        return 0;
}

static int digest_now(struct tree_reader *reader, int fd, struct file_entry *e, struct error *err)
{
        struct digest digest;
        uint64_t done, limit = reader->request->limits->layer_bytes;
        int code, r;

        if (e->size > limit - MIN_OF(reader->bytes, limit))
                return tree_send_problem(reader->sender, err, PROBLEM_GAP, e->path,
                                         "not read: with its %llu bytes the files hold more than %llu "
                                         "(--limit layer-bytes=N raises this)",
                                         (unsigned long long)e->size, (unsigned long long)limit);
        r = hash_bytes(reader, fd, e->size, &digest, &done, &code, err);
        if (r < 0)
                return r;
        if (code < 0)
                return tree_send_problem(reader->sender, err, PROBLEM_GAP, e->path, "it can not be read: %s",
                                         error_text(code));
        if (done < e->size)
                r = tree_send_problem(reader->sender, err, PROBLEM_NOTE, e->path,
                                      "it shrank from %llu to %llu bytes while it was being read",
                                      (unsigned long long)e->size, (unsigned long long)done);
        e->size = done;
        memcpy(e->sha256, digest.bytes, SHA256_SIZE);
        e->has_sha256 = true;
        return r;
}

/* Sets the digest, or tells why there is none. */
static int digest_file(struct tree_reader *reader, int fd, const struct stat *st, bool wanted, struct file_entry *e,
                       struct error *err)
{
        struct tree_seen *seen = seen_slot(reader, st);
        int r;

        if (st->st_nlink > 1 && !wanted && was_seen(seen, st)) {
                memcpy(e->sha256, seen->sha256, SHA256_SIZE);
                e->has_sha256 = true;
                return 0;
        }
        r = digest_now(reader, fd, e, err);
        if (r < 0)
                return r;
        if (st->st_nlink > 1 && e->has_sha256 && e->size == (uint64_t)st->st_size) {
                *seen = (struct tree_seen){ .device = st->st_dev, .inode = st->st_ino, .size = st->st_size,
                                            .mtime = st->st_mtim, .ctime = st->st_ctim, .used = true };
                memcpy(seen->sha256, e->sha256, SHA256_SIZE);
        }
        return 0;
}

static int read_capability(struct tree_reader *reader, int fd, struct file_entry *e, char room[static FILE_CAPABILITY_MAX],
                           struct error *err)
{
        ssize_t n = fgetxattr(fd, "security.capability", room, FILE_CAPABILITY_MAX);

        if (n > 0)
                e->capability = (struct str){ room, (size_t)n };
        if (n >= 0 || errno == ENODATA || errno == EOPNOTSUPP)
                return 0;
        return tree_send_problem(reader->sender, err, PROBLEM_GAP, e->path, "its capabilities can not be read: %s",
                                 error_text(errno));
}

int tree_read_file(struct tree_reader *reader, struct str path, int fd, const struct stat *st, struct error *err)
{
        const struct detector_set *detectors = layer_detectors();
        bool wanted = detectors && detector_set_match(detectors, path);
        char capability[FILE_CAPABILITY_MAX];
        struct file_entry e;
        struct str content;
        int r;

        tree_entry(&e, path, st);
        reader->hashed = false;
        r = read_capability(reader, fd, &e, capability, err);
        if (r == 0 && tree_is_metacopy(reader->request, fd))
                r = tree_send_problem(reader->sender, err, PROBLEM_GAP, path,
                                      "only what is known of it was changed in this layer: its content is not read there");
        else if (r == 0)
                r = digest_file(reader, fd, st, wanted, &e, err);
        if (r < 0)
                return r;
        /* One that was hashed under another name is looked at under that name. */
        wanted = wanted || (detectors && reader->hashed && detector_set_match_head(detectors, reader->head, sizeof(reader->head)));
        if (wanted && e.has_sha256 && e.size > TREE_CONTENT_MAX)
                return tree_send_file(reader->sender, &e, fd, err);
        content = (struct str){ (char *)reader->piece, (size_t)e.size }; /* the very bytes that were hashed */
        return tree_send_entry(reader->sender, &e, wanted && e.has_sha256 ? &content : NULL, err);
}
