/* SPDX-License-Identifier: Apache-2.0 */
/* Package databases and os-release: the detectors that read them, and names derived from what they say. */
#ifndef TALLYMAN_INVENTORY_INVENTORY_H
#define TALLYMAN_INVENTORY_INVENTORY_H

#include "model/detector.h"
#include "model/package.h"

/* All detectors of this room, ended by NULL. */
extern const struct detector *const inventory_detectors[];

/* Appends the package URL (ECMA-427): "pkg:deb/debian/libssl3@3.0.15-1?arch=amd64&distro=debian-12&upstream=openssl".
 * Namespace and distro qualifier come from `d` (NULL: left out), and only for types that distributions use; rpm's epoch
 * is a qualifier; `upstream` is there where the source package differs in name or version. */
void package_url(const struct package *package, const struct distribution *d, struct buf *out);

/* Last day of freely available security support ("2028-06-30"), and codename, of a release; NULL if unknown or none. A
 * version may say more than the release: "3.20.3" of alpine is 3.20, "9.4" of rhel is 9. CentOS Stream goes by the id
 * "centos-stream", since its os-release says "centos" as that of CentOS Linux does. */
const char *distribution_end_of_life(struct str id, struct str version_id);
const char *distribution_codename(struct str id, struct str version_id);

#endif
