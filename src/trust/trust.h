/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to trust, and whether bytes are by them. Every loader of something signed (rule bundles, profiles, data) goes through
 * trust_verify(), which gives out the content only if it is in order.
 */
#ifndef TALLYMAN_TRUST_TRUST_H
#define TALLYMAN_TRUST_TRUST_H

#include "base/error.h"
#include "base/mem.h"
#include "base/sign.h"
#include "base/str.h"
#include "trust/dsse.h"

#define TRUST_KEYS_MAX 256
#define TRUST_CHECKED_MAX (512ull << 20) /* bytes: each check of a signature with a key reads all that is signed */

/* ---- trusted keys ---- */

struct trust_key {
        struct sign_key *key; /* public */
        char *path;           /* where it was read from */
};

/* {0} is a valid empty set. Each key once. */
struct trust_keys {
        struct trust_key *items;
        size_t n, cap;
        char **refused; /* messages: files that are not taken, and what to do; the command shows them as warnings */
        size_t n_refused, cap_refused;
};

void trust_keys_done(struct trust_keys *keys); /* also the _cleanup_ form */

/* A public key that the user named: whoever may write the file. Fails like trust_public_key_read() (trust/key_file.h). */
int trust_keys_add_file(struct trust_keys *keys, const char *path, struct error *err) _must_check_;

/* *.pub in keys/ below the directory `config`, in the order of their names. That nothing is there is no error. A key counts only
 * if root or this user owns it, the directory and `config`, and nobody else may write to them; what does not count is added to
 * `refused`. -E2BIG: more than TRUST_KEYS_MAX. */
int trust_keys_add_directory(struct trust_keys *keys, const char *config, struct error *err) _must_check_;

/* The keys that are trusted where the user names none: of /etc/tallyman, and of $XDG_CONFIG_HOME/tallyman (where that is not
 * set, of ~/.config/tallyman). */
int trust_keys_add_standard(struct trust_keys *keys, struct error *err) _must_check_;

/* The key with this id, or NULL. */
const struct trust_key *trust_keys_find(const struct trust_keys *keys, struct str id);

/* ---- verifying ---- */

struct trust_verified {
        struct str type, payload;                             /* borrowed from `envelope` */
        const struct trust_key *signers[DSSE_SIGNATURES_MAX]; /* each once; borrowed from the set of keys */
        size_t n_signers;                                     /* at least one */
        struct dsse *envelope;
};

/* Reads `envelope` and checks it against `keys`. 0: at least one key of the set signed it, and it is of type `type` (NULL: of
 * any). A signature that is by nobody in the set is passed over if another counts. Otherwise no content is given:
 *   -EBADMSG      damaged: it is no envelope, or what a trusted key signed was something else
 *   -ENOKEY       no signature by a trusted key
 *   -EMEDIUMTYPE  signed by a trusted key, but as another type
 *   -E2BIG        a limit was reached */
int trust_verify(struct str envelope, const char *type, const struct trust_keys *keys, struct trust_verified **ret,
                 struct error *err) _must_check_;
struct trust_verified *trust_verified_free(struct trust_verified *verified);
DEFINE_FREEP(struct trust_verified, trust_verified_free)

#endif
