/* SPDX-License-Identifier: Apache-2.0 */
/* Private to base/: what confines a worker. */
#ifndef TALLYMAN_BASE_SANDBOX_H
#define TALLYMAN_BASE_SANDBOX_H

#include "base/error.h"
#include "base/worker.h"

/* Prepares the filter once, in the zygote. */
int sandbox_prepare(struct error *err) _must_check_;
/* Confines this process for good. `note_fd`: the number of each refused system call is written there, a u32 each. */
int sandbox_enter(const struct worker_limits *limits, int note_fd, struct error *err) _must_check_;
/* Names of `n` system call numbers, each once, comma-separated. */
void sandbox_call_names(const uint32_t *numbers, size_t n, char *ret, size_t size);
int sandbox_landlock_abi(void);

#endif
