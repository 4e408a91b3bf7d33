/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: from stored documents to a struct image and the names of its layers' files. */
#ifndef TALLYMAN_OCI_LOAD_H
#define TALLYMAN_OCI_LOAD_H

#include "model/image.h"
#include "model/problem.h"
#include "oci/document.h"
#include "oci/members.h"
#include "oci/select.h"

#define LOAD_DOCUMENTS_MAX 256 /* manifests and indexes read for one image */

/* Where the bytes of a layer are. */
struct layer_file_name {
        const char *name;   /* among the members */
        uint64_t size;      /* as promised, UINT64_MAX: nothing was */
        bool foreign;       /* its blob may be elsewhere */
};

struct loader {
        struct members *members;
        struct document_reader *reader;
        struct image *image; /* to be filled; its arena holds everything */
        struct selection selection;
        struct problem_list *problems;
        struct layer_file_name *layers; /* image->n_layers of them, in the image's arena */
        unsigned n_documents;
};

/* An OCI image layout (image-layout.md): index.json, blobs/. */
int load_oci(struct loader *loader, struct error *err) _must_check_;
/* What docker save writes: manifest.json, and files that it names. */
int load_docker(struct loader *loader, struct error *err) _must_check_;

/* ---- shared by both ---- */

/* "blobs/sha256/…" into the arena. NULL: out of memory. */
const char *load_blob_name(struct arena *arena, const struct digest *digest);
/* Reads, verifies and parses a document. A digest or size other than promised (NULL: nothing was) is a problem, and the
 * bytes that are there count: `ret_digest` is theirs. The text goes to `text`. */
int load_document(struct loader *loader, const char *name, const struct descriptor *promised, enum document_kind kind,
                  struct buf *text, struct document *ret, struct digest *ret_digest, struct error *err) _must_check_;
/* Fills what the configuration says; `n_layers` and the layers' digests are there already. What can not be read is a
 * problem. */
int load_config(struct loader *loader, const char *name, const struct descriptor *promised, struct error *err) _must_check_;
/* Room for n layers. */
int load_layers_new(struct loader *loader, size_t n, struct error *err) _must_check_;
/* A copy of `n` texts, NULL ones left out. */
int load_texts(struct arena *arena, const char *const *texts, size_t n, char ***ret, size_t *ret_n, struct error *err)
        _must_check_;

#endif
