/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: what the detectors of language packages share. */
#ifndef TALLYMAN_INVENTORY_LANGUAGE_H
#define TALLYMAN_INVENTORY_LANGUAGE_H

#include "base/json_reader.h"
#include "model/detector.h"

#define LANGUAGE_NAME_MAX 512u     /* bytes of a name that is taken for one */
#define LANGUAGE_VERSION_MAX 256u
#define LANGUAGE_LICENSES_MAX 16u
#define LANGUAGE_LICENSE_MAX 256u  /* bytes; longer ones are text where a name should be */
#define LOCKFILE_MAX (1ull << 30)  /* bytes: they are read in constant memory */
#define MANIFEST_MAX (64ull << 20) /* bytes of the description of one package */

/* The packages of one file. {0} with sink, type and evidence set is a valid one. */
struct language {
        struct record_sink *sink;
        const char *type; /* purl type */
        enum package_evidence evidence;
        size_t n, left_out;
        char first_left_out[LANGUAGE_NAME_MAX];
};

/* Emits one. A name or version that nothing can have (empty, blanks in it, longer than the limits, not UTF-8) leaves the
 * package out, which language_done() tells; the version may be empty where it is unknown. */
int language_package(struct language *l, const struct package *package, struct error *err) _must_check_;
/* The same of a name and a version alone. */
int language_pair(struct language *l, struct str name, struct str version, bool development, struct error *err) _must_check_;
/* To be called at the end, whatever happened before. */
void language_done(struct language *l);

/* What is kept of a package while its description is being read. {0} is empty. */
struct language_entry {
        struct buf name, version;
        struct buf licenses; /* each ended by a newline */
        uint32_t n_licenses; /* no more than LANGUAGE_LICENSES_MAX: others are left out */
        bool development;
        bool skip; /* it is no package after all */
};

void language_entry_clear(struct language_entry *e);
void language_entry_done(struct language_entry *e); /* also the _cleanup_ form */
/* Adds a licence, once; what looks like no name of one is left out. */
void language_entry_license(struct language_entry *e, struct str license);
/* Emits it, unless it is to be skipped. */
int language_emit(struct language *l, const struct language_entry *e, struct error *err) _must_check_;

/* `out` becomes the event's text, if it is one. 0 or -ENOMEM. */
int language_text(const struct json_event *event, struct buf *out, struct error *err) _must_check_;
/* Each line, without its end; one of more than `max` bytes is -E2BIG. */
int language_lines(struct content *content, size_t max, int (*each)(void *ctx, struct str line, struct error *err), void *ctx,
                   struct error *err) _must_check_;
/* Opens a JSON document that is to be an object, whose members `each` is then called for. */
int language_json(struct content *content,
                  int (*each)(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err), void *ctx,
                  struct error *err) _must_check_;

/* For lockfiles: false for those that came along inside an installed package, since they say nothing of what is there. */
bool language_wants_lockfile(struct str path);
/* The component of `path` before its last, and so on: 0 is the name itself. Empty if there is none. */
struct str language_component(struct str path, unsigned from_end);

#endif
