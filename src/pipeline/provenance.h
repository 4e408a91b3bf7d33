/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the programs that run in containers come from: held against what the container's image has, scanned in the background when
 * it is first seen running and remembered. Until it was scanned its fields (image.file.*) are unknown; that is logged, as is the
 * end of the scan, each once.
 *
 *      state        the file that a process runs is
 *      unmodified   the image's own, in one of its layers
 *      metadata     copied up into the container's own layer, with the same content: its mode, owner or times were changed
 *      modified     in the image too, but with another content
 *      new          not in the image
 *      volume       on one of the container's mounts
 *      memfd        in memory only
 *      deleted      without a name
 *
 * It is found once for each execution, when the process's first event comes, and stays with the program (decoder_set_program()).
 * Content is compared by size, then by SHA-256 up to PROVENANCE_HASH_BYTES, at most PROVENANCE_HASH_SECOND a second; a file that
 * is larger, or not as it was when it was executed, has no state, nor has one that was changed within PROVENANCE_TICK before it was
 * executed: another could have been put in its place with the same times. So has what is not an overlay.
 */
#ifndef TALLYMAN_PIPELINE_PROVENANCE_H
#define TALLYMAN_PIPELINE_PROVENANCE_H

#include "engine/engine.h"
#include "model/file.h"
#include "pipeline/image_scanner.h"
#include "sensor/decoder.h"

#define PROVENANCE_IMAGES_MAX 128                    /* held open; the one not used for longest makes room */
#define PROVENANCE_HASH_BYTES ((uint64_t)8 << 20)    /* of one file … */
#define PROVENANCE_HASH_SECOND ((uint64_t)32 << 20)  /* … and of all in a second */
#define PROVENANCE_TICK ((int64_t)10000000)          /* nanoseconds: no clock of a file system is coarser */

struct provenance_options {
        struct image_scanner *scanner;  /* must last as long; NULL: no image is known */
        struct container_access access; /* to containers' own layers; zeroes: this process opens them itself */
};

struct provenance;

int provenance_new(const struct provenance_options *options, struct provenance **ret, struct error *err) _must_check_;
struct provenance *provenance_free(struct provenance *provenance);
DEFINE_FREEP(struct provenance, provenance_free)

/* A container that runs: its image is queued unless it is known. */
void provenance_container(struct provenance *provenance, const struct container *container);
/* Completes the facts of the process of an event that the decoder just gave; `container` is where it happened, NULL: on the host. It
 * costs a comparison where there is nothing to be done. 0 or -ENOMEM. */
int provenance_event(struct provenance *provenance, const struct container *container, const struct decoded *decoded,
                     struct decoder *decoder) _must_check_;
/* Takes what was scanned, and hands over what is next. Call it often. */
void provenance_step(struct provenance *provenance);

/* ---- an image alone ---- */

/* Borrowed from the view. */
struct image_file {
        struct file_entry entry;
        struct str package; /* empty: nobody's */
};
struct image_view;
/* Takes both files. -EBADMSG: one is damaged, or they do not belong together. `whole`: see struct image_scan. */
int image_view_open(int index, int owners, bool whole, struct image_view **ret, struct error *err) _must_check_;
struct image_view *image_view_free(struct image_view *view);
DEFINE_FREEP(struct image_view, image_view_free)
/* By absolute path, no links followed: 1 found, 0 not in the image, -ENODATA: not found in what could be read of it. */
int image_view_find(const struct image_view *view, struct str path, struct image_file *ret);

/* What an image and a container's own layer say of a program. */
struct program_request {
        const struct image_view *view; /* NULL: the image is not known */
        const struct container *container;
        struct str path;
        const struct sensor_file *file;
        const struct container_access *access;
        int64_t executed;  /* nanoseconds since the epoch, or earlier */
        uint64_t hash_max; /* bytes */
        enum { COMPARED_NOT, COMPARED_SAME, COMPARED_OTHER } compared; /* this very file, at this place, with what the image has there */
};
/* True: that is all there will ever be to say. Texts of `ret` are borrowed from the view, or are literals; the layer's is in `layer`. */
bool program_judge(const struct program_request *request, struct decoder_program *ret, char layer[static 12],
                   uint64_t *ret_hashed);

#endif
