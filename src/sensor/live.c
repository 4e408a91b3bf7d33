/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor that listens to the kernel: loading, polling, counting. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "sensor/live.h"

#define POLL_SLICE_MS 10 /* events wait this long at most, as the programs wake nobody before the ring fills */

/* ---- polling ---- */

static int64_t clock_now(void)
{
        struct timespec real, boot;

        clock_gettime(CLOCK_REALTIME, &real);
        clock_gettime(CLOCK_BOOTTIME, &boot);
        return (real.tv_sec - boot.tv_sec) * 1000000000ll + real.tv_nsec - boot.tv_nsec;
}

/* What the self-test waits for is not for the sink. */
static bool take_test(struct sensor *sensor, const struct sensor_header *h)
{
        if (h->flags & SENSOR_FLAG_SELF_TEST || (sensor->test_child && (h->pid == sensor->test_child ||
            (h->kind == SENSOR_clone && h->result == (int64_t)sensor->test_child))))
                sensor_kinds_add(&sensor->arrived, h->kind);
        return sensor->testing || (h->flags & SENSOR_FLAG_SELF_TEST && h->kind != SENSOR_clone);
}

static int take(struct sensor *sensor, const void *data, size_t size)
{
        struct sensor_raw raw;
        int r;

        r = sensor_raw_check(data, size, sensor->clock, &raw, sensor->err);
        if (r < 0)
                return r;
        if (take_test(sensor, raw.header))
                return 0;
        sensor->n_events++;
        return sensor->sink->event(sensor->sink->data, &raw, sensor->err);
}

static int on_ring(void *context, void *data, size_t size)
{
        struct sensor *sensor = context;

        sensor->failed = take(sensor, data, size);
        return sensor->failed < 0 ? sensor->failed : 0;
}

static int take_waiting(struct sensor *sensor)
{
        struct str events = buf_str(&sensor->snapshot);
        int r = 0;

        while (r == 0 && events.n >= sizeof(struct sensor_header)) {
                size_t size = MIN_OF((size_t)((const struct sensor_header *)(const void *)events.p)->size, events.n);

                r = take(sensor, events.p, size);
                events = (struct str){ events.p + size, events.n - size };
        }
        buf_free(&sensor->snapshot);
        return r;
}

int sensor_consume(struct sensor *sensor, const struct sensor_sink *sink, struct error *err)
{
        int r;

        sensor->sink = sink;
        sensor->err = err;
        sensor->n_events = sensor->failed = 0;
        sensor->clock = clock_now();
        if (sensor->snapshot.len && !sensor->testing) {
                r = take_waiting(sensor);
                if (r < 0)
                        return r;
        }
        r = ring_buffer__consume(sensor->ring);
        if (sensor->failed < 0)
                return sensor->failed;
        return r < 0 ? error_set(err, r, "read events of the kernel") : sensor->n_events;
}

static int poll_live(struct sensor_source *source, int timeout_ms, const struct sensor_sink *sink, struct error *err)
{
        struct sensor *sensor = sensor_of(source);
        int r;

        for (;;) {
                struct timespec slice = { .tv_nsec = MIN_OF(timeout_ms, POLL_SLICE_MS) * 1000000l };

                r = sensor_consume(sensor, sink, err);
                if (r != 0 || timeout_ms <= 0)
                        return r;
                timeout_ms -= POLL_SLICE_MS;
                if (nanosleep(&slice, NULL) < 0 && errno == EINTR)
                        return 0;
        }
}

/* ---- settings ---- */

int sensor_apply_settings(struct sensor *sensor, struct error *err)
{
        uint32_t zero = 0;

        if (bpf_map_update_elem(sensor->settings_fd, &zero, &sensor->settings, BPF_ANY) < 0)
                return error_set(err, -errno, "set what the programs in the kernel tell");
        return 0;
}

static int want(struct sensor *sensor, const struct sensor_kinds *kinds, struct error *err)
{
        memcpy(sensor->settings.kinds, kinds->bits, sizeof(sensor->settings.kinds));
        return sensor_apply_settings(sensor, err);
}

