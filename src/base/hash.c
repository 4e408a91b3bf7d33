/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/hash.h"

static EVP_MD *sha256_md, *sha512_md;

int hash_init(struct error *err)
{
        if (!sha256_md)
                sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
        if (!sha512_md)
                sha512_md = EVP_MD_fetch(NULL, "SHA512", NULL);
        if (!sha256_md || !sha512_md)
                return error_say(err, -ENOTSUP, "OpenSSL offers no SHA-256 or SHA-512 here");
        return 0;
}

static size_t digest_size(enum digest_algorithm algorithm)
{
        return algorithm == DIGEST_SHA256 ? 32 : algorithm == DIGEST_SHA512 ? 64 : 0;
}

static int hex_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int digest_parse(struct str text, struct digest *ret, struct error *err)
{
        struct digest d = { 0 };
        struct str hex = text, name = str_cut(&hex, ':');
        size_t n;

        if (!hex.p)
                return error_say(err, -EBADMSG, "'%.*s' is not a digest (expected 'sha256:' and 64 hexadecimal digits)",
                                 (int)MIN_OF(text.n, (size_t)100), text.n ? text.p : "");
        if (str_equals(name, "sha256"))
                d.algorithm = DIGEST_SHA256;
        else if (str_equals(name, "sha512"))
                d.algorithm = DIGEST_SHA512;
        else
                return error_say(err, -ENOTSUP, "digest algorithm '%.*s' is not supported (sha256 and sha512 are)",
                                 (int)MIN_OF(name.n, (size_t)40), name.n ? name.p : "");
        n = digest_size(d.algorithm);
        if (hex.n != 2 * n)
                return error_say(err, -EBADMSG, "a %.*s digest has %zu hexadecimal digits, not %zu", STR_ARG(name), 2 * n,
                                 hex.n);
        for (size_t i = 0; i < n; i++) {
                int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);

                if (high < 0 || low < 0)
                        return error_say(err, -EBADMSG, "a digest has lower-case hexadecimal digits only");
                d.bytes[i] = (uint8_t)(high << 4 | low);
        }
        *ret = d;
        return 0;
}

void hex_encode(const uint8_t *bytes, size_t n, char *ret)
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < n; i++) {
                ret[2 * i] = digits[bytes[i] >> 4];
                ret[2 * i + 1] = digits[bytes[i] & 15];
        }
        ret[2 * n] = 0;
}

const char *digest_text(const struct digest *digest, char text[static DIGEST_TEXT_MAX])
{
        text[0] = 0;
        if (digest->algorithm == DIGEST_NONE)
                return text;
        memcpy(text, digest->algorithm == DIGEST_SHA256 ? "sha256:" : "sha512:", 7);
        hex_encode(digest->bytes, digest_size(digest->algorithm), text + 7);
        return text;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
        return a->algorithm == b->algorithm && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct hash {
        EVP_MD_CTX *ctx;
        enum digest_algorithm algorithm;
};

static const EVP_MD *md_of(enum digest_algorithm algorithm)
{
        return algorithm == DIGEST_SHA512 ? sha512_md : sha256_md;
}

int hash_new(enum digest_algorithm algorithm, struct hash **ret, struct error *err)
{
        struct hash *h = calloc(1, sizeof(*h));

        if (!h)
                return error_oom(err);
        h->algorithm = algorithm;
        h->ctx = EVP_MD_CTX_new();
        if (!h->ctx || !digest_size(algorithm) || !md_of(algorithm) ||
            EVP_DigestInit_ex2(h->ctx, md_of(algorithm), NULL) != 1) {
                hash_free(h);
                return error_say(err, -ENOTSUP, "this digest can not be computed");
        }
        *ret = h;
        return 0;
}

struct hash *hash_free(struct hash *hash)
{
        if (hash) {
                EVP_MD_CTX_free(hash->ctx);
                free(hash);
        }
        return NULL;
}

void hash_update(struct hash *hash, const void *data, size_t n)
{
        EVP_DigestUpdate(hash->ctx, data, n);
}

void hash_finish(struct hash *hash, struct digest *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->algorithm = hash->algorithm;
        EVP_DigestFinal_ex(hash->ctx, ret->bytes, NULL);
        EVP_DigestInit_ex2(hash->ctx, md_of(hash->algorithm), NULL);
}

void hash_sha256(const void *data, size_t n, uint8_t ret[static SHA256_SIZE])
{
        EVP_Digest(data, n, ret, NULL, sha256_md, NULL);
}

uint32_t checksum_crc32c(uint32_t crc, const void *data, size_t n)
{
        const unsigned char *p = data;

        while (n) {
                int piece = n > 1 << 30 ? 1 << 30 : (int)n;

                crc = crc32_iscsi((unsigned char *)p, piece, crc);
                p += piece;
                n -= (size_t)piece;
        }
        return crc;
}
