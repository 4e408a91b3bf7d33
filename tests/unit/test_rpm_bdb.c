/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's database as a Berkeley DB hash, in both byte orders, and every way in which it can be damaged. */
#include <errno.h>

#include "rpm_found.h"

static void test_bdb(void **state)
{
        static const uint32_t sizes[] = { 512, 4096, 65536 };

        for (size_t i = 0; i < 2 * ELEMENTS_OF(sizes); i++) {
                struct bdb_on_page b;

                make_bdb(&b, i % 2, sizes[i / 2]);
                assert_int_equal(read_database(&b.w.out), 0);
                assert_all_there();
                buf_free(&b.w.out);
        }
}

/* Pages of the file of make_bdb() at 512 bytes: 2 "small", 3 the key, 4 "large", 5… its overflow pages. */
static void damage_bdb(uint32_t page, size_t at, uint64_t value, size_t n, bool big_endian)
{
        struct bdb_on_page b;

        make_bdb(&b, big_endian, 512);
        bdb_set(&b.w, page, at, value, n);
        read_database(&b.w.out);
        buf_free(&b.w.out);
}

static void test_bdb_damage(void **state)
{
        static const struct {
                uint32_t page;
                size_t at, n;
                uint64_t value;
                const char *message;
        } cases[] = {
                { 8, 16, 4, 5, "lead back to page" },
                { 5, 16, 4, 5, "lead back to page 5" },
                { 6, 16, 4, 0, "its value ends after 972 of " },
                { 6, 16, 4, 1000, "goes on at page 1000 of" },
                { 6, 16, 4, 2, "page 2 does not go on" },
                { 6, 8, 4, 7, "page 6 says that it is page 7" },
                { 6, 22, 2, 0, "page 6 does not go on" },
                { 6, 22, 2, 487, "page 6 does not go on" },
                { 4, 20, 2, 3, "the packages of page 4 were left out: it has 3 items" },
                { 4, 20, 2, 0xfffe, "the packages of page 4 were left out: it has 65534 items" },
                { 4, 26, 2, 20, "item 0 of 2 is not inside its page" },
                { 4, 26, 2, 512, "item 0 of 2 is not inside its page" },
                { 4, 28, 2, 511, "item 1 of 2 is not inside its page" },
                { 4, 8, 4, 3, "page 4 says that it is page 3" },
        };

        for (size_t i = 0; i < 2 * ELEMENTS_OF(cases); i++) {
                size_t c = i / 2;

                damage_bdb(cases[c].page, cases[c].at, cases[c].value, cases[c].n, i % 2);
                assert_problem(cases[c].message);
                assert_int_equal(err.code, 0);
                assert_int_equal(packages(), 1);
                assert_int_equal(found.n_problems, 1);
        }
}

/* The item of "large" in page 4 (its kind, its first page, its length), and its key. */
static void test_bdb_damaged_items(void **state)
{
        static const struct {
                size_t from_end, n;
                uint64_t value;
                const char *message;
        } cases[] = {
                { 17, 1, 2, "package 3 was left out: one key has several values" },
                { 17, 1, 4, "one key has several values" },
                { 17, 1, 77, "an item of unknown kind 77" },
                { 17, 1, 1, "package 3 was left out: " }, /* the reference taken for a header */
                { 9, 4, 0x7fffffff, "a header of 2147483647 bytes" },
                { 9, 4, 33000000, "its value ends after " },
                { 9, 4, 100, "does not go on" },
                { 13, 4, 0, "its value ends after 0 of" },
                { 5, 1, 3, "its key is not the number of a package" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                damage_bdb(4, 512 - cases[i].from_end, cases[i].value, cases[i].n, false);
                assert_int_equal(packages(), 1);
                assert_problem(cases[i].message);
        }
}

static void test_bdb_that_can_not_be_read(void **state)
{
        struct bdb_on_page b;

        damage_bdb(0, 24, 1, 1, false);
        assert_error("encrypted");
        damage_bdb(0, 25, 9, 1, false);
        assert_error("a Berkeley DB of type 9");
        damage_bdb(0, 20, 1000, 4, false);
        assert_error("pages of 1000 bytes");
        damage_bdb(0, 20, 1u << 31, 4, true);
        assert_error("pages of 2147483648 bytes");
        damage_bdb(0, 32, 0xffffffff, 4, false);
        assert_int_equal(packages(), 2);
        assert_error("more are missing");
        make_bdb(&b, false, 512);
        b.w.out.len = 5 * 512;
        assert_int_equal(read_database(&b.w.out), -EBADMSG);
        assert_int_equal(packages(), 1);
        assert_problem("goes on at page 5 of 5");
        buf_free(&b.w.out);
}

/* Many keys share one long chain: each package would be read again for every key. */
static void test_bdb_shared_chain(void **state)
{
        _cleanup_(buf_free) struct buf header = { 0 };
        struct bdb_writer w;
        uint8_t item[11] = { 0 };
        uint32_t page, first;

        rpm_simple(&header, "large", 200000);
        bdb_begin(&w, false, 4096);
        page = bdb_new_page(&w, 13);
        first = bdb_add_off_page(&w, page, 1, buf_str(&header));
        set_int(item + 3, first, 4, false);
        set_int(item + 7, header.len, 4, false);
        for (uint32_t i = 2; i < 100; i++) {
                bdb_key(&w, page, i);
                bdb_item(&w, page, 3, item, sizeof(item));
        }
        assert_int_equal(read_database(&w.out), -EBADMSG);
        assert_error("its packages are larger than itself");
        assert_true(packages() <= 2);
        buf_free(&w.out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bdb),
                cmocka_unit_test(test_bdb_damage),
                cmocka_unit_test(test_bdb_damaged_items),
                cmocka_unit_test(test_bdb_that_can_not_be_read),
                cmocka_unit_test(test_bdb_shared_chain),
        };

        return cmocka_run_group_tests(tests, NULL, found_done);
}
