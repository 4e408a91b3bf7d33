/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: what a Java archive says of itself (jar_names.c), for the walk through archives (jar.c). */
#ifndef TALLYMAN_INVENTORY_JAR_H
#define TALLYMAN_INVENTORY_JAR_H

#include "base/error.h"
#include "base/str.h"

/* True for the names of archives that hold Java programs. */
bool jar_is_archive(struct str name);

/* "commons-lang3-3.12.0.jar" is commons-lang3 and 3.12.0; without a number after a hyphen the version is empty. */
void jar_split_name(struct str file_name, struct str *ret_artifact, struct str *ret_version);

/* Of META-INF/MANIFEST.MF ("JAR File Specification"), the main section. */
struct jar_manifest {
        struct buf implementation_version, specification_version, bundle_version;
        struct buf vendor_id, symbolic_name, license;
};
int jar_read_manifest(struct str text, struct jar_manifest *ret, struct error *err) _must_check_;
void jar_manifest_done(struct jar_manifest *m); /* also the _cleanup_ form */
struct str jar_manifest_version(const struct jar_manifest *m);
/* The group, where the manifest knows it for this artifact; else empty. */
struct str jar_manifest_group(const struct jar_manifest *m, struct str artifact);

/* Of META-INF/maven/GROUP/ARTIFACT/pom.properties (java.util.Properties). */
struct jar_properties {
        struct buf group, artifact, version;
};
int jar_read_properties(struct str text, struct jar_properties *ret, struct error *err) _must_check_;
void jar_properties_done(struct jar_properties *p); /* also the _cleanup_ form */

#endif
