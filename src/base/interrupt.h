/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and SIGTERM: a flag that long work polls, and a descriptor that poll() sees. */
#ifndef TALLYMAN_BASE_INTERRUPT_H
#define TALLYMAN_BASE_INTERRUPT_H

#include <stdbool.h>

#include "base/error.h"

/* Installs handlers for SIGINT, SIGTERM and SIGHUP (unless ignored) and ignores SIGPIPE and SIGXFSZ. A second signal ends the
 * program at once. */
int interrupt_init(struct error *err) _must_check_;
bool interrupt_pending(void);
/* Readable once a signal came; -1 before interrupt_init(). Never read from it. */
int interrupt_fd(void);
/* -ECANCELED with a message if a signal came, else 0. */
int interrupt_check(struct error *err) _must_check_;
/* Ends the process by the signal that came, so that the shell sees it; returns if none came. */
void interrupt_reraise(void);

/* From now on SIGHUP asks to read the configuration anew instead of ending. For what runs without a terminal. */
void interrupt_take_reload(void);
/* True once for each time that it was asked. */
bool interrupt_reload_asked(void);

#endif
