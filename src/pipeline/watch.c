/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "pipeline/watch.h"
#include "sensor/decoder.h"

#define TICK 1000000000ll      /* nanoseconds between two looks at what is due */
#define FLUSH_LOG 1000000000ll /* … and between two writes of what is recorded */

struct watch {
        struct watch_options options;
        struct container_table *containers;
        struct sensor_source *sensor;
        struct decoder *decoder;
        struct provenance *provenance;
        int64_t ticked;
        uint64_t num;
        struct watch_counts counts;
};

/* ---- containers ---- */

static int take_cgroup(struct watch *w, const struct decoded *d, struct error *err)
{
        _cleanup_(buf_free) struct buf path = { 0 };
        struct error ignored = ERROR_INIT;

        if (d->kind == SENSOR_cgroup_rmdir) {
                container_table_gone(w->containers, d->cgroup);
                sensor_forget_cgroup(w->sensor, d->cgroup);
                return 0;
        }
        buf_add_str(&path, d->cgroup_path);
        if (!buf_ok(&path))
                return error_oom(err);
        (void)!container_table_add_cgroup(w->containers, d->cgroup, path.len ? path.data : NULL, &ignored);
        return 0;
}

/* The container that it happened in. Its engine's files may have been written only after its cgroup was made: they are read again
 * when its first program starts. */
static enum cgroup_kind find_container(struct watch *w, const struct decoded *d, const struct container **ret)
{
        bool execs = d->kind == SENSOR_execve || d->kind == SENSOR_execveat;
        enum cgroup_kind kind = container_table_find(w->containers, d->cgroup, ret);
        struct error ignored = ERROR_INIT;

        if (kind == CGROUP_UNKNOWN) {
                (void)!container_table_add_cgroup(w->containers, d->cgroup, NULL, &ignored);
                kind = container_table_find(w->containers, d->cgroup, ret);
        }
        if (execs && (kind == CGROUP_NEW || (kind == CGROUP_CONTAINER && (*ret)->state != CONTAINER_KNOWN))) {
                container_table_refresh(w->containers, d->cgroup);
                kind = container_table_find(w->containers, d->cgroup, ret);
                w->counts.late += *ret && (*ret)->state != CONTAINER_KNOWN;
        }
        return kind;
}

/* ---- events ---- */

static void complete(struct watch *w, struct syscall_event *event, const struct container *container)
{
        event->container = container ? &container->facts : NULL;
        event->num = (int64_t)++w->num;
        event->hostname = str_from(w->options.hostname);
        event->known |= UINT64_C(1) << EVENT_num | UINT64_C(1) << EVENT_hostname;
}

static int take_decoded(struct watch *w, struct decoded *d, struct error *err)
{
        const struct container *container = NULL;
        enum cgroup_kind kind;
        int r = 0;

        if (d->kind == SENSOR_cgroup_mkdir || d->kind == SENSOR_cgroup_rmdir)
                return take_cgroup(w, d, err);
        kind = find_container(w, d, &container);
        if (d->outside || (!container && !w->options.host)) {
                if (!container && !w->options.host && kind != CGROUP_NEW) /* a young one may turn out to be a container */
                        (void)!sensor_ignore_cgroup(w->sensor, d->cgroup, &(struct error)ERROR_INIT);
                return 0;
        }
        complete(w, &d->event, container);
        if (provenance_event(w->provenance, container, d, w->decoder) < 0)
                return error_oom(err);
        w->counts.events++;
        if (w->options.log)
                r = event_log_write(w->options.log, &d->event, err);
        return r < 0 ? r : detect_event(w->options.detect, &d->event, err);
}

static int take_raw(void *ctx, const struct sensor_raw *raw, struct error *err)
{
        struct watch *w = ctx;
        struct decoded decoded;
        int r = decoder_take(w->decoder, raw, &decoded, err);

        if (r == -EBADMSG) {
                w->counts.malformed++;
                return 0;
        }
        return r <= 0 ? r : take_decoded(w, &decoded, err);
}

static int64_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* What is on the disk need not come again if this process dies. */
static int flush_log(struct watch *w, struct error *err)
{
        int r = event_log_flush(w->options.log, err);

        if (r == 0 && w->options.remote)
                sensor_remote_acknowledge(w->options.remote);
        return r;
}

static int tick(struct watch *w, struct error *err)
{
        int64_t time = now();

        if (time - w->ticked < TICK && time >= w->ticked)
                return 0;
        w->ticked = time;
        container_table_tick(w->containers);
        detect_flush(w->options.detect, time);
        return w->options.log ? flush_log(w, err) : 0;
}

