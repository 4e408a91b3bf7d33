/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as the kernel's programs write them: a list of "u8, u32 size, event". Each that passes is decoded, and every field is asked of
 * it. The table of processes keeps its limits.
 */
#include <errno.h>

#include "base/wire.h"
#include "fuzz.h"
#include "sensor/decoder.h"

#define PROCESSES_MAX 8
#define MEMORY_MAX 4096

struct run {
        struct decoder *decoder;
        unsigned events;
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
        if (r < 0) { /* malformed: it changes nothing */
                HOLDS(r == -EBADMSG || fuzz_starved);
                return r;
        }
        if (r > 0 && decoded.event.kind != UINT32_MAX)
                ask_everything(&decoded);
        decoder_counters(run->decoder, &counters);
        HOLDS(counters.processes <= PROCESSES_MAX + 2); /* who acts and its child come after the limit was kept */
        run->events++;
        return 0;
}

/* Events are aligned where they come from. */
static void take(struct run *run, struct str payload)
{
        _cleanup_free_ uint64_t *copy = calloc(payload.n / 8 + 1, 8);
        struct error err = ERROR_INIT;
        struct sensor_raw raw;

        if (!copy)
                return;
        memcpy(copy, payload.p, payload.n);
        if (sensor_raw_check(copy, payload.n, 1000000000, &raw, &err) == 0)
                (void)!on_event(run, &raw, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct decoder_options options = { .processes_max = PROCESSES_MAX, .memory_max = MEMORY_MAX, .no_names = true };
        struct wire_reader r = wire_reader(data, size);
        struct error err = ERROR_INIT;
        struct run run = { 0 };

        if (decoder_new(&options, &run.decoder, &err) < 0)
                return 0;
        while (wire_left(&r)) {
                struct str payload;

                wire_get_u8(&r);
                payload = wire_get_str(&r);
                if (!r.bad && payload.n)
                        take(&run, payload);
        }
        decoder_free(run.decoder);
        fuzz_accepted += run.events;
        return 0;
}
