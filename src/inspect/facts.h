/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about an image at rest: the image, each of its packages, each of its files. What rules of these sources read. */
#ifndef TALLYMAN_INSPECT_FACTS_H
#define TALLYMAN_INSPECT_FACTS_H

#include "model/field.h"
#include "model/file.h"
#include "model/image.h"
#include "model/package.h"

/* Everything is borrowed and stays as long as facts are read. */
struct image_fact {
        const struct image *image;
        const struct distribution *distribution; /* NULL: none was found */
        int64_t now; /* seconds since the epoch: ages are counted to here */
};

struct package_fact {
        const struct package *package;
        struct str purl;
        struct str path; /* of the database that names it */
        uint32_t layer;
        struct str owned_by; /* purl of what ships it, empty: nothing */
};

struct file_fact {
        const struct file_entry *entry;
        struct str package; /* purl of its owner, empty: none */
        bool owner_known;   /* false: nobody looked for an owner */
};

extern const struct fact_source image_source;
extern const struct fact_source package_source;
extern const struct fact_source file_source;

/* ---- private to inspect/ ---- */

/* A function that reads a field. */
#define GETTER(name)                                                                                             \
        static void name(const struct field *field, const struct fact *fact, const struct field_argument *argument, \
                         struct value_scratch *scratch, struct value *ret)

/* A list of texts as a value. */
struct value value_of_texts(const char *const *texts, uint32_t n, struct value_scratch *scratch);

#endif
