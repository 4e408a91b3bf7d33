/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side: hands documents to the worker and checks what comes back. */
#include <errno.h>
#include <stdlib.h>

#include "base/wire.h"
#include "base/worker_text.h"
#include "model/limits.h"
#include "oci/document.h"

#define WORKER_MEMORY (512ull << 20)

struct document_reader {
        struct text_worker *texts;
};

int document_reader_new(const struct scan_limits *limits, struct document_reader **ret, struct error *err)
{
        const struct worker_limits confined = { .memory = WORKER_MEMORY, .cpu = limits->seconds };
        _cleanup_(document_reader_freep) struct document_reader *reader = calloc(1, sizeof(*reader));
        int r;

        if (!reader)
                return error_oom(err);
        r = text_worker_new(&oci_document_job, "documents", &confined, &reader->texts, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(reader);
        return 0;
}

struct document_reader *document_reader_free(struct document_reader *reader)
{
        if (reader) {
                text_worker_free(reader->texts);
                free(reader);
        }
        return NULL;
}

int document_reader_end(struct document_reader *reader, struct worker_end *ret, struct error *err)
{
        return text_worker_end(reader->texts, ret, err);
}

/* ---- decoding ---- */

struct decode {
        struct wire_reader r;
        struct arena *arena;
        bool oom;
};

static const char *get_text(struct decode *d)
{
        bool there = wire_get_u8(&d->r);
        struct str s = wire_get_str(&d->r);
        char *copy;

        d->r.bad |= s.n > DOCUMENT_TEXT_MAX;
        if (!there || d->r.bad)
                return NULL;
        copy = arena_string(d->arena, s.p, s.n);
        d->oom |= !copy;
        return copy;
}

/* A worker that says more than `max` is not one of ours. */
static void *get_array(struct decode *d, size_t min_size, size_t max, size_t size, uint32_t *ret_n)
{
        uint32_t n = wire_get_count(&d->r, min_size);
        void *p;

        *ret_n = 0;
        d->r.bad |= n > max;
        if (d->r.bad)
                return NULL;
        p = arena_alloc(d->arena, ((size_t)n + 1) * size);
        if (!p)
                d->oom = true;
        else
                *ret_n = n;
        return p;
}

static void get_digest(struct decode *d, struct digest *ret)
{
        uint8_t algorithm = wire_get_u8(&d->r);

        *ret = (struct digest){ 0 };
        wire_get_bytes(&d->r, ret->bytes, sizeof(ret->bytes));
        if (algorithm != DIGEST_SHA256 && algorithm != DIGEST_SHA512)
                d->r.bad = true;
        else
                ret->algorithm = (enum digest_algorithm)algorithm;
}

static void get_platform(struct decode *d, struct platform *ret)
{
        ret->os = (char *)get_text(d);
        ret->architecture = (char *)get_text(d);
        ret->variant = (char *)get_text(d);
}

static void get_descriptor(struct decode *d, struct descriptor *ret)
{
        ret->media_type = get_text(d);
        get_digest(d, &ret->digest);
        ret->size = wire_get_u64(&d->r);
        get_platform(d, &ret->platform);
        ret->ref_name = get_text(d);
        ret->image_name = get_text(d);
        ret->foreign = wire_get_u8(&d->r);
        d->r.bad |= ret->size > INT64_MAX;
}

static void get_descriptors(struct decode *d, size_t max, struct document *ret)
{
        ret->entries = get_array(d, 100, max, sizeof(*ret->entries), &ret->n_entries);
        for (uint32_t i = 0; i < ret->n_entries; i++)
                get_descriptor(d, &ret->entries[i]);
}

static const char **get_texts(struct decode *d, size_t max, uint32_t *ret_n)
{
        const char **texts = get_array(d, 5, max, sizeof(*texts), ret_n);

        for (uint32_t i = 0; i < *ret_n; i++)
                if (!(texts[i] = get_text(d)))
                        d->r.bad = true;
        return texts;
}

static void get_settings(struct decode *d, struct image_settings *ret)
{
        ret->known = true;
        ret->entrypoint = get_texts(d, DOCUMENT_ENTRIES_MAX, &ret->n_entrypoint);
        ret->command = get_texts(d, DOCUMENT_ENTRIES_MAX, &ret->n_command);
        ret->environment = get_texts(d, DOCUMENT_ENTRIES_MAX, &ret->n_environment);
        ret->ports = get_texts(d, DOCUMENT_ENTRIES_MAX, &ret->n_ports);
        ret->volumes = get_texts(d, DOCUMENT_ENTRIES_MAX, &ret->n_volumes);
        ret->labels = get_array(d, 10, DOCUMENT_ENTRIES_MAX, sizeof(*ret->labels), &ret->n_labels);
        for (uint32_t i = 0; i < ret->n_labels; i++) {
                ret->labels[i].name = get_text(d);
                ret->labels[i].value = get_text(d);
                d->r.bad |= !ret->labels[i].name;
        }
        ret->working_directory = get_text(d);
        ret->stop_signal = get_text(d);
        ret->has_health_check = wire_get_u8(&d->r);
}

static void get_config(struct decode *d, struct document *ret)
{
        get_platform(d, &ret->platform);
        ret->created = get_text(d);
        ret->user = get_text(d);
        get_settings(d, &ret->settings);
        ret->diff_ids = get_array(d, 1 + DIGEST_MAX, LIMIT_LAYERS, sizeof(*ret->diff_ids), &ret->n_diff_ids);
        for (uint32_t i = 0; i < ret->n_diff_ids; i++)
                get_digest(d, &ret->diff_ids[i]);
        ret->history = get_array(d, 6, DOCUMENT_ENTRIES_MAX, sizeof(*ret->history), &ret->n_history);
        for (uint32_t i = 0; i < ret->n_history; i++) {
                ret->history[i].created_by = get_text(d);
                ret->history[i].empty_layer = wire_get_u8(&d->r);
        }
        d->oom |= json_tree_decode(&d->r, d->arena, &ret->settings.document) < 0;
}

static void get_docker(struct decode *d, struct document *ret)
{
        ret->images = get_array(d, 13, DOCUMENT_ENTRIES_MAX, sizeof(*ret->images), &ret->n_images);
        for (uint32_t i = 0; i < ret->n_images; i++) {
                struct docker_image *image = &ret->images[i];

                image->config = get_text(d);
                image->tags = get_texts(d, DOCUMENT_ENTRIES_MAX, &image->n_tags);
                image->layers = get_texts(d, LIMIT_LAYERS, &image->n_layers);
                d->r.bad |= !image->config;
        }
}

static bool is_asked_for(enum document_kind asked, enum document_kind kind)
{
        return asked ? kind == asked : kind == DOCUMENT_INDEX || kind == DOCUMENT_MANIFEST;
}

int document_decode(enum document_kind asked, struct str encoded, struct arena *arena, struct document *ret,
                    struct error *err)
{
        struct decode d = { .r = wire_reader(encoded.p, encoded.n), .arena = arena };
        struct document doc = { .kind = (enum document_kind)wire_get_u8(&d.r) };

        switch (doc.kind) {
        case DOCUMENT_MANIFEST:
                doc.media_type = get_text(&d);
                get_descriptor(&d, &doc.config);
                get_descriptors(&d, LIMIT_LAYERS, &doc);
                break;
        case DOCUMENT_INDEX:
                doc.media_type = get_text(&d);
                get_descriptors(&d, DOCUMENT_ENTRIES_MAX, &doc);
                break;
        case DOCUMENT_CONFIG:
                get_config(&d, &doc);
                break;
        case DOCUMENT_DOCKER:
                get_docker(&d, &doc);
                break;
        default:
                d.r.bad = true;
        }
        if (d.oom)
                return error_oom(err);
        if (!wire_end(&d.r) || !is_asked_for(asked, doc.kind))
                return error_say(err, -EPROTO, "the worker that parses documents answered nonsense");
        *ret = doc;
        return 0;
}

/* ---- asking ---- */

int document_parse(struct document_reader *reader, enum document_kind kind, struct str text, struct arena *arena,
                   struct document *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf answer = { 0 };
        char question = (char)kind;
        int r = text_worker_ask(reader->texts, (struct str){ &question, 1 }, text, DOCUMENT_ANSWER_MAX, &answer, err);

        if (r < 0)
                return r;
        r = document_decode(kind, buf_str(&answer), arena, ret, err);
        if (r < 0)
                text_worker_stop(reader->texts);
        return r;
}
