/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "model/limits.h"
#include "oci/load.h"

static bool is_one_of(const char *text, const char *const *names)
{
        for (; *names; names++)
                if (strcmp(text, *names) == 0)
                        return true;
        return false;
}

static const char *const index_types[] = {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        NULL,
};
static const char *const manifest_types[] = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        NULL,
};
static const char *const config_types[] = {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/octet-stream", /* early Docker */
        NULL,
};

static void check_label(struct loader *l, const char *name, const char *label, const struct document *doc)
{
        if (label && !is_one_of(label, doc->kind == DOCUMENT_INDEX ? index_types : manifest_types))
                problem_add(l->problems, PROBLEM_NOTE, name, "labelled '%s', but it is %s", label,
                            doc->kind == DOCUMENT_INDEX ? "an index" : "a manifest");
}

/* Follows indexes down to a manifest. */
static int find_manifest(struct loader *l, const struct document *outermost, struct document *ret,
                         const struct descriptor **ret_top, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct document doc = *outermost;

        *ret_top = NULL;
        for (unsigned depth = 0; depth < LIMIT_INDEX_DEPTH; depth++) {
                const struct descriptor *d;
                struct digest digest;
                const char *name;
                int r = select_manifest(&doc, &l->selection, depth == 0, &d, err);

                if (r < 0)
                        return r;
                if (!*ret_top)
                        *ret_top = d;
                if (d->platform.os)
                        l->image->platform = d->platform;
                name = load_blob_name(l->image->arena, &d->digest);
                if (!name)
                        return error_oom(err);
                r = load_document(l, name, d, 0, &text, &doc, &digest, err);
                if (r < 0)
                        return r;
                check_label(l, name, d->media_type, &doc);
                check_label(l, name, doc.media_type, &doc);
                if (doc.kind == DOCUMENT_MANIFEST) {
                        l->image->manifest_digest = digest;
                        *ret = doc;
                        return 0;
                }
                if (!digest_is_set(&l->image->index_digest))
                        l->image->index_digest = digest;
        }
        return error_say(err, -E2BIG, "more than %d indexes one inside the other", LIMIT_INDEX_DEPTH);
}

static int take_layers(struct loader *l, const struct document *manifest, struct error *err)
{
        int r = load_layers_new(l, manifest->n_entries, err);

        for (uint32_t i = 0; r == 0 && i < manifest->n_entries; i++) {
                const struct descriptor *d = &manifest->entries[i];

                l->image->layers[i] = (struct image_layer){ .digest = d->digest, .size = d->size };
                l->layers[i] = (struct layer_file_name){ load_blob_name(l->image->arena, &d->digest), d->size, d->foreign };
                if (!l->layers[i].name)
                        r = error_oom(err);
        }
        return r;
}

static int check_kind(const struct document *manifest, struct error *err)
{
        const char *type = manifest->config.media_type;

        if (type && !is_one_of(type, config_types))
                return error_say(err, -ENOTSUP, "not a container image but an artifact: its configuration is '%s'", type);
        return 0;
}

int load_oci(struct loader *l, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct descriptor *top;
        struct document index, manifest;
        const char *name;
        int r = load_document(l, "index.json", NULL, DOCUMENT_INDEX, &text, &index, NULL, err);

        if (r == 0)
                r = find_manifest(l, &index, &manifest, &top, err);
        if (r == 0)
                r = check_kind(&manifest, err);
        if (r == 0)
                r = load_texts(l->image->arena, (const char *const[]){ top->image_name, top->ref_name },
                               top->image_name && top->ref_name && strcmp(top->image_name, top->ref_name) == 0 ? 1 : 2,
                               &l->image->repo_tags, &l->image->n_repo_tags, err);
        if (r == 0)
                r = take_layers(l, &manifest, err);
        if (r < 0)
                return r;
        name = load_blob_name(l->image->arena, &manifest.config.digest);
        return name ? load_config(l, name, &manifest.config, err) : error_oom(err);
}
