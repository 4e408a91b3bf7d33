/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of images: JSON in, the same in our own terms out, and a name for whatever is wrong with one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "model/limits.h"
#include "oci/document.h"

static const struct scan_limits limits = SCAN_LIMITS_DEFAULT;

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SHA256 "sha256:" HEX
#define SHA512 "sha512:" HEX HEX
#define DESCRIPTOR "{\"mediaType\":\"m\",\"digest\":\"" SHA256 "\",\"size\":7}"
#define INDEX(descriptor) "{\"manifests\":[" descriptor "]}"
#define MANIFEST(config, layers) "{\"config\":" config ",\"layers\":[" layers "]}"
#define CONFIG(more) "{\"rootfs\":{\"diff_ids\":[\"" SHA256 "\"]}" more "}"

/* Encoded as a worker does, decoded as the parent does. */
static int transcode(enum document_kind kind, struct str text, struct arena *arena, struct document *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf encoded = { 0 };
        int r = document_encode(kind, text, &encoded, err);

        return r < 0 ? r : document_decode(kind, buf_str(&encoded), arena, ret, err);
}

static struct document good(enum document_kind kind, const char *text, struct arena *arena)
{
        struct document document = { 0 };
        struct error err = ERROR_INIT;

        if (transcode(kind, str_from(text), arena, &document, &err) < 0)
                fail_msg("%s: %s", text, err.message);
        return document;
}

static void assert_bad(enum document_kind kind, const char *text, int code, const char *says)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct document document = { 0 };
        struct error err = ERROR_INIT;
        int r = transcode(kind, str_from(text), arena, &document, &err);

        if (r != code || err.code != code || !strstr(err.message, says))
                fail_msg("%.200s: %d '%s', expected %d '%s'", text, r, err.message, code, says);
}

static void assert_digest(const struct digest *digest, const char *want)
{
        char text[DIGEST_TEXT_MAX];

        assert_string_equal(digest_text(digest, text), want);
}

static void assert_text(const char *have, const char *want)
{
        if (want)
                assert_string_equal(have ? have : "(null)", want);
        else
                assert_null(have);
}

/* ---- what is said comes through ---- */

static void test_index(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct document d = good(0,
                "{\"schemaVersion\":2,\"mediaType\":\"i\",\"manifests\":[" DESCRIPTOR ",{\"mediaType\":\"x\",\"digest\":\"" SHA512
                "\",\"size\":18446744073709,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"os.version\":\"9\"},"
                "\"annotations\":{\"org.opencontainers.image.ref.name\":\"1.0\",\"io.containerd.image.name\":\"a:1.0\"},"
                "\"urls\":[\"https://example.com\"],\"data\":\"\"}]}", arena);

        assert_int_equal(d.kind, DOCUMENT_INDEX);
        assert_text(d.media_type, "i");
        assert_int_equal(d.n_entries, 2);
        assert_digest(&d.entries[0].digest, SHA256);
        assert_int_equal(d.entries[0].size, 7);
        assert_text(d.entries[0].media_type, "m");
        assert_text(d.entries[0].platform.os, NULL);
        assert_text(d.entries[0].ref_name, NULL);
        assert_false(d.entries[0].foreign);
        assert_digest(&d.entries[1].digest, SHA512);
        assert_true(d.entries[1].size == 18446744073709);
        assert_text(d.entries[1].platform.os, "linux");
        assert_text(d.entries[1].platform.architecture, "arm");
        assert_text(d.entries[1].platform.variant, "v7");
        assert_text(d.entries[1].ref_name, "1.0");
        assert_text(d.entries[1].image_name, "a:1.0");
        assert_true(d.entries[1].foreign);
        d = good(DOCUMENT_INDEX, "{\"manifests\":[]}", arena);
        assert_int_equal(d.n_entries, 0);
        assert_text(d.media_type, NULL);
}

