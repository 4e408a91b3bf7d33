/* SPDX-License-Identifier: Apache-2.0 */
/* Between keeper and engine: messages on a socket that keeps their borders, both of this machine and version. */
#ifndef TALLYMAN_SENSOR_REMOTE_PRIVATE_H
#define TALLYMAN_SENSOR_REMOTE_PRIVATE_H

#include <limits.h>

#include "sensor/remote.h"

#define BATCH_BYTES (96u << 10)                /* of events in one message, more or less */
#define MESSAGE_MAX (BATCH_BYTES + (64u << 10)) /* an event may be as large as SENSOR_DATA_MAX and its header */
#define CHANNEL_BUFFER (4u << 20)

enum message_type {
        /* to the engine */
        MESSAGE_EVENTS = 1, /* number, clock; events one after the other, each aligned to 8 */
        MESSAGE_READY,      /* attached; number: what is not seen (SENSOR_BLIND_…) */
        MESSAGE_FAILED,     /* number: -errno; the message */
        MESSAGE_REPORTS,    /* number: events lost; an array of struct sensor_report */
        /* to the keeper */
        MESSAGE_OPEN,       /* struct open_request */
        MESSAGE_KINDS,      /* struct sensor_kinds */
        MESSAGE_IGNORE,     /* number: a control group */
        MESSAGE_FORGET,     /* likewise */
        MESSAGE_DONE,       /* number: of the last batch that need not come again */
        MESSAGE_SNAPSHOT,
};

struct message_head {
        uint32_t type, size; /* of what follows */
        uint64_t number;
        int64_t clock;
};

struct open_request {
        struct sensor_kinds kinds;
        uint64_t buffer_size;
        uint8_t host, no_self_test, repeats, padding[5];
};

/* To the broker: what to open, or with flags == BROKER_CONNECT what to connect to. It answers with a descriptor, or -errno. */
#define BROKER_CONNECT (-1)
struct broker_request {
        int32_t flags;
        char base[PATH_MAX], path[PATH_MAX];
};
struct broker_answer {
        int32_t code;
};

/* Serves one engine until its end of the socket is closed. */
void broker_serve(int fd);
/* True if the keeper opens this for engines. */
bool broker_may_open(const char *base, const char *path);
bool broker_may_connect(const char *path);

struct sensor_remote {
        int channel, broker;
        bool successor;
        struct sensor_source source;
        bool open;
        uint64_t handed_out; /* number of the last batch */
        struct sensor_report reports[SENSOR_KINDS];
        uint64_t lost;
        uint32_t blind;
        uint8_t *room; /* MESSAGE_MAX, aligned */
};

int message_send(int fd, enum message_type type, uint64_t number, int64_t clock, const void *data, size_t n, int flags,
                 struct error *err) _must_check_;

#endif
