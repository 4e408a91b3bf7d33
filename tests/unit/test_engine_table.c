/* SPDX-License-Identifier: Apache-2.0 */
/* How containers come into the table, change, go, and what hostile ones can not do to it. */
#include "engine_tree.h"

#include <errno.h>
#include <fcntl.h>

#include "engine/limits.h"

/* ---- lives ---- */

/* The runtimes alone write what they know after the cgroup was made. */
static void test_young(void **state)
{
        const struct container *c;
        struct tree t;
        uint64_t id;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        assert_null(tree_add(&t, "/one"));
        id = tree_cgroup(&t, "/one");
        assert_int_equal(tree_kind(&t, id), CGROUP_NEW);
        tree_bundle(&t, "/srv/b1", "", "");
        tree_write(&t, "/run/crun/one/status", "{\"pid\":5,\"cgroup-path\":\"/one\",\"bundle\":\"/srv/b1\"}");
        t.now += SECOND;
        assert_int_equal(container_table_refresh(t.table, id), CONTAINER_KNOWN);
        assert_int_equal(container_table_find(t.table, id, &c), CGROUP_CONTAINER);
        assert_text(c->facts.id, "one");
        assert_false(c->seen_late);
        assert_int_equal(c->facts.start, 1000 * SECOND); /* when the cgroup was made */
        /* One that is none is settled with time. */
        assert_null(tree_add(&t, "/other"));
        id = tree_cgroup(&t, "/other");
        t.now += 60 * SECOND;
        container_table_tick(t.table);
        assert_int_equal(tree_kind(&t, id), CGROUP_HOST);
        tree_done(&t);
}

/* crun makes another cgroup below the scope, in which the program runs. */
static void test_young_nested(void **state)
{
        const struct container *c;
        struct tree t;
        uint64_t id, inner;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        assert_null(tree_add(&t, "/system.slice/crun-one.scope"));
        assert_null(tree_add(&t, "/system.slice/crun-one.scope/container"));
        id = tree_cgroup(&t, "/system.slice/crun-one.scope");
        inner = tree_cgroup(&t, "/system.slice/crun-one.scope/container");
        for (unsigned i = 0; i < 3; i++) /* what runs in the cgroup before is the runtime itself */
                container_table_refresh(t.table, inner);
        tree_bundle(&t, "/srv/b1", "system.slice:crun:one", "");
        tree_write(&t, "/run/crun/one/status",
                   "{\"pid\":5,\"bundle\":\"/srv/b1\","
                   "\"cgroup-path\":\"/system.slice/crun-one.scope/container\"}");
        assert_int_equal(container_table_refresh(t.table, inner), CONTAINER_KNOWN);
        assert_int_equal(container_table_find(t.table, inner, &c), CGROUP_CONTAINER);
        assert_int_equal(c->cgroup_id, id);
        assert_text(c->facts.id, "one");
        assert_int_equal(tree_kind(&t, id), CGROUP_CONTAINER);
        tree_done(&t);
}

/* Stopped and started: the same path, another cgroup, and nobody said that the former is gone. */
static void test_started_again(void **state)
{
        const struct container *c;
        struct tree t;
        uint64_t first, second;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        first = tree_add(&t, "/docker/" ID_A)->cgroup_id;
        tree_cgroup(&t, "/docker/holds-the-number"); /* so that it is not given out again */
        assert_int_equal(rename(strcat(strcpy((char[4096]){ 0 }, t.cgroups), "/docker/" ID_A),
                                strcat(strcpy((char[4096]){ 0 }, t.cgroups), "/docker/old")),
                         0);
        second = tree_cgroup(&t, "/docker/" ID_A);
        assert_true(second != first);
        c = tree_add(&t, "/docker/" ID_A);
        assert_int_equal(c->cgroup_id, second);
        assert_int_equal(tree_kind(&t, first), CGROUP_GONE);
        assert_int_equal(container_table_counts(t.table).containers, 1);
        tree_done(&t);
}

