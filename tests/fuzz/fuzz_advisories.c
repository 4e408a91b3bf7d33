/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of records and the lists beside them, from the worker's reading to what the parent takes. The first byte says which. */
#include <unistd.h>

#include "fuzz.h"
#include "vuln/feed.h"
#include "vuln/record.h"

static int take_record(void *ctx, struct str name, bool good, struct str bytes, struct error *err)
{
        struct vuln_record record;

        if (good)
                HOLDS(record_decode(bytes, &record));
        fuzz_accepted++;
        return 0;
}

static int take_entry(void *ctx, struct db_entry entry, struct error *err)
{
        HOLDS(entry.key > 0);
        fuzz_accepted++;
        return 0;
}

static int take_label(void *ctx, struct str text, struct error *err)
{
        HOLDS(text.n <= 100);
        return 0;
}

static int take_bad(void *ctx, struct str where, struct str what, struct error *err)
{
        HOLDS(where.n && what.n);
        return 0;
}

static int take_frame(void *ctx, uint32_t type, struct str payload, struct error *err)
{
        const struct feed_sink sink = { take_record, take_entry, take_label, take_bad, NULL };
        const struct worker_frame frame = { type, payload };
        int r = feed_take_frame(&frame, &sink, err);

        HOLDS(r == 0 && payload.n <= WORKER_FRAME_MAX);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        int (*const readers[])(int, struct feed_output *, struct error *) = { feed_read_archive, feed_read_kev, feed_read_epss };
        struct feed_output out = { .frame = take_frame };
        struct error err = ERROR_INIT;
        int fd;

        if (size == 0)
                return 0;
        fd = fuzz_file(data + 1, size - 1);
        if (readers[data[0] % 3](fd, &out, &err) < 0)
                HOLDS(err.code < 0 && *err.message);
        buf_free(&out.batch);
        close(fd);
        return 0;
}
