/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: what the two parts of a layer file's writer share (layer_builder.c, layer_place.c). */
#ifndef TALLYMAN_OCI_LAYER_BUILDER_PRIVATE_H
#define TALLYMAN_OCI_LAYER_BUILDER_PRIVATE_H

#include "oci/layer_file.h"
#include "oci/layer_format.h"

/* Where an entry of this layer is kept: in a run of the output (absolute offset), or in the run in memory. */
struct slot {
        uint32_t tag;      /* of the path's hash, 0 an empty slot */
        uint32_t sequence; /* of the newest entry at that path */
};

struct span {
        enum span_kind kind;
        uint64_t start, end;
};

struct layer_builder {
        struct format_writer writer;
        const struct detector_set *detectors;
        const struct scan_limits *limits;

        struct buf entries;     /* encoded, each "u32 size, entry" */
        uint64_t *offsets;      /* of each entry in `entries` */
        size_t n_offsets, offsets_cap;
        struct span *spans;
        size_t n_spans, spans_cap;

        uint64_t *where;        /* by sequence: NO_OFFSET - 1 - offset while in memory, else absolute in the output */
        size_t where_cap;
        struct slot *slots;     /* open addressing, power of two */
        size_t n_slots, used_slots;
        uint64_t seed;          /* so that nobody knows which paths share a slot */

        uint32_t next_sequence;
        struct buf records;
        uint64_t record_bytes;  /* written ones included */
        struct buf problems;
        uint32_t n_problems, more_problems;
        bool more_gaps;
        struct buf again;       /* an entry that was read back */

        /* The parent directory of the last path that was placed, as the archive wrote it and as it is. */
        struct buf parent, real_parent;
        bool has_parent;
        uint64_t implied_bytes; /* of paths of directories that no entry names */
};

/* The newest entry of this layer at `path`, marks aside: 1 found (its strings are borrowed until anything else is done with
 * the builder), 0 not. */
int layer_builder_find(struct layer_builder *b, struct str path, struct file_entry *ret, struct error *err) _must_check_;
/* To be told of every entry that is added: it may change where later ones are placed. */
void layer_place_added(struct layer_builder *b, const struct file_entry *entry);

#endif
