/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings from others: a list of "u32 size, event" that is given head, frames and checksums, since no fuzzer guesses
 * those; then the input as a whole file. Every event that passes is decoded, and every field is asked of it. The table of
 * processes keeps its limits, and what is recorded again reads the same.
 */
#include <errno.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/wire.h"
#include "fuzz.h"
#include "sensor/decoder.h"
#include "sensor/recording.h"

#define PROCESSES_MAX 8
#define MEMORY_MAX 4096

struct run {
        struct decoder *decoder;
        struct recorder *recorder;
        unsigned events, notes;
};

static void ask_everything(const struct decoded *decoded)
{
        static _Alignas(16) uint8_t room[65536];
        const struct fact fact = syscall_fact(&decoded->event);
        const struct field_argument none = { .index = -1 }, first = { .kind = ARGUMENT_INDEX, .index = 1 };

        for (uint32_t i = 0; i < syscall_source.n_fields; i++) {
                const struct field *field = &syscall_source.fields[i];
                struct value_scratch scratch = { .room = room, .size = sizeof(room) };
                _cleanup_(buf_free) struct buf text = { 0 };
                struct value value;

                if (!field->get || field->argument_required)
                        continue;
                field->get(field, &fact, field->argument == ARGUMENT_INDEX ? &first : &none, &scratch, &value);
                value_print(&value, &text);
        }
}

static int on_event(void *data, const struct sensor_raw *raw, struct error *err)
{
        struct run *run = data;
        struct decoder_counters counters;
        struct decoded decoded;
        int r;

        r = decoder_take(run->decoder, raw, &decoded, err);
        HOLDS(r >= 0);
        if (r < 0)
                return r;
        if (r > 0 && decoded.event.kind != UINT32_MAX)
                ask_everything(&decoded);
        decoder_counters(run->decoder, &counters);
        HOLDS(counters.processes <= PROCESSES_MAX + 2); /* who acts and its child come after the limit was kept */
        run->events++;
        return run->recorder ? recorder_event(run->recorder, raw, err) : 0;
}

static int on_note(void *data, uint32_t type, struct str payload, struct error *err)
{
        struct run *run = data;

        run->notes++;
        return run->recorder ? recorder_note(run->recorder, type, payload, err) : 0;
}

/* Reads it all, from a file that is its own. */
static int read_all(int fd, struct run *run, struct error *err)
{
        _cleanup_(sensor_source_freep) struct sensor_source *source = NULL;
        const struct decoder_options options = { .processes_max = PROCESSES_MAX, .memory_max = MEMORY_MAX, .no_names = true };
        const struct sensor_sink sink = { .event = on_event, .note = on_note, .data = run };
        int r;

        r = recording_open(fd, &source, err);
        if (r < 0)
                return r;
        r = decoder_new(&options, &run->decoder, err);
        if (r < 0)
                return r;
        do
                r = sensor_poll(source, 0, &sink, err);
        while (r >= 0);
        run->decoder = decoder_free(run->decoder);
        return r == -ENODATA ? 0 : r;
}

static void put_frames(struct buf *out, const uint8_t *data, size_t size)
{
        struct wire_reader r = wire_reader(data, size);

        while (wire_left(&r)) {
                uint32_t type = wire_get_u8(&r);
                struct str payload = wire_get_str(&r);
                size_t at = out->len;

                if (r.bad)
                        return;
                wire_put_u32(out, (uint32_t)payload.n);
                wire_put_u32(out, type);
                wire_put_u64(out, 1000000000);
                buf_add_str(out, payload);
                buf_add(out, "\0\0\0\0\0\0\0", (8 - payload.n % 8) % 8);
                if (out->failed)
                        return;
                wire_put_u32(out, checksum_crc32c(0, out->data + at, out->len - at));
                wire_put_u32(out, 0);
        }
}

static int sealed(const uint8_t *data, size_t size)
{
        _cleanup_(buf_free) struct buf file = { 0 };
        const uint32_t order = 0x01020304;

        buf_puts(&file, "TALLYEVT");
        wire_put_u32(&file, 1);
        wire_put_u32(&file, SENSOR_ABI_VERSION);
        buf_add(&file, &order, sizeof(order));
        wire_put_str(&file, STR_LIT("host"));
        if (buf_ok(&file))
                wire_put_u32(&file, checksum_crc32c(0, file.data, file.len));
        put_frames(&file, data, size);
        return fuzz_file(file.data, buf_ok(&file) ? file.len : 0);
}

static void record_and_read(const uint8_t *data, size_t size)
{
        _cleanup_(recorder_freep) struct recorder *recorder = NULL;
        struct error err = ERROR_INIT;
        struct run first = { 0 }, second = { 0 };
        int fd = fuzz_file("", 0), r;

        if (recorder_new(fd, STR_LIT("host"), &recorder, &err) < 0) {
                HOLDS(false);
                close(fd);
                return;
        }
        first.recorder = recorder;
        r = read_all(sealed(data, size), &first, &err);
        first.decoder = decoder_free(first.decoder);
        if (recorder_flush(recorder, &err) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
                close(fd);
                return;
        }
        fuzz_accepted += first.events;
        if (r < 0 && r != -EBADMSG && r != -ENOTSUP)
                HOLDS(r == -ENOMEM && fuzz_starved);
        HOLDS(read_all(fd, &second, &err) == 0);
        second.decoder = decoder_free(second.decoder);
        HOLDS(second.events == first.events && second.notes == first.notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct run run = { 0 };
        struct error err = ERROR_INIT;

        record_and_read(data, size);
        if (read_all(fuzz_file(data, size), &run, &err) < 0)
                decoder_free(run.decoder);
        return 0;
}
