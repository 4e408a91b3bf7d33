/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: what the parts of the merge share. */
#ifndef TALLYMAN_OCI_MERGE_PRIVATE_H
#define TALLYMAN_OCI_MERGE_PRIVATE_H

#include "oci/layer_file.h"

#define NO_LAYER (-1)

/* ---- all runs of all layers, in the order of (path, layer, sequence) ---- */

struct merge_input {
        struct layer_cursor cursor;
        struct file_entry entry; /* strings stay as long as the layer file */
        int layer;
};

struct merge_inputs {
        struct merge_input *items;
        size_t n;
        struct merge_input **heap; /* the next entry of all is heap[0]'s */
        size_t n_heap;
};

/* A NULL layer is passed over. To be done with, whatever it returns. */
int merge_inputs_open(struct layer_file *const *layers, size_t n_layers, struct merge_inputs *ret, struct error *err)
        _must_check_;
int merge_inputs_advance(struct merge_inputs *inputs, struct error *err) _must_check_;
void merge_inputs_done(struct merge_inputs *inputs); /* also the _cleanup_ form */

/* ---- hard links to files of lower layers ---- */

struct merge_link;

struct merge_links {
        struct merge_link *items;
        size_t n, cap;
        size_t n_visible; /* the first of them, in path order; the rest are those that these lead to */
};

/* A link that the view shows, in path order; its strings and layer are borrowed. */
int merge_links_add(struct merge_links *links, const struct file_entry *link, struct error *err) _must_check_;
/* Finds what each leads to: the file that its target was before the link's layer came, whatever became of it later. */
int merge_links_resolve(struct merge_links *links, struct layer_file *const *layers, size_t n_layers, struct error *err)
        _must_check_;
/* Of the link at `path`; NULL: nothing. */
const struct file_entry *merge_links_find(const struct merge_links *links, struct str path);
void merge_links_done(struct merge_links *links);

#endif
