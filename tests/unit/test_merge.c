/* SPDX-License-Identifier: Apache-2.0 */
/* Layers into one view: each test writes layer files with the builder and looks at the merged index. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>



#include "base/file.h"
#include "model/path.h"
#include "oci/image_index.h"

struct want {
        const char *path;
        enum file_type type;
        uint32_t layer;
};

struct given {
        const char *path;
        enum file_type type;
        const char *target; /* of a link; content byte of a file */
};

static const struct scan_limits limits = SCAN_LIMITS_DEFAULT;

static struct layer_file *make_layer(const struct given *given, size_t n)
{
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        struct digest none = { 0 };
        struct layer_file *lf = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_true(fd >= 0);
        assert_int_equal(layer_builder_new(fd, NULL, &limits, &b, &err), 0);
        for (size_t i = 0; i < n; i++) {
                struct file_entry e = { .path = str_from(given[i].path), .type = given[i].type, .mode = 0644 };

                if (e.type == FILE_REGULAR) {
                        e.size = 1;
                        e.has_sha256 = true;
                        hash_sha256(given[i].target ? given[i].target : "x", 1, e.sha256);
                } else {
                        e.target = str_from(given[i].target);
                }
                assert_int_equal(layer_builder_add(b, &e, &err), 0);
        }
        assert_int_equal(layer_builder_finish(b, &none, 1, &err), 0);
        assert_int_equal(layer_file_open(fd, &lf, &err), 0);
        return lf;
}

static struct image_index *merge(struct layer_file **layers, size_t n, struct problem_list *problems)
{
        struct image_index *index = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_true(fd >= 0);
        assert_int_equal(image_index_write(layers, n, fd, problems, &err), 0);
        assert_int_equal(image_index_open(fd, &index, &err), 0);
        for (size_t i = 0; i < n; i++)
                layer_file_free(layers[i]);
        return index;
}

static void expect(const struct image_index *index, const struct want *want, size_t n)
{
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < n && i < image_index_count(index); i++) {
                struct file_entry e;
                char path[256];

                assert_int_equal(image_index_get(index, i, &e, &err), 0);
                snprintf(path, sizeof(path), "%.*s", STR_ARG(e.path));
                assert_string_equal(path, want[i].path);
                assert_int_equal(e.type, want[i].type);
                assert_int_equal(e.layer, want[i].layer);
        }
        assert_int_equal(image_index_count(index), n);
}

#define LAYER(...) make_layer((const struct given[]){ __VA_ARGS__ }, \
                              sizeof((const struct given[]){ __VA_ARGS__ }) / sizeof(struct given))
#define EXPECT(index, ...) expect(index, (const struct want[]){ __VA_ARGS__ }, \
                                  sizeof((const struct want[]){ __VA_ARGS__ }) / sizeof(struct want))
#define DIR_(p) { p, FILE_DIRECTORY, NULL }
#define REG_(p) { p, FILE_REGULAR, NULL }

static void test_whiteout_hides_lower_layers_only(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = {
                LAYER(DIR_("d"), REG_("d/gone"), REG_("d/back"), REG_("d/stays")),
                LAYER({ "d/gone", FILE_WHITEOUT, NULL }, REG_("d/back"), { "d/back", FILE_WHITEOUT, NULL }),
        };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 2, &problems);

        EXPECT(index, { "", FILE_DIRECTORY, 0 }, { "d", FILE_DIRECTORY, 0 }, { "d/back", FILE_REGULAR, 1 },
               { "d/stays", FILE_REGULAR, 0 });
        assert_int_equal(problems.n, 0);
}

static void test_whiteout_of_a_directory_hides_all_below(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = {
                LAYER(DIR_("d"), DIR_("d/e"), REG_("d/e/f")),
                LAYER({ "d", FILE_WHITEOUT, NULL }),
                LAYER(REG_("d/e/new")),
        };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 3, &problems);

        EXPECT(index, { "", FILE_DIRECTORY, 2 }, { "d", FILE_DIRECTORY, 2 }, { "d/e", FILE_DIRECTORY, 2 },
               { "d/e/new", FILE_REGULAR, 2 });
}

static void test_opaque_keeps_its_own_layer(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = {
                LAYER(DIR_("d"), REG_("d/old")),
                LAYER(REG_("d/new"), DIR_("d"), { "d", FILE_OPAQUE, NULL }),
        };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 2, &problems);

        EXPECT(index, { "", FILE_DIRECTORY, 1 }, { "d", FILE_DIRECTORY, 1 }, { "d/new", FILE_REGULAR, 1 });
}

static void test_types_replace_each_other(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = {
                LAYER(DIR_("a"), REG_("a/x"), REG_("b"), { "c", FILE_SYMLINK, "a" }),
                LAYER(REG_("a"), DIR_("b"), REG_("b/y"), REG_("c/z")),
        };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 2, &problems);

        EXPECT(index, { "", FILE_DIRECTORY, 1 }, { "a", FILE_REGULAR, 1 }, { "b", FILE_DIRECTORY, 1 },
               { "b/y", FILE_REGULAR, 1 }, { "c", FILE_DIRECTORY, 1 }, { "c/z", FILE_REGULAR, 1 });
        assert_int_equal(problems.n, 0);
}

