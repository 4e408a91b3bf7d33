/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_TRUST_TRUST_PRIVATE_H
#define TALLYMAN_TRUST_TRUST_PRIVATE_H

#include "base/json.h"

/* A writer of compact JSON that appends to `out`. */
int trust_json_writer(struct buf *out, struct json_writer **ret, struct error *err) _must_check_;

#endif
