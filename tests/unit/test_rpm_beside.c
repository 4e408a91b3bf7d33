/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside or in place of rpm's database: the log of SQLite, and the list of distroless images. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/detectors.h"
#include "sink.h"

#define WAL "var/lib/rpm/rpmdb.sqlite-wal"
#define MANIFEST "var/lib/rpmmanifest/container-manifest-2"
#define assert_str(s, text) assert_true(str_equals(s, text))

static void test_a_log_that_was_not_merged(void **state)
{
        static struct sink s;
        struct error err = ERROR_INIT;
        char log[64] = { 0x37, 0x7f, 0x06, (char)0x82 };

        assert_int_equal(sink_run(&s, &rpm_wal_detector, WAL, STR_NULL, &err), 0);
        sink_done(&s);
        assert_int_equal(s.n_problems, 0);
        assert_int_equal(sink_run(&s, &rpm_wal_detector, WAL, (struct str){ log, sizeof(log) }, &err), 0);
        sink_done(&s);
        assert_int_equal(s.n_problems, 1);
        assert_non_null(strstr(s.problem, "not yet merged"));
}

static void test_manifest(void **state)
{
        static const char text[] =
                "mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tnoarch\t0\t"
                "mariner-release-2.0-12.cm2.src.rpm\n"
                "gpg-pubkey\t3135ce90-5e6fda74\t1653816591\t1583340148\t(none)\t(none)\t0\t(none)\t0\t(none)\n"
                "openssl-libs\t1.1.1k-15.cm2\t1653816595\t1653631609\tMicrosoft Corporation\t(none)\t5\tx86_64\t1\t"
                "openssl-1.1.1k-15.cm2.src.rpm\n\n"
                "local\t1-2\t1\t1\t(none)\t0\t5\t(none)\t0\t(none)";
        static struct sink s;
        struct error err = ERROR_INIT;
        struct package p;

        assert_int_equal(sink_run(&s, &rpm_manifest_detector, MANIFEST, STR_LIT(text), &err), 0);
        assert_int_equal(s.n, 3);
        assert_int_equal(s.n_problems, 0);
        p = sink_package(&s, 0);
        assert_str(p.name, "mariner-release");
        assert_str(p.version, "2.0-12.cm2");
        assert_str(p.vendor, "Microsoft Corporation");
        assert_str(p.type, "rpm");
        p = sink_package(&s, 1);
        assert_str(p.version, "1:1.1.1k-15.cm2");
        assert_str(p.arch, "x86_64");
        assert_str(p.source_name, "openssl");
        assert_str(p.source_version, "1.1.1k-15.cm2");
        assert_str(p.key, "openssl-libs-1:1.1.1k-15.cm2.x86_64");
        p = sink_package(&s, 2);
        assert_str(p.version, "0:1-2");
        assert_str(p.key, "local-0:1-2");
        assert_str(p.source_name, "local");
        assert_str(p.vendor, "");
        sink_done(&s);
}

static void test_manifest_damage(void **state)
{
        static const char *const lines[] = {
                "a", "a\t1-1\t0\t0\tv\t(none)\t0\tnoarch\t0", "a\t1-1\t0\t0\tv\t(none)\t0\tnoarch\t0\ts\textra",
                "\t1-1\t0\t0\tv\t(none)\t0\tnoarch\t0\ts", "a\t1\t0\t0\tv\t(none)\t0\tnoarch\t0\ts",
                "a\t1-1\t0\t0\tv\t(none)\t0\tnoarch\t(none)\ts", "a\t1-1\t0\t0\tv\t(none)\t0\tnoarch\t-1\ts", "\t\t\t\t\t\t\t\t\t",
        };

        for (size_t i = 0; i < ELEMENTS_OF(lines); i++) {
                static struct sink s;
                struct error err = ERROR_INIT;

                s = (struct sink){ 0 };
                assert_int_equal(sink_run(&s, &rpm_manifest_detector, MANIFEST, str_from(lines[i]), &err), 0);
                sink_done(&s);
                assert_int_equal(s.n, 0);
                assert_int_equal(s.n_problems, 1);
                assert_string_equal(s.problem, "line 1 is not a package in ten columns");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_log_that_was_not_merged),
                cmocka_unit_test(test_manifest),
                cmocka_unit_test(test_manifest_damage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
