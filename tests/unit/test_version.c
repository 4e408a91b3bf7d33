/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "vuln/version.h"

/* Rising; versions between the same commas of a place, divided by a space, are equal. Every pair is compared, both ways. */
struct chain {
        const char *ecosystem;
        const char *places[32];
};

static const struct chain chains[] = {
        { "Debian", { "0~", "0 0-0 00", "0+", "1A", "1a", "1.0~~", "1.0~~a", "1.0~", "1.0~rc1-1", "1.0 1.00-0", "1.0-1", "1.0-1+b1", "1.0-1+deb12u1",
                      "1.0-1.1", "1.0a-1", "1.0+git1", "1.0.1", "1.2", "1.10 1.010", "1:0.1 01:0.1", "10:0", NULL } },
        { "Debian", { "2.36-9+deb12u4~bpo11+1", "2.36-9+deb12u4", "2.36-9+deb12u10", "2.37~rc1-0", "2.37-1ubuntu1", NULL } },
        { "Red Hat", { "1.0~rc1", "1.0", "1.0-1 0:1.0-1 1_0-1", "1.0-1.el8", "1.0-1.el8_4", "1.0-1.el8_10", "1.0-2", "1.0^git1-1", "1.0a", "1.0.0",
                       "1.0.1 1.0.01", "1.0.10", "1.1", "1:0.9", NULL } },
        { "SUSE", { "1.0a~1", "1.0a", "1.0a^", "1.0a^1", "1.0b", "1.0.1", NULL } },
        { "Alpine:v3.20", { "1.0_alpha", "1.0_alpha1", "1.0_alpha2", "1.0_beta", "1.0_pre2", "1.0_rc1", "1.0_rc1-r1", "1.0", "1.0-r0", "1.0-r1",
                            "1.0-r10", "1.0_cvs1", "1.0_git20200101", "1.0_hg", "1.0_p1", "1.0_p1-r1", "1.0_p10", "1.0a", "1.0b-r1", "1.0.1", "1.01",
                            "1.1", "1.10", "2 02", "20200101", NULL } },
        { "Wolfi", { "1.2.3_rc1-r0", "1.2.3-r0", "1.2.3-r1", "1.2.10-r0", NULL } },
        { "Alpine", { "1.0-r1", "1.0~a1", "1.0~a1-r1", "1.0~b", NULL } },
        { "npm", { "1.0.0-0", "1.0.0-1", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                   "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0 v1.0.0 1.0.0+build 1.0 1", "1.0.1", "1.2.0", "1.10.0", "99999999999999999999999.0.0",
                   "100000000000000000000000.0.0", NULL } },
        { "crates.io", { "0.1.0-alpha-a.b", "0.1.0", "0.1.1-x.7.z.92", "0.1.1", "0.2.0", NULL } },
        { "Go", { "0.0.0-20190101000000-abcdefabcdef v0.0.0-20190101000000-abcdefabcdef", "0.0.0-20200101000000-000000000000", "0.0.0", "1.18.10",
                  "1.19.0-0", "1.19.0-beta.1 go1.19beta1", "1.19.0-rc.1 go1.19rc1 1.19rc1", "1.19.0-rc.2 go1.19rc2", "go1.19 1.19.0 v1.19.0", "go1.19.1 1.19.1",
                  "2.0.0+incompatible 2.0.0", NULL } },
        { "Bitnami", { "1.2.3-rc1", "1.2.3 1.2.3-0", "1.2.3-1", "1.2.3-14", "1.2.3-100", "1.2.4", NULL } },
        { "NuGet", { "1.0.0-alpha 1.0.0-ALPHA", "1.0.0-beta", "1.0.0-RC.2", "1.0.0-rc.10", "1.0.0 1.0 1.0.0.0 1 01.0", "1.0.0.1", "1.0.1", NULL } },
        { "PyPI", { "not-a-version", "0.dev0", "1.0.dev456 1.0dev456 1.0.0.dev456", "1.0a1 1.0alpha1 1.0-A.1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12",
                    "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1 1.0c1 1.0pre1 1.0-preview-1",
                    "1.0 v1.0 1.0.0 1", "1.0+abc.5", "1.0+abc.7", "1.0+5 1.0+05", "1.0+5.a", "1.0.post456.dev34", "1.0.post456 1.0-456 1.0.r456",
                    "1.0.15", "1.1.dev1", "1.1", "2013.10", "1!0.1", NULL } },
        { "Maven", { "1-alpha", "1-alpha-1 1alpha1 1a1 1.A1", "1-alpha2", "1-beta-1 1b1", "1-milestone1 1-M1", "1-rc 1-CR", "1-rc1 1.RC1", "1-SNAPSHOT",
                     "1 1.0 1.0.0 1-ga 1.final 1-0 1.Final 1.0.release", "1-sp", "1-abc", "1-jre", "1-xyz", "1-1", "1.1", "1.2", "1.10", "2.0.1", NULL } },
        { "RubyGems", { "0.9", "1.0.a", "1.0.a.1", "1.0.a.2", "1.0.b1", "1.0-rc.1 1.0.pre.rc.1", "1.0 1 1.0.0", "1.0.1", "1.1.a", "1.1.a10", "1.1", "1.9", "1.10",
                        NULL } },
        { "Packagist", { "dev-main", "1.0.0-dev", "1.0.0-alpha 1.0.0-a", "1.0.0-alpha1 1.0.0a1", "1.0.0-beta2", "1.0.0-RC1 1.0.0rc1 1.0.0-rc.1", "1.0.0 v1.0 1.0.0-stable 1.0.0.0 1.0.0+build",
                         "1.0.0-pl1 1.0.0-p1", "1.0.1", "1.0.x-dev", "1.2.0", "1.10.0", NULL } },
        { "Hackage", { "0", "0.1", "0.1.1", "0.2", "0.10", "1", NULL } },
        { "CRAN", { "1.0-1", "1.0-2 1.0.2", "1.0-10", "1.1", NULL } },
};

