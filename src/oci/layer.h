/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over one layer. The parent hashes the bytes of the blob and pipes them to a worker, which inflates, walks the
 * tar, hashes each file, offers files to detectors, and writes a layer file (oci/layer_file.h).
 * A root directory is read likewise: the parent walks and hashes, the worker runs the detectors.
 */
#ifndef TALLYMAN_OCI_LAYER_H
#define TALLYMAN_OCI_LAYER_H

#include "base/error.h"
#include "base/worker.h"
#include "model/detector.h"
#include "model/limits.h"
#include "model/problem.h"
#include "oci/source.h"

/* What the layer pass says of itself, beside the layer file. */
struct layer_result {
        struct digest digest;  /* of the blob, computed by this process; unset for a root directory */
        struct digest diff_id; /* of the inflated tar, computed by the worker; unset if it could not be read to its end,
                                * and for a root directory */
};

struct layer_request {
        struct blob blob;     /* of a layer … */
        int root;             /* … or the open root directory, -1 else */
        enum layer_marks marks; /* of a root directory */
        enum digest_algorithm algorithm; /* of the blob's expected digest */
        enum digest_algorithm diff_algorithm;
        const struct scan_limits *limits;
        int output;           /* an empty file, read and write: the layer file is written here */
        int scratch;          /* of a layer: an unnamed temporary file of its own */
        void (*progress)(uint64_t bytes);
};

/* Returns 0 even where the layer is damaged: what is wrong stands in the layer file's problems. Negative where there is
 * no usable layer file: the worker died (`ret_end` says how), no space, interrupted. Thread-safe. */
int layer_read(const struct layer_request *request, struct layer_result *ret, struct worker_end *ret_end,
               struct error *err) _must_check_;

/* The digest of a blob alone, for a layer whose result is known already. Thread-safe. */
int layer_digest(const struct blob *blob, enum digest_algorithm algorithm, void (*progress)(uint64_t bytes),
                 struct digest *ret, struct error *err) _must_check_;

/* The detectors that layers are offered to. Set once, before worker_init(), since workers inherit it. */
void layer_set_detectors(const struct detector_set *set);

extern const struct worker_job layer_tar_job;
extern const struct worker_job layer_tree_job;

#endif
