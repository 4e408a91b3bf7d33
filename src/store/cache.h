/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of immutable results under the state directory: written aside, published in one step, opened read-only.
 *   <state>/cache/layers/KEY     layer files        <state>/cache/images/KEY.index   an image's merged file index
 *   <state>/cache/stamps/KEY     digest of a blob that was hashed in place (see cache_stamp_get)
 *   <state>/cache/owners/KEY     which package owns which file of an index
 * The state directory is $XDG_DATA_HOME/tallyman where that is set, else /var/lib/tallyman for root and
 * ~/.local/share/tallyman for others.
 *
 * A file here is never trusted beyond its own checks, and only used if this user or root owns it and nobody else can
 * write it; the same holds for the directories. Nothing is synced to the disk: what a power cut damages fails its
 * checksum and is made again. Several processes, and threads with one `struct cache`, may work at once; a descriptor once
 * given stays good, whatever is removed.
 */
#ifndef TALLYMAN_STORE_CACHE_H
#define TALLYMAN_STORE_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

enum cache_kind {
        CACHE_LAYER,
        CACHE_INDEX,
        CACHE_STAMP,
        CACHE_OWNERS,
        CACHE_KIND_MAX,
};

struct cache;

/* Opens (and creates) the cache. Where it can not be written (-EACCES, -EROFS, -ENOSPC …) or not be trusted (-EPERM; the
 * message says what to do) the caller may go on without one. */
int cache_open(struct cache **ret, struct error *err) _must_check_;
struct cache *cache_free(struct cache *cache);
DEFINE_FREEP(struct cache, cache_free)
const char *cache_path(const struct cache *cache);

/* A key: SHA-256 over the parts, each with its length. */
struct cache_key {
        char text[65];
};
struct cache_key cache_key_of(const struct str *parts, size_t n_parts);

/* 1 and an open read-only descriptor, 0 not there, negative errno (-EPERM: there, but not to be trusted). Marks it as used
 * now, an hour more or less. */
int cache_get(struct cache *cache, enum cache_kind kind, const struct cache_key *key, int *ret_fd, struct error *err) _must_check_;
/* An unnamed file in the cache's file system, to be filled and put. Owned by the caller. */
int cache_new_file(struct cache *cache, struct error *err) _must_check_;
/* Publishes it, in the place of one of the same key. `fd` stays the caller's and must not be written any more. */
int cache_put(struct cache *cache, enum cache_kind kind, const struct cache_key *key, int fd, struct error *err) _must_check_;
/* 0 also if it was not there. */
int cache_remove(struct cache *cache, enum cache_kind kind, const struct cache_key *key, struct error *err) _must_check_;

/* A blob that was hashed once need not be hashed again while it is the same file (device, inode, size, mtime, ctime) and
 * the same range of it. A file that changed within two seconds before it was asked for gets no stamp (its clock may be
 * too coarse to show the next change), nor does one that changed between the get and the put: so get comes before the
 * bytes are hashed, and put after. */
struct cache_stamp {
        uint64_t offset, size;
        struct cache_key key; /* empty: there will be no stamp */
};
int cache_stamp_get(struct cache *cache, int fd, uint64_t offset, uint64_t size, struct cache_stamp *ret_stamp,
                    struct digest *ret); /* 1 known, 0 not; `ret_stamp` is filled in both cases */
void cache_stamp_put(struct cache *cache, int fd, const struct cache_stamp *stamp, const struct digest *digest);

struct prune_options {
        uint64_t max_bytes;   /* keep the most recently used up to this many; UINT64_MAX: no limit */
        time_t older_than;    /* remove what was not used for this many seconds; 0: no limit */
        bool all;
};
struct prune_report {
        uint64_t removed_files, removed_bytes, kept_files, kept_bytes;
};
/* Removes too what killed processes left behind more than a day ago. Files that are not the cache's are not touched. */
int cache_prune(struct cache *cache, const struct prune_options *options, struct prune_report *ret, struct error *err) _must_check_;

#endif
