/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures, by the vectors of RFC 8032 and RFC 8410; base64 by those of RFC 4648. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/sign.h"

#define PRIVATE(base64) "-----BEGIN PRIVATE KEY-----\n" base64 "\n-----END PRIVATE KEY-----\n"
#define PUBLIC(base64) "-----BEGIN PUBLIC KEY-----\n" base64 "\n-----END PUBLIC KEY-----\n"

/* RFC 8410, 10.1 and 10.3 */
static const char rfc_private[] = PRIVATE("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC");
static const char rfc_public[] = PUBLIC("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");

/* RFC 8032, 7.1: TEST 1 to 3, with the keys in the forms of RFC 8410. */
static const struct vector {
        const char *private, *public, *id;
        struct str message;
        const char *signature;
} vectors[] = {
        { PRIVATE("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
          PUBLIC("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
          "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
          { "", 0 },
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
          "d25bf5f0595bbe24655141438e7a100b" },
        { PRIVATE("MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"),
          PUBLIC("MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="),
          "deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170",
          { "\x72", 1 },
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
          "387b2eaeb4302aeeb00d291612bb0c00" },
        { PRIVATE("MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3"),
          PUBLIC("MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU="),
          "8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5",
          { "\xaf\x82", 2 },
          "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
          "4a7c15e9716ed28dc027beceea1ec40a" },
};

static struct sign_key *read_key(const char *pem, const char *passphrase)
{
        struct sign_key *key = NULL;
        struct error err = ERROR_INIT;

        if (sign_key_read(str_from(pem), str_from(passphrase), &key, &err) < 0)
                fail_msg("%s", err.message);
        return key;
}

static void assert_no_key(struct str pem, const char *passphrase, int code, const char *message)
{
        struct sign_key *key = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(sign_key_read(pem, str_from(passphrase), &key, &err), code);
        assert_null(key);
        if (!strstr(err.message, message))
                fail_msg("'%s' does not say '%s'", err.message, message);
}

static void test_vectors(void **state)
{
        for (size_t i = 0; i < ELEMENTS_OF(vectors); i++) {
                const struct vector *v = &vectors[i];
                _cleanup_(sign_key_freep) struct sign_key *private = read_key(v->private, ""),
                                                          *public = read_key(v->public, "");
                uint8_t signature[SIGNATURE_SIZE];
                char hex[2 * SIGNATURE_SIZE + 1];
                struct error err = ERROR_INIT;

                assert_true(sign_key_is_private(private) && !sign_key_is_private(public));
                assert_string_equal(sign_key_id(private), v->id);
                assert_string_equal(sign_key_id(public), v->id);
                assert_int_equal(sign_make(private, v->message, signature, &err), 0);
                hex_encode(signature, sizeof(signature), hex);
                assert_string_equal(hex, v->signature);
                assert_int_equal(sign_check(public, v->message, (struct str){ (char *)signature, SIGNATURE_SIZE }, &err),
                                 0);
                assert_int_equal(sign_check(private, v->message, (struct str){ (char *)signature, SIGNATURE_SIZE }, &err),
                                 0);
        }
}

static void test_each_changed_bit_is_noticed(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *private = read_key(vectors[2].private, "");
        _cleanup_(sign_key_freep) struct sign_key *other = read_key(rfc_public, "");
        struct str message = vectors[2].message;
        uint8_t signature[SIGNATURE_SIZE];
        struct str signed_by = { (char *)signature, SIGNATURE_SIZE };
        struct error err = ERROR_INIT;

        assert_int_equal(sign_make(private, message, signature, &err), 0);
        for (unsigned bit = 0; bit < 8 * SIGNATURE_SIZE; bit++) {
                signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_int_equal(sign_check(private, message, signed_by, &err), -EKEYREJECTED);
                signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t n = 0; n < SIGNATURE_SIZE; n++)
                assert_int_equal(sign_check(private, message, (struct str){ (char *)signature, n }, &err), -EKEYREJECTED);
        assert_int_equal(sign_check(private, STR_LIT("\xaf\x83"), signed_by, &err), -EKEYREJECTED);
        assert_int_equal(sign_check(private, STR_NULL, signed_by, &err), -EKEYREJECTED);
        assert_int_equal(sign_check(other, message, signed_by, &err), -EKEYREJECTED);
        assert_int_equal(sign_check(private, message, signed_by, &err), 0);
}

/* s + L in place of s is the same signature to a careless reader (RFC 8032, 5.1.7). */
static void test_a_signature_has_one_form(void **state)
{
        static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                           0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
        _cleanup_(sign_key_freep) struct sign_key *key = read_key(vectors[1].private, "");
        uint8_t signature[SIGNATURE_SIZE];
        struct error err = ERROR_INIT;
        unsigned carry = 0;

        assert_int_equal(sign_make(key, STR_LIT("x"), signature, &err), 0);
        for (size_t i = 0; i < sizeof(order); i++) {
                carry += signature[32 + i] + order[i];
                signature[32 + i] = (uint8_t)carry;
                carry >>= 8;
        }
        assert_int_equal(sign_check(key, STR_LIT("x"), (struct str){ (char *)signature, SIGNATURE_SIZE }, &err),
                         -EKEYREJECTED);
}

static void test_a_public_key_does_not_sign(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = read_key(rfc_public, "");
        uint8_t signature[SIGNATURE_SIZE];
        struct error err = ERROR_INIT;

        assert_int_equal(sign_make(key, STR_LIT("x"), signature, &err), -EINVAL);
}

static void test_what_is_written_is_read(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = NULL, *private = NULL, *public = NULL;
        _cleanup_(secret_free) struct secret pem = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(sign_key_generate(&key, &err), 0);
        assert_int_equal(sign_key_write_private(key, STR_NULL, &pem, &err), 0);
        assert_int_equal(sign_key_write_public(key, &text, &err), 0);
        private = read_key(pem.data, "");
        public = read_key(text.data, "");
        assert_string_equal(sign_key_id(key), sign_key_id(private));
        assert_string_equal(sign_key_id(key), sign_key_id(public));
        assert_true(!sign_key_was_encrypted(private) && !strstr(text.data, "PRIVATE"));
}

static void test_written_as_the_rfc_has_it(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = read_key(rfc_private, "");
        _cleanup_(secret_free) struct secret pem = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;

        assert_int_equal(sign_key_write_private(key, STR_NULL, &pem, &err), 0);
        assert_int_equal(sign_key_write_public(key, &text, &err), 0);
        assert_string_equal(pem.data, rfc_private);
        assert_string_equal(text.data, rfc_public);
}

static void test_encrypted(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = read_key(rfc_private, ""), *again = NULL;
        _cleanup_(secret_free) struct secret pem = { 0 };
        char long_one[SIGN_PASSPHRASE_MAX + 2];
        struct error err = ERROR_INIT;

        assert_int_equal(sign_key_write_private(key, STR_LIT("pass wörd"), &pem, &err), 0);
        assert_non_null(strstr(pem.data, "BEGIN ENCRYPTED PRIVATE KEY"));
        again = read_key(pem.data, "pass wörd");
        assert_string_equal(sign_key_id(again), sign_key_id(key));
        assert_true(sign_key_was_encrypted(again));
        assert_no_key(secret_str(&pem), "", -ENOKEY, "no passphrase");
        assert_no_key(secret_str(&pem), "pass word", -EACCES, "passphrase");
        memset(long_one, 'x', sizeof(long_one) - 1);
        long_one[sizeof(long_one) - 1] = 0;
        assert_no_key(secret_str(&pem), long_one, -EINVAL, "at most");
        secret_free(&pem);
        assert_int_equal(sign_key_write_private(key, str_from(long_one), &pem, &err), -EINVAL);
}

/* Public keys of other algorithms. */
#define EC                                                                   \
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVLNOYIKDEh3hzMdjdd5fRPnQbf0P\n" \
        "hCcvr+bUvsxESTJNlZ0IHZQ0d+8Lpdj3jHXIdE5OuRYtr/PPiVKqQ4FNYA=="
#define X25519 "MCowBQYDK2VuAyEAPFjMdu9oSTUR2rYcwLvWmKHUmcSxSP8oHozNHMmvNXc="

static void test_what_is_no_key(void **state)
{
        static char large[SIGN_KEY_FILE_MAX + 1];
        char cut[sizeof(rfc_private)];

        assert_no_key(STR_NULL, "", -EBADMSG, "not a key");
        assert_no_key(STR_LIT("hello\n"), "", -EBADMSG, "not a key");
        assert_no_key(STR_LIT(PRIVATE("MC4C")), "", -EBADMSG, "not a key");
        assert_no_key(STR_LIT(PRIVATE("!")), "", -EBADMSG, "not a key");
        assert_no_key(STR_LIT(PUBLIC("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuEA")), "", -EBADMSG,
                      "not a key");
        assert_no_key(STR_LIT(PUBLIC(EC)), "", -ENOTSUP, "only Ed25519");
        assert_no_key(STR_LIT(PUBLIC(X25519)), "", -ENOTSUP, "X25519");
        assert_no_key(STR_LIT("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), "", -ENOTSUP,
                      "CERTIFICATE");
        assert_no_key((struct str){ large, sizeof(large) }, "", -E2BIG, "larger than");
        for (size_t n = 0; n < sizeof(rfc_private) - 2; n++) { /* without its last line end it is whole */
                memcpy(cut, rfc_private, n);
                assert_no_key((struct str){ cut, n }, "", -EBADMSG, "not a key");
        }
}

static void test_the_first_key_of_a_file_counts(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = NULL, *first = read_key(vectors[0].public, "");
        _cleanup_(buf_free) struct buf both = { 0 };

        buf_printf(&both, "a comment\n%s%s", vectors[0].public, vectors[1].public);
        key = read_key(both.data, "");
        assert_string_equal(sign_key_id(key), sign_key_id(first));
}

/* ---- base64 ---- */

static void test_base64(void **state)
{
        static const char *const pairs[][2] = { { "", "" },
                                                { "f", "Zg==" },
                                                { "fo", "Zm8=" },
                                                { "foo", "Zm9v" },
                                                { "foob", "Zm9vYg==" },
                                                { "fooba", "Zm9vYmE=" },
                                                { "foobar", "Zm9vYmFy" },
                                                { "\xfb\xff\xbf", "+/+/" } };

        for (size_t i = 0; i < ELEMENTS_OF(pairs); i++) {
                _cleanup_(buf_free) struct buf text = { 0 }, bytes = { 0 };
                struct error err = ERROR_INIT;

                base64_encode(pairs[i][0], strlen(pairs[i][0]), &text);
                assert_true(str_equals(buf_str(&text), pairs[i][1]));
                assert_int_equal(base64_decode(str_from(pairs[i][1]), &bytes, &err), 0);
                assert_true(str_equals(buf_str(&bytes), pairs[i][0]));
        }
}

static void test_base64_every_byte(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 }, bytes = { 0 };
        uint8_t all[256];
        struct error err = ERROR_INIT;

        for (unsigned i = 0; i < sizeof(all); i++)
                all[i] = (uint8_t)i;
        base64_encode(all, sizeof(all), &text);
        assert_int_equal(base64_decode(buf_str(&text), &bytes, &err), 0);
        assert_memory_equal(bytes.data, all, sizeof(all));
        for (char *p = text.data; *p; p++)
                *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
        buf_clear(&bytes);
        assert_int_equal(base64_decode(buf_str(&text), &bytes, &err), 0); /* section 5 */
        assert_memory_equal(bytes.data, all, sizeof(all));
}

static void test_base64_is_strict(void **state)
{
        static const char *const wrong[] = { "Z",        "Zg",   "Zg=",      "Zg=a",   "Z===", "====",
                                             "Zh==",     "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm 9", " Zm9",
                                             "Zm9v====", "+/-_", "Zm9\xff",  "Zm9*",   "=Zg=" };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++) {
                _cleanup_(buf_free) struct buf bytes = { 0 };
                struct error err = ERROR_INIT;

                if (base64_decode(str_from(wrong[i]), &bytes, &err) != -EBADMSG)
                        fail_msg("'%s' was taken", wrong[i]);
                assert_non_null(strstr(err.message, "offset"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vectors),
                cmocka_unit_test(test_each_changed_bit_is_noticed),
                cmocka_unit_test(test_a_signature_has_one_form),
                cmocka_unit_test(test_a_public_key_does_not_sign),
                cmocka_unit_test(test_what_is_written_is_read),
                cmocka_unit_test(test_written_as_the_rfc_has_it),
                cmocka_unit_test(test_encrypted),
                cmocka_unit_test(test_what_is_no_key),
                cmocka_unit_test(test_the_first_key_of_a_file_counts),
                cmocka_unit_test(test_base64),
                cmocka_unit_test(test_base64_every_byte),
                cmocka_unit_test(test_base64_is_strict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
