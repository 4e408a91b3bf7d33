/* SPDX-License-Identifier: Apache-2.0 */
/* Images made here for real, scanned as the background does it, and programs held against them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "oci/image_owners.h"
#include "pipeline/provenance.h"
#include "pipeline/scan.h"

#define PURL "pkg:deb/debian/curl@7.88.1-10?arch=amd64"
#define STATUS "Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n"
#define SECOND 1000000000ll

/* ---- two layers and a container's own ---- */

struct made {
        char path[64];
        const char *layers[2]; /* the lowest first */
        char room[2][80];
        struct str upper_first[2], upper;
        char upper_room[80];
        bool has_whiteout;
        struct container container;
        struct syscall_mount mount;
};

static void make_folders(const struct made *m, const char *path)
{
        char full[256];

        snprintf(full, sizeof(full), "%s/%s", m->path, path);
        for (char *p = full + strlen(m->path) + 1; *p; p++)
                if (*p == '/') {
                        *p = 0;
                        if (mkdir(full, 0755) < 0)
                                assert_int_equal(errno, EEXIST);
                        *p = '/';
                }
}

static void put(const struct made *m, const char *path, const char *text)
{
        char full[256];
        int fd;

        make_folders(m, path);
        snprintf(full, sizeof(full), "%s/%s", m->path, path);
        fd = open(full, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0755);
        assert_true(fd >= 0);
        assert_int_equal(file_write(fd, text, strlen(text), NULL), 0);
        close(fd);
}

static void made_done(struct made *m)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -rf --one-file-system '%s'", m->path);
        assert_int_equal(system(command), 0);
}

static void make(struct made *m)
{
        char full[256];

        *m = (struct made){ .path = "/var/tmp/tallyman-provenance-XXXXXX" };
        assert_non_null(mkdtemp(m->path));
        put(m, "0/usr/bin/sh", "the shell");
        put(m, "0/usr/bin/gone", "not for long");
        put(m, "0/etc/os-release", "ID=debian\n");
        put(m, "1/usr/bin/curl", "seven bytes");
        put(m, "1/var/lib/dpkg/status", STATUS);
        put(m, "1/var/lib/dpkg/info/curl.list", "/.\n/usr\n/usr/bin\n/usr/bin/curl\n");
        put(m, "upper/tmp/x", "brought along");
        snprintf(full, sizeof(full), "%s/1/usr/bin/gone", m->path);
        m->has_whiteout = mknod(full, S_IFCHR | 0600, makedev(0, 0)) == 0;
        for (int i = 0; i < 2; i++) {
                snprintf(m->room[i], sizeof(m->room[i]), "%s/%d", m->path, i);
                m->layers[i] = m->room[i];
                m->upper_first[1 - i] = str_from(m->room[i]);
        }
        snprintf(m->upper_room, sizeof(m->upper_room), "%s/upper", m->path);
        m->mount = (struct syscall_mount){ .destination = STR_LIT("/data/") };
        m->container = (struct container){
                .cgroup_id = 7, .layers = m->upper_first, .n_layers = 2, .upper = str_from(m->upper_room), .knows_device = true,
                .device = { 0, 55 }, .facts = { .mounts = &m->mount, .n_mounts = 1, .knows_mounts = true },
        };
}

static struct image_view *view_of(const struct made *m, bool whole)
{
        const struct source_directories directories = { .paths = m->layers, .n = 2, .kind = "container", .reference = "it" };
        struct image_view *view = NULL;
        struct error err = ERROR_INIT;
        int index = file_unnamed(NULL, &err), owners = file_unnamed(NULL, &err);
        bool was_whole = false;

        assert_true(index >= 0 && owners >= 0);
        if (image_scan_directories(&directories, index, owners, &was_whole, &err) < 0)
                fail_msg("%s", err.message);
        assert_true(was_whole);
        assert_int_equal(image_view_open(index, owners, whole, &view, &err), 0);
        return view;
}

/* ---- views ---- */

static void test_a_view_knows_layer_and_package(void **state)
{
        _cleanup_(made_done) struct made m;
        _cleanup_(image_view_freep) struct image_view *view = NULL;
        struct image_file found;

        make(&m);
        view = view_of(&m, true);
        assert_int_equal(image_view_find(view, STR_LIT("/usr/bin/curl"), &found), 1);
        assert_int_equal(found.entry.layer, 1);
        assert_true(str_equals(found.package, PURL) || str_starts(found.package, PURL "&"));
        assert_int_equal(image_view_find(view, STR_LIT("/usr/bin/sh"), &found), 1);
        assert_int_equal(found.entry.layer, 0);
        assert_int_equal(found.package.n, 0);
        assert_int_equal(image_view_find(view, STR_LIT("/usr/bin/none"), &found), 0);
}

