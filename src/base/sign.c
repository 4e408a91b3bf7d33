/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/hash.h"
#include "base/sign.h"

#define ALGORITHM "ED25519"
#define KEY_ITERATIONS 600000 /* of PBKDF2, where we encrypt: a fifth of a second */

struct sign_key {
        EVP_PKEY *pkey;
        bool is_private;
        bool was_encrypted;
        char id[SIGN_KEY_ID_TEXT];
};

/* What OpenSSL allocated. */
#define DEFINE_OPENSSL_FREE(type, fn)       \
        static inline void fn##_p(type **p) \
        {                                   \
                fn(*p);                     \
        }
DEFINE_OPENSSL_FREE(BIO, BIO_free_all)
DEFINE_OPENSSL_FREE(EVP_PKEY, EVP_PKEY_free)
DEFINE_OPENSSL_FREE(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_OPENSSL_FREE(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
DEFINE_OPENSSL_FREE(X509_SIG, X509_SIG_free)

int secret_alloc(struct secret *secret, size_t n, struct error *err)
{
        char *data = n < SIZE_MAX ? calloc(1, n + 1) : NULL;

        if (!data)
                return error_oom(err);
        *secret = (struct secret){ data, n };
        return 0;
}

void secret_free(struct secret *secret)
{
        if (secret->data)
                OPENSSL_cleanse(secret->data, secret->n);
        free(secret->data);
        *secret = (struct secret){ 0 };
}

/* OpenSSL keeps what went wrong in a queue of the thread, which must not grow. */
static int failed(const char *what, struct error *err)
{
        const char *why = ERR_reason_error_string(ERR_peek_last_error());

        error_say(err, -EIO, "%s: OpenSSL says '%s'", what, why ? why : "nothing");
        ERR_clear_error();
        return -EIO;
}

/* ---- keys ---- */

static int set_id(struct sign_key *key, struct error *err)
{
        uint8_t digest[SHA256_SIZE];
        unsigned char *der = NULL;
        int n = i2d_PUBKEY(key->pkey, &der);
        bool done = n > 0 && EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL) == 1;

        OPENSSL_free(der);
        if (!done)
                return failed("compute the id of a key", err);
        hex_encode(digest, sizeof(digest), key->id);
        return 0;
}

/* Takes `pkey` over, also where it fails. */
static int new_key(EVP_PKEY *pkey, bool is_private, struct sign_key **ret, struct error *err)
{
        _cleanup_(sign_key_freep) struct sign_key *key = calloc(1, sizeof(*key));
        const char *algorithm;
        int r;

        if (!key) {
                EVP_PKEY_free(pkey);
                return error_oom(err);
        }
        key->pkey = pkey;
        key->is_private = is_private;
        if (!EVP_PKEY_is_a(pkey, ALGORITHM)) {
                algorithm = EVP_PKEY_get0_type_name(pkey);
                return error_say(err, -ENOTSUP, "it is a key of algorithm %s, and only Ed25519 is supported",
                                 algorithm ? algorithm : "unknown");
        }
        r = set_id(key, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(key);
        return 0;
}

int sign_key_generate(struct sign_key **ret, struct error *err)
{
        EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, ALGORITHM);

        return pkey ? new_key(pkey, true, ret, err) : failed("make a key", err);
}

struct sign_key *sign_key_free(struct sign_key *key)
{
        if (key) {
                EVP_PKEY_free(key->pkey); /* wipes the private half */
                free(key);
        }
        return NULL;
}

bool sign_key_is_private(const struct sign_key *key)
{
        return key->is_private;
}

bool sign_key_was_encrypted(const struct sign_key *key)
{
        return key->was_encrypted;
}

const char *sign_key_id(const struct sign_key *key)
{
        return key->id;
}

/* ---- reading ---- */

/* One block of a PEM text. */
struct block {
        char *label, *header;
        unsigned char *der;
        long n;
};

static void block_done(struct block *b)
{
        OPENSSL_free(b->label);
        OPENSSL_free(b->header);
        if (b->der)
                OPENSSL_clear_free(b->der, (size_t)b->n);
}

static int malformed(struct error *err)
{
        ERR_clear_error();
        return error_say(err, -EBADMSG, "it is not a key in PEM, or it is damaged");
}

static int read_public(const struct block *b, struct sign_key **ret, struct error *err)
{
        const unsigned char *p = b->der;
        EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, b->n);

        if (!pkey || p != b->der + b->n) {
                EVP_PKEY_free(pkey);
                return malformed(err);
        }
        return new_key(pkey, false, ret, err);
}

static int from_info(const PKCS8_PRIV_KEY_INFO *info, struct sign_key **ret, struct error *err)
{
        EVP_PKEY *pkey = EVP_PKCS82PKEY(info);

        return pkey ? new_key(pkey, true, ret, err) : malformed(err);
}

static int read_private(const struct block *b, struct sign_key **ret, struct error *err)
{
        const unsigned char *p = b->der;
        _cleanup_(PKCS8_PRIV_KEY_INFO_free_p) PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, b->n);

        if (!info || p != b->der + b->n)
                return malformed(err);
        return from_info(info, ret, err);
}

