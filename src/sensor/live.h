/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: the sensor that listens to the kernel. */
#ifndef TALLYMAN_SENSOR_LIVE_H
#define TALLYMAN_SENSOR_LIVE_H

#include <bpf/libbpf.h>

#include "sensor/kinds.h"

/* One kind as it is attached. */
struct attachment {
        struct bpf_link *link;
        enum sensor_attached attached;
        bool tested;
        char reason[256];
};

struct sensor {
        struct sensor_source source; /* first */
        struct bpf_object *object;
        struct ring_buffer *ring;
        int settings_fd, counters_fd, cgroups_fd;
        int n_cpus;
        struct sensor_settings settings;
        struct attachment attachments[SENSOR_KINDS];
        struct bpf_link *uring; /* opens, connections … that no call's tracepoint sees */
        bool uring_wanted;
        bool calls_of_32_bits;  /* this kernel takes them, and no tracepoint sees them */

        /* while polling */
        const struct sensor_sink *sink;
        struct error *err;
        int failed, n_events;
        int64_t clock;
        bool testing;
        struct sensor_kinds arrived; /* during the self-test */
        uint32_t test_child;

        struct buf snapshot; /* events that were there before the first poll */
};

static inline struct sensor *sensor_of(struct sensor_source *source)
{
        return (struct sensor *)source;
}

/* Fills sensor->object with what this kernel can load. */
int sensor_load(struct sensor *sensor, size_t buffer_size, struct error *err) _must_check_;

/* Attaches and detaches until just `kinds` (and the lives of processes) are attached; fills the attachments. */
void sensor_attach(struct sensor *sensor, const struct sensor_kinds *kinds);
void sensor_detach_all(struct sensor *sensor);

/* Makes each attached kind happen; sets `tested`, or a reason why not. */
int sensor_self_test(struct sensor *sensor, struct error *err) _must_check_;
/* Takes what is in the ring, without waiting. */
int sensor_consume(struct sensor *sensor, const struct sensor_sink *sink, struct error *err) _must_check_;
int sensor_apply_settings(struct sensor *sensor, struct error *err) _must_check_;

/* Fills sensor->snapshot with the processes that run. */
int sensor_take_snapshot(struct sensor *sensor, struct error *err) _must_check_;

#endif
