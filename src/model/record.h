/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a detector learned from one file, kept with the layer that has the file. Records are joined into an image's
 * inventory later (pipeline/), when it is known which files of which layers are visible.
 */
#ifndef TALLYMAN_MODEL_RECORD_H
#define TALLYMAN_MODEL_RECORD_H

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "model/package.h"

enum record_kind {
        RECORD_PACKAGE = 1,  /* struct package */
        RECORD_OWNED,        /* the files of one package: key, then paths */
        RECORD_LICENSES,     /* the licences of the package whose documentation this file is */
        RECORD_DISTRIBUTION, /* struct distribution */
        RECORD_KIND_MAX,
};

/* A list of strings in a record: a count, then each. */
struct record_list {
        uint32_t n;
        struct wire_reader reader; /* positioned at the first */
};

/* Where detectors put what they find. `emit` copies. */
struct record_sink {
        int (*emit)(void *ctx, enum record_kind kind, struct str payload, struct error *err);
        /* Something in the file was wrong but the rest was read: "line 12: …". Never ends the reading. */
        void (*problem)(void *ctx, const char *what);
        void *ctx;
};

int record_package(struct record_sink *sink, const struct package *package, struct error *err) _must_check_;
/* Paths as the database has them (a leading slash is fine). `key` as in struct package. */
int record_owned(struct record_sink *sink, struct str key, const struct str *paths, size_t n, struct error *err) _must_check_;
int record_licenses(struct record_sink *sink, const struct str *licenses, size_t n, struct error *err) _must_check_;
int record_distribution(struct record_sink *sink, const struct distribution *d, struct error *err) _must_check_;
void record_problem(struct record_sink *sink, const char *fmt, ...) _printf_(2, 3);

/* Decoding of the kinds that are lists. 0 or -EBADMSG. */
int record_owned_decode(struct str payload, struct str *ret_key, struct record_list *ret_paths);
int record_licenses_decode(struct str payload, struct record_list *ret);
struct str record_list_next(struct record_list *list);

#endif
