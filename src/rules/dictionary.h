/* SPDX-License-Identifier: Apache-2.0 */
/* Words that a field is compared with, by number: one look-up tells of all of them. */
#ifndef TALLYMAN_RULES_DICTIONARY_H
#define TALLYMAN_RULES_DICTIONARY_H

#include "base/mem.h"
#include "base/str.h"

struct dictionary {
        struct dictionary_entry {
                struct str word;
                uint64_t hash;
        } *entries;      /* by id */
        uint32_t *table; /* id + 1, 0: free; n_table is a power of two */
        uint32_t n, n_table;
        uint64_t seed; /* differs from run to run: who writes rules can not choose words that collide */
};

/* In `arena`, where words are borrowed from their owner. 0 or -ENOMEM. */
int dictionary_add(struct dictionary *d, struct arena *arena, struct str word, uint32_t *ret_id) _must_check_;
/* UINT32_MAX: it is not there. No allocation. */
uint32_t dictionary_find(const struct dictionary *d, struct str word);

#endif
