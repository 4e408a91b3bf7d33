/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles: several texts under one signature. */
#include <errno.h>

#include "signing.h"
#include "trust/bundle.h"

#define FILE_OF(name, text)                      \
        {                                        \
                { (name), sizeof(name) - 1 },    \
                {                                \
                        (text), sizeof(text) - 1 \
                }                                \
        }

static const struct bundle_file two[] = { FILE_OF("z.yaml", "- list: l\n  items: [\"é\", '\\']\n"),
                                          FILE_OF("dir/a.yaml", "") };

static void write_two(int64_t created, struct buf *out)
{
        struct error err = ERROR_INIT;

        assert_int_equal(bundle_write(BUNDLE_KIND_RULES, created, two, ELEMENTS_OF(two), out, &err), 0);
}

static void test_document(void **state)
{
        _cleanup_(buf_free) struct buf out = { 0 };

        write_two(1704067200, &out);
        assert_string_equal(out.data,
                            "{\"schema\":\"tallyman/bundle/v1\",\"kind\":\"rules\",\"created\":\"2024-01-01T00:00:00Z\",\"files\":["
                            "{\"name\":\"z.yaml\",\"text\":\"- list: l\\n  items: [\\\"é\\\", '\\\\']\\n\"},"
                            "{\"name\":\"dir/a.yaml\",\"text\":\"\"}]}\n");
}

static void test_what_is_written_is_read(void **state)
{
        _cleanup_(buf_free) struct buf out = { 0 };
        _cleanup_(bundle_freep) struct bundle *b = NULL;
        struct error err = ERROR_INIT;

        write_two(BUNDLE_TIME_MAX, &out);
        assert_int_equal(bundle_parse(buf_str(&out), &b, &err), 0);
        assert_true(str_equals(b->kind, "rules") && b->created == BUNDLE_TIME_MAX && b->n_files == 2 && !b->verified);
        for (size_t i = 0; i < 2; i++) {
                assert_true(str_equal(b->files[i].name, two[i].name) && str_equal(b->files[i].text, two[i].text));
                assert_int_equal(b->files[i].text.p[b->files[i].text.n], 0);
        }
}

static void assert_not_written(const char *kind, int64_t created, const struct bundle_file *files, size_t n, int code,
                               const char *message)
{
        _cleanup_(buf_free) struct buf out = { 0 };
        struct error err = ERROR_INIT;

        if (bundle_write(kind, created, files, n, &out, &err) != code)
                fail_msg("'%.*s': %s", STR_SHOWN(files->name), err.message);
        assert_says(&err, message);
        assert_int_equal(out.len, 0);
}

static void test_names(void **state)
{
        static const char *const wrong[] = { "",       "/",   "/etc/passwd", "a/",   "a//b", ".",     "..",
                                             "a/../b", "./a", "a/.",         "a\\b", "a\nb", "a\x7f", "\xff" };
        static const char *const right[] = { "a", "a.yaml", "a/b/c", "..a", "...", "a b", "é", "-a", ".hidden" };
        char long_one[BUNDLE_NAME_MAX + 2] = "";
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++) {
                struct bundle_file file = { str_from(wrong[i]), STR_NULL };

                assert_not_written("rules", 0, &file, 1, -EINVAL, "is not a name");
        }
        for (size_t i = 0; i < ELEMENTS_OF(right); i++)
                assert_int_equal(bundle_check_name(str_from(right[i]), &err), 0);
        memset(long_one, 'x', BUNDLE_NAME_MAX + 1);
        assert_int_equal(bundle_check_name(str_from(long_one), &err), -EINVAL);
        assert_int_equal(bundle_check_name((struct str){ long_one, BUNDLE_NAME_MAX }, &err), 0);
        assert_int_equal(bundle_check_name(STR_LIT("a\0b"), &err), -EINVAL);
}

