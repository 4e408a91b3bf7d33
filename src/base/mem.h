/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership: what a function returns through `ret_*` belongs to the caller unless its comment says "borrowed";
 * `const` parameters are borrowed. Clean-up runs by attribute; TAKE_* hands ownership on.
 * Every x_free() takes NULL and returns NULL; x_freep() is its form for _cleanup_().
 */
#ifndef TALLYMAN_BASE_MEM_H
#define TALLYMAN_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_free_ _cleanup_(mem_freep)
#define _cleanup_close_ _cleanup_(fd_closep)

#define TAKE_PTR(ptr) ({ __typeof__(ptr) *_pp = &(ptr); __typeof__(ptr) _p = *_pp; *_pp = NULL; _p; })
#define TAKE_FD(fd) ({ int *_fp = &(fd); int _f = *_fp; *_fp = -EBADF; _f; })

#define ELEMENTS_OF(array) (sizeof(array) / sizeof((array)[0]))
/* Each use names its own temporaries, so that one may stand inside another. */
#define MIN_OF(a, b) MEM_PICK_(<, a, b, __COUNTER__)
#define MAX_OF(a, b) MEM_PICK_(>, a, b, __COUNTER__)
#define MEM_PICK_(op, a, b, n) MEM_PICK__(op, a, b, n)
#define MEM_PICK__(op, a, b, n) \
        ({ __typeof__(a) _a##n = (a); __typeof__(b) _b##n = (b); _a##n op _b##n ? _a##n : _b##n; })

/* Defines thing_freep() for a thing_free() that takes and returns a pointer. */
#define DEFINE_FREEP(type, fn)                 \
        static inline void fn##p(type **p)     \
        {                                      \
                *p = fn(*p);                   \
        }

static inline void mem_freep(void *p)
{
        free(*(void **)p);
}

/* Closes `fd` if it is not negative, keeps errno. Returns -EBADF. */
int fd_close(int fd);

static inline void fd_closep(int *fd)
{
        *fd = fd_close(*fd);
}

/* Makes room for `need` elements of `size` bytes in *array (capacity *cap, grown by doubling; new room is zeroed).
 * Returns 0 or -ENOMEM; on failure *array is unchanged. Overflow of need*size is -ENOMEM. */
int mem_grow(void *array, size_t *cap, size_t need, size_t size) _must_check_;

/* qsort(3) and bsearch(3) that also take an array of nothing, which may be NULL. */
static inline void mem_sort(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
        if (n > 1)
                qsort(items, n, size, compare);
}
static inline void *mem_find(const void *key, const void *items, size_t n, size_t size,
                             int (*compare)(const void *, const void *))
{
        return n ? bsearch(key, items, n, size, compare) : NULL;
}

/* An arena: many small allocations, one free. Allocations are aligned for any type and zeroed. Not thread-safe. */
struct arena;

struct arena *arena_new(void); /* NULL: out of memory */
struct arena *arena_free(struct arena *arena);
DEFINE_FREEP(struct arena, arena_free)
void *arena_alloc(struct arena *arena, size_t size) _must_check_;                   /* NULL: out of memory */
void *arena_copy(struct arena *arena, const void *data, size_t size) _must_check_;  /* NULL: out of memory */
char *arena_string(struct arena *arena, const char *data, size_t size) _must_check_; /* copy, terminated */
size_t arena_size(const struct arena *arena);                                       /* bytes held */

#endif
