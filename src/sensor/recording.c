/* SPDX-License-Identifier: Apache-2.0 */
/* Reading recordings. They may come from others: nothing in them is believed. */
#include <errno.h>

#include "base/file.h"
#include "sensor/recording_format.h"

#define EVENTS_A_POLL 256
#define PIECE 65536

/* ---- frames ---- */

/* Has at least `need` bytes at reader->taken, unless the file ends before. 1, 0: it ends, negative. */
static int need_bytes(struct recording_reader *reader, size_t need, struct error *err)
{
        ssize_t n;

        while (reader->used - reader->taken < need) {
                size_t want = MAX_OF(need - (reader->used - reader->taken), (size_t)PIECE);

                if (reader->ended)
                        return 0;
                if (reader->taken) {
                        memmove(reader->room, reader->room + reader->taken, reader->used - reader->taken);
                        reader->used -= reader->taken;
                        reader->taken = 0;
                }
                if (mem_grow(&reader->room, &reader->cap, reader->used + want, 1) < 0)
                        return error_oom(err);
                n = file_read(reader->fd, reader->room + reader->used, want, err);
                if (n < 0)
                        return (int)n;
                reader->used += (size_t)n;
                reader->ended = (size_t)n < want;
        }
        return 1;
}

/* What is taken is a multiple of 8, so that payloads stay aligned. */
static void take(struct recording_reader *reader, size_t n)
{
        reader->taken += n;
        reader->at += n;
}

static int check_header(struct recording_reader *reader, const char *p, size_t n, struct error *err)
{
        struct wire_reader in = wire_reader(p + strlen(RECORDING_MAGIC), n - strlen(RECORDING_MAGIC));
        uint32_t version = wire_get_u32(&in), abi = wire_get_u32(&in), order = 0, crc;
        struct str hostname;

        wire_get_bytes(&in, &order, sizeof(order));
        hostname = wire_get_str(&in);
        crc = wire_get_u32(&in);
        if (in.bad || hostname.n > RECORDING_HOSTNAME_MAX ||
            crc != checksum_crc32c(0, p, strlen(RECORDING_MAGIC) + 16 + hostname.n))
                return error_say(err, -EBADMSG, "the head of the recording is damaged");
        if (version != RECORDING_VERSION || abi != SENSOR_ABI_VERSION)
                return error_say(err, -ENOTSUP, "the recording is of version %u.%u, and this program reads %u.%u", version, abi,
                                 RECORDING_VERSION, SENSOR_ABI_VERSION);
        if (order != RECORDING_ORDER)
                return error_say(err, -ENOTSUP, "the recording was made on a machine of another byte order");
        memcpy(reader->hostname_text, hostname.p, hostname.n);
        reader->hostname = (struct str){ reader->hostname_text, hostname.n };
        return 0;
}

int recording_reader_init(struct recording_reader *reader, int fd, struct error *err)
{
        size_t most = strlen(RECORDING_MAGIC) + 16 + RECORDING_HOSTNAME_MAX + 4, n;
        int r;

        *reader = (struct recording_reader){ .fd = fd };
        r = need_bytes(reader, most, err); /* fewer are there if it is short */
        if (r < 0)
                return r;
        n = MIN_OF(reader->used, most);
        if (n < strlen(RECORDING_MAGIC) || memcmp(reader->room, RECORDING_MAGIC, strlen(RECORDING_MAGIC)) != 0)
                return error_say(err, -EBADMSG, "this is no recording of events (tallyman watch --record makes them)");
        r = check_header(reader, reader->room, n, err);
        if (r < 0)
                return r;
        n = strlen(RECORDING_MAGIC) + 16 + reader->hostname.n + 4;
        reader->at = n;
        /* the frames start at a multiple of 8 of the room, whatever the length of the name */
        memmove(reader->room, reader->room + n, reader->used - n);
        reader->used -= n;
        return 0;
}

static int cut(struct recording_reader *reader)
{
        reader->cut = true;
        return 0;
}

