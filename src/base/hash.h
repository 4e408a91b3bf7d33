/* SPDX-License-Identifier: Apache-2.0 */
/* Digests (OCI image-spec, descriptor.md "Digests") over OpenSSL, and a fast checksum for our own files. */
#ifndef TALLYMAN_BASE_HASH_H
#define TALLYMAN_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define SHA256_SIZE 32
#define DIGEST_MAX 64
#define DIGEST_TEXT_MAX (7 + 2 * DIGEST_MAX + 1)

enum digest_algorithm {
        DIGEST_NONE = 0, /* an unset digest */
        DIGEST_SHA256,
        DIGEST_SHA512,
};

/* Unused bytes are zero, so that two digests compare with memcmp. */
struct digest {
        enum digest_algorithm algorithm;
        uint8_t bytes[DIGEST_MAX];
};

/* Must run once before any hashing (and before a sandbox: it makes OpenSSL read its configuration). */
int hash_init(struct error *err) _must_check_;

/* Parses "sha256:<64 hex>" or "sha512:<128 hex>", lower case only as the specification demands.
 * -EBADMSG malformed, -ENOTSUP another algorithm. */
int digest_parse(struct str text, struct digest *ret, struct error *err) _must_check_;
/* Writes "sha256:…" (empty for DIGEST_NONE) to `text`, returns it. */
const char *digest_text(const struct digest *digest, char text[static DIGEST_TEXT_MAX]);
bool digest_equal(const struct digest *a, const struct digest *b);
static inline bool digest_is_set(const struct digest *d)
{
        return d->algorithm != DIGEST_NONE;
}

/* A running hash; reusable after hash_finish(). */
struct hash;

int hash_new(enum digest_algorithm algorithm, struct hash **ret, struct error *err) _must_check_;
struct hash *hash_free(struct hash *hash);
DEFINE_FREEP(struct hash, hash_free)
void hash_update(struct hash *hash, const void *data, size_t n);
/* Gives the digest of all since new or the last finish, and starts again. */
void hash_finish(struct hash *hash, struct digest *ret);
/* One-shot SHA-256. */
void hash_sha256(const void *data, size_t n, uint8_t ret[static SHA256_SIZE]);

void hex_encode(const uint8_t *bytes, size_t n, char *ret /* 2n + 1 */);

/* CRC-32C, continued from `crc` (0 to start). Detects accidents in our own files, not attackers. */
uint32_t checksum_crc32c(uint32_t crc, const void *data, size_t n);

#endif
