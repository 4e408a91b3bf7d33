/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/inventory.h"
#include "sink.h"

/* ---- which files are asked for ---- */

static const char *wanted_by(const struct detector_set *set, const char *path)
{
        uint64_t found = detector_set_match(set, str_from(path));

        if (!found)
                return "nobody";
        if (found & (found - 1))
                return "more than one";
        return detector_set_get(set, (unsigned)__builtin_ctzll(found))->name;
}

static size_t count_detectors(void)
{
        size_t n = 0;

        while (inventory_detectors[n])
                n++;
        return n;
}

static void test_paths(void **state)
{
        static const struct {
                const char *path, *detector;
        } cases[] = {
                { "lib/apk/db/installed", "apk" },
                { "usr/lib/apk/db/installed", "apk" },
                { "home/lib/apk/db/installed", "nobody" },
                { "lib/apk/db/installed/x", "nobody" },
                { "lib/apk/db/scripts.tar", "nobody" },
                { "etc/os-release", "os-release" },
                { "usr/lib/os-release", "os-release" },
                { "srv/etc/os-release", "nobody" },
                { "usr/share/doc/bash/copyright", "copyright" },
                { "usr/share/doc/bash/x/copyright", "nobody" },
                { "usr/share/doc/copyright", "nobody" },
                { "usr/share/doc/bash/copyright.gz", "nobody" },
                { "var/lib/dpkg/status", "dpkg" },
                { "var/lib/dpkg/status-old", "nobody" },
                { "var/lib/dpkg/available", "nobody" },
                { "var/lib/dpkg/status.d/tzdata", "dpkg" },
                { "var/lib/dpkg/info/bash.list", "dpkg-files" },
                { "var/lib/dpkg/info/bash.md5sums", "nobody" },
                { "var/lib/dpkg/info/format", "nobody" },
        };
        struct detector_set *set = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(detector_set_new(inventory_detectors, count_detectors(), &set, &err), 0);
        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (strcmp(wanted_by(set, cases[i].path), cases[i].detector) != 0)
                        fail_msg("%s is wanted by %s", cases[i].path, wanted_by(set, cases[i].path));
        /* In status.d the one that reads packages is offered lists of files too, and leaves them alone. */
        assert_string_equal(wanted_by(set, "var/lib/dpkg/status.d/tzdata.md5sums"), "more than one");
        detector_set_free(set);
}

static void test_names_tell_detectors_apart(void **state)
{
        for (size_t i = 0; inventory_detectors[i]; i++)
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(inventory_detectors[i]->name, inventory_detectors[k]->name);
}

/* ---- memory that runs out ---- */

/* The linker puts these before the allocator's functions, see meson.build. Allocation number `fail_at` fails, once. */
static size_t allocations, fail_at;

static bool fails_now(void)
{
        return fail_at && ++allocations == fail_at;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
        return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
        return fails_now() ? NULL : __real_realloc(p, n);
}

static const struct {
        const char *detector, *path, *text;
} samples[] = {
        { "apk", "lib/apk/db/installed",
          "P:a\nV:1\nA:x\no:s\nL:MIT\nm:me\nF:etc\nR:one\nR:two\n\nP:b\nV:2\nF:\nR:x\n" },
        { "os-release", "etc/os-release",
          "ID=debian\nNAME=\"x y\"\nPRETTY_NAME='z'\nVERSION_ID=12\nHOME_URL=x\nID_LIKE=y\nVERSION_CODENAME=b\n" },
        { "copyright", "usr/share/doc/x/copyright",
          "Format: x\nLicense: MIT\n\nLicense: GPL-2\n /usr/share/common-licenses/GPL-2\n" },
        { "dpkg", "var/lib/dpkg/status",
          "Package: a\nStatus: install ok installed\nVersion: 1\nSource: s (2)\nArchitecture: x\nMulti-Arch: same\n"
          "Maintainer: me\n\nPackage: b\nStatus: install ok installed\nVersion: 1\n" },
        { "dpkg-files", "var/lib/dpkg/info/a.list", "/.\n/usr\n/usr/bin/a\n" },
};

static const struct detector *detector_named(const char *name)
{
        for (size_t i = 0; inventory_detectors[i]; i++)
                if (strcmp(inventory_detectors[i]->name, name) == 0)
                        return inventory_detectors[i];
        return NULL;
}

static int drop(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        *(size_t *)ctx += 1;
        return 0;
}

static void ignore(void *ctx, const char *what)
{
}

/* Each allocation in turn fails: the detector says so, and neither crashes, leaks nor gives a wrong record. */
static void test_every_allocation_may_fail(void **state)
{
        for (size_t i = 0; i < ELEMENTS_OF(samples); i++) {
                const struct detector *detector = detector_named(samples[i].detector);
                struct str text = str_from(samples[i].text);
                struct file_entry entry = { .path = str_from(samples[i].path), .type = FILE_REGULAR, .size = text.n };
                size_t records = 0;
                struct record_sink sink = { drop, ignore, &records };
                struct content content;
                struct detector_file file = { &entry, &content };
                struct error err = ERROR_INIT;
                int r;

                assert_non_null(detector);
                content_from_memory(&content, text.p, text.n);
                for (size_t n = 1; n < 1000; n++) {
                        allocations = 0;
                        fail_at = n;
                        r = detector->read(&file, &sink, &err);
                        fail_at = 0;
                        if (allocations < n)
                                break;
                        if (r != -ENOMEM)
                                fail_msg("%s: allocation %zu failed, and it returns %d", samples[i].detector, n, r);
                }
                assert_int_equal(r, 0);
                assert_true(records > 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_names_tell_detectors_apart),
                cmocka_unit_test(test_every_allocation_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
