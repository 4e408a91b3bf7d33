/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: what is signed, what is read, and whose signatures count. */
#include <errno.h>

#include "base/base64.h"
#include "signing.h"
#include "trust/dsse.h"

#define TYPE "application/x-test"

/* The example of the specification (protocol.md, "PAE definition" and its test vectors). */
static void test_what_is_signed(void **state)
{
        _cleanup_(buf_free) struct buf out = { 0 };

        dsse_encode(STR_LIT("http://example.com/HelloWorld"), STR_LIT("hello world"), &out);
        assert_string_equal(out.data, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        buf_clear(&out);
        dsse_encode(STR_NULL, STR_NULL, &out);
        assert_string_equal(out.data, "DSSEv1 0  0 ");
        buf_clear(&out);
        dsse_encode(STR_LIT("é"), STR_LIT("a\0b"), &out); /* lengths are of bytes */
        assert_true(str_equal(buf_str(&out), STR_LIT("DSSEv1 2 é 3 a\0b")));
}

/* ---- reading ---- */

static struct dsse *parse(const char *text)
{
        struct dsse *e = NULL;
        struct error err = ERROR_INIT;

        if (dsse_parse(str_from(text), &e, &err) < 0)
                fail_msg("%s: %s", text, err.message);
        return e;
}

static void assert_no_envelope(struct str text, int code, const char *message)
{
        struct dsse *e = NULL;
        struct error err = ERROR_INIT;

        if (dsse_parse(text, &e, &err) != code)
                fail_msg("'%.*s': %s", STR_SHOWN(text), err.message);
        assert_null(e);
        assert_says(&err, message);
        assert_says(&err, "it is not a signed envelope");
}

static void test_envelope(void **state)
{
        _cleanup_(dsse_freep) struct dsse *e = parse(
                " {\"payload\": \"aGVsbG8=\", \"more\": {\"x\": [1]}, \"payloadType\": \"t\", \"signatures\": "
                "[{\"sig\": \"-_8=\", \"keyid\": \"k\", \"x\": 1}, {\"sig\": \"\", \"keyid\": null}, {\"sig\": \"+/8=\"}]}\n");

        assert_true(str_equals(e->type, "t") && str_equals(e->payload, "hello"));
        assert_int_equal(e->n_signatures, 3);
        assert_true(str_equals(e->signatures[0].key_id, "k") && str_equals(e->signatures[0].bytes, "\xfb\xff"));
        assert_true(e->signatures[1].key_id.n == 0 && e->signatures[1].bytes.n == 0);
        assert_true(str_equals(e->signatures[2].bytes, "\xfb\xff"));
}

static void test_empty_envelope(void **state)
{
        _cleanup_(dsse_freep) struct dsse *e = parse("{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}");

        assert_true(e->payload.n == 0 && e->type.n == 0 && e->n_signatures == 0);
}

static void test_what_is_no_envelope(void **state)
{
        static const struct {
                const char *text, *message;
        } wrong[] = {
                { "", "not valid JSON" },
                { "hello", "not valid JSON" },
                { "[]", "not an object" },
                { "\"x\"", "JSON" },
                { "{}", "'payloadType' is missing" },
                { "{\"payloadType\":1,\"payload\":\"\",\"signatures\":[]}", "'payloadType' is not" },
                { "{\"payloadType\":\"t\",\"signatures\":[]}", "'payload' is missing" },
                { "{\"payloadType\":\"t\",\"payload\":\"a\",\"signatures\":[]}", "'payload': not base64" },
                { "{\"payloadType\":\"t\",\"payload\":\"Zg=\",\"signatures\":[]}", "'payload': not base64" },
                { "{\"payloadType\":\"t\",\"payload\":\"\"}", "'signatures' is missing" },
                { "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":{}}", "'signatures' is not" },
                { "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[1]}", "not an object" },
                { "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{}]}", "'sig' is missing" },
                { "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"?\"}]}", "'sig': not base64" },
                { "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"\",\"keyid\":1}]}",
                  "'keyid' is not" },
                { "{\"payloadType\":\"t\",\"payloadType\":\"u\",\"payload\":\"\",\"signatures\":[]}", "duplicate" },
                { "{\"payloadType\":\"t\\u0000\",\"payload\":\"\",\"signatures\":[]}", "JSON" },
                { "{\"payloadType\":\"\xff\",\"payload\":\"\",\"signatures\":[]}", "JSON" },
                { "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[]} x", "JSON" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++)
                assert_no_envelope(str_from(wrong[i].text), -EBADMSG, wrong[i].message);
}

/* "[[[[…": values that are two bytes of text each would be forty of memory each. */
static void test_bombs(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        for (size_t i = 0; i < DSSE_VALUES_MAX; i++)
                buf_putc(&text, '[');
        assert_no_envelope(buf_str(&text), -E2BIG, "values");
        buf_clear(&text);
        buf_puts(&text, "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[],\"x\":[0");
        for (size_t i = 0; i < DSSE_VALUES_MAX; i++)
                buf_puts(&text, ",0");
        buf_puts(&text, "]}");
        assert_no_envelope(buf_str(&text), -E2BIG, "values");
        buf_clear(&text); /* few of them, but no end */
        assert_true(buf_reserve(&text, DSSE_ENVELOPE_MAX + 1));
        memset(text.data, ' ', DSSE_ENVELOPE_MAX + 1);
        assert_no_envelope((struct str){ text.data, DSSE_ENVELOPE_MAX + 1 }, -E2BIG, "bytes");
}

/* Commas and brackets within a text are no values. */
static void test_texts_are_no_values(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_(dsse_freep) struct dsse *e = NULL;

        buf_puts(&text, "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[],\"x\":\"\\\"");
        for (size_t i = 0; i < DSSE_VALUES_MAX; i++)
                buf_puts(&text, ",[{");
        buf_puts(&text, "\\\\\"}");
        e = parse(text.data);
}

static void test_limits(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_puts(&text, "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}");
        for (size_t i = 0; i < DSSE_SIGNATURES_MAX; i++)
                buf_puts(&text, ",{\"sig\":\"\"}");
        buf_puts(&text, "]}");
        assert_no_envelope(buf_str(&text), -E2BIG, "signatures");
        buf_clear(&text);
        buf_printf(&text, "{\"payload\":\"\",\"payloadType\":\"%0*d\",\"signatures\":[]}", DSSE_TYPE_MAX + 1, 0);
        assert_no_envelope(buf_str(&text), -E2BIG, "payloadType");
        buf_clear(&text);
        buf_printf(&text, "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[{\"sig\":\"\",\"keyid\":\"%0*d\"}]}",
                   DSSE_KEY_ID_MAX + 1, 0);
        assert_no_envelope(buf_str(&text), -E2BIG, "keyid");
}

static void test_kind_of_file(void **state)
{
        assert_true(dsse_is_likely(STR_LIT("\n {\"payloadType\": 1")));
        assert_false(dsse_is_likely(STR_LIT("- rule: \"payloadType\"")));
        assert_false(dsse_is_likely(STR_LIT("{a: b}")));
        assert_false(dsse_is_likely(STR_NULL));
}

/* ---- signing and verifying ---- */

struct bench {
        struct sign_key *key, *other;
        struct trust_keys keys; /* trusts `key` */
        struct buf envelope;    /* by `key` */
};

static int set_up(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));
        struct error err = ERROR_INIT;

        assert_non_null(b);
        b->key = new_key();
        b->other = new_key();
        trust_key(&b->keys, b->key);
        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("hello world"), &b->key, 1, &b->envelope, &err), 0);
        *state = b;
        return 0;
}