int watch_step(struct watch *w, int timeout_ms, struct error *err)
{
        const struct sensor_sink sink = { .event = take_raw, .data = w };
        int r = sensor_poll(w->sensor, timeout_ms, &sink, err);

        if (r > 0 && w->options.remote && !w->options.log)
                sensor_remote_acknowledge(w->options.remote);
        provenance_step(w->provenance);
        return r < 0 ? r : tick(w, err);
}

/* ---- what is asked for, and what is there ---- */

static bool is_wanted(const struct watch *w, uint32_t event)
{
        return detect_wants(w->options.detect)[event / 64] >> event % 64 & 1;
}

static struct sensor_kinds wanted_kinds(const struct watch *w)
{
        struct sensor_kinds kinds = { 0 };

        for (uint32_t i = 0; i < syscall_source.n_events; i++) {
                int kind = is_wanted(w, i) ? sensor_kind_of(str_from(syscall_source.events[i].name)) : -1;

                if (kind >= 0)
                        sensor_kinds_add(&kinds, (enum sensor_kind)kind);
        }
        return kinds;
}

int watch_use(struct watch *w, struct detect *detect, struct error *err)
{
        struct sensor_kinds kinds;

        w->options.detect = detect;
        kinds = wanted_kinds(w);
        return sensor_set_kinds(w->sensor, &kinds, err);
}

int watch_gaps(struct watch *w, int (*each)(void *ctx, const char *kind, const char *why), void *ctx)
{
        struct sensor_kinds kinds = wanted_kinds(w);
        struct sensor_report reports[SENSOR_KINDS];
        int r = 0;

        sensor_reports(w->sensor, reports);
        for (uint32_t i = 0; r == 0 && i < SENSOR_KINDS; i++) {
                const struct sensor_report *report = &reports[i];

                if (!sensor_kinds_has(&kinds, report->kind))
                        continue;
                if (report->attached == SENSOR_NOT_ATTACHED || (!report->tested && *report->reason))
                        r = each(ctx, sensor_kind_name(report->kind), report->reason);
        }
        return r;
}

size_t watch_blind_spots(struct watch *w, const char *ret[static SENSOR_BLIND_MAX])
{
        return sensor_blind_spots(w->sensor, ret);
}

void watch_get_counts(struct watch *w, struct watch_counts *ret)
{
        struct sensor_report reports[SENSOR_KINDS];

        *ret = w->counts;
        ret->lost = sensor_lost(w->sensor);
        sensor_reports(w->sensor, reports);
        for (uint32_t i = 0; i < SENSOR_KINDS; i++)
                ret->kinds += reports[i].attached > SENSOR_NOT_ATTACHED;
        ret->containers = (uint32_t)container_table_counts(w->containers).containers;
}

/* ---- */

static int see_container(void *ctx, const struct container *container, bool gone)
{
        struct watch *w = ctx;

        (void)gone;
        provenance_container(w->provenance, container);
        return 0;
}

int watch_new(const struct watch_options *options, struct watch **ret, struct error *err)
{
        _cleanup_(watch_freep) struct watch *w = calloc(1, sizeof(*w));
        struct sensor_options how = { .host = options->host };
        struct container_options engines = { 0 };
        int r;

        if (!w)
                return error_oom(err);
        w->options = *options;
        how.kinds = wanted_kinds(w);
        if (options->remote)
                engines.access = (struct container_access){ sensor_remote_open_file, sensor_remote_connect,
                                                            options->remote };
        r = container_table_new(&engines, &w->containers, err);
        if (r == 0)
                r = decoder_new(&(struct decoder_options){ 0 }, &w->decoder, err);
        if (r == 0)
                r = options->remote ? sensor_remote_open(options->remote, &how, &w->sensor, err)
                                    : sensor_open(&how, &w->sensor, err);
        /* After the sensor: a container that starts in between is told by both, and not missed by both. */
        if (r == 0)
                r = container_table_scan(w->containers, err);
        if (r == 0)
                r = provenance_new(&(struct provenance_options){ .scanner = options->scanner, .access = engines.access },
                                   &w->provenance, err);
        if (r < 0)
                return r;
        container_table_each(w->containers, false, see_container, w);
        w->ticked = now();
        *ret = TAKE_PTR(w);
        return 0;
}

struct watch *watch_free(struct watch *w)
{
        if (!w)
                return NULL;
        provenance_free(w->provenance);
        sensor_source_free(w->sensor);
        decoder_free(w->decoder);
        container_table_free(w->containers);
        free(w);
        return NULL;
}
