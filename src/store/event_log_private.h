/* SPDX-License-Identifier: Apache-2.0 */
/* Private to store/: what writer and reader of a log of events hold to. */
#ifndef TALLYMAN_STORE_EVENT_LOG_PRIVATE_H
#define TALLYMAN_STORE_EVENT_LOG_PRIVATE_H

#include "store/event_log.h"

#define LOG_MAGIC "TALLYLOG"
#define LOG_MAGIC_SIZE 8
#define LOG_HEADER_MAX 65536
/* The most that an honest writer leaves between one RESET and the next, its last frames included. */
#define LOG_KEPT_MAX (2ull * EVENT_LOG_RESET_BYTES + (SYSCALL_ANCESTORS_MAX + 4ull) * EVENT_LOG_FRAME_MAX)
#define FRAME_HEAD 5 /* bytes before the payload */
#define FRAME_TAIL 4 /* behind it */

enum frame_type {
        FRAME_RESET = 1,
        FRAME_KIND,      /* u32 number, str name */
        FRAME_PROCESS,   /* u32 number, u32 number of its parent or 0, members */
        FRAME_CONTAINER, /* u32 number, members */
        FRAME_EVENT,     /* u32 kind, u32 process or 0, u32 container or 0, members */
};

#endif
