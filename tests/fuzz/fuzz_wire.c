/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between processes, as a hijacked worker may send them: received, and each payload decoded as the record, or
 * with type 0x10 as the file entry, that it claims to be.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/worker.h"
#include "fuzz.h"
#include "model/file.h"

#define TYPE_FILE 0x10
#define INPUT_MAX 65536 /* fits into a socket that nobody reads yet */

static bool file_decodes(struct str payload)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        _cleanup_(buf_free) struct buf again = { 0 };
        struct file_entry entry;

        if (file_entry_decode(&r, &entry) < 0 || !wire_end(&r))
                return false;
        HOLDS(entry.size <= INT64_MAX); /* more is no number for most readers of JSON */
        file_entry_encode(&entry, &again);
        HOLDS(str_equal(buf_str(&again), payload));
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct error err = ERROR_INIT;
        struct worker_frame frame;
        struct worker_io io = { 0 };
        int pair[2], r;

        if (size > INPUT_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return 0;
        HOLDS(send(pair[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
        shutdown(pair[0], SHUT_WR);
        io.channel = pair[1];
        while ((r = worker_io_receive(&io, &frame, NULL, &err)) > 0) {
                HOLDS(frame.payload.n <= WORKER_FRAME_MAX);
                fuzz_check_url(frame.payload);
                fuzz_accepted += frame.type == TYPE_FILE ? file_decodes(frame.payload) :
                                 fuzz_record_decodes((enum record_kind)frame.type, frame.payload);
        }
        close(pair[0]);
        close(pair[1]);
        return 0;
}
