/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor: what processes do, as the kernel sees it. Two sources give the same events: the kernel (sensor_open), and
 * another process that listens to it (sensor/remote.h). Who reads them makes `struct syscall_event` of them with a decoder
 * (sensor/decoder.h), which keeps the table of processes:
 *
 *      sensor_open(&options, &sensor, err)          attaches, tests itself
 *      decoder_new(&decoder_options, &decoder, err)
 *      for (;;) sensor_poll(sensor, 20, &sink, err) calls sink.event() for each raw event
 *              decoder_take(decoder, raw, &decoded)   1: decoded.event is for the rules
 *
 * One thread uses a sensor or a decoder at a time. Root, or CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE, and tracefs.
 */
#ifndef TALLYMAN_SENSOR_SENSOR_H
#define TALLYMAN_SENSOR_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "sensor/abi/event.h"

/* ---- kinds ---- */

struct sensor_kinds {
        uint64_t bits[SENSOR_KIND_WORDS];
};

static inline void sensor_kinds_add(struct sensor_kinds *kinds, enum sensor_kind kind)
{
        kinds->bits[kind / 64] |= 1ull << kind % 64;
}
static inline bool sensor_kinds_has(const struct sensor_kinds *kinds, enum sensor_kind kind)
{
        return kinds->bits[kind / 64] >> kind % 64 & 1;
}
/* Its name is the evt.type of rules. */
const char *sensor_kind_name(enum sensor_kind kind);
enum sensor_shape sensor_kind_shape(enum sensor_kind kind);
/* -ENOENT: the sensor knows no such kind (a rule that asks for it can not fire). */
int sensor_kind_of(struct str name);

/* ---- raw events ---- */

/* An event whose sizes were checked: every part lies within it, texts hold what they say. Borrowed until the sink's
 * function returns. */
struct sensor_raw {
        const struct sensor_header *header;
        int64_t clock;          /* nanoseconds to add to header->time for the time since the epoch */
        const struct sensor_part *parts[SENSOR_PART_TYPES]; /* the first of each type, NULL: it has none */
};

/* Checks `size` bytes, aligned to 8, and fills `ret`. -EBADMSG: it is no event. */
int sensor_raw_check(const void *data, size_t size, int64_t clock, struct sensor_raw *ret, struct error *err) _must_check_;
/* What a part holds; {NULL, 0} if there is none. Texts come without their ending 0. */
struct str sensor_raw_part(const struct sensor_raw *raw, enum sensor_part_type type);
/* A part that is a struct of exactly `size` bytes, else NULL. */
const void *sensor_raw_struct(const struct sensor_raw *raw, enum sensor_part_type type, size_t size);

/* Who takes events. A negative errno ends the poll and is what it returns. */
struct sensor_sink {
        int (*event)(void *data, const struct sensor_raw *raw, struct error *err);
        void *data;
};

/* ---- a source of events: the kernel, or another process ---- */

struct sensor_source;
struct sensor_kinds;
struct sensor_report;
struct sensor_source_ops {
        int (*poll)(struct sensor_source *source, int timeout_ms, const struct sensor_sink *sink, struct error *err);
        struct sensor_source *(*free)(struct sensor_source *source);
        int (*set_kinds)(struct sensor_source *source, const struct sensor_kinds *kinds, struct error *err);
        int (*ignore)(struct sensor_source *source, uint64_t cgroup, struct error *err);
        void (*forget)(struct sensor_source *source, uint64_t cgroup);
        void (*reports)(struct sensor_source *source, struct sensor_report *ret);
        uint64_t (*lost)(struct sensor_source *source);
        uint32_t (*blind)(struct sensor_source *source); /* SENSOR_BLIND_… */
        int (*snapshot)(struct sensor_source *source, struct error *err);
};
struct sensor_source {
        const struct sensor_source_ops *ops;
};

/* Hands what is there to the sink, waiting at most `timeout_ms` for something. The number of events, 0: none came.
 * Events of one processor come in order; those of several are in the order in which they were written. */