/* On this machine's own hierarchy: the kernel opens a cgroup by its number. */
static void test_path_of_this_machine(void **state)
{
        _cleanup_(container_table_freep) struct container_table *table = NULL;
        struct container_options options = { .no_sockets = true };
        struct error err = ERROR_INIT;
        const struct container *c;
        char path[256];
        struct stat st;
        bool v1;

        if (container_table_new(&options, &table, &err) < 0) {
                print_message("skipped: %s\n", err.message);
                skip();
        }
        snprintf(path, sizeof(path), "%s/tallyman-test-%d", container_table_hierarchy(table, &v1), (int)getpid());
        if (mkdir(path, 0755) < 0) {
                print_message("skipped: no cgroup can be made here\n");
                skip();
        }
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(container_table_add_cgroup(table, st.st_ino, NULL, &err), 0);
        assert_int_equal(container_table_find(table, st.st_ino, &c), CGROUP_NEW);
        assert_int_equal(rmdir(path), 0);
        container_table_gone(table, st.st_ino);
        assert_int_equal(container_table_find(table, st.st_ino, &c), CGROUP_UNKNOWN);
        assert_int_equal(container_table_add_cgroup(table, st.st_ino, NULL, &err), -ENOENT);
        assert_int_equal(container_table_find(table, st.st_ino, &c), CGROUP_HOST);
}

static void test_pending_becomes_known(void **state)
{
        const struct container *c;
        struct tree t;
        uint64_t id;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        c = tree_add(&t, "/docker/" ID_A);
        assert_non_null(c);
        assert_int_equal(c->state, CONTAINER_PENDING);
        assert_int_equal(c->engine, ENGINE_UNKNOWN);
        assert_text(c->facts.id, "aaaaaaaaaaaa");
        assert_true(c->why_pending.n > 0);
        assert_int_equal(container_table_counts(t.table).pending, 1);
        id = c->cgroup_id;
        c = container_ref(c);
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        t.now += SECOND;
        container_table_tick(t.table);
        assert_text(c->facts.id, "aaaaaaaaaaaa"); /* what was handed out stays */
        container_unref(c);
        container_table_find(t.table, id, &c);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_int_equal(c->engine, ENGINE_DOCKER);
        assert_text(c->facts.name, "web");
        tree_done(&t);
}

static void test_tombstones(void **state)
{
        const struct container *c;
        struct tree t;
        uint64_t id, inner;

        tree_init(&t);
        tree_table(&t, (struct container_options){ .tombstone_seconds = 5 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        id = tree_add(&t, "/docker/" ID_A)->cgroup_id;
        assert_non_null(tree_add(&t, "/docker/" ID_A "/inner"));
        inner = tree_cgroup(&t, "/docker/" ID_A "/inner");
        container_table_gone(t.table, id);
        tree_remove(&t, "/var/lib/docker");
        assert_int_equal(container_table_find(t.table, id, &c), CGROUP_GONE);
        assert_text(c->facts.name, "web");
        assert_int_equal(container_table_find(t.table, inner, &c), CGROUP_GONE);
        t.now += 6 * SECOND;
        container_table_tick(t.table);
        assert_int_equal(tree_kind(&t, id), CGROUP_UNKNOWN);
        assert_int_equal(tree_kind(&t, inner), CGROUP_UNKNOWN);
        assert_int_equal(container_table_counts(t.table).cgroups, 0);
        tree_done(&t);
}

static void test_bounds(void **state)
{
        struct container_table_counts counts;
        char path[128];
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ .containers_max = 2, .tombstones_max = 1, .cgroups_max = 8 });
        for (unsigned i = 0; i < 5; i++) {
                snprintf(path, sizeof(path), "/docker/%064x", i + 1);
                assert_non_null(tree_add(&t, path));
        }
        counts = container_table_counts(t.table);
        assert_int_equal(counts.containers, 2);
        assert_int_equal(counts.containers_evicted, 3);
        for (unsigned i = 0; i < 2; i++) {
                snprintf(path, sizeof(path), "/docker/%064x", i + 4);
                container_table_gone(t.table, tree_cgroup(&t, path));
        }
        counts = container_table_counts(t.table);
        assert_int_equal(counts.tombstones, 1);
        assert_int_equal(counts.tombstones_evicted, 1);
        for (unsigned i = 0; i < 50; i++) {
                snprintf(path, sizeof(path), "/service%u.service", i);
                assert_null(tree_add(&t, path));
        }
        counts = container_table_counts(t.table);
        assert_true(counts.cgroups <= 8);
        assert_true(counts.cgroups_evicted >= 40);
        tree_done(&t);
}

