/* SPDX-License-Identifier: Apache-2.0 */
/* Root directories, made here for real, read through the real worker. Some need root, and say so where they are not. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hijack.h"
#include "base/interrupt.h"
#include "oci/layer.h"
#include "oci/layer_file.h"

static const struct scan_limits usual = SCAN_LIMITS_DEFAULT;
static volatile bool *crash; /* shared with the workers */

/* ---- a tree ---- */

struct tree {
        char path[64];
        int fd;
};

static void tree_make(struct tree *t)
{
        snprintf(t->path, sizeof(t->path), "/var/tmp/tallyman-tree-XXXXXX");
        assert_non_null(mkdtemp(t->path));
        assert_int_equal(chmod(t->path, 0755), 0);
        t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(t->fd >= 0);
}

static void tree_done(struct tree *t)
{
        char command[128];

        close(t->fd);
        snprintf(command, sizeof(command), "rm -rf --one-file-system '%s'", t->path);
        assert_int_equal(system(command), 0);
}

/* Leaves the test; what this user may not do can not be tested. */
static void skip_tree(struct tree *t)
{
        tree_done(t);
        skip();
}

static void put_bytes(const struct tree *t, const char *name, const void *data, size_t n)
{
        _cleanup_close_ int fd = openat(t->fd, name, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
        struct error err = ERROR_INIT;

        assert_true(fd >= 0);
        assert_int_equal(file_write(fd, data, n, &err), 0);
}

static void put(const struct tree *t, const char *name, const char *text)
{
        put_bytes(t, name, text, strlen(text));
}

static void put_big(const struct tree *t, const char *name, size_t n)
{
        _cleanup_free_ char *data = malloc(n);

        for (size_t i = 0; i < n; i++)
                data[i] = (char)(i * 7 + i / 1000);
        put_bytes(t, name, data, n);
}

static void make_dir(const struct tree *t, const char *name)
{
        assert_int_equal(mkdirat(t->fd, name, 0755), 0);
}

/* ---- a detector that says how many bytes it got and what they sum up to ---- */

static int read_sum(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct package package = { .name = file->entry->path, .type = STR_LIT("sum") };
        uint8_t bytes[4096];
        uint64_t sum = 0;
        char text[64];

        for (uint64_t at = 0; at < file->content->size;) {
                size_t n = (size_t)MIN_OF(file->content->size - at, (uint64_t)sizeof(bytes));
                int r = content_read(file->content, at, bytes, n, err);

                if (r < 0)
                        return r;
                for (size_t i = 0; i < n; i++)
                        sum = sum * 31 + bytes[i];
                at += n;
        }
        snprintf(text, sizeof(text), "%llu:%llx", (unsigned long long)file->content->size, (unsigned long long)sum);
        package.version = str_from(text);
        return record_package(sink, &package, err);
}

static const struct pattern sum_patterns[] = { { PATTERN_SUFFIX, ".wanted", NULL } };
static const struct detector sum_detector = {
        .name = "sum", .version = 1, .patterns = sum_patterns, .n_patterns = 1, .max_size = 1u << 30, .read = read_sum,
};

static void expected_sum(const struct tree *t, const char *name, char ret[static 64])
{
        _cleanup_close_ int fd = openat(t->fd, name, O_RDONLY | O_CLOEXEC);
        _cleanup_(buf_free) struct buf data = { 0 };
        struct error err = ERROR_INIT;
        uint64_t sum = 0;

        assert_int_equal(file_slurp(fd, 1u << 30, &data, &err), 0);
        for (size_t i = 0; i < data.len; i++)
                sum = sum * 31 + (uint8_t)data.data[i];
        snprintf(ret, 64, "%zu:%llx", data.len, (unsigned long long)sum);
}

/* ---- reading it ---- */

struct outcome {
        struct layer_result result;
        struct worker_end end;
        struct layer_file *file;
        struct problem_list problems;
        struct arena *arena;
        int code;
        struct error err;
};

static void outcome_done(struct outcome *o)
{
        layer_file_free(o->file);
        problem_list_done(&o->problems);
        arena_free(o->arena);
}

static void (*on_progress)(uint64_t bytes);

static void try_tree(const struct tree *t, const struct scan_limits *limits, struct outcome *ret)
{
        struct error err = ERROR_INIT;
        _cleanup_close_ int scratch = file_unnamed(NULL, &err);
        int output = file_unnamed(NULL, &err);
        struct layer_request request = { .root = t->fd, .limits = limits, .output = output, .scratch = scratch,
                                         .progress = on_progress };

        memset(ret, 0, sizeof(*ret));
        ret->arena = arena_new();
        ret->code = layer_read(&request, &ret->result, &ret->end, &ret->err);
        if (ret->code < 0) {
                close(output);
                return;
        }
        if (layer_file_open(output, &ret->file, &err) < 0)
                fail_msg("%s", err.message);
        assert_int_equal(layer_file_problems(ret->file, "layer 0", &ret->problems, &err), 0);
        assert_string_equal(ret->end.refused, "");
}

static void read_tree(const struct tree *t, const struct scan_limits *limits, struct outcome *ret)
{
        try_tree(t, limits, ret);
        if (ret->code < 0)
                fail_msg("%s", ret->err.message);
}

static bool find(struct outcome *o, const char *path, struct file_entry *ret)
{
        struct error err = ERROR_INIT;
        struct file_entry e;

        for (size_t run = 0; run < layer_file_runs(o->file); run++) {
                struct layer_cursor cursor;
                int r;

                layer_cursor_init(&cursor, o->file, run);
                while ((r = layer_cursor_next(&cursor, &e, &err)) > 0)
                        if (str_equals(e.path, path)) {
                                *ret = e;
                                return true;
                        }
                assert_int_equal(r, 0);
        }
        return false;
}

static struct file_entry expect(struct outcome *o, const char *path, enum file_type type)
{
        struct file_entry e = { 0 };

        if (!find(o, path, &e))
                fail_msg("'%s' is not there", path);
        if (e.type != type)
                fail_msg("'%s' is a %s", path, file_type_name(e.type));
        return e;
}

static void expect_digest(struct outcome *o, const char *path, const void *data, size_t n)
{
        struct file_entry e = expect(o, path, FILE_REGULAR);
        uint8_t sha[SHA256_SIZE];

        hash_sha256(data, n, sha);
        assert_true(e.has_sha256);
        assert_int_equal(e.size, n);
        assert_memory_equal(e.sha256, sha, sizeof(sha));
}

static size_t count_problems(const struct outcome *o, enum problem_kind kind, const char *where, const char *words)
{
        size_t n = 0;

        for (size_t i = 0; i < o->problems.n; i++)
                n += o->problems.items[i].kind == kind && strstr(o->problems.items[i].what, words) &&
                     (!where || strncmp(o->problems.items[i].where, where, strlen(where)) == 0);
        return n;
}

static int keep_record(void *ctx, const struct layer_record *record, struct error *err)
{
        struct wire_reader r = wire_reader(record->payload.p, record->payload.n);
        struct str *wanted = ctx; /* path in, version out */
        struct package package;
        struct arena *arena = arena_new();
        int code = package_decode(&r, arena, &package);

        arena_free(arena);
        if (code < 0 || !str_equal(record->path, wanted[0]))
                return code;
        wanted[1] = package.version;
        return 1;
}

static void expect_record(struct outcome *o, const struct tree *t, const char *path)
{
        struct str wanted[2] = { str_from(path), STR_NULL };
        struct error err = ERROR_INIT;
        char sum[64];

        expected_sum(t, path, sum);
        assert_int_equal(layer_file_records(o->file, keep_record, wanted, &err), 1);
        if (!str_equals(wanted[1], sum))
                fail_msg("%s: got %.*s, expected %s", path, STR_ARG(wanted[1]), sum);
}

/* ---- tests ---- */

static void test_all_kinds_of_files(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        struct timespec times[2] = { { 1000000000, 0 }, { 1234567890, 999999999 } };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct file_entry e;

        tree_make(&t);
        make_dir(&t, "bin");
        put(&t, "bin/su", "#!");
        assert_int_equal(fchmodat(t.fd, "bin/su", 04755, 0), 0);
        assert_int_equal(utimensat(t.fd, "bin/su", times, 0), 0);
        put(&t, "empty", "");
        assert_int_equal(mkfifoat(t.fd, "fifo", 0600), 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", t.path);
        assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(symlinkat("../../etc", t.fd, "link"), 0);
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 0);
        assert_false(digest_is_set(&o.result.digest) || digest_is_set(&o.result.diff_id));
        e = expect(&o, "", FILE_DIRECTORY);
        assert_int_equal(e.mode, 0755);
        expect(&o, "bin", FILE_DIRECTORY);
        expect_digest(&o, "bin/su", "#!", 2);
        e = expect(&o, "bin/su", FILE_REGULAR);
        assert_int_equal(e.mode, 04755);
        assert_int_equal(e.uid, geteuid());
        assert_int_equal(e.mtime, 1234567890);
        expect_digest(&o, "empty", "", 0);
        expect(&o, "fifo", FILE_FIFO);
        expect(&o, "sock", FILE_SOCKET);
        e = expect(&o, "link", FILE_SYMLINK);
        assert_true(str_equals(e.target, "../../etc"));
        assert_int_equal(layer_file_entries(o.file), 7);
}

static void test_devices_are_not_marks(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        struct file_entry e;

        tree_make(&t);
        if (mknodat(t.fd, "white", S_IFCHR | 0600, makedev(0, 0)) < 0 ||
            mknodat(t.fd, "disk", S_IFBLK | 0660, makedev(8, 1)) < 0)
                skip_tree(&t);
        assert_int_equal(fchmodat(t.fd, "disk", 0660, 0), 0);
        read_tree(&t, &usual, &o);
        expect(&o, "white", FILE_CHARACTER);
        e = expect(&o, "disk", FILE_BLOCK);
        assert_true(e.device_major == 8 && e.device_minor == 1 && e.mode == 0660);
}

static void test_links_lead_nowhere(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        char around[80];

        tree_make(&t);
        snprintf(around, sizeof(around), "%s/d", t.path);
        make_dir(&t, "d");
        put(&t, "d/f", "x");
        assert_int_equal(symlinkat("a", t.fd, "b"), 0);
        assert_int_equal(symlinkat("b", t.fd, "a"), 0);
        assert_int_equal(symlinkat(".", t.fd, "self"), 0);
        assert_int_equal(symlinkat("/", t.fd, "root"), 0);
        assert_int_equal(symlinkat("../../..", t.fd, "d/up"), 0);
        assert_int_equal(symlinkat("/proc/self/root/etc/passwd", t.fd, "magic.wanted"), 0);
        assert_int_equal(symlinkat(around, t.fd, "d/again"), 0);
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 0);
        assert_int_equal(layer_file_entries(o.file), 10);
        expect(&o, "magic.wanted", FILE_SYMLINK);
}

