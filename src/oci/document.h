/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to oci/: the JSON documents of an image, parsed in a worker (OCI image-spec 1.1 image-index.md, manifest.md,
 * config.md, descriptor.md; Docker's image manifest v2 schema 2 and the manifest.json of docker save).
 */
#ifndef TALLYMAN_OCI_DOCUMENT_H
#define TALLYMAN_OCI_DOCUMENT_H

#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/worker.h"
#include "model/image.h"
#include "model/limits.h"

#define DOCUMENT_ENTRIES_MAX 10000 /* manifests of an index, layers of a manifest, images of an archive */
#define DOCUMENT_TEXT_MAX (64u << 10) /* bytes of one text that is kept; longer ones are cut */

struct descriptor {
        const char *media_type; /* NULL where absent, as the others */
        struct digest digest;
        uint64_t size;            /* at most INT64_MAX, as in JSON */
        struct platform platform; /* os NULL: not said */
        const char *ref_name;     /* annotation org.opencontainers.image.ref.name */
        const char *image_name;   /* annotation io.containerd.image.name */
        bool foreign;             /* urls are named: the blob may be elsewhere */
};

enum document_kind {
        DOCUMENT_INDEX = 1,
        DOCUMENT_MANIFEST,
        DOCUMENT_CONFIG,
        DOCUMENT_DOCKER, /* manifest.json of docker save */
};

struct history_entry {
        const char *created_by;
        bool empty_layer;
};

/* One image of a manifest.json: paths inside the archive. */
struct docker_image {
        const char *config;
        const char **tags;
        uint32_t n_tags;
        const char **layers;
        uint32_t n_layers;
};

/* Everything belongs to the arena given to document_parse(). */
struct document {
        enum document_kind kind;
        const char *media_type;    /* as the document says of itself */
        struct descriptor config;  /* of a manifest */
        struct descriptor *entries; /* manifests of an index, layers of a manifest */
        uint32_t n_entries;
        struct platform platform;  /* of a configuration, like the rest */
        const char *created, *user;
        struct image_settings settings; /* without history, which is below */
        struct digest *diff_ids;
        uint32_t n_diff_ids;
        struct history_entry *history;
        uint32_t n_history;
        struct docker_image *images; /* of a manifest.json */
        uint32_t n_images;
};

/* A worker that parses one document after the other, all of one image. */
struct document_reader;

int document_reader_new(const struct scan_limits *limits, struct document_reader **ret, struct error *err) _must_check_;
struct document_reader *document_reader_free(struct document_reader *reader);
DEFINE_FREEP(struct document_reader, document_reader_free)
/* Ends the worker and tells how it ended, system calls that it was refused included. Nothing can be parsed any more.
 * Negative if it went wrong only now. */
int document_reader_end(struct document_reader *reader, struct worker_end *ret, struct error *err) _must_check_;
/* `kind` 0: an index or a manifest, whichever it is. -EBADMSG malformed (the message says where), -ENOTSUP a document of
 * another kind (Docker's schema 1, an artifact that is no image), -E2BIG more than is read, or than its worker
 * may use, -EPROTO the worker died or spoke nonsense. */
int document_parse(struct document_reader *reader, enum document_kind kind, struct str text, struct arena *arena,
                   struct document *ret, struct error *err) _must_check_;

/* ---- what passes between worker and parent (base/worker_text.h) ---- */

#define DOCUMENT_ANSWER_MAX (64u << 20)

/* In the worker: parses and appends the encoded document to `out`. */
int document_encode(enum document_kind kind, struct str text, struct buf *out, struct error *err) _must_check_;
/* In the parent: what came from a worker is checked again. `asked` as in document_parse(); -EPROTO nonsense. */
int document_decode(enum document_kind asked, struct str encoded, struct arena *arena, struct document *ret,
                    struct error *err) _must_check_;

extern const struct worker_job oci_document_job;

#endif