static size_t split(const char *place, struct str *ret, size_t max)
{
        struct str rest = str_from(place);
        size_t n = 0;

        while (rest.n && n < max)
                ret[n++] = str_cut(&rest, ' ');
        return n;
}

static void compare_places(const struct version_order *order, const char *a, const char *b, int expected)
{
        struct str x[12], y[12];
        size_t n_x = split(a, x, ELEMENTS_OF(x)), n_y = split(b, y, ELEMENTS_OF(y));

        for (size_t i = 0; i < n_x; i++)
                for (size_t k = 0; k < n_y; k++) {
                        if (version_compare(order, x[i], y[k]) == expected && version_compare(order, y[k], x[i]) == -expected)
                                continue;
                        fail_msg("%s: %.*s and %.*s: not %d", order->name, STR_ARG(x[i]), STR_ARG(y[k]), expected);
                }
}

static void test_chains(void **state)
{
        for (size_t c = 0; c < ELEMENTS_OF(chains); c++) {
                const struct version_order *order = version_order_of(str_from(chains[c].ecosystem));

                assert_non_null(order);
                for (size_t i = 0; chains[c].places[i]; i++)
                        for (size_t k = i; chains[c].places[k]; k++)
                                compare_places(order, chains[c].places[i], chains[c].places[k], i == k ? 0 : -1);
        }
}

static void test_what_parses(void **state)
{
        static const struct {
                const char *ecosystem, *good, *bad;
        } cases[] = {
                { "Debian", "1 1:2-3 1.0~rc1+dfsg-1~bpo12+1", "a:1 1: :1 1_ä" },
                { "Red Hat", "1 0:1-1.el9 1.0^20240101", "x:1" },
                { "Alpine", "1 1.2.3-r0 1.0_rc1_p2-r3 1.2a 1.0~abc12-r1", "a 1.a 1_foo 1-r 1.0-1 1.0-r1.2 1ab .1 1." },
                { "npm", "1.2.3 v1.2.3 1.0.0-x.7+b", "x 1.2.x-$ 1..2 1.0.0- latest ^1.0 1.0.0+" },
                { "PyPI", "1 1!1.0.post1.dev2+a.b 1.0-1 1.0.a1 8a-", "1.x 1.0+ 1.0+a..b !1 a1 1.0ab1 1.0.post1.a1" },
                { "RubyGems", "1 1.0.pre1 1.0-x 2.0.0-a-b", "a 1..2 1.0_1 1. -1" },
                { "Packagist", "1.0 v1.0.0-beta1 1.x-dev 1.0.0-test9", "dev-main main 1.0@x" },
                { "Hackage", "1 1.2.3.4", "1.a .1 1." },
        };

        for (size_t c = 0; c < ELEMENTS_OF(cases); c++) {
                const struct version_order *order = version_order_of(str_from(cases[c].ecosystem));
                struct str list[12];

                for (int good = 0; good < 2; good++) {
                        size_t n = split(good ? cases[c].good : cases[c].bad, list, ELEMENTS_OF(list));

                        for (size_t i = 0; i < n; i++)
                                if (version_parses(order, list[i]) != good)
                                        fail_msg("%s: '%.*s' should %sparse", order->name, STR_ARG(list[i]), good ? "" : "not ");
                }
                assert_false(version_parses(order, STR_NULL));
        }
}

