/* SPDX-License-Identifier: Apache-2.0 */
/* Raw events as the kernel would write them. */
#ifndef TALLYMAN_TESTS_RAW_EVENT_H
#define TALLYMAN_TESTS_RAW_EVENT_H

#include <assert.h>

#include "sensor/sensor.h"

struct raw_event {
        _Alignas(8) uint8_t bytes[16384];
        struct sensor_raw raw;
};

static inline struct sensor_header *raw_begin(struct raw_event *e, enum sensor_kind kind, uint32_t pid, uint32_t ppid,
                                              uint64_t start)
{
        struct sensor_header *h = (struct sensor_header *)(void *)e->bytes;

        memset(e, 0, sizeof(*e));
        *h = (struct sensor_header){ .size = sizeof(*h), .kind = (uint16_t)kind, .pid = pid, .tid = pid, .vpid = pid, .vtid = pid,
                                     .ppid = ppid, .start = start, .time = 1000, .loginuid = UINT32_MAX, .cgroup = 7 };
        memcpy(h->comm, "sh", 3);
        return h;
}

static inline void raw_part(struct raw_event *e, enum sensor_part_type type, const void *data, size_t n)
{
        struct sensor_header *h = (struct sensor_header *)(void *)e->bytes;
        const struct sensor_part part = { .type = (uint16_t)type, .size = (uint32_t)n };

        assert(h->size + sizeof(part) + n + 8 < sizeof(e->bytes));
        memcpy(e->bytes + h->size, &part, sizeof(part));
        memcpy(e->bytes + h->size + sizeof(part), data, n);
        h->size += (uint32_t)(sizeof(part) + (n + 7) / 8 * 8);
        h->n_parts++;
}

static inline void raw_text(struct raw_event *e, enum sensor_part_type type, const char *text)
{
        raw_part(e, type, text, strlen(text) + 1);
}

static inline const struct sensor_raw *raw_end(struct raw_event *e)
{
        struct error err = ERROR_INIT;
        const struct sensor_header *h = (const struct sensor_header *)(const void *)e->bytes;
        int r = sensor_raw_check(e->bytes, h->size, 5000, &e->raw, &err);

        assert(r == 0);
        return r == 0 ? &e->raw : NULL;
}

#endif
