/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "model/limits.h"
#include "oci/load.h"

const char *load_blob_name(struct arena *arena, const struct digest *digest)
{
        char text[DIGEST_TEXT_MAX], name[DIGEST_TEXT_MAX + 8];

        digest_text(digest, text);
        text[6] = '/'; /* "sha256:…" is stored as sha256/… */
        return arena_string(arena, name, (size_t)snprintf(name, sizeof(name), "blobs/%s", text));
}

static int digest_of(struct str text, enum digest_algorithm algorithm, struct digest *ret, struct error *err)
{
        _cleanup_(hash_freep) struct hash *hash = NULL;
        int r = hash_new(algorithm, &hash, err);

        if (r < 0)
                return r;
        hash_update(hash, text.p, text.n);
        hash_finish(hash, ret);
        return 0;
}

static void check_promise(struct loader *l, const char *name, const struct descriptor *promised, size_t size,
                          const struct digest *digest)
{
        char want[DIGEST_TEXT_MAX], have[DIGEST_TEXT_MAX];

        if (!digest_equal(digest, &promised->digest))
                problem_add(l->problems, PROBLEM_MISMATCH, name, "its digest is %s, expected %s", digest_text(digest, have),
                            digest_text(&promised->digest, want));
        else if (promised->size != UINT64_MAX && promised->size != size)
                problem_add(l->problems, PROBLEM_MISMATCH, name, "it holds %zu bytes, expected %llu", size,
                            (unsigned long long)promised->size);
}

int load_document(struct loader *l, const char *name, const struct descriptor *promised, enum document_kind kind,
                  struct buf *text, struct document *ret, struct digest *ret_digest, struct error *err)
{
        size_t max = kind == DOCUMENT_CONFIG || kind == DOCUMENT_DOCKER ? LIMIT_CONFIG_BYTES : LIMIT_MANIFEST_BYTES;
        struct digest digest;
        int r;

        if (++l->n_documents > LOAD_DOCUMENTS_MAX)
                return error_say(err, -E2BIG, "more than %d documents for one image", LOAD_DOCUMENTS_MAX);
        r = members_slurp(l->members, name, max, text, err);
        if (r == 0)
                r = digest_of(buf_str(text), promised ? promised->digest.algorithm : DIGEST_SHA256, &digest, err);
        if (r < 0)
                return r;
        if (promised)
                check_promise(l, name, promised, text->len, &digest);
        r = document_parse(l->reader, kind, buf_str(text), l->image->arena, ret, err);
        if (r < 0)
                return error_wrap(err, "%s", name);
        if (ret_digest)
                *ret_digest = digest;
        return 0;
}

int load_layers_new(struct loader *l, size_t n, struct error *err)
{
        struct image *image = l->image;

        image->layers = arena_alloc(image->arena, (n + 1) * sizeof(*image->layers));
        l->layers = arena_alloc(image->arena, (n + 1) * sizeof(*l->layers));
        if (!image->layers || !l->layers)
                return error_oom(err);
        image->n_layers = n;
        return 0;
}

int load_texts(struct arena *arena, const char *const *texts, size_t n, char ***ret, size_t *ret_n, struct error *err)
{
        char **copies = arena_alloc(arena, (n + 1) * sizeof(*copies));
        size_t kept = 0;

        if (!copies)
                return error_oom(err);
        for (size_t i = 0; i < n; i++) {
                if (!texts[i])
                        continue;
                copies[kept] = arena_string(arena, texts[i], strlen(texts[i]));
                if (!copies[kept++])
                        return error_oom(err);
        }
        *ret = copies;
        *ret_n = kept;
        return 0;
}

/* ---- the configuration ---- */

static void take_diff_ids(struct loader *l, const char *name, const struct document *config)
{
        struct image *image = l->image;

        if (config->n_diff_ids != image->n_layers)
                problem_add(l->problems, PROBLEM_MISMATCH, name, "it has %u diff_ids for %zu layers", config->n_diff_ids,
                            image->n_layers);
        for (size_t i = 0; i < image->n_layers && i < config->n_diff_ids; i++)
                image->layers[i].diff_id = config->diff_ids[i];
}

/* The history tells which commands made a layer; without empty_layer they are as many as there are layers. */
static void take_history(struct loader *l, const char *name, const struct document *config)
{
        struct image *image = l->image;
        size_t n = 0;

        for (uint32_t i = 0; i < config->n_history; i++)
                n += !config->history[i].empty_layer;
        if (n != image->n_layers) {
                if (config->n_history)
                        problem_add(l->problems, PROBLEM_NOTE, name, "its history tells of %zu layers, but there are %zu", n,
                                    image->n_layers);
                return;
        }
        n = 0;
        for (uint32_t i = 0; i < config->n_history; i++)
                if (!config->history[i].empty_layer)
                        image->layers[n++].created_by = (char *)config->history[i].created_by;
}

/* What the settings say, with all commands of the history. */
static int take_settings(struct image *image, const struct document *config, struct error *err)
{
        struct image_settings *settings = &image->settings;

        *settings = config->settings;
        settings->history = arena_alloc(image->arena, ((size_t)config->n_history + 1) * sizeof(*settings->history));
        if (!settings->history)
                return error_oom(err);
        for (uint32_t i = 0; i < config->n_history; i++)
                if (config->history[i].created_by)
                        settings->history[settings->n_history++] = config->history[i].created_by;
        return 0;
}

static int check_platform(const struct loader *l, struct error *err)
{
        const struct platform *have = &l->image->platform, *want = &l->selection.platform;

        if (!l->selection.platform_asked || !have->os || platform_matches(have, want))
                return 0;
        return error_say(err, -ENOENT, "the image is for %s/%s, not for %s/%s as asked", have->os,
                         have->architecture ? have->architecture : "?", want->os, want->architecture);
}

static int take_config(struct loader *l, const char *name, const struct document *config, const struct buf *text,
                       struct error *err)
{
        struct image *image = l->image;

        if (config->platform.os && config->platform.architecture)
                image->platform = config->platform;
        image->created = (char *)config->created;
        image->user = (char *)config->user;
        image->config = arena_string(image->arena, text->data, text->len);
        image->config_size = text->len;
        if (!image->config)
                return error_oom(err);
        take_diff_ids(l, name, config);
        take_history(l, name, config);
        return take_settings(image, config, err) < 0 ? -ENOMEM : check_platform(l, err);
}

int load_config(struct loader *l, const char *name, const struct descriptor *promised, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error why = ERROR_INIT;
        struct document config;
        int r = load_document(l, name, promised, DOCUMENT_CONFIG, &text, &config, &l->image->image_id, &why);

        if (r == -ENOMEM || r == -ECANCELED)
                return error_say(err, r, "%s", why.message);
        if (r < 0) {
                problem_add(l->problems, r == -EPROTO ? PROBLEM_ATTACK : PROBLEM_GAP, "image configuration", "%s", why.message);
                if (promised)
                        l->image->image_id = promised->digest;
                return check_platform(l, err);
        }
        return take_config(l, name, &config, &text, err);
}
