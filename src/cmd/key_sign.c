/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "cmd/signing.h"

#define DEFAULT_TYPE "application/octet-stream"

int cmd_key_sign(const struct arguments *args, struct error *err)
{
        _cleanup_(signers_done) struct signers signers = { 0 };
        _cleanup_(output_freep) struct output *out = NULL;
        _cleanup_(buf_free) struct buf payload = { 0 }, envelope = { 0 };
        const char *type = arguments_get(args, "type"), *path = arguments_get(args, "output");
        int r = signers_open(args, &signers, err);

        if (r == 0)
                r = file_read_whole(args->operands[0], DSSE_PAYLOAD_MAX, &payload, err);
        if (r == 0)
                r = dsse_make(str_from(type ? type : DEFAULT_TYPE), buf_str(&payload), signers.keys, signers.n,
                              &envelope, err);
        if (r == 0)
                r = path ? output_open(path, &out, err) : output_stdout(&out, err);
        if (r == 0)
                r = output_write(out, envelope.data, envelope.len, err);
        return r < 0 ? r : output_finish(out, err);
}
