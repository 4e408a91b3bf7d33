/* SPDX-License-Identifier: Apache-2.0 */
/* An image: its identity is the digest of its configuration; everything else is an attribute (design.md, "Identity"). */
#ifndef TALLYMAN_MODEL_IMAGE_H
#define TALLYMAN_MODEL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"
#include "model/json_tree.h"

struct platform {
        char *os;           /* "linux" */
        char *architecture; /* GOARCH: "amd64" */
        char *variant;      /* "v8" or NULL */
};

struct image_layer {
        struct digest digest;  /* of the blob as stored; unset for a docker-archive's until it was read, and for a root directory */
        struct digest diff_id; /* of the tar; unset for a root directory */
        uint64_t size;         /* of the blob as stored */
        char *created_by;      /* from the history, or NULL */
};

struct image_label {
        const char *name, *value;
};

/* How a container of the image is started (OCI image-spec, config.md). */
struct image_settings {
        bool known; /* the configuration could be read; else nothing below means anything */
        const char **entrypoint, **command, **environment; /* "NAME=VALUE" */
        const char **ports;   /* exposed: "80/tcp" */
        const char **volumes; /* paths */
        const char **history; /* what made each layer, empty ones included, where it is said */
        uint32_t n_entrypoint, n_command, n_environment, n_ports, n_volumes, n_history;
        struct image_label *labels;
        uint32_t n_labels;
        const char *working_directory, *stop_signal;
        bool has_health_check;
        struct json_tree document; /* all of the configuration */
};

/* Strings belong to `arena`, NULL where unknown. */
struct image {
        struct arena *arena;
        const char *kind;      /* "oci-dir", "oci-archive", "docker-archive", "dir", "overlay", "container" */
        const char *reference; /* as the user can type it again, without the kind: "path:tag" */
        struct digest image_id;
        struct digest manifest_digest;
        struct digest index_digest;
        char **repo_tags;
        size_t n_repo_tags;
        char **repo_digests;
        size_t n_repo_digests;
        struct platform platform;
        char *created; /* RFC 3339, as written */
        char *user;    /* of the configuration */
        struct image_settings settings;
        char *config;  /* the configuration document itself, valid JSON, or NULL */
        size_t config_size;
        struct image_layer *layers; /* lowest first */
        size_t n_layers;
};

struct image *image_new(void);
struct image *image_free(struct image *image);
DEFINE_FREEP(struct image, image_free)

/* "os/arch[/variant]" into the arena. -EINVAL with a message. */
int platform_parse(struct arena *arena, const char *text, struct platform *ret, struct error *err) _must_check_;
/* True if an image for `have` runs where `want` is asked for (variant only where both name one). */
bool platform_matches(const struct platform *have, const struct platform *want);
/* This machine's: "linux", GOARCH of uname. */
int platform_host(struct arena *arena, struct platform *ret, struct error *err) _must_check_;

#endif