static void test_odd_names(void **state)
{
        static const char *const names[] = { "new\nline", "\xff\xfe invalid", "\x1b[2J", " ", "-rf", ".wh.gone",
                                             ".wh..wh..opq", "...", "back\\slash" };
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;

        tree_make(&t);
        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                put(&t, names[i], names[i]);
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 0);
        assert_int_equal(layer_file_entries(o.file), ELEMENTS_OF(names) + 1);
        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                expect_digest(&o, names[i], names[i], strlen(names[i]));
}

static uint64_t told;

static void count_bytes(uint64_t bytes)
{
        told += bytes;
}

static void test_hard_links_are_read_once(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        struct file_entry a, b;

        tree_make(&t);
        put_big(&t, "a", 3000000);
        assert_int_equal(linkat(t.fd, "a", t.fd, "b", 0), 0);
        assert_int_equal(linkat(t.fd, "a", t.fd, "c.wanted", 0), 0);
        told = 0;
        on_progress = count_bytes;
        read_tree(&t, &usual, &o);
        on_progress = NULL;
        a = expect(&o, "a", FILE_REGULAR);
        b = expect(&o, "b", FILE_REGULAR);
        assert_true(a.has_sha256 && b.has_sha256 && a.size == b.size);
        assert_memory_equal(a.sha256, b.sha256, SHA256_SIZE);
        expect_record(&o, &t, "c.wanted");
        assert_true(told == 3000000 || told == 6000000); /* what a detector wants is always read */
}

