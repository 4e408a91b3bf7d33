/* SPDX-License-Identifier: Apache-2.0 */
/* Layer files as a hijacked worker would write them: well-formed outside, nonsense inside. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "oci/layer_file.h"
#include "pipeline/layer_check.h"

static enum record_kind kind;
static struct str payload;

/* Stands for a worker that emits what it likes. */
static int emit_payload(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        return sink->emit(sink->ctx, kind, payload, err);
}

static const struct pattern patterns[] = { { PATTERN_PATH, "wanted", NULL } };
static const struct detector detector = { .name = "liar", .version = 1, .patterns = patterns, .n_patterns = 1,
                                          .max_size = 100, .read = emit_payload };

static struct layer_file *make(size_t files)
{
        static const struct scan_limits limits = SCAN_LIMITS_DEFAULT;
        static const struct detector *const all[] = { &detector };
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        _cleanup_(detector_set_freep) struct detector_set *set = NULL;
        struct layer_file *lf = NULL;
        struct content content;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_int_equal(detector_set_new(all, 1, &set, &err), 0);
        assert_int_equal(layer_builder_new(fd, set, &limits, &b, &err), 0);
        for (size_t i = 0; i < files; i++) {
                char path[16];
                struct file_entry e = { .type = FILE_REGULAR };

                snprintf(path, sizeof(path), i ? "file-%zu" : "wanted", i);
                e.path = str_from(path);
                assert_int_equal(layer_builder_add(b, &e, &err), 0);
                content_from_memory(&content, "", 0);
                assert_int_equal(layer_builder_detect(b, &e, layer_builder_wanted(b, e.path), &content, &err), 0);
        }
        assert_int_equal(layer_builder_finish(b, &(struct digest){ 0 }, 1, &err), 0);
        assert_int_equal(layer_file_open(fd, &lf, &err), 0);
        return lf;
}

static int check(size_t files, uint64_t max, struct error *err)
{
        const struct scan_limits limits = { .files = max };
        _cleanup_(layer_file_freep) struct layer_file *lf = make(files);

        return layer_check(lf, &limits, err);
}

static void test_more_entries_than_a_worker_may_write(void **state)
{
        struct error err = ERROR_INIT;

        kind = RECORD_LICENSES;
        payload = (struct str){ "\0\0\0", 4 };
        assert_int_equal(check(3, 3, &err), 0);
        assert_int_equal(check(4, 3, &err), -EBADMSG);
        assert_non_null(strstr(err.message, "more than 3 entries"));
}

static void test_records_that_can_not_be_read(void **state)
{
        for (enum record_kind k = RECORD_PACKAGE; k < RECORD_KIND_MAX; k++) {
                struct error err = ERROR_INIT;

                kind = k;
                payload = STR_LIT("garbage, of whatever kind");
                assert_int_equal(check(1, 10, &err), -EBADMSG);
                assert_non_null(strstr(err.message, "a record"));
        }
}

/* A few bytes that claim to be terabytes are not read through. */
static void test_a_file_with_holes(void **state)
{
        struct layer_file *lf = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err);

        assert_int_equal(ftruncate(fd, 1ll << 40), 0);
        assert_int_equal(pwrite(fd, "some bytes in its middle", 24, 1ll << 39), 24);
        assert_int_equal(layer_file_open(fd, &lf, &err), -EBADMSG);
        assert_non_null(strstr(err.message, "holes"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_more_entries_than_a_worker_may_write),
                cmocka_unit_test(test_records_that_can_not_be_read),
                cmocka_unit_test(test_a_file_with_holes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
