/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd/command.h"
#include "cmd/shared_options.h"
#include "trust/key_file.h"

static int cmd_key_show(const struct arguments *args, struct error *err)
{
        _cleanup_(sign_key_freep) struct sign_key *key = NULL;
        _cleanup_(secret_free) struct secret passphrase = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        int r = trust_passphrase(arguments_get(args, "passphrase-file"), &passphrase, err);

        if (r == 0)
                r = trust_key_read(args->operands[0], secret_str(&passphrase), &key, err);
        if (r < 0 && r != -ENOKEY)
                return r;
        buf_puts(&text, "Algorithm  Ed25519\n");
        buf_printf(&text, "Half       %s\n", key && !sign_key_is_private(key) ? "public" : "private");
        if (!key || sign_key_is_private(key))
                buf_printf(&text, "Encrypted  %s\n", !key || sign_key_was_encrypted(key) ? "yes" : "no");
        buf_printf(&text, "ID         %s\n", key ? sign_key_id(key) : "unknown: it needs the passphrase");
        return print_text(&text, err);
}

/* ---- how it is called ---- */

static const struct option_spec key_show_options[] = {
        PASSPHRASE_OPTION,
        { NULL },
};

const struct command command_key_show = {
        .name = "key show",
        .group = GROUP_INITIATION,
        .summary = "say what a key file holds",
        .synopsis = "[OPTION...] FILE",
        .description = "Says whether it is a private or a public key, whether it is encrypted, and its id: the SHA-256 of "
                       "the public key, which signatures name. No secret is shown.",
        .options = key_show_options,
        .operand = { "FILE", "A key file.", NULL, 1, 1 },
        .run = cmd_key_show,
};
