/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: zip archives (PKWARE APPNOTE 6.3.x: 4.3 "General format", 4.5.3 "Zip64"), read by their central
 * directory. Entries that are encrypted, or neither stored nor deflated, can not be read. */
#ifndef TALLYMAN_INVENTORY_ZIP_H
#define TALLYMAN_INVENTORY_ZIP_H

#include "model/content.h"

#define ZIP_ENTRIES_MAX 1000000u

struct zip {
        struct content *content;
        uint64_t base;   /* bytes before the archive: a script that starts it, as a rule 0 */
        uint64_t at, end; /* of the central directory, what is left of it */
        uint64_t left;   /* entries */
        struct buf piece; /* of the central directory */
        size_t piece_at;
};

struct zip_entry {
        struct str name; /* as written; borrowed until the next call */
        uint16_t flags, method;
        uint64_t packed, size; /* bytes, as the directory says */
        uint64_t header;       /* where its local header is */
};

/* -EBADMSG: this is no zip archive, or one that is cut short. */
int zip_open(struct zip *zip, struct content *content, struct error *err) _must_check_;
void zip_done(struct zip *zip); /* also the _cleanup_ form */
/* 1 an entry, 0 the end, -EBADMSG. */
int zip_next(struct zip *zip, struct zip_entry *ret, struct error *err) _must_check_;
/* The entry's bytes, appended to `out`; more than `max` is -E2BIG. */
int zip_read(struct zip *zip, const struct zip_entry *entry, size_t max, struct buf *out, struct error *err) _must_check_;
/* Where a stored entry's bytes stand in the archive: 1; 0 if they are compressed. */
int zip_stored_at(struct zip *zip, const struct zip_entry *entry, uint64_t *ret, struct error *err) _must_check_;

#endif