static void test_marks_are_kept_to(void **state)
{
        struct made m;
        struct source_directories directories = { .paths = m.layers, .n = 2, .kind = "container", .reference = "it",
                                                  .marks = LAYER_MARKS_TRUSTED };
        int index = file_unnamed(NULL, NULL), owners = file_unnamed(NULL, NULL);
        struct image_view *view = NULL;
        struct error err = ERROR_INIT;
        struct image_file found;
        bool whole;

        make(&m);
        if (!m.has_whiteout) {
                made_done(&m);
                skip(); /* devices take root */
        }
        assert_int_equal(image_scan_directories(&directories, index, owners, &whole, &err), 0);
        assert_int_equal(image_view_open(index, owners, whole, &view, &err), 0);
        assert_int_equal(image_view_find(view, STR_LIT("/usr/bin/gone"), &found), 0);
        assert_int_equal(image_view_find(view, STR_LIT("/usr/bin/sh"), &found), 1);
        image_view_free(view);
        made_done(&m);
}

static void test_owners(void **state)
{
        const struct str texts[] = { STR_LIT("one"), STR_LIT("two") };
        const uint32_t numbers[] = { 0, 2, 1, 2 };
        struct image_owners *owners = NULL;
        struct error err = ERROR_INIT;
        int fd = file_unnamed(NULL, &err), again;

        assert_int_equal(image_owners_write(numbers, 4, texts, 2, fd, &err), 0);
        again = dup(fd);
        assert_int_equal(image_owners_open(fd, &owners, &err), 0);
        assert_int_equal(image_owners_count(owners), 4);
        assert_int_equal(image_owners_get(owners, 0).n, 0);
        assert_true(str_equals(image_owners_get(owners, 1), "two"));
        assert_true(str_equals(image_owners_get(owners, 2), "one"));
        assert_int_equal(image_owners_get(owners, 4).n, 0);
        image_owners_free(owners);
        assert_int_equal(pwrite(again, "x", 1, 5), 1);
        assert_int_equal(image_owners_open(again, &owners, &err), -EBADMSG);
}

static void test_files_that_do_not_belong_together(void **state)
{
        _cleanup_(made_done) struct made m;
        const struct source_directories directories = { .paths = m.layers, .n = 2, .kind = "container", .reference = "it" };
        int index = file_unnamed(NULL, NULL), owners = file_unnamed(NULL, NULL), other = file_unnamed(NULL, NULL);
        const uint32_t one = 0;
        struct image_view *view = NULL;
        struct error err = ERROR_INIT;
        bool whole;

        make(&m);
        assert_int_equal(image_scan_directories(&directories, index, owners, &whole, &err), 0);
        assert_int_equal(image_owners_write(&one, 1, NULL, 0, other, &err), 0);
        close(owners);
        assert_int_equal(image_view_open(index, other, true, &view, &err), -EBADMSG);
}

/* ---- programs ---- */

static struct sensor_file file_of(const struct made *m, const char *path, uint32_t marks)
{
        struct sensor_file file = { .dev = 55, .nlink = 1, .mode = S_IFREG | 0755, .marks = SENSOR_FILE_OVERLAY | marks };
        char full[256];
        struct stat st;

        snprintf(full, sizeof(full), "%s/upper%s", m->path, path);
        if (stat(full, &st) == 0) {
                file.ctime = st.st_ctim.tv_sec * SECOND + st.st_ctim.tv_nsec;
                file.mtime = st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec;
        }
        return file;
}

static const struct container_access access_here;

static int64_t executed_after = PROVENANCE_TICK; /* the last change of the file */
static struct decoder_program said;
static char said_layer[12];
static bool said_done;

static const char *judge_file(const struct made *m, const struct image_view *view, const char *path, const struct sensor_file *file)
{
        const struct program_request request = { .view = view, .container = &m->container, .path = str_from(path), .file = file,
                                                 .access = &access_here, .hash_max = 100, .executed = file->ctime + executed_after };
        static char state[16];
        uint64_t hashed;

        said_done = program_judge(&request, &said, said_layer, &hashed);
        snprintf(state, sizeof(state), "%.*s", STR_ARG(said.state));
        return state;
}

static const char *judge(const struct made *m, const struct image_view *view, const char *path, uint32_t marks)
{
        const struct sensor_file file = file_of(m, path, marks);

        return judge_file(m, view, path, &file);
}

