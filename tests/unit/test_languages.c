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

static void test_gemspecs(void **state)
{
        const char *path = "var/lib/gems/3.1.0/specifications/rake-13.0.6.gemspec";

        assert_lists(gemspec_detector, path,
                     "# -*- encoding: utf-8 -*-\n# stub: rake 13.0.6 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"other\".freeze\n"
                     "  s.version = \"9\"\n  s.licenses = [\"MIT\".freeze, \"Ruby\".freeze]\n  s.required_ruby_version = Gem::Requirement.new(\">= 2\")\nend\n",
                     "rake 13.0.6 {MIT} {Ruby}\n");
        assert_lists(gemspec_detector, path, "Gem::Specification.new do |s|\n  s.name = 'a'\n  s.version = '1.0'\n  s.license = 'MIT'\nend", "a 1.0 {MIT}\n");
        assert_string_equal(list_text(&gemspec_detector, path, "s.name = x\ns.version = VERSION\n")->problem,
                            "it has no name that can be read: the gem was left out");
        assert_string_equal(list_text(&gemspec_detector, path, "s.name = \"x\"\ns.version = \"unterminated\n")->problem,
                            "it has no version that can be read: the gem was left out");
        assert_true(gemspec_detector.wants(str_from(path)));
        assert_true(gemspec_detector.wants(str_from("usr/lib/ruby/gems/3.1.0/specifications/default/a-1.gemspec")));
        assert_false(gemspec_detector.wants(str_from("src/a/a.gemspec")));
}

static void test_gemfile_lock(void **state)
{
        assert_lists(gemfile_lock_detector, "Gemfile.lock",
                     "GIT\n  remote: https://x\n  revision: y\n  specs:\n    g (0.1)\n\nPATH\n  remote: .\n  specs:\n    own (1.0)\n      a (1)\n\n"
                     "GEM\n  remote: https://rubygems.org/\n  specs:\n    actioncable (7.0.4)\n      actionpack (= 7.0.4)\n    nokogiri (1.13.9-x86_64-linux)\n"
                     "\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a (~> 1)\n\nBUNDLED WITH\n   2.3.7\n",
                     "g 0.1 declared\nactioncable 7.0.4 declared\nnokogiri 1.13.9 declared\n");
}

static void test_composer(void **state)
{
        const char *packages = "[{\"name\":\"symfony/console\",\"version\":\"v5.4.1\",\"license\":[\"MIT\"],\"require\":{\"name\":\"x\"}},"
                               "{\"name\":\"a/b\",\"version\":\"dev-main\"}]";
        _cleanup_(buf_free) struct buf text = { 0 };

        assert_lists(composer_detector, "vendor/composer/installed.json", packages, "symfony/console 5.4.1 {MIT}\na/b dev-main\n");
        buf_printf(&text, "{\"packages\":%s,\"dev\":true}", packages);
        assert_lists(composer_detector, "vendor/composer/installed.json", text.data, "symfony/console 5.4.1 {MIT}\na/b dev-main\n");
        assert_lists(composer_lock_detector, "composer.lock",
                     "{\"packages\":[{\"name\":\"a/b\",\"version\":\"1.0\"}],\"packages-dev\":[{\"name\":\"c/d\",\"version\":\"v2\"}],\"aliases\":[{\"name\":\"x\"}]}",
                     "a/b 1.0 declared\nc/d 2 declared dev\n");
        assert_lists(composer_detector, "vendor/composer/installed.json", "7", "");
        assert_int_equal(list_text(&composer_detector, "vendor/composer/installed.json", "[[1]")->code, -EBADMSG);
        assert_false(composer_detector.wants(str_from("etc/installed.json")));
}

static void test_no_more_licences_than_are_kept(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct listing *l;

        buf_puts(&text, "[{\"name\":\"a/b\",\"version\":\"1\",\"license\":[\"MIT\"");
        for (unsigned i = 0; i < 200000; i++)
                buf_printf(&text, ",\"L%u\",\"MIT\"", i);
        buf_puts(&text, "]}]");
        l = list_bytes(&composer_detector, "vendor/composer/installed.json", buf_str(&text));
        assert_non_null(strstr(l->text, "a/b 1 {MIT} {L0} {L1}"));
        assert_non_null(strstr(l->text, "{L14}\n"));
}

static void test_dotnet(void **state)
{
        assert_lists(dotnet_deps_detector, "app/app.deps.json",
                     "{\"runtimeTarget\":{\"name\":\".NETCoreApp,Version=v8.0/linux-x64\"},\"targets\":{"
                     "\".NETCoreApp,Version=v8.0\":{\"Unused/1.0\":{}},"
                     "\".NETCoreApp,Version=v8.0/linux-x64\":{\"app/1.0.0\":{\"dependencies\":{\"Newtonsoft.Json\":\"13.0.1\"}},"
                     "\"Newtonsoft.Json/13.0.1\":{\"runtime\":{}},\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1\":{}}},"
                     "\"libraries\":{\"app/1.0.0\":{\"type\":\"project\"},\"Newtonsoft.Json/13.0.1\":{\"type\":\"package\"},"
                     "\"Unused/1.0\":{\"type\":\"package\"},\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1\":{\"type\":\"runtimepack\"}}}",
                     "Newtonsoft.Json 13.0.1\nMicrosoft.NETCore.App.Runtime.linux-x64 8.0.1\n");
        assert_lists(dotnet_deps_detector, "app/app.deps.json", "{\"libraries\":{\"A/1\":{\"type\":\"package\"},\"B\":{}}}", "A 1\n");
        assert_lists(nuget_lock_detector, "packages.lock.json",
                     "{\"version\":1,\"dependencies\":{\"net8.0\":{\"A.B\":{\"type\":\"Direct\",\"requested\":\"[1,)\",\"resolved\":\"1.2.3\"},"
                     "\"own\":{\"type\":\"Project\",\"resolved\":\"1\"},\"C\":{\"type\":\"Transitive\",\"resolved\":\"2.0\"}}}}",
                     "A.B 1.2.3 declared\nC 2.0 declared\n");
}

