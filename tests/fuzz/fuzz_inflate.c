/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, zstd and plain streams: what comes out must not depend on the pieces in which it goes in. */
#include <errno.h>

#include "base/compress.h"
#include "base/hash.h"
#include "fuzz.h"

#define OUTPUT_MAX (1u << 20)
#define RATIO_MAX 1000
#define RATIO_AFTER (256u << 10)

struct feed {
        const uint8_t *data;
        size_t left, piece;
};

static ssize_t feed_read(void *ctx, void *buf, size_t n, struct error *err)
{
        struct feed *f = ctx;
        size_t give = MIN_OF(MIN_OF(n, f->piece), f->left);

        if (give)
                memcpy(buf, f->data, give);
        f->data += give;
        f->left -= give;
        return (ssize_t)give;
}

struct outcome {
        int code;
        uint64_t bytes;
        uint32_t checksum;
};

static struct outcome inflate_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
        static const struct inflate_limits limits = { OUTPUT_MAX, RATIO_MAX, RATIO_AFTER };
        _cleanup_(inflater_freep) struct inflater *f = NULL;
        struct feed feed = { data, size, piece };
        struct error err = ERROR_INIT;
        struct outcome o = { 0 };
        const uint8_t *out;
        size_t n;

        o.code = inflater_new((struct byte_source){ feed_read, &feed }, &limits, &f, &err);
        if (o.code < 0)
                return o;
        while ((o.code = inflater_next(f, &out, &n, &err)) > 0) {
                HOLDS(n > 0);
                o.bytes += n;
                o.checksum = checksum_crc32c(o.checksum, out, n);
        }
        HOLDS(o.bytes <= OUTPUT_MAX);
        HOLDS(o.code < 0 || (inflater_bytes_in(f) == size && inflater_bytes_out(f) == o.bytes));
        return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct outcome whole = inflate_in_pieces(data, size, SIZE_MAX);
        struct outcome pieces = inflate_in_pieces(data, size, 1 + size % 61);

        /* Where it stops with an error, how much came out before may differ; so may which limit is met first. */
        HOLDS((whole.code < 0) == (pieces.code < 0));
        HOLDS(whole.code < 0 || (whole.bytes == pieces.bytes && whole.checksum == pieces.checksum));
        fuzz_accepted += whole.code == 0 && compression_detect(data, size) != COMPRESSION_NONE;
        return 0;
}
