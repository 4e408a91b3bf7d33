/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an image is read from. A target is "KIND:REST" or a bare path, recognised by its content:
 *   oci-dir:DIR[:TAG]  oci-archive:FILE[:TAG]  docker-archive:FILE[:TAG]  dir:PATH  overlay:LOWEST[:NEXT...]
 * (OCI image-spec 1.1 image-layout.md; Docker image specification 1.2 and the older layout).
 * Documents are verified against their digests here and parsed in a worker.
 */
#ifndef TALLYMAN_OCI_SOURCE_H
#define TALLYMAN_OCI_SOURCE_H

#include "base/error.h"
#include "base/worker.h"
#include "model/image.h"
#include "model/limits.h"
#include "model/problem.h"

enum layer_marks {
        LAYER_MARKS_NONE,    /* a root directory: everything in it is what it looks like */
        LAYER_MARKS_TRUSTED, /* trusted.overlay.* */
        LAYER_MARKS_USER,    /* user.overlay.* */
};

struct source_options {
        const char *platform; /* "os/arch[/variant]", NULL: this machine's */
        const struct scan_limits *limits;
};

/* A run of bytes in an open file. */
struct blob {
        int fd; /* of its own where a source gave it: close it */
        uint64_t offset;
        uint64_t size;
};

/* Layers as overlayfs mounts them (Linux Documentation/filesystems/overlayfs.rst): directories, the lowest first. What one hides
 * of those below is said by marks: a character device 0/0 where something is gone, an attribute at a directory whose lower
 * namesakes do not show. */
struct source_directories {
        const char *const *paths;
        size_t n;             /* at most LIMIT_LAYERS */
        enum layer_marks marks; /* _USER only of mounts made without privileges: who lives in a container can set those on his
                                 * own files, and would hide others so */
        const char *kind;     /* image->kind, a literal */
        const char *reference;
};

struct source;

/* -EINVAL / -ENOENT: not something that can be asked for (exit status 2): no such path, not an image, no such tag or
 * platform (the message lists those there are). -EBADMSG: an image too broken to tell its layers. What is broken but
 * leaves the layers known is put into `problems`. So is a worker that went wrong; where it leaves the layers unknown, the
 * image has none, and no identity (image_id). */
int source_open(const char *target, const struct source_options *options, struct problem_list *problems,
                struct source **ret, struct error *err) _must_check_;
/* The same of directories. -ENOENT, -ENOTDIR …: one of them can not be opened. */
int source_open_directories(const struct source_directories *directories, struct source **ret, struct error *err) _must_check_;
struct source *source_free(struct source *source);
DEFINE_FREEP(struct source, source_free)

/* Borrowed. A layer's digest and size are as promised; the digest of one in an older docker-archive is unset, since nothing
 * promises it, and is set by the caller once the layer was read. */
struct image *source_image(struct source *source);
/* How many layers there are to be read: those of the image; one of "dir", which has none. */
size_t source_n_layers(const struct source *source);
/* Layers are directories, not blobs. NULL: no source, no directories. */
bool source_is_tree(const struct source *source);
/* Their marks are those of overlayfs. */
enum layer_marks source_marks(const struct source *source);
/* The open root directory of layer `i` of a tree, else -1. Borrowed. */
int source_root(const struct source *source, size_t i);
/* The bytes of layer `i`. -ENOENT if the layout lacks the blob; a size other than the descriptor's is -ERANGE. The
 * caller closes ret->fd: a layout may have more layers than there are descriptors. Thread-safe. */
int source_layer(struct source *source, size_t i, struct blob *ret, struct error *err) _must_check_;

/* The worker jobs of this room's documents and archives, for worker_init(). */
extern const struct worker_job oci_document_job;
extern const struct worker_job oci_archive_job;
extern const struct worker_job oci_inflate_job;

#endif