/* A container that makes cgroups without end pushes out its own, not the host's. */
static void test_nested_flood(void **state)
{
        struct container_table_counts counts;
        const struct container *c;
        char path[128];
        struct tree t;
        uint64_t host;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        assert_null(tree_add(&t, "/system.slice"));
        host = tree_cgroup(&t, "/system.slice");
        assert_non_null(tree_add(&t, "/docker/" ID_A));
        for (unsigned i = 0; i < 2 * ENGINE_NESTED_MAX; i++) {
                snprintf(path, sizeof(path), "/docker/" ID_A "/%u", i);
                c = tree_add(&t, path);
                assert_non_null(c);
                assert_text(c->facts.name, "web");
        }
        counts = container_table_counts(t.table);
        assert_int_equal(counts.containers, 1);
        assert_int_equal(counts.cgroups, ENGINE_NESTED_MAX + 2);
        assert_int_equal(counts.cgroups_evicted, ENGINE_NESTED_MAX);
        assert_true(tree_kind(&t, host) == CGROUP_NEW);
        tree_done(&t);
}

static int count(void *ctx, const struct container *c, bool gone)
{
        ((unsigned *)ctx)[gone]++;
        assert_true(c->seen_late);
        return 0;
}

static void test_scan(void **state)
{
        struct error err = ERROR_INIT;
        const struct container *c;
        unsigned n[2] = { 0 };
        struct tree t;
        uint64_t id;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        id = tree_cgroup(&t, "/docker/" ID_A);
        tree_cgroup(&t, "/docker/" ID_A "/system.slice/x.service");
        tree_cgroup(&t, "/system.slice/x.service");
        /* Left behind by an engine: nothing runs in it, and no file tells of it. */
        tree_write(&t, "/sys/fs/cgroup/docker/" ID_B "/cgroup.events", "populated 0\nfrozen 0\n");
        tree_cgroup(&t, "/docker/" ID_B);
        assert_int_equal(container_table_scan(t.table, &err), 0);
        assert_int_equal(container_table_find(t.table, id, &c), CGROUP_CONTAINER);
        assert_true(c->seen_late);
        assert_int_equal(container_table_find(t.table, tree_cgroup(&t, "/docker/" ID_A "/system.slice/x.service"), &c),
                         CGROUP_CONTAINER);
        assert_int_equal(container_table_each(t.table, true, count, n), 0);
        assert_true(n[0] == 1 && n[1] == 0);
        tree_remove(&t, "/sys/fs/cgroup/docker");
        assert_int_equal(container_table_scan(t.table, &err), 0);
        assert_int_equal(container_table_find(t.table, id, &c), CGROUP_GONE);
        assert_int_equal(container_table_each(t.table, true, count, n), 0);
        assert_true(n[0] == 1 && n[1] == 1);
        tree_done(&t);
}

/* An event names a cgroup of which only the number is known. */
static void test_path_is_found(void **state)
{
        struct error err = ERROR_INIT;
        const struct container *c;
        struct tree t;
        uint64_t id;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        id = tree_cgroup(&t, "/docker/" ID_A "/a/b");
        assert_int_equal(container_table_add_cgroup(t.table, id, NULL, &err), 0);
        assert_int_equal(container_table_find(t.table, id, &c), CGROUP_CONTAINER);
        assert_text(c->cgroup_path, "/docker/" ID_A);
        assert_int_equal(c->cgroup_id, tree_cgroup(&t, "/docker/" ID_A));
        assert_int_equal(container_table_add_cgroup(t.table, UINT64_C(1) << 60, NULL, &err), -ENOENT);
        assert_int_equal(tree_kind(&t, UINT64_C(1) << 60), CGROUP_HOST);
        tree_done(&t);
}