static void test_manifest(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct document d = good(0, MANIFEST("{\"mediaType\":\"c\",\"digest\":\"" SHA512 "\",\"size\":1}", DESCRIPTOR "," DESCRIPTOR), arena);

        assert_int_equal(d.kind, DOCUMENT_MANIFEST);
        assert_text(d.config.media_type, "c");
        assert_digest(&d.config.digest, SHA512);
        assert_int_equal(d.n_entries, 2);
        assert_digest(&d.entries[1].digest, SHA256);
        d = good(DOCUMENT_MANIFEST, MANIFEST(DESCRIPTOR, ""), arena);
        assert_int_equal(d.n_entries, 0);
}

static void test_config(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct document d = good(DOCUMENT_CONFIG,
                "{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":\"2024\",\"config\":{\"User\":\"1000\",\"Env\":[\"A=1\"]},"
                "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" SHA256 "\",\"" SHA512 "\"]},\"history\":[{\"created_by\":\"a\"},"
                "{\"created_by\":\"b\\n\",\"empty_layer\":true},{\"empty_layer\":false},{\"created_by\":null,\"empty_layer\":null}]}", arena);

        assert_text(d.platform.os, "linux");
        assert_text(d.platform.architecture, "amd64");
        assert_text(d.platform.variant, NULL);
        assert_text(d.created, "2024");
        assert_text(d.user, "1000");
        assert_int_equal(d.n_diff_ids, 2);
        assert_digest(&d.diff_ids[1], SHA512);
        assert_int_equal(d.n_history, 4);
        assert_text(d.history[0].created_by, "a");
        assert_text(d.history[1].created_by, "b\n");
        assert_true(d.history[1].empty_layer);
        assert_text(d.history[2].created_by, NULL);
        assert_false(d.history[3].empty_layer);
        d = good(DOCUMENT_CONFIG, "{\"rootfs\":{\"diff_ids\":[]},\"config\":null,\"history\":null}", arena);
        assert_int_equal(d.n_diff_ids, 0);
        assert_text(d.user, NULL);
}

static void test_docker(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        struct document d = good(DOCUMENT_DOCKER,
                "[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\",\"b:2\"],\"Layers\":[\"x/layer.tar\"],\"LayerSources\":{}},"
                "{\"Config\":\"d\",\"RepoTags\":null,\"Layers\":[]}]", arena);

        assert_int_equal(d.n_images, 2);
        assert_text(d.images[0].config, "c.json");
        assert_int_equal(d.images[0].n_tags, 2);
        assert_text(d.images[0].tags[1], "b:2");
        assert_int_equal(d.images[0].n_layers, 1);
        assert_text(d.images[0].layers[0], "x/layer.tar");
        assert_int_equal(d.images[1].n_tags, 0);
        assert_int_equal(d.images[1].n_layers, 0);
        d = good(DOCUMENT_DOCKER, "[]", arena);
        assert_int_equal(d.n_images, 0);
}

static void test_long_text_is_cut_between_characters(void **state)
{
        static const char *const characters[] = { "a", "ä", "€", "😀" };

        for (size_t i = 0; i < ELEMENTS_OF(characters); i++)
                for (size_t shift = 0; shift < 4; shift++) {
                        _cleanup_(arena_freep) struct arena *arena = arena_new();
                        _cleanup_(buf_free) struct buf text = { 0 };
                        struct document d;
                        size_t n;

                        buf_printf(&text, "{\"rootfs\":{\"diff_ids\":[]},\"created\":\"%.*s", (int)shift, "xyz");
                        while (text.len < 2 * DOCUMENT_TEXT_MAX)
                                buf_puts(&text, characters[i]);
                        buf_puts(&text, "\"}");
                        d = good(DOCUMENT_CONFIG, text.data, arena);
                        n = strlen(d.created);
                        assert_true(n <= DOCUMENT_TEXT_MAX && n > DOCUMENT_TEXT_MAX - 4);
                        assert_true(utf8_valid(str_from(d.created)));
                }
}

/* ---- what is wrong is named ---- */

