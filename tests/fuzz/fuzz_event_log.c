/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of events. The first byte says how: 0, the rest is a whole file; else frames (u32 size, u8 type, payload), which get their
 * checksums here and follow a good header. Whatever can be read is written again, and reads the same. */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/wire.h"
#include "fuzz.h"
#include "store/event_log.h"

#define FRAME_HEAD 5

static int open_frames(struct str rest)
{
        _cleanup_(event_log_writer_freep) struct event_log_writer *w = NULL;
        _cleanup_(buf_free) struct buf frames = { 0 };
        struct error err = ERROR_INIT;
        int fd = fuzz_file("", 0);

        if (event_log_writer_new(fd, "f", "h", &w, &err) < 0)
                return fd;
        while (rest.n >= FRAME_HEAD) {
                struct wire_reader r = wire_reader(rest.p, rest.n);
                size_t n = MIN_OF((size_t)wire_get_u32(&r), rest.n - FRAME_HEAD);

                frames.len = 0;
                wire_put_u32(&frames, (uint32_t)n);
                buf_add(&frames, rest.p + 4, n + 1);
                if (!buf_ok(&frames))
                        break;
                wire_put_u32(&frames, checksum_crc32c(0, frames.data, frames.len));
                if (!buf_ok(&frames) || file_write(fd, frames.data, frames.len, &err) < 0)
                        break;
                rest = (struct str){ rest.p + FRAME_HEAD + n, rest.n - FRAME_HEAD - n };
        }
        if (lseek(fd, 0, SEEK_SET) < 0)
                HOLDS(false);
        return fd;
}

static void check_event(const struct syscall_event *event)
{
        unsigned depth = 0;

        HOLDS(event->kind < syscall_source.n_events);
        for (const struct syscall_process *p = event->process; p; p = p->parent)
                depth++;
        HOLDS(depth <= SYSCALL_ANCESTORS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(event_log_reader_freep) struct event_log_reader *reader = NULL;
        _cleanup_(event_log_writer_freep) struct event_log_writer *writer = NULL;
        _cleanup_close_ int fd = -EBADF, copy = -EBADF;
        const struct syscall_event *event;
        struct error err = ERROR_INIT;
        int r;

        if (size == 0)
                return 0;
        fd = data[0] ? open_frames((struct str){ (const char *)data + 1, size - 1 }) : fuzz_file(data + 1, size - 1);
        copy = fuzz_file("", 0);
        r = event_log_reader_new(fd, "f", &reader, &err);
        if (r < 0 || event_log_writer_new(copy, "c", event_log_hostname(reader), &writer, &err) < 0)
                return 0;
        while ((r = event_log_read(reader, &event, &err)) > 0) {
                check_event(event);
                fuzz_accepted++;
                r = event_log_write(writer, event, &err);
                HOLDS_OR(r == 0, err);
                if (r < 0)
                        return 0;
        }
        HOLDS(r == 0 || *err.message);
        return 0;
}
