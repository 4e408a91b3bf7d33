/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to oci/: how a root directory is read. The parent walks it (tree_walk.c), hashes its files (tree_file.c) and
 * sends what it met (tree_send.c); the worker builds the layer file and runs the detectors (layer_tree.c).
 *
 * To the worker:
 *   TREE_BATCH  items, each a u8 kind, then
 *                 TREE_ENTRY    u32 size, encoded struct file_entry
 *                 TREE_CONTENT  the same, then u32 size, the bytes of this file, which a detector wants
 *                 TREE_PROBLEM  u8 kind, where, what
 *   TREE_FILE   an encoded struct file_entry; the open file, which a detector wants, comes along. Answered by
 *               LAYER_TAKEN once it is read, so that few descriptors are ever under way (the kernel counts them).
 * No more frames: the walk is at its end.
 */
#ifndef TALLYMAN_OCI_TREE_PRIVATE_H
#define TALLYMAN_OCI_TREE_PRIVATE_H

#include <sys/stat.h>

#include "oci/layer_private.h"

#define TREE_BATCH 1
#define TREE_FILE 2

enum tree_item {
        TREE_ENTRY = 1,
        TREE_CONTENT,
        TREE_PROBLEM,
};

#define TREE_CONTENT_MAX (128u << 10) /* larger files that a detector wants are handed over open */
#define TREE_WHERE_MAX 1024           /* bytes of a path in a problem */

/* ---- sending (tree_send.c): all -EPIPE once the worker takes no more ---- */

struct tree_sender {
        struct worker *worker;
        struct buf batch, entry;
        bool untaken; /* a file was handed over and is not yet answered */
};

/* `content` may be NULL. */
int tree_send_entry(struct tree_sender *s, const struct file_entry *entry, const struct str *content, struct error *err)
        _must_check_;
int tree_send_file(struct tree_sender *s, const struct file_entry *entry, int fd, struct error *err) _must_check_;
int tree_send_problem(struct tree_sender *s, struct error *err, enum problem_kind kind, struct str where,
                      const char *fmt, ...) _printf_(5, 6) _must_check_;
/* What is left; then no more comes. */
int tree_send_end(struct tree_sender *s, struct error *err) _must_check_;
void tree_sender_done(struct tree_sender *s); /* not the worker */

/* ---- marks of overlayfs (tree_marks.c): none where request->marks says so ---- */

/* What the open directory says of the layers below. */
int tree_send_marks(const struct layer_request *request, struct tree_sender *sender, struct str path, int fd,
                    struct error *err) _must_check_;
/* The open file has no content of its own: that of a lower layer shows. */
bool tree_is_metacopy(const struct layer_request *request, int fd);
bool tree_is_whiteout(const struct layer_request *request, const struct stat *st);

/* ---- reading files (tree_file.c) ---- */

struct tree_seen;

struct tree_reader {
        const struct layer_request *request;
        struct tree_sender *sender;
        struct hash *hash;
        uint8_t *piece;
        uint8_t head[DETECTOR_HEAD]; /* of the file that was hashed last */
        bool hashed;            /* the file at hand */
        struct tree_seen *seen; /* digests of files that have several names */
        uint64_t bytes;         /* read so far */
        uint64_t untold;        /* of them, not yet told to request->progress */
};

int tree_reader_init(struct tree_reader *reader, const struct layer_request *request, struct tree_sender *sender,
                     struct error *err) _must_check_;
void tree_reader_done(struct tree_reader *reader);

/* Hashes the open regular file and sends it as `path`. What goes wrong with the file itself becomes a problem of it. */
int tree_read_file(struct tree_reader *reader, struct str path, int fd, const struct stat *st, struct error *err)
        _must_check_;
/* What stat() tells of a file; of a regular one without its digest. */
void tree_entry(struct file_entry *ret, struct str path, const struct stat *st);

/* ---- the whole, in the parent (tree_walk.c) ---- */

/* Starts the worker and sends it all of request->root. Returns 0 too where the worker takes no more: it tells why.
 * `ret` is set as soon as there is a worker, also where this fails. */
int layer_feed_tree(const struct layer_request *request, struct worker **ret, struct error *err) _must_check_;

#endif