static void test_detectors_get_what_they_want(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        char name[32];

        tree_make(&t);
        put(&t, "empty.wanted", "");
        put(&t, "small.wanted", "few bytes");
        put_big(&t, "edge.wanted", 128 << 10);
        put_big(&t, "over.wanted", (128 << 10) + 1);
        put_big(&t, "not", 1000);
        for (int i = 0; i < 40; i++) { /* more than fit between the processes at once */
                snprintf(name, sizeof(name), "%d.wanted", i);
                put_big(&t, name, (size_t)(i * 10000));
        }
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 0);
        expect_record(&o, &t, "empty.wanted");
        expect_record(&o, &t, "small.wanted");
        expect_record(&o, &t, "edge.wanted");
        expect_record(&o, &t, "over.wanted");
        for (int i = 0; i < 40; i++) {
                snprintf(name, sizeof(name), "%d.wanted", i);
                expect_record(&o, &t, name);
        }
}

static void test_sparse_files(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        _cleanup_free_ char *zeros = calloc(1, 5000000);
        struct scan_limits small = usual;

        tree_make(&t);
        put(&t, "holes", "");
        assert_int_equal(truncate((snprintf(zeros, 128, "%s/holes", t.path), zeros), 5000000), 0);
        memset(zeros, 0, 128);
        put(&t, "other", "y");
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 0);
        expect_digest(&o, "holes", zeros, 5000000);
        outcome_done(&o);
        small.layer_bytes = 1000000;
        read_tree(&t, &small, &o);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, "/holes", "layer-bytes=N"), 1);
        assert_false(expect(&o, "holes", FILE_REGULAR).has_sha256);
        expect_digest(&o, "other", "y", 1);
}