static void test_states(void **state)
{
        _cleanup_(made_done) struct made m;
        _cleanup_(image_view_freep) struct image_view *view = NULL;

        make(&m);
        view = view_of(&m, true);
        assert_string_equal(judge(&m, view, "/usr/bin/curl", 0), "unmodified");
        assert_true(str_starts(said.package, PURL) && str_equals(said.layer, "1") && str_equals(said.path, "/usr/bin/curl"));
        assert_string_equal(judge(&m, view, "/tmp/x", SENSOR_FILE_UPPER), "new");
        assert_true(said.path.n == 0 && said.layer.n == 0 && said.package.n == 0);
        put(&m, "upper/usr/bin/curl", "seven bytes");
        assert_string_equal(judge(&m, view, "/usr/bin/curl", SENSOR_FILE_UPPER), "metadata");
        assert_true(str_starts(said.package, PURL));
        put(&m, "upper/usr/bin/curl", "SEVEN bytes");
        assert_string_equal(judge(&m, view, "/usr/bin/curl", SENSOR_FILE_UPPER), "modified");
        put(&m, "upper/usr/bin/curl", "more than seven bytes");
        assert_string_equal(judge(&m, view, "/usr/bin/curl", SENSOR_FILE_UPPER), "modified");
        assert_string_equal(judge(&m, view, "memfd:x", SENSOR_FILE_MEMFD), "memfd");
        assert_string_equal(judge(&m, view, "/tmp/x", SENSOR_FILE_UPPER | SENSOR_FILE_UNLINKED), "deleted");
        assert_string_equal(judge(&m, view, "/tmp/x (deleted)", SENSOR_FILE_UPPER), "deleted");
        assert_true(said_done);
}

/* Another device than that of the container's root. */
static void test_what_is_not_of_the_root(void **state)
{
        _cleanup_(made_done) struct made m;
        struct sensor_file file = { .dev = 8 << 20 | 1, .nlink = 1, .mode = S_IFREG | 0755 };

        make(&m);
        assert_string_equal(judge_file(&m, NULL, "/data/tool", &file), "volume");
        assert_string_equal(judge_file(&m, NULL, "/dev/shm/tool", &file), "volume");
        assert_string_equal(judge_file(&m, NULL, "/database/tool", &file), "");
        assert_string_equal(judge_file(&m, NULL, "/usr/bin/runc", &file), "");
        file.marks = SENSOR_FILE_OVERLAY | SENSOR_FILE_UPPER;
        assert_string_equal(judge_file(&m, NULL, "/usr/bin/curl", &file), "");
        assert_true(said_done);
}

static void test_what_can_not_be_told(void **state)
{
        _cleanup_(made_done) struct made m;
        _cleanup_(image_view_freep) struct image_view *view = NULL, *part = NULL;
        struct sensor_file file;
        char big[128], full[256];

        make(&m);
        view = view_of(&m, true);
        part = view_of(&m, false);
        assert_string_equal(judge(&m, NULL, "/usr/bin/curl", 0), ""); /* not scanned yet */
        assert_false(said_done);
        assert_string_equal(judge(&m, part, "/tmp/x", SENSOR_FILE_UPPER), ""); /* it may be in what could not be read */
        assert_true(said_done);
        assert_string_equal(judge(&m, view, "/tmp/y", 0), "");

        put(&m, "upper/usr/bin/curl", "seven bytes"); /* put in its place after it was executed */
        file = file_of(&m, "/usr/bin/curl", SENSOR_FILE_UPPER);
        file.ctime--;
        assert_string_equal(judge_file(&m, view, "/usr/bin/curl", &file), "");
        assert_true(str_starts(said.package, PURL));

        executed_after = PROVENANCE_TICK - 1; /* in which the clock may not have moved */
        assert_string_equal(judge(&m, view, "/usr/bin/curl", SENSOR_FILE_UPPER), "");
        executed_after = PROVENANCE_TICK;
        assert_string_equal(judge(&m, view, "/usr/bin/curl", SENSOR_FILE_UPPER), "metadata");

        snprintf(full, sizeof(full), "%s/upper/usr/bin/curl", m.path); /* it leads elsewhere */
        assert_int_equal(unlink(full), 0);
        assert_int_equal(symlink("../../../1/usr/bin/curl", full), 0);
        assert_string_equal(judge(&m, view, "/usr/bin/curl", SENSOR_FILE_UPPER), "");

        memset(big, 'x', sizeof(big) - 1); /* more than is hashed */
        big[sizeof(big) - 1] = 0;
        put(&m, "1/usr/bin/big", big);
        put(&m, "upper/usr/bin/big", big);
        image_view_free(part);
        part = view_of(&m, true);
        assert_string_equal(judge(&m, part, "/usr/bin/big", SENSOR_FILE_UPPER), "");
        assert_true(said_done && str_equals(said.path, "/usr/bin/big"));
}

