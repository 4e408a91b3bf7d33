/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups by number, and the lists of containers. */
#include <errno.h>

#include "engine/table_private.h"

static size_t bucket_of(const struct container_table *t, uint64_t id)
{
        return (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (t->n_buckets - 1);
}

struct entry *index_find(const struct container_table *t, uint64_t id)
{
        struct entry *e = t->buckets[bucket_of(t, id)];

        while (e && e->id != id)
                e = e->chain;
        return e;
}

static void chain(struct container_table *t, struct entry *entry)
{
        struct entry **head = &t->buckets[bucket_of(t, entry->id)];

        entry->chain = *head;
        *head = entry;
        t->n_entries++;
}

static void unchain(struct container_table *t, struct entry *entry)
{
        struct entry **at = &t->buckets[bucket_of(t, entry->id)];

        while (*at && *at != entry)
                at = &(*at)->chain;
        if (*at) {
                *at = entry->chain;
                t->n_entries--;
        }
}

static void list_add(struct entry_list *list, struct entry *entry)
{
        entry->previous = list->last;
        entry->next = NULL;
        if (list->last)
                list->last->next = entry;
        else
                list->first = entry;
        list->last = entry;
        list->n++;
}

static void list_remove(struct entry_list *list, struct entry *entry)
{
        if (entry->previous)
                entry->previous->next = entry->next;
        else
                list->first = entry->next;
        if (entry->next)
                entry->next->previous = entry->previous;
        else
                list->last = entry->previous;
        list->n--;
}

void index_settle(struct container_table *t, struct entry *entry)
{
        if (!entry->young)
                return;
        free(entry->young->path);
        free(entry->young);
        entry->young = NULL;
        t->n_young--;
}

void index_remove(struct container_table *t, struct entry *entry)
{
        unchain(t, entry);
        list_remove(entry->slot ? &entry->slot->nested : &t->host, entry);
        index_settle(t, entry);
        free(entry);
}

/* A container that makes many cgroups pushes out its own first. */
static bool make_room(struct container_table *t, struct slot *slot)
{
        struct entry *oldest = NULL;

        if (slot && slot->nested.n >= ENGINE_NESTED_MAX)
                oldest = slot->nested.first;
        else if (t->n_entries < t->options.cgroups_max)
                return true;
        else if (slot && slot->nested.n)
                oldest = slot->nested.first;
        else
                oldest = t->host.first;
        if (!oldest)
                return false;
        index_remove(t, oldest);
        t->cgroups_evicted++;
        return true;
}

int index_add(struct container_table *t, uint64_t id, struct slot *slot, struct entry **ret, struct error *err)
{
        struct entry *entry;

        if (!make_room(t, slot)) {
                t->cgroups_evicted++;
                return error_say(err, -ENOSPC, "the table of cgroups is full");
        }
        entry = calloc(1, sizeof(*entry));
        if (!entry)
                return error_oom(err);
        entry->id = id;
        entry->slot = slot;
        entry->scan = t->scan;
        chain(t, entry);
        list_add(slot ? &slot->nested : &t->host, entry);
        *ret = entry;
        return 0;
}

/* ---- slots ---- */

static void slots_add(struct slot_list *list, struct slot *slot)
{
        slot->previous = list->last;
        slot->next = NULL;
        if (list->last)
                list->last->next = slot;
        else
                list->first = slot;
        list->last = slot;
        list->n++;
}

static void slots_remove(struct slot_list *list, struct slot *slot)
{
        if (slot->previous)
                slot->previous->next = slot->next;
        else
                list->first = slot->next;
        if (slot->next)
                slot->next->previous = slot->previous;
        else
                list->last = slot->previous;
        list->n--;
}

static void slot_free(struct slot *slot)
{
        container_unref(slot->container);
        free(slot->path);
        free(slot);
}

void slot_remove(struct container_table *t, struct slot_list *list, struct slot *slot)
{
        while (slot->nested.first)
                index_remove(t, slot->nested.first);
        unchain(t, &slot->own);
        slots_remove(list, slot);
        t->bytes -= container_bytes(slot->container);
        slot_free(slot);
}

int slot_add(struct container_table *t, uint64_t id, char *path, const struct container *container, struct slot **ret,
             struct error *err)
{
        struct slot *slot = calloc(1, sizeof(*slot));

        if (!slot) {
                free(path);
                container_unref(container);
                return error_oom(err);
        }
        while (t->running.first && t->running.n >= t->options.containers_max) {
                slot_remove(t, &t->running, t->running.first);
                t->containers_evicted++;
        }
        slot->container = container;
        slot->path = path;
        slot->own = (struct entry){ .id = id, .slot = slot, .scan = t->scan };
        chain(t, &slot->own);
        slots_add(&t->running, slot);
        t->bytes += container_bytes(container);
        *ret = slot;
        return 0;
}

void slot_replace(struct container_table *t, struct slot *slot, const struct container *container)
{
        t->bytes += container_bytes(container);
        t->bytes -= container_bytes(slot->container);
        container_unref(slot->container);
        slot->container = container;
}

void slot_bury(struct container_table *t, struct slot *slot)
{
        slots_remove(&t->running, slot);
        slot->gone = table_now(t);
        slot->due = 0;
        slots_add(&t->gone, slot);
        while (t->gone.first && t->gone.n > t->options.tombstones_max) {
                slot_remove(t, &t->gone, t->gone.first);
                t->tombstones_evicted++;
        }
}

struct slot *slot_above(const struct container_table *t, struct str path)
{
        struct slot *nearest = NULL;
        size_t longest = 0;

        for (struct slot *s = t->running.first; s; s = s->next) {
                size_t n = strlen(s->path);

                if (n > longest && n <= path.n && memcmp(s->path, path.p, n) == 0 && (n == path.n || path.p[n] == '/')) {
                        nearest = s;
                        longest = n;
                }
        }
        return nearest;
}
