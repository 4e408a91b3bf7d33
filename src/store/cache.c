/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/state.h"
#include "base/wire.h"
#include "store/cache_private.h"

#define USED_AGAIN_AFTER 3600 /* seconds; saves a write to the disk at each use */
#define SETTLED_AFTER 2       /* seconds after which a change of a file shows in its times */
#define STAMP_VERSION 1

static const struct {
        const char *folder, *suffix;
} kinds[CACHE_KIND_MAX] = {
        [CACHE_LAYER] = { "layers", "" },
        [CACHE_INDEX] = { "images", ".index" },
        [CACHE_STAMP] = { "stamps", "" },
        [CACHE_OWNERS] = { "owners", "" },
};

/* ---- opening ---- */

int cache_open(struct cache **ret, struct error *err)
{
        _cleanup_(cache_freep) struct cache *cache = calloc(1, sizeof(*cache));
        _cleanup_close_ int state = -EBADF;
        _cleanup_free_ char *path = NULL;
        int r;

        if (!cache)
                return error_oom(err);
        cache->dir = -EBADF;
        for (size_t i = 0; i < CACHE_KIND_MAX; i++)
                cache->kinds[i] = -EBADF;
        r = state_open(&path, &state, err);
        if (r < 0)
                return r;
        if (asprintf(&cache->path, "%s/cache", path) < 0) {
                cache->path = NULL;
                return error_oom(err);
        }
        r = state_open_folder(state, path, "cache", &cache->dir, err);
        for (size_t i = 0; i < CACHE_KIND_MAX && r == 0; i++)
                r = state_open_folder(cache->dir, cache->path, kinds[i].folder, &cache->kinds[i], err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(cache);
        return 0;
}

struct cache *cache_free(struct cache *cache)
{
        if (!cache)
                return NULL;
        for (size_t i = 0; i < CACHE_KIND_MAX; i++)
                fd_close(cache->kinds[i]);
        fd_close(cache->dir);
        free(cache->path);
        free(cache);
        return NULL;
}

const char *cache_path(const struct cache *cache)
{
        return cache->path;
}

/* ---- entries ---- */

/* Hashes part by part, each time over what came before, the part's length and its own digest: it needs no memory and so
 * can not fail. */
struct cache_key cache_key_of(const struct str *parts, size_t n_parts)
{
        uint8_t state[SHA256_SIZE] = { 0 };
        struct cache_key key;

        for (size_t i = 0; i < n_parts; i++) {
                uint8_t block[SHA256_SIZE + 8 + SHA256_SIZE];
                uint64_t n = parts[i].n;

                memcpy(block, state, SHA256_SIZE);
                for (size_t k = 0; k < 8; k++)
                        block[SHA256_SIZE + k] = (uint8_t)(n >> (8 * k));
                hash_sha256(parts[i].n ? parts[i].p : "", parts[i].n, block + SHA256_SIZE + 8);
                hash_sha256(block, sizeof(block), state);
        }
        hex_encode(state, sizeof(state), key.text);
        return key;
}

static void entry_name(enum cache_kind kind, const struct cache_key *key, char ret[static 80])
{
        snprintf(ret, 80, "%s%s", key->text, kinds[kind].suffix);
}

static void mark_used(int fd, const struct stat *st)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        if (st->st_mtim.tv_sec <= now.tv_sec && now.tv_sec - st->st_mtim.tv_sec < USED_AGAIN_AFTER)
                return;
        if (futimens(fd, NULL) < 0)
                errno = 0; /* a cache that can only be read is of use too */
}

int cache_get(struct cache *cache, enum cache_kind kind, const struct cache_key *key, int *ret_fd, struct error *err)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        char name[80];

        entry_name(kind, key, name);
        fd = openat(cache->kinds[kind], name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : error_set(err, -errno, "open '%s/%s/%s'", cache->path, kinds[kind].folder, name);
        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at '%s/%s/%s'", cache->path, kinds[kind].folder, name);
        if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)))
                return error_say(err, -EPERM, "'%s/%s/%s' is not used: others can write it or own it; remove it",
                                 cache->path, kinds[kind].folder, name);
        mark_used(fd, &st);
        *ret_fd = TAKE_FD(fd);
        return 1;
}

int cache_new_file(struct cache *cache, struct error *err)
{
        int fd = file_unnamed_in(cache->dir, err);

        return fd < 0 ? error_wrap(err, "%s", cache->path) : fd;
}

int cache_put(struct cache *cache, enum cache_kind kind, const struct cache_key *key, int fd, struct error *err)
{
        char name[80];
        int r;

        entry_name(kind, key, name);
        if (fchmod(fd, 0400) < 0)
                return error_set(err, -errno, "set the permissions of a file in '%s'", cache->path);
        r = file_publish(fd, cache->kinds[kind], name, err);
        return r < 0 ? error_wrap(err, "%s/%s", cache->path, kinds[kind].folder) : 0;
}

