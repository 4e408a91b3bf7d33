/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory for what lasts: $XDG_DATA_HOME/tallyman where that is set, else /var/lib/tallyman for root and
 * ~/.local/share/tallyman for others. It and the folders in it are used only if this user or root owns them and nobody
 * else can write them, since whoever can write a directory can put files of our own there under other names.
 */
#ifndef TALLYMAN_BASE_STATE_H
#define TALLYMAN_BASE_STATE_H

#include <stdbool.h>

#include "base/error.h"

/* Opens it, made if need be. `ret_path` is the caller's. -EPERM: not to be trusted; the message says what to do. */
int state_open(char **ret_path, int *ret, struct error *err) _must_check_;
/* The same for who only reads: nothing is made. -ENOENT: there is none yet. */
int state_find(char **ret_path, int *ret, struct error *err) _must_check_;
/* A folder of the open directory `dir`, whose name for messages is `path`. Made if need be. */
int state_open_folder(int dir, const char *path, const char *name, int *ret, struct error *err) _must_check_;
/* True for an open file of ours that nobody else can have written. */
bool state_trusts(int fd);

#endif
