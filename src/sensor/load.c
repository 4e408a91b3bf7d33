/* SPDX-License-Identifier: Apache-2.0 */
/* The programs, into the kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sensor/live.h"
#include "sensor/object.h"

#define SCRATCH_SLOTS 4 /* as in bpf/base.h */

/* ---- what libbpf says ---- */

static _Thread_local char complaint[256];

_printf_(2, 0) static int hear(enum libbpf_print_level level, const char *format, va_list args)
{
        size_t n;

        if (level != LIBBPF_WARN || *complaint) /* the first is the cause */
                return 0;
        vsnprintf(complaint, sizeof(complaint), format, args);
        n = strcspn(complaint, "\n");
        complaint[n] = 0;
        return 0;
}

/* ---- loading ---- */

static int explain_load(int r, struct error *err)
{
        if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
                return error_say(err, -ENOTSUP, "watching needs a kernel with BTF: /sys/kernel/btf/vmlinux is not there "
                                 "(CONFIG_DEBUG_INFO_BTF)");
        if (r == -EPERM || r == -EACCES)
                return error_say(err, -EPERM, "watching needs root, or the capabilities CAP_BPF, CAP_PERFMON and "
                                 "CAP_SYS_RESOURCE%s%s", *complaint ? ": " : "", complaint);
        if (r == -ENOSYS)
                return error_say(err, -ENOTSUP, "watching needs a kernel with BPF (CONFIG_BPF_SYSCALL)");
        return error_set(err, r, "load the programs into the kernel%s%s", *complaint ? ": " : "", complaint);
}

static struct bpf_object *open_object(void)
{
        LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "tallyman");

        if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_task_pt_regs, NULL) == 0)
                return bpf_object__open_mem(sensor_object_old, sensor_object_old_size, &options);
        return bpf_object__open_mem(sensor_object, sensor_object_size, &options);
}

/* What not every kernel has must not keep the rest from being loaded. */
static bool has_uring(void)
{
        return libbpf_find_vmlinux_btf_id("io_uring_submit_req", BPF_TRACE_RAW_TP) > 0;
}

static int try_to_load(struct sensor *sensor, size_t buffer_size, bool uring)
{
        int r;

        complaint[0] = 0;
        sensor->object = open_object();
        if (!sensor->object)
                return -errno;
        r = bpf_map__set_max_entries(bpf_object__find_map_by_name(sensor->object, "events"), (uint32_t)buffer_size);
        if (r == 0)
                r = bpf_map__set_max_entries(bpf_object__find_map_by_name(sensor->object, "scratches"),
                                             (uint32_t)sensor->n_cpus * SCRATCH_SLOTS);
        if (r == 0)
                r = bpf_program__set_autoload(bpf_object__find_program_by_name(sensor->object, "uring_submit"), uring);
        complaint[0] = 0; /* looking for features complains of what is not there */
        return r < 0 ? r : bpf_object__load(sensor->object);
}

int sensor_load(struct sensor *sensor, size_t buffer_size, struct error *err)
{
        bool uring;
        int r;

        libbpf_set_print(hear);
        uring = has_uring();
        r = try_to_load(sensor, buffer_size, uring);
        if (r < 0 && uring) { /* its structs are no public interface: they may have changed */
                bpf_object__close(sensor->object);
                r = try_to_load(sensor, buffer_size, false);
        }
        return r < 0 ? explain_load(r, err) : 0;
}
