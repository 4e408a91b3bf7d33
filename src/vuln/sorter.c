/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "vuln/sorter.h"

#define RUN_ENTRIES (1u << 16)
#define MERGE_ENTRIES (1u << 18) /* of all runs together, in memory while they are merged */
#define RUN_READ_MIN 256u
#define RUNS_MAX 100000u

struct run {
        uint64_t offset, end; /* in the file, of what was not read yet */
        struct db_entry *buffer;
        size_t at, n;
};

struct sorter {
        int dir, fd;
        struct db_entry *entries; /* not written yet; later all buffers of the runs */
        size_t n;
        uint64_t written;
        struct run *runs;
        size_t n_runs, cap_runs;
        uint32_t *heap; /* runs by their next entry */
        size_t n_heap, per_run;
        struct db_entry last;
        bool has_last;
};

int sorter_new(int dir, struct sorter **ret, struct error *err)
{
        struct sorter *s = calloc(1, sizeof(*s));

        if (!s)
                return error_oom(err);
        s->dir = dir;
        s->fd = -EBADF;
        s->entries = malloc(RUN_ENTRIES * sizeof(*s->entries));
        if (!s->entries) {
                free(s);
                return error_oom(err);
        }
        *ret = s;
        return 0;
}

struct sorter *sorter_free(struct sorter *s)
{
        if (!s)
                return NULL;
        fd_close(s->fd);
        free(s->entries);
        free(s->runs);
        free(s->heap);
        free(s);
        return NULL;
}

static int spill(struct sorter *s, struct error *err)
{
        size_t bytes = s->n * sizeof(*s->entries);
        int r;

        mem_sort(s->entries, s->n, sizeof(*s->entries), db_entry_compare);
        if (s->fd < 0)
                s->fd = file_unnamed_in(s->dir, err);
        if (s->fd < 0)
                return s->fd;
        if (s->n_runs == RUNS_MAX)
                return error_say(err, -E2BIG, "more entries than can be sorted");
        if (mem_grow(&s->runs, &s->cap_runs, s->n_runs + 1, sizeof(*s->runs)) < 0)
                return error_oom(err);
        r = file_write(s->fd, s->entries, bytes, err);
        if (r < 0)
                return r;
        s->runs[s->n_runs++] = (struct run){ .offset = s->written, .end = s->written + bytes };
        s->written += bytes;
        s->n = 0;
        return 0;
}

int sorter_add(struct sorter *s, struct db_entry entry, struct error *err)
{
        s->entries[s->n++] = entry;
        return s->n == RUN_ENTRIES ? spill(s, err) : 0;
}

/* ---- merging: a heap of runs ---- */

/* 1: it has an entry, 0: it is at its end. */
static int refill(struct sorter *s, struct run *run, struct error *err)
{
        size_t bytes = (size_t)MIN_OF(run->end - run->offset, (uint64_t)s->per_run * sizeof(*run->buffer));
        ssize_t n;

        if (run->at < run->n)
                return 1;
        if (!bytes)
                return 0;
        n = file_read_at(s->fd, run->buffer, bytes, run->offset, err);
        if (n < 0)
                return (int)n;
        if ((size_t)n != bytes)
                return error_say(err, -EIO, "a temporary file was cut");
        run->offset += bytes;
        run->at = 0;
        run->n = bytes / sizeof(*run->buffer);
        return 1;
}

static bool before(const struct sorter *s, uint32_t a, uint32_t b)
{
        const struct run *x = &s->runs[a], *y = &s->runs[b];

        return db_entry_compare(&x->buffer[x->at], &y->buffer[y->at]) < 0;
}

static void sink(struct sorter *s, size_t i)
{
        for (;;) {
                size_t least = i, left = 2 * i + 1;
                uint32_t other;

                for (size_t k = left; k < left + 2 && k < s->n_heap; k++)
                        if (before(s, s->heap[k], s->heap[least]))
                                least = k;
                if (least == i)
                        return;
                other = s->heap[i];
                s->heap[i] = s->heap[least];
                s->heap[least] = other;
                i = least;
        }
}

int sorter_begin(struct sorter *s, struct error *err)
{
        int r = s->n_runs ? spill(s, err) : 0;

        if (r < 0)
                return r;
        if (!s->n_runs) { /* it all fits */
                mem_sort(s->entries, s->n, sizeof(*s->entries), db_entry_compare);
                if (mem_grow(&s->runs, &s->cap_runs, 1, sizeof(*s->runs)) < 0)
                        return error_oom(err);
                s->runs[s->n_runs++] = (struct run){ .buffer = s->entries, .n = s->n };
        } else {
                free(s->entries);
                s->per_run = MAX_OF(MERGE_ENTRIES / s->n_runs, (size_t)RUN_READ_MIN);
                s->entries = malloc(s->per_run * s->n_runs * sizeof(*s->entries));
                if (!s->entries)
                        return error_oom(err);
                for (size_t i = 0; i < s->n_runs; i++)
                        s->runs[i].buffer = s->entries + i * s->per_run;
        }
        s->heap = calloc(s->n_runs, sizeof(*s->heap));
        if (!s->heap)
                return error_oom(err);
        for (size_t i = 0; i < s->n_runs; i++) {
                r = refill(s, &s->runs[i], err);
                if (r < 0)
                        return r;
                if (r > 0)
                        s->heap[s->n_heap++] = (uint32_t)i;
        }
        for (size_t i = s->n_heap; i > 0; i--)
                sink(s, i - 1);
        return 0;
}

static int pop(struct sorter *s, struct db_entry *ret, struct error *err)
{
        struct run *run = &s->runs[s->heap[0]];
        int r;

        *ret = run->buffer[run->at++];
        r = refill(s, run, err);
        if (r < 0)
                return r;
        if (r == 0)
                s->heap[0] = s->heap[--s->n_heap];
        sink(s, 0);
        return 0;
}

int sorter_next(struct sorter *s, struct db_entry *ret, struct error *err)
{
        while (s->n_heap) {
                int r = pop(s, ret, err);

                if (r < 0)
                        return r;
                if (s->has_last && db_entry_compare(ret, &s->last) == 0)
                        continue;
                s->last = *ret;
                s->has_last = true;
                return 1;
        }
        return 0;
}