static int live_set_kinds(struct sensor_source *source, const struct sensor_kinds *kinds, struct error *err)
{
        struct sensor *sensor = sensor_of(source);

        sensor_attach(sensor, kinds);
        return want(sensor, kinds, err);
}

static int live_ignore(struct sensor_source *source, uint64_t cgroup, struct error *err)
{
        uint32_t marks = SENSOR_CGROUP_IGNORED;

        if (bpf_map_update_elem(sensor_of(source)->cgroups_fd, &cgroup, &marks, BPF_ANY) < 0)
                return error_set(err, -errno, "ignore the control group %llu", (unsigned long long)cgroup);
        return 0;
}

static void live_forget(struct sensor_source *source, uint64_t cgroup)
{
        bpf_map_delete_elem(sensor_of(source)->cgroups_fd, &cgroup);
}

/* ---- the report ---- */

static void count(struct sensor *sensor, uint32_t kind, struct sensor_counters *cpus, struct sensor_report *ret)
{
        if (bpf_map_lookup_elem(sensor->counters_fd, &kind, cpus) < 0)
                return;
        for (int i = 0; i < sensor->n_cpus; i++) {
                ret->seen += cpus[i].seen;
                ret->dropped += cpus[i].dropped;
                ret->lost += cpus[i].lost;
        }
}

static void live_reports(struct sensor_source *source, struct sensor_report *ret)
{
        struct sensor *sensor = sensor_of(source);
        _cleanup_free_ struct sensor_counters *cpus = calloc((size_t)sensor->n_cpus, sizeof(*cpus));

        for (unsigned i = 0; i < SENSOR_KINDS; i++) {
                const struct attachment *a = &sensor->attachments[i];

                ret[i] = (struct sensor_report){ .kind = i, .attached = a->attached, .tested = a->tested };
                memcpy(ret[i].reason, a->reason, sizeof(ret[i].reason));
                if (cpus)
                        count(sensor, i, cpus, &ret[i]);
        }
}

/* Where io_uring is switched off for everybody, nothing is missed. */
static bool uring_is_off(void)
{
        _cleanup_close_ int fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
        char c = 0;

        return access("/proc/sys/kernel/io_uring_disabled", F_OK) == 0 && read(fd, &c, 1) == 1 && c == '2';
}

static uint32_t live_blind(struct sensor_source *source)
{
        struct sensor *sensor = sensor_of(source);

        return (!sensor->uring && sensor->uring_wanted && !uring_is_off() ? SENSOR_BLIND_URING : 0u) |
               (sensor->calls_of_32_bits ? SENSOR_BLIND_CALLS32 : 0u);
}

static uint64_t live_lost(struct sensor_source *source)
{
        struct sensor *sensor = sensor_of(source);
        _cleanup_free_ struct sensor_counters *cpus = calloc((size_t)sensor->n_cpus, sizeof(*cpus));
        struct sensor_report sum = { 0 };

        for (unsigned i = 0; cpus && i < SENSOR_KINDS; i++)
                count(sensor, i, cpus, &sum);
        return sum.lost;
}

/* ---- opening ---- */

static struct sensor_source *free_live(struct sensor_source *source)
{
        struct sensor *sensor = sensor_of(source);

        if (sensor->settings_fd > 0) { /* programs may still run for a while: they tell nothing */
                memset(&sensor->settings, 0, sizeof(sensor->settings));
                (void)!sensor_apply_settings(sensor, NULL);
        }
        sensor_detach_all(sensor);
        ring_buffer__free(sensor->ring);
        bpf_link__destroy(sensor->uring);
        bpf_object__close(sensor->object);
        buf_free(&sensor->snapshot);
        free(sensor);
        return NULL;
}

static int live_snapshot(struct sensor_source *source, struct error *err)
{
        return sensor_take_snapshot(sensor_of(source), err);
}

