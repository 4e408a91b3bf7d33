/* SPDX-License-Identifier: Apache-2.0 */
/* The nouns themselves: what they hold, however much a worker or an image says. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/file.h"
#include "model/problem.h"

/* ---- problems ---- */

static void test_problems_are_short(void **state)
{
        _cleanup_(problem_list_done) struct problem_list list = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };

        while (text.len < 100000)
                buf_puts(&text, "é");
        problem_add(&list, PROBLEM_GAP, text.data, "%s", text.data);
        problem_add(&list, PROBLEM_GAP, "a", "%s", "b");
        assert_int_equal(list.n, 2);
        for (int i = 0; i < 2; i++) {
                const char *cut = i ? list.items[0].where : list.items[0].what;

                assert_true(strlen(cut) <= PROBLEM_TEXT_MAX);
                assert_true(strlen(cut) > PROBLEM_TEXT_MAX - 8);
                assert_true(utf8_valid(str_from(cut)));
        }
        assert_string_equal(list.items[1].where, "a");
        assert_string_equal(list.items[1].what, "b");
}

static int precision(int n, const char *s)
{
        return n;
}

/* A negative precision would be none: all would be read up to a NUL byte that may not be there. */
static void test_long_strings_are_formatted(void **state)
{
        assert_int_equal(precision(STR_ARG(((struct str){ "", (size_t)INT_MAX + 1 }))), INT_MAX);
        assert_int_equal(precision(STR_ARG(((struct str){ "", SIZE_MAX }))), INT_MAX);
        assert_int_equal(precision(STR_ARG(STR_LIT("abc"))), 3);
}

/* ---- files ---- */

static int decoded(const struct file_entry *entry)
{
        _cleanup_(buf_free) struct buf encoded = { 0 };
        struct file_entry again;
        struct wire_reader r;

        file_entry_encode(entry, &encoded);
        r = wire_reader(encoded.data, encoded.len);
        return file_entry_decode(&r, &again);
}

/* The kernel's and most readers' of JSON. */
static void test_limits_of_files(void **state)
{
        struct file_entry e = { .type = FILE_REGULAR, .size = INT64_MAX };

        assert_int_equal(decoded(&e), 0);
        e.size++;
        assert_int_equal(decoded(&e), -EBADMSG);
        e = (struct file_entry){ .type = FILE_REGULAR, .mode = 010000 };
        assert_int_equal(decoded(&e), -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_problems_are_short),
                cmocka_unit_test(test_long_strings_are_formatted),
                cmocka_unit_test(test_limits_of_files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
