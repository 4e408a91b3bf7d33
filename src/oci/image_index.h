/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged file index of an image: what a container of it would see at its root, each file with the layer that it
 * came from (OCI image-spec layer.md: whiteouts, opaque directories, replaced types; hard links resolved).
 *
 *   entries   sorted by path: u32 size, encoded struct file_entry
 *   offsets   u64 each, for binary search
 *   trailer   counts, offsets, CRC-32C, version, magic
 *
 * Immutable, mapped, searched in place.
 */
#ifndef TALLYMAN_OCI_IMAGE_INDEX_H
#define TALLYMAN_OCI_IMAGE_INDEX_H

#include "base/error.h"
#include "model/file.h"
#include "model/problem.h"
#include "oci/layer_file.h"

/* Merges layers, lowest first (a NULL layer is one that could not be read: it is passed over). Streams: memory depends
 * on the number of layers and the depth of paths alone. Problems of the merge (a path through a non-directory, a hard
 * link to nothing) go into `problems`. `output` is an empty file, read and write. */
int image_index_write(struct layer_file *const *layers, size_t n_layers, int output, struct problem_list *problems,
                      struct error *err) _must_check_;

struct image_index;

/* Takes `fd`. -EBADMSG: not an index of this version, or damaged. */
int image_index_open(int fd, struct image_index **ret, struct error *err) _must_check_;
struct image_index *image_index_free(struct image_index *index);
DEFINE_FREEP(struct image_index, image_index_free)

uint64_t image_index_count(const struct image_index *index);
/* Entry `i` in path order; strings borrowed from the index. */
int image_index_get(const struct image_index *index, uint64_t i, struct file_entry *ret, struct error *err) _must_check_;
/* By canonical path, links not followed: 1 found, 0 not, negative damaged. `ret_i` may be NULL. */
int image_index_find(const struct image_index *index, struct str path, struct file_entry *ret, uint64_t *ret_i,
                     struct error *err) _must_check_;
/* Follows symbolic links in every component as a process inside the image would (at most 40; a loop is "not found", as
 * is a path, or a link's text, that leaves the root, holds a NUL byte or is too long to be one). */
int image_index_resolve(const struct image_index *index, struct str path, struct file_entry *ret, uint64_t *ret_i,
                        struct error *err) _must_check_;
/* Gives back the pages read so far (for walks over all of a large index). */
void image_index_release(const struct image_index *index);

#endif
