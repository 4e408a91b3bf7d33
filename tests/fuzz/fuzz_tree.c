/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker is told of a root directory, frames of "u32 type, u32 size, payload", as the walk sends them and in any
 * other way. A TREE_FILE comes with an open file, which holds the frame's own bytes. Whatever was told ends in a layer
 * file without fault, or in an error.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"
#include "fuzz.h"
#include "inventory/inventory.h"
#include "oci/layer_file.h"
#include "oci/tree_private.h"

#define INPUT_MAX 49152 /* fits into a socket that nobody reads yet */
#define FRAMES_MAX 64   /* as do these, with their descriptors */
#define LAYER_BYTES (1u << 20)
#define FILES 1000
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

static void send_frame(int to, uint32_t type, struct str payload)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        union {
                char room[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = { 0 };
        struct iovec iov;
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        _cleanup_close_ int file = type == TREE_FILE ? fuzz_file(payload.p, payload.n) : -EBADF;

        wire_put_u32(&text, type);
        wire_put_str(&text, payload);
        if (!buf_ok(&text))
                return;
        iov = (struct iovec){ text.data, text.len };
        if (file >= 0) {
                message.msg_control = control.room;
                message.msg_controllen = sizeof(control.room);
                *CMSG_FIRSTHDR(&message) = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
                memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &file, sizeof(int));
        }
        HOLDS(sendmsg(to, &message, MSG_DONTWAIT) == (ssize_t)text.len);
}

static void send_all(int to, const uint8_t *data, size_t size)
{
        struct wire_reader r = wire_reader(data, size);

        for (unsigned n = 0; n < FRAMES_MAX && wire_left(&r); n++) {
                uint32_t type = wire_get_u32(&r);
                struct str payload = wire_get_str(&r);

                if (!r.bad)
                        send_frame(to, type, payload);
        }
        shutdown(to, SHUT_WR);
}

static int run(const uint8_t *data, size_t size, int output, struct error *err)
{
        _cleanup_(buf_free) struct buf argument = { 0 };
        int fds[] = { output }, channel[2], r;
        struct worker_io io = { .fds = fds, .n_fds = ELEMENTS_OF(fds) };

        wire_put_u64(&argument, LAYER_BYTES);
        wire_put_u64(&argument, 0);
        wire_put_u64(&argument, FILES);
        wire_put_u64(&argument, DEPTH);
        wire_put_u32(&argument, DIGEST_SHA256);
        if (!buf_ok(&argument) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
                return -ENOMEM;
        send_all(channel[0], data, size);
        io.argument = argument.data;
        io.argument_size = argument.len;
        io.channel = channel[1];
        r = layer_tree_job.run(&io, err);
        close(channel[0]);
        close(channel[1]);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(layer_file_freep) struct layer_file *lf = NULL;
        struct error err = ERROR_INIT;
        int output = fuzz_file("", 0), r;

        set_detectors();
        r = size <= INPUT_MAX ? run(data, size, output, &err) : -E2BIG;
        if (r < 0) {
                close(output);
                return 0;
        }
        r = layer_file_open(output, &lf, &err);
        HOLDS_OR(r == 0, err);
        if (r < 0)
                return 0;
        HOLDS(layer_file_entries(lf) <= FILES);
        fuzz_read_layer(lf, false); /* paths and problems are as they were told: its readers must look at them again */
        fuzz_merge(&lf, 1);
        fuzz_accepted += layer_file_entries(lf) > 0;
        return 0;
}
