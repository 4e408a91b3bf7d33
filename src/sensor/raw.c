/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of raw events: nothing is believed that was not compared with the size of what is there. */
#include <errno.h>

#include "sensor/sensor.h"

static size_t padded(size_t n)
{
        return (n + 7) & ~(size_t)7;
}

int sensor_raw_check(const void *data, size_t size, int64_t clock, struct sensor_raw *ret, struct error *err)
{
        const struct sensor_header *h = data;
        struct sensor_raw raw = { .header = h, .clock = clock };
        size_t at = sizeof(*h);

        if (size < sizeof(*h) || h->size != size || size % 8 || size > sizeof(*h) + SENSOR_DATA_MAX + SENSOR_TEXT_MAX)
                return error_say(err, -EBADMSG, "an event of %zu bytes says that it has %u", size, size >= 4 ? h->size : 0);
        if (h->kind >= SENSOR_KINDS)
                return error_say(err, -EBADMSG, "an event of unknown kind %u", h->kind);
        if (h->n_parts > SENSOR_PARTS_MAX)
                return error_say(err, -EBADMSG, "an event of %u parts", h->n_parts);
        for (uint32_t i = 0; i < h->n_parts; i++) {
                const struct sensor_part *part = (const void *)((const uint8_t *)data + at);

                if (size - at < sizeof(*part) || part->size > SENSOR_TEXT_MAX ||
                    size - at - sizeof(*part) < padded(part->size))
                        return error_say(err, -EBADMSG, "part %u of an event lies beyond its end", i);
                if (part->type < SENSOR_PART_TYPES && !raw.parts[part->type])
                        raw.parts[part->type] = part;
                at += sizeof(*part) + padded(part->size);
        }
        if (at != size)
                return error_say(err, -EBADMSG, "%zu bytes after the last part of an event", size - at);
        *ret = raw;
        return 0;
}

static bool is_text(enum sensor_part_type type)
{
        switch (type) {
        case SENSOR_PART_PATH:
        case SENSOR_PART_NAME:
        case SENSOR_PART_NAME2:
        case SENSOR_PART_NAME3:
        case SENSOR_PART_DIR:
        case SENSOR_PART_DIR2:
        case SENSOR_PART_CWD:
        case SENSOR_PART_CGROUP:
                return true;
        default:
                return false;
        }
}

struct str sensor_raw_part(const struct sensor_raw *raw, enum sensor_part_type type)
{
        const struct sensor_part *part = raw->parts[type];
        struct str s;

        if (!part)
                return STR_NULL;
        s = (struct str){ (const char *)(part + 1), part->size };
        if (is_text(type))
                s.n = strnlen(s.p, s.n);
        return s;
}

const void *sensor_raw_struct(const struct sensor_raw *raw, enum sensor_part_type type, size_t size)
{
        const struct sensor_part *part = raw->parts[type];

        return part && part->size == size ? part + 1 : NULL;
}
