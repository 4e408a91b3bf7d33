/* SPDX-License-Identifier: Apache-2.0 */
/* All runs of all layers as one stream: a heap of inputs, the least (path, layer, sequence) first. */
#include <stdlib.h>

#include "model/path.h"
#include "oci/merge_private.h"

static bool comes_before(const struct merge_input *a, const struct merge_input *b)
{
        int r = path_compare(a->entry.path, b->entry.path);

        if (r)
                return r < 0;
        if (a->layer != b->layer)
                return a->layer < b->layer;
        return a->entry.sequence < b->entry.sequence;
}

static void heap_sink(struct merge_inputs *m, size_t i)
{
        for (;;) {
                size_t least = i, child = 2 * i + 1;
                struct merge_input *swap;

                if (child < m->n_heap && comes_before(m->heap[child], m->heap[least]))
                        least = child;
                if (child + 1 < m->n_heap && comes_before(m->heap[child + 1], m->heap[least]))
                        least = child + 1;
                if (least == i)
                        return;
                swap = m->heap[i];
                m->heap[i] = m->heap[least];
                m->heap[least] = swap;
                i = least;
        }
}

int merge_inputs_advance(struct merge_inputs *m, struct error *err)
{
        struct merge_input *top = m->heap[0];
        int r = layer_cursor_next(&top->cursor, &top->entry, err);

        if (r < 0)
                return r;
        if (r == 0)
                m->heap[0] = m->heap[--m->n_heap];
        heap_sink(m, 0);
        return 0;
}

int merge_inputs_open(struct layer_file *const *layers, size_t n_layers, struct merge_inputs *m, struct error *err)
{
        size_t n = 0;

        for (size_t i = 0; i < n_layers; i++)
                n += layers[i] ? layer_file_runs(layers[i]) : 0;
        *m = (struct merge_inputs){ 0 };
        m->items = calloc(n ? n : 1, sizeof(*m->items));
        m->heap = calloc(n ? n : 1, sizeof(*m->heap));
        if (!m->items || !m->heap)
                return error_oom(err);
        for (size_t i = 0; i < n_layers; i++)
                for (size_t run = 0; layers[i] && run < layer_file_runs(layers[i]); run++) {
                        struct merge_input *input = &m->items[m->n++];
                        int r;

                        input->layer = (int)i;
                        layer_cursor_init(&input->cursor, layers[i], run);
                        r = layer_cursor_next(&input->cursor, &input->entry, err);
                        if (r < 0)
                                return r;
                        if (r > 0)
                                m->heap[m->n_heap++] = input;
                }
        for (size_t i = m->n_heap; i-- > 0;)
                heap_sink(m, i);
        return 0;
}

void merge_inputs_done(struct merge_inputs *m)
{
        free(m->items);
        free(m->heap);
}
