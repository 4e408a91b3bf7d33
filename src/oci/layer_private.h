/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to oci/: what the two processes of a layer pass agree on. The parent (layer_feed.c for a blob, tree_walk.c for
 * a root directory) hands bytes or entries to the worker (layer_pass.c, layer_tree.c), which writes the layer file.
 */
#ifndef TALLYMAN_OCI_LAYER_PRIVATE_H
#define TALLYMAN_OCI_LAYER_PRIVATE_H

#include "oci/layer.h"
#include "oci/layer_file.h"

/* ---- in both ---- */

/* Frames to the parent. */
#define LAYER_DONE 1  /* u8 algorithm and the bytes of the diffID; the layer file is complete */
#define LAYER_TAKEN 2 /* see tree_private.h */

const struct detector_set *layer_detectors(void); /* as set by layer_set_detectors(), may be NULL */

/* ---- in the worker ---- */

/* The argument, as layer_spawn() made it. `n_fds` descriptors are expected. */
int layer_get_argument(const struct worker_io *io, size_t n_fds, struct scan_limits *ret,
                       enum digest_algorithm *ret_algorithm, struct error *err) _must_check_;
/* Ends the layer file and tells the parent. */
int layer_answer(struct worker_io *io, struct layer_builder *builder, const struct digest *diff_id, uint64_t bytes,
                 struct error *err) _must_check_;
/* True for what leaves no usable layer file; any other failure becomes a problem in it. */
bool layer_error_is_ours(int code);

/* ---- in the parent ---- */

int layer_spawn(const char *job, const struct layer_request *request, const int *fds, size_t n_fds, struct worker **ret,
                struct error *err) _must_check_;
/* The worker's answer. -EPROTO: nonsense. */
int layer_take_frame(const struct worker_frame *frame, struct digest *ret_diff_id, struct error *err) _must_check_;
/* Starts the worker and hands it all there is; the digest is that of the blob, also where the worker wants no more of it.
 * `ret` is set as soon as there is a worker, also where this fails. */
int layer_feed_blob(const struct layer_request *request, struct digest *ret_digest, struct worker **ret,
                    struct error *err) _must_check_;

#endif
