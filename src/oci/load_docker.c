/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "model/limits.h"
#include "model/path.h"
#include "oci/load.h"

/* Names inside the archive are written as paths; the member list has them in canonical form. */
static int canonical(struct arena *arena, const char *name, const char **ret, struct error *err)
{
        _cleanup_(buf_free) struct buf path = { 0 };
        int r = path_normalize(str_from(name), &path, err);

        if (r < 0)
                return error_wrap(err, "manifest.json: '%.200s'", name);
        *ret = arena_string(arena, path.data, path.len);
        return *ret ? 0 : error_oom(err);
}

static bool promised_by_name(const char *name, struct descriptor *ret)
{
        *ret = (struct descriptor){ .size = UINT64_MAX };
        return select_digest_of_name(name, &ret->digest);
}

static int take_layers(struct loader *l, const struct docker_image *docker, struct error *err)
{
        int r = load_layers_new(l, docker->n_layers, err);

        if (r < 0)
                return r;
        for (uint32_t i = 0; i < docker->n_layers; i++) {
                struct descriptor promised;
                const char *name;
                struct blob blob;

                r = canonical(l->image->arena, docker->layers[i], &name, err);
                if (r < 0)
                        return r;
                l->layers[i] = (struct layer_file_name){ name, UINT64_MAX, false };
                if (promised_by_name(name, &promised))
                        l->image->layers[i].digest = promised.digest;
                if (members_find(l->members, name, &blob, NULL) == 0) {
                        l->image->layers[i].size = blob.size;
                        fd_close(blob.fd);
                }
        }
        return 0;
}

/* 1 if entry `d` of the archive's index is the manifest of this image. */
static int is_our_manifest(struct loader *l, const struct descriptor *d, struct digest *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const char *name = load_blob_name(l->image->arena, &d->digest);
        struct document manifest;
        int r = name ? load_document(l, name, d, 0, &text, &manifest, ret, err) : error_oom(err);

        return r < 0 ? r : manifest.kind == DOCUMENT_MANIFEST && digest_equal(&manifest.config.digest, &l->image->image_id);
}

/* Newer archives are OCI layouts too: the manifest whose configuration this is gives one more name to the image. */
static void find_manifest_digest(struct loader *l)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct problem_list aside = { 0 }, *problems = l->problems;
        struct error why = ERROR_INIT;
        struct document index;
        int r;

        if (!members_have(l->members, "index.json"))
                return;
        l->problems = &aside; /* of the other images in it */
        r = load_document(l, "index.json", NULL, DOCUMENT_INDEX, &text, &index, NULL, &why);
        for (uint32_t i = 0; r == 0 && i < index.n_entries; i++) {
                struct digest digest;
                int found = is_our_manifest(l, &index.entries[i], &digest, &why);

                if (found > 0)
                        l->image->manifest_digest = digest;
                if (found > 0 || found == -EPROTO || found == -ECANCELED)
                        r = found;
        }
        l->problems = problems;
        if (r == -EPROTO)
                problem_add(problems, PROBLEM_ATTACK, "documents", "%s", why.message);
        problem_list_done(&aside);
}

int load_docker(struct loader *l, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct docker_image *docker;
        struct descriptor promised;
        struct document document;
        const char *name;
        int r = load_document(l, "manifest.json", NULL, DOCUMENT_DOCKER, &text, &document, NULL, err);

        if (r == 0)
                r = select_docker(&document, l->selection.tag, &docker, err);
        if (r == 0)
                r = load_texts(l->image->arena, docker->tags, docker->n_tags, &l->image->repo_tags, &l->image->n_repo_tags, err);
        if (r == 0)
                r = take_layers(l, docker, err);
        if (r == 0)
                r = canonical(l->image->arena, docker->config, &name, err);
        if (r == 0)
                r = load_config(l, name, promised_by_name(name, &promised) ? &promised : NULL, err);
        if (r == 0)
                find_manifest_digest(l);
        return r;
}