static int tear_down(void **state)
{
        struct bench *b = *state;

        sign_key_free(b->key);
        sign_key_free(b->other);
        trust_keys_done(&b->keys);
        buf_free(&b->envelope);
        free(b);
        return 0;
}

static void assert_not_verified(const struct trust_keys *keys, struct str envelope, const char *type, int code,
                                const char *message)
{
        struct trust_verified *v = NULL;
        struct error err = ERROR_INIT;

        if (trust_verify(envelope, type, keys, &v, &err) != code)
                fail_msg("'%.*s': %s", STR_SHOWN(envelope), err.message);
        assert_null(v);
        assert_says(&err, message);
}

static void test_verify(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_verified_freep) struct trust_verified *v = NULL, *any = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(trust_verify(buf_str(&b->envelope), TYPE, &b->keys, &v, &err), 0);
        assert_true(str_equals(v->payload, "hello world") && str_equals(v->type, TYPE));
        assert_true(v->n_signers == 1 && v->signers[0] == &b->keys.items[0]);
        assert_int_equal(trust_verify(buf_str(&b->envelope), NULL, &b->keys, &any, &err), 0);
        assert_not_verified(&b->keys, buf_str(&b->envelope), "another/type", -EMEDIUMTYPE, "not as 'another/type'");
}

static void test_the_same_content_gives_the_same_bytes(void **state)
{
        struct bench *b = *state;
        _cleanup_(buf_free) struct buf again = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("hello world"), &b->key, 1, &again, &err), 0);
        assert_string_equal(again.data, b->envelope.data);
        assert_int_equal(again.data[again.len - 1], '\n');
}

