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

/* For "%.*s" in a problem's text: what an image calls something may be a megabyte long, a problem must not be. */
#define SHOWN_MAX 100
#define SHOWN_ARG(s) (int)MIN_OF((s).n, (size_t)SHOWN_MAX), (s).n ? (s).p : ""

#endif
