/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: rpm's databases. Three formats hold the same thing, headers of packages under numbers. */
#ifndef TALLYMAN_INVENTORY_RPM_H
#define TALLYMAN_INVENTORY_RPM_H

#include <stdint.h>

#include "model/content.h"
#include "model/record.h"

#define RPM_HEADER_MAX (32u << 20)    /* bytes of one package's header; the largest known have some MiB */
#define RPM_ALL_PATHS_MAX (256u << 20) /* bytes of the paths of all packages of a database */
#define RPM_DAMAGED_MAX 1000          /* damaged packages, then the rest is given up */

struct rpm_database {
        struct content *content;
        struct record_sink *sink;
        uint64_t header_bytes; /* so far; a database can not hold more than its own size */
        uint64_t path_bytes;   /* so far */
        uint32_t damaged;      /* so far */
};

/* Hands the packages of a database over, one by one, in constant memory. Damage of one package is a problem and the rest
 * is read on; a negative errno means that the database could not be read to its end. */
int rpm_read_sqlite(struct rpm_database *db, struct error *err) _must_check_;
int rpm_read_ndb(struct rpm_database *db, struct error *err) _must_check_;
int rpm_read_bdb(struct rpm_database *db, struct error *err) _must_check_;

/* For the readers: package `number` has this header, or could not be read because of `why`. Negative: read no more. */
int rpm_database_header(struct rpm_database *db, uint64_t number, struct str blob, struct error *err) _must_check_;
int rpm_database_damaged(struct rpm_database *db, uint64_t number, const struct error *why, struct error *err)
        _must_check_;

static inline uint32_t rpm_be32(const uint8_t *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t rpm_le32(const uint8_t *p)
{
        return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

#endif