static void test_hierarchies(void **state)
{
        struct container_table *table = NULL;
        struct error err = ERROR_INIT;
        struct container_options options;
        struct tree t;
        bool v1;

        tree_init(&t);
        options = (struct container_options){ .root = t.root };
        tree_remove(&t, "/sys/fs/cgroup");
        assert_int_equal(container_table_new(&options, &table, &err), -ENOENT);
        tree_write(&t, "/sys/fs/cgroup/pids/cgroup.procs", "");
        assert_int_equal(container_table_new(&options, &table, &err), 0);
        assert_string_equal(container_table_hierarchy(table, &v1), "/sys/fs/cgroup/pids");
        assert_true(v1);
        container_table_free(table);
        tree_write(&t, "/sys/fs/cgroup/unified/cgroup.controllers", "");
        assert_int_equal(container_table_new(&options, &table, &err), 0);
        assert_string_equal(container_table_hierarchy(table, &v1), "/sys/fs/cgroup/unified");
        assert_false(v1);
        container_table_free(table);
        tree_done(&t);
}

/* ---- forgeries ---- */

/* Whoever may make cgroups below a container may give them any name. */
static void test_forged_names(void **state)
{
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_docker(&t, "/var/lib/docker", ID_B, "/docker/" ID_B);
        tree_add(&t, "/docker/" ID_A);
        tree_add(&t, "/docker/" ID_B);
        c = tree_add(&t, "/docker/" ID_A "/docker/" ID_B);
        assert_text(c->facts.full_id, ID_A);
        c = tree_add(&t, "/docker/" ID_A "/docker-" ID_B ".scope");
        assert_text(c->facts.full_id, ID_A);
        /* Also where no container is above: in a user's own part of the tree. */
        c = tree_add(&t, "/user.slice/docker/" ID_B);
        assert_true(!c || c->engine == ENGINE_UNKNOWN);
        tree_done(&t);
}

/* One that its engine really put below another's cgroup is itself. */
static void test_nested_container(void **state)
{
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_docker(&t, "/var/lib/docker", ID_B, "/docker/" ID_A "/" ID_B);
        tree_add(&t, "/docker/" ID_A);
        c = tree_add(&t, "/docker/" ID_A "/" ID_B);
        assert_text(c->facts.full_id, ID_B);
        c = tree_add(&t, "/docker/" ID_A "/" ID_B "/deeper");
        assert_text(c->facts.full_id, ID_B);
        tree_done(&t);
}

/* A number that an engine wrote down long ago may be another process's. */
static void test_init_process(void **state)
{
        char whole[4096];
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_docker(&t, "/var/lib/docker", ID_B, "/docker/" ID_B);
        tree_write(&t, "/proc/77/cgroup", "5:pids:/docker/" ID_A "\n0::/docker/" ID_A "\n");
        tree_write(&t, "/proc/77/mountinfo",
                   "1 1 0:45 / / rw - overlay o rw,lowerdir=/o/l/ABC:/o/l/GONE,upperdir=/u,workdir=/w\n");
        tree_folder(&t, "/o/1/diff");
        tree_folder(&t, "/o/l");
        tree_path(&t, "/o/l/ABC", whole);
        assert_int_equal(symlink("../1/diff", whole), 0);
        tree_write(&t, "/sys/fs/cgroup/docker/" ID_B "/cgroup.procs", "88\n99\n");
        assert_int_equal(tree_add(&t, "/docker/" ID_A)->init_pid, 77);
        assert_int_equal(tree_add(&t, "/docker/" ID_A)->n_layers, 2);
        assert_text(tree_add(&t, "/docker/" ID_A)->layers[0], "/o/1/diff");
        assert_text(tree_add(&t, "/docker/" ID_A)->layers[1], "/o/l/GONE");
        assert_true(tree_add(&t, "/docker/" ID_A)->knows_device);
        assert_int_equal(tree_add(&t, "/docker/" ID_B)->init_pid, 88);
        tree_done(&t);
}

