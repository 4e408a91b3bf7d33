/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a source of events, whichever it is. */
#include "sensor/sensor.h"

int sensor_set_kinds(struct sensor_source *source, const struct sensor_kinds *kinds, struct error *err)
{
        return source->ops->set_kinds(source, kinds, err);
}

int sensor_ignore_cgroup(struct sensor_source *source, uint64_t cgroup, struct error *err)
{
        return source->ops->ignore(source, cgroup, err);
}

void sensor_forget_cgroup(struct sensor_source *source, uint64_t cgroup)
{
        source->ops->forget(source, cgroup);
}

int sensor_snapshot(struct sensor_source *source, struct error *err)
{
        return source->ops->snapshot(source, err);
}

void sensor_reports(struct sensor_source *source, struct sensor_report ret[static SENSOR_KINDS])
{
        source->ops->reports(source, ret);
}

size_t sensor_blind_spots(struct sensor_source *source, const char *ret[static SENSOR_BLIND_MAX])
{
        static const char *const texts[SENSOR_BLIND_MAX] = {
                "Files opened and connections made through io_uring are not seen by this kernel's tracepoints.",
                "System calls made in 32-bit mode are not seen: this kernel takes them (ia32_emulation=0 refuses them).",
        };
        uint32_t blind = source->ops->blind(source);
        size_t n = 0;

        for (size_t i = 0; i < SENSOR_BLIND_MAX; i++)
                if (blind >> i & 1)
                        ret[n++] = texts[i];
        return n;
}

uint64_t sensor_lost(struct sensor_source *source)
{
        return source->ops->lost(source);
}
