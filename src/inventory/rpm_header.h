/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to inventory/: the header of an rpm package, as rpm's databases hold it (rpm's docs/manual/format_header.md,
 * without the magic and the reserved bytes): u32 entries, u32 bytes of data, entries of 16 bytes, data; big-endian.
 */
#ifndef TALLYMAN_INVENTORY_RPM_HEADER_H
#define TALLYMAN_INVENTORY_RPM_HEADER_H

#include "base/error.h"
#include "base/str.h"
#include "model/package.h"

#define RPM_ENTRIES_MAX 65535      /* as rpm itself has it */
#define RPM_FILES_MAX (1u << 20)   /* of one package */
#define RPM_PATHS_MAX (32u << 20)  /* bytes of the paths of one package */

enum rpm_field {
        RPM_NAME,
        RPM_VERSION,
        RPM_RELEASE,
        RPM_EPOCH,
        RPM_VENDOR,
        RPM_LICENSE,
        RPM_ARCH,
        RPM_OLD_FILE_NAMES,
        RPM_FILE_STATES,
        RPM_SOURCE_RPM,
        RPM_DIR_INDEXES,
        RPM_BASE_NAMES,
        RPM_DIR_NAMES,
        RPM_MODULE,
        RPM_FIELDS,
};

/* What one entry says. Its values start at data[offset]; only that offset has been checked to be inside. */
struct rpm_entry {
        uint32_t type; /* 0: there is no such entry */
        uint32_t offset;
        uint32_t count;
};

struct rpm_header {
        const uint8_t *data; /* borrowed from the blob */
        uint32_t size;
        struct rpm_entry fields[RPM_FIELDS];
};

/* -EBADMSG: counts, sizes or places do not fit the blob. */
int rpm_header_parse(struct str blob, struct rpm_header *ret, struct error *err) _must_check_;

/* The package's name, if the header has one; for messages. */
struct str rpm_header_name(const struct rpm_header *header);

/* True for what `rpm --import` leaves: a key of rpm's keyring, kept as a header that names no software and no file. */
bool rpm_header_is_key(const struct rpm_header *header);

/* A package as `rpm -qa` shows it: the version is "%{EVR}", the key "%{NEVRA}". Borrowed from the blob, from `text`
 * (cleared first) and from `license`. */
int rpm_header_package(const struct rpm_header *header, struct buf *text, struct str *license, struct package *ret,
                       struct error *err) _must_check_;

/* "NAME-VERSION-RELEASE.src.rpm" (or .nosrc.rpm) taken apart; false (and nothing set) for anything else. */
bool rpm_split_source(struct str file_name, struct str *ret_name, struct str *ret_version);

/* The paths of the files that the package put where they are: files that were not installed, or that another package
 * replaced, are left out. */
struct rpm_paths {
        struct str *paths;
        size_t n;
        struct buf text; /* what they point into, if not into the blob */
};

/* -E2BIG: more than RPM_FILES_MAX files, or `max` bytes. */
int rpm_header_paths(const struct rpm_header *header, uint64_t max, struct rpm_paths *ret, struct error *err) _must_check_;
void rpm_paths_done(struct rpm_paths *paths); /* also the _cleanup_ form */

#endif
