/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's databases: NDB, what is common to all formats, and that reading them needs nothing but reading. */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/sql.h"
#include "base/worker.h"
#include "rpm_found.h"

/* ---- NDB ---- */

static void test_ndb(void **state)
{
        _cleanup_(buf_free) struct buf db = { 0 };

        make_ndb(&db);
        assert_int_equal(read_database(&db), 0);
        assert_all_there();
}

static void test_ndb_damage(void **state)
{
        static const struct {
                size_t at;
                uint64_t value;
                const char *message;
        } cases[] = {
                { 4096, 0, "package 1 was left out: there is no blob at block 256" },
                { 4096 + 4, 9, "package 1 was left out: the blob at block 256 is of package 9" },
                { 4096 + 12, 1u << 31, "a header of 2147483648 bytes in a blob" },
                { 4096 + 64, 7, "package 1 was left out: its checksum is wrong" },
                { 32, 7, "slot 2 is damaged" },
                { 32 + 8, 0xffffffff, "it ends at byte" },
                { 32 + 12, 0xffffffff, "a header of 68719476720 bytes" },
                { 32 + 12, 1, "a blob of 16 bytes" },
                { 32 + 12, 2, "there is no blob" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(buf_free) struct buf db = { 0 };

                make_ndb(&db);
                set_int(db.data + cases[i].at, cases[i].value, 4, false);
                assert_int_equal(read_database(&db), 0);
                assert_int_equal(packages(), 1); /* the other one */
                assert_int_equal(found.n_problems, 1);
                assert_problem(cases[i].message);
        }
}

static void test_ndb_that_can_not_be_read(void **state)
{
        _cleanup_(buf_free) struct buf db = { 0 };

        make_ndb(&db);
        set_int(db.data + 4, 1, 4, false);
        assert_int_equal(read_database(&db), -ENOTSUP);
        assert_error("NDB format 1");
        set_int(db.data + 4, 0, 4, false);
        set_int(db.data + 12, 0xffffffff, 4, false); /* the blobs are taken for slots, then the file ends */
        assert_true(read_database(&db) < 0);
        assert_true(found.n_problems > 0);
        db.len = 5000;
        set_int(db.data + 12, 1, 4, false);
        assert_int_equal(read_database(&db), 0);
        assert_int_equal(packages(), 1);
        assert_problem("it ends at byte 5000");
        db.len = 4000;
        assert_int_equal(read_database(&db), -EBADMSG);
}

/* ---- all formats ---- */

static void test_what_is_none(void **state)
{
        static const char *const none[] = { "x", "0123456789abcdef", "SQLite format 2, and more", "rpmP and so on ..." };
        _cleanup_(buf_free) struct buf bytes = { 0 };

        assert_int_equal(read_database(&bytes), -EBADMSG);
        assert_error("empty");
        for (size_t i = 0; i < ELEMENTS_OF(none); i++) {
                buf_clear(&bytes);
                buf_puts(&bytes, none[i]);
                assert_true(read_database(&bytes) < 0);
                assert_true(*err.message);
        }
}

/* What an image calls a package may be long, a problem is not. */
static void test_problems_are_short(void **state)
{
        static const uint32_t dirs[] = { 0, 0 };
        _cleanup_(buf_free) struct buf name = { 0 }, header = { 0 }, db = { 0 };
        struct rpm_writer w = { 0 };

        for (unsigned i = 0; i < 20000; i++)
                buf_putc(&name, 'n');
        rpm_put_string(&w, 1000, name.data);
        rpm_put_string(&w, 1001, "1");
        rpm_put_string(&w, 1002, "1");
        rpm_put_numbers(&w, 1116, dirs, 2);
        rpm_put_strings(&w, 1117, "a");
        rpm_put_strings(&w, 1118, "/");
        rpm_end(&w, &header);
        ndb_begin(&db);
        ndb_add(&db, 1, buf_str(&header));
        assert_int_equal(read_database(&db), 0);
        assert_int_equal(packages(), 1);
        assert_problem("was left out: 1 names of files but 2 directories");
}

/* Each byte in turn wrong, each length: never a crash, never more than is there. */
static void test_any_damage(void **state)
{
        for (int format = 0; format < 4; format++) {
                _cleanup_(buf_free) struct buf good = { 0 }, bad = { 0 };
                uint32_t random = 1;

                make(format, &good);
                for (size_t i = 0; i < 3000; i++) {
                        size_t length = good.len;

                        buf_clear(&bad);
                        append(&bad, &good);
                        for (size_t k = 0; k <= i % 4; k++) {
                                random = random * 1664525 + 1013904223;
                                bad.data[(random >> 4) % good.len] = i % 3 ? (char)(random >> 24) : -1;
                        }
                        if (i % 7 == 0)
                                length = (random >> 3) % good.len;
                        bad.len = length;
                        if (read_database(&bad) < 0)
                                assert_true(*err.message);
                        assert_true(packages() <= 4);
                }
        }
}

/* ---- in the sandbox ---- */

static int job_read(struct worker_io *io, struct error *error)
{
        struct file_entry entry = { .path = STR_LIT(PATH), .type = FILE_REGULAR };
        struct record_sink sink = { sink_emit, sink_problem, &found };
        struct content content;
        struct detector_file file = { &entry, &content };
        uint64_t size;
        int r;

        memcpy(&size, io->argument, sizeof(size));
        content_from_fd(&content, io->fds[0], 0, size);
        found.arena = arena_new();
        r = rpm_detector.read(&file, &sink, error);
        if (r == 0 && packages() != 2)
                return error_say(error, -EBADMSG, "%u packages", packages());
        return r;
}

static const struct worker_job jobs[] = { { "read", job_read } };

static void test_each_is_read_in_the_sandbox(void **state)
{
        for (int format = 0; format < 4; format++) {
                _cleanup_(buf_free) struct buf bytes = { 0 };
                _cleanup_(worker_freep) struct worker *worker = NULL;
                _cleanup_close_ int fd = file_unnamed(NULL, &err);
                struct worker_end end;
                uint64_t size;

                make(format, &bytes);
                size = bytes.len;
                assert_int_equal(file_write(fd, bytes.data, bytes.len, &err), 0);
                assert_int_equal(worker_spawn("read", (struct str){ (const char *)&size, sizeof(size) }, &fd, 1, NULL,
                                              &worker, &err), 0);
                if (worker_wait(worker, &end, &err) < 0)
                        fail_msg("%s", err.message);
                assert_string_equal(end.refused, "");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ndb),
                cmocka_unit_test(test_ndb_damage),
                cmocka_unit_test(test_ndb_that_can_not_be_read),
                cmocka_unit_test(test_what_is_none),
                cmocka_unit_test(test_problems_are_short),
                cmocka_unit_test(test_any_damage),
                cmocka_unit_test(test_each_is_read_in_the_sandbox),
        };

        if (hash_init(&err) < 0 || sql_init(&err) < 0 || worker_init(jobs, ELEMENTS_OF(jobs), &err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, found_done);
}
