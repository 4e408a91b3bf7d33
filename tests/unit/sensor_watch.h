/* SPDX-License-Identifier: Apache-2.0 */
/* Watches what a child of the test does, and keeps each event as the fields that rules would read. */
#ifndef TALLYMAN_TESTS_SENSOR_WATCH_H
#define TALLYMAN_TESTS_SENSOR_WATCH_H

#include "sensor/decoder.h"

struct seen {
        char *text; /* "\nfield=value\n…" */
        uint32_t pid;
        uint64_t cgroup;
        enum sensor_kind kind;
        bool outside, kernel_path;
};

struct watch {
        struct sensor_source *source;
        struct decoder *decoder;
        struct seen *seen;
        size_t n, cap;
        uint32_t pids[256];
        size_t n_pids;
        bool ended;
        uint64_t others; /* events of other processes */
};

/* Starts with the kinds named (NULL ends them; "all"). False: BPF is not allowed here; it said why. */
bool watch_start(struct watch *watch, bool host, const char *const *kinds);
/* Runs act() in a child and waits until its end was seen. */
void watch_run(struct watch *watch, void (*act)(void));
/* The first event of that kind of which all the "field=value" hold (NULL ends them); NULL: none. */
const struct seen *watch_find(const struct watch *watch, const char *kind, ...) __attribute__((sentinel));
/* The same; without one the test fails and shows what there was of the kind. */
#define watch_expect(watch, kind, ...)                                                          \
        do {                                                                                    \
                if (!watch_find(watch, kind, ##__VA_ARGS__, NULL)) {                            \
                        watch_show(watch, kind);                                                \
                        fail_msg("no %s as expected (%s)", kind, #__VA_ARGS__);                 \
                }                                                                               \
        } while (0)
void watch_show(const struct watch *watch, const char *kind); /* NULL: all */
void watch_clear(struct watch *watch);
void watch_end(struct watch *watch);

#endif