static void test_a_directory_in_place_of_a_file(void **state)
{
        _cleanup_(made_done) struct made m;
        _cleanup_(image_view_freep) struct image_view *view = NULL;

        make(&m);
        put(&m, "1/usr/bin/dir/file", "x");
        view = view_of(&m, true);
        put(&m, "upper/usr/bin/dir", "a program now");
        assert_string_equal(judge(&m, view, "/usr/bin/dir", SENSOR_FILE_UPPER), "modified");
}

/* ---- the scanner ---- */

static int await_scan(struct image_scanner *scanner, struct image_scan *ret)
{
        struct error err = ERROR_INIT;
        int r = 0;

        for (int i = 0; r == 0 && i < 2000; i++) {
                r = image_scanner_take(scanner, ret, &err);
                usleep(5000);
        }
        return r;
}

static struct cache_key key_of(const char *text)
{
        const struct str part = str_from(text);

        return cache_key_of(&part, 1);
}

/* A process that was taken over can not have it read what it likes. */
static void test_only_what_is_mounted_is_read(void **state)
{
        _cleanup_(image_scanner_freep) struct image_scanner *scanner = NULL;
        _cleanup_(made_done) struct made m;
        const struct source_directories directories = { .paths = m.layers, .n = 2 };
        const struct cache_key key = key_of("not mounted");
        struct error err = ERROR_INIT;
        struct image_scan scan;

        make(&m);
        assert_int_equal(image_scanner_start(&scanner, &err), 0);
        assert_int_equal(image_scanner_find(scanner, &key, &scan, &err), 0);
        assert_int_equal(image_scanner_ask(scanner, &key, &directories, getpid(), &err), 0);
        assert_int_equal(image_scanner_ask(scanner, &key, &directories, getpid(), &err), -EBUSY);
        assert_int_equal(await_scan(scanner, &scan), 1);
        assert_int_equal(scan.code, -ENOENT);
        assert_string_equal(scan.key.text, key.text);
        assert_int_equal(image_scanner_find(scanner, &key, &scan, &err), 0);
}

static void test_an_overlay_is_scanned_and_remembered(void **state)
{
        struct image_scanner *scanner = NULL;
        struct made m;
        const struct source_directories directories = { .paths = m.layers, .n = 2, .marks = LAYER_MARKS_TRUSTED };
        const struct cache_key key = key_of("mounted");
        char options[300], view_path[80], data[80];
        struct error err = ERROR_INIT;
        struct image_view *view = NULL;
        struct image_file found;
        struct image_scan scan;

        make(&m);
        snprintf(view_path, sizeof(view_path), "%s/view", m.path);
        snprintf(options, sizeof(options), "lowerdir=%s:%s", m.layers[1], m.layers[0]);
        assert_int_equal(mkdir(view_path, 0755), 0);
        if (mount("overlay", view_path, "overlay", MS_RDONLY, options) < 0) {
                made_done(&m);
                skip(); /* it takes root */
        }
        snprintf(data, sizeof(data), "%s/data", m.path);
        assert_int_equal(setenv("XDG_DATA_HOME", data, 1), 0);
        assert_int_equal(image_scanner_start(&scanner, &err), 0);
        assert_int_equal(image_scanner_ask(scanner, &key, &directories, 0, &err), 0);
        assert_int_equal(await_scan(scanner, &scan), 1);
        if (scan.code < 0)
                fail_msg("%s", scan.message);
        assert_true(scan.whole);
        close(scan.index);
        close(scan.owners);
        assert_int_equal(image_scanner_find(scanner, &key, &scan, &err), 1);
        assert_int_equal(image_view_open(scan.index, scan.owners, scan.whole, &view, &err), 0);
        assert_int_equal(image_view_find(view, STR_LIT("/usr/bin/curl"), &found), 1);
        assert_true(str_starts(found.package, PURL));
        image_view_free(view);
        image_scanner_free(scanner);
        assert_int_equal(umount(view_path), 0);
        made_done(&m);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_view_knows_layer_and_package),
                cmocka_unit_test(test_marks_are_kept_to),
                cmocka_unit_test(test_owners),
                cmocka_unit_test(test_files_that_do_not_belong_together),
                cmocka_unit_test(test_states),
                cmocka_unit_test(test_what_is_not_of_the_root),
                cmocka_unit_test(test_what_can_not_be_told),
                cmocka_unit_test(test_a_directory_in_place_of_a_file),
                cmocka_unit_test(test_only_what_is_mounted_is_read),
                cmocka_unit_test(test_an_overlay_is_scanned_and_remembered),
        };
        struct error err = ERROR_INIT;

        if (scan_init(&err) < 0 || interrupt_init(&err) < 0) {
                fprintf(stderr, "%s\n", err.message);
                return 1;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
