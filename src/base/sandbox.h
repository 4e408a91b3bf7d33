/* SPDX-License-Identifier: Apache-2.0 */
/* Private to base/: what confines a worker. */
#ifndef TALLYMAN_BASE_SANDBOX_H
#define TALLYMAN_BASE_SANDBOX_H

#include "base/error.h"
#include "base/worker.h"

/* Sanitizers need more calls and more memory, and standard error: they weaken what confines a worker. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_UNDER_SANITIZER 1
#endif
#endif
#ifndef SANDBOX_UNDER_SANITIZER
#define SANDBOX_UNDER_SANITIZER 0
#endif

#define SANDBOX_CHANNEL 3          /* the descriptor that a worker talks over */
#define SANDBOX_LANDLOCK_TCP 4     /* from this ABI on Landlock keeps workers from TCP … */
#define SANDBOX_LANDLOCK_SIGNALS 6 /* … and from signals and abstract sockets outside */

/* Prepares the filter once, in the zygote. */
int sandbox_prepare(struct error *err) _must_check_;
/* Confines this process for good. `note_fd`: the number of each refused system call is written there, a u32 each. */
int sandbox_enter(const struct worker_limits *limits, int note_fd, struct error *err) _must_check_;
/* Names of `n` system call numbers, each once, comma-separated. */
void sandbox_call_names(const uint32_t *numbers, size_t n, char *ret, size_t size);
int sandbox_landlock_abi(void); /* 0: none */
bool sandbox_has_seccomp(void);

#endif
