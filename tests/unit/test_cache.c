/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of results, in a state directory of the test's own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "store/cache.h"

static char home[64];

static int set_up(void **state)
{
        snprintf(home, sizeof(home), "/var/tmp/tallyman-cache-XXXXXX");
        return mkdtemp(home) && setenv("XDG_DATA_HOME", home, 1) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -rf --one-file-system '%s'", home);
        return system(command);
}

static struct cache *open_cache(void)
{
        struct error err = ERROR_INIT;
        struct cache *cache = NULL;

        if (cache_open(&cache, &err) < 0)
                fail_msg("%s", err.message);
        return cache;
}

static struct cache_key key_of(const char *text)
{
        const struct str part = str_from(text);

        return cache_key_of(&part, 1);
}

static int try_put(struct cache *cache, enum cache_kind kind, const char *key_text, const char *text, struct error *err)
{
        struct cache_key key = key_of(key_text);
        _cleanup_close_ int fd = cache_new_file(cache, err);
        int r = fd < 0 ? fd : file_write(fd, text, strlen(text), err);

        return r < 0 ? r : cache_put(cache, kind, &key, fd, err);
}

static void put(struct cache *cache, enum cache_kind kind, const char *key_text, const char *text)
{
        struct error err = ERROR_INIT;

        if (try_put(cache, kind, key_text, text, &err) < 0)
                fail_msg("%s", err.message);
}

static int get(struct cache *cache, enum cache_kind kind, const char *key_text, char *ret, size_t size)
{
        struct cache_key key = key_of(key_text);
        _cleanup_close_ int fd = -EBADF;
        struct error err = ERROR_INIT;
        int r = cache_get(cache, kind, &key, &fd, &err);
        ssize_t n;

        if (r <= 0)
                return r;
        n = file_read(fd, ret, size - 1, &err);
        assert_true(n >= 0);
        ret[n] = 0;
        return 1;
}

static bool has(struct cache *cache, enum cache_kind kind, const char *key_text)
{
        char text[256];

        return get(cache, kind, key_text, text, sizeof(text)) == 1;
}

static const char *entry_path(enum cache_kind kind, const char *key_text)
{
        static const char *const folders[] = { "layers", "images", "stamps", "owners" };
        static char path[256];
        struct cache_key key = key_of(key_text);

        snprintf(path, sizeof(path), "%s/tallyman/cache/%s/%s%s", home, folders[kind], key.text,
                 kind == CACHE_INDEX ? ".index" : "");
        return path;
}

