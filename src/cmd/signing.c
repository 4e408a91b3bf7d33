/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/log.h"
#include "cmd/signing.h"
#include "trust/key_file.h"

/* ---- who signs ---- */

void signers_done(struct signers *signers)
{
        for (size_t i = 0; i < signers->n; i++)
                sign_key_free(signers->keys[i]);
        *signers = (struct signers){ 0 };
}

static bool has_signer(const struct signers *signers, const struct sign_key *key)
{
        for (size_t i = 0; i < signers->n; i++)
                if (strcmp(sign_key_id(signers->keys[i]), sign_key_id(key)) == 0)
                        return true;
        return false;
}

static int add_signer(struct signers *signers, const char *path, struct str passphrase, struct error *err)
{
        struct sign_key *key = NULL;
        int r;

        if (signers->n == DSSE_SIGNATURES_MAX)
                return error_say(err, -EINVAL, "--key: more than %d keys", DSSE_SIGNATURES_MAX);
        r = trust_private_key_read(path, passphrase, &key, err);
        if (r < 0)
                return r;
        if (has_signer(signers, key))
                sign_key_free(key);
        else
                signers->keys[signers->n++] = key;
        return 0;
}

int signers_open(const struct arguments *args, struct signers *ret, struct error *err)
{
        _cleanup_(signers_done) struct signers signers = { 0 };
        _cleanup_(secret_free) struct secret passphrase = { 0 };
        const char *path;
        int r = 0;

        if (!arguments_has(args, "key"))
                return error_say(err, -EINVAL, "say who signs: --key KEY ('tallyman key generate' makes one)");
        r = trust_passphrase(arguments_get(args, "passphrase-file"), &passphrase, err);
        for (size_t at = 0; r == 0 && (path = arguments_next(args, "key", &at));)
                r = add_signer(&signers, path, secret_str(&passphrase), err);
        if (r < 0)
                return r;
        *ret = signers;
        signers = (struct signers){ 0 };
        return 0;
}

/* ---- whom to trust ---- */

int trusted_open(const struct arguments *args, struct trust_keys *ret, struct error *err)
{
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        const char *path;
        int r = 0;

        for (size_t at = 0; r == 0 && (path = arguments_next(args, "trust", &at));)
                r = trust_keys_add_file(&keys, path, err);
        if (r == 0 && !arguments_has(args, "trust"))
                r = trust_keys_add_standard(&keys, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < keys.n_refused; i++)
                log_warning("%s", keys.refused[i]);
        *ret = keys;
        keys = (struct trust_keys){ 0 };
        return 0;
}

int untrusted(int code, const char *path, struct error *err)
{
        const char *advice = "";
        struct error why;

        if (!err || code == -ENOMEM)
                return code;
        if (code == -ENOKEY)
                advice = "; if you trust its signer, name the public key with --trust, or put it into /etc/tallyman/keys or "
                         "~/.config/tallyman/keys";
        else if (code == -EBADMSG)
                advice = "; get it again from whom it came";
        why = *err;
        return error_say(err, code, "'%s' is not used: %s%s", path, why.message, advice);
}

void print_signers(const struct trust_verified *verified, struct buf *out)
{
        for (size_t i = 0; i < verified->n_signers; i++) {
                buf_printf(out, "signed by %s (", sign_key_id(verified->signers[i]->key));
                buf_add_quoted(out, str_from(verified->signers[i]->path));
                buf_puts(out, ")\n");
        }
}
