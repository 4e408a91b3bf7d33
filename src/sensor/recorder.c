/* SPDX-License-Identifier: Apache-2.0 */
/* Writing recordings. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sensor/recording_format.h"

#define WAITING_MAX (256u << 10) /* bytes that wait at most before they are written */

struct recorder {
        int fd;
        struct buf waiting;
        uint64_t size; /* of what was written */
};

static void put_header(struct buf *out, struct str hostname)
{
        const uint32_t order = RECORDING_ORDER;

        buf_puts(out, RECORDING_MAGIC);
        wire_put_u32(out, RECORDING_VERSION);
        wire_put_u32(out, SENSOR_ABI_VERSION);
        buf_add(out, &order, sizeof(order)); /* as this machine has it */
        wire_put_str(out, (struct str){ hostname.p, MIN_OF(hostname.n, (size_t)RECORDING_HOSTNAME_MAX) });
        wire_put_u32(out, checksum_crc32c(0, out->data, out->len));
}

/* Where the last whole frame of a file ends that was recorded before. */
static int find_end(int fd, uint64_t *ret, struct error *err)
{
        _cleanup_(recording_reader_done) struct recording_reader reader = { 0 };
        struct recording_frame frame;
        int r;

        r = recording_reader_init(&reader, fd, err);
        while (r == 0) {
                *ret = reader.at;
                r = recording_reader_next(&reader, &frame, err);
                r = r > 0 ? 0 : r < 0 ? r : 1;
        }
        return MIN_OF(r, 0);
}

static int start(struct recorder *recorder, struct str hostname, struct error *err)
{
        struct stat st;
        int r;

        if (fstat(recorder->fd, &st) < 0)
                return error_set(err, -errno, "look at the recording");
        if (!S_ISREG(st.st_mode) || st.st_size == 0) {
                put_header(&recorder->waiting, hostname);
                return buf_ok(&recorder->waiting) ? recorder_flush(recorder, err) : error_oom(err);
        }
        if (lseek(recorder->fd, 0, SEEK_SET) < 0)
                return error_set(err, -errno, "go to the start of the recording");
        r = find_end(recorder->fd, &recorder->size, err);
        if (r < 0)
                return r;
        if (ftruncate(recorder->fd, (off_t)recorder->size) < 0 || lseek(recorder->fd, (off_t)recorder->size, SEEK_SET) < 0)
                return error_set(err, -errno, "go to the end of the recording");
        return 0;
}

int recorder_new(int fd, struct str hostname, struct recorder **ret, struct error *err)
{
        _cleanup_(recorder_freep) struct recorder *recorder = calloc(1, sizeof(*recorder));
        int r;

        if (!recorder)
                return error_oom(err);
        recorder->fd = fd;
        r = start(recorder, hostname, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(recorder);
        return 0;
}

static int put_frame(struct recorder *recorder, uint32_t type, int64_t clock, struct str payload, struct error *err)
{
        struct buf *out = &recorder->waiting;
        size_t at = out->len;

        wire_put_u32(out, (uint32_t)payload.n);
        wire_put_u32(out, type);
        wire_put_u64(out, (uint64_t)clock);
        buf_add_str(out, payload);
        buf_add(out, "\0\0\0\0\0\0\0", (8 - payload.n % 8) % 8);
        if (!out->failed)
                wire_put_u32(out, checksum_crc32c(0, out->data + at, out->len - at));
        wire_put_u32(out, 0);
        if (!buf_ok(out)) { /* what was there is kept by nobody: say so once, and go on with an empty one */
                buf_free(out);
                return error_oom(err);
        }
        return out->len >= WAITING_MAX ? recorder_flush(recorder, err) : 0;
}

int recorder_event(struct recorder *recorder, const struct sensor_raw *raw, struct error *err)
{
        return put_frame(recorder, RECORDING_EVENT, raw->clock, (struct str){ (const char *)raw->header, raw->header->size }, err);
}

int recorder_note(struct recorder *recorder, uint32_t type, struct str payload, struct error *err)
{
        if (type == RECORDING_EVENT || payload.n > RECORDING_NOTE_MAX)
                return error_say(err, -EINVAL, "a note of type %u and %zu bytes can not be recorded", type, payload.n);
        return put_frame(recorder, type, 0, payload, err);
}

int recorder_flush(struct recorder *recorder, struct error *err)
{
        int r;

        if (recorder->waiting.len == 0)
                return 0;
        r = file_write(recorder->fd, recorder->waiting.data, recorder->waiting.len, err);
        recorder->size += recorder->waiting.len;
        buf_clear(&recorder->waiting);
        return r;
}

uint64_t recorder_size(const struct recorder *recorder)
{
        return recorder->size + recorder->waiting.len;
}

struct recorder *recorder_free(struct recorder *recorder)
{
        if (!recorder)
                return NULL;
        buf_free(&recorder->waiting);
        free(recorder);
        return NULL;
}
