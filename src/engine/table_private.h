/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the table: what is known by number (entries), and containers with their lives (slots). */
#ifndef TALLYMAN_ENGINE_TABLE_PRIVATE_H
#define TALLYMAN_ENGINE_TABLE_PRIVATE_H

#include "engine/engine_private.h"

struct slot;

/* One cgroup. */
struct entry {
        uint64_t id;
        struct slot *slot;             /* NULL: of the host */
        struct entry *chain;           /* of the same bucket */
        struct entry *previous, *next; /* the host's, or nested ones of the same slot, in the order in which they came */
        struct young *young;           /* of the host, and may yet turn out to be a container */
        uint32_t scan;                 /* the last that saw it */
};

/* A cgroup of the host that is not settled. */
struct young {
        char *path;
        uint64_t since;
        unsigned tries;
};

struct entry_list {
        struct entry *first, *last;
        size_t n;
};

/* One container, from its cgroup's making until its tombstone is forgotten. */
struct slot {
        const struct container *container;
        struct entry own; /* its own cgroup */
        struct entry_list nested;
        struct slot *previous, *next; /* those that run, or tombstones */
        char *path;
        uint64_t since, gone, due; /* nanoseconds since the epoch; `due` 0: nothing is to be read again */
        unsigned tries;
        uint32_t scanned; /* nested ones, by the scan that goes on */
        bool seen_late;
        bool read_late; /* what engines write late was waited for */
};

struct slot_list {
        struct slot *first, *last;
        size_t n;
};

struct container_table {
        struct engines engines;
        struct container_options options;
        char *root;
        struct entry **buckets;
        size_t n_buckets; /* a power of two */
        struct entry_list host;
        struct slot_list running, gone;
        size_t n_entries, n_young;
        uint32_t scan;
        size_t bytes; /* of all containers in slots */
        uint64_t containers_evicted, cgroups_evicted, tombstones_evicted, containers_trimmed;
};

static inline uint64_t table_now(const struct container_table *t)
{
        return t->engines.now(t->engines.now_ctx);
}

/* ---- table_index.c ---- */

struct entry *index_find(const struct container_table *t, uint64_t id);
/* The entry of a cgroup of the host (slot NULL) or of a nested one; makes room by forgetting older ones of the same kind.
 * -ENOSPC: it is not remembered. */
int index_add(struct container_table *t, uint64_t id, struct slot *slot, struct entry **ret,
              struct error *err) _must_check_;
void index_remove(struct container_table *t, struct entry *entry); /* of the host or nested */
void index_settle(struct container_table *t, struct entry *entry);
/* A slot with its own entry, among those that run. Takes the container and the path, also on failure. */
int slot_add(struct container_table *t, uint64_t id, char *path, const struct container *container, struct slot **ret,
             struct error *err) _must_check_;
void slot_remove(struct container_table *t, struct slot_list *list, struct slot *slot);
/* Another view of the same container; takes it. */
void slot_replace(struct container_table *t, struct slot *slot, const struct container *container);
void slot_bury(struct container_table *t, struct slot *slot);
/* The one that runs whose cgroup is that path or lies above it, the nearest. */
struct slot *slot_above(const struct container_table *t, struct str path);

#endif
