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
        NULL,
};
