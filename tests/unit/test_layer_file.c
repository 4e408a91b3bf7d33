/* SPDX-License-Identifier: Apache-2.0 */
/* Records and runs that do not fit into memory at once come back whole and in order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "oci/layer_file.h"

#define FILES 300
#define RECORDS_PER_FILE 40 /* together some 12 MB, three times what the builder holds */

static int emit_many(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        static char path[1024];
        int r = 0;

        memset(path, 'p', sizeof(path) - 1);
        for (int i = 0; r == 0 && i < RECORDS_PER_FILE; i++) {
                struct str key = { (const char *)&i, sizeof(i) };

                r = record_owned(sink, key, &(struct str){ path, sizeof(path) - 1 }, 1, err);
        }
        return r;
}

static const struct pattern pattern = { PATTERN_NAME, "wanted", NULL };
static const struct detector detector = {
        .name = "many", .version = 1, .patterns = &pattern, .n_patterns = 1, .max_size = 1, .read = emit_many,
};

struct seen {
        uint32_t n;
};

static int see(void *ctx, const struct layer_record *record, struct error *err)
{
        struct seen *seen = ctx;
        struct record_list paths;
        struct str key;
        int number;

        assert_int_equal(record->kind, RECORD_OWNED);
        assert_int_equal(record->sequence, seen->n / RECORDS_PER_FILE);
        assert_int_equal(record_owned_decode(record->payload, &key, &paths), 0);
        assert_int_equal(key.n, sizeof(number));
        memcpy(&number, key.p, sizeof(number));
        assert_int_equal(number, seen->n % RECORDS_PER_FILE);
        seen->n++;
        return 0;
}

static void test_many_records_are_spilled_and_read_in_order(void **state)
{
        static const struct scan_limits limits = SCAN_LIMITS_DEFAULT;
        const struct detector *const all[] = { &detector };
        _cleanup_(detector_set_freep) struct detector_set *set = NULL;
        _cleanup_(layer_builder_freep) struct layer_builder *b = NULL;
        _cleanup_(layer_file_freep) struct layer_file *lf = NULL;
        struct error err = ERROR_INIT;
        struct digest none = { 0 };
        struct content content;
        struct seen seen = { 0 };
        int fd = file_unnamed(NULL, &err);

        content_from_memory(&content, "", 0);
        assert_int_equal(detector_set_new(all, 1, &set, &err), 0);
        assert_int_equal(layer_builder_new(fd, set, &limits, &b, &err), 0);
        for (int i = 0; i < FILES; i++) {
                char path[32];
                struct file_entry e = { .type = FILE_REGULAR };

                e.path = (struct str){ path, (size_t)snprintf(path, sizeof(path), "d%d/wanted", i) };
                assert_int_equal(layer_builder_add(b, &e, &err), 0);
                assert_int_equal(layer_builder_detect(b, &e, layer_builder_wanted(b, e.path), &content, &err), 0);
        }
        assert_int_equal(layer_builder_finish(b, &none, 0, &err), 0);
        assert_int_equal(layer_file_open(fd, &lf, &err), 0);
        assert_int_equal(layer_file_entries(lf), FILES);
        assert_int_equal(layer_file_records(lf, see, &seen, &err), 0);
        assert_int_equal(seen.n, FILES * RECORDS_PER_FILE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_many_records_are_spilled_and_read_in_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