static int check_passphrase(struct str passphrase, struct error *err)
{
        if (passphrase.n > SIGN_PASSPHRASE_MAX)
                return error_say(err, -EINVAL, "a passphrase has at most %d bytes", SIGN_PASSPHRASE_MAX);
        return 0;
}

static int read_encrypted(const struct block *b, struct str passphrase, struct sign_key **ret, struct error *err)
{
        const unsigned char *p = b->der;
        _cleanup_(X509_SIG_free_p) X509_SIG *sealed = d2i_X509_SIG(NULL, &p, b->n);
        _cleanup_(PKCS8_PRIV_KEY_INFO_free_p) PKCS8_PRIV_KEY_INFO *info = NULL;
        int r;

        if (!sealed || p != b->der + b->n)
                return malformed(err);
        if (!passphrase.n)
                return error_say(err, -ENOKEY, "it is encrypted, and no passphrase was given");
        r = check_passphrase(passphrase, err);
        if (r < 0)
                return r;
        info = PKCS8_decrypt(sealed, passphrase.p, (int)passphrase.n);
        if (!info) {
                ERR_clear_error();
                return error_say(err, -EACCES, "the passphrase is another one, or the key is damaged");
        }
        r = from_info(info, ret, err);
        if (r == 0)
                (*ret)->was_encrypted = true;
        return r;
}

int sign_key_read(struct str pem, struct str passphrase, struct sign_key **ret, struct error *err)
{
        _cleanup_(BIO_free_all_p) BIO *bio = NULL;
        _cleanup_(block_done) struct block b = { 0 };

        if (pem.n > SIGN_KEY_FILE_MAX)
                return error_say(err, -E2BIG, "it is larger than %u bytes, so it is not a key", SIGN_KEY_FILE_MAX);
        bio = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
        if (!bio)
                return error_oom(err);
        if (PEM_read_bio(bio, &b.label, &b.header, &b.der, &b.n) != 1)
                return malformed(err);
        if (strcmp(b.label, "PUBLIC KEY") == 0)
                return read_public(&b, ret, err);
        if (strcmp(b.label, "PRIVATE KEY") == 0)
                return read_private(&b, ret, err);
        if (strcmp(b.label, "ENCRYPTED PRIVATE KEY") == 0)
                return read_encrypted(&b, passphrase, ret, err);
        return error_say(err, -ENOTSUP, "it holds a '%.40s', expected a private key (PKCS#8) or a public key", b.label);
}

/* ---- writing ---- */

static int put_private(BIO *bio, const struct sign_key *key, struct str passphrase)
{
        _cleanup_(PKCS8_PRIV_KEY_INFO_free_p) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
        _cleanup_(X509_SIG_free_p) X509_SIG *sealed = NULL;

        if (!info)
                return -EIO;
        if (!passphrase.n)
                return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1 ? 0 : -EIO;
        sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), passphrase.p, (int)passphrase.n, NULL, 0, KEY_ITERATIONS, info);
        return sealed && PEM_write_bio_PKCS8(bio, sealed) == 1 ? 0 : -EIO;
}

int sign_key_write_private(const struct sign_key *key, struct str passphrase, struct secret *ret, struct error *err)
{
        _cleanup_(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
        char *text;
        long n;
        int r = check_passphrase(passphrase, err);

        if (r < 0)
                return r;
        if (!bio)
                return error_oom(err);
        if (put_private(bio, key, passphrase) < 0)
                return failed("write a private key", err);
        n = BIO_get_mem_data(bio, &text);
        r = secret_alloc(ret, (size_t)n, err);
        if (r == 0)
                memcpy(ret->data, text, (size_t)n);
        return r;
}

int sign_key_write_public(const struct sign_key *key, struct buf *out, struct error *err)
{
        _cleanup_(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
        char *text;
        long n;

        if (!bio)
                return error_oom(err);
        if (PEM_write_bio_PUBKEY(bio, key->pkey) != 1)
                return failed("write a public key", err);
        n = BIO_get_mem_data(bio, &text);
        buf_add(out, text, (size_t)n);
        return buf_ok(out) ? 0 : error_oom(err);
}

/* ---- signatures ---- */

int sign_make(const struct sign_key *key, struct str data, uint8_t ret[static SIGNATURE_SIZE], struct error *err)
{
        _cleanup_(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        const unsigned char *p = (const unsigned char *)(data.n ? data.p : "");
        size_t n = SIGNATURE_SIZE;

        if (!ctx)
                return error_oom(err);
        if (!key->is_private)
                return error_say(err, -EINVAL, "a public key can not sign");
        if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 || EVP_DigestSign(ctx, ret, &n, p, data.n) != 1 ||
            n != SIGNATURE_SIZE)
                return failed("sign", err);
        return 0;
}

int sign_check(const struct sign_key *key, struct str data, struct str signature, struct error *err)
{
        _cleanup_(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        const unsigned char *p = (const unsigned char *)(data.n ? data.p : "");

        if (!ctx)
                return error_oom(err);
        if (signature.n != SIGNATURE_SIZE)
                return error_say(err, -EKEYREJECTED, "a signature has %d bytes, not %zu", SIGNATURE_SIZE, signature.n);
        if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) != 1)
                return failed("check a signature", err);
        if (EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n, p, data.n) == 1)
                return 0;
        ERR_clear_error();
        return error_say(err, -EKEYREJECTED, "the signature is not by this key, or not over these bytes");
}
