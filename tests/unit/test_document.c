/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of images: what the worker makes of JSON is what the parent takes; what a hijacked one may say is not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"
#include "model/limits.h"
#include "oci/document.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct document doc;
static struct error err;

static int again(enum document_kind asked, struct str encoded)
{
        arena_free(arena);
        arena = arena_new();
        doc = (struct document){ 0 };
        err = (struct error)ERROR_INIT;
        return document_decode(asked, encoded, arena, &doc, &err);
}

/* From JSON to what the parent has of it. */
static int parse(enum document_kind asked, const char *json)
{
        _cleanup_(buf_free) struct buf encoded = { 0 };
        int r = document_encode(asked, str_from(json), &encoded, &err);

        return r < 0 ? r : again(asked, buf_str(&encoded));
}

static void test_round_trip(void **state)
{
        assert_int_equal(parse(0, "{\"manifests\":[{\"digest\":\"" DIGEST "\",\"size\":9,\"urls\":[\"x\"],\"platform\":"
                                  "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}}]}"), 0);
        assert_int_equal(doc.kind, DOCUMENT_INDEX);
        assert_int_equal(doc.n_entries, 1);
        assert_true(doc.entries[0].size == 9 && doc.entries[0].foreign && !doc.entries[0].ref_name);
        assert_string_equal(doc.entries[0].platform.variant, "v7");
        assert_int_equal(parse(DOCUMENT_CONFIG, "{\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"" DIGEST "\"]},"
                                                "\"history\":[{\"created_by\":\"x\",\"empty_layer\":true},{}]}"), 0);
        assert_int_equal(doc.n_diff_ids, 1);
        assert_int_equal(doc.n_history, 2);
        assert_true(doc.history[0].empty_layer && !doc.history[1].created_by);
        assert_int_equal(parse(DOCUMENT_DOCKER, "[{\"Config\":\"c\",\"RepoTags\":[\"a:b\"],"
                                                "\"Layers\":[\"l\",\"m\"]}]"), 0);
        assert_int_equal(doc.n_images, 1);
        assert_string_equal(doc.images[0].layers[1], "m");
}

static void test_another_document_than_was_asked_for(void **state)
{
        static const enum document_kind answers[] = {
                DOCUMENT_INDEX, DOCUMENT_MANIFEST, DOCUMENT_CONFIG, DOCUMENT_DOCKER,
        };
        static const char *const json[] = {
                "{\"manifests\":[]}",
                "{\"config\":{\"digest\":\"" DIGEST "\",\"size\":1},\"layers\":[]}",
                "{\"rootfs\":{\"diff_ids\":[]}}",
                "[]",
        };

        for (size_t i = 0; i < ELEMENTS_OF(answers); i++) {
                _cleanup_(buf_free) struct buf encoded = { 0 };

                assert_int_equal(document_encode(answers[i], str_from(json[i]), &encoded, &err), 0);
                assert_int_equal(again(answers[i], buf_str(&encoded)), 0);
                assert_int_equal(again(answers[(i + 1) % ELEMENTS_OF(answers)], buf_str(&encoded)), -EPROTO);
                assert_int_equal(again(0, buf_str(&encoded)), i < 2 ? 0 : -EPROTO);
        }
}

/* ---- more than the worker would send ---- */

static void put_nothing(struct buf *out, size_t texts)
{
        for (size_t i = 0; i < texts; i++) {
                wire_put_u8(out, 0);
                wire_put_str(out, STR_NULL);
        }
}

static void put_digest(struct buf *out)
{
        static const uint8_t bytes[DIGEST_MAX];

        wire_put_u8(out, DIGEST_SHA256);
        wire_put_bytes(out, bytes, sizeof(bytes));
}

static void put_descriptor(struct buf *out)
{
        put_nothing(out, 1);
        put_digest(out);
        wire_put_u64(out, 1);
        put_nothing(out, 5);
        wire_put_u8(out, 0);
}

static void put_text(struct buf *out)
{
        wire_put_u8(out, 1);
        wire_put_str(out, STR_LIT("x"));
}

/* A document with `n` of one thing: which, says `what`. */
static void put_many(struct buf *out, int what, uint32_t n)
{
        static const enum document_kind kinds[] = {
                DOCUMENT_INDEX, DOCUMENT_MANIFEST, DOCUMENT_CONFIG, DOCUMENT_CONFIG, DOCUMENT_DOCKER, DOCUMENT_DOCKER,
                DOCUMENT_DOCKER,
        };
        bool once = what == 3 || what >= 5; /* there is something around it */

        wire_put_u8(out, (uint8_t)kinds[what]);
        if (kinds[what] != DOCUMENT_DOCKER)
                put_nothing(out, kinds[what] == DOCUMENT_CONFIG ? 5 : 1);
        if (what == 1)
                put_descriptor(out);
        if (once)
                wire_put_u32(out, what >= 5);
        if (what >= 5)
                put_text(out);
        if (what == 6)
                wire_put_u32(out, 0);
        wire_put_u32(out, n);
        for (uint32_t i = 0; i < n; i++) {
                if (what < 2)
                        put_descriptor(out);
                else if (what == 2)
                        put_digest(out);
                else
                        put_text(out);
                if (what == 3)
                        wire_put_u8(out, 0);
                if (what == 4)
                        wire_put_u64(out, 0);
        }
        if (what == 2 || what == 5)
                wire_put_u32(out, 0);
}

static void test_counts_have_an_end(void **state)
{
        static const uint32_t limits[] = {
                DOCUMENT_ENTRIES_MAX, LIMIT_LAYERS, LIMIT_LAYERS, DOCUMENT_ENTRIES_MAX, DOCUMENT_ENTRIES_MAX,
                DOCUMENT_ENTRIES_MAX, LIMIT_LAYERS,
        };

        for (int what = 0; what < (int)ELEMENTS_OF(limits); what++) {
                _cleanup_(buf_free) struct buf good = { 0 }, bad = { 0 };

                put_many(&good, what, limits[what]);
                put_many(&bad, what, limits[what] + 1);
                if (again((enum document_kind)good.data[0], buf_str(&good)) != 0)
                        fail_msg("%d: as many as there may be are not taken", what);
                if (again((enum document_kind)bad.data[0], buf_str(&bad)) != -EPROTO)
                        fail_msg("%d: more are taken than there may be", what);
        }
}

static int done(void **state)
{
        arena = arena_free(arena);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_another_document_than_was_asked_for),
                cmocka_unit_test(test_counts_have_an_end),
        };

        return cmocka_run_group_tests(tests, NULL, done);
}
