/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "trust/trust.h"

#define NAMED_MAX 4 /* keys in a message */

struct checking {
        const struct trust_keys *keys;
        struct trust_verified *verified;
        struct buf message;             /* what is signed */
        uint64_t checked;               /* bytes */
        const struct trust_key *broken; /* is named by a signature that is not its own */
};

static void checking_done(struct checking *c)
{
        buf_free(&c->message);
}

static void add_signer(struct trust_verified *v, const struct trust_key *key)
{
        for (size_t i = 0; i < v->n_signers; i++)
                if (v->signers[i] == key)
                        return;
        v->signers[v->n_signers++] = key;
}

/* 1: by this key. */
static int try_key(struct checking *c, const struct dsse_signature *s, const struct trust_key *key, struct error *err)
{
        int r;

        c->checked += c->message.len;
        if (c->checked > TRUST_CHECKED_MAX)
                return error_say(err, -E2BIG, "it has so many signatures that checking them all would take too long");
        r = sign_check(key->key, buf_str(&c->message), s->bytes, err);
        if (r == -EKEYREJECTED)
                return 0;
        if (r < 0)
                return r;
        add_signer(c->verified, key);
        return 1;
}

/* Its key id says which key to try; where that is none of ours it may be another program's name for one of ours. */
static int check_signature(struct checking *c, const struct dsse_signature *s, struct error *err)
{
        const struct trust_key *named = trust_keys_find(c->keys, s->key_id);
        int r = 0;

        if (named) {
                r = try_key(c, s, named, err);
                if (r == 0)
                        c->broken = named;
                return r < 0 ? r : 0;
        }
        if (s->bytes.n != SIGNATURE_SIZE)
                return 0; /* of another algorithm */
        for (size_t i = 0; i < c->keys->n && r == 0; i++)
                r = try_key(c, s, &c->keys->items[i], err);
        return r < 0 ? r : 0;
}

static int nobody_signed(const struct checking *c, struct error *err)
{
        const struct dsse *e = c->verified->envelope;
        _cleanup_(buf_free) struct buf ids = { 0 };

        if (c->broken)
                return error_say(err, -EBADMSG,
                                 "it was changed after it was signed: the signature of the key %.*s ('%s') is not "
                                 "over what it holds now",
                                 SIGN_KEY_ID_SHOWN, sign_key_id(c->broken->key), c->broken->path);
        if (!e->n_signatures)
                return error_say(err, -ENOKEY, "it has no signature");
        if (!c->keys->n)
                return error_say(err, -ENOKEY, "no key is trusted here");
        for (size_t i = 0; i < MIN_OF(e->n_signatures, (size_t)NAMED_MAX); i++)
                if (e->signatures[i].key_id.n)
                        buf_printf(&ids, "%s%.*s", ids.len ? ", " : "; it names ",
                                   (int)MIN_OF(e->signatures[i].key_id.n, (size_t)SIGN_KEY_ID_SHOWN),
                                   e->signatures[i].key_id.p);
        return error_say(err, -ENOKEY, "no signature of it is by a key that is trusted here%s", ids.len ? ids.data : "");
}

int trust_verify(struct str envelope, const char *type, const struct trust_keys *keys, struct trust_verified **ret,
                 struct error *err)
{
        _cleanup_(trust_verified_freep) struct trust_verified *v = calloc(1, sizeof(*v));
        _cleanup_(checking_done) struct checking c = { .keys = keys, .verified = v };
        int r;

        if (!v)
                return error_oom(err);
        r = dsse_parse(envelope, &v->envelope, err);
        if (r < 0)
                return r;
        v->type = v->envelope->type;
        v->payload = v->envelope->payload;
        dsse_encode(v->type, v->payload, &c.message);
        if (!buf_ok(&c.message))
                return error_oom(err);
        for (size_t i = 0; i < v->envelope->n_signatures; i++) {
                r = check_signature(&c, &v->envelope->signatures[i], err);
                if (r < 0)
                        return r;
        }
        if (!v->n_signers)
                return nobody_signed(&c, err);
        if (type && !str_equals(v->type, type))
                return error_say(err, -EMEDIUMTYPE, "it is signed as '%.*s', not as '%s'", STR_SHOWN(v->type), type);
        *ret = TAKE_PTR(v);
        return 0;
}

struct trust_verified *trust_verified_free(struct trust_verified *verified)
{
        if (verified) {
                dsse_free(verified->envelope);
                free(verified);
        }
        return NULL;
}
