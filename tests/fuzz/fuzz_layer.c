/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over a layer, as its worker makes it but in this process: inflate, walk the tar, hash, detect, write the
 * layer file. What was written must be readable without fault and merge, alone and on top of itself.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"
#include "fuzz.h"
#include "inventory/inventory.h"
#include "oci/layer.h"
#include "oci/layer_file.h"

#define LAYER_BYTES (4u << 20)
#define RATIO 1000
#define FILES 5000
#define DEPTH 64

static void set_detectors(void)
{
        static struct detector_set *set;
        struct error err = ERROR_INIT;
        size_t n = 0;

        while (inventory_detectors[n])
                n++;
        if (!set && detector_set_new(inventory_detectors, n, &set, &err) == 0)
                layer_set_detectors(set);
}

static void put_argument(struct buf *out)
{
        wire_put_u64(out, LAYER_BYTES);
        wire_put_u64(out, RATIO);
        wire_put_u64(out, FILES);
        wire_put_u64(out, DEPTH);
        wire_put_u32(out, DIGEST_SHA256);
}

static int read_layer(int input, int output, int scratch)
{
        _cleanup_(buf_free) struct buf argument = { 0 };
        struct error err = ERROR_INIT;
        int fds[] = { input, output, scratch }, channel[2], r;
        struct worker_io io = { .fds = fds, .n_fds = ELEMENTS_OF(fds) };

        put_argument(&argument);
        if (!buf_ok(&argument) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
                return -1;
        io.argument = argument.data;
        io.argument_size = argument.len;
        io.channel = channel[1];
        r = layer_tar_job.run(&io, &err);
        HOLDS_OR(r == 0, err); /* whatever the bytes are, they end in a layer file and its problems */
        close(channel[0]);
        close(channel[1]);
        return r;
}

static void check_file(int output)
{
        _cleanup_(layer_file_freep) struct layer_file *lf = NULL;
        struct layer_file *stack[2];
        struct error err = ERROR_INIT;
        int r = layer_file_open(output, &lf, &err);

        HOLDS_OR(r == 0, err);
        if (r < 0)
                return;
        fuzz_read_layer(lf, true);
        stack[0] = stack[1] = lf;
        fuzz_merge(stack, 1);
        fuzz_merge(stack, 2);
        fuzz_accepted += digest_is_set(layer_file_diff_id(lf)) && layer_file_entries(lf) > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_close_ int input = fuzz_file(data, size), scratch = fuzz_file("", 0);
        int output = fuzz_file("", 0);

        set_detectors();
        if (read_layer(input, output, scratch) == 0)
                check_file(output);
        else
                close(output);
        return 0;
}
