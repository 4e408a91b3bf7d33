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

#endif
