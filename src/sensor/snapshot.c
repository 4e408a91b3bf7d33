/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that run already: the kernel's iterator tells of them, /proc of their arguments. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/file.h"
#include "sensor/live.h"

#define PROCESSES_BYTES_MAX (256u << 20)
#define ENV_BYTES_MAX 4095

/* Appends a part with what a file of /proc/PID holds. A process that is gone has none. */
static void add_part(struct buf *out, struct sensor_header *head, size_t head_at, const char *what,
                     enum sensor_part_type type, size_t max)
{
        char path[64], text[SENSOR_TEXT_MAX];
        struct sensor_part part = { .type = (uint16_t)type };
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%u/%s", head->pid, what);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : file_read(fd, text, max, NULL);
        if (n < 0)
                return;
        part.size = (uint32_t)n;
        part.flags = (size_t)n == max ? SENSOR_PART_CUT : 0;
        buf_add(out, &part, sizeof(part));
        buf_add(out, text, (size_t)n);
        buf_add(out, "\0\0\0\0\0\0\0", (8 - (size_t)n % 8) % 8);
        head->size = (uint32_t)(out->len - head_at);
        head->n_parts++;
}

/* Each event in turn, with what is added, to the snapshot. */
static int complete(struct str events, struct buf *out, struct error *err)
{
        while (events.n >= sizeof(struct sensor_header)) {
                struct sensor_header head;
                size_t at = out->len, size;

                memcpy(&head, events.p, sizeof(head));
                size = head.size;
                if (size < sizeof(head) || size > events.n || size % 8)
                        return error_say(err, -EPROTO, "the kernel's list of processes is damaged");
                buf_add(out, events.p, size);
                add_part(out, &head, at, "cmdline", SENSOR_PART_ARGV, SENSOR_TEXT_MAX - 1);
                add_part(out, &head, at, "environ", SENSOR_PART_ENV, ENV_BYTES_MAX);
                if (!buf_ok(out))
                        return error_oom(err);
                memcpy(out->data + at, &head, sizeof(head));
                events = (struct str){ events.p + size, events.n - size };
        }
        return 0;
}

static int read_iterator(struct bpf_link *link, struct buf *ret, struct error *err)
{
        _cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(link));

        if (fd < 0)
                return error_set(err, -errno, "list the processes");
        return file_slurp(fd, PROCESSES_BYTES_MAX, ret, err);
}

int sensor_take_snapshot(struct sensor *sensor, struct error *err)
{
        _cleanup_(buf_free) struct buf events = { 0 };
        struct bpf_program *program = bpf_object__find_program_by_name(sensor->object, "process_snapshot");
        struct bpf_link *link = program ? bpf_program__attach_iter(program, NULL) : NULL;
        int r;

        if (!link)
                return error_set(err, -errno, "list the processes");
        r = read_iterator(link, &events, err);
        bpf_link__destroy(link);
        return r < 0 ? r : complete(buf_str(&events), &sensor->snapshot, err);
}
