/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "listing.h"
#include "model/detector.h"

#define MODULE "app/node_modules/x/package.json"
#define LOCK "app/package-lock.json"

static void test_installed_modules(void **state)
{
        assert_lists(npm_detector, MODULE, "{\"name\":\"@babel/core\",\"version\":\"7.2.3\",\"license\":\"MIT\"}", "@babel/core 7.2.3 {MIT}\n");
        assert_lists(npm_detector, MODULE,
                     "\xef\xbb\xbf{\"bin\":{\"name\":\"no\",\"version\":\"9\"},\"licenses\":[{\"type\":\"MIT\",\"url\":\"x\"},\"ISC\"],"
                     "\"version\":\"1.0.0-rc.1+b\",\"name\":\"old\"}",
                     "old 1.0.0-rc.1+b {MIT} {ISC}\n");
        assert_lists(npm_detector, MODULE, "{\"name\":\"a\",\"version\":\"1\",\"name\":\"b\",\"license\":{\"type\":\"BSD\"}}", "b 1 {BSD}\n");
        assert_lists(npm_detector, MODULE, "{\"type\":\"module\"}", "");
}

static void test_modules_that_say_too_little(void **state)
{
        const struct listing *l = list_text(&npm_detector, MODULE, "{\"version\":\"1\"}");

        assert_string_equal(l->text, "");
        assert_string_equal(l->problem, "it has no name: the package was left out");
        l = list_text(&npm_detector, MODULE, "{\"name\":\"x\",\"version\":7}");
        assert_string_equal(l->problem, "it has no version: the package was left out");
        l = list_text(&npm_detector, MODULE, "{\"name\":\"two words\",\"version\":\"1\"}");
        assert_string_equal(l->text, "");
        assert_non_null(strstr(l->problem, "1 packages were left out"));
        assert_int_equal(list_text(&npm_detector, MODULE, "[]")->code, -EBADMSG);
        assert_int_equal(list_text(&npm_detector, MODULE, "{\"name\":")->code, -EBADMSG);
        assert_int_equal(list_text(&npm_detector, MODULE, "{} x")->code, -EBADMSG);
        assert_int_equal(list_text(&npm_detector, MODULE, "")->code, -EBADMSG);
}

static bool wanted(const struct detector *d, const char *path)
{
        const struct detector *const all[] = { d };
        _cleanup_(detector_set_freep) struct detector_set *set = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(detector_set_new(all, 1, &set, &err), 0);
        return detector_set_match(set, str_from(path)) != 0;
}

static void test_which_package_json_is_a_module(void **state)
{
        assert_true(wanted(&npm_detector, "node_modules/a/package.json"));
        assert_true(wanted(&npm_detector, "usr/lib/node_modules/npm/node_modules/@a/b/package.json"));
        assert_true(wanted(&npm_detector, "usr/share/nodejs/@a/b/package.json"));
        assert_true(wanted(&npm_detector, "opt/yarn-v1.22.19/package.json"));
        assert_false(wanted(&npm_detector, "node_modules/a/test/package.json"));
        assert_false(wanted(&npm_detector, "node_modules/@a/package.json"));
        assert_false(wanted(&npm_detector, "app/package.json"));
        assert_false(wanted(&npm_detector, "package.json"));
        assert_false(wanted(&npm_detector, "srv/opt/a/package.json"));
        assert_true(wanted(&yarn_lock_detector, "yarn.lock"));
        assert_false(wanted(&yarn_lock_detector, "a/node_modules/b/yarn.lock"));
        assert_false(wanted(&go_mod_detector, "root/go/pkg/mod/x@v1/go.mod"));
}

static void test_package_lock_with_places(void **state)
{
        assert_lists(npm_lock_detector, LOCK,
                     "{\"name\":\"app\",\"version\":\"1.0.0\",\"lockfileVersion\":2,\"packages\":{"
                     "\"\":{\"name\":\"app\",\"version\":\"1.0.0\",\"dependencies\":{\"a\":\"^1\"}},"
                     "\"lib/own\":{\"name\":\"own\",\"version\":\"3\"},"
                     "\"node_modules/own\":{\"resolved\":\"lib/own\",\"link\":true},"
                     "\"node_modules/a\":{\"version\":\"1.2.3\",\"license\":\"MIT\",\"dependencies\":{\"c\":\"9\"}},"
                     "\"node_modules/a/node_modules/@s/b\":{\"version\":\"2.0.0\",\"dev\":true},"
                     "\"node_modules/alias\":{\"name\":\"real\",\"version\":\"4.0.0\"},"
                     "\"node_modules/tar\":{\"version\":\"file:x.tgz\"}},"
                     "\"dependencies\":{\"a\":{\"version\":\"1.2.3\"}}}",
                     "a 1.2.3 declared {MIT}\n@s/b 2.0.0 declared dev\nreal 4.0.0 declared\n");
}

