/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning the images of running containers in the background, by a process of its own that is forked before anything is open and
 * keeps the rights of who started it. Each image is read by a child of it that asks for no CPU which others want (SCHED_IDLE, nice 19,
 * idle I/O) and parses in workers. What is found comes back as two open files, an image index (oci/image_index.h) and a list of
 * owners (oci/image_owners.h), and is kept in the cache.
 * Who asks may have been taken over: only directories are read that an overlay, mounted here or where the container's first process
 * is, has as its lower ones.
 */
#ifndef TALLYMAN_PIPELINE_IMAGE_SCANNER_H
#define TALLYMAN_PIPELINE_IMAGE_SCANNER_H

#include "oci/source.h"
#include "store/cache.h"

struct image_scanner;

/* Forks it; scan_init() was called before. It may be used in one of the children of who called this, one at a time. */
int image_scanner_start(struct image_scanner **ret, struct error *err) _must_check_;
/* Ends the process, whatever it does. Only who started it may call this. */
struct image_scanner *image_scanner_free(struct image_scanner *scanner);
DEFINE_FREEP(struct image_scanner, image_scanner_free)

struct image_scan {
        struct cache_key key;
        int code;          /* 0, or why there is nothing */
        char message[512]; /* of that */
        bool whole;        /* everything could be read: what is not in the index is not in the image */
        int index, owners; /* open files, the caller's; -1 where code is negative */
};

#define IMAGE_SCANNER_FIND_MS 250

/* What is remembered under a key: 1, or 0: nothing, or it could not be told in time. -EPIPE: the process is no more. */
int image_scanner_find(struct image_scanner *scanner, const struct cache_key *key, struct image_scan *ret, struct error *err)
        _must_check_;
/* Hands over an image, to be known by its key. `init_pid`: the container's first process, 0: not known. -EBUSY: the one before
 * is not done; -EPIPE: the process is no more. */
int image_scanner_ask(struct image_scanner *scanner, const struct cache_key *key, const struct source_directories *directories,
                      int64_t init_pid, struct error *err) _must_check_;
/* 1: it is done. 0: not yet. -EPIPE: the process is no more. Does not block. */
int image_scanner_take(struct image_scanner *scanner, struct image_scan *ret, struct error *err) _must_check_;

/* What the scanner does with one, for tests. The files are open in any case. */
int image_scan_directories(const struct source_directories *directories, int index, int owners, bool *ret_whole, struct error *err)
        _must_check_;

#endif
