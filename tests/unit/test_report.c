/* SPDX-License-Identifier: Apache-2.0 */
/* Renderers over a result made by hand: hostile names, unknown values, nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "rendering.h"

static const struct scan_limits limits = SCAN_LIMITS_DEFAULT;

/* Two files of one layer: one of a package, one of none. */
static struct image_index *make_index(void)
{
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        struct file_entry files[] = {
                { .path = STR_LIT(EVIL), .type = FILE_REGULAR, .mode = 04755, .uid = 7, .size = 1, .has_sha256 = true },
                { .path = STR_LIT("link"), .target = STR_LIT("../" EVIL), .type = FILE_SYMLINK, .mode = 0777 },
        };
        struct problem_list problems = { 0 };
        struct image_index *index = NULL;
        struct layer_file *layer = NULL;
        struct digest none = { 0 };
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err), to = file_unnamed(NULL, &err);

        assert_int_equal(layer_builder_new(fd, NULL, &limits, &b, &err), 0);
        for (size_t i = 0; i < ELEMENTS_OF(files); i++)
                assert_int_equal(layer_builder_add(b, &files[i], &err), 0);
        assert_int_equal(layer_builder_finish(b, &none, 1, &err), 0);
        assert_int_equal(layer_file_open(fd, &layer, &err), 0);
        assert_int_equal(image_index_write(&layer, 1, to, &problems, &err), 0);
        layer_file_free(layer);
        problem_list_done(&problems);
        assert_int_equal(image_index_open(to, &index, &err), 0);
        return index;
}

static const struct str licences[] = { { "MIT", 3 }, { EVIL, sizeof(EVIL) - 1 } };

static void fill(struct scan_result *result, struct image *image, struct image_layer *layer, struct scan_package *packages)
{
        const struct value items[] = { value_of_string(STR_LIT(EVIL)), value_of_string(STR_LIT("b")) };
        const struct finding_detail fields[] = {
                { "a", value_of_number(-7) }, { "b", value_of_list(VALUE_STRING, items, 2) }, { "c", value_absent() },
                { "a", value_of_number(8) }, { "d", value_of_bool(true) },
        };
        const struct finding_severity severities[] = { { "s", SEVERITY_LOW, 3.1, EVIL }, { "t", SEVERITY_HIGH, -1, NULL } };
        struct finding finding = { .rule = "r", .source = "image", .verdict = VERDICT_FAIL, .severity = SEVERITY_HIGH,
                                   .title = EVIL, .message = EVIL, .path = "etc/x", .line = 3, .rank = 40,
                                   .fields = fields, .n_fields = ELEMENTS_OF(fields), .severities = severities,
                                   .n_severities = 2, .status = FINDING_EXCEPTED,
                                   .exception = { .reason = EVIL, .owner = "o", .expires = "2030-01-01" } };
        struct error err = ERROR_INIT;

        *layer = (struct image_layer){ .diff_id = { .algorithm = DIGEST_SHA256 }, .size = 5, .created_by = (char *)EVIL };
        *image = (struct image){ .kind = "dir", .reference = EVIL, .layers = layer, .n_layers = 1,
                                 .platform = { .os = (char *)"linux", .architecture = (char *)"amd64" } };
        packages[0] = (struct scan_package){ .package = { .name = STR_LIT(EVIL), .version = STR_LIT("1"), .type = STR_LIT("deb"),
                                             .evidence = PACKAGE_INSTALLED, .licenses = licences, .n_licenses = 2 },
                                             .purl = STR_LIT("pkg:deb/a@1"), .path = STR_LIT("var/lib/dpkg/status") };
        packages[1] = (struct scan_package){ .package = { .name = STR_LIT("b"), .version = STR_LIT("2-\xe6\x97\xa5"),
                                             .type = STR_LIT("rpm"), .evidence = PACKAGE_DECLARED,
                                             .source_name = STR_LIT("bsrc"), .source_version = STR_LIT("3") },
                                             .purl = STR_LIT("pkg:rpm/b@2"), .path = STR_LIT("x"), .layer = 9 };
        *result = (struct scan_result){
                .image = image, .complete = false, .packages = packages, .n_packages = 2, .index = make_index(),
                .checks = { { "integrity", CHECK_DONE, NULL }, { "vulnerabilities", CHECK_NO_DATA, "no data here" } },
                .n_checks = 2,
        };
        assert_int_equal(finding_add(&result->findings, &finding, &err), 0);
        problem_add(&result->problems, PROBLEM_GAP, EVIL, "%s", EVIL);
}

static void done(struct scan_result *result)
{
        finding_list_done(&result->findings);
        problem_list_done(&result->problems);
        result->index = image_index_free(result->index);
}

