/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rules/dictionary.h"

#define TABLE_FIRST 16

/* Eight bytes at a time. */
static uint64_t hash_of(const struct dictionary *d, struct str word)
{
        const char *p = word.p;
        size_t n = word.n;
        uint64_t h = (uint64_t)n * 0x9e3779b97f4a7c15u ^ d->seed, v = 0;

        for (; n >= 8; n -= 8, p += 8) {
                memcpy(&v, p, 8);
                h = (h ^ v) * 0xff51afd7ed558ccdu;
                h ^= h >> 32;
        }
        v = 0;
        if (n)
                memcpy(&v, p, n);
        h = (h ^ v) * 0xc4ceb9fe1a85ec53u;
        return h ^ h >> 29;
}

static uint32_t *place_of(const struct dictionary *d, struct str word, uint64_t hash)
{
        uint32_t mask = d->n_table - 1;

        for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
                uint32_t *place = &d->table[i];

                if (!*place || (d->entries[*place - 1].hash == hash && str_equal(d->entries[*place - 1].word, word)))
                        return place;
        }
}

/* Doubles; what was before stays in the arena. */
static int grow(struct dictionary *d, struct arena *arena)
{
        uint32_t n = d->n_table ? d->n_table * 2 : TABLE_FIRST;
        struct dictionary_entry *entries = arena_alloc(arena, n / 2 * sizeof(*entries));
        uint32_t *table = arena_alloc(arena, n * sizeof(*table));

        if (!n || !entries || !table)
                return -ENOMEM;
        if (!d->seed)
                d->seed = (uint64_t)(uintptr_t)table * 0x9e3779b97f4a7c15u;
        if (d->n)
                memcpy(entries, d->entries, d->n * sizeof(*entries));
        d->entries = entries;
        d->table = table;
        d->n_table = n;
        for (uint32_t id = 0; id < d->n; id++)
                *place_of(d, entries[id].word, entries[id].hash) = id + 1;
        return 0;
}

int dictionary_add(struct dictionary *d, struct arena *arena, struct str word, uint32_t *ret_id)
{
        uint64_t hash;
        uint32_t *place;
        int r;

        if (d->n >= d->n_table / 2) {
                r = grow(d, arena);
                if (r < 0)
                        return r;
        }
        hash = hash_of(d, word);
        place = place_of(d, word, hash);
        if (!*place) {
                d->entries[d->n] = (struct dictionary_entry){ word, hash };
                *place = ++d->n;
        }
        *ret_id = *place - 1;
        return 0;
}

uint32_t dictionary_find(const struct dictionary *d, struct str word)
{
        return d->n ? *place_of(d, word, hash_of(d, word)) - 1 : UINT32_MAX;
}
