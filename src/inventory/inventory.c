/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/inventory.h"
#include "inventory/detectors.h"

const struct detector *const inventory_detectors[] = {
        &os_release_detector,
        &dpkg_status_detector,
        &dpkg_owned_detector,
        &apk_detector,
        &rpm_detector,
        &rpm_wal_detector,
        &rpm_manifest_detector,
        &copyright_detector,
        &npm_detector,
        &npm_lock_detector,
        &yarn_lock_detector,
        &pnpm_lock_detector,
        &python_detector,
        &requirements_detector,
        &pipfile_lock_detector,
        &python_lock_detector,
        &cargo_lock_detector,
        &program_detector,
        &go_mod_detector,
        &jar_detector,
        &pom_detector,
        &gemspec_detector,
        &gemfile_lock_detector,
        &composer_detector,
        &composer_lock_detector,
        &dotnet_deps_detector,
        &nuget_lock_detector,
        NULL,
};
