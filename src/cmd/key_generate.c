/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"
#include "cmd/shared_options.h"
#include "trust/key_file.h"

static int cmd_key_generate(const struct arguments *args, struct error *err)
{
        _cleanup_(sign_key_freep) struct sign_key *key = NULL;
        _cleanup_(secret_free) struct secret passphrase = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        const char *prefix = args->operands[0];
        int r = trust_passphrase(arguments_get(args, "passphrase-file"), &passphrase, err);

        if (r == 0)
                r = sign_key_generate(&key, err);
        if (r == 0)
                r = trust_key_pair_write(prefix, key, secret_str(&passphrase), arguments_has(args, "force"), err);
        if (r < 0)
                return r;
        buf_puts(&text, "Private key  ");
        buf_add_quoted(&text, str_from(prefix));
        buf_printf(&text, ".key (%s)\nPublic key   ",
                   passphrase.n ? "encrypted" : "not encrypted: whoever can read it can sign");
        buf_add_quoted(&text, str_from(prefix));
        buf_printf(&text, ".pub\nID           %s\n", sign_key_id(key));
        return print_text(&text, err);
}

/* ---- how it is called ---- */

static const struct option_spec generate_options[] = {
        PASSPHRASE_OPTION,
        { "force", 0, NULL, "Replace both files if they are there. What the old key signed can not be signed anew without it." },
        { NULL },
};

static const struct help_item generate_examples[] = {
        { "tallyman key generate team", "Writes team.key, which signs and is kept secret, and team.pub, which verifies." },
        { NULL },
};

const struct command command_key_generate = {
        .name = "key generate",
        .group = GROUP_INITIATION,
        .summary = "make a pair of keys for signing rules and other files",
        .synopsis = "[OPTION...] PREFIX",
        .description =
                "Writes PREFIX.key, the private key, which nobody else can read, and PREFIX.pub, the public key. The private "
                "key is encrypted if a passphrase is given. Keys are Ed25519 in PEM, as 'openssl genpkey' makes them.\n\n"
                "Whoever is to trust what the key signs puts the public key into /etc/tallyman/keys or "
                "~/.config/tallyman/keys, or names it with --trust.",
        .options = generate_options,
        .operand = { "PREFIX", "What the names of both files begin with.", NULL, 1, 1 },
        .examples = generate_examples,
        .run = cmd_key_generate,
};