static void test_way_through_a_link_of_the_same_layer_is_a_problem(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = { LAYER(DIR_("t"), { "l", FILE_SYMLINK, "t" }, REG_("l/f")) };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 1, &problems);

        EXPECT(index, { "", FILE_DIRECTORY, 0 }, { "l", FILE_SYMLINK, 0 }, { "t", FILE_DIRECTORY, 0 });
        assert_int_equal(problems.n, 1);
        assert_false(problem_list_complete(&problems));
}

static void test_hard_links(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = {
                LAYER({ "a", FILE_REGULAR, "1" }, { "b", FILE_HARDLINK, "a" }),
                LAYER({ "a", FILE_REGULAR, "2" }, { "c", FILE_HARDLINK, "b" }, { "e", FILE_HARDLINK, "nothing" }),
        };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 2, &problems);
        struct file_entry a, b, c;
        struct error err = ERROR_INIT;

        EXPECT(index, { "", FILE_DIRECTORY, 1 }, { "a", FILE_REGULAR, 1 }, { "b", FILE_REGULAR, 0 },
               { "c", FILE_REGULAR, 1 }, { "e", FILE_REGULAR, 1 });
        assert_int_equal(image_index_find(index, STR_LIT("a"), &a, NULL, &err), 1);
        assert_int_equal(image_index_find(index, STR_LIT("b"), &b, NULL, &err), 1);
        assert_int_equal(image_index_find(index, STR_LIT("c"), &c, NULL, &err), 1);
        assert_memory_not_equal(a.sha256, b.sha256, SHA256_SIZE);
        assert_memory_equal(b.sha256, c.sha256, SHA256_SIZE);
        assert_int_equal(problems.n, 1); /* e */
}

static void test_links_are_followed_inside_the_root(void **state)
{
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct layer_file *layers[] = { LAYER({ "lib", FILE_SYMLINK, "usr/lib" }, DIR_("usr"), DIR_("usr/lib"),
                                              REG_("usr/lib/x"), { "out", FILE_SYMLINK, "../../../usr" },
                                              { "loop", FILE_SYMLINK, "/loop" }) };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 1, &problems);
        struct file_entry e;
        struct error err = ERROR_INIT;

        assert_int_equal(image_index_resolve(index, STR_LIT("lib/x"), &e, NULL, &err), 1);
        assert_true(str_equals(e.path, "usr/lib/x"));
        assert_int_equal(image_index_resolve(index, STR_LIT("out/lib/x"), &e, NULL, &err), 1);
        assert_int_equal(image_index_resolve(index, STR_LIT("loop/x"), &e, NULL, &err), 0);
        assert_int_equal(image_index_resolve(index, STR_LIT("usr/lib/x/y"), &e, NULL, &err), 0);
}

/* Lists of owned files may hold very many such paths: each takes a few look-ups, not one for each directory. */
static void test_deep_paths_take_few_look_ups(void **state)
{
        enum { DEPTH = 4096, TIMES = 2000 };
        static char deep[2 * DEPTH + 3];
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        _cleanup_(image_index_freep) struct image_index *index = NULL;
        struct digest none = { 0 };
        struct layer_file *layer = NULL;
        struct file_entry e = { .type = FILE_DIRECTORY, .mode = 0755 };
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_int_equal(layer_builder_new(fd, NULL, &limits, &b, &err), 0);
        for (size_t n = 1; n < 2 * DEPTH; n += 2) {
                memcpy(deep + n - 1, "d/", 2);
                e.path = (struct str){ deep, n };
                assert_int_equal(layer_builder_add(b, &e, &err), 0);
        }
        e = (struct file_entry){ .path = STR_LIT("link"), .type = FILE_SYMLINK, .target = { deep, 2 * DEPTH } };
        assert_int_equal(layer_builder_add(b, &e, &err), 0);
        assert_int_equal(layer_builder_finish(b, &none, 1, &err), 0);
        assert_int_equal(layer_file_open(fd, &layer, &err), 0);
        index = merge(&layer, 1, &problems);
        strcpy(deep + 2 * DEPTH, "x");
        for (unsigned i = 0; i < TIMES; i++) {
                struct str missing = i % 2 ? STR_LIT("link/x/y") : str_from(deep);

                assert_int_equal(image_index_resolve(index, missing, &e, NULL, &err), 0);
                assert_int_equal(image_index_resolve(index, STR_LIT("link"), &e, NULL, &err), 1);
                assert_int_equal(e.path.n, 2 * DEPTH - 1);
        }
}

