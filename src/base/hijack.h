/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tests take over a worker. Each parser of untrusted input names one point in its middle; a test build can make
 * that point behave as a parser under an attacker's control would, and can pretend that this is an older kernel. Other
 * builds hold nothing of it.
 */
#ifndef TALLYMAN_BASE_HIJACK_H
#define TALLYMAN_BASE_HIJACK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef TALLYMAN_TESTS
/* Set before worker_init(), since workers inherit it. NULL: nothing happens. */
extern void (*hijack_hook)(const char *parser);
/* Reads the environment, before worker_init():
 *   TALLYMAN_HIJACK=PARSER:DEED  the first time PARSER is reached in a worker it tries a system call (open, connect,
 *       socket, exec, ptrace, kill or clone), or it dies or turns on its parent (crash, hang, sleep, memory, flood,
 *       silent, stretch)
 *   TALLYMAN_HIJACK_IDLE_MS=N    how long a worker may do nothing
 *   TALLYMAN_FAKE_LANDLOCK_ABI=N, TALLYMAN_FAKE_NO_SECCOMP=1 */
void hijack_init(void);
uint64_t hijack_idle_ms(void); /* 0: as always */
int hijack_landlock_abi(int real);
bool hijack_seccomp(bool real);
#define HIJACK_POINT(parser)                 \
        do {                                 \
                if (hijack_hook)             \
                        hijack_hook(parser); \
        } while (0)
#else
#define HIJACK_POINT(parser) \
        do {                 \
        } while (0)
#define hijack_idle_ms() ((uint64_t)0)
#define hijack_landlock_abi(real) (real)
#define hijack_seccomp(real) (real)
#endif

#endif