static void test_nobody_trusted(void **state)
{
        struct bench *b = *state;
        _cleanup_(trust_keys_done) struct trust_keys none = { 0 }, others = { 0 };
        char id[SIGN_KEY_ID_SHOWN + 1];

        trust_key(&others, b->other);
        snprintf(id, sizeof(id), "%s", sign_key_id(b->key));
        assert_not_verified(&none, buf_str(&b->envelope), TYPE, -ENOKEY, "no key is trusted");
        assert_not_verified(&others, buf_str(&b->envelope), TYPE, -ENOKEY, id);
        assert_not_verified(&b->keys, STR_LIT("{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[]}"), NULL,
                            -ENOKEY, "no signature");
}

/* Whatever byte is changed: it is not taken for something else than what was signed. */
static void test_no_changed_byte_goes_unnoticed(void **state)
{
        struct bench *b = *state;
        _cleanup_free_ char *copy = strdup(b->envelope.data);
        size_t n = b->envelope.len, still = 0;

        for (size_t i = 0; i < n; i++) {
                _cleanup_(trust_verified_freep) struct trust_verified *v = NULL;
                struct error err = ERROR_INIT;

                copy[i] ^= 1;
                if (trust_verify((struct str){ copy, n }, TYPE, &b->keys, &v, &err) == 0) {
                        assert_true(str_equals(v->payload, "hello world") && str_equals(v->type, TYPE));
                        still++; /* in the key id, which is a hint, or its name */
                } else {
                        assert_true(err.code == -EBADMSG || err.code == -ENOKEY);
                }
                copy[i] ^= 1;
        }
        assert_in_range(still, 1, 64 + sizeof("keyid"));
        for (size_t i = 0; i < n - 1; i++)
                assert_not_verified(&b->keys, (struct str){ copy, i }, TYPE, -EBADMSG, "JSON");
}

/* Rewrites the envelope of the bench with something else in it. */
static void rewrite(const struct bench *b, struct str type, struct str payload, struct str key_id, struct buf *out)
{
        _cleanup_(dsse_freep) struct dsse *e = parse(b->envelope.data);
        struct error err = ERROR_INIT;

        e->type = type.p ? type : e->type;
        e->payload = payload.p ? payload : e->payload;
        e->signatures[0].key_id = key_id.p ? key_id : e->signatures[0].key_id;
        assert_int_equal(dsse_write(e, out, &err), 0);
}

static void test_changed(void **state)
{
        struct bench *b = *state;
        _cleanup_(buf_free) struct buf payload = { 0 }, type = { 0 }, stolen = { 0 }, moved = { 0 };

        rewrite(b, STR_NULL, STR_LIT("hello worlD"), STR_NULL, &payload);
        assert_not_verified(&b->keys, buf_str(&payload), TYPE, -EBADMSG, "changed after it was signed");
        rewrite(b, STR_LIT("another/type"), STR_NULL, STR_NULL, &type);
        assert_not_verified(&b->keys, buf_str(&type), "another/type", -EBADMSG, "changed after it was signed");
        /* Bytes that go from the type to the payload. */
        rewrite(b, STR_LIT("application/x-tes"), STR_LIT("t 11 hello world"), STR_NULL, &moved);
        assert_not_verified(&b->keys, buf_str(&moved), NULL, -EBADMSG, "changed after it was signed");
        /* Signed by somebody else in the name of a trusted key. */
        rewrite(b, STR_NULL, STR_NULL, str_from(sign_key_id(b->other)), &stolen);
        trust_key(&b->keys, b->other);
        assert_not_verified(&b->keys, buf_str(&stolen), TYPE, -EBADMSG, "changed after it was signed");
}

static void test_the_key_id_is_only_a_hint(void **state)
{
        struct bench *b = *state;
        _cleanup_(buf_free) struct buf other_name = { 0 }, no_name = { 0 };
        _cleanup_(trust_verified_freep) struct trust_verified *v = NULL, *w = NULL;
        struct error err = ERROR_INIT;

        rewrite(b, STR_NULL, STR_NULL, STR_LIT("SHA256:what another program calls it"), &other_name);
        assert_int_equal(trust_verify(buf_str(&other_name), TYPE, &b->keys, &v, &err), 0);
        rewrite(b, STR_NULL, STR_NULL, STR_LIT(""), &no_name);
        assert_int_equal(trust_verify(buf_str(&no_name), TYPE, &b->keys, &w, &err), 0);
}

