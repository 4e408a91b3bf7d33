/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compress.h"
#include "base/file.h"
#include "base/wire.h"
#include "model/path.h"
#include "oci/archive_worker.h"
#include "oci/members.h"

#define WORKER_MEMORY (256ull << 20)

struct member {
        const char *path, *target;
        enum member_type type;
        uint64_t offset, size;
};

struct members {
        int dir;          /* of a directory, else -1 */
        int file;         /* of an archive, else -1 */
        uint64_t file_size;
        struct arena *arena;
        struct member *list; /* sorted by path */
        size_t n, cap;
        size_t names;        /* bytes of them */
};

static struct members *members_new(void)
{
        struct members *m = calloc(1, sizeof(*m));

        if (m) {
                m->dir = m->file = -EBADF;
                m->arena = arena_new();
                if (!m->arena)
                        return members_free(m);
        }
        return m;
}

struct members *members_free(struct members *m)
{
        if (!m)
                return NULL;
        fd_close(m->dir);
        fd_close(m->file);
        arena_free(m->arena);
        free(m->list);
        free(m);
        return NULL;
}

int members_open_directory(int dir, struct members **ret, struct error *err)
{
        struct members *m = members_new();

        if (!m) {
                fd_close(dir);
                return error_oom(err);
        }
        m->dir = dir;
        *ret = m;
        return 0;
}

/* ---- an archive ---- */

static int nonsense(struct error *err)
{
        return error_say(err, -EPROTO, "the worker that lists archives answered nonsense");
}

int members_new_archive(int file, uint64_t size, struct members **ret, struct error *err)
{
        struct members *m = members_new();

        if (!m) {
                fd_close(file);
                return error_oom(err);
        }
        m->file = file;
        m->file_size = size;
        *ret = m;
        return 0;
}

static int add_member(struct members *m, struct wire_reader *r, struct error *err)
{
        uint8_t type = wire_get_u8(r);
        struct str path = wire_get_str(r), target = wire_get_str(r);
        uint64_t offset = wire_get_u64(r), size = wire_get_u64(r);
        struct member *member;

        m->names += path.n + target.n;
        if (r->bad || m->n == MEMBERS_MAX || m->names > MEMBER_NAMES_MAX || type < MEMBER_FILE || type > MEMBER_OTHER ||
            path.n > PATH_LENGTH_MAX || target.n > PATH_LENGTH_MAX)
                return nonsense(err);
        if (mem_grow(&m->list, &m->cap, m->n + 1, sizeof(*m->list)) < 0)
                return error_oom(err);
        member = &m->list[m->n];
        *member = (struct member){ arena_string(m->arena, path.p, path.n), arena_string(m->arena, target.p, target.n),
                                   (enum member_type)type, offset, size };
        if (!member->path || !member->target)
                return error_oom(err);
        m->n++;
        return 0;
}

int members_take_frame(struct members *m, const struct worker_frame *frame, struct problem_list *problems,
                       struct error *err)
{
        struct wire_reader r = wire_reader(frame->payload.p, frame->payload.n);
        _cleanup_(buf_free) struct buf where = { 0 };

        if (frame->type == ARCHIVE_FRAME_PROBLEM) {
                uint8_t kind = wire_get_u8(&r);
                struct str path = wire_get_str(&r), what = wire_get_str(&r);

                buf_add_utf8(&where, path);
                if (!wire_end(&r) || kind < PROBLEM_NOTE || kind > PROBLEM_ATTACK)
                        return nonsense(err);
                problem_add(problems, (enum problem_kind)kind, "archive", "%s%s%.*s", where.len ? where.data : "",
                            where.len ? ": " : "", STR_ARG(what));
                return 0;
        }
        if (frame->type != ARCHIVE_FRAME_MEMBERS)
                return nonsense(err);
        while (wire_left(&r)) {
                int code = add_member(m, &r, err);

                if (code < 0)
                        return code;
        }
        return 0;
}

static int compare_members(const void *pa, const void *pb)
{
        const struct member *a = pa, *b = pb;
        int r = strcmp(a->path, b->path);

        return r ? r : (a->offset > b->offset) - (a->offset < b->offset);
}

/* Of files with the same name the last counts, as when the archive is extracted. */
void members_sort(struct members *m, struct problem_list *problems)
{
        size_t n = 0;

        mem_sort(m->list, m->n, sizeof(*m->list), compare_members);
        for (size_t i = 0; i < m->n; i++) {
                if (n && strcmp(m->list[n - 1].path, m->list[i].path) == 0) {
                        problem_add(problems, PROBLEM_NOTE, "archive", "'%s' stands in it more than once; the last one counts",
                                    m->list[i].path);
                        n--;
                }
                m->list[n++] = m->list[i];
        }
        m->n = n;
}

static void tell_refused(const struct worker_end *end, struct problem_list *problems)
{
        if (*end->refused)
                problem_add(problems, PROBLEM_ATTACK, "archive", "its worker was refused the system calls: %s", end->refused);
}

static int list_archive(struct members *m, const struct scan_limits *limits, struct problem_list *problems, struct error *err)
{
        _cleanup_(worker_freep) struct worker *worker = NULL;
        struct worker_limits confined = { .memory = WORKER_MEMORY, .cpu = limits->seconds };
        struct worker_frame frame;
        struct worker_end end;
        int r = worker_spawn(oci_archive_job.name, STR_NULL, &m->file, 1, &confined, &worker, err);

        if (r < 0)
                return r;
        while ((r = worker_receive(worker, &frame, err)) > 0) {
                r = members_take_frame(m, &frame, problems, err);
                if (r < 0)
                        break;
        }
        if (r < 0)
                worker_stop(worker, &end);
        else
                r = worker_wait(worker, &end, err);
        tell_refused(&end, problems);
        return r;
}

