/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/compress.h"
#include "base/hijack.h"

#define INPUT_SIZE (256u << 10)
#define OUTPUT_SIZE (1u << 20)
#define ZSTD_WINDOW_LOG 24
#define HEAD_SIZE 6

const char *compression_name(enum compression compression)
{
        static const char *const names[] = { "none", "gzip", "zstd", "bzip2", "xz" };

        return names[compression];
}

enum compression compression_detect(const void *head, size_t n)
{
        static const struct {
                const char *magic;
                size_t n;
                enum compression compression;
        } known[] = {
                { "\x1f\x8b", 2, COMPRESSION_GZIP },
                { "\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD },
                { "BZh", 3, COMPRESSION_BZIP2 },
                { "\xfd" "7zXZ", 6, COMPRESSION_XZ },
        };
        const unsigned char *p = head;

        for (size_t i = 0; i < ELEMENTS_OF(known); i++)
                if (n >= known[i].n && memcmp(p, known[i].magic, known[i].n) == 0)
                        return known[i].compression;
        if (n >= 4 && (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
                return COMPRESSION_ZSTD; /* a skippable frame */
        return COMPRESSION_NONE;
}

struct inflater {
        struct byte_source source;
        struct inflate_limits limits;
        enum compression compression;
        uint8_t *input, *output;
        size_t at, end; /* of what is left in `input` */
        bool source_ended, ended;
        bool between;   /* no gzip member or zstd frame is open */
        uint64_t in, out;
        struct inflate_state gzip;
        struct isal_gzip_header gzip_header;
        bool in_header; /* of a gzip member */
        ZSTD_DStream *zstd;
};

static int refill(struct inflater *f, struct error *err)
{
        ssize_t n;

        if (f->at < f->end || f->source_ended)
                return 0;
        n = f->source.read(f->source.ctx, f->input, INPUT_SIZE, err);
        if (n < 0)
                return (int)n;
        f->at = 0;
        f->end = (size_t)n;
        f->in += (uint64_t)n;
        f->source_ended = n == 0;
        return 0;
}

/* Enough bytes to tell the format. */
static int read_head(struct inflater *f, struct error *err)
{
        while (f->end < HEAD_SIZE) {
                ssize_t n = f->source.read(f->source.ctx, f->input + f->end, INPUT_SIZE - f->end, err);

                if (n < 0)
                        return (int)n;
                if (n == 0) {
                        f->source_ended = true;
                        break;
                }
                f->end += (size_t)n;
                f->in += (uint64_t)n;
        }
        f->compression = compression_detect(f->input, f->end);
        return 0;
}

static void gzip_begin(struct inflater *f)
{
        isal_inflate_init(&f->gzip);
        f->gzip.crc_flag = ISAL_GZIP_NO_HDR_VER;
        isal_gzip_header_init(&f->gzip_header);
        f->in_header = true;
}

static int start(struct inflater *f, struct error *err)
{
        switch (f->compression) {
        case COMPRESSION_GZIP:
                gzip_begin(f);
                break;
        case COMPRESSION_ZSTD:
                f->zstd = ZSTD_createDStream();
                if (!f->zstd)
                        return error_oom(err);
                ZSTD_DCtx_setParameter(f->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
                f->between = true;
                break;
        case COMPRESSION_BZIP2:
        case COMPRESSION_XZ:
                return error_say(err, -ENOTSUP, "compressed with %s, which is not supported (gzip and zstd are)",
                                 compression_name(f->compression));
        default:
                break;
        }
        return 0;
}

int inflater_new(struct byte_source source, const struct inflate_limits *limits, struct inflater **ret,
                 struct error *err)
{
        _cleanup_(inflater_freep) struct inflater *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return error_oom(err);
        f->source = source;
        if (limits)
                f->limits = *limits;
        f->input = malloc(INPUT_SIZE);
        f->output = malloc(OUTPUT_SIZE);
        if (!f->input || !f->output)
                return error_oom(err);
        r = read_head(f, err);
        if (r == 0)
                r = start(f, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

struct inflater *inflater_free(struct inflater *f)
{
        if (f) {
                ZSTD_freeDStream(f->zstd);
                free(f->input);
                free(f->output);
                free(f);
        }
        return NULL;
}

uint64_t inflater_bytes_in(const struct inflater *inflater)
{
        return inflater->in;
}

uint64_t inflater_bytes_out(const struct inflater *inflater)
{
        return inflater->out;
}

/* After a whole member or frame: skips zero padding. 1 more follows, 0 the end. */
static int skip_padding(struct inflater *f, struct error *err)
{
        for (;;) {
                int r;

                while (f->at < f->end && f->input[f->at] == 0)
                        f->at++;
                if (f->at < f->end)
                        return 1;
                if (f->source_ended)
                        return 0;
                r = refill(f, err);
                if (r < 0)
                        return r;
        }
}

static ssize_t gzip_error(const struct inflater *f, int r, struct error *err)
{
        return error_say(err, -EBADMSG, "the gzip data is damaged (ISA-L error %d) after %llu bytes", r,
                         (unsigned long long)f->out);
}

static ssize_t gzip_ends_early(const struct inflater *f, struct error *err)
{
        return error_say(err, -EBADMSG, "the gzip data ends too early, after %llu bytes", (unsigned long long)f->out);
}

/* isal_inflate() would read it too, but forgets which optional fields are still to come if its input ends among them. */
static ssize_t gzip_read_header(struct inflater *f, struct error *err)
{
        int r = isal_read_gzip_header(&f->gzip, &f->gzip_header);

        f->at = f->end - f->gzip.avail_in;
        if (r != ISAL_DECOMP_OK && r != ISAL_END_INPUT)
                return gzip_error(f, r, err);
        f->in_header = r == ISAL_END_INPUT;
        return f->in_header && f->source_ended ? gzip_ends_early(f, err) : 0;
}

/* One step: fills `output` as far as it goes. Returns the bytes. */
static ssize_t gzip_step(struct inflater *f, struct error *err)
{
        int r;

        if (f->between) {
                r = skip_padding(f, err);
                if (r <= 0) {
                        f->ended = r == 0;
                        return r;
                }
                gzip_begin(f);
                f->between = false;
        }
        HIJACK_POINT("gzip");
        f->gzip.next_in = f->input + f->at;
        f->gzip.avail_in = (uint32_t)(f->end - f->at);
        if (f->in_header)
                return gzip_read_header(f, err);
        f->gzip.next_out = f->output;
        f->gzip.avail_out = OUTPUT_SIZE;
        r = isal_inflate(&f->gzip);
        f->at = f->end - f->gzip.avail_in;
        if (r != ISAL_DECOMP_OK && r != ISAL_END_INPUT)
                return gzip_error(f, r, err);
        f->between = f->gzip.block_state == ISAL_BLOCK_FINISH;
        if (!f->between && f->source_ended && f->at == f->end && f->gzip.avail_out == OUTPUT_SIZE)
                return gzip_ends_early(f, err);
        return OUTPUT_SIZE - f->gzip.avail_out;
}

static ssize_t zstd_step(struct inflater *f, struct error *err)
{
        ZSTD_inBuffer in;
        ZSTD_outBuffer out = { f->output, OUTPUT_SIZE, 0 };
        size_t left;

        if (f->between) {
                int r = skip_padding(f, err);

                if (r <= 0) {
                        f->ended = r == 0;
                        return r;
                }
                f->between = false;
        }
        HIJACK_POINT("zstd");
        in = (ZSTD_inBuffer){ f->input, f->end, f->at };
        left = ZSTD_decompressStream(f->zstd, &out, &in);
        f->at = in.pos;
        if (ZSTD_isError(left))
                return error_say(err, ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge ? -ENOTSUP : -EBADMSG,
                                 "the zstd data can not be read after %llu bytes: %s", (unsigned long long)f->out,
                                 ZSTD_getErrorName(left));
        f->between = left == 0;
        if (!f->between && f->source_ended && f->at == f->end && out.pos == 0)
                return error_say(err, -EBADMSG, "the zstd data ends too early, after %llu bytes",
                                 (unsigned long long)f->out);
        return (ssize_t)out.pos;
}

static ssize_t plain_step(struct inflater *f)
{
        size_t n = f->end - f->at;

        memcpy(f->output, f->input + f->at, n);
        f->at = f->end;
        f->ended = n == 0 && f->source_ended;
        return (ssize_t)n;
}

static int check_limits(const struct inflater *f, struct error *err)
{
        if (f->limits.output && f->out > f->limits.output)
                return error_say(err, -E2BIG, "inflates to more than %llu bytes (--limit layer-bytes=N raises this)",
                                 (unsigned long long)f->limits.output);
        if (f->limits.ratio && f->out > f->limits.ratio_after && f->out / f->limits.ratio > f->in)
                return error_say(err, -E2BIG, "inflates to more than %llu times its size (--limit ratio=N raises this)",
                                 (unsigned long long)f->limits.ratio);
        return 0;
}

int inflater_next(struct inflater *f, const uint8_t **ret_data, size_t *ret_n, struct error *err)
{
        while (!f->ended) {
                ssize_t n;
                int r = refill(f, err);

                if (r < 0)
                        return r;
                n = f->compression == COMPRESSION_GZIP ? gzip_step(f, err) :
                    f->compression == COMPRESSION_ZSTD ? zstd_step(f, err) : plain_step(f);
                if (n < 0)
                        return (int)n;
                if (n == 0)
                        continue;
                f->out += (uint64_t)n;
                r = check_limits(f, err);
                if (r < 0)
                        return r;
                *ret_data = f->output;
                *ret_n = (size_t)n;
                return 1;
        }
        return 0;
}