static void check_unread(struct tree *t, const char *says)
{
        const struct container *c = tree_add(t, "/docker/" ID_A);

        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_UNKNOWN);
        assert_int_equal(c->state, CONTAINER_PENDING);
        container_table_gone(t->table, c->cgroup_id);
}

#define CONFIG "/var/lib/docker/containers/" ID_A "/config.v2.json"

static void test_hostile_files(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        char whole[4096];
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_path(&t, CONFIG, whole);
        tree_remove(&t, CONFIG);
        assert_int_equal(mkfifo(whole, 0600), 0); /* must not block */
        check_unread(&t, "fifo");
        tree_remove(&t, CONFIG);
        tree_write(&t, "/elsewhere", "{\"ID\":\"" ID_A "\"}");
        assert_int_equal(symlink("../../../../../elsewhere", whole), 0);
        check_unread(&t, "link");
        tree_remove(&t, CONFIG);
        for (unsigned i = 0; i < 100000; i++)
                buf_putc(&text, '[');
        tree_write_bytes(&t, CONFIG, text.data, text.len);
        check_unread(&t, "deep");
        buf_clear(&text);
        buf_puts(&text, "{\"ID\":\"" ID_A "\",\"Name\":\"");
        while (text.len < ENGINE_DOCUMENT_MAX)
                buf_putc(&text, 'x');
        buf_puts(&text, "\"}");
        tree_write_bytes(&t, CONFIG, text.data, text.len);
        check_unread(&t, "large");
        tree_write(&t, CONFIG, "{\"ID\":\"" ID_B "\",\"Name\":\"/web\"}");
        check_unread(&t, "another's");
        assert_true(container_table_counts(t.table).reads_failed >= 4);
        tree_done(&t);
}

/* Labels come from the image's author. */
static void test_hostile_content(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        buf_puts(&text,
                 "{\"ID\":\"" ID_A "\",\"Name\":5,\"Image\":[],\"State\":{\"Running\":true,\"Pid\":-3,\"StartedAt\":1},"
                 "\"MountPoints\":[1],\"NetworkSettings\":{\"Networks\":7},\"Config\":{\"Labels\":{\"nothing\":null");
        for (unsigned i = 0; i < 4 * ENGINE_LABELS_MAX; i++) {
                buf_printf(&text, ",\"label%u\":\"", i);
                for (unsigned j = 0; j < 600; j++)
                        buf_putc(&text, 'y');
                buf_putc(&text, '"');
        }
        buf_puts(&text, "}}}");
        assert_true(text.len < ENGINE_DOCUMENT_MAX);
        tree_write_bytes(&t, CONFIG, text.data, text.len);
        c = tree_add(&t, "/docker/" ID_A);
        assert_int_equal(c->engine, ENGINE_DOCKER);
        assert_int_equal(c->facts.n_labels, ENGINE_LABELS_MAX);
        assert_false(KNOWS(c, name));
        assert_false(KNOWS(c, image));
        assert_true(c->why_no_image.n && c->why_no_digest.n);
        assert_int_equal(c->init_pid, 0);
        tree_done(&t);
}

