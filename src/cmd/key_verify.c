/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "cmd/shared_options.h"
#include "cmd/signing.h"

static int write_payload(const char *path, struct str payload, struct error *err)
{
        _cleanup_(output_freep) struct output *out = NULL;
        int r = output_open(path, &out, err);

        if (r == 0)
                r = output_write(out, payload.p, payload.n, err);
        return r < 0 ? r : output_finish(out, err);
}

static int cmd_key_verify(const struct arguments *args, struct error *err)
{
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        _cleanup_(trust_verified_freep) struct trust_verified *verified = NULL;
        _cleanup_(buf_free) struct buf envelope = { 0 }, text = { 0 };
        const char *output = arguments_get(args, "output");
        int r = trusted_open(args, &keys, err);

        if (r == 0)
                r = file_read_whole(args->operands[0], DSSE_ENVELOPE_MAX, &envelope, err);
        if (r < 0)
                return r;
        r = trust_verify(buf_str(&envelope), arguments_get(args, "type"), &keys, &verified, err);
        if (r < 0)
                return untrusted(r, args->operands[0], err);
        r = output ? write_payload(output, verified->payload, err) : 0;
        if (r < 0)
                return r;
        print_signers(verified, &text);
        buf_puts(&text, "type ");
        buf_add_quoted(&text, verified->type);
        buf_puts(&text, ", ");
        buf_add_size(&text, verified->payload.n);
        buf_putc(&text, '\n');
        return print_text(&text, err);
}

/* ---- how it is called ---- */

static const struct option_spec verify_options[] = {
        { "output", 'o', "FILE", "Write the content to this file, once it is verified." },
        { "type", 0, "TYPE", "Accept content of this media type only." },
        TRUST_OPTION("The default is all keys in /etc/tallyman/keys and ~/.config/tallyman/keys."),
        { NULL },
};

static const struct help_item verify_examples[] = {
        { "tallyman key verify --trust team.pub --output report.json report.json.dsse", "Takes a file out of its envelope." },
        { NULL },
};

const struct command command_key_verify = {
        .name = "key verify",
        .group = GROUP_INITIATION,
        .summary = "check a signed envelope and take the file out",
        .synopsis = "[OPTION...] ENVELOPE",
        .description =
                "Verifies an envelope (DSSE), such as 'key sign' and 'rules bundle' write, and says which of the trusted keys "
                "signed it. If none did, the exit status is 2 and nothing is written.",
        .options = verify_options,
        .operand = { "ENVELOPE", "The envelope.", NULL, 1, 1 },
        .examples = verify_examples,
        .run = cmd_key_verify,
};
