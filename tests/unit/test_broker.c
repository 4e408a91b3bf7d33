/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper opens for an engine that may have been taken over. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sensor/remote_private.h"

struct request {
        const char *base, *path;
};

static void test_what_engines_keep_is_opened(void **state)
{
        static const struct request cases[] = {
                { "/proc", "123/cgroup" },          { "/proc/self", "mountinfo" },           { "/proc/1/ns/net", "" },
                { "/var/lib/docker", "containers" }, { "/home/ann", ".local/share/containers/storage" }, { "/srv/bundle", "config.json" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (!broker_may_open(cases[i].base, cases[i].path))
                        fail_msg("'%s', '%s' is refused", cases[i].base, cases[i].path);
}

static void test_nothing_else_is(void **state)
{
        static const struct request cases[] = {
                { "/etc", "shadow" },           { "/proc/1/root/etc/shadow", "" }, { "/proc/1/root", "etc/shadow" }, { "/proc/1", "root/etc/shadow" },
                { "/proc/1/cwd", "etc/shadow" }, { "/proc/1/exe", "" },            { "/proc/1/fd/3", "" },           { "/proc/1/map_files", "" },
                { "/proc/1/task/1/root", "" },   { "/proc/../etc", "shadow" },     { "/proc", "../etc/shadow" },     { "var/lib/docker", "" },
                { "/var/lib/dockers", "x" },     { "/home/ann", ".ssh/id_ed25519" },
                { "/root/.docker", "config.json" }, { "/root/.docker/config.json", "" }, { "/root", ".docker/config.json" },
                { "/var/lib/kubelet", "config.json" }, { "/run/user/0/containers", "auth.json" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (broker_may_open(cases[i].base, cases[i].path))
                        fail_msg("'%s', '%s' is opened", cases[i].base, cases[i].path);
}

/* ---- links ---- */

static void put(const char *path)
{
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        close(fd);
}

/* A /run of our own: "/run/crun" with a link to a secret, and "/run/docker", which root has put elsewhere by a link. */
static bool make_world(void)
{
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0)
                return false;
        assert_int_equal(mkdir("/run/crun", 0755), 0);
        assert_int_equal(mkdir("/run/crun/one", 0755), 0);
        put("/run/crun/one/status");
        assert_int_equal(mkdir("/run/secret", 0755), 0);
        assert_int_equal(mkdir("/run/secret/deep", 0755), 0);
        put("/run/secret/key");
        put("/run/secret/deep/key");
        assert_int_equal(symlink("/run/secret", "/run/crun/one/link"), 0);
        assert_int_equal(symlink("/proc/1/root/run/secret", "/run/crun/one/around"), 0);
        assert_int_equal(mkdir("/run/data", 0755), 0);
        assert_int_equal(mkdir("/run/data/two", 0755), 0);
        put("/run/data/two/anything");
        assert_int_equal(symlink("/run/data", "/run/docker"), 0);
        assert_int_equal(symlink("/run/secret", "/run/data/two/link"), 0);
        return true;
}

/* The code that the keeper answers with; what it opened is looked at by its inode. */
static int ask(int fd, const char *base, const char *path, int flags, struct stat *ret)
{
        static struct sensor_remote remote;
        struct error err = ERROR_INIT;
        int r;

        remote.broker = fd;
        r = sensor_remote_open_file(&remote, base, path, flags, &err);
        if (r < 0)
                return r;
        assert_int_equal(fstat(r, ret), 0);
        close(r);
        return 0;
}

static void assert_opens(int fd, const char *base, const char *path, const char *what)
{
        struct stat opened, wanted;
        int r = ask(fd, base, path, 0, &opened);

        if (r < 0)
                fail_msg("'%s', '%s': %s", base, path, strerror(-r));
        assert_int_equal(stat(what, &wanted), 0);
        assert_true(opened.st_ino == wanted.st_ino && opened.st_dev == wanted.st_dev);
}

static void look_at_links(int fd)
{
        char namespace[64];
        struct stat st;

        snprintf(namespace, sizeof(namespace), "/proc/%d/ns/net", (int)getpid());
        assert_opens(fd, namespace, "", namespace);
        assert_opens(fd, "/run/crun/one", "status", "/run/crun/one/status");
        assert_opens(fd, "/run/crun/one/status", "", "/run/crun/one/status");
        assert_opens(fd, "/run/crun", "one", "/run/crun/one");
        assert_opens(fd, "/run/crun", "", "/run/crun");
        assert_opens(fd, "/run/docker", "two/anything", "/run/data/two/anything");
        assert_opens(fd, "/run/docker/two/anything", "", "/run/data/two/anything");
        assert_int_equal(ask(fd, "/run/crun/one/link", "key", 0, &st), -EACCES);
        assert_int_equal(ask(fd, "/run/crun/one/link/deep", "key", 0, &st), -EACCES);
        assert_int_equal(ask(fd, "/run/crun/one/link/key", "", 0, &st), -EACCES);
        assert_int_equal(ask(fd, "/run/crun/one/around", "key", 0, &st), -EACCES);
        assert_int_equal(ask(fd, "/run/docker/two/link", "key", 0, &st), -EACCES);
        assert_int_equal(ask(fd, "/run/docker/two/link/key", "", 0, &st), -EACCES);
        assert_int_equal(ask(fd, "/run/crun/one", "link/key", 0, &st), -ELOOP);
        assert_int_equal(ask(fd, "/run/crun/one/link", "", 0, &st), -ELOOP);
        /* The link itself may be read. */
        assert_int_equal(ask(fd, "/run/crun/one/link", "", O_PATH | O_NOFOLLOW, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
}

static void test_links_are_not_followed_out(void **state)
{
        int pair[2], status;
        pid_t keeper;

        if (!make_world()) {
                print_message("skipped: no mounts can be made here: %s\n", strerror(errno));
                skip();
        }
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        keeper = fork();
        assert_true(keeper >= 0);
        if (keeper == 0) {
                close(pair[0]);
                broker_serve(pair[1]);
                _exit(0);
        }
        close(pair[1]);
        look_at_links(pair[0]);
        close(pair[0]);
        assert_int_equal(waitpid(keeper, &status, 0), keeper);
        assert_int_equal(status, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_engines_keep_is_opened),
                cmocka_unit_test(test_nothing_else_is),
                cmocka_unit_test(test_links_are_not_followed_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
