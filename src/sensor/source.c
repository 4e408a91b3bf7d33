/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a source of events, whichever it is. */
#include <errno.h>

#include "sensor/sensor.h"

const char *sensor_attached_name(enum sensor_attached attached)
{
        static const char *const names[] = { "not wanted", "not attached", "tracepoint", "raw tracepoint", "fentry", "LSM" };

        return attached < ELEMENTS_OF(names) ? names[attached] : "unknown";
}

static int not_asked(struct error *err)
{
        return error_say(err, -ENOTSUP, "a recording holds what it holds");
}

int sensor_set_kinds(struct sensor_source *source, const struct sensor_kinds *kinds, struct error *err)
{
        return source->ops->set_kinds ? source->ops->set_kinds(source, kinds, err) : not_asked(err);
}

int sensor_ignore_cgroup(struct sensor_source *source, uint64_t cgroup, struct error *err)
{
        return source->ops->ignore ? source->ops->ignore(source, cgroup, err) : 0;
}

void sensor_forget_cgroup(struct sensor_source *source, uint64_t cgroup)
{
        if (source->ops->forget)
                source->ops->forget(source, cgroup);
}

int sensor_snapshot(struct sensor_source *source, struct error *err)
{
        return source->ops->snapshot ? source->ops->snapshot(source, err) : not_asked(err);
}

void sensor_reports(struct sensor_source *source, struct sensor_report ret[static SENSOR_KINDS])
{
        for (unsigned i = 0; i < SENSOR_KINDS; i++)
                ret[i] = (struct sensor_report){ .kind = i };
        if (source->ops->reports)
                source->ops->reports(source, ret);
}

uint64_t sensor_lost(struct sensor_source *source)
{
        return source->ops->lost ? source->ops->lost(source) : 0;
}
