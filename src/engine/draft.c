/* SPDX-License-Identifier: Apache-2.0 */
/* A container in the making, and how it becomes one that never changes. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/hash.h"
#include "engine/engine_private.h"

int draft_init(struct draft *d, struct error *err)
{
        *d = (struct draft){ .arena = arena_new() };
        if (!d->arena)
                return error_oom(err);
        return 0;
}

void draft_done(struct draft *d)
{
        arena_free(d->arena);
        *d = (struct draft){ 0 };
}

struct str draft_text(struct draft *d, struct str s)
{
        char *copy;
        size_t n;

        s.n = MIN_OF(s.n, (size_t)ENGINE_TEXT_MAX);
        for (n = 0; n < s.n && s.p[n]; n++)
                ;
        if (!n || d->bytes + n > ENGINE_CONTAINER_BYTES_MAX)
                return STR_NULL;
        copy = arena_string(d->arena, s.p, n);
        if (!copy) {
                d->failed = true;
                return STR_NULL;
        }
        d->bytes += n + 1;
        return (struct str){ copy, n };
}

void draft_why(struct draft *d, struct str *why, const char *format, ...)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        va_list ap;

        va_start(ap, format);
        buf_vprintf(&text, format, ap);
        va_end(ap);
        if (!buf_ok(&text))
                d->failed = true;
        else
                *why = draft_text(d, buf_str(&text));
}

/* Room for one more in a list of at most `max`, made whole at once; NULL: there is none. */
static void *list_next(struct draft *d, void **list, uint32_t *n, uint32_t max, size_t size)
{
        if (*n >= max)
                return NULL;
        if (!*list) {
                *list = arena_alloc(d->arena, max * size);
                if (!*list) {
                        d->failed = true;
                        return NULL;
                }
        }
        return (char *)*list + (*n)++ * size;
}

static void add_pair(struct draft *d, struct syscall_pair **list, uint32_t *n, struct str name, struct str value)
{
        struct syscall_pair *pair;

        if (!name.n)
                return;
        for (uint32_t i = 0; i < *n; i++)
                if (str_equal((*list)[i].name, name)) {
                        (*list)[i].value = draft_text(d, value);
                        return;
                }
        pair = list_next(d, (void **)list, n, ENGINE_LABELS_MAX, sizeof(*pair));
        if (pair)
                *pair = (struct syscall_pair){ draft_text(d, name), draft_text(d, value) };
}

void draft_label(struct draft *d, struct str name, struct str value)
{
        add_pair(d, &d->labels, &d->c.facts.n_labels, name, value);
}

void draft_pod_label(struct draft *d, struct str name, struct str value)
{
        add_pair(d, &d->pod_labels, &d->c.facts.n_pod_labels, name, value);
}

void draft_mount(struct draft *d, const struct syscall_mount *mount)
{
        struct syscall_mount *copy = list_next(d, (void **)&d->mounts, &d->c.facts.n_mounts, ENGINE_MOUNTS_MAX,
                                               sizeof(*copy));

        if (copy)
                *copy = (struct syscall_mount){ draft_text(d, mount->source), draft_text(d, mount->destination),
                                                draft_text(d, mount->mode), draft_text(d, mount->propagation),
                                                mount->writable };
}

void draft_layer(struct draft *d, struct str path)
{
        struct str *copy = list_next(d, (void **)&d->layers, &d->c.n_layers, ENGINE_LAYERS_MAX, sizeof(*copy));

        if (copy)
                *copy = draft_text(d, path);
}

void draft_image(struct draft *d, struct str reference)
{
        struct str repository, tag, digest;

        if (!reference.n)
                return;
        DRAFT_SET(d, image, reference);
        split_reference(reference, &repository, &tag, &digest);
        DRAFT_SET(d, image_repository, repository);
        DRAFT_SET(d, image_tag, tag);
        DRAFT_SET(d, image_digest, digest);
}

void draft_image_id(struct draft *d, struct str id)
{
        char text[DIGEST_TEXT_MAX];
        struct digest digest;
        struct error err = ERROR_INIT;
        int n;

        if (id.n == 2 * SHA256_SIZE && is_hex(id)) {
                n = snprintf(text, sizeof(text), "sha256:%.*s", STR_ARG(id));
                id = (struct str){ text, (size_t)n };
        }
        if (digest_parse(id, &digest, &err) == 0)
                DRAFT_SET(d, image_id, id);
}

/* ---- sealing ---- */

struct sealed {
        struct container c;
        atomic_uint references;
        size_t bytes; /* all of it */
        max_align_t data[];
};

/* Copies into one piece; with `at` NULL it only counts. */
struct packer {
        char *at;
        size_t used;
};