static void set_age(const char *path, time_t seconds)
{
        struct timespec times[2] = { { .tv_sec = time(NULL) - seconds }, { .tv_sec = time(NULL) - seconds } };

        assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static size_t count_files(const char *folder)
{
        char path[128];
        struct dirent *d;
        size_t n = 0;
        DIR *dir;

        snprintf(path, sizeof(path), "%s/tallyman/cache/%s", home, folder);
        dir = opendir(path);
        assert_non_null(dir);
        while ((d = readdir(dir)))
                n += d->d_type != DT_DIR;
        closedir(dir);
        return n;
}

/* ---- entries ---- */

static void test_put_get_replace_remove(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        struct cache_key key = key_of("k");
        struct error err = ERROR_INIT;
        char text[64];
        struct stat st;
        int fd;

        assert_false(has(cache, CACHE_LAYER, "k"));
        put(cache, CACHE_LAYER, "k", "first");
        assert_int_equal(get(cache, CACHE_LAYER, "k", text, sizeof(text)), 1);
        assert_string_equal(text, "first");
        assert_false(has(cache, CACHE_INDEX, "k"));
        assert_int_equal(cache_get(cache, CACHE_LAYER, &key, &fd, &err), 1);
        put(cache, CACHE_LAYER, "k", "second");
        assert_int_equal(get(cache, CACHE_LAYER, "k", text, sizeof(text)), 1);
        assert_string_equal(text, "second");
        assert_int_equal(file_read(fd, text, 5, &err), 5); /* what was opened before stays as it was */
        assert_memory_equal(text, "first", 5);
        assert_int_equal(write(fd, "x", 1), -1);
        close(fd);
        assert_int_equal(stat(entry_path(CACHE_LAYER, "k"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0400);
        assert_int_equal(cache_remove(cache, CACHE_LAYER, &key, &err), 0);
        assert_int_equal(cache_remove(cache, CACHE_LAYER, &key, &err), 0);
        assert_false(has(cache, CACHE_LAYER, "k"));
        assert_int_equal(count_files("layers") + count_files("."), 0);
}

static void test_keys_keep_parts_apart(void **state)
{
        struct cache_key a = cache_key_of((const struct str[]){ STR_LIT("ab"), STR_LIT("c") }, 2);
        struct cache_key b = cache_key_of((const struct str[]){ STR_LIT("a"), STR_LIT("bc") }, 2);
        struct cache_key c = cache_key_of((const struct str[]){ STR_LIT("abc") }, 1);
        struct cache_key d = cache_key_of((const struct str[]){ STR_LIT("abc"), STR_NULL }, 2);
        struct cache_key again = cache_key_of((const struct str[]){ STR_LIT("ab"), STR_LIT("c") }, 2);

        assert_string_equal(a.text, again.text);
        assert_int_equal(strlen(a.text), 64);
        assert_string_not_equal(a.text, b.text);
        assert_string_not_equal(a.text, c.text);
        assert_string_not_equal(c.text, d.text);
}

/* A file that can not be given a name again, as file_unnamed() makes where there is no O_TMPFILE. */
static void test_a_file_that_can_not_be_linked_is_copied(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        char path[96], text[64];
        struct cache_key key = key_of("k");
        struct error err = ERROR_INIT;
        struct stat st;
        int fd;

        snprintf(path, sizeof(path), "%s/gone", home);
        for (int i = 0; i < 2; i++) { /* also where one is to be replaced */
                fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
                assert_int_equal(unlink(path), 0);
                assert_int_equal(file_write(fd, i ? "two" : "one", 3, &err), 0);
                assert_int_equal(cache_put(cache, CACHE_INDEX, &key, fd, &err), 0);
                close(fd);
                assert_int_equal(get(cache, CACHE_INDEX, "k", text, sizeof(text)), 1);
                assert_string_equal(text, i ? "two" : "one");
        }
        assert_int_equal(stat(entry_path(CACHE_INDEX, "k"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0400);
        assert_int_equal(count_files("images"), 1);
}

static void test_use_is_marked_now_and_then(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        struct stat st;

        put(cache, CACHE_LAYER, "k", "x");
        set_age(entry_path(CACHE_LAYER, "k"), 600);
        assert_true(has(cache, CACHE_LAYER, "k"));
        assert_int_equal(stat(entry_path(CACHE_LAYER, "k"), &st), 0);
        assert_in_range(time(NULL) + 1 - st.st_mtime, 600, 661); /* time() may be behind by a tick */
        set_age(entry_path(CACHE_LAYER, "k"), 7200);
        assert_true(has(cache, CACHE_LAYER, "k"));
        assert_int_equal(stat(entry_path(CACHE_LAYER, "k"), &st), 0);
        assert_in_range(time(NULL) + 1 - st.st_mtime, 0, 61);
}

/* ---- what is not trusted ---- */

static void expect_refused(const char *words)
{
        struct cache *cache = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(cache_open(&cache, &err), -EPERM);
        if (!strstr(err.message, words))
                fail_msg("%s", err.message);
}

static void test_directories_of_others_are_refused(void **state)
{
        char path[128];

        cache_free(open_cache());
        snprintf(path, sizeof(path), "%s/tallyman/cache/layers", home);
        assert_int_equal(chmod(path, 0775), 0);
        expect_refused("chmod go-w");
        assert_int_equal(chmod(path, 0755), 0);
        cache_free(open_cache());
        snprintf(path, sizeof(path), "%s/tallyman", home);
        assert_int_equal(chmod(path, 0777), 0);
        expect_refused("chmod go-w");
        assert_int_equal(chmod(path, 0700), 0);
        if (geteuid() != 0)
                return;
        assert_int_equal(chown(path, 65534, 65534), 0);
        expect_refused("belongs to user 65534");
}

static void test_a_link_is_not_followed(void **state)
{
        struct cache *cache = NULL;
        struct error err = ERROR_INIT;
        char path[128];

        cache_free(open_cache());
        snprintf(path, sizeof(path), "%s/tallyman/cache/stamps", home);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(symlink("/tmp", path), 0);
        assert_true(cache_open(&cache, &err) < 0);
        assert_null(cache);
}

static void test_entries_of_others_are_not_used(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        char text[64];

        put(cache, CACHE_LAYER, "k", "x");
        assert_int_equal(chmod(entry_path(CACHE_LAYER, "k"), 0660), 0);
        assert_int_equal(get(cache, CACHE_LAYER, "k", text, sizeof(text)), -EPERM);
        assert_int_equal(mkfifo(entry_path(CACHE_LAYER, "fifo"), 0600), 0);
        assert_int_equal(get(cache, CACHE_LAYER, "fifo", text, sizeof(text)), -EPERM);
        assert_int_equal(symlink("/etc/hostname", entry_path(CACHE_LAYER, "link")), 0);
        assert_int_equal(get(cache, CACHE_LAYER, "link", text, sizeof(text)), -ELOOP);
        if (geteuid() != 0)
                return;
        put(cache, CACHE_LAYER, "other", "x");
        assert_int_equal(chown(entry_path(CACHE_LAYER, "other"), 65534, 65534), 0);
        assert_int_equal(get(cache, CACHE_LAYER, "other", text, sizeof(text)), -EPERM);
}

/* ---- stamps ---- */

static const struct digest some_digest = { DIGEST_SHA256, { 1, 2, 3 } };
static const struct digest long_digest = { DIGEST_SHA512, { 9, [63] = 7 } };

static void test_stamps_of_a_settled_file(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        _cleanup_close_ int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC); /* nobody changes it now */
        struct cache_stamp stamp, other;
        struct digest digest;
        char path[256];
        struct stat st;

        assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 0);
        cache_stamp_put(cache, fd, &stamp, &some_digest);
        assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 1);
        assert_true(digest_equal(&digest, &some_digest));
        assert_int_equal(cache_stamp_get(cache, fd, 1, 99, &other, &digest), 0);
        cache_stamp_put(cache, fd, &other, &long_digest);
        assert_int_equal(cache_stamp_get(cache, fd, 1, 99, &other, &digest), 1);
        assert_true(digest_equal(&digest, &long_digest));
        snprintf(path, sizeof(path), "%s/tallyman/cache/stamps/%s", home, stamp.key.text);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 41);
}

static void test_a_damaged_stamp_is_none(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        _cleanup_close_ int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);
        struct cache_stamp stamp;
        struct digest digest;
        char path[256];

        assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 0);
        cache_stamp_put(cache, fd, &stamp, &some_digest);
        snprintf(path, sizeof(path), "%s/tallyman/cache/stamps/%s", home, stamp.key.text);
        assert_int_equal(chmod(path, 0600), 0);
        for (off_t at = 0; at < 41; at++) {
                _cleanup_close_ int file = open(path, O_RDWR | O_CLOEXEC);
                char before, after;

                assert_int_equal(pread(file, &before, 1, at), 1);
                after = before ^ 0x20;
                assert_int_equal(pwrite(file, &after, 1, at), 1);
                assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 0);
                assert_int_equal(pwrite(file, &before, 1, at), 1);
        }
        assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 1);
        assert_int_equal(truncate(path, 40), 0);
        assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 0);
        assert_int_equal(truncate(path, 0), 0);
        assert_int_equal(cache_stamp_get(cache, fd, 0, 100, &stamp, &digest), 0);
}

