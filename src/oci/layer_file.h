/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer file: what one pass over one layer found. Immutable once written.
 *
 *   spans     as many as it takes, of two kinds:
 *             a run, entries sorted by (path, sequence): u32 size, encoded struct file_entry
 *             records: u32 size, then: u8 kind, u8 detector, u32 sequence, path, payload
 *   problems  u32 size, then: u8 kind, where, what
 *   trailer   the table of spans, digests and counts; at the very end its own size, a CRC-32C of all before it, version
 *             and magic
 *
 * Entries and records are held in memory up to a budget and written as a span when it is full, so that memory does not
 * grow with the layer. Reading trusts nothing: the file may come from a hijacked worker or a damaged disk.
 */
#ifndef TALLYMAN_OCI_LAYER_FILE_H
#define TALLYMAN_OCI_LAYER_FILE_H

#include "base/error.h"
#include "base/hash.h"
#include "model/detector.h"
#include "model/file.h"
#include "model/limits.h"
#include "model/problem.h"

#define LAYER_FILE_VERSION 5 /* part of the cache's keys: raise it when the format or what the pass notes changes */

/* ---- writing (in a worker) ---- */

struct layer_builder;

/* `output` is written sequentially and read back (hard links); it is borrowed. */
int layer_builder_new(int output, const struct detector_set *detectors, const struct scan_limits *limits,
                      struct layer_builder **ret, struct error *err) _must_check_;
struct layer_builder *layer_builder_free(struct layer_builder *b);
DEFINE_FREEP(struct layer_builder, layer_builder_free)

/* Detectors that want the regular file at this canonical path; 0 for none. */
uint64_t layer_builder_wanted(const struct layer_builder *b, struct str path);
/* The same of a file whose bytes are at hand: by its path and by how it begins. A file that can not be read is wanted for
 * its path alone. */
uint64_t layer_builder_wanted_file(const struct layer_builder *b, struct str path, struct content *content);
/* By how it begins alone, from its first bytes: DETECTOR_HEAD of them, or all there are. */
uint64_t layer_builder_wanted_head(const struct layer_builder *b, const void *head, size_t n);
/* Brings a canonical path to where extraction puts it: through symbolic links of this layer. `add_missing`: directories
 * above it that no entry names are added, as `implied` ones. 1, or 0: there is no such place, which is noted. */
int layer_builder_place(struct layer_builder *b, struct buf *path, bool add_missing, struct error *err) _must_check_;
/* Adds an entry. The builder numbers it (entry->sequence is set). A hard link to an entry of this layer becomes what
 * that entry is; to another it stays FILE_HARDLINK. Limits reached are -E2BIG. */
int layer_builder_add(struct layer_builder *b, struct file_entry *entry, struct error *err) _must_check_;
/* Runs the detectors of `wanted` on a file that was added. Their failures become problems. */
int layer_builder_detect(struct layer_builder *b, const struct file_entry *entry, uint64_t wanted,
                         struct content *content, struct error *err) _must_check_;
void layer_builder_problem(struct layer_builder *b, enum problem_kind kind, struct str where, const char *fmt, ...)
        _printf_(4, 5);
/* Writes what is left and the trailer. */
int layer_builder_finish(struct layer_builder *b, const struct digest *diff_id, uint64_t bytes, struct error *err)
        _must_check_;

/* ---- reading ---- */

struct layer_file;

/* Maps and checks the file's structure and checksum. Takes `fd`. -EBADMSG: not a layer file of this version, or damaged. */
int layer_file_open(int fd, struct layer_file **ret, struct error *err) _must_check_;
struct layer_file *layer_file_free(struct layer_file *lf);
DEFINE_FREEP(struct layer_file, layer_file_free)

const struct digest *layer_file_diff_id(const struct layer_file *lf);
uint64_t layer_file_entries(const struct layer_file *lf);
uint64_t layer_file_bytes(const struct layer_file *lf); /* inflated */

/* A run's entries, in order. 1 an entry (strings borrowed until the next call), 0 the end, -EBADMSG. Pages that were
 * passed are given back, so that reading many large layers side by side stays small. */
size_t layer_file_runs(const struct layer_file *lf);
struct layer_cursor {
        const struct layer_file *file;
        uint64_t at, end, released;
        struct str last; /* path of the entry before, to hold the order */
};
void layer_cursor_init(struct layer_cursor *cursor, const struct layer_file *lf, size_t run);
int layer_cursor_next(struct layer_cursor *cursor, struct file_entry *ret, struct error *err) _must_check_;

struct layer_record {
        enum record_kind kind;
        uint8_t detector;
        uint32_t sequence;
        struct str path; /* of the file it was learned from; borrowed from the layer file */
        struct str payload;
};
/* Calls `each` for every record in the order in which they were written, until it returns non-zero (which is returned). */
int layer_file_records(const struct layer_file *lf, int (*each)(void *ctx, const struct layer_record *record, struct error *err),
                       void *ctx, struct error *err) _must_check_;
/* Appends the layer's problems, each `where` followed by " in " and `layer_name`. */
int layer_file_problems(const struct layer_file *lf, const char *layer_name, struct problem_list *list, struct error *err)
        _must_check_;

#endif
