/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: what passes between the lister of an archive and members.c. */
#ifndef TALLYMAN_OCI_ARCHIVE_WORKER_H
#define TALLYMAN_OCI_ARCHIVE_WORKER_H

#include "oci/members.h"

#define ARCHIVE_FRAME_MEMBERS 1 /* many: u8 type, path, target, u64 offset of the data in the archive, u64 size */
#define ARCHIVE_FRAME_PROBLEM 2 /* u8 kind, where, what */

enum member_type {
        MEMBER_FILE = 1,
        MEMBER_SPARSE,
        MEMBER_HARDLINK,
        MEMBER_SYMLINK,
        MEMBER_OTHER,
};

/* ---- in the worker ---- */

/* Where a listing goes: to the parent, or straight to a test. */
struct archive_sink {
        int (*frame)(void *ctx, uint32_t type, struct str payload, struct error *err);
        void *ctx;
};

/* Lists the archive from where `fd` stands. Behind damage there is nothing to be listed; it is an error only where
 * nothing stands before it. */
int archive_list(int fd, const struct archive_sink *sink, struct error *err) _must_check_;

/* ---- in the parent, what members_open_archive() is made of ---- */

/* Members of an archive of `size` bytes, none yet. Takes `file`. */
int members_new_archive(int file, uint64_t size, struct members **ret, struct error *err) _must_check_;
/* What came from a worker is checked: -EPROTO nonsense. */
int members_take_frame(struct members *m, const struct worker_frame *frame, struct problem_list *problems,
                       struct error *err) _must_check_;
/* Once all are there: then they can be found. */
void members_sort(struct members *m, struct problem_list *problems);

#endif
