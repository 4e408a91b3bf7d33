/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hard links to files of lower layers. What a link leads to is the file that its target was in the view of the layers below
 * the link's own: it stays what it is when a later layer changes or removes the target. All links are looked up together,
 * in one more pass over the layers; a link that leads to another layer's link is looked up again in a further one.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/path.h"
#include "oci/merge_private.h"

#define LINKS_MAX 500000 /* each is held in memory; those beyond lead to nothing, which is said of each */
#define ROUNDS_MAX 8     /* links that lead to links of lower layers */
#define WORD_BITS 64

struct merge_link {
        struct str path, target;
        int layer;
        size_t next;            /* the link that it leads to, itself if none */
        struct file_entry file; /* type 0: nothing was found */
};

/* A path where layers hide what lies below in lower ones: of this path and of all above it, each layer a bit. */
struct mark {
        struct str path;
        uint64_t *layers;
};

struct search {
        struct merge_links *links;
        size_t *order;   /* the links of this round by (target, layer) */
        size_t n, next;
        size_t n_words;
        struct mark *marks;
        size_t n_marks, marks_cap;
        uint64_t *here;  /* of the path at hand alone */
};

static void search_done(struct search *s)
{
        for (size_t i = 0; i < s->marks_cap; i++)
                free(s->marks[i].layers);
        free(s->marks);
        free(s->order);
        free(s->here);
}

int merge_links_add(struct merge_links *links, const struct file_entry *link, struct error *err)
{
        if (links->n == LINKS_MAX)
                return 0;
        if (links->n == LINKS_MAX)
                return 0; /* then it leads to nothing, and that is told */
        if (mem_grow(&links->items, &links->cap, links->n + 1, sizeof(*links->items)) < 0)
                return error_oom(err);
        links->items[links->n] = (struct merge_link){
                .path = link->path, .target = link->target, .layer = (int)link->layer, .next = links->n };
        links->n++;
        return 0;
}

void merge_links_done(struct merge_links *links)
{
        free(links->items);
        *links = (struct merge_links){ 0 };
}

/* ---- marks ---- */

static const uint64_t *above(const struct search *s)
{
        return s->n_marks ? s->marks[s->n_marks - 1].layers : NULL;
}

static void leave_marks(struct search *s, struct str path)
{
        while (s->n_marks && !path_below(path, s->marks[s->n_marks - 1].path))
                s->n_marks--;
}

/* What the path at hand hides counts for all below it. */
static int push_mark(struct search *s, struct str path, struct error *err)
{
        const uint64_t *before = above(s);
        struct mark *mark;

        if (mem_grow(&s->marks, &s->marks_cap, s->n_marks + 1, sizeof(*s->marks)) < 0)
                return error_oom(err);
        mark = &s->marks[s->n_marks];
        if (!mark->layers && !(mark->layers = calloc(s->n_words, sizeof(*mark->layers))))
                return error_oom(err);
        for (size_t i = 0; i < s->n_words; i++)
                mark->layers[i] = s->here[i] | (before ? before[i] : 0);
        mark->path = path;
        s->n_marks++;
        return 0;
}

/* The highest layer below `layer` that hides what is below it; NO_LAYER: none. */
static int highest_below(const struct search *s, int layer)
{
        const uint64_t *layers = above(s);

        for (int at = layer - 1; layers && at >= 0;) {
                uint64_t word = layers[at / WORD_BITS] << (WORD_BITS - 1 - at % WORD_BITS);

                if (word)
                        return at - __builtin_clzll(word);
                at -= at % WORD_BITS + 1;
        }
        return NO_LAYER;
}

/* ---- one pass ---- */

/* The links whose target is the path at hand and whose layer is not above `layer`: `visible` is what they saw there. */
static void answer(struct search *s, struct str path, int layer, const struct file_entry *visible, int visible_layer)
{
        for (; s->next < s->n; s->next++) {
                struct merge_link *link = &s->links->items[s->order[s->next]];

                if (!str_equal(link->target, path) || link->layer > layer)
                        return;
                if (visible_layer == NO_LAYER || visible_layer < highest_below(s, link->layer))
                        continue;
                link->file = *visible;
                link->file.layer = (uint32_t)visible_layer;
        }
}

static bool hides(const struct file_entry *entry)
{
        return entry->type != FILE_DIRECTORY;
}

