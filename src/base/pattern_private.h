/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_BASE_PATTERN_PRIVATE_H
#define TALLYMAN_BASE_PATTERN_PRIVATE_H

#include "base/mem.h"
#include "base/str.h"

/* What compiles in about a second at worst (pattern_size.c says how they are counted). */
#define PATTERN_POSITIONS_MAX 4200
#define PATTERN_STEPS_MAX 12000

bool pattern_is_too_large(struct str expression);

#endif
