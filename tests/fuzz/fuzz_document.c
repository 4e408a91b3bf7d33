/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON documents of an image. The first byte is the kind asked for (0: an index or a manifest), the rest the
 * document: what the worker makes of it is what the parent takes. The whole is also taken as what a hijacked worker
 * answers. From whatever the parent takes, an image is picked.
 */
#include <errno.h>

#include "fuzz.h"
#include "model/limits.h"
#include "oci/select.h"

#define GROWTH 16                    /* bytes of memory for each of an answer … */
#define GROWTH_AT_LEAST (128u << 10) /* … since an arena grows by pieces */

static void check_pick(const struct document *d, const struct selection *wanted)
{
        const struct descriptor *found = NULL;
        const struct docker_image *image = NULL;
        struct error err = ERROR_INIT;

        for (int by_tag = 0; by_tag < 2; by_tag++) {
                if (select_manifest(d, wanted, by_tag, &found, &err) == 0)
                        HOLDS(found >= d->entries && found < d->entries + d->n_entries);
                else
                        HOLDS(err.code < 0 && *err.message);
        }
        if (select_docker(d, wanted->tag, &image, &err) == 0)
                HOLDS(image >= d->images && image < d->images + d->n_images);
        else
                HOLDS(err.code < 0 && *err.message);
}

static void check_picks(const struct document *d)
{
        static const struct platform amd64 = { (char *)"linux", (char *)"amd64", NULL };
        struct selection wanted = { .platform = amd64 };

        check_pick(d, &wanted);
        wanted.tag = "latest";
        check_pick(d, &wanted);
        if (d->n_entries && d->entries[0].ref_name)
                wanted.tag = d->entries[0].ref_name;
        if (d->n_images && d->images[0].n_tags)
                wanted.tag = d->images[0].tags[0];
        if (d->n_entries && d->entries[0].platform.os && d->entries[0].platform.architecture)
                wanted.platform = d->entries[0].platform;
        wanted.platform_asked = true;
        check_pick(d, &wanted);
}

static void check_counts(const struct document *d)
{
        HOLDS(d->kind >= DOCUMENT_INDEX && d->kind <= DOCUMENT_DOCKER);
        HOLDS(d->n_entries <= (d->kind == DOCUMENT_MANIFEST ? LIMIT_LAYERS : DOCUMENT_ENTRIES_MAX));
        HOLDS(d->n_images <= DOCUMENT_ENTRIES_MAX && d->n_history <= DOCUMENT_ENTRIES_MAX);
        HOLDS(d->n_diff_ids <= LIMIT_LAYERS);
        for (uint32_t i = 0; i < d->n_images; i++) {
                HOLDS(d->images[i].config && d->images[i].n_layers <= LIMIT_LAYERS);
                HOLDS(d->images[i].n_tags <= DOCUMENT_ENTRIES_MAX);
                for (uint32_t l = 0; l < d->images[i].n_layers; l++)
                        HOLDS(d->images[i].layers[l]);
        }
        for (uint32_t i = 0; i < d->n_entries; i++)
                HOLDS(digest_is_set(&d->entries[i].digest) && d->entries[i].size <= INT64_MAX);
        for (uint32_t i = 0; i < d->n_diff_ids; i++)
                HOLDS(digest_is_set(&d->diff_ids[i]));
}

static int decode(enum document_kind asked, struct str encoded, struct error *err)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct document d;
        int r;

        if (!arena)
                return error_oom(err);
        r = document_decode(asked, encoded, arena, &d, err);
        HOLDS(arena_size(arena) <= GROWTH * encoded.n + GROWTH_AT_LEAST);
        if (r < 0)
                return r;
        HOLDS(asked ? d.kind == asked : d.kind == DOCUMENT_INDEX || d.kind == DOCUMENT_MANIFEST);
        check_counts(&d);
        check_picks(&d);
        return 0;
}

/* What an answer's failure may be; others the parent takes for nonsense. */
static bool is_failure(int code)
{
        return code == -EBADMSG || code == -ENOTSUP || code == -E2BIG || code == -ENOMEM;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str all = { (const char *)data, size };
        _cleanup_(buf_free) struct buf encoded = { 0 };
        struct error err = ERROR_INIT;
        enum document_kind asked;
        int r;

        if (size == 0)
                return 0;
        asked = (enum document_kind)(data[0] % (DOCUMENT_DOCKER + 1));
        if (decode(asked, all, &err) < 0)
                HOLDS(err.code < 0 && *err.message);
        r = document_encode(asked, (struct str){ all.p + 1, size - 1 }, &encoded, &err);
        if (r < 0) {
                HOLDS_OR(is_failure(r) && err.code == r && *err.message, err);
                return 0;
        }
        fuzz_accepted++;
        HOLDS_OR(decode(asked, buf_str(&encoded), &err) == 0, err);
        return 0;
}
