/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold keys and passphrases. */
#ifndef TALLYMAN_TRUST_KEY_FILE_H
#define TALLYMAN_TRUST_KEY_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/sign.h"

#define TRUST_PASSPHRASE_VARIABLE "TALLYMAN_KEY_PASSPHRASE"

/* The passphrase for private keys: the first line of `file`; with NULL, of the environment; empty where neither has one.
 * -EPERM: others can read the file. */
int trust_passphrase(const char *file, struct secret *ret, struct error *err) _must_check_;

/* Reads a private key. -EPERM: others can read or change the file; -EINVAL: it is a public one; else as sign_key_read(). Pipes
 * will do, for this and for the passphrase. */
int trust_private_key_read(const char *path, struct str passphrase, struct sign_key **ret, struct error *err) _must_check_;
/* Reads a public key. -EINVAL: it is a private one, which should not lie about. */
int trust_public_key_read(const char *path, struct sign_key **ret, struct error *err) _must_check_;
/* Reads either, whoever can read the file. */
int trust_key_read(const char *path, struct str passphrase, struct sign_key **ret, struct error *err) _must_check_;
/* Reads a public key from an open file that `path` names in messages. */
int trust_public_key_read_fd(int fd, const char *path, struct sign_key **ret, struct error *err) _must_check_;

/* Writes PREFIX.key (mode 0600; encrypted unless `passphrase` is empty) and PREFIX.pub: both or none, on the disk when this
 * returns. -EEXIST: one is there, and `force` is not set. */
int trust_key_pair_write(const char *prefix, const struct sign_key *key, struct str passphrase, bool force,
                         struct error *err) _must_check_;

#endif
