/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tests take over a worker. Each parser of untrusted input names one point in its middle; a test build can make
 * that point behave as a parser under an attacker's control would. Other builds hold nothing of it.
 */
#ifndef TALLYMAN_BASE_HIJACK_H
#define TALLYMAN_BASE_HIJACK_H

#ifdef TALLYMAN_TESTS
/* Set before worker_init(), since workers inherit it. NULL: nothing happens. */
extern void (*hijack_hook)(const char *parser);
/* Takes "PARSER:CALL" from $TALLYMAN_HIJACK: the first time PARSER is reached in a worker it tries CALL (open, connect,
 * socket, exec, ptrace, kill or clone). Does nothing without it. */
void hijack_init(void);
#define HIJACK_POINT(parser)                 \
        do {                                 \
                if (hijack_hook)             \
                        hijack_hook(parser); \
        } while (0)
#else
#define HIJACK_POINT(parser) \
        do {                 \
        } while (0)
#endif

#endif
