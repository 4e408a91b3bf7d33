/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory/: its detectors. */
#ifndef TALLYMAN_INVENTORY_DETECTORS_H
#define TALLYMAN_INVENTORY_DETECTORS_H

#include "model/detector.h"

extern const struct detector dpkg_status_detector;
extern const struct detector dpkg_owned_detector;
extern const struct detector apk_detector;
extern const struct detector os_release_detector;
extern const struct detector copyright_detector;
extern const struct detector rpm_detector;
extern const struct detector rpm_wal_detector;
extern const struct detector rpm_manifest_detector;

/* Of languages: those that are installed, and what lockfiles and manifests declare. */
extern const struct detector npm_detector;
extern const struct detector npm_lock_detector;
extern const struct detector yarn_lock_detector;
extern const struct detector pnpm_lock_detector;
extern const struct detector python_detector;
extern const struct detector requirements_detector;
extern const struct detector pipfile_lock_detector;
extern const struct detector python_lock_detector;
extern const struct detector cargo_lock_detector;
extern const struct detector program_detector;
extern const struct detector go_mod_detector;
extern const struct detector jar_detector;
extern const struct detector pom_detector;
extern const struct detector gemspec_detector;
extern const struct detector gemfile_lock_detector;
extern const struct detector composer_detector;
extern const struct detector composer_lock_detector;
extern const struct detector dotnet_deps_detector;
extern const struct detector nuget_lock_detector;

#endif
