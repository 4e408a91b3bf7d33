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

#endif
