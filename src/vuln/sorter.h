/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting more entries than there is memory for: sorted runs in an unnamed file, merged while they are read. */
#ifndef TALLYMAN_VULN_SORTER_H
#define TALLYMAN_VULN_SORTER_H

#include "vuln/db_format.h"

struct sorter;

/* `dir`: an open directory for its file; borrowed. */
int sorter_new(int dir, struct sorter **ret, struct error *err) _must_check_;
struct sorter *sorter_free(struct sorter *sorter);
DEFINE_FREEP(struct sorter, sorter_free)
int sorter_add(struct sorter *sorter, struct db_entry entry, struct error *err) _must_check_;
/* No more are added. */
int sorter_begin(struct sorter *sorter, struct error *err) _must_check_;
/* 1 with the next; entries that are equal come once. 0 at the end. */
int sorter_next(struct sorter *sorter, struct db_entry *ret, struct error *err) _must_check_;

#endif