static inline int sensor_poll(struct sensor_source *source, int timeout_ms, const struct sensor_sink *sink,
                              struct error *err)
{
        return source->ops->poll(source, timeout_ms, sink, err);
}
static inline struct sensor_source *sensor_source_free(struct sensor_source *source)
{
        return source ? source->ops->free(source) : NULL;
}
DEFINE_FREEP(struct sensor_source, sensor_source_free)

/* ---- the kernel ---- */

struct sensor_options {
        struct sensor_kinds kinds;  /* wanted. Lives of processes are always told: the table needs them */
        bool host;                  /* also what is in no container */
        bool no_self_test;
        bool repeats;               /* tell also opens that were told a moment ago: the same file under the same name, by the same
                                     * program of the same process as the same user, with the same flags; and connections of datagram
                                     * sockets to where it connected one before. Else they are counted
                                     * as dropped, and told again after SENSOR_REPEAT_SECONDS */
        size_t buffer_size;         /* bytes, a power of two; 0: SENSOR_BUFFER_DEFAULT */
};
#define SENSOR_REPEAT_SECONDS 10
#define SENSOR_BUFFER_DEFAULT (8u << 20)

/* Loads, attaches what is wanted, and makes each of it happen once to see that it arrives. What can not be attached is
 * no error but stands in the report. The processes that run are the first events (procinfo, SENSOR_FLAG_SNAPSHOT).
 * -EPERM, -ENOTSUP: nothing can be attached here; the message says what is missing. */
int sensor_open(const struct sensor_options *options, struct sensor_source **ret, struct error *err) _must_check_;

/* Wants other kinds from now on: attaches what is missing, detaches what is no longer wanted. */
int sensor_set_kinds(struct sensor_source *sensor, const struct sensor_kinds *kinds, struct error *err) _must_check_;

/* A control group that is no container: from now on only the lives of its processes are told, as "outside". */
int sensor_ignore_cgroup(struct sensor_source *sensor, uint64_t cgroup, struct error *err) _must_check_;
void sensor_forget_cgroup(struct sensor_source *sensor, uint64_t cgroup); /* it is gone, or a container after all */

/* In a child of the process that opened it, right after fork(): lets go of the descriptors and mappings that came along, so that
 * who has less rights can not meddle. The sensor must not be used there any more; the parent's goes on. */
void sensor_leave(struct sensor_source *sensor);

enum sensor_attached {
        SENSOR_NOT_WANTED,
        SENSOR_NOT_ATTACHED,   /* see `reason` */
        SENSOR_BY_TRACEPOINT,  /* of the system call, at its end */
        SENSOR_BY_RAW_TRACEPOINT, /* of the object */
        SENSOR_BY_FENTRY,
        SENSOR_BY_LSM,
};

/* The processes that run now come once more, as at the start. */
int sensor_snapshot(struct sensor_source *sensor, struct error *err) _must_check_;

/* How one kind is seen. */
struct sensor_report {
        enum sensor_kind kind;
        enum sensor_attached attached;
        bool can_block;
        bool tested;             /* it was made to happen and arrived */
        uint64_t seen, dropped, lost;
        char reason[256];        /* why it is not attached, or what the self-test missed; "" */
};
/* Of every kind, in their order; counters are of now. */
void sensor_reports(struct sensor_source *sensor, struct sensor_report ret[static SENSOR_KINDS]);
/* What is not seen here although it may be done, in whole sentences; how many there are. */
#define SENSOR_BLIND_MAX 2
#define SENSOR_BLIND_URING 1u
#define SENSOR_BLIND_CALLS32 2u
size_t sensor_blind_spots(struct sensor_source *sensor, const char *ret[static SENSOR_BLIND_MAX]);
/* Events lost since the start, told from gaps in the numbers; of all kinds. */
uint64_t sensor_lost(struct sensor_source *sensor);

#endif
