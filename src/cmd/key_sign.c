/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "cmd/shared_options.h"
#include "cmd/signing.h"

#define DEFAULT_TYPE "application/octet-stream"

static int cmd_key_sign(const struct arguments *args, struct error *err)
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

/* ---- how it is called ---- */

static const struct option_spec sign_options[] = {
        KEY_OPTION,
        { "output", 'o', "FILE", "Write the envelope to this file. The default is standard output." },
        { "type", 0, "TYPE", "The media type of the content, which is signed too. The default is application/octet-stream." },
        PASSPHRASE_OPTION,
        { NULL },
};

static const struct help_item sign_examples[] = {
        { "tallyman key sign --key team.key --output report.json.dsse report.json", "Puts a file into a signed envelope." },
        { NULL },
};

const struct command command_key_sign = {
        .name = "key sign",
        .group = GROUP_INITIATION,
        .summary = "put a file into a signed envelope",
        .synopsis = "--key FILE [OPTION...] FILE",
        .description = "Writes an envelope (DSSE, in JSON) that holds the file, its media type and the signatures over both.",
        .options = sign_options,
        .operand = { "FILE", "What to sign.", NULL, 1, 1 },
        .examples = sign_examples,
        .run = cmd_key_sign,
};
