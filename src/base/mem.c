/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define ARENA_BLOCK (64u << 10)

int fd_close(int fd)
{
        int saved = errno;

        if (fd >= 0)
                close(fd);
        errno = saved;
        return -EBADF;
}

int mem_grow(void *array, size_t *cap, size_t need, size_t size)
{
        void **slot = array;
        size_t room = *cap ? *cap : 16, bytes;
        void *p;

        if (need <= *cap)
                return 0;
        while (room < need) {
                if (room > SIZE_MAX / 2)
                        return -ENOMEM;
                room *= 2;
        }
        if (__builtin_mul_overflow(room, size, &bytes))
                return -ENOMEM;
        p = realloc(*slot, bytes);
        if (!p)
                return -ENOMEM;
        memset((char *)p + *cap * size, 0, bytes - *cap * size);
        *slot = p;
        *cap = room;
        return 0;
}

struct block {
        struct block *next;
        size_t used, size;
        _Alignas(max_align_t) char data[];
};

struct arena {
        struct block *blocks;
        size_t total;
};

struct arena *arena_new(void)
{
        return calloc(1, sizeof(struct arena));
}

struct arena *arena_free(struct arena *arena)
{
        struct block *next;

        if (!arena)
                return NULL;
        for (struct block *b = arena->blocks; b; b = next) {
                next = b->next;
                free(b);
        }
        free(arena);
        return NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
        size_t align = _Alignof(max_align_t), room;
        struct block *b = arena->blocks;
        void *p;

        if (size > SIZE_MAX / 2)
                return NULL;
        size = (size ? size + align - 1 : align) / align * align;
        if (!b || b->size - b->used < size) {
                room = size > ARENA_BLOCK / 4 ? size : ARENA_BLOCK;
                b = calloc(1, sizeof(*b) + room);
                if (!b)
                        return NULL;
                b->size = room;
                /* A large piece of its own goes behind the block that still has room. */
                if (room == size && arena->blocks) {
                        b->next = arena->blocks->next;
                        arena->blocks->next = b;
                } else {
                        b->next = arena->blocks;
                        arena->blocks = b;
                }
                arena->total += sizeof(*b) + room;
        }
        p = b->data + b->used;
        b->used += size;
        return p;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
        void *p = arena_alloc(arena, size);

        if (p && size)
                memcpy(p, data, size);
        return p;
}

char *arena_string(struct arena *arena, const char *data, size_t size)
{
        char *p = size == SIZE_MAX ? NULL : arena_alloc(arena, size + 1);

        if (p && size)
                memcpy(p, data, size);
        return p;
}

size_t arena_size(const struct arena *arena)
{
        return arena->total;
}
