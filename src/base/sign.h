/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to OpenSSL for signatures: Ed25519 (RFC 8032), which is deterministic: the same key and bytes give the same
 * signature. Keys are PEM (RFC 7468): PKCS#8 for private ones (RFC 8410; RFC 5958 where encrypted), SubjectPublicKeyInfo
 * for public ones, so that `openssl genpkey` and `openssl pkey` read and write them too. No function does I/O.
 */
#ifndef TALLYMAN_BASE_SIGN_H
#define TALLYMAN_BASE_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define SIGNATURE_SIZE 64
#define SIGN_KEY_FILE_MAX (64u << 10) /* bytes of a PEM file that holds a key */
#define SIGN_PASSPHRASE_MAX 1024
#define SIGN_KEY_ID_TEXT (64 + 1) /* 64 hexadecimal digits */
#define SIGN_KEY_ID_SHOWN 16      /* as many of these are shown to people */

/* Bytes that nobody else may see: wiped before their memory is given back. {0} is a valid empty one. */
struct secret {
        char *data; /* followed by a 0 that is not counted */
        size_t n;
};

int secret_alloc(struct secret *secret, size_t n, struct error *err) _must_check_; /* zeroed; over an empty one */
void secret_free(struct secret *secret); /* also the _cleanup_ form; leaves {0} */
static inline struct str secret_str(const struct secret *secret)
{
        return (struct str){ secret->data, secret->n };
}

/* A key: public, or private with its public half. Immutable, so threads may share it. */
struct sign_key;

int sign_key_generate(struct sign_key **ret, struct error *err) _must_check_;
struct sign_key *sign_key_free(struct sign_key *key);
DEFINE_FREEP(struct sign_key, sign_key_free)

/* Reads the first key of a PEM text. `passphrase` is needed for an encrypted one only, else left alone.
 * -EBADMSG not a key in PEM; -ENOTSUP another algorithm or format; -ENOKEY encrypted, and `passphrase` is empty;
 * -EACCES encrypted with another passphrase (or damaged: the two can not be told apart); -E2BIG, -EINVAL a limit. */
int sign_key_read(struct str pem, struct str passphrase, struct sign_key **ret, struct error *err) _must_check_;
/* The private key, encrypted (AES-256, PBKDF2 with HMAC-SHA-256) unless `passphrase` is empty. */
int sign_key_write_private(const struct sign_key *key, struct str passphrase, struct secret *ret,
                           struct error *err) _must_check_;
int sign_key_write_public(const struct sign_key *key, struct buf *out, struct error *err) _must_check_;

bool sign_key_is_private(const struct sign_key *key);
bool sign_key_was_encrypted(const struct sign_key *key); /* in the text that it was read from */
/* SHA-256 of the public key as DER SubjectPublicKeyInfo, in hexadecimal. Borrowed from `key`. */
const char *sign_key_id(const struct sign_key *key);

int sign_make(const struct sign_key *key, struct str data, uint8_t ret[static SIGNATURE_SIZE],
              struct error *err) _must_check_;
/* 0: `signature` is by `key` over `data`. -EKEYREJECTED: it is not (of whatever size it is). Another code: could not be
 * checked. */
int sign_check(const struct sign_key *key, struct str data, struct str signature, struct error *err) _must_check_;

#endif
