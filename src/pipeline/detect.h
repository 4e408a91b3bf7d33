/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events held against rules, one after the other: the same for those that the sensor sees now and for recorded ones. What a
 * rule says again and again of one container is counted instead of told, so that a storm of alerts hides nothing.
 */
#ifndef TALLYMAN_PIPELINE_DETECT_H
#define TALLYMAN_PIPELINE_DETECT_H

#include "model/alert.h"
#include "rules/rules.h"

#define DETECT_BURST 10                /* alerts of one rule and container that are told … */
#define DETECT_WINDOW 60000000000ll    /* … within so many nanoseconds of events' time; then they are counted */
#define DETECT_ANCESTORS_SHOWN 16

struct detect_options {
        const struct rule_set *rules; /* must last as long */
        enum rule_matching matching;
        uint32_t burst;               /* 0: tell everything */
        /* Called for each alert; an error of its own it keeps to itself. */
        void (*tell)(void *ctx, const struct alert *alert);
        void *ctx;
};

struct detect;

/* Compiles the ready rules of source `syscall`. */
int detect_new(const struct detect_options *options, struct detect **ret, struct error *err) _must_check_;
struct detect *detect_free(struct detect *detect);
DEFINE_FREEP(struct detect, detect_free)

/* Kinds of events that some rule wants: a bit each, by index into syscall_source.events. */
const uint64_t *detect_wants(const struct detect *detect);

/* Holds one event against the rules. Negative only for lack of memory. */
int detect_event(struct detect *detect, const struct syscall_event *event, struct error *err) _must_check_;
/* Tells what was counted in windows that ended before `now` (time of events), and at the end of everything with INT64_MAX. */
void detect_flush(struct detect *detect, int64_t now);

struct detect_counts {
        uint64_t events, matches, told, counted; /* counted: matches that were not told by themselves */
        uint64_t evicted; /* rule and container pairs that were forgotten for lack of room: their counts were told first */
};
void detect_get_counts(const struct detect *detect, struct detect_counts *ret);

#endif