static void test_files_that_change_get_no_stamp(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();
        _cleanup_close_ int fd = -EBADF;
        struct cache_stamp stamp;
        struct digest digest;
        char path[96];

        snprintf(path, sizeof(path), "%s/blob", home);
        fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, "abc", 3), 3);
        set_age(path, 100); /* its ctime still tells */
        assert_int_equal(cache_stamp_get(cache, fd, 0, 3, &stamp, &digest), 0);
        cache_stamp_put(cache, fd, &stamp, &some_digest);
        assert_int_equal(count_files("stamps"), 0);
        sleep(4);
        assert_int_equal(cache_stamp_get(cache, fd, 0, 3, &stamp, &digest), 0);
        assert_int_equal(pwrite(fd, "x", 1, 0), 1); /* while it was being hashed, so to say */
        set_age(path, 100);
        cache_stamp_put(cache, fd, &stamp, &some_digest);
        assert_int_equal(count_files("stamps"), 0);
}

/* ---- pruning ---- */

static struct prune_report prune(struct cache *cache, struct prune_options options)
{
        struct prune_report report = { 0 };
        struct error err = ERROR_INIT;

        if (cache_prune(cache, &options, &report, &err) < 0)
                fail_msg("%s", err.message);
        return report;
}

static void put_three(struct cache *cache)
{
        put(cache, CACHE_LAYER, "new", "12345");
        put(cache, CACHE_INDEX, "middle", "1234567890");
        put(cache, CACHE_LAYER, "old", "123");
        set_age(entry_path(CACHE_INDEX, "middle"), 1000);
        set_age(entry_path(CACHE_LAYER, "old"), 5000);
}