static void test_what_is_not_bundled(void **state)
{
        static const struct bundle_file twice[] = { FILE_OF("a", "x"), FILE_OF("b", "y"), FILE_OF("a", "z") };
        static const struct bundle_file nul = FILE_OF("a", "x\0y"), latin = FILE_OF("a", "caf\xe9");
        _cleanup_free_ struct bundle_file *many = calloc(BUNDLE_FILES_MAX + 1, sizeof(*many));
        _cleanup_(buf_free) struct buf large = { 0 };
        struct bundle_file halves[2] = { FILE_OF("a", ""), FILE_OF("b", "") };

        assert_not_written("rules", 0, twice, 3, -EINVAL, "'a' is there twice");
        assert_not_written("rules", 0, &nul, 1, -EINVAL, "not a text");
        assert_not_written("rules", 0, &latin, 1, -EINVAL, "not a text");
        assert_not_written("rules", 0, two, 0, -EINVAL, "no file");
        assert_not_written("rules", 0, many, BUNDLE_FILES_MAX + 1, -E2BIG, "at most");
        assert_not_written("rules", -1, two, 2, -EINVAL, "not a time");
        assert_not_written("rules", BUNDLE_TIME_MAX + 1, two, 2, -EINVAL, "not a time");
        assert_not_written("", 0, two, 2, -EINVAL, "kind");
        assert_not_written("Rules", 0, two, 2, -EINVAL, "kind");
        assert_true(buf_reserve(&large, DSSE_PAYLOAD_MAX));
        memset(large.data, 'x', DSSE_PAYLOAD_MAX);
        halves[0].text = (struct str){ large.data, DSSE_PAYLOAD_MAX / 2 + 1 };
        halves[1].text = halves[0].text;
        assert_not_written("rules", 0, halves, 2, -E2BIG, "bytes together");
}

static void assert_no_bundle(const char *text, int code, const char *message)
{
        struct bundle *b = NULL;
        struct error err = ERROR_INIT;

        if (bundle_parse(str_from(text), &b, &err) != code)
                fail_msg("%s: %s", text, err.message);
        assert_null(b);
        assert_says(&err, message);
        assert_says(&err, "it is not a bundle");
}

#define HEAD "{\"schema\":\"tallyman/bundle/v1\",\"kind\":\"rules\",\"created\":\"1970-01-01T00:00:00Z\""
#define FILES(files) HEAD ",\"files\":[" files "]}"

static void test_what_is_no_bundle(void **state)
{
        static const struct {
                const char *text, *message;
        } wrong[] = {
                { "", "not valid JSON" },
                { "[]", "not an object" },
                { "{}", "'schema' is missing" },
                { "{\"schema\":1}", "'schema' is not" },
                { "{\"schema\":\"tallyman/bundle/v1\"}", "'kind' is missing" },
                { "{\"schema\":\"tallyman/bundle/v1\",\"kind\":\"R\"}", "kind" },
                { HEAD "}", "'files' is missing" },
                { HEAD ",\"files\":{}}", "'files' is not" },
                { FILES(""), "no file" },
                { FILES("1"), "not an object" },
                { FILES("{\"name\":\"a\"}"), "'text' is missing" },
                { FILES("{\"text\":\"a\"}"), "'name' is missing" },
                { FILES("{\"name\":\"../a\",\"text\":\"\"}"), "is not a name" },
                { FILES("{\"name\":\"a\",\"text\":\"\"},{\"name\":\"a\",\"text\":\"\"}"), "twice" },
                { FILES("{\"name\":\"a\",\"text\":\"x\\u0000\"}"), "JSON" },
        };
        static const char *const times[] = { "",
                                             "2024-01-01",
                                             "2024-01-01T00:00:00",
                                             "2024-01-01T00:00:00+00:00",
                                             "2024-02-30T00:00:00Z",
                                             "2024-01-01T24:00:00Z",
                                             "2024-01-01T00:00:60Z",
                                             "1969-12-31T23:59:59Z",
                                             "2024-1-1T0:0:0Z",
                                             " 2024-01-01T00:00:00Z",
                                             "2024-01-01T00:00:00Z ",
                                             "10000-01-01T00:00:00Z" };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++)
                assert_no_bundle(wrong[i].text, -EBADMSG, wrong[i].message);
        for (size_t i = 0; i < ELEMENTS_OF(times); i++) {
                _cleanup_(buf_free) struct buf text = { 0 };

                buf_printf(&text,
                           "{\"schema\":\"tallyman/bundle/v1\",\"kind\":\"rules\",\"created\":\"%s\",\"files\":[]}",
                           times[i]);
                assert_no_bundle(text.data, -EBADMSG, "is not a time");
        }
        assert_no_bundle("{\"schema\":\"tallyman/bundle/v2\"}", -ENOTSUP, "tallyman/bundle/v2");
}

