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

#define METADATA "usr/lib/python3/dist-packages/x-1.dist-info/METADATA"

static void test_metadata(void **state)
{
        assert_lists(python_detector, METADATA,
                     "Metadata-Version: 2.1\nName: PyYAML\nversion: 6.0\nLicense: MIT\nClassifier: License :: OSI Approved :: MIT License\n"
                     "Classifier: License :: OSI Approved\nClassifier: Topic :: x\nDescription: a\n Name: no\n\nName: other\nVersion: 9\n",
                     "PyYAML 6.0 {MIT} {MIT License}\n");
        assert_lists(python_detector, METADATA,
                     "Name: a\r\nVersion: 1!2.0+local\r\nLicense: MIT\r\nLicense-Expression: MIT OR Apache-2.0\r\nLicense: UNKNOWN\r\n",
                     "a 1!2.0+local {MIT OR Apache-2.0}\n");
        assert_string_equal(list_text(&python_detector, METADATA, "Name: x\n\nVersion: 1\n")->problem,
                            "it has no field Version: the package was left out");
        assert_string_equal(list_text(&python_detector, METADATA, "\x80PK")->problem,
                            "it has no field Name: the package was left out");
}

static void test_requirements(void **state)
{
        assert_lists(requirements_detector, "requirements.txt",
                     "# comment\n-r other.txt\n--hash=x\nDjango==3.2.1\nrequests[security] === 2.0 ; python_version<'3'  # why\n"
                     "a.b_c==1.0.post1 \\\n    --hash=sha256:x==1.0\nopen>=1.0\nstar==1.*\ntwo==1.0,!=1.1\n  flask == 2.0.0\n"
                     "pkg @ https://x/y==1.whl\nepoch==1!2.0+cu118\nnone==\nname\n==1\n",
                     "Django 3.2.1 declared\nrequests 2.0 declared\na.b_c 1.0.post1 declared\nflask 2.0.0 declared\n"
                     "epoch 1!2.0+cu118 declared\n");
}

static void test_pipfile(void **state)
{
        assert_lists(pipfile_lock_detector, "Pipfile.lock",
                     "{\"_meta\":{\"default\":{\"x\":{\"version\":\"==9\"}}},\"default\":{\"a\":{\"hashes\":[\"x\"],\"version\":\"==1.0\"},"
                     "\"local\":{\"path\":\".\"},\"odd\":\"1\"},\"develop\":{\"b\":{\"version\":\"===2.0\"}}}",
                     "a 1.0 declared\nb 2.0 declared dev\n");
}

static void test_poetry(void **state)
{
        assert_lists(python_lock_detector, "poetry.lock",
                     "# generated\n[[package]]\nname = \"a\"\nversion = \"1.0\"\ndescription = \"\"\"x\n[[package]]\nname = \"no\"\"\"\"\ncategory = \"main\"\n"
                     "files = [\n    {file = \"a.whl\", hash = \"sha256:x\"},\n]\n\n[package.dependencies]\nname = {version = \">=1\", optional = true}\nversion = \"9\"\n\n"
                     "[[package]]\nname = 'b'\nversion = '2.0'\ncategory = \"dev\"\noptional = false\n\n"
                     "[[package]]\nname = \"c\"\nversion = \"3.0\"\ngroups = [\"test\"]\n\n[[package]]\nname = \"d\"\nversion = \"4.0\"\ngroups = [\"main\", \"test\"]\n\n"
                     "[metadata]\nname = \"x\"\nversion = \"5\"\n",
                     "a 1.0 declared\nb 2.0 declared dev\nc 3.0 declared dev\nd 4.0 declared\n");
}

static void test_uv(void **state)
{
        assert_lists(python_lock_detector, "uv.lock",
                     "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { virtual = \".\" }\n\n"
                     "[[package]]\nname = \"b\"\nversion = \"2.0\"\nsource = { registry = \"https://pypi.org/simple\" }\nwheels = [\n"
                     "    { url = \"https://x\", hash = \"y\", size = 1_000 },\n]\n",
                     "b 2.0 declared\n");
}

static void test_cargo_lock(void **state)
{
        assert_lists(cargo_lock_detector, "Cargo.lock",
                     "version = 3\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"serde\",\n]\n\n[[package]]\nname = \"serde\"\n"
                     "version = \"1.0.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"x\"\n",
                     "serde 1.0.1 declared\n");
}

static void test_toml_that_is_none(void **state)
{
        static const char *const wrong[] = {
                "[[package]", "[package", "name", "name =", "name = \"a", "name = \"a\" x", "= 1", "a = [1", "a = {b = 1", "a = \"\\q\"",
                "a = \"\\ud800\"", "a = '''x", "a = [1 2]",
        };
        _cleanup_(buf_free) struct buf deep = { 0 };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++)
                assert_int_equal(list_text(&python_lock_detector, "poetry.lock", wrong[i])->code, -EBADMSG);
        buf_puts(&deep, "a = ");
        for (size_t i = 0; i < 100; i++)
                buf_putc(&deep, '[');
        assert_int_equal(list_bytes(&python_lock_detector, "poetry.lock", buf_str(&deep))->code, -EBADMSG);
        assert_lists(python_lock_detector, "poetry.lock",
                     "a.\"b.c\" = 1979-05-27T07:32:00Z\n'd' = -1.5e3 # x\ne = [[1,],[],\n# y\n[true]]\nf = {}\n\"\" = inf\n[a.b.\"c\"]\n"
                     "[[package]]\n\"name\" = \"\\u0061\\U00000062\"\nversion = '''\n1.0'''\n",
                     "ab 1.0 declared\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_metadata),
                cmocka_unit_test(test_requirements),
                cmocka_unit_test(test_pipfile),
                cmocka_unit_test(test_poetry),
                cmocka_unit_test(test_uv),
                cmocka_unit_test(test_cargo_lock),
                cmocka_unit_test(test_toml_that_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
