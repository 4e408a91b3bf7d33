/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer files from a hijacked worker or a damaged disk: a list of "u32 size, layer file", each without its last 12
 * bytes, since no fuzzer guesses a checksum. All are read, then merged; the merge must be an index without fault.
 */
#include <errno.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/wire.h"
#include "fuzz.h"
#include "oci/layer_file.h"
#include "oci/layer_format.h"

#define LAYERS_MAX 8

#ifndef FUZZ_LAYERS /* what becomes of them: see fuzz_report.c */
#define FUZZ_LAYERS fuzz_merge
#endif

static int sealed_file(struct str body)
{
        _cleanup_(buf_free) struct buf file = { 0 };

        buf_add_str(&file, body);
        wire_put_u32(&file, checksum_crc32c(0, body.p, body.n));
        wire_put_u32(&file, LAYER_FILE_VERSION);
        wire_put_u32(&file, LAYER_FILE_MAGIC);
        return fuzz_file(file.data, buf_ok(&file) ? file.len : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire_reader r = wire_reader(data, size);
        struct layer_file *layers[LAYERS_MAX] = { NULL };
        struct error err = ERROR_INIT;
        size_t n = 0, opened = 0;

        for (; n < LAYERS_MAX && wire_left(&r); n++) {
                struct str body = wire_get_str(&r);

                if (r.bad)
                        break;
                if (layer_file_open(sealed_file(body), &layers[n], &err) < 0)
                        continue;
                fuzz_read_layer(layers[n], false);
                opened++;
        }
        if (opened)
                FUZZ_LAYERS(layers, n);
        fuzz_accepted += opened;
        for (size_t i = 0; i < n; i++)
                layer_file_free(layers[i]);
        return 0;
}
