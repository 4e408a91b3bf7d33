/* SPDX-License-Identifier: Apache-2.0 */
/* What makers and readers of bundles hold to alike. All give -EINVAL. */
#ifndef TALLYMAN_TRUST_BUNDLE_PRIVATE_H
#define TALLYMAN_TRUST_BUNDLE_PRIVATE_H

#include "trust/bundle.h"

#define BUNDLE_TIME_TEXT sizeof("2024-01-01T00:00:00Z")

int bundle_check_kind(struct str kind, struct error *err) _must_check_;
int bundle_check_unique(const struct bundle_file *files, size_t n, struct error *err) _must_check_;
int bundle_time_text(int64_t created, char ret[static BUNDLE_TIME_TEXT], struct error *err) _must_check_;

#endif