int recording_reader_next(struct recording_reader *reader, struct recording_frame *ret, struct error *err)
{
        size_t size, body;
        struct wire_reader in;
        const char *p;
        int r;

        r = need_bytes(reader, RECORDING_FRAME_HEAD, err);
        if (r <= 0)
                return r < 0 || reader->used == reader->taken ? r : cut(reader);
        in = wire_reader(reader->room + reader->taken, RECORDING_FRAME_HEAD);
        size = wire_get_u32(&in);
        ret->type = wire_get_u32(&in);
        ret->clock = (int64_t)wire_get_u64(&in);
        if (size > (ret->type == RECORDING_EVENT ? RECORDING_EVENT_MAX : RECORDING_NOTE_MAX))
                return error_say(err, -EBADMSG, "the recording is damaged at byte %llu: a frame of %zu bytes",
                                 (unsigned long long)reader->at, size);
        body = RECORDING_FRAME_HEAD + (size + 7) / 8 * 8;
        r = need_bytes(reader, body + RECORDING_FRAME_TAIL, err);
        if (r <= 0)
                return r < 0 ? r : cut(reader);
        p = reader->room + reader->taken;
        in = wire_reader(p + body, RECORDING_FRAME_TAIL);
        if (wire_get_u32(&in) != checksum_crc32c(0, p, body))
                return error_say(err, -EBADMSG, "the recording is damaged at byte %llu: a checksum does not match",
                                 (unsigned long long)reader->at);
        ret->payload = (struct str){ p + RECORDING_FRAME_HEAD, size };
        take(reader, body + RECORDING_FRAME_TAIL);
        return 1;
}

void recording_reader_done(struct recording_reader *reader)
{
        free(reader->room);
        reader->room = NULL;
}

/* ---- as a source ---- */

struct recording {
        struct sensor_source source; /* first */
        struct recording_reader reader;
        int fd;
};

static int hand_on(const struct recording_frame *frame, const struct sensor_sink *sink, struct error *err)
{
        struct sensor_raw raw;
        int r;

        if (frame->type != RECORDING_EVENT)
                return sink->note ? sink->note(sink->data, frame->type, frame->payload, err) : 0;
        r = sensor_raw_check(frame->payload.p, frame->payload.n, frame->clock, &raw, err);
        return r < 0 ? r : sink->event(sink->data, &raw, err);
}

static int poll_recording(struct sensor_source *source, int timeout_ms, const struct sensor_sink *sink, struct error *err)
{
        struct recording *recording = (struct recording *)source;
        struct recording_frame frame;
        int n = 0, r;

        while (n < EVENTS_A_POLL) {
                r = recording_reader_next(&recording->reader, &frame, err);
                if (r < 0)
                        return r;
                if (r == 0)
                        return n ? n : -ENODATA;
                r = hand_on(&frame, sink, err);
                if (r < 0)
                        return r;
                n++;
        }
        return n;
}

static struct sensor_source *free_recording(struct sensor_source *source)
{
        struct recording *recording = (struct recording *)source;

        recording_reader_done(&recording->reader);
        fd_close(recording->fd);
        free(recording);
        return NULL;
}

static const struct sensor_source_ops recording_ops = { .poll = poll_recording, .free = free_recording };

int recording_open(int fd, struct sensor_source **ret, struct error *err)
{
        struct recording *recording = calloc(1, sizeof(*recording));
        int r;

        if (!recording) {
                fd_close(fd);
                return error_oom(err);
        }
        recording->source.ops = &recording_ops;
        recording->fd = fd;
        r = recording_reader_init(&recording->reader, fd, err);
        if (r < 0) {
                free_recording(&recording->source);
                return r;
        }
        *ret = &recording->source;
        return 0;
}

bool recording_was_cut(const struct sensor_source *source)
{
        return ((const struct recording *)source)->reader.cut;
}

struct str recording_hostname(const struct sensor_source *source)
{
        return ((const struct recording *)source)->reader.hostname;
}