/* What does not parse stands below what does, whatever it is. */
static void test_order_is_total(void **state)
{
        const struct version_order *order = version_order_of(STR_LIT("npm"));
        char longer[VERSION_LENGTH_MAX + 2];

        assert_int_equal(version_compare(order, STR_LIT("zzz"), STR_LIT("0.0.0-0")), -1);
        assert_int_equal(version_compare(order, STR_LIT("0.0.0-0"), STR_LIT("zzz")), 1);
        assert_int_equal(version_compare(order, STR_LIT("zzz"), STR_LIT("zzy")), 1);
        assert_int_equal(version_compare(order, STR_NULL, STR_LIT("x")), -1);
        assert_int_equal(version_compare(order, STR_NULL, STR_NULL), 0);
        memset(longer, '1', sizeof(longer));
        assert_true(version_parses(order, (struct str){ longer, VERSION_LENGTH_MAX }));
        assert_false(version_parses(order, (struct str){ longer, VERSION_LENGTH_MAX + 1 }));
}

/* Bytes of all orders' alphabets: antisymmetric and transitive, whatever they are (Maven's own order is not always the latter). */
static void test_any_bytes(void **state)
{
        static const char alphabet[] = "001129abrcxPpv..--~^+_:!xdev \xff";
        unsigned seed = 7;

        for (int id = 0; id < VERSION_ORDER_MAX; id++) {
                const struct version_order *order = version_order((enum version_order_id)id);
                char text[60][12];
                struct str v[60];

                for (size_t i = 0; i < ELEMENTS_OF(v); i++) {
                        v[i] = (struct str){ text[i], (size_t)(i % sizeof(text[i])) };
                        for (size_t k = 0; k < sizeof(text[i]); k++)
                                text[i][k] = alphabet[(seed = seed * 1103515245 + 12345) / 65536 % (sizeof(alphabet) - 1)];
                }
                for (size_t i = 0; i < ELEMENTS_OF(v); i++)
                        for (size_t k = 0; k < ELEMENTS_OF(v); k++) {
                                int ik = version_compare(order, v[i], v[k]);

                                assert_int_equal(ik, -version_compare(order, v[k], v[i]));
                                for (size_t m = 0; id != VERSION_MAVEN && m < ELEMENTS_OF(v); m++)
                                        if (ik < 0 && version_compare(order, v[k], v[m]) < 0 &&
                                            version_compare(order, v[i], v[m]) >= 0)
                                                fail_msg("%s: '%.*s' < '%.*s' < '%.*s', but not the first < the last", order->name,
                                                         STR_ARG(v[i]), STR_ARG(v[k]), STR_ARG(v[m]));
                        }
        }
}

static void test_ecosystems(void **state)
{
        assert_string_equal(version_order_of(STR_LIT("Ubuntu:Pro:18.04:LTS"))->name, "dpkg");
        assert_string_equal(version_order_of(STR_LIT("Rocky Linux:9"))->name, "rpm");
        assert_string_equal(version_order_of(STR_LIT("Maven:https://repo.example/"))->name, "maven");
        assert_null(version_order_of(STR_LIT("debian")));
        assert_null(version_order_of(STR_NULL));
        assert_string_equal(version_ecosystem_nearest(STR_LIT("debian")), "Debian");
        assert_string_equal(version_order((enum version_order_id)200)->name, "none");
        assert_false(version_parses(version_order(VERSION_NONE), STR_LIT("1")));
}

static void test_lines(void **state)
{
        const struct version_order *order = version_order_of(STR_LIT("PyPI"));
        struct error err = ERROR_INIT;
        struct str odd;

        assert_int_equal(version_check_line(order, STR_LIT("1.0 < 1.1\r"), &odd, &err), 1);
        assert_int_equal(version_check_line(order, STR_LIT(" 1.0  =  1.0.0 "), &odd, &err), 1);
        assert_int_equal(version_check_line(order, STR_LIT("1.0 > 1.1"), &odd, &err), 0);
        assert_int_equal(version_check_line(order, STR_LIT("# 1"), &odd, &err), 1);
        assert_int_equal(version_check_line(order, STR_LIT("1.0"), &odd, &err), -EBADMSG);
        assert_int_equal(version_check_line(order, STR_LIT("1.0 << 1"), &odd, &err), -EBADMSG);
        assert_int_equal(version_check_line(order, STR_LIT("1.0 > x"), &odd, &err), 1);
        assert_true(str_equals(odd, "x"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_chains),         cmocka_unit_test(test_what_parses), cmocka_unit_test(test_order_is_total),
                cmocka_unit_test(test_any_bytes),      cmocka_unit_test(test_ecosystems),  cmocka_unit_test(test_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