static void test_not_documents(void **state)
{
        assert_bad(0, "", -EBADMSG, "not valid JSON: line 1, column 0");
        assert_bad(0, "{\n\"a\":}", -EBADMSG, "line 2");
        assert_bad(0, "[]", -EBADMSG, "not a JSON object");
        assert_bad(0, "7", -EBADMSG, "JSON");
        assert_bad(DOCUMENT_CONFIG, "[]", -EBADMSG, "not a JSON object");
        assert_bad(DOCUMENT_DOCKER, "{}", -EBADMSG, "not an array of images");
        assert_bad(0, "{}", -EBADMSG, "neither an index nor a manifest");
        assert_bad(0, "{\"manifests\":[],\"layers\":[]}", -EBADMSG, "both an index and a manifest");
        assert_bad(0, "{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[]}", -ENOTSUP, "schema 1");
        assert_bad(DOCUMENT_INDEX, "{\"manifests\":[]}x", -EBADMSG, "end of file expected");
        assert_bad(DOCUMENT_INDEX, "{\"manifests\":[],\"manifests\":[]}", -EBADMSG, "duplicate");
        assert_bad(DOCUMENT_INDEX, "{\"manifests\":[],\"a\":\"\xff\"}", -EBADMSG, "unable to decode byte 0xff");
        assert_bad(DOCUMENT_INDEX, "{\"manifests\":[],\"mediaType\":\"a\\u0000b\"}", -EBADMSG, "not valid JSON");
}

static void test_bad_members(void **state)
{
        static const struct {
                enum document_kind kind;
                const char *text, *says;
        } cases[] = {
                { DOCUMENT_INDEX, "{}", "'manifests' is missing" },
                { DOCUMENT_INDEX, "{\"manifests\":null}", "'manifests' is missing" },
                { DOCUMENT_INDEX, "{\"manifests\":{}}", "'manifests' is not an array" },
                { DOCUMENT_INDEX, "{\"mediaType\":7,\"manifests\":[]}", "'mediaType' is not a string" },
                { DOCUMENT_INDEX, INDEX("7"), "manifests[0]: a descriptor is not an object" },
                { DOCUMENT_INDEX, INDEX(DESCRIPTOR ",null"), "manifests[1]: a descriptor is not an object" },
                { DOCUMENT_INDEX, INDEX("{\"size\":1}"), "manifests[0]: 'digest' is missing" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":7,\"size\":1}"), "'digest' is not a string" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"sha256:00\",\"size\":1}"), "manifests[0]: a sha256 digest has 64" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\"}"), "'size' is missing" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":-1}"), "'size' is not a whole number" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1.5}"), "'size' is not a whole number" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":\"1\"}"), "'size' is not a whole number" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":99999999999999999999}"), "not valid JSON" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1,\"platform\":[]}"), "'platform' is not an object" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1,\"platform\":{\"os\":7}}"), "'os' is not a string" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1,\"platform\":{\"variant\":7}}"), "'variant' is not" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1,\"annotations\":[]}"), "'annotations' is not" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1,\"annotations\":"
                                        "{\"org.opencontainers.image.ref.name\":7}}"), "'org.opencontainers.image.ref.name' is not a string" },
                { DOCUMENT_INDEX, INDEX("{\"digest\":\"" SHA256 "\",\"size\":1,\"urls\":{}}"), "'urls' is not an array" },
                { DOCUMENT_MANIFEST, "{\"layers\":[]}", "'config' is missing" },
                { DOCUMENT_MANIFEST, "{\"config\":{},\"layers\":[]}", "config: 'digest' is missing" },
                { DOCUMENT_MANIFEST, "{\"config\":" DESCRIPTOR "}", "'layers' is missing" },
                { DOCUMENT_MANIFEST, MANIFEST(DESCRIPTOR, DESCRIPTOR ",{}"), "layers[1]: 'digest' is missing" },
                { DOCUMENT_CONFIG, "{}", "'rootfs' is missing" },
                { DOCUMENT_CONFIG, "{\"rootfs\":[]}", "'rootfs' is not an object" },
                { DOCUMENT_CONFIG, "{\"rootfs\":{}}", "'diff_ids' is missing" },
                { DOCUMENT_CONFIG, "{\"rootfs\":{\"diff_ids\":[7]}}", "rootfs.diff_ids[0] is not a string" },
                { DOCUMENT_CONFIG, "{\"rootfs\":{\"diff_ids\":[\"x\"]}}", "rootfs.diff_ids[0]: " },
                { DOCUMENT_CONFIG, CONFIG(",\"os\":7"), "'os' is not a string" },
                { DOCUMENT_CONFIG, CONFIG(",\"architecture\":[]"), "'architecture' is not a string" },
                { DOCUMENT_CONFIG, CONFIG(",\"created\":7"), "'created' is not a string" },
                { DOCUMENT_CONFIG, CONFIG(",\"config\":7"), "'config' is not an object" },
                { DOCUMENT_CONFIG, CONFIG(",\"config\":{\"User\":7}"), "'User' is not a string" },
                { DOCUMENT_CONFIG, CONFIG(",\"history\":{}"), "'history' is not an array" },
                { DOCUMENT_CONFIG, CONFIG(",\"history\":[7]"), "history[0] is not an object" },
                { DOCUMENT_CONFIG, CONFIG(",\"history\":[{},{\"created_by\":7}]"), "history[1]: 'created_by' is not a string" },
                { DOCUMENT_CONFIG, CONFIG(",\"history\":[{\"empty_layer\":1}]"), "history[0]: 'empty_layer' is not true or false" },
                { DOCUMENT_DOCKER, "[7]", "[0] is not an object" },
                { DOCUMENT_DOCKER, "[{\"Layers\":[]}]", "[0]: 'Config' is missing" },
                { DOCUMENT_DOCKER, "[{\"Config\":7,\"Layers\":[]}]", "[0]: 'Config' is not a string" },
                { DOCUMENT_DOCKER, "[{\"Config\":\"c\"}]", "[0]: 'Layers' is missing" },
                { DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"Layers\":[7]}]", "[0]: Layers[0] is not a string" },
                { DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"Layers\":[],\"RepoTags\":[\"a\",null]}]", "[0]: RepoTags[1] is not a string" },
                { DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"Layers\":[],\"RepoTags\":7}]", "[0]: 'RepoTags' is not an array" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                assert_bad(cases[i].kind, cases[i].text, -EBADMSG, cases[i].says);
}

