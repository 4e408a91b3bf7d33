/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database file, version DB_VERSION. Written once from start to end, never changed, mapped for reading. All numbers are
 * little-endian; sections begin at multiples of 8 and follow the header in the order of `enum db_section`.
 *
 *   header, DB_HEADER_SIZE bytes:
 *     0   "TALLYVDB"
 *     8   u32 version
 *     12  u32 CRC-32C of the header, counted with zeros here
 *     16  u64 size of the file
 *     24  u64 made at, in seconds since 1970
 *     32  SHA-256 of all behind the header
 *     64  for each section: u64 offset, u64 size
 *   DB_RECORDS   one record after the other, each at a multiple of 8:
 *                u32 size of the record, u32 CRC-32C of what follows, u64 when the publisher's list says that it was changed
 *                (microseconds; tells what is new), u32 number of the directory it came from, u32 0, the record (record.h)
 *   DB_PACKAGES  entries: hash of ecosystem and package name, place of the record, where in the record the package's part is
 *   DB_IDS       entries: hash of an identifier, place of the record, what the identifier is to it (enum db_id_kind)
 *   DB_EPSS      entries: CVE, score, percentile; both in hundred-thousandths
 *   DB_KEV       entries: CVE, day it was added, day it is due; days as the number YYYYMMDD, the top bit of the second for
 *                use in ransomware campaigns
 *   DB_CONTENTS  what the database is made of (db_contents_encode())
 *
 * An entry is u64 key, u32 a, u32 b; entries are sorted by these. A place is an offset in DB_RECORDS divided by 8. A hash is the
 * first 8 bytes of a SHA-256, so whoever looks something up compares the names as well. A CVE is its year times 2^32 and its
 * number.
 *
 * A reader checks the header and that the sections are in the file, when it opens it; every record when it is looked at, by
 * its checksum and by its bounds; the digest only where the file came from elsewhere.
 */
#ifndef TALLYMAN_VULN_DB_FORMAT_H
#define TALLYMAN_VULN_DB_FORMAT_H

#include <endian.h>

#include "base/hash.h"
#include "base/str.h"

#define DB_MAGIC "TALLYVDB"
#define DB_VERSION 1
#define DB_HEADER_SIZE 256
#define DB_RECORD_HEADER 24
#define DB_ENTRY_SIZE 16

enum db_section { DB_RECORDS, DB_PACKAGES, DB_IDS, DB_EPSS, DB_KEV, DB_CONTENTS, DB_SECTIONS };

enum db_id_kind { DB_ID_OWN, DB_ID_ALIAS, DB_ID_UPSTREAM, DB_ID_RELATED };

#define DB_KEV_RANSOMWARE 0x80000000u

struct db_entry {
        uint64_t key;
        uint32_t a, b;
};
_Static_assert(sizeof(struct db_entry) == DB_ENTRY_SIZE, "entries are kept as they are");

static inline int db_entry_compare(const void *p, const void *q)
{
        const struct db_entry *x = p, *y = q;

        if (x->key != y->key)
                return x->key < y->key ? -1 : 1;
        if (x->a != y->a)
                return x->a < y->a ? -1 : 1;
        return x->b == y->b ? 0 : x->b < y->b ? -1 : 1;
}

/* Names are as the ecosystem compares them: PyPI's by PEP 503, those of NuGet, Packagist and Bitnami in lower case. The
 * ecosystem counts without its suffix. */
uint64_t db_hash_package(struct str ecosystem, struct str name);
bool db_same_package(struct str ecosystem, struct str a, struct str b);
uint64_t db_hash_id(struct str id);
/* "CVE-2024-1234"; 0: it is none. */
uint64_t db_cve(struct str id);

#endif