static void test_bombs(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        for (size_t i = 0; i < 100000; i++)
                buf_putc(&text, '[');
        assert_no_bundle(text.data, -E2BIG, "values");
        buf_clear(&text);
        for (size_t i = 0; i < 3000; i++)
                buf_putc(&text, '[');
        assert_no_bundle(text.data, -EBADMSG, "depth");
        buf_clear(&text);
        buf_puts(&text, HEAD ",\"files\":[");
        for (size_t i = 0; i <= BUNDLE_FILES_MAX; i++)
                buf_printf(&text, "%s{\"name\":\"%zu\",\"text\":\"\"}", i ? "," : "", i);
        buf_puts(&text, "]}");
        assert_no_bundle(text.data, -E2BIG, "more than 1024 files");
}

static void test_signed(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = new_key(), *other = new_key();
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 }, others = { 0 };
        _cleanup_(buf_free) struct buf envelope = { 0 }, again = { 0 };
        _cleanup_(bundle_freep) struct bundle *b = NULL, *none = NULL;
        struct error err = ERROR_INIT;

        trust_key(&keys, key);
        trust_key(&others, other);
        assert_int_equal(bundle_make("rules", 1, two, 2, &key, 1, &envelope, &err), 0);
        assert_int_equal(bundle_make("rules", 1, two, 2, &key, 1, &again, &err), 0);
        assert_string_equal(envelope.data, again.data);
        assert_int_equal(bundle_open(buf_str(&envelope), "rules", &keys, &b, &err), 0);
        assert_true(b->n_files == 2 && str_equal(b->files[0].text, two[0].text));
        assert_true(b->verified->n_signers == 1 && b->verified->signers[0] == &keys.items[0]);
        assert_int_equal(bundle_open(buf_str(&envelope), "rules", &others, &none, &err), -ENOKEY);
        assert_int_equal(bundle_open(buf_str(&envelope), "profiles", &keys, &none, &err), -EMEDIUMTYPE);
        assert_says(&err, "a bundle of rules, not of profiles");
        assert_null(none);
}

/* By somebody trusted, but not as a bundle; or as one, but it is none. */
static void test_signed_otherwise(void **state)
{
        _cleanup_(sign_key_freep) struct sign_key *key = new_key();
        _cleanup_(trust_keys_done) struct trust_keys keys = { 0 };
        _cleanup_(buf_free) struct buf document = { 0 }, as_other = { 0 }, no_bundle = { 0 };
        struct bundle *none = NULL;
        struct error err = ERROR_INIT;

        trust_key(&keys, key);
        write_two(0, &document);
        assert_int_equal(dsse_make(STR_LIT("text/plain"), buf_str(&document), &key, 1, &as_other, &err), 0);
        assert_int_equal(bundle_open(buf_str(&as_other), NULL, &keys, &none, &err), -EMEDIUMTYPE);
        assert_int_equal(dsse_make(STR_LIT(BUNDLE_TYPE), STR_LIT("hello"), &key, 1, &no_bundle, &err), 0);
        assert_int_equal(bundle_open(buf_str(&no_bundle), NULL, &keys, &none, &err), -EBADMSG);
        assert_null(none);
}

static void test_time(void **state)
{
        static const char *const wrong[] = { "", "x", "-1", "1.5", "253402300800", "99999999999999999999" };
        struct error err = ERROR_INIT;
        int64_t t = -1;

        assert_int_equal(setenv("SOURCE_DATE_EPOCH", "1704067200", 1), 0);
        assert_int_equal(bundle_time(&t, &err), 0);
        assert_int_equal(t, 1704067200);
        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++) {
                assert_int_equal(setenv("SOURCE_DATE_EPOCH", wrong[i], 1), 0);
                assert_int_equal(bundle_time(&t, &err), -EINVAL);
        }
        assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
        assert_int_equal(bundle_time(&t, &err), 0);
        assert_true(t > 1704067200);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_document),
                cmocka_unit_test(test_what_is_written_is_read),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_what_is_not_bundled),
                cmocka_unit_test(test_what_is_no_bundle),
                cmocka_unit_test(test_bombs),
                cmocka_unit_test(test_signed),
                cmocka_unit_test(test_signed_otherwise),
                cmocka_unit_test(test_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
