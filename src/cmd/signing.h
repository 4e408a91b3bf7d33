/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands that sign and verify: the options that mean the same in all of them. */
#ifndef TALLYMAN_CMD_SIGNING_H
#define TALLYMAN_CMD_SIGNING_H

#include "cmd/command.h"
#include "trust/trust.h"

/* The private keys of --key, each once. {0} is a valid empty set. */
struct signers {
        struct sign_key *keys[DSSE_SIGNATURES_MAX];
        size_t n;
};

/* Decrypted with the passphrase of --passphrase-file or the environment. -EINVAL: there is no --key, or too many. */
int signers_open(const struct arguments *args, struct signers *ret, struct error *err) _must_check_;
void signers_done(struct signers *signers); /* also the _cleanup_ form */

/* The keys of --trust, else those that are trusted here always; what is refused of the latter is warned of. */
int trusted_open(const struct arguments *args, struct trust_keys *ret, struct error *err) _must_check_;

/* Says of which file an error of trust_verify() or bundle_open() is, and what to do. Returns the code. */
int untrusted(int code, const char *path, struct error *err);

/* A line on who signed it: "signed by ID (FILE)". */
void print_signers(const struct trust_verified *verified, struct buf *out);

#endif
