/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"
#include "trust/key_file.h"

int cmd_key_generate(const struct arguments *args, struct error *err)
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