/* Replaces the compressed file by what is in it. */
static int inflate_archive(struct members *m, const struct scan_limits *limits, struct problem_list *problems,
                           struct error *err)
{
        _cleanup_(worker_freep) struct worker *worker = NULL;
        _cleanup_(buf_free) struct buf argument = { 0 };
        _cleanup_close_ int plain = file_unnamed(NULL, err);
        struct worker_limits confined = { .memory = WORKER_MEMORY, .file = limits->layer_bytes, .cpu = limits->seconds };
        struct worker_end end = { 0 };
        int r;

        if (plain < 0)
                return plain;
        wire_put_u64(&argument, limits->layer_bytes);
        wire_put_u64(&argument, limits->ratio);
        if (!buf_ok(&argument))
                return error_oom(err);
        r = worker_spawn(oci_inflate_job.name, buf_str(&argument), (const int[]){ m->file, plain }, 2, &confined, &worker, err);
        if (r == 0)
                r = worker_wait(worker, &end, err);
        tell_refused(&end, problems);
        if (r < 0)
                return error_wrap(err, "inflate the archive");
        fd_close(m->file);
        m->file = TAKE_FD(plain);
        return 0;
}

static int prepare_archive(struct members *m, const struct scan_limits *limits, struct problem_list *problems,
                           struct error *err)
{
        uint8_t head[6];
        ssize_t n = file_read_at(m->file, head, sizeof(head), 0, err);
        struct stat st;

        if (n < 0)
                return (int)n;
        if (compression_detect(head, (size_t)n) != COMPRESSION_NONE) {
                int r = inflate_archive(m, limits, problems, err);

                if (r < 0)
                        return r;
        }
        if (fstat(m->file, &st) < 0 || lseek(m->file, 0, SEEK_SET) < 0)
                return error_set(err, -errno, "look at the archive");
        m->file_size = (uint64_t)st.st_size;
        return list_archive(m, limits, problems, err);
}

int members_open_archive(int file, const struct scan_limits *limits, struct problem_list *problems, struct members **ret,
                         struct error *err)
{
        _cleanup_(members_freep) struct members *m = NULL;
        int r = members_new_archive(file, 0, &m, err);

        if (r == 0)
                r = prepare_archive(m, limits, problems, err);
        if (r < 0)
                return r;
        members_sort(m, problems);
        *ret = TAKE_PTR(m);
        return 0;
}

/* ---- finding ---- */

static int find_in_directory(struct members *m, const char *name, struct blob *ret, struct error *err)
{
        _cleanup_close_ int fd = file_open_below(m->dir, name, O_RDONLY, false, err);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at '%s'", name);
        if (!S_ISREG(st.st_mode))
                return error_say(err, -EBADMSG, "'%s' is not a regular file", name);
        *ret = (struct blob){ .fd = TAKE_FD(fd), .size = (uint64_t)st.st_size };
        return 0;
}

static int compare_name(const void *key, const void *item)
{
        return strcmp(key, ((const struct member *)item)->path);
}

static const struct member *find_member(const struct members *m, const char *name)
{
        const struct member *member = NULL;

        for (unsigned links = 0; links <= MEMBER_LINKS_MAX; links++) {
                member = mem_find(name, m->list, m->n, sizeof(*m->list), compare_name);
                if (!member || (member->type != MEMBER_HARDLINK && member->type != MEMBER_SYMLINK))
                        return member;
                name = member->target;
        }
        return member;
}

static int find_in_archive(struct members *m, const char *name, struct blob *ret, struct error *err)
{
        const struct member *member = find_member(m, name);
        int fd;

        if (!member)
                return error_say(err, -ENOENT, "'%s' is not in the archive", name);
        if (member->type == MEMBER_SPARSE)
                return error_say(err, -EBADMSG, "'%s' is stored as a sparse file, which no tool writes there", name);
        if (member->type != MEMBER_FILE)
                return error_say(err, -EBADMSG, "'%s' is not a regular file", name);
        if (member->offset > m->file_size || member->size > m->file_size - member->offset)
                return error_say(err, -EBADMSG, "'%s' is cut short: the archive ends in it", name);
        fd = fcntl(m->file, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
                return error_set(err, -errno, "open the archive again");
        *ret = (struct blob){ fd, member->offset, member->size };
        return 0;
}

int members_find(struct members *m, const char *name, struct blob *ret, struct error *err)
{
        return m->dir >= 0 ? find_in_directory(m, name, ret, err) : find_in_archive(m, name, ret, err);
}

bool members_have(struct members *m, const char *name)
{
        if (m->dir >= 0)
                return faccessat(m->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        return find_member(m, name) != NULL;
}

int members_slurp(struct members *m, const char *name, size_t max, struct buf *out, struct error *err)
{
        _cleanup_close_ int fd = -EBADF;
        struct blob blob;
        ssize_t n;
        int r = members_find(m, name, &blob, err);

        buf_clear(out);
        if (r < 0)
                return r;
        fd = blob.fd;
        if (blob.size > max)
                return error_say(err, -E2BIG, "'%s' is %llu bytes long, more than the %zu that are read", name,
                                 (unsigned long long)blob.size, max);
        if (!buf_reserve(out, blob.size))
                return error_oom(err);
        n = file_read_at(blob.fd, out->data, blob.size, blob.offset, err);
        if (n < 0)
                return (int)n;
        out->len = (size_t)n;
        out->data[n] = 0;
        return (uint64_t)n == blob.size ? 0 : error_say(err, -EBADMSG, "'%s' shrank while it was read", name);
}
