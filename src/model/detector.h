/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A detector reads one kind of file of an image, in a worker. The layer pass offers a file only to detectors one of
 * whose patterns wants it.
 */
#ifndef TALLYMAN_MODEL_DETECTOR_H
#define TALLYMAN_MODEL_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/content.h"
#include "model/file.h"
#include "model/record.h"

enum pattern_kind {
        PATTERN_PATH = 1,   /* exactly this path */
        PATTERN_DIRECTORY,  /* directly in this directory; with `suffix` only names that end so */
        PATTERN_NAME,       /* any file of this name, anywhere */
        PATTERN_SUFFIX,     /* any file whose name ends so, anywhere */
        PATTERN_EACH_BELOW, /* path is DIR/<one component>/NAME: text "DIR", suffix "NAME" */
        PATTERN_HEAD,       /* any file whose first four bytes are `text`, wherever it is */
};

struct pattern {
        enum pattern_kind kind;
        const char *text;
        const char *suffix; /* may be NULL */
};

struct detector_file {
        const struct file_entry *entry;
        struct content *content;
};

struct detector {
        const char *name;     /* as in problems and the cache key */
        uint32_t version;     /* raise it whenever the same bytes would give other records */
        const struct pattern *patterns;
        uint32_t n_patterns;
        /* A second look at a path that a pattern wants; NULL: all of them are wanted. */
        bool (*wants)(struct str path);
        uint64_t max_size;    /* bytes; a larger file is a problem, not read */
        /* Emits records for one regular file. A negative errno with a message means the file could not be understood:
         * it becomes a problem of this file, what was emitted before stays. */
        int (*read)(const struct detector_file *file, struct record_sink *sink, struct error *err);
};

/* A set of detectors, ready to be asked. At most 64 detectors. */
struct detector_set;

int detector_set_new(const struct detector *const *detectors, size_t n, struct detector_set **ret, struct error *err) _must_check_;
struct detector_set *detector_set_free(struct detector_set *set);
DEFINE_FREEP(struct detector_set, detector_set_free)
/* A bit per detector that wants this path. Exact paths, directories and names are one hash look-up each. */
uint64_t detector_set_match(const struct detector_set *set, struct str path);
/* The same by the first bytes of a file: DETECTOR_HEAD of them, or all there are. */
#define DETECTOR_HEAD 4
uint64_t detector_set_match_head(const struct detector_set *set, const void *head, size_t n);
const struct detector *detector_set_get(const struct detector_set *set, unsigned index);
unsigned detector_set_count(const struct detector_set *set);
/* A text that changes when any detector's name or version does: "dpkg=3,apk=1,…". */
const char *detector_set_version(const struct detector_set *set);

#endif