static void *pack(struct packer *p, const void *data, size_t n)
{
        size_t align = _Alignof(max_align_t);
        void *to = p->at ? p->at + p->used : NULL;

        if (to && n)
                memcpy(to, data, n);
        p->used += (n + align - 1) / align * align;
        return to;
}

static void pack_text(struct packer *p, struct str *s)
{
        if (p->at) {
                char *to = p->at + p->used;

                if (s->n)
                        memcpy(to, s->p, s->n);
                s->p = s->n ? to : NULL;
        }
        p->used += s->n;
}

static void pack_texts(struct packer *p, struct container *c, struct syscall_mount *mounts, struct syscall_pair *labels,
                       struct syscall_pair *pod_labels, struct str *layers)
{
#define PACK_NUMBER(name)
#define PACK_BOOL(name)
#define PACK_STRING(name) pack_text(p, &c->facts.name);
#define PACK_MEMBER(type, name) PACK_##type(name)
        SYSCALL_CONTAINER_MEMBERS(PACK_MEMBER)
        struct str *const others[] = { &c->cgroup_path,
                                       &c->why_pending,
                                       &c->why_no_image,
                                       &c->why_no_image_id,
                                       &c->why_no_digest,
                                       &c->privileged_from,
                                       &c->engine_namespace,
                                       &c->bundle,
                                       &c->root,
                                       &c->upper };

        for (size_t i = 0; i < ELEMENTS_OF(others); i++)
                pack_text(p, others[i]);
        for (uint32_t i = 0; i < c->facts.n_mounts; i++) {
                pack_text(p, &mounts[i].source);
                pack_text(p, &mounts[i].destination);
                pack_text(p, &mounts[i].mode);
                pack_text(p, &mounts[i].propagation);
        }
        for (uint32_t i = 0; i < c->facts.n_labels; i++) {
                pack_text(p, &labels[i].name);
                pack_text(p, &labels[i].value);
        }
        for (uint32_t i = 0; i < c->facts.n_pod_labels; i++) {
                pack_text(p, &pod_labels[i].name);
                pack_text(p, &pod_labels[i].value);
        }
        for (uint32_t i = 0; i < c->n_layers; i++)
                pack_text(p, &layers[i]);
}

/* Lists first, since they want alignment, then text. */
static void pack_all(struct packer *p, struct draft *d, struct container *c)
{
        struct syscall_mount *mounts = pack(p, d->mounts, d->c.facts.n_mounts * sizeof(*mounts));
        struct syscall_pair *labels = pack(p, d->labels, d->c.facts.n_labels * sizeof(*labels));
        struct syscall_pair *pod_labels = pack(p, d->pod_labels, d->c.facts.n_pod_labels * sizeof(*pod_labels));
        struct str *layers = pack(p, d->layers, d->c.n_layers * sizeof(*layers));

        *c = d->c;
        c->facts.mounts = mounts;
        c->facts.labels = labels;
        c->facts.pod_labels = pod_labels;
        c->layers = layers;
        if (p->at)
                pack_texts(p, c, mounts, labels, pod_labels, layers);
        else
                pack_texts(p, c, d->mounts, d->labels, d->pod_labels, d->layers);
}

int draft_seal(struct draft *d, const struct container **ret, struct error *err)
{
        struct packer packer = { 0 };
        struct container counted;
        struct sealed *sealed;

        if (d->failed)
                return error_oom(err);
        pack_all(&packer, d, &counted);
        sealed = calloc(1, sizeof(*sealed) + packer.used);
        if (!sealed)
                return error_oom(err);
        packer = (struct packer){ .at = (char *)sealed->data };
        pack_all(&packer, d, &sealed->c);
        sealed->bytes = sizeof(*sealed) + packer.used;
        atomic_init(&sealed->references, 1);
        *ret = &sealed->c;
        return 0;
}

void draft_trim(struct draft *d)
{
        d->c.facts.n_labels = d->c.facts.n_pod_labels = d->c.facts.n_mounts = 0;
        d->c.facts.knows_mounts = false;
        d->c.facts.known &= ~(UINT64_C(1) << CONTAINER_cni | UINT64_C(1) << CONTAINER_pod_cni);
        d->c.facts.cni = d->c.facts.pod_cni = STR_NULL;
        d->c.trimmed = true;
}

size_t container_bytes(const struct container *container)
{
        return ((const struct sealed *)container)->bytes;
}

const struct container *container_ref(const struct container *container)
{
        if (container)
                atomic_fetch_add_explicit(&((struct sealed *)container)->references, 1, memory_order_relaxed);
        return container;
}

const struct container *container_unref(const struct container *container)
{
        struct sealed *sealed = (struct sealed *)container;

        if (sealed && atomic_fetch_sub_explicit(&sealed->references, 1, memory_order_acq_rel) == 1)
                free(sealed);
        return NULL;
}