static void expect_report(struct prune_report report, uint64_t removed_files, uint64_t removed_bytes, uint64_t kept_files,
                          uint64_t kept_bytes)
{
        assert_int_equal(report.removed_files, removed_files);
        assert_int_equal(report.removed_bytes, removed_bytes);
        assert_int_equal(report.kept_files, kept_files);
        assert_int_equal(report.kept_bytes, kept_bytes);
}

static void test_prune_by_age_and_size(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();

        put_three(cache);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = UINT64_MAX }), 0, 0, 3, 18);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = UINT64_MAX, .older_than = 2000 }), 1, 3, 2, 15);
        assert_true(has(cache, CACHE_LAYER, "new") && !has(cache, CACHE_LAYER, "old"));
        put_three(cache);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = 17 }), 1, 3, 2, 15);
        put_three(cache);
        /* What follows one that has no room goes as well: it was used longer ago. */
        expect_report(prune(cache, (struct prune_options){ .max_bytes = 9 }), 2, 13, 1, 5);
        put_three(cache);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = 0 }), 3, 18, 0, 0);
        put_three(cache);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = UINT64_MAX, .all = true }), 3, 18, 0, 0);
        assert_int_equal(count_files("layers") + count_files("images"), 0);
}

static void make_file(const char *name, time_t age)
{
        char path[256];
        int fd;

        snprintf(path, sizeof(path), "%s/tallyman/cache/%s", home, name);
        fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
        set_age(path, age);
}

static void test_prune_knows_what_is_its_own(void **state)
{
        _cleanup_(cache_freep) struct cache *cache = open_cache();

        make_file("layers/.tallyman-aside-1", 100000);
        make_file(".tallyman-aside-2", 100000);
        make_file("layers/.tallyman-aside-3", 100); /* somebody may be writing it */
        make_file("layers/README", 100000);
        make_file("images/0123456789012345678901234567890123456789012345678901234567890123.other", 100000);
        make_file("images/0123456789012345678901234567890123456789012345678901234567890123~", 100000);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = UINT64_MAX }), 2, 0, 1, 0);
        expect_report(prune(cache, (struct prune_options){ .max_bytes = UINT64_MAX, .all = true }), 1, 0, 0, 0);
        assert_int_equal(count_files("."), 0);
        assert_int_equal(count_files("layers"), 2);
        assert_int_equal(count_files("images"), 1);
}