static void test_other_algorithms_are_said(void **state)
{
        assert_bad(DOCUMENT_INDEX, INDEX("{\"digest\":\"md5:00112233445566778899aabbccddeeff\",\"size\":1}"), -ENOTSUP, "md5");
        assert_bad(DOCUMENT_CONFIG, "{\"rootfs\":{\"diff_ids\":[\"blake3:00\"]}}", -ENOTSUP, "rootfs.diff_ids[0]: ");
}

static void repeat(struct buf *out, const char *before, const char *item, size_t n, const char *after)
{
        buf_puts(out, before);
        for (size_t i = 0; i < n; i++) {
                buf_puts(out, i ? "," : "");
                buf_puts(out, item);
        }
        buf_puts(out, after);
}

static void test_counts_have_limits(void **state)
{
        static const struct {
                enum document_kind kind;
                const char *before, *item, *after, *says;
                size_t limit;
        } cases[] = {
                { DOCUMENT_INDEX, "{\"manifests\":[", DESCRIPTOR, "]}", "10001 manifests", DOCUMENT_ENTRIES_MAX },
                { DOCUMENT_MANIFEST, "{\"config\":" DESCRIPTOR ",\"layers\":[", DESCRIPTOR, "]}", "1025 layers", LIMIT_LAYERS },
                { DOCUMENT_CONFIG, "{\"rootfs\":{\"diff_ids\":[", "\"" SHA256 "\"", "]}}", "1025 diff_ids", LIMIT_LAYERS },
                { DOCUMENT_CONFIG, "{\"rootfs\":{\"diff_ids\":[]},\"history\":[", "{}", "]}", "10001 history", DOCUMENT_ENTRIES_MAX },
                { DOCUMENT_DOCKER, "[", "{\"Config\":\"c\",\"Layers\":[]}", "]", "10001 images", DOCUMENT_ENTRIES_MAX },
                { DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"Layers\":[", "\"\"", "]}]", "1025 Layers", LIMIT_LAYERS },
                { DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"Layers\":[],\"RepoTags\":[", "\"\"", "]}]", "10001 RepoTags", DOCUMENT_ENTRIES_MAX },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(arena_freep) struct arena *arena = arena_new();
                _cleanup_(buf_free) struct buf fits = { 0 }, more = { 0 };

                repeat(&fits, cases[i].before, cases[i].item, cases[i].limit, cases[i].after);
                repeat(&more, cases[i].before, cases[i].item, cases[i].limit + 1, cases[i].after);
                good(cases[i].kind, fits.data, arena);
                assert_bad(cases[i].kind, more.data, -E2BIG, cases[i].says);
        }
}

