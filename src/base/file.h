/* SPDX-License-Identifier: Apache-2.0 */
/* Files of our own: reading and writing whole, writing aside and publishing in one step, unnamed temporary files. */
#ifndef TALLYMAN_BASE_FILE_H
#define TALLYMAN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

/* Full reads and writes, EINTR handled. file_read gives the bytes read, fewer only at the end of the file. */
ssize_t file_read(int fd, void *buf, size_t n, struct error *err) _must_check_;
ssize_t file_read_at(int fd, void *buf, size_t n, uint64_t offset, struct error *err) _must_check_;
int file_write(int fd, const void *data, size_t n, struct error *err) _must_check_;
/* Appends the whole of `fd` from its position to `out`; more than `max` bytes is -E2BIG. */
int file_slurp(int fd, size_t max, struct buf *out, struct error *err) _must_check_;
/* The same of the file at `path`, which messages name. */
int file_read_whole(const char *path, size_t max, struct buf *out, struct error *err) _must_check_;

/* Opens an existing file or directory below `dir` by a relative path, in one openat2(): no leaving `dir`, no magic
 * links, and no symbolic links at all unless `follow` (then they are followed as inside a root at `dir`).
 * O_CLOEXEC | O_NOCTTY | O_NONBLOCK are added, so that a FIFO or device can not block. -ENOSYS on kernels before 5.6. */
int file_open_below(int dir, const char *path, int flags, bool follow, struct error *err) _must_check_;

/* An unnamed temporary file, read and write, in `dir` (NULL: $TMPDIR, else /var/tmp, else /tmp). */
int file_unnamed(const char *dir, struct error *err) _must_check_;
/* The same in an open directory. */
int file_unnamed_in(int dir, struct error *err) _must_check_;

/* Publishes what the unnamed file `fd` holds, with its permissions, as dir/name in one step: whoever opens that name gets
 * all of it, or what was there before. The file itself is given the name where the kernel and the file system can do
 * that; else it is copied beside and renamed. A failure leaves nothing behind. Not synced to the disk. */
int file_publish(int fd, int dir, const char *name, struct error *err) _must_check_;
/* The same where nothing has that name yet; else -EEXIST, and what is there stays as it is. */
int file_publish_new(int fd, int dir, const char *name, struct error *err) _must_check_;
/* True for the names that files have for the moment in which file_publish() or file_unnamed_in() needs one. Such a file
 * that is old was left by a process that was killed. */
bool file_is_aside(const char *name);

/* An output that replaces `path` only when it is complete: written aside in the same folder, renamed by finish.
 * A device, FIFO or socket at `path` is written directly. Freed without finish: nothing is left behind.
 * Keeps the permissions of a file that it replaces; a new one gets 0666 minus the umask. */
struct output;

int output_open(const char *path, struct output **ret, struct error *err) _must_check_;
int output_stdout(struct output **ret, struct error *err) _must_check_;
int output_write(struct output *out, const void *data, size_t n, struct error *err) _must_check_;
int output_finish(struct output *out, struct error *err) _must_check_;
struct output *output_free(struct output *out);
DEFINE_FREEP(struct output, output_free)

/* An order for scandir(3) that is the same in every locale. */
struct dirent;
int file_by_bytes(const struct dirent **a, const struct dirent **b);

/* mkdir -p with mode 0700 for what is missing. */
int file_make_directories(const char *path, struct error *err) _must_check_;

#endif