static void test_go_mod(void **state)
{
        assert_lists(go_mod_detector, "go.mod",
                     "module example.org/app // x\n\ngo 1.22\n\nrequire github.com/a/b v1.0.0\nrequire (\n\tgithub.com/c/d/v2 v2.1.0 // indirect\n"
                     "\t\"github.com/q\" v0.1.0\n\tgithub.com/local v1.0.0\n\tgithub.com/one v1.0.0\n)\nexclude github.com/a/b v0.9.0\n"
                     "exclude (\n\tgithub.com/x v1.0.0\n)\nreplace github.com/a/b => github.com/fork/b v1.0.1\n"
                     "replace (\n\tgithub.com/local => ../local\n\tgithub.com/one v1.1.0 => github.com/other v9.9.9\n)\n",
                     "github.com/fork/b v1.0.1 declared\ngithub.com/c/d/v2 v2.1.0 declared\ngithub.com/q v0.1.0 declared\n"
                     "github.com/local v1.0.0 declared\ngithub.com/one v1.0.0 declared\n");
}

static void test_pom(void **state)
{
        assert_lists(pom_detector, "pom.xml",
                     "<?xml version=\"1.0\"?>\n<!DOCTYPE project>\n<!-- <x> --><project xmlns=\"http://x\"><parent><groupId>org.p</groupId><version>9.0</version></parent>"
                     "<properties><v>1.<!-- -->2</v><w>${v}</w></properties><dependencyManagement><dependencies><dependency><groupId>no</groupId>"
                     "<artifactId>no</artifactId><version>1</version></dependency></dependencies></dependencyManagement>"
                     "<dependencies><dependency><groupId>a</groupId><artifactId>b&amp;&#65;<![CDATA[<]]></artifactId><version>${w}</version>"
                     "<exclusions><exclusion><groupId>x</groupId><version>8</version></exclusion></exclusions></dependency>"
                     "<dependency><groupId>${project.groupId}</groupId><artifactId>c</artifactId><version>${project.version}</version><scope>test</scope></dependency>"
                     "<dependency><groupId>d</groupId><artifactId>e</artifactId></dependency>"
                     "<dependency><groupId>d</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency>"
                     "<dependency><groupId>d</groupId><artifactId>f</artifactId><version>${unknown}</version></dependency>"
                     "</dependencies><m:x a='>' /></project>\n",
                     "a:b&A< 1.2 declared\norg.p:c 9.0 declared dev\n");
}

static void test_a_pom_that_explodes(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct listing *l;

        buf_puts(&text, "<project><properties><p0></p0>");
        for (unsigned i = 1; i < 9; i++) {
                buf_printf(&text, "<p%u>", i);
                for (unsigned n = 0; n < 1000; n++)
                        buf_printf(&text, "${p%u}", i - 1);
                buf_printf(&text, "</p%u>", i);
        }
        buf_puts(&text, "</properties><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>${p7}</version>"
                        "</dependency></dependencies></project>");
        l = list_bytes(&pom_detector, "pom.xml", buf_str(&text));
        assert_int_equal(l->code, 0);
        assert_non_null(strstr(l->problem, "name one another too often"));
}

static void test_xml_that_is_none(void **state)
{
        static const char *const wrong[] = {
                "", "x", "<a>", "<a></b>", "<a/><b/>", "</a>", "<a", "<a b='", "<!DOCTYPE a [<!ENTITY x \"y\">]><a/>", "<a>&lt</a>", "<a><![CDATA[", "<!--",
        };
        _cleanup_(buf_free) struct buf deep = { 0 };

        for (size_t i = 0; i < ELEMENTS_OF(wrong); i++)
                assert_int_equal(list_text(&pom_detector, "pom.xml", wrong[i])->code, -EBADMSG);
        for (size_t i = 0; i < 200; i++)
                buf_puts(&deep, "<a>");
        assert_int_equal(list_bytes(&pom_detector, "pom.xml", buf_str(&deep))->code, -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_gemspecs),
                cmocka_unit_test(test_gemfile_lock),
                cmocka_unit_test(test_composer),
                cmocka_unit_test(test_no_more_licences_than_are_kept),
                cmocka_unit_test(test_dotnet),
                cmocka_unit_test(test_go_mod),
                cmocka_unit_test(test_pom),
                cmocka_unit_test(test_a_pom_that_explodes),
                cmocka_unit_test(test_xml_that_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