static const char *string_at(json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static void check_finding(json_t *f)
{
        json_t *item;

        assert_string_equal(string_at(json_object_get(f, "location"), "path"), "/etc/x");
        assert_int_equal(json_integer_value(json_object_get(json_object_get(f, "location"), "line")), 3);
        assert_true(json_is_null(json_object_get(json_object_get(f, "location"), "column")));
        assert_int_equal(json_integer_value(json_object_get(f, "rank")), 40);
        item = json_object_get(f, "fields");
        assert_int_equal(json_object_size(item), 4); /* a name that comes twice is written once */
        assert_int_equal(json_integer_value(json_object_get(item, "a")), -7);
        assert_int_equal(json_array_size(json_object_get(item, "b")), 2);
        assert_true(json_is_null(json_object_get(item, "c")));
        assert_true(json_is_true(json_object_get(item, "d")));
        item = json_array_get(json_object_get(f, "severities"), 0);
        assert_true(json_real_value(json_object_get(item, "score")) == 3.1);
        item = json_array_get(json_object_get(f, "severities"), 1);
        assert_true(json_is_null(json_object_get(item, "score")));
        assert_string_equal(string_at(f, "status"), "excepted");
        assert_string_equal(string_at(json_object_get(f, "exception"), "expires"), "2030-01-01");
}

static void json_keeps_the_contract(void **state)
{
        static const char *const members[] = { "schema", "complete", "checks", "target", "packages", "policy", "findings", "problems",
                                               "summary", "files" };
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_json_ json_t *root = NULL;
        const struct report_options options = { .files = true };
        struct scan_package packages[2];
        struct scan_result result;
        struct image_layer layer;
        struct image image;
        struct error err = ERROR_INIT;
        uint32_t owners[8] = { 0, 1, 77 };
        json_t *item;

        fill(&result, &image, &layer, packages);
        result.owners = owners;
        render(report_scan_json, &result, &options, &text);
        assert_int_equal(json_parse(buf_str(&text), text.len, &root, &err), 0);
        assert_int_equal(json_object_size(root), ELEMENTS_OF(members));
        for (size_t i = 0; i < ELEMENTS_OF(members); i++)
                assert_non_null(json_object_get(root, members[i]));
        item = json_array_get(json_object_get(root, "packages"), 0);
        assert_string_equal(string_at(item, "path"), "/var/lib/dpkg/status");
        assert_string_equal(string_at(item, "name"), "evil\033[2J\\xff\nname");
        assert_true(str_starts(str_from(string_at(item, "layer")), "sha256:00"));
        assert_true(json_is_null(json_object_get(item, "arch")));
        assert_int_equal(json_array_size(json_object_get(item, "licenses")), 2);
        item = json_array_get(json_object_get(root, "packages"), 1);
        assert_true(json_is_null(json_object_get(item, "layer"))); /* there is no layer 9 */
        check_finding(json_array_get(json_object_get(root, "findings"), 0));
        item = json_object_get(root, "summary");
        assert_int_equal(json_integer_value(json_object_get(item, "findings_excepted")), 1);
        item = json_object_get(root, "target");
        assert_string_equal(string_at(item, "platform"), "linux/amd64");
        assert_true(json_is_null(json_object_get(item, "distribution")));
        item = json_object_get(json_object_get(root, "summary"), "packages_by_type");
        assert_int_equal(json_integer_value(json_object_get(item, "rpm")), 1);
        item = json_array_get(json_object_get(root, "files"), 0);
        assert_string_equal(string_at(item, "path"), "/");
        item = json_array_get(json_object_get(root, "files"), 1);
        assert_string_equal(string_at(item, "mode"), "4755");
        assert_string_equal(string_at(item, "package"), "pkg:deb/a@1");
        assert_int_equal(strlen(string_at(item, "sha256")), 64);
        item = json_array_get(json_object_get(root, "files"), 2);
        assert_true(json_is_null(json_object_get(item, "package"))); /* an owner that does not exist */
        assert_true(json_is_null(json_object_get(item, "sha256")));
        done(&result);
}

static void table_quotes_what_the_image_says(void **state)
{
        static const unsigned widths[] = { 0, 20, 60, 80 };

        for (size_t i = 0; i < ELEMENTS_OF(widths); i++) {
                const struct report_options options = { .files = true, .width = widths[i] };
                _cleanup_(buf_free) struct buf text = { 0 };
                struct scan_package packages[2];
                struct scan_result result;
                struct image_layer layer;
                struct image image;

                fill(&result, &image, &layer, packages);
                render(report_scan_table, &result, &options, &text);
                assert_null(strchr(text.data, '\033'));
                assert_true(utf8_valid(buf_str(&text)));
                assert_non_null(strstr(text.data, "NOT CHECKED, no data: no data here"));
                assert_non_null(strstr(text.data, "Incomplete"));
                assert_null(strstr(text.data, "clean"));
                done(&result);
        }
}

static void nothing_is_fine_too(void **state)
{
        const struct report_options options = { .files = true, .colour = true, .width = 80 };
        _cleanup_(buf_free) struct buf table = { 0 }, text = { 0 };
        _cleanup_json_ json_t *root = NULL;
        struct image image = { .kind = "dir" };
        struct scan_result result = { .image = &image, .complete = true };
        struct error err = ERROR_INIT;

        render(report_scan_table, &result, &options, &table);
        render(report_scan_json, &result, &options, &text);
        assert_int_equal(json_parse(buf_str(&text), text.len, &root, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(json_keeps_the_contract),
                cmocka_unit_test(table_quotes_what_the_image_says),
                cmocka_unit_test(nothing_is_fine_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