static void test_deep_and_large(void **state)
{
        _cleanup_(buf_free) struct buf deep = { 0 }, large = { 0 };

        for (int i = 0; i < 100000; i++)
                buf_putc(&deep, '[');
        assert_bad(0, deep.data, -EBADMSG, "maximum parsing depth reached");
        buf_clear(&deep);
        for (int i = 0; i < 100000; i++)
                buf_puts(&deep, "{\"a\":");
        assert_bad(0, deep.data, -EBADMSG, "maximum parsing depth reached");
        buf_puts(&large, "{\"a\":\"");
        while (large.len <= LIMIT_CONFIG_BYTES)
                buf_puts(&large, "0123456789abcdef");
        buf_puts(&large, "\"}");
        assert_bad(DOCUMENT_CONFIG, large.data, -E2BIG, "more than the 16777216 that are read");
}

/* ---- what comes from a worker is not trusted ---- */

static const struct {
        enum document_kind kind;
        const char *text;
} samples[] = {
        { 0, "{\"mediaType\":\"i\",\"manifests\":[" DESCRIPTOR "," DESCRIPTOR "]}" },
        { 0, MANIFEST(DESCRIPTOR, DESCRIPTOR) },
        { DOCUMENT_CONFIG, CONFIG(",\"os\":\"linux\",\"history\":[{\"created_by\":\"a\"},{}]") },
        { DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"Layers\":[\"l\"],\"RepoTags\":[\"t\"]}]" },
};

static void test_damaged_answers(void **state)
{
        for (size_t i = 0; i < ELEMENTS_OF(samples); i++) {
                _cleanup_(buf_free) struct buf encoded = { 0 };
                struct error err = ERROR_INIT;
                struct document d;

                assert_int_equal(document_encode(samples[i].kind, str_from(samples[i].text), &encoded, &err), 0);
                for (size_t n = 0; n < encoded.len; n++) {
                        _cleanup_(arena_freep) struct arena *arena = arena_new();
                        char *copy = malloc(n ? n : 1); /* of its own, so that a read beyond it is seen */

                        assert_non_null(copy);
                        memcpy(copy, encoded.data, n);
                        assert_int_equal(document_decode(samples[i].kind, (struct str){ copy, n }, arena, &d, &err), -EPROTO);
                        free(copy);
                }
                for (size_t n = 0; n < encoded.len; n++)
                        for (unsigned bit = 0; bit < 8; bit++) {
                                _cleanup_(arena_freep) struct arena *arena = arena_new();
                                int r;

                                encoded.data[n] ^= (char)(1u << bit);
                                r = document_decode(samples[i].kind, buf_str(&encoded), arena, &d, &err);
                                assert_true(r == 0 || r == -EPROTO);
                                assert_true(r < 0 || (d.n_entries < 64 && d.n_images < 64 && d.n_history < 64 && d.n_diff_ids < 64));
                                encoded.data[n] ^= (char)(1u << bit);
                        }
        }
}

