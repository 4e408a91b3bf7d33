/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owns which file of an image: a text for each entry of its file index (oci/image_index.h), kept beside it.
 *
 *   texts     u32 size, bytes
 *   owners    u32 for each entry: 0 nobody, else the number of a text + 1
 *   offsets   u64 of each text
 *   trailer   counts and offsets, CRC-32C, version, magic
 *
 * Immutable, mapped, read in place.
 */
#ifndef TALLYMAN_OCI_IMAGE_OWNERS_H
#define TALLYMAN_OCI_IMAGE_OWNERS_H

#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

/* `owners` has one number for each of `n_files` entries, each at most `n_texts`. `output` is an empty file, read and write. */
int image_owners_write(const uint32_t *owners, uint64_t n_files, const struct str *texts, size_t n_texts, int output,
                       struct error *err) _must_check_;

struct image_owners;

/* Takes `fd`. -EBADMSG: not such a file of this version, or damaged. */
int image_owners_open(int fd, struct image_owners **ret, struct error *err) _must_check_;
struct image_owners *image_owners_free(struct image_owners *owners);
DEFINE_FREEP(struct image_owners, image_owners_free)

uint64_t image_owners_count(const struct image_owners *owners);
/* Of entry `i` of the index; empty: nobody, or what stands there makes no sense. Borrowed. */
struct str image_owners_get(const struct image_owners *owners, uint64_t i);

#endif