static struct tree *changing;

static void shrink(uint64_t bytes)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/f", changing->path);
        assert_int_equal(truncate(path, 1500000), 0);
}

static void grow(uint64_t bytes)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/f", changing->path);
        assert_int_equal(truncate(path, 5000000), 0);
}

static void test_files_that_change(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        _cleanup_free_ char *zeros = calloc(1, 3000000);

        tree_make(&t);
        changing = &t;
        put_bytes(&t, "f", zeros, 3000000);
        on_progress = grow;
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 0);
        expect_digest(&o, "f", zeros, 3000000);
        outcome_done(&o);
        put_bytes(&t, "f", zeros, 3000000);
        on_progress = shrink;
        read_tree(&t, &usual, &o);
        on_progress = NULL;
        assert_int_equal(count_problems(&o, PROBLEM_NOTE, "/f", "shrank from 3000000 to 1500000"), 1);
        expect_digest(&o, "f", zeros, 1500000);
}

static void vanish(uint64_t bytes)
{
        unlinkat(changing->fd, "d/x", 0);
        unlinkat(changing->fd, "d/y", 0);
        unlinkat(changing->fd, "d/z", AT_REMOVEDIR);
}

/* Names are read ahead, so what is removed while the first file is read is gone when its turn comes. */
static void test_files_that_vanish(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;

        tree_make(&t);
        changing = &t;
        make_dir(&t, "d");
        put_big(&t, "d/big1", 3000000);
        put(&t, "d/x", "x");
        put(&t, "d/y", "y");
        make_dir(&t, "d/z");
        on_progress = vanish;
        read_tree(&t, &usual, &o);
        on_progress = NULL;
        for (size_t i = 0; i < o.problems.n; i++)
                assert_non_null(strstr(o.problems.items[i].what, "went away before it was read"));
        assert_true(expect(&o, "d/big1", FILE_REGULAR).has_sha256);
        assert_int_equal(layer_file_entries(o.file) + o.problems.n, 6);
}

static void test_unreadable_files_are_gaps(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        bool root = geteuid() == 0;

        tree_make(&t);
        put(&t, "secret", "s");
        put(&t, "open", "o");
        make_dir(&t, "closed");
        put(&t, "closed/f", "f");
        assert_int_equal(fchmodat(t.fd, "secret", 0, 0), 0);
        assert_int_equal(fchmodat(t.fd, "closed", 0, 0), 0);
        if (root) /* as somebody else the walk may not read what is root's */
                setfsuid(65534);
        read_tree(&t, &usual, &o);
        if (root)
                setfsuid(0);
        assert_int_equal(fchmodat(t.fd, "closed", 0700, 0), 0);
        assert_int_equal(o.problems.n, 2);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, "/secret", "Permission denied"), 1);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, "/closed", "Permission denied"), 1);
        assert_false(problem_list_complete(&o.problems));
        assert_false(expect(&o, "secret", FILE_REGULAR).has_sha256);
        assert_int_equal(expect(&o, "secret", FILE_REGULAR).size, 1);
        expect(&o, "closed", FILE_DIRECTORY);
        expect_digest(&o, "open", "o", 1);
}