static void test_another_document_than_was_asked_for(void **state)
{
        static const struct {
                enum document_kind kind;
                const char *text;
        } answers[] = {
                { DOCUMENT_INDEX, INDEX("") }, { DOCUMENT_MANIFEST, MANIFEST(DESCRIPTOR, "") },
                { DOCUMENT_CONFIG, CONFIG("") }, { DOCUMENT_DOCKER, "[]" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(answers); i++) {
                _cleanup_(arena_freep) struct arena *arena = arena_new();
                enum document_kind other = answers[(i + 1) % ELEMENTS_OF(answers)].kind;
                _cleanup_(buf_free) struct buf encoded = { 0 };
                struct error err = ERROR_INIT;
                struct document d;

                assert_int_equal(document_encode(answers[i].kind, str_from(answers[i].text), &encoded, &err), 0);
                assert_int_equal(document_decode(answers[i].kind, buf_str(&encoded), arena, &d, &err), 0);
                assert_int_equal(document_decode(other, buf_str(&encoded), arena, &d, &err), -EPROTO);
                assert_int_equal(document_decode(0, buf_str(&encoded), arena, &d, &err), i < 2 ? 0 : -EPROTO);
        }
}

static void test_reader(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(document_reader_freep) struct document_reader *reader = NULL;
        _cleanup_(buf_free) struct buf large = { 0 };
        struct error err = ERROR_INIT;
        struct worker_end end;
        struct document d;

        assert_int_equal(document_reader_new(&limits, &reader, &err), 0);
        for (size_t i = 0; i < ELEMENTS_OF(samples); i++) {
                assert_int_equal(document_parse(reader, samples[i].kind, str_from(samples[i].text), arena, &d, &err), 0);
                assert_int_equal(document_parse(reader, samples[i].kind, STR_LIT("{"), arena, &d, &err), -EBADMSG);
        }
        assert_int_equal(document_parse(reader, 0, STR_NULL, arena, &d, &err), -EBADMSG);
        /* In many pieces each way. */
        repeat(&large, "{\"rootfs\":{\"diff_ids\":[]},\"history\":[", "{\"created_by\":\"0123456789abcdef0123456789abcdef\"}", 10000, "]}");
        assert_int_equal(document_parse(reader, DOCUMENT_CONFIG, buf_str(&large), arena, &d, &err), 0);
        assert_int_equal(d.n_history, 10000);
        assert_int_equal(document_reader_end(reader, &end, &err), 0);
        assert_int_equal(end.code, 0);
        assert_string_equal(end.refused, "");
        assert_int_equal(document_parse(reader, 0, STR_LIT("{}"), arena, &d, &err), -EPROTO);
        assert_int_equal(document_reader_end(reader, &end, &err), 0);
        assert_int_equal(end.code, 0);
}

static void test_nonsense_ends_the_reader(void **state)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(document_reader_freep) struct document_reader *reader = NULL;
        struct error err = ERROR_INIT;
        struct document d;

        assert_int_equal(document_reader_new(&limits, &reader, &err), 0);
        assert_int_equal(document_parse(reader, (enum document_kind)77, STR_LIT("{}"), arena, &d, &err), -EPROTO);
        assert_int_equal(document_parse(reader, 0, str_from(samples[0].text), arena, &d, &err), -EPROTO);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_index),
                cmocka_unit_test(test_manifest),
                cmocka_unit_test(test_config),
                cmocka_unit_test(test_docker),
                cmocka_unit_test(test_long_text_is_cut_between_characters),
                cmocka_unit_test(test_not_documents),
                cmocka_unit_test(test_bad_members),
                cmocka_unit_test(test_other_algorithms_are_said),
                cmocka_unit_test(test_counts_have_limits),
                cmocka_unit_test(test_deep_and_large),
                cmocka_unit_test(test_damaged_answers),
                cmocka_unit_test(test_another_document_than_was_asked_for),
                cmocka_unit_test(test_reader),
                cmocka_unit_test(test_nonsense_ends_the_reader),
        };
        struct worker_job jobs[] = { oci_document_job };
        struct error err = ERROR_INIT;
        int r;

        if (hash_init(&err) < 0)
                return 1;
        json_init();
        if (worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        worker_shutdown();
        return r;
}
