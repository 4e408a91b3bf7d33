/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signed file that holds several texts: an envelope whose payload is a JSON document,
 *   {"schema": "tallyman/bundle/v1", "kind": KIND, "created": RFC 3339, "files": [{"name", "text"}...]}
 * The order of the files means something (rule files are read in it) and is kept. What is made depends on nothing but what is
 * given, so the same files and time give the same bytes (docs/signing.md).
 */
#ifndef TALLYMAN_TRUST_BUNDLE_H
#define TALLYMAN_TRUST_BUNDLE_H

#include "trust/trust.h"

#define BUNDLE_TYPE "application/vnd.tallyman.bundle.v1+json"
#define BUNDLE_SCHEMA "tallyman/bundle/v1"
#define BUNDLE_KIND_RULES "rules"
#define BUNDLE_KIND_MAX 32
#define BUNDLE_FILES_MAX 1024
#define BUNDLE_NAME_MAX 255
#define BUNDLE_TIME_MAX 253402300799 /* the last second of the year 9999 */

struct bundle_file {
        struct str name; /* relative; see bundle_check_name() */
        struct str text; /* UTF-8 without NUL; ends with a NUL that is not counted where it comes from a bundle */
};

struct bundle {
        struct str kind;
        int64_t created; /* seconds since 1970, UTC */
        struct bundle_file *files;
        size_t n_files;                  /* at least one */
        struct arena *arena;             /* holds the above */
        struct trust_verified *verified; /* who signed it; NULL from bundle_parse() */
};

/* When what is made now is said to be made: SOURCE_DATE_EPOCH if it is set, else now. -EINVAL: it is no such number. */
int bundle_time(int64_t *ret, struct error *err) _must_check_;

/* 0: a name that a file in a bundle may have: UTF-8 of at most BUNDLE_NAME_MAX bytes, without control characters and
 * backslashes, whose parts between slashes are not empty, "." or "..". */
int bundle_check_name(struct str name, struct error *err) _must_check_;

/* Appends the signed bundle of `files`. -EINVAL: a name twice or not a name, a text that is not UTF-8, no file, a time before
 * 1970 …; -E2BIG. */
int bundle_make(const char *kind, int64_t created, const struct bundle_file *files, size_t n_files,
                struct sign_key *const *keys, size_t n_keys, struct buf *out, struct error *err) _must_check_;

/* Verifies `envelope` with trust_verify() and reads it; it may be anything, and is not needed afterwards. Errors as there;
 * moreover -EBADMSG what was signed is no bundle, -EMEDIUMTYPE a bundle of another kind (NULL: any will do), -ENOTSUP of
 * a later version. */
int bundle_open(struct str envelope, const char *kind, const struct trust_keys *keys, struct bundle **ret,
                struct error *err) _must_check_;
struct bundle *bundle_free(struct bundle *bundle);
DEFINE_FREEP(struct bundle, bundle_free)

/* The document within the envelope, for bundle_make(), bundle_open() and tests. Neither does I/O. */
int bundle_write(const char *kind, int64_t created, const struct bundle_file *files, size_t n_files, struct buf *out,
                 struct error *err) _must_check_;
int bundle_parse(struct str payload, struct bundle **ret, struct error *err) _must_check_;

#endif