static void make_deep(const struct tree *t, size_t depth, const char *name)
{
        int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);

        for (size_t i = 0; i < depth; i++) {
                int next;

                assert_int_equal(mkdirat(fd, name, 0755), 0);
                next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                close(fd);
                fd = next;
        }
        close(fd);
}

static void test_ten_thousand_deep(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        struct rlimit before, few;
        struct scan_limits flat = usual;

        tree_make(&t);
        make_deep(&t, 10000, "d");
        put(&t, "zz", "after");
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        few = before;
        few.rlim_cur = 100;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 1);
        if (before.rlim_max > 5000) {
                assert_int_equal(count_problems(&o, PROBLEM_GAP, "/d/d/", "depth=N"), 1);
                assert_int_equal(layer_file_entries(o.file), 1 + 4096 + 1);
        }
        expect_digest(&o, "zz", "after", 5);
        outcome_done(&o);
        flat.depth = 2;
        read_tree(&t, &flat, &o);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, "/d/d in ", "deeper than 2 directories"), 1);
        assert_int_equal(layer_file_entries(o.file), 4);
        setrlimit(RLIMIT_NOFILE, &before);
}

/* A hard limit can not always be raised again, so a child of this process lowers it. */
static bool is_told_with_few_files(const struct tree *t)
{
        _cleanup_(outcome_done) struct outcome o;
        struct rlimit few = { 60, 60 };
        struct file_entry e;

        if (setrlimit(RLIMIT_NOFILE, &few) < 0)
                return false;
        read_tree(t, &usual, &o);
        return o.problems.n == 1 && count_problems(&o, PROBLEM_GAP, "/d/d/", "too deep") == 1 && find(&o, "zz", &e) &&
               e.has_sha256;
}

static void test_too_deep_for_open_files(void **state)
{
        _cleanup_(tree_done) struct tree t;
        int status;
        pid_t pid;

        tree_make(&t);
        make_deep(&t, 200, "d");
        put(&t, "zz", "after");
        pid = fork();
        if (pid == 0)
                _exit(is_told_with_few_files(&t) ? 0 : 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_paths_too_long(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        char name[256];

        tree_make(&t);
        memset(name, 'n', 255);
        name[255] = 0;
        make_deep(&t, 300, name);
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 1);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, "/nnn", "more than 65535 bytes"), 1);
        assert_int_equal(layer_file_entries(o.file), 1 + 256);
}

static void test_files_limit(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        struct scan_limits few = usual;
        char name[16];

        tree_make(&t);
        make_dir(&t, "d");
        for (int i = 0; i < 20; i++) {
                snprintf(name, sizeof(name), "d/%d", i);
                put(&t, name, "x");
        }
        few.files = 10;
        read_tree(&t, &few, &o);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, "layer 0", "files=N"), 1);
        assert_int_equal(layer_file_entries(o.file), 10);
}

static void test_capabilities(void **state)
{
        static const uint8_t net_raw[20] = { 1, 0, 0, 2, 0, 0x20 }; /* version 2, effective; CAP_NET_RAW */
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        char path[128];
        struct file_entry e;

        tree_make(&t);
        put(&t, "ping", "p");
        snprintf(path, sizeof(path), "%s/ping", t.path);
        if (setxattr(path, "security.capability", net_raw, sizeof(net_raw), 0) < 0)
                skip_tree(&t);
        read_tree(&t, &usual, &o);
        e = expect(&o, "ping", FILE_REGULAR);
        assert_int_equal(e.capability.n, sizeof(net_raw));
        assert_memory_equal(e.capability.p, net_raw, sizeof(net_raw));
}

static bool mount_in(const struct tree *t, const char *what, const char *where, const char *type, unsigned long flags)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", t->path, where);
        return mount(what, path, type, flags, NULL) == 0;
}

