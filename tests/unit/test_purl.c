/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/inventory.h"

static const struct distribution debian = {
        .id = { "debian", 6 }, .version_id = { "12", 2 }, .codename = { "bookworm", 8 },
};

static void url_is(const struct package *p, const struct distribution *d, const char *expected)
{
        _cleanup_(buf_free) struct buf out = { 0 };

        buf_puts(&out, "before ");
        package_url(p, d, &out);
        assert_true(buf_ok(&out));
        assert_memory_equal(out.data, "before ", 7);
        assert_string_equal(out.data + 7, expected);
}

/* The name and version of the source are given as the databases do: the binary's own where there is no other. */
static struct package package(const char *type, const char *name, const char *version, const char *arch)
{
        return (struct package){
                .type = str_from(type), .name = str_from(name), .version = str_from(version), .arch = str_from(arch),
                .source_name = str_from(name), .source_version = str_from(version),
        };
}

/* As purl-spec's own tests have them. */
static void test_of_the_specification(void **state)
{
        struct distribution jessie = { .id = STR_LIT("debian"), .codename = STR_LIT("jessie") };
        struct distribution fedora = { .id = STR_LIT("fedora"), .version_id = STR_LIT("25") };
        struct package p = package("deb", "curl", "7.50.3-1", "i386");

        url_is(&p, &jessie, "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=debian-jessie");
        p = package("deb", "attr", "1:2.4.47-2+b1", "amd64");
        url_is(&p, &debian, "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12");
        p = package("rpm", "curl", "7.50.3-1.fc25", "i386");
        url_is(&p, &fedora, "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25");
        p = package("rpm", "centerim", "1:4.22.10-1.el6", "i686");
        url_is(&p, &fedora, "pkg:rpm/fedora/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1");
        p = package("apk", "curl", "7.83.0-r0", "x86");
        url_is(&p, NULL, "pkg:apk/curl@7.83.0-r0?arch=x86");
}

static void test_encoding(void **state)
{
        struct package p = package("deb", "libstdc++6", "14.2.0-19~bpo12+1", "amd64");

        url_is(&p, &debian, "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19~bpo12%2B1?arch=amd64&distro=debian-12");
        p = package("deb", "a b/c?d=e&f#g@h%", "\xff\xc3\xa9\n", "");
        url_is(&p, NULL, "pkg:deb/a%20b%2Fc%3Fd%3De%26f%23g%40h%25@%5Cxff%C3%A9%0A");
        p.version = p.source_version = (struct str){ "1\0002", 3 };
        url_is(&p, NULL, "pkg:deb/a%20b%2Fc%3Fd%3De%26f%23g%40h%25@1%002");
}

static void test_case(void **state)
{
        struct distribution loud = { .id = STR_LIT("Debian") };
        struct package p = package("deb", "LibX", "1.0A", "amd64");

        url_is(&p, &loud, "pkg:deb/debian/libx@1.0A?arch=amd64&distro=debian");
        p = package("rpm", "ImageMagick", "7", "x86_64"); /* the one type whose names are case sensitive */
        url_is(&p, NULL, "pkg:rpm/ImageMagick@7?arch=x86_64");
}

/* What is encoded is UTF-8 (clause 5.4): other bytes stand there as the reports show them. */
static void test_not_utf8(void **state)
{
        struct distribution d = { .id = STR_LIT("A\xc3") };
        struct package p = package("deb", "CAF\xe9\xc3\x89", "\xc3", "\xed\xa0\x80");

        url_is(&p, &d, "pkg:deb/a%5Cxc3/caf%5Cxe9%C3%89@%5Cxc3?arch=%5Cxed%5Cxa0%5Cx80&distro=a%5Cxc3");
}

/* A segment of the namespace holds no slash, not even an encoded one (5.6.3). */
static void test_hostile_id(void **state)
{
        struct distribution d = { .id = STR_LIT("a/b"), .version_id = STR_LIT("1") };
        struct package p = package("deb", "x", "1", "");

        url_is(&p, &d, "pkg:deb/x@1");
}

