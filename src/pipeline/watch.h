/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens now, held against rules: joins the sensor's events with the containers they happen in, records them, and hands
 * them to the detector.
 */
#ifndef TALLYMAN_PIPELINE_WATCH_H
#define TALLYMAN_PIPELINE_WATCH_H

#include "engine/engine.h"
#include "pipeline/detect.h"
#include "pipeline/provenance.h"
#include "sensor/remote.h"
#include "store/event_log.h"

struct watch_options {
        struct detect *detect;
        const char *hostname;
        struct event_log_writer *log; /* NULL: nothing is recorded */
        bool host;                    /* what is in no container too */
        struct image_scanner *scanner; /* NULL: images are not scanned */
        struct sensor_remote *remote; /* the sensor is in another process; NULL: it is in this one */
};

struct watch;

/* Reads which containers run, and attaches to the kernel what the rules ask for. Everything in the options must last as long.
 * Fails as sensor_open() and container_table_new() do. */
int watch_new(const struct watch_options *options, struct watch **ret, struct error *err) _must_check_;
struct watch *watch_free(struct watch *watch);
DEFINE_FREEP(struct watch, watch_free)

/* Takes what there is, waiting at most `timeout_ms`, and does what is due now and then. */
int watch_step(struct watch *watch, int timeout_ms, struct error *err) _must_check_;

/* Other rules from now on: attaches what they ask for besides, and lets go of what they do not. */
int watch_use(struct watch *watch, struct detect *detect, struct error *err) _must_check_;

/* A kind of events that the rules ask for and that can not be seen here, and why. Calls `each` for every one; what it returns, if
 * negative, ends it. */
int watch_gaps(struct watch *watch, int (*each)(void *ctx, const char *kind, const char *why), void *ctx);

/* What may be done unseen here, in whole sentences; how many there are. */
size_t watch_blind_spots(struct watch *watch, const char *ret[static SENSOR_BLIND_MAX]);

struct watch_counts {
        uint64_t events;        /* that reached the rules */
        uint64_t malformed;     /* could not be read, and were not judged */
        uint64_t lost;          /* by the kernel's buffer */
        uint64_t late;          /* of containers that were not known yet */
        uint32_t kinds;         /* attached */
        uint32_t containers;    /* that run */
};
void watch_get_counts(struct watch *watch, struct watch_counts *ret);

#endif
