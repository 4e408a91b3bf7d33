/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper opens for an engine that may have been taken over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (broker_may_open(cases[i].base, cases[i].path))
                        fail_msg("'%s', '%s' is opened", cases[i].base, cases[i].path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_engines_keep_is_opened),
                cmocka_unit_test(test_nothing_else_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