static void test_several_signers(void **state)
{
        struct bench *b = *state;
        struct sign_key *both[] = { b->other, b->key }, *thrice[] = { b->key, b->key, b->key };
        _cleanup_(buf_free) struct buf envelope = { 0 }, repeated = { 0 };
        _cleanup_(trust_verified_freep) struct trust_verified *one = NULL, *two = NULL, *same = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("x"), both, 2, &envelope, &err), 0);
        assert_int_equal(trust_verify(buf_str(&envelope), TYPE, &b->keys, &one, &err), 0);
        assert_int_equal(one->n_signers, 1);
        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("x"), thrice, 3, &repeated, &err), 0);
        assert_int_equal(trust_verify(buf_str(&repeated), TYPE, &b->keys, &same, &err), 0);
        assert_int_equal(same->n_signers, 1);
        trust_key(&b->keys, b->other);
        assert_int_equal(trust_verify(buf_str(&envelope), TYPE, &b->keys, &two, &err), 0);
        assert_int_equal(two->n_signers, 2);
}

/* Many signatures by nobody over much, to be tried with many keys: it ends. */
static void test_too_much_to_check(void **state)
{
        struct bench *b = *state;
        char bytes[SIGNATURE_SIZE] = { 0 };
        struct dsse_signature signatures[DSSE_SIGNATURES_MAX];
        struct dsse e = { .type = STR_LIT(TYPE), .signatures = signatures, .n_signatures = DSSE_SIGNATURES_MAX };
        _cleanup_(buf_free) struct buf payload = { 0 }, envelope = { 0 };
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < DSSE_SIGNATURES_MAX; i++)
                signatures[i] = (struct dsse_signature){ STR_NULL, { bytes, sizeof(bytes) } };
        for (size_t i = 0; i < 15; i++)
                trust_key(&b->keys, b->other);
        assert_true(buf_reserve(&payload, DSSE_PAYLOAD_MAX));
        memset(payload.data, 'x', DSSE_PAYLOAD_MAX);
        e.payload = (struct str){ payload.data, DSSE_PAYLOAD_MAX };
        assert_int_equal(dsse_write(&e, &envelope, &err), 0);
        assert_true(envelope.len <= DSSE_ENVELOPE_MAX);
        assert_not_verified(&b->keys, buf_str(&envelope), TYPE, -E2BIG, "too long");
}

static void test_what_is_not_signed(void **state)
{
        struct bench *b = *state;
        struct sign_key *many[DSSE_SIGNATURES_MAX + 1];
        _cleanup_(buf_free) struct buf out = { 0 }, large = { 0 };
        char type[DSSE_TYPE_MAX + 2] = "";
        struct error err = ERROR_INIT;

        memset(type, 'x', DSSE_TYPE_MAX + 1);
        assert_int_equal(dsse_make(STR_LIT(""), STR_LIT("x"), &b->key, 1, &out, &err), -EINVAL);
        assert_int_equal(dsse_make(STR_LIT("\xff"), STR_LIT("x"), &b->key, 1, &out, &err), -EINVAL);
        assert_int_equal(dsse_make(str_from(type), STR_LIT("x"), &b->key, 1, &out, &err), -EINVAL);
        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("x"), &b->key, 0, &out, &err), -EINVAL);
        for (size_t i = 0; i < ELEMENTS_OF(many); i++)
                many[i] = b->key;
        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("x"), many, ELEMENTS_OF(many), &out, &err), -EINVAL);
        assert_int_equal(dsse_make(STR_LIT(TYPE), STR_LIT("x"), &b->keys.items[0].key, 1, &out, &err), -EINVAL);
        assert_true(buf_reserve(&large, DSSE_PAYLOAD_MAX + 1));
        assert_int_equal(dsse_make(STR_LIT(TYPE), (struct str){ large.data, DSSE_PAYLOAD_MAX + 1 }, &b->key, 1, &out,
                                   &err),
                         -E2BIG);
        assert_int_equal(out.len, 0);
}

#define signing_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_signed),
                cmocka_unit_test(test_envelope),
                cmocka_unit_test(test_empty_envelope),
                cmocka_unit_test(test_what_is_no_envelope),
                cmocka_unit_test(test_bombs),
                cmocka_unit_test(test_texts_are_no_values),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_kind_of_file),
                signing_test(test_verify),
                signing_test(test_the_same_content_gives_the_same_bytes),
                signing_test(test_nobody_trusted),
                signing_test(test_no_changed_byte_goes_unnoticed),
                signing_test(test_changed),
                signing_test(test_the_key_id_is_only_a_hint),
                signing_test(test_several_signers),
                signing_test(test_too_much_to_check),
                signing_test(test_what_is_not_signed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