static int search_path(struct search *s, struct merge_inputs *inputs, struct error *err)
{
        struct str path = inputs->heap[0]->entry.path;
        struct file_entry visible = { 0 };
        int visible_layer = NO_LAYER, r;
        bool marked = false;

        leave_marks(s, path);
        while (s->next < s->n && path_compare(s->links->items[s->order[s->next]].target, path) < 0)
                s->next++;
        while (inputs->n_heap && str_equal(inputs->heap[0]->entry.path, path)) {
                const struct merge_input *input = inputs->heap[0];

                answer(s, path, input->layer, &visible, visible_layer);
                if (hides(&input->entry)) {
                        s->here[input->layer / WORD_BITS] |= 1ull << input->layer % WORD_BITS;
                        marked = true;
                }
                if (input->entry.type == FILE_WHITEOUT && visible_layer < input->layer)
                        visible_layer = NO_LAYER;
                if (input->entry.type != FILE_WHITEOUT && input->entry.type != FILE_OPAQUE) {
                        visible = input->entry;
                        visible_layer = input->layer;
                }
                r = merge_inputs_advance(inputs, err);
                if (r < 0)
                        return r;
        }
        answer(s, path, INT32_MAX, &visible, visible_layer);
        if (!marked)
                return 0;
        r = push_mark(s, path, err);
        memset(s->here, 0, s->n_words * sizeof(*s->here));
        return r;
}

static int compare_order(const void *pa, const void *pb, void *ctx)
{
        const struct merge_links *links = ctx;
        const struct merge_link *a = &links->items[*(const size_t *)pa], *b = &links->items[*(const size_t *)pb];
        int r = path_compare(a->target, b->target);

        return r ? r : (a->layer > b->layer) - (a->layer < b->layer);
}

/* Looks up the links from `from` on. */
static int search(struct merge_links *links, size_t from, struct layer_file *const *layers, size_t n_layers,
                  struct error *err)
{
        _cleanup_(search_done) struct search s = { .links = links, .n = links->n - from };
        _cleanup_(merge_inputs_done) struct merge_inputs inputs = { 0 };
        int r;

        s.n_words = n_layers / WORD_BITS + 1;
        s.order = calloc(s.n + 1, sizeof(*s.order));
        s.here = calloc(s.n_words, sizeof(*s.here));
        if (!s.order || !s.here)
                return error_oom(err);
        for (size_t i = 0; i < s.n; i++)
                s.order[i] = from + i;
        qsort_r(s.order, s.n, sizeof(*s.order), compare_order, links);
        r = merge_inputs_open(layers, n_layers, &inputs, err);
        while (r == 0 && inputs.n_heap && s.next < s.n)
                r = search_path(&s, &inputs, err);
        return r;
}

/* Links that lead to links are to be looked up further. */
static int extend(struct merge_links *links, size_t from, struct error *err)
{
        size_t end = links->n;

        for (size_t i = from; i < end; i++) {
                struct file_entry file = links->items[i].file;
                size_t next = links->n;

                if (file.type == FILE_HARDLINK && merge_links_add(links, &file, err) < 0)
                        return -ENOMEM;
                if (links->n > next)
                        links->items[i].next = next;
        }
        return 0;
}

int merge_links_resolve(struct merge_links *links, struct layer_file *const *layers, size_t n_layers, struct error *err)
{
        size_t from = 0;

        links->n_visible = links->n;
        for (unsigned round = 0; round < ROUNDS_MAX && from < links->n; round++) {
                size_t end = links->n;
                int r = search(links, from, layers, n_layers, err);

                if (r == 0)
                        r = extend(links, from, err);
                if (r < 0)
                        return r;
                from = end;
        }
        return 0;
}

static int compare_path(const void *key, const void *item)
{
        return path_compare(*(const struct str *)key, ((const struct merge_link *)item)->path);
}

const struct file_entry *merge_links_find(const struct merge_links *links, struct str path)
{
        const struct merge_link *link =
                mem_find(&path, links->items, links->n_visible, sizeof(*links->items), compare_path);

        while (link && link->next != (size_t)(link - links->items))
                link = &links->items[link->next];
        return link && link->file.type && link->file.type != FILE_HARDLINK ? &link->file : NULL;
}