static void test_package_lock_of_version_1(void **state)
{
        assert_lists(npm_lock_detector, LOCK,
                     "{\"lockfileVersion\":1,\"dependencies\":{"
                     "\"a\":{\"version\":\"1.0.0\",\"requires\":{\"b\":\"^2\"},\"dependencies\":{\"b\":{\"version\":\"2.0.0\",\"dev\":true}}},"
                     "\"c\":{\"version\":\"npm:@s/real@3.0.0\"},\"d\":{\"version\":\"github:x/y#1\"},\"e\":{}}}",
                     "b 2.0.0 declared dev\na 1.0.0 declared\n@s/real 3.0.0 declared\n");
        assert_lists(npm_lock_detector, LOCK, "{\"dependencies\":{\"a\":\"1\",\"b\":[1,{}],\"c\":null},\"packages\":7}", "");
}

static void test_a_package_lock_without_ground(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        for (unsigned i = 0; i < 200; i++)
                buf_puts(&text, "{\"dependencies\":{\"a\":");
        assert_int_equal(list_bytes(&npm_lock_detector, LOCK, buf_str(&text))->code, -EBADMSG);
        assert_int_equal(list_text(&npm_lock_detector, LOCK, "{\"packages\":{\"node_modules/a\":{\"version\":\"1\"}")->code, -EBADMSG);
        assert_string_equal(list_text(&npm_lock_detector, LOCK, "{\"packages\":{\"node_modules/a\":{\"version\":\"1\"}")->text,
                            "a 1 declared\n");
}

static void test_yarn_lock_of_version_1(void **state)
{
        assert_lists(yarn_lock_detector, "yarn.lock",
                     "# THIS IS AN AUTOGENERATED FILE.\n# yarn lockfile v1\n\n\n"
                     "\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":\n  version \"7.2.3\"\n  resolved \"https://x\"\n"
                     "  dependencies:\n    version \"9.9.9\"\n    a \"^1\"\n\n"
                     "abbrev@1:\r\n  version \"1.1.1\"\r\n\r\n"
                     "\"alias@npm:@s/real@^2\":\n  version \"2.0.0\"\n\n"
                     "local@file:./x:\n  version \"0.0.1\"\n",
                     "@babel/core 7.2.3 declared\nabbrev 1.1.1 declared\n@s/real 2.0.0 declared\n");
}

static void test_yarn_lock_of_berry(void **state)
{
        assert_lists(yarn_lock_detector, "yarn.lock",
                     "__metadata:\n  version: 6\n  cacheKey: 8\n\n"
                     "\"@a/b@npm:^1.0.0, @a/b@npm:^1.1.0\":\n  version: 1.2.0\n  resolution: \"@a/b@npm:1.2.0\"\n"
                     "  dependencies:\n    c: ^1\n  languageName: node\n\n"
                     "\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n\n"
                     "\"ts@patch:ts@^4#x\":\n  version: 4.5.6\n  resolution: \"ts@patch:ts@npm%3A4.5.6#x\"\n",
                     "@a/b 1.2.0 declared\nts 4.5.6 declared\n");
}

static void test_pnpm_lock_of_all_versions(void **state)
{
        assert_lists(pnpm_lock_detector, "pnpm-lock.yaml",
                     "lockfileVersion: 5.4\nspecifiers:\n  a: ^1\npackages:\n\n  /@a/b/1.0.0:\n    resolution: {integrity: x}\n"
                     "    dev: true\n\n  /c/2.0.0_react@17.0.0:\n    dependencies:\n      version: 1\n  github.com/x/y/1:\n    name: y\n"
                     "    version: 3.0.0\n  file:z:\n    version: 1.0.0\nother:\n  /d/1.0.0:\n    dev: false\n",
                     "@a/b 1.0.0 declared dev\nc 2.0.0 declared\ny 3.0.0 declared\n");
        assert_lists(pnpm_lock_detector, "pnpm-lock.yaml",
                     "lockfileVersion: '6.0'\n\npackages:\n\n  /@a/b@1.0.0(react@17.0.0):\n    dev: false\n  /c@2.0.0-rc.1:\n",
                     "@a/b 1.0.0 declared\nc 2.0.0-rc.1 declared\n");
        assert_lists(pnpm_lock_detector, "pnpm-lock.yaml",
                     "lockfileVersion: '9.0'\npackages:\n\n  '@a/b@1.0.0':\n    resolution: {integrity: x}\n  c@10.0.0:\n    engines: {}\n"
                     "\nsnapshots:\n\n  d@1.0.0:\n    dependencies: {}\n",
                     "@a/b 1.0.0 declared\nc 10.0.0 declared\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_installed_modules),
                cmocka_unit_test(test_modules_that_say_too_little),
                cmocka_unit_test(test_which_package_json_is_a_module),
                cmocka_unit_test(test_package_lock_with_places),
                cmocka_unit_test(test_package_lock_of_version_1),
                cmocka_unit_test(test_a_package_lock_without_ground),
                cmocka_unit_test(test_yarn_lock_of_version_1),
                cmocka_unit_test(test_yarn_lock_of_berry),
                cmocka_unit_test(test_pnpm_lock_of_all_versions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