/* A type is lower-case letters, then digits, dots and dashes too (5.6.2): a worker that says something else is hijacked. */
static void test_types(void **state)
{
        static const struct {
                const char *type;
                int code;
        } cases[] = {
                { "deb", 0 }, { "a.b-1", 0 }, { "", -EBADMSG }, { "1a", -EBADMSG }, { "a/b", -EBADMSG }, { "NPM", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(arena_freep) struct arena *arena = arena_new();
                _cleanup_(buf_free) struct buf encoded = { 0 };
                struct package p = package(cases[i].type, "x", "1", ""), again;
                struct wire_reader r;

                package_encode(&p, &encoded);
                r = wire_reader(encoded.data, encoded.len);
                assert_int_equal(package_decode(&r, arena, &again), cases[i].code);
        }
}

static void test_what_is_missing(void **state)
{
        struct distribution unnamed = { .version_id = STR_LIT("1") };
        struct package p = package("deb", "x", "", "");

        url_is(&p, NULL, "pkg:deb/x");
        url_is(&p, &unnamed, "pkg:deb/x");
        url_is(&p, &debian, "pkg:deb/debian/x?distro=debian-12");
        p = (struct package){ .type = STR_LIT("npm"), .name = STR_LIT("left-pad"), .version = STR_LIT("1.3.0") };
        url_is(&p, &debian, "pkg:npm/left-pad@1.3.0");
}

static void test_languages(void **state)
{
        static const struct {
                const char *type, *name, *version, *url;
        } cases[] = {
                { "npm", "@angular/Animation", "12.3.1", "pkg:npm/%40angular/animation@12.3.1" },
                { "npm", "foobar", "", "pkg:npm/foobar" },
                { "pypi", "Django_package", "1.11.1.dev1", "pkg:pypi/django-package@1.11.1.dev1" },
                { "golang", "github.com/BurntSushi/toml", "v1.0.0+incompatible", "pkg:golang/github.com/burntsushi/toml@v1.0.0%2Bincompatible" },
                { "golang", "stdlib", "1.22.3", "pkg:golang/stdlib@1.22.3" },
                { "maven", "org.apache.xmlgraphics:batik-Anim", "1.9.1", "pkg:maven/org.apache.xmlgraphics/batik-Anim@1.9.1" },
                { "maven", "junit", "4", "pkg:maven/junit@4" },
                { "gem", "ruby-Advisory-db-check", "0.12.4", "pkg:gem/ruby-Advisory-db-check@0.12.4" },
                { "cargo", "Rand", "0.7.2", "pkg:cargo/Rand@0.7.2" },
                { "composer", "Guzzlehttp/promises", "2.0.2", "pkg:composer/guzzlehttp/promises@2.0.2" },
                { "nuget", "EnterpriseLibrary.Common", "6.0.1304", "pkg:nuget/EnterpriseLibrary.Common@6.0.1304" },
                { "golang", "../x//y", "1", "pkg:golang/x/y@1" },
                { "golang", "x/", "1", "pkg:golang/x%2F@1" },
                { "composer", "/x", "1", "pkg:composer/%2Fx@1" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                struct package p = { .type = str_from(cases[i].type), .name = str_from(cases[i].name),
                                     .version = str_from(cases[i].version) };

                url_is(&p, &debian, cases[i].url);
        }
}

static void test_sources(void **state)
{
        struct distribution rhel = { .id = STR_LIT("rhel"), .version_id = STR_LIT("9.4") };
        struct package p = package("deb", "libssl3", "3.0.15-1~deb12u1", "amd64");

        p.source_name = STR_LIT("openssl");
        url_is(&p, &debian, "pkg:deb/debian/libssl3@3.0.15-1~deb12u1?arch=amd64&distro=debian-12&upstream=openssl");
        p.source_version = STR_LIT("1:3.0+x");
        url_is(&p, NULL, "pkg:deb/libssl3@3.0.15-1~deb12u1?arch=amd64&upstream=openssl%401:3.0%2Bx");
        p.source_name = p.name;
        url_is(&p, NULL, "pkg:deb/libssl3@3.0.15-1~deb12u1?arch=amd64&upstream=libssl3%401:3.0%2Bx");
        p = package("rpm", "openssl-libs", "1:3.0.7-27.el9", "x86_64");
        p.source_name = STR_LIT("openssl");
        p.source_version = STR_LIT("3.0.7-27.el9");
        url_is(&p, &rhel, "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1"
                          "&upstream=openssl-3.0.7-27.el9.src.rpm");
        p.source_name = p.name;
        url_is(&p, NULL, "pkg:rpm/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1");
}

static void test_vendors_and_modules(void **state)
{
        struct distribution d = { .id = STR_LIT("opensuse-leap"), .version_id = STR_LIT("15.6") };
        struct package p = package("rpm", "npm", "0:8.19-1", "noarch");

        p.module = STR_LIT("nodejs:18:1:abc");
        url_is(&p, &d, "pkg:rpm/opensuse/npm@8.19-1?arch=noarch&distro=opensuse-leap-15.6&epoch=0"
                       "&rpmmod=nodejs:18:1:abc");
        d.id = STR_LIT("sles");
        p = package("rpm", "a", "x:1-1", "noarch"); /* no epoch, though there is a colon */
        url_is(&p, &d, "pkg:rpm/suse/a@x:1-1?arch=noarch&distro=sles-15.6");
        p = package("deb", "a", "1", "all"); /* a vendor's other name is rpm's only */
        url_is(&p, &d, "pkg:deb/sles/a@1?arch=all&distro=sles-15.6");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_of_the_specification),
                cmocka_unit_test(test_encoding),
                cmocka_unit_test(test_case),
                cmocka_unit_test(test_not_utf8),
                cmocka_unit_test(test_hostile_id),
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_what_is_missing),
                cmocka_unit_test(test_languages),
                cmocka_unit_test(test_sources),
                cmocka_unit_test(test_vendors_and_modules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
