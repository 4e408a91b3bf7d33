/* SPDX-License-Identifier: Apache-2.0 */
/* Bills of materials of a result made by hand; that they fit the formats' schemas is tests/integration/test_sbom.py's matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "rendering.h"
#include "report/sbom.h"

static json_t *bill_of(const struct scan_result *result, const struct report_options *options, render_fn renderer)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        json_t *root = NULL;

        render(renderer, result, options, &text);
        assert_int_equal(json_parse(buf_str(&text), text.len, &root, &err), 0);
        return root;
}

static const char *string_at(json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static void bills_say_what_the_image_says(void **state)
{
        static const struct str licences[] = { { "MIT", 3 }, { EVIL, sizeof(EVIL) - 1 } };
        const struct report_options options = { 0 };
        struct image_layer layer = { .diff_id = { .algorithm = DIGEST_SHA256 } };
        struct image image = { .kind = "oci-dir", .reference = EVIL, .layers = &layer, .n_layers = 1,
                               .image_id = { .algorithm = DIGEST_SHA256 } };
        struct scan_package packages[] = {
                { .package = { .name = STR_LIT(EVIL), .version = STR_LIT("1"), .type = STR_LIT("deb"), .licenses = licences, .n_licenses = 2,
                               .vendor = STR_LIT(EVIL) },
                  .purl = STR_LIT("pkg:deb/a@1"), .path = STR_LIT(EVIL) },
                { .package = { .name = STR_LIT("b"), .type = STR_LIT("npm"), .evidence = PACKAGE_DECLARED, .development = true },
                  .purl = STR_LIT("pkg:npm/b"), .path = STR_LIT("x"), .layer = 9 },
        };
        struct scan_result result = { .image = &image, .packages = packages, .n_packages = 2, .complete = true };
        json_t *root = bill_of(&result, &options, report_scan_cyclonedx), *item;

        assert_int_equal(json_array_size(json_object_get(root, "components")), 2);
        item = json_array_get(json_object_get(root, "components"), 0);
        assert_string_equal(string_at(item, "name"), "evil\033[2J\\xff\nname");
        assert_string_equal(string_at(item, "scope"), "required");
        item = json_array_get(json_object_get(root, "components"), 1);
        assert_string_equal(string_at(item, "scope"), "optional");
        assert_null(json_object_get(item, "version"));
        assert_non_null(strstr(string_at(root, "serialNumber"), "urn:uuid:"));
        json_decref(root);
        root = bill_of(&result, &options, report_scan_spdx);
        assert_int_equal(json_array_size(json_object_get(root, "packages")), 3);
        assert_int_equal(json_array_size(json_object_get(root, "hasExtractedLicensingInfos")), 1);
        assert_true(str_starts(str_from(string_at(root, "name")), "sha256:0000"));
        json_decref(root);
}

static void bills_have_a_time_of_the_image(void **state)
{
        static const struct {
                const char *created, *expected;
        } cases[] = {
                { "2024-02-29T12:34:56Z", "2024-02-29T12:34:56Z" },
                { "2024-01-01T00:30:00.123456789+01:00", "2023-12-31T23:30:00Z" },
                { "2024-01-01T00:00:00-05:30", "2024-01-01T05:30:00Z" },
                { "yesterday", "1970-01-01T00:00:00Z" },
                { "2024-13-01T00:00:00Z", "1970-01-01T00:00:00Z" },
                { "2024-01-01T00:00:00", "1970-01-01T00:00:00Z" },
                { "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z" },
                { "2024-01-01T00:00:00+", "1970-01-01T00:00:00Z" },
                { NULL, "1970-01-01T00:00:00Z" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                const struct report_options none = { 0 }, own = { .has_time = true, .time = 1, .name = "n" };
                struct image image = { .kind = "dir", .created = (char *)cases[i].created };
                struct scan_result result = { .image = &image, .complete = true };
                json_t *root = bill_of(&result, &none, report_scan_spdx);

                assert_string_equal(string_at(json_object_get(root, "creationInfo"), "created"), cases[i].expected);
                assert_string_equal(string_at(root, "name"), "unknown");
                json_decref(root);
                root = bill_of(&result, &own, report_scan_spdx);
                assert_string_equal(string_at(json_object_get(root, "creationInfo"), "created"), "1970-01-01T00:00:01Z");
                assert_string_equal(string_at(root, "name"), "n");
                json_decref(root);
        }
}

static void expressions_of_known_licences(void **state)
{
        static const char *const good[] = { "MIT", "MIT OR Apache-2.0", "(MIT AND Zlib) OR 0BSD", "((MIT))", "libpng-2.0 AND curl" };
        static const char *const bad[] = { "", "mit", "MIT OR", "OR MIT", "MIT Apache-2.0", "(MIT", "MIT)", "()", "MIT WITH x", "GPL-2+",
                                           "MIT or Zlib", "(MIT) (Zlib)" };

        for (size_t i = 0; i < ELEMENTS_OF(good); i++)
                assert_true(sbom_is_expression(str_from(good[i])));
        for (size_t i = 0; i < ELEMENTS_OF(bad); i++)
                assert_false(sbom_is_expression(str_from(bad[i])));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bills_say_what_the_image_says),
                cmocka_unit_test(bills_have_a_time_of_the_image),
                cmocka_unit_test(expressions_of_known_licences),
        };
        struct error err = ERROR_INIT;

        return hash_init(&err) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
