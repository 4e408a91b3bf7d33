/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up rights that a process no longer needs. */
#ifndef TALLYMAN_BASE_PRIVILEGES_H
#define TALLYMAN_BASE_PRIVILEGES_H

#include "base/error.h"

/* Becomes this user for good: user and group ids, no further groups, no capabilities, and no way back through set-user-ID programs.
 * Without rights to change users it does nothing but the last. -ENOENT: there is no such user. Call it without threads. */
int privileges_drop(const char *user, struct error *err) _must_check_;

#endif