int cache_remove(struct cache *cache, enum cache_kind kind, const struct cache_key *key, struct error *err)
{
        char name[80];

        entry_name(kind, key, name);
        if (unlinkat(cache->kinds[kind], name, 0) < 0 && errno != ENOENT)
                return error_set(err, -errno, "remove '%s/%s/%s'", cache->path, kinds[kind].folder, name);
        return 0;
}

/* ---- stamps ---- */

static bool is_settled(struct timespec changed, struct timespec now)
{
        return changed.tv_sec <= now.tv_sec && now.tv_sec - changed.tv_sec > SETTLED_AFTER;
}

static void put_time(struct buf *out, struct timespec t)
{
        wire_put_u64(out, (uint64_t)t.tv_sec);
        wire_put_u64(out, (uint64_t)t.tv_nsec);
}

/* What the file looks like now; false if that can not vouch for its bytes. */
static bool stamp_key(int fd, uint64_t offset, uint64_t size, struct cache_key *ret, struct stat *ret_st)
{
        _cleanup_(buf_free) struct buf looks = { 0 };

        if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode))
                return false;
        wire_put_u64(&looks, (uint64_t)ret_st->st_dev);
        wire_put_u64(&looks, (uint64_t)ret_st->st_ino);
        wire_put_u64(&looks, (uint64_t)ret_st->st_size);
        put_time(&looks, ret_st->st_mtim);
        put_time(&looks, ret_st->st_ctim);
        wire_put_u64(&looks, offset);
        wire_put_u64(&looks, size);
        if (!buf_ok(&looks))
                return false;
        *ret = cache_key_of((const struct str[]){ STR_LIT("stamp"), buf_str(&looks) }, 2);
        return true;
}

size_t cache_stamp_encode(const struct digest *digest, uint8_t out[static STAMP_MAX])
{
        size_t n = digest->algorithm == DIGEST_SHA256 ? 32 : 64, at = 5;
        uint32_t crc;

        memset(out, 0, STAMP_MAX);
        out[0] = STAMP_VERSION;
        out[4] = (uint8_t)digest->algorithm;
        memcpy(out + at, digest->bytes, n);
        at += n;
        crc = checksum_crc32c(0, out, at);
        for (int i = 0; i < 4; i++)
                out[at++] = (uint8_t)(crc >> (8 * i));
        return at;
}

bool cache_stamp_decode(const uint8_t *data, size_t n, struct digest *ret)
{
        struct digest digest = { .algorithm = n > 4 ? (enum digest_algorithm)data[4] : DIGEST_NONE };
        uint8_t again[STAMP_MAX];
        size_t size = digest.algorithm == DIGEST_SHA256 ? 32 : 64;

        if ((digest.algorithm != DIGEST_SHA256 && digest.algorithm != DIGEST_SHA512) || n != 5 + size + 4)
                return false;
        memcpy(digest.bytes, data + 5, size);
        if (cache_stamp_encode(&digest, again) != n || memcmp(again, data, n) != 0)
                return false;
        *ret = digest;
        return true;
}

int cache_stamp_get(struct cache *cache, int fd, uint64_t offset, uint64_t size, struct cache_stamp *ret_stamp,
                    struct digest *ret)
{
        _cleanup_close_ int file = -EBADF;
        uint8_t data[STAMP_MAX + 1];
        struct timespec now;
        struct stat st;
        ssize_t n;

        *ret_stamp = (struct cache_stamp){ .offset = offset, .size = size };
        clock_gettime(CLOCK_REALTIME, &now);
        if (!stamp_key(fd, offset, size, &ret_stamp->key, &st))
                return 0;
        if (!is_settled(st.st_mtim, now) || !is_settled(st.st_ctim, now)) {
                ret_stamp->key.text[0] = 0;
                return 0;
        }
        if (cache_get(cache, CACHE_STAMP, &ret_stamp->key, &file, NULL) <= 0)
                return 0;
        n = file_read_at(file, data, sizeof(data), 0, NULL);
        return n > 0 && cache_stamp_decode(data, (size_t)n, ret);
}

void cache_stamp_put(struct cache *cache, int fd, const struct cache_stamp *stamp, const struct digest *digest)
{
        _cleanup_close_ int file = -EBADF;
        struct cache_key key;
        uint8_t data[STAMP_MAX];
        struct stat st;

        if (!*stamp->key.text || !digest_is_set(digest) || !stamp_key(fd, stamp->offset, stamp->size, &key, &st) ||
            strcmp(key.text, stamp->key.text) != 0)
                return;
        file = cache_new_file(cache, NULL);
        if (file < 0 || file_write(file, data, cache_stamp_encode(digest, data), NULL) < 0 ||
            cache_put(cache, CACHE_STAMP, &key, file, NULL) < 0)
                return; /* then it is hashed again next time */
}
