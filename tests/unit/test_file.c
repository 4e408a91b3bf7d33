/* SPDX-License-Identifier: Apache-2.0 */
/* Files of our own: what is published under a name, and what is not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

struct bench {
        char folder[64];
        int dir;
};

static int set_up(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));

        assert_non_null(b);
        strcpy(b->folder, "/tmp/tallyman-file-XXXXXX");
        assert_non_null(mkdtemp(b->folder));
        b->dir = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(b->dir >= 0);
        *state = b;
        return 0;
}

static int tear_down(void **state)
{
        struct bench *b = *state;

        unlinkat(b->dir, "name", 0);
        assert_int_equal(rmdir(b->folder), 0); /* nothing else was left */
        fd_close(b->dir);
        free(b);
        return 0;
}

static void assert_holds(struct bench *b, const char *text)
{
        _cleanup_(buf_free) struct buf path = { 0 }, found = { 0 };
        struct error err = ERROR_INIT;

        buf_printf(&path, "%s/name", b->folder);
        assert_int_equal(file_read_whole(path.data, 100, &found, &err), 0);
        assert_true(str_equals(buf_str(&found), text));
}

/* Given its name as it is, and where that can not be done (a file without any link) by a copy. */
static int unnamed(struct bench *b, bool linkable, const char *text)
{
        struct error err = ERROR_INIT;
        int fd = linkable ? file_unnamed_in(b->dir, &err) : memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(file_write(fd, text, strlen(text), &err), 0);
        return fd;
}

static void test_publish_new(void **state)
{
        struct bench *b = *state;
        struct error err = ERROR_INIT;

        for (int linkable = 0; linkable <= 1; linkable++) {
                _cleanup_close_ int first = unnamed(b, linkable, "first"), second = unnamed(b, linkable, "second");

                assert_int_equal(file_publish_new(first, b->dir, "name", &err), 0);
                assert_int_equal(file_publish_new(second, b->dir, "name", &err), -EEXIST);
                assert_holds(b, "first");
                assert_int_equal(file_publish(second, b->dir, "name", &err), 0);
                assert_holds(b, "second");
                assert_int_equal(unlinkat(b->dir, "name", 0), 0);
        }
}

static void test_read_whole(void **state)
{
        struct bench *b = *state;
        _cleanup_close_ int fd = unnamed(b, true, "12345");
        _cleanup_(buf_free) struct buf path = { 0 }, text = { 0 };
        struct error err = ERROR_INIT;

        buf_printf(&path, "%s/name", b->folder);
        assert_int_equal(file_read_whole(path.data, 5, &text, &err), -ENOENT);
        assert_int_equal(file_publish(fd, b->dir, "name", &err), 0);
        assert_int_equal(file_read_whole(path.data, 4, &text, &err), -E2BIG);
        assert_non_null(strstr(err.message, path.data));
        buf_clear(&text);
        assert_int_equal(file_read_whole(path.data, 5, &text, &err), 0);
        assert_int_equal(text.len, 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_publish_new, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_read_whole, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
