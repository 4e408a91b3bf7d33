/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: the named files that make up a stored image, in a directory or inside a tar archive. */
#ifndef TALLYMAN_OCI_MEMBERS_H
#define TALLYMAN_OCI_MEMBERS_H

#include "base/error.h"
#include "base/worker.h"
#include "model/limits.h"
#include "model/problem.h"
#include "oci/source.h"

#define MEMBERS_MAX 100000      /* files of an archive */
#define MEMBER_NAMES_MAX (32u << 20) /* bytes of their names */
#define MEMBER_LINKS_MAX 8      /* links followed from one name */

struct members;

/* Takes `dir`. Files are looked for below it; links are not followed. */
int members_open_directory(int dir, struct members **ret, struct error *err) _must_check_;
/* Takes `file`. A worker lists the archive; one that is compressed is inflated by another into an unnamed temporary
 * file first. What is odd goes into `problems`. -EBADMSG: no tar archive, or damaged so early that nothing is in it. */
int members_open_archive(int file, const struct scan_limits *limits, struct problem_list *problems, struct members **ret,
                         struct error *err) _must_check_;
struct members *members_free(struct members *members);
DEFINE_FREEP(struct members, members_free)

/* The bytes of the file `name`; links inside an archive are followed. The caller closes ret->fd. -ENOENT there is none,
 * -EBADMSG it is not a regular file, or its bytes can not be told from the archive (a sparse one). Thread-safe. */
int members_find(struct members *members, const char *name, struct blob *ret, struct error *err) _must_check_;
bool members_have(struct members *members, const char *name);
/* All of a small file. -E2BIG: larger than `max` bytes. `out` is cleared first. */
int members_slurp(struct members *members, const char *name, size_t max, struct buf *out, struct error *err) _must_check_;

extern const struct worker_job oci_archive_job;
extern const struct worker_job oci_inflate_job;

#endif
