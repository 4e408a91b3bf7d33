/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: names of users and groups from /etc/passwd and /etc/group. No other database is asked: an answer
 * must not take longer than an event. Read again when the files change. */
#ifndef TALLYMAN_SENSOR_USERS_H
#define TALLYMAN_SENSOR_USERS_H

#include "base/str.h"

struct users;

int users_new(struct users **ret, struct error *err) _must_check_;
struct users *users_free(struct users *users);
DEFINE_FREEP(struct users, users_free)

struct user {
        struct str name, home, shell;
};
/* NULL: there is none of that id. Valid until users_refresh(). */
const struct user *users_find(struct users *users, uint32_t uid);
struct str users_group(struct users *users, uint32_t gid); /* {NULL, 0}: there is none */
/* Looks whether the files changed, at most once a second. `now`: seconds of any clock. */
void users_refresh(struct users *users, int64_t now);

#endif
