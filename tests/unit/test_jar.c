/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "inventory/jar.h"
#include "listing.h"
#include "zips.h"

#define MANIFEST "META-INF/MANIFEST.MF"
#define POM(group, artifact) "META-INF/maven/" group "/" artifact "/pom.properties"
#define PROPERTIES(group, artifact, version) \
        STR_LIT("#Generated\nversion=" version "\ngroupId=" group "\r\nartifactId = " artifact "\n")

static const struct listing *list_jar(const char *path, struct str bytes)
{
        return list_bytes(&jar_detector, path, bytes);
}

static void test_names(void **state)
{
        static const struct {
                const char *file, *artifact, *version;
        } cases[] = {
                { "commons-lang3-3.12.0.jar", "commons-lang3", "3.12.0" }, { "guava-31.1-jre.JAR", "guava", "31.1-jre" },
                { "app.war", "app", "" },   { "a-b.jar", "a-b", "" },        { "log4j-1.2-api-2.17.1.jar", "log4j", "1.2-api-2.17.1" },
                { "-1.jar", "-1", "" },     { "x-.jar", "x-", "" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct str artifact, version;

                jar_split_name(str_from(cases[i].file), &artifact, &version);
                assert_true(str_equals(artifact, cases[i].artifact));
                assert_true(str_equals(version, cases[i].version));
        }
        assert_false(jar_is_archive(STR_LIT(".jar")));
        assert_false(jar_is_archive(STR_LIT("jar")));
}

static void test_properties_and_manifests(void **state)
{
        struct zip_writer z = { 0 };
        const struct listing *l;

        zip_put(&z, MANIFEST, STR_LIT("Manifest-Version: 1.0\r\nImplementation-Version: 9\r\n"), true);
        zip_put(&z, POM("org.a", "b"), PROPERTIES("org.a", "b", "1.0"), true);
        zip_put(&z, POM("org.shaded", "c"), PROPERTIES("org.shaded", "c", "2.0"), false);
        l = list_jar("app/b-1.0.jar", zip_end(&z));
        assert_string_equal(l->text, "org.a:b 1.0\norg.shaded:c 2.0\n");
        assert_string_equal(l->problem, "");
        zip_free(&z);

        zip_put(&z, MANIFEST, STR_LIT("Bundle-SymbolicName: org.exam\n ple.thing;x=y\nBundle-Version: 1.2.3\nBundle-License: MIT;link=x\n\n"
                                      "Name: x\nImplementation-Version: 7\n"), true);
        assert_string_equal(list_jar("app/thing.jar", zip_end(&z))->text, "org.example:thing 1.2.3 {MIT}\n");
        assert_string_equal(list_jar("app/thing-1.3.jar", buf_str(&z.out))->text, "org.example:thing 1.3 {MIT}\n");
        assert_string_equal(list_jar("app/other.jar", buf_str(&z.out))->text, "other 1.2.3 {MIT}\n");
        zip_free(&z);
}

/* A jar of another name that holds one package alone is that package; one that holds several is one more. */
static void test_what_a_renamed_archive_is(void **state)
{
        struct zip_writer z = { 0 };

        zip_put(&z, MANIFEST, STR_LIT("Implementation-Version: 1.0\nImplementation-Vendor-Id: org.v\n"), false);
        zip_put(&z, POM("org.a", "b"), PROPERTIES("org.a", "b", "1.0"), false);
        assert_string_equal(list_jar("app.jar", zip_end(&z))->text, "org.a:b 1.0\n");
        assert_string_equal(list_jar("other-2.0.jar", buf_str(&z.out))->text, "org.a:b 1.0\norg.v:other 2.0\n");
        zip_free(&z);
        zip_put(&z, "a/B.class", STR_LIT("x"), false);
        assert_string_equal(list_jar("app.jar", zip_end(&z))->text, "");
        zip_free(&z);
}

static void test_archives_in_archives(void **state)
{
        struct zip_writer inner = { 0 }, middle = { 0 }, outer = { 0 };
        const struct listing *l;

        zip_put(&inner, POM("org.i", "i"), PROPERTIES("org.i", "i", "1"), true);
        zip_end(&inner);
        zip_put(&middle, "lib/i-1.jar", buf_str(&inner.out), true);
        zip_put(&middle, "lib/plain-3.0.jar", STR_LIT("not an archive"), false);
        zip_end(&middle);
        zip_put(&outer, "BOOT-INF/lib/m-2.jar", buf_str(&middle.out), false);
        zip_put(&outer, "lib/i-1.jar", buf_str(&inner.out), false);
        l = list_jar("app.jar", zip_end(&outer));
        assert_string_equal(l->text, "org.i:i 1\nm 2\norg.i:i 1\n");
        assert_string_equal(l->problem, "plain-3.0.jar inside it: this is no zip archive, or it is cut short");
        assert_int_equal(l->n_problems, 1);
        zip_free(&inner);
        zip_free(&middle);
        zip_free(&outer);
}

static void test_a_script_before_the_archive(void **state)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        struct zip_writer z = { 0 };

        zip_put(&z, POM("a", "b"), PROPERTIES("a", "b", "1"), true);
        buf_puts(&bytes, "#!/bin/sh\nexec java -jar $0\n");
        buf_add_str(&bytes, zip_end(&z));
        assert_string_equal(list_jar("b.jar", buf_str(&bytes))->text, "a:b 1\n");
        zip_free(&z);
}

/* Jar in jar in jar …, and one that inflates to more than is held. */
static void test_bombs(void **state)
{
        struct zip_writer z = { 0 };
        _cleanup_(buf_free) struct buf bytes = { 0 }, zeros = { 0 };

        buf_add_str(&bytes, zip_end(&z));
        for (unsigned i = 0; i < 20; i++) {
                zip_free(&z);
                zip_put(&z, "x-1.jar", buf_str(&bytes), i % 2);
                buf_clear(&bytes);
                buf_add_str(&bytes, zip_end(&z));
        }
        assert_string_equal(list_jar("x-1.jar", buf_str(&bytes))->problem, "archives are nested too deep in it: the rest was left out");
        zip_free(&z);

        assert_true(buf_reserve(&zeros, 300u << 20));
        memset(zeros.data, 0, 300u << 20);
        zeros.len = 300u << 20;
        zip_put(&z, "big-1.jar", buf_str(&zeros), true);
        assert_string_equal(list_jar("x-1.jar", zip_end(&z))->problem, "archives inside it inflate to too much: the rest was left out");
        zip_free(&z);
}

static void test_damage(void **state)
{
        struct zip_writer z = { 0 };
        struct str whole;

        zip_put(&z, POM("a", "b"), PROPERTIES("a", "b", "1"), true);
        zip_put(&z, MANIFEST, STR_LIT("Implementation-Version: 1\n"), true);
        whole = zip_end(&z);
        for (size_t n = 0; n < whole.n; n++)
                assert_int_equal(list_jar("b.jar", (struct str){ whole.p, n })->code, -EBADMSG);
        for (size_t i = 0; i < whole.n; i++) { /* whatever is changed: no more than a problem */
                char *p = &z.out.data[i], before = *p;

                *p = (char)(before ^ 0xff);
                list_jar("b.jar", whole);
                *p = before;
        }
        assert_string_equal(list_jar("b.jar", whole)->text, "a:b 1\n");
        zip_free(&z);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_properties_and_manifests),
                cmocka_unit_test(test_what_a_renamed_archive_is),
                cmocka_unit_test(test_archives_in_archives),
                cmocka_unit_test(test_a_script_before_the_archive),
                cmocka_unit_test(test_bombs),
                cmocka_unit_test(test_damage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