static void test_pseudo_file_systems_are_not_entered(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        char path[128];

        tree_make(&t);
        make_dir(&t, "proc");
        make_dir(&t, "tmp");
        put(&t, "version", "");
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            !mount_in(&t, "/proc", "proc", NULL, MS_BIND) || !mount_in(&t, "tmpfs", "tmp", "tmpfs", 0))
                skip_tree(&t);
        assert_true(mount_in(&t, "/proc/version", "version", NULL, MS_BIND));
        close(t.fd); /* it still looks at the mounts of before */
        t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        put(&t, "tmp/f", "f");
        read_tree(&t, &usual, &o);
        assert_int_equal(o.problems.n, 2);
        assert_int_equal(count_problems(&o, PROBLEM_NOTE, "/proc", "a proc file system"), 1);
        assert_int_equal(count_problems(&o, PROBLEM_NOTE, "/version", "a proc file system"), 1);
        assert_true(problem_list_complete(&o.problems));
        expect(&o, "proc", FILE_DIRECTORY);
        expect_digest(&o, "tmp/f", "f", 1);
        assert_false(expect(&o, "version", FILE_REGULAR).has_sha256);
        assert_int_equal(layer_file_entries(o.file), 5);
        for (size_t i = 0; i < 3; i++) {
                snprintf(path, sizeof(path), "%s/%s", t.path, (const char *const[]){ "proc", "tmp", "version" }[i]);
                assert_int_equal(umount2(path, MNT_DETACH), 0);
        }
}

static void test_a_pseudo_root_is_a_gap(void **state)
{
        struct tree t = { .fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
        _cleanup_(outcome_done) struct outcome o;

        read_tree(&t, &usual, &o);
        close(t.fd);
        assert_int_equal(count_problems(&o, PROBLEM_GAP, NULL, "a proc file system"), 1);
        assert_int_equal(layer_file_entries(o.file), 1);
}

static void crash_if_told(const char *parser)
{
        if (*crash && strcmp(parser, "tree") == 0)
                __builtin_trap();
}

/* The walk stops once nobody listens, and how the worker ended is what is told. */
static void test_a_worker_that_dies(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        char name[300];

        tree_make(&t);
        for (int i = 0; i < 9000; i++) { /* well over what the kernel holds for a worker */
                memset(name, 'n', 250);
                snprintf(name + 200, sizeof(name) - 200, "%d", i);
                put(&t, name, "");
        }
        *crash = true;
        try_tree(&t, &usual, &o);
        *crash = false;
        assert_int_equal(o.code, -EPROTO);
        assert_non_null(strstr(o.err.message, "layer-tree"));
        assert_true(o.end.code < 0);
}

static void interrupt(uint64_t bytes)
{
        raise(SIGTERM);
        on_progress = NULL;
}

/* Last: the interrupt stays pending. */
static void test_an_interrupt_ends_the_walk(void **state)
{
        _cleanup_(tree_done) struct tree t;
        _cleanup_(outcome_done) struct outcome o;
        struct error err = ERROR_INIT;

        assert_int_equal(interrupt_init(&err), 0);
        tree_make(&t);
        put_big(&t, "f", 3000000);
        on_progress = interrupt;
        try_tree(&t, &usual, &o);
        assert_int_equal(o.code, -ECANCELED);
}

int main(void)
{
        static struct worker_job jobs[1];
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_kinds_of_files),
                cmocka_unit_test(test_devices_are_not_marks),
                cmocka_unit_test(test_links_lead_nowhere),
                cmocka_unit_test(test_odd_names),
                cmocka_unit_test(test_hard_links_are_read_once),
                cmocka_unit_test(test_detectors_get_what_they_want),
                cmocka_unit_test(test_sparse_files),
                cmocka_unit_test(test_files_that_change),
                cmocka_unit_test(test_files_that_vanish),
                cmocka_unit_test(test_unreadable_files_are_gaps),
                cmocka_unit_test(test_ten_thousand_deep),
                cmocka_unit_test(test_too_deep_for_open_files),
                cmocka_unit_test(test_paths_too_long),
                cmocka_unit_test(test_files_limit),
                cmocka_unit_test(test_capabilities),
                cmocka_unit_test(test_pseudo_file_systems_are_not_entered),
                cmocka_unit_test(test_a_pseudo_root_is_a_gap),
                cmocka_unit_test(test_a_worker_that_dies),
                cmocka_unit_test(test_an_interrupt_ends_the_walk),
        };
        const struct detector *const detectors[] = { &sum_detector };
        struct detector_set *set = NULL;
        struct error err = ERROR_INIT;
        int r;

        jobs[0] = layer_tree_job;
        setlocale(LC_ALL, "C.UTF-8");
        signal(SIGPIPE, SIG_IGN);
        crash = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        hijack_hook = crash_if_told;
        if (crash == MAP_FAILED || detector_set_new(detectors, 1, &set, &err) < 0)
                return 1;
        layer_set_detectors(set);
        if (hash_init(&err) < 0 || worker_init(jobs, 1, &err) < 0)
                return 1;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        worker_shutdown();
        detector_set_free(set);
        return r;
}
