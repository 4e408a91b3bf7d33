/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed envelopes and the bundles in them. An input is an envelope, or the document within one. What was understood is
 * written again and read back the same; nothing counts as signed by a key that did not sign it, and what it does sign is
 * what comes out.
 */
#include "fuzz.h"
#include "trust/bundle.h"

/* RFC 8032, 7.1, TEST 1 */
static const char private_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                  "-----END PRIVATE KEY-----\n";
static struct sign_key *key;
static struct trust_keys keys;

static void init(void)
{
        static struct trust_key item = { .path = (char *)"fuzz.pub" };
        struct error err = ERROR_INIT;

        if (key)
                return;
        if (sign_key_read(str_from(private_key), STR_NULL, &key, &err) < 0)
                fuzz_broken("a key", __FILE__, __LINE__, err.message);
        item.key = key;
        keys = (struct trust_keys){ .items = &item, .n = 1 };
}

static void check_document(struct str text)
{
        _cleanup_(bundle_freep) struct bundle *b = NULL, *again = NULL;
        _cleanup_(buf_free) struct buf written = { 0 };
        _cleanup_free_ char *kind = NULL;
        struct error err = ERROR_INIT;

        if (bundle_parse(text, &b, &err) < 0) {
                HOLDS(err.code < 0 && *err.message);
                return;
        }
        fuzz_accepted++;
        HOLDS(b->n_files > 0 && b->n_files <= BUNDLE_FILES_MAX && b->created >= 0 && b->created <= BUNDLE_TIME_MAX);
        kind = strndup(b->kind.p, b->kind.n);
        if (!kind)
                return;
        HOLDS_OR(bundle_write(kind, b->created, b->files, b->n_files, &written, &err) == 0, err);
        if (written.len > DSSE_PAYLOAD_MAX)
                return;
        HOLDS_OR(bundle_parse(buf_str(&written), &again, &err) == 0, err);
        if (!again)
                return;
        HOLDS(again->n_files == b->n_files && again->created == b->created && str_equal(again->kind, b->kind));
        for (size_t i = 0; i < b->n_files; i++)
                HOLDS(str_equal(again->files[i].name, b->files[i].name) &&
                      str_equal(again->files[i].text, b->files[i].text));
}

static void check_written(const struct dsse *e)
{
        _cleanup_(dsse_freep) struct dsse *again = NULL;
        _cleanup_(buf_free) struct buf written = { 0 };
        struct error err = ERROR_INIT;

        HOLDS_OR(dsse_write(e, &written, &err) == 0, err);
        if (written.len > DSSE_ENVELOPE_MAX)
                return;
        HOLDS_OR(dsse_parse(buf_str(&written), &again, &err) == 0, err);
        if (!again)
                return;
        HOLDS(str_equal(again->type, e->type) && str_equal(again->payload, e->payload));
        HOLDS(again->n_signatures == e->n_signatures);
        for (size_t i = 0; i < e->n_signatures; i++)
                HOLDS(str_equal(again->signatures[i].key_id, e->signatures[i].key_id) &&
                      str_equal(again->signatures[i].bytes, e->signatures[i].bytes));
}

/* The same content, signed: it is verified, and under no other type. */
static void check_signed(const struct dsse *e)
{
        _cleanup_(trust_verified_freep) struct trust_verified *v = NULL, *none = NULL;
        _cleanup_(buf_free) struct buf envelope = { 0 };
        struct error err = ERROR_INIT;

        if (!e->type.n || dsse_make(e->type, e->payload, &key, 1, &envelope, &err) < 0)
                return;
        HOLDS_OR(trust_verify(buf_str(&envelope), NULL, &keys, &v, &err) == 0, err);
        if (!v)
                return;
        HOLDS(str_equal(v->payload, e->payload) && v->n_signers == 1);
        HOLDS(trust_verify(buf_str(&envelope), "", &keys, &none, &err) < 0 && !none);
}

static void check_envelope(struct str text)
{
        _cleanup_(dsse_freep) struct dsse *e = NULL;
        _cleanup_(trust_verified_freep) struct trust_verified *v = NULL;
        _cleanup_(bundle_freep) struct bundle *b = NULL;
        struct error err = ERROR_INIT;

        if (dsse_parse(text, &e, &err) < 0) {
                HOLDS(err.code < 0 && *err.message);
                HOLDS(trust_verify(text, NULL, &keys, &v, &err) < 0 && !v);
                return;
        }
        fuzz_accepted++;
        check_written(e);
        check_signed(e);
        if (trust_verify(text, NULL, &keys, &v, &err) == 0)
                HOLDS(v->n_signers == 1 && v->signers[0] == &keys.items[0] && str_equal(v->payload, e->payload));
        if (bundle_open(text, NULL, &keys, &b, &err) == 0)
                HOLDS(v && b->verified->n_signers == 1 && str_equals(v->type, BUNDLE_TYPE));
        check_document(e->payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str text = { (const char *)data, size };

        init();
        check_envelope(text);
        check_document(text);
        return 0;
}