/* Programs, maps and links are told by what /proc calls them: libbpf does not hand out all of their descriptors. */
static bool is_of_sensor(int fd)
{
        static const char *const names[] = { "anon_inode:bpf-map", "anon_inode:bpf-prog", "anon_inode:bpf_link",
                                             "anon_inode:bpf_iter", "anon_inode:btf", "anon_inode:[perf_event]" };
        char path[32], target[64] = "";

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof(target) - 1) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                if (strncmp(target, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

void sensor_leave(struct sensor_source *source)
{
        struct sensor *sensor = sensor_of(source);
        DIR *folder = opendir("/proc/self/fd");
        struct dirent *entry;

        ring_buffer__free(sensor->ring);
        sensor->ring = NULL;
        while (folder && (entry = readdir(folder))) {
                int fd = atoi(entry->d_name); /* "." and "..": 0, which is none of these */

                if (is_of_sensor(fd))
                        close(fd);
        }
        if (folder)
                closedir(folder);
        buf_free(&sensor->snapshot);
}

static const struct sensor_source_ops live_ops = {
        .poll = poll_live, .free = free_live, .set_kinds = live_set_kinds, .ignore = live_ignore, .forget = live_forget,
        .reports = live_reports, .lost = live_lost, .blind = live_blind, .snapshot = live_snapshot,
};

static int open_ring(struct sensor *sensor, size_t buffer_size, struct error *err)
{
        int r = sensor_load(sensor, buffer_size, err);

        if (r < 0)
                return r;
        sensor->settings_fd = bpf_object__find_map_fd_by_name(sensor->object, "settings");
        sensor->counters_fd = bpf_object__find_map_fd_by_name(sensor->object, "counters");
        sensor->cgroups_fd = bpf_object__find_map_fd_by_name(sensor->object, "cgroups");
        sensor->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(sensor->object, "events"), on_ring, sensor, NULL);
        return sensor->ring ? 0 : error_set(err, -errno, "map the ring of events");
}

static int start(struct sensor *sensor, const struct sensor_options *options, size_t buffer_size, struct error *err)
{
        int r;

        sensor->settings.own_pid = (uint32_t)getpid();
        sensor->settings.scope = options->host ? SENSOR_SCOPE_HOST : SENSOR_SCOPE_CONTAINERS;
        sensor->settings.wake_bytes = (uint32_t)(buffer_size / 4);
        sensor->settings.repeat_ns = options->repeats ? 0 : SENSOR_REPEAT_SECONDS * 1000000000ull;
        r = sensor_apply_settings(sensor, err);
        if (r < 0)
                return r;
        sensor_attach(sensor, &options->kinds);
        if (sensor->attachments[SENSOR_execve].attached == SENSOR_NOT_ATTACHED)
                return error_say(err, -ENOTSUP, "nothing can be seen here: %s", sensor->attachments[SENSOR_execve].reason);
        r = options->no_self_test ? 0 : sensor_self_test(sensor, err);
        if (r < 0)
                return r;
        r = want(sensor, &options->kinds, err);
        return r < 0 ? r : sensor_take_snapshot(sensor, err);
}

int sensor_open(const struct sensor_options *options, struct sensor_source **ret, struct error *err)
{
        _cleanup_(sensor_source_freep) struct sensor_source *source = NULL;
        size_t buffer_size = options->buffer_size ? options->buffer_size : SENSOR_BUFFER_DEFAULT;
        struct sensor *sensor;
        int r;

        if (buffer_size < 65536 || buffer_size > 1u << 30 || (buffer_size & (buffer_size - 1)))
                return error_say(err, -EINVAL, "a buffer of %zu bytes: expected a power of two from 64 KiB to 1 GiB",
                                 buffer_size);
        sensor = calloc(1, sizeof(*sensor));
        if (!sensor)
                return error_oom(err);
        sensor->source.ops = &live_ops;
        source = &sensor->source;
        sensor->n_cpus = libbpf_num_possible_cpus();
        if (sensor->n_cpus <= 0)
                return error_set(err, sensor->n_cpus, "count the processors");
        r = open_ring(sensor, buffer_size, err);
        if (r == 0)
                r = start(sensor, options, buffer_size, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(source);
        return 0;
}