/* Many containers with large labels: memory has an end, and what they are is known all the same. */
static void test_memory_is_bounded(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct container_table_counts counts;
        const struct container *c;
        char path[256], id[65];
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ .bytes_max = 64 << 10 });
        for (unsigned i = 0; i < 20; i++) {
                snprintf(id, sizeof(id), "%064x", i + 1);
                buf_clear(&text);
                buf_printf(&text, "{\"ID\":\"%s\",\"Name\":\"/web\",\"Config\":{\"Labels\":{\"a\":\"b\"", id);
                for (unsigned j = 0; j < 100; j++)
                        buf_printf(&text, ",\"label%u\":\"%0100u\"", j, j);
                buf_puts(&text, "}}}");
                snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", id);
                tree_write_bytes(&t, path, text.data, text.len);
                snprintf(path, sizeof(path), "/docker/%s", id);
                c = tree_add(&t, path);
                assert_text(c->facts.name, "web");
                assert_true(c->trimmed || c->facts.n_labels == 101);
        }
        counts = container_table_counts(t.table);
        assert_int_equal(counts.containers, 20);
        assert_true(counts.bytes <= (64 << 10) + 20 * 2048); /* what is left of one is small */
        assert_true(counts.containers_trimmed >= 10);
        assert_true(c->trimmed && c->facts.n_labels == 0);
        for (unsigned i = 0; i < 20; i++) {
                snprintf(path, sizeof(path), "/docker/%064x", i + 1);
                container_table_gone(t.table, tree_cgroup(&t, path));
        }
        t.now += 3600 * SECOND;
        container_table_tick(t.table);
        assert_int_equal(container_table_counts(t.table).bytes, 0);
        tree_done(&t);
}

/* What Docker writes once the container runs. */
static void test_late_facts(void **state)
{
        const struct container *c;
        struct tree t;
        uint64_t id;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_write(&t, CONFIG, "{\"ID\":\"" ID_A "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"web:1\"}}");
        c = tree_add(&t, "/docker/" ID_A);
        assert_false(KNOWS(c, ip));
        assert_int_equal(c->facts.start, 1000 * SECOND);
        id = c->cgroup_id;
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        t.now += 3 * SECOND;
        container_table_tick(t.table);
        container_table_find(t.table, id, &c);
        assert_text(c->facts.ip, "172.17.0.2");
        assert_int_equal(c->facts.start, INT64_C(1795610085874576428));
        tree_done(&t);
}

/* A user's files count for that user's cgroups only, and another's files not at all. */
static void test_owners(void **state)
{
        char whole[4096];
        struct tree t;

        if (geteuid() != 0) {
                print_message("skipped: only root can give files to others\n");
                skip();
        }
        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_path(&t, CONFIG, whole);
        assert_int_equal(chown(whole, 1000, 1000), 0);
        check_unread(&t, "another's");
        tree_write(&t, "/etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
        tree_docker(&t, "/home/ann/.local/share/docker", ID_B, "user.slice:docker:" ID_B);
        tree_path(&t, "/home/ann/.local/share/docker/containers/" ID_B "/config.v2.json", whole);
        assert_int_equal(chown(whole, 1000, 1000), 0);
        assert_int_equal(tree_add(&t, "/user.slice/user-1000.slice/user@1000.service/docker-" ID_B ".scope")->engine,
                         ENGINE_DOCKER);
        assert_int_equal(tree_add(&t, "/user.slice/user-1001.slice/user@1001.service/docker-" ID_B ".scope")->state,
                         CONTAINER_PENDING);
        tree_done(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_young),
                cmocka_unit_test(test_young_nested),
                cmocka_unit_test(test_started_again),
                cmocka_unit_test(test_path_of_this_machine),
                cmocka_unit_test(test_pending_becomes_known),
                cmocka_unit_test(test_tombstones),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_nested_flood),
                cmocka_unit_test(test_scan),
                cmocka_unit_test(test_path_is_found),
                cmocka_unit_test(test_hierarchies),
                cmocka_unit_test(test_forged_names),
                cmocka_unit_test(test_nested_container),
                cmocka_unit_test(test_init_process),
                cmocka_unit_test(test_hostile_files),
                cmocka_unit_test(test_hostile_content),
                cmocka_unit_test(test_memory_is_bounded),
                cmocka_unit_test(test_late_facts),
                cmocka_unit_test(test_owners),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