/* ---- several at once, and no room ---- */

static int work(unsigned seed)
{
        struct cache *cache = NULL;
        struct error err = ERROR_INIT;
        char text[64];

        if (cache_open(&cache, &err) < 0)
                return 1;
        for (int i = 0; i < 300; i++) {
                const char *key = (const char *const[]){ "a", "b", "c" }[(seed + (unsigned)i) % 3];
                struct prune_options all = { .all = i % 2, .max_bytes = 200 };
                struct prune_report report;
                int r = get(cache, CACHE_LAYER, key, text, sizeof(text));

                if (r < 0 || (r == 1 && strcmp(text, "the whole of it") != 0))
                        return 2;
                if (try_put(cache, CACHE_LAYER, key, "the whole of it", &err) < 0)
                        return 3;
                if (i % 10 == 0 && cache_prune(cache, &all, &report, &err) < 0)
                        return 4;
        }
        cache_free(cache);
        return 0;
}

static void test_several_processes(void **state)
{
        pid_t pids[4];

        for (unsigned i = 0; i < 4; i++) {
                pids[i] = fork();
                if (pids[i] == 0)
                        _exit(work(i));
        }
        for (unsigned i = 0; i < 4; i++) {
                int status;

                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(status, 0);
        }
        assert_int_equal(count_files("."), 0);
        assert_in_range(count_files("layers"), 0, 3);
}

static int work_without_room(void)
{
        struct cache *cache = NULL;
        struct error err = ERROR_INIT;
        struct cache_key key = key_of("k");
        static char big[200000];
        int fd, elsewhere;

        if (cache_open(&cache, &err) < 0)
                return 1;
        fd = cache_new_file(cache, &err);
        if (fd < 0 || file_write(fd, big, sizeof(big), &err) != -ENOSPC)
                return 2;
        close(fd);
        elsewhere = file_unnamed(NULL, &err);
        if (elsewhere < 0 || file_write(elsewhere, big, sizeof(big), &err) < 0)
                return 3;
        if (cache_put(cache, CACHE_LAYER, &key, elsewhere, &err) != -ENOSPC || count_files("layers") != 0)
                return 4;
        return try_put(cache, CACHE_LAYER, "small", "x", &err) < 0 ? 5 : 0;
}

static void test_no_room(void **state)
{
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                    mount("tmpfs", home, "tmpfs", 0, "size=96k,mode=700") < 0)
                        _exit(77);
                _exit(work_without_room());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                skip();
        assert_int_equal(status, 0);
}

static void test_nowhere_to_write(void **state)
{
        struct cache *cache = NULL;
        struct error err = ERROR_INIT;

        setenv("XDG_DATA_HOME", "/proc/nowhere", 1);
        assert_true(cache_open(&cache, &err) < 0);
        assert_non_null(strstr(err.message, "/proc/nowhere"));
}

#define CACHE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CACHE_TEST(test_put_get_replace_remove),
                CACHE_TEST(test_keys_keep_parts_apart),
                CACHE_TEST(test_a_file_that_can_not_be_linked_is_copied),
                CACHE_TEST(test_use_is_marked_now_and_then),
                CACHE_TEST(test_directories_of_others_are_refused),
                CACHE_TEST(test_a_link_is_not_followed),
                CACHE_TEST(test_entries_of_others_are_not_used),
                CACHE_TEST(test_stamps_of_a_settled_file),
                CACHE_TEST(test_a_damaged_stamp_is_none),
                CACHE_TEST(test_files_that_change_get_no_stamp),
                CACHE_TEST(test_prune_by_age_and_size),
                CACHE_TEST(test_prune_knows_what_is_its_own),
                CACHE_TEST(test_several_processes),
                CACHE_TEST(test_no_room),
                CACHE_TEST(test_nowhere_to_write),
        };
        struct error err = ERROR_INIT;

        if (hash_init(&err) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