static void test_what_can_not_be_a_path_is_not_found(void **state)
{
        static char longest[PATH_LENGTH_MAX + 2];
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        _cleanup_(image_index_freep) struct image_index *index = NULL;
        struct layer_file *layers[1];
        struct file_entry e;
        struct error err = ERROR_INIT;

        memset(longest, 'x', sizeof(longest) - 1);
        longest[PATH_LENGTH_MAX] = 0;
        layers[0] = LAYER(DIR_("d"), { "d/far", FILE_SYMLINK, longest }, { "grows", FILE_SYMLINK, "grows/grows" },
                          REG_("x"));
        longest[PATH_LENGTH_MAX] = 'x';
        index = merge(layers, 1, &problems);
        assert_int_equal(image_index_resolve(index, str_from("../x"), &e, NULL, &err), 0);
        assert_int_equal(image_index_resolve(index, STR_LIT("a\0b"), &e, NULL, &err), 0);
        assert_int_equal(image_index_resolve(index, str_from(longest), &e, NULL, &err), 0);
        assert_int_equal(image_index_resolve(index, str_from("d/far"), &e, NULL, &err), 0);
        assert_int_equal(image_index_resolve(index, str_from("grows"), &e, NULL, &err), 0);
}

/* Each path implies 16,000 directories with paths of 16 KB: four of these would take half a gigabyte. */
static void test_directories_that_nobody_names_are_limited(void **state)
{
        static char deep[5][32768];
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        _cleanup_(image_index_freep) struct image_index *index = NULL;
        struct layer_file *layers[1];
        struct file_entry e;
        struct error err = ERROR_INIT;

        for (size_t i = 0; i < ELEMENTS_OF(deep); i++) {
                memset(deep[i], '/', sizeof(deep[i]) - 1);
                for (size_t k = 0; k < sizeof(deep[i]) - 1; k += 2)
                        deep[i][k] = (char)('a' + i);
        }
        layers[0] = LAYER(REG_("x"), REG_(deep[0]), REG_(deep[1]), REG_(deep[2]));
        index = merge(layers, 1, &problems);
        assert_true(image_index_count(index) < 20000);
        assert_int_equal(image_index_find(index, str_from("x"), &e, NULL, &err), 1);
        assert_int_equal(image_index_find(index, str_from(deep[0]), &e, NULL, &err), 1);
        assert_int_equal(image_index_find(index, str_from(deep[1]), &e, NULL, &err), 0);
        assert_int_equal(problems.n, 2);
        assert_non_null(strstr(problems.items[0].what, "directories that no layer names"));
}

static void test_many_entries_make_several_runs(void **state)
{
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        _cleanup_(problem_list_done) struct problem_list problems = { 0 };
        struct digest none = { 0 };
        struct layer_file *lf = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_int_equal(layer_builder_new(fd, NULL, &limits, &b, &err), 0);
        for (uint32_t i = 0; i < 300000; i++) {
                char path[64], target[64];
                struct file_entry e = { .type = FILE_SYMLINK, .mode = 0777 };

                snprintf(path, sizeof(path), "d%u/f%u", i % 97, i * 7919u % 300000u);
                snprintf(target, sizeof(target), "to-%u", i);
                e.path = str_from(path);
                e.target = str_from(target);
                assert_int_equal(layer_builder_add(b, &e, &err), 0);
        }
        assert_int_equal(layer_builder_finish(b, &none, 1, &err), 0);
        assert_int_equal(layer_file_open(fd, &lf, &err), 0);
        assert_true(layer_file_runs(lf) > 0);
        struct layer_file *layers[] = { lf };
        _cleanup_(image_index_freep) struct image_index *index = merge(layers, 1, &problems);
        assert_int_equal(image_index_count(index), 300000 + 97 + 1);
}

static void test_damage_is_noticed(void **state)
{
        struct layer_file *lf = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        struct file_entry e = { .path = STR_LIT("a"), .type = FILE_DIRECTORY };
        struct digest none = { 0 };

        assert_int_equal(layer_builder_new(fd, NULL, &limits, &b, &err), 0);
        assert_int_equal(layer_builder_add(b, &e, &err), 0);
        assert_int_equal(layer_builder_finish(b, &none, 1, &err), 0);
        assert_int_equal(pwrite(fd, "z", 1, 8), 1);
        assert_int_equal(layer_file_open(fd, &lf, &err), -EBADMSG);
        assert_null(lf);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whiteout_hides_lower_layers_only),
                cmocka_unit_test(test_whiteout_of_a_directory_hides_all_below),
                cmocka_unit_test(test_opaque_keeps_its_own_layer),
                cmocka_unit_test(test_types_replace_each_other),
                cmocka_unit_test(test_way_through_a_link_of_the_same_layer_is_a_problem),
                cmocka_unit_test(test_hard_links),
                cmocka_unit_test(test_links_are_followed_inside_the_root),
                cmocka_unit_test(test_deep_paths_take_few_look_ups),
                cmocka_unit_test(test_what_can_not_be_a_path_is_not_found),
                cmocka_unit_test(test_directories_that_nobody_names_are_limited),
                cmocka_unit_test(test_many_entries_make_several_runs),
                cmocka_unit_test(test_damage_is_noticed),
        };

        if (hash_init(NULL) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
