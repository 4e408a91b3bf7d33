/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning the images of running containers in the background: a process of its own, forked before anything is open, that asks for
 * no CPU which others want (SCHED_IDLE, nice 19, idle I/O) and reads one image at a time, in workers of its own. What it found
 * comes back as two open files, an image index (oci/image_index.h) and a list of owners (oci/image_owners.h), which it also
 * keeps in the cache.
 */
#ifndef TALLYMAN_PIPELINE_IMAGE_SCANNER_H
#define TALLYMAN_PIPELINE_IMAGE_SCANNER_H

#include "oci/source.h"
#include "store/cache.h"

struct image_scanner;

/* Forks it; scan_init() was called before. One thread at a time uses it. */
int image_scanner_start(struct image_scanner **ret, struct error *err) _must_check_;
struct image_scanner *image_scanner_free(struct image_scanner *scanner); /* ends the process, whatever it does */
DEFINE_FREEP(struct image_scanner, image_scanner_free)

/* Hands over an image, known by its key. -EBUSY: the one before is not done; -EPIPE: the process is no more. */
int image_scanner_ask(struct image_scanner *scanner, const struct cache_key *key, const struct source_directories *directories,
                      struct error *err) _must_check_;

struct image_scan {
        struct cache_key key;
        int code;          /* 0, or why there is nothing */
        char message[512]; /* of that */
        bool whole;        /* everything could be read: what is not in the index is not in the image */
        int index, owners; /* open files, the caller's; -1 where code is negative */
};

/* 1: one is done. 0: not yet. -EPIPE: the process is no more. Does not block. */
int image_scanner_take(struct image_scanner *scanner, struct image_scan *ret, struct error *err) _must_check_;

/* What the scanner does with one, for tests. The files are open in any case. */
int image_scan_directories(const struct source_directories *directories, int index, int owners, bool *ret_whole, struct error *err)
        _must_check_;

#endif
