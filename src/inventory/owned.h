/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: the files of a package, handed on in pieces so that memory does not grow with their number. */
#ifndef TALLYMAN_INVENTORY_OWNED_H
#define TALLYMAN_INVENTORY_OWNED_H

#include "model/record.h"

#define OWNED_PATHS_PER_RECORD 4096u
#define OWNED_BYTES_PER_RECORD (1u << 20)

/* {0} is empty. */
struct owned_paths {
        struct buf text;
        size_t ends[OWNED_PATHS_PER_RECORD]; /* where in `text` each path ends */
        size_t n;
};

/* Adds "directory/name", or the name alone where `directory` is empty. Not to be called when full. 0 or -ENOMEM. */
int owned_paths_add(struct owned_paths *o, struct str directory, struct str name, struct error *err) _must_check_;
/* True when it is time for owned_paths_emit(). */
bool owned_paths_full(const struct owned_paths *o);
/* Emits what is there as one record of `key`, nothing if there is nothing, and starts again. */
int owned_paths_emit(struct owned_paths *o, struct str key, struct record_sink *sink, struct error *err) _must_check_;
void owned_paths_clear(struct owned_paths *o);
void owned_paths_done(struct owned_paths *o); /* also the _cleanup_ form */

#endif
