/* SPDX-License-Identifier: Apache-2.0 */
/* What each engine's files say of a container, and what names of cgroups do. */
#include "engine_tree.h"

#include <errno.h>
#include <sys/socket.h>

#include "engine/engine_private.h"

/* ---- names and texts ---- */

static void test_names(void **state)
{
        static const struct {
                const char *path;
                enum name_strength strength; /* of the deepest that may be a container */
                enum container_engine engine;
                const char *id;
                int64_t uid;
        } cases[] = {
                { "/docker/" ID_A, NAME_SURE, ENGINE_UNKNOWN, ID_A },
                { "/system.slice/docker-" ID_A ".scope", NAME_SURE, ENGINE_DOCKER, ID_A },
                { "/kubepods/burstable/pod1-2/" ID_A, NAME_SURE, ENGINE_UNKNOWN, ID_A },
                { "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID_A ".scope", NAME_SURE, ENGINE_CONTAINERD,
                  ID_A },
                { "/kubepods.slice/crio-" ID_A ".scope", NAME_SURE, ENGINE_CRIO, ID_A },
                { "/machine.slice/libpod-" ID_A ".scope", NAME_SURE, ENGINE_PODMAN, ID_A },
                { "/libpod_parent/libpod-" ID_A, NAME_SURE, ENGINE_PODMAN, ID_A },
                { "/system.slice/x.service/libpod-payload-" ID_A, NAME_SURE, ENGINE_PODMAN, ID_A },
                { "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID_A ".scope", NAME_SURE,
                  ENGINE_PODMAN, ID_A, 1000 },
                { "/system.slice/crun-web.scope", NAME_MAYBE, ENGINE_CRUN, "web" },
                { "/default/c1", NAME_MAYBE, ENGINE_UNKNOWN, "c1" },
                { "/" ID_A, NAME_MAYBE, ENGINE_UNKNOWN, ID_A },
        };
        struct cgroup_name names[ENGINE_DEPTH_MAX];

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                assert_true(cgroup_names(str_from(cases[i].path), names) > 0);
                assert_int_equal(names[0].strength, cases[i].strength);
                assert_int_equal(names[0].engine, cases[i].engine);
                assert_text(names[0].id, cases[i].id);
                assert_int_equal(names[0].uid, cases[i].uid);
                assert_int_equal(names[0].path_length, strlen(cases[i].path));
        }
        assert_int_equal(cgroup_names(STR_LIT("/system.slice/ssh.service"), names), 0);
        assert_int_equal(cgroup_names(STR_LIT("/machine.slice/libpod-conmon-" ID_A ".scope"), names), 0);
        assert_int_equal(cgroup_names(STR_LIT("/"), names), 0);
}

static void test_cgroup_of_bundle(void **state)
{
        static const struct {
                const char *said, *expected;
                int64_t uid;
        } cases[] = {
                { "/docker/x", "/docker/x" },
                { "system.slice:docker:x", "/system.slice/docker-x.scope" },
                { "kubepods-burstable-pod1.slice:cri-containerd:x",
                  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-x.scope" },
                { ":crun:x", "/system.slice/crun-x.scope" },
                { "user.slice:libpod:x", "/user.slice/user-7.slice/user@7.service/user.slice/libpod-x.scope", 7 },
                { "relative", "" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(buf_free) struct buf path = { 0 };

                cgroup_of_bundle(str_from(cases[i].said), cases[i].uid, &path);
                assert_text(buf_str(&path), cases[i].expected);
        }
}

static void test_references(void **state)
{
        static const struct {
                const char *reference, *repository, *tag, *digest;
        } cases[] = {
                { "nginx", "nginx", "", "" },
                { "localhost:5000/nginx", "localhost:5000/nginx", "", "" },
                { "localhost:5000/nginx:1", "localhost:5000/nginx", "1", "" },
                { "a/b:1@sha256:00", "a/b", "1", "sha256:00" },
                { "a@sha256:00", "a", "", "sha256:00" },
        };
        struct str repository, tag, digest;

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                split_reference(str_from(cases[i].reference), &repository, &tag, &digest);
                assert_text(repository, cases[i].repository);
                assert_text(tag, cases[i].tag);
                assert_text(digest, cases[i].digest);
        }
}

static void test_times(void **state)
{
        int64_t ns;

        assert_int_equal(parse_time(STR_LIT("2026-11-25T12:34:45.874576428Z"), &ns), 0);
        assert_int_equal(ns, INT64_C(1795610085874576428));
        assert_int_equal(parse_time(STR_LIT("2026-11-25T14:34:45+02:00"), &ns), 0);
        assert_int_equal(ns, INT64_C(1795610085000000000));
        assert_int_equal(parse_time(STR_LIT("0001-01-01T00:00:00Z"), &ns), -EBADMSG);
        assert_int_equal(parse_time(STR_LIT("2026-11-25"), &ns), -EBADMSG);
        assert_int_equal(parse_time(STR_LIT("2026-13-25T12:34:45Z"), &ns), -EBADMSG);
        assert_int_equal(parse_time(STR_LIT("2026-11-25T12:34:45Zz"), &ns), -EBADMSG);
}

static void test_kernel_texts(void **state)
{
        static const char table[] = "22 1 8:1 / / rw - ext4 /dev/sda rw\n"
                                    "36 22 0:45 / /a\\040b rw shared:2 master:1 - overlay overlay rw,lowerdir=/l\\0541:/l2,"
                                    "upperdir=/u,workdir=/w\nnonsense\n"
                                    "37 22 0:46 /sub /a\\040b rw - tmpfs t rw\n";
        _cleanup_(draft_done) struct draft d = { 0 };
        struct error err = ERROR_INIT;
        struct mount_line line;
        char text[46];

        assert_int_equal(draft_init(&d, &err), 0);
        assert_true(mountinfo_find(STR_LIT(table), STR_LIT("/a b"), &line));
        assert_text(line.type, "tmpfs"); /* it covers the other */
        assert_text(line.root, "/sub");
        assert_false(mountinfo_find(STR_LIT(table), STR_LIT("/a"), &line));
        assert_true(mountinfo_find((struct str){ table, (size_t)(strstr(table, "nonsense") - table) }, STR_LIT("/a b"),
                                   &line));
        draft_take_mount(&d, &line);
        assert_int_equal(d.c.device.minor, 45);
        assert_int_equal(d.c.n_layers, 2);
        assert_text(d.layers[0], "/l,1");
        assert_text(d.layers[1], "/l2");
        assert_text(d.c.upper, "/u");
        assert_text(parse_fib_trie(STR_LIT("Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n"
                                           "     |-- 10.1.0.0\n        /16 link UNICAST\n     |-- 10.1.0.7\n"
                                           "        /32 host LOCAL\n")),
                    "10.1.0.7");
        assert_int_equal(parse_fib_trie(STR_LIT("|-- 127.0.0.1\n/32 host LOCAL\n")).n, 0);
        assert_true(parse_if_inet6(STR_LIT("00000000000000000000000000000001 01 80 10 80 lo\n"
                                           "fd000000000000000000000000000002 02 40 00 80 eth0\n"),
                                   text));
        assert_string_equal(text, "fd00::2");
}

/* ---- engines ---- */

static void check_docker(const struct container *c)
{
        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_DOCKER);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_text(c->facts.id, "aaaaaaaaaaaa");
        assert_text(c->facts.full_id, ID_A);
        assert_text(c->facts.name, "web");
        assert_text(c->facts.type, "docker");
        assert_text(c->facts.image, "registry.example:5000/shop/web:1.2");
        assert_text(c->facts.image_repository, "registry.example:5000/shop/web");
        assert_text(c->facts.image_tag, "1.2");
        assert_text(c->facts.image_id, "sha256:" IMAGE_ID);
        assert_text(c->facts.image_digest, "sha256:" DIGEST);
        assert_true(KNOWS(c, privileged) && c->facts.privileged);
        assert_text(c->privileged_from, "engine");
        assert_true(KNOWS(c, host_pid) && c->facts.host_pid);
        assert_true(KNOWS(c, host_network) && !c->facts.host_network);
        assert_text(c->facts.ip, "172.17.0.2");
        assert_int_equal(c->facts.start, INT64_C(1795610085874576428));
        assert_int_equal(c->facts.n_labels, 1);
        assert_text(c->facts.labels[0].name, "app");
        assert_text(c->facts.labels[0].value, "shop");
        assert_int_equal(c->facts.n_mounts, 1);
        assert_text(c->facts.mounts[0].source, "/srv/data");
        assert_text(c->facts.mounts[0].mode, "ro");
        assert_false(c->facts.mounts[0].writable);
        assert_false(c->seen_late);
}

static void test_docker(void **state)
{
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        check_docker(tree_add(&t, "/docker/" ID_A));
        tree_done(&t);
        /* systemd's names, and a daemon whose folder is elsewhere. */
        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/big/disk", ID_A, "system.slice:docker:" ID_A);
        tree_bundle(&t, "/run/containerd/io.containerd.runtime.v2.task/moby/" ID_A, "system.slice:docker:" ID_A,
                    ",\"mounts\":[{\"destination\":\"/etc/hostname\",\"type\":\"bind\",\"source\":\"/big/disk/containers/" ID_A
                    "/hostname\",\"options\":[\"rbind\"]}]");
        check_docker(tree_add(&t, "/system.slice/docker-" ID_A ".scope"));
        tree_done(&t);
}

static void test_docker_made_here(void **state)
{
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_write(&t, "/var/lib/docker/image/overlay2/repositories.json", "{\"Repositories\":{}}");
        c = tree_add(&t, "/docker/" ID_A);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_false(KNOWS(c, image_digest));
        assert_true(str_starts(c->why_no_digest, "the image was made here"));
        tree_done(&t);
}

/* Docker with containerd's image store: what was pulled is an index, whose manifest has the configuration. */
static void test_docker_containerd_images(void **state)
{
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_docker(&t, "/var/lib/docker", ID_A, "/docker/" ID_A);
        tree_write(&t, "/var/lib/docker/containers/" ID_A "/config.v2.json",
                   "{\"ID\":\"" ID_A "\",\"Name\":\"/web\",\"Image\":\"sha256:" DIGEST
                   "\",\"Config\":{\"Image\":\"web:1\"},"
                   "\"ImageManifest\":{\"digest\":\"sha256:" ID_B "\"}}");
        tree_write(&t, "/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/" DIGEST,
                   "{\"manifests\":[{\"digest\":\"sha256:" ID_B "\"}]}");
        tree_write(&t, "/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/" ID_B,
                   "{\"config\":{\"digest\":\"sha256:" IMAGE_ID "\"}}");
        c = tree_add(&t, "/docker/" ID_A);
        assert_text(c->facts.image_digest, "sha256:" DIGEST);
        assert_text(c->facts.image_id, "sha256:" IMAGE_ID);
        tree_done(&t);
}

static void test_crio(void **state)
{
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_bundle(&t, "/run/containers/storage/overlay-containers/" ID_B "/userdata", "kubepods.slice:crio:" ID_B,
                    ",\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\","
                    "\"io.kubernetes.cri-o.Labels\":\"{\\\"tier\\\":\\\"front\\\"}\",\"io.kubernetes.cri-o.IP.0\":\"10.85.0.3\"}");
        tree_bundle(&t, "/run/containers/storage/overlay-containers/" ID_A "/userdata", "kubepods.slice:crio:" ID_A,
                    ",\"annotations\":{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o.ContainerType\":\"container\","
                    "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\","
                    "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"u-1\","
                    "\"io.kubernetes.cri-o.SandboxID\":\"" ID_B
                    "\",\"io.kubernetes.cri-o.ImageName\":\"quay.io/shop/web:1\","
                    "\"io.kubernetes.cri-o.Image\":\"" IMAGE_ID
                    "\",\"io.kubernetes.cri-o.ImageRef\":\"quay.io/shop/web@sha256:" DIGEST
                    "\",\"io.kubernetes.cri-o.Labels\":\"{\\\"app\\\":\\\"shop\\\"}\"}");
        tree_write(&t, "/run/containers/storage/overlay-containers/volatile-containers.json", "[{\"id\":\"" ID_A "\"}]");
        c = tree_add(&t, "/kubepods.slice/crio-" ID_A ".scope");
        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_CRIO);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_text(c->facts.name, "app");
        assert_text(c->facts.pod_name, "web-0");
        assert_text(c->facts.pod_namespace, "shop");
        assert_text(c->facts.pod_uid, "u-1");
        assert_text(c->facts.pod_sandbox_id, ID_B);
        assert_text(c->facts.pod_ip, "10.85.0.3");
        assert_text(c->facts.image, "quay.io/shop/web:1");
        assert_text(c->facts.image_id, "sha256:" IMAGE_ID);
        assert_text(c->facts.image_digest, "sha256:" DIGEST);
        assert_int_equal(c->facts.n_pod_labels, 1);
        assert_text(c->facts.pod_labels[0].value, "front");
        assert_false(c->sandbox);
        c = tree_add(&t, "/kubepods.slice/crio-" ID_B ".scope");
        assert_true(c->sandbox);
        tree_done(&t);
}

static void write_podman(const struct tree *t, const char *storage, const char *driver, const char *cgroup)
{
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s-containers/" ID_A "/userdata", storage, driver);
        tree_bundle(t, path, cgroup,
                    ",\"annotations\":{\"io.container.manager\":\"libpod\","
                    "\"io.podman.annotations.privileged\":\"FALSE\"}");
        snprintf(path, sizeof(path), "%s/%s-containers/containers.json", storage, driver);
        tree_write(t, path,
                   "[{\"id\":\"" ID_B "\"},{\"id\":\"" ID_A "\",\"names\":[\"pweb\"],\"image\":\"" IMAGE_ID "\","
                   "\"metadata\":\"{\\\"image-name\\\":\\\"localhost/web:1\\\"}\"}]");
        snprintf(path, sizeof(path), "%s/%s-images/images.json", storage, driver);
        tree_write(t, path,
                   "[{\"id\":\"" IMAGE_ID "\",\"digest\":\"sha256:" DIGEST "\",\"names\":[\"localhost/web:1\"]}]");
}

static void check_podman(const struct container *c, int64_t uid)
{
        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_PODMAN);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_text(c->facts.name, "pweb");
        assert_text(c->facts.image, "localhost/web:1");
        assert_text(c->facts.image_id, "sha256:" IMAGE_ID);
        assert_text(c->facts.image_digest, "sha256:" DIGEST);
        assert_true(KNOWS(c, privileged) && !c->facts.privileged);
        assert_int_equal(c->uid, uid);
}

static void test_podman(void **state)
{
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        write_podman(&t, "/var/lib/containers/storage", "overlay", "/libpod_parent/libpod-" ID_A);
        check_podman(tree_add(&t, "/libpod_parent/libpod-" ID_A), 0);
        tree_done(&t);
        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_write(&t, "/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n");
        write_podman(&t, "/home/ann/.local/share/containers/storage", "vfs", "user.slice:libpod:" ID_A);
        check_podman(tree_add(&t, "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID_A ".scope"),
                     1000);
        tree_done(&t);
        /* A storage elsewhere is found through the runtime's state. */
        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        write_podman(&t, "/big/disk", "overlay", "machine.slice:libpod:" ID_A);
        tree_write(&t, "/run/crun/" ID_A "/status",
                   "{\"pid\":5,\"cgroup-path\":\"/machine.slice/libpod-" ID_A ".scope/container\","
                   "\"bundle\":\"/big/disk/overlay-containers/" ID_A "/userdata\"}");
        check_podman(tree_add(&t, "/machine.slice/libpod-" ID_A ".scope"), 0);
        tree_done(&t);
}

static void test_runtimes(void **state)
{
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ 0 });
        tree_bundle(&t, "/srv/b1", "", ",\"annotations\":{\"a\":\"b\"}");
        tree_write(&t, "/run/crun/one/status",
                   "{\"pid\":5,\"cgroup-path\":\"/one\",\"bundle\":\"/srv/b1\","
                   "\"created\":\"2026-11-25T12:34:45Z\"}");
        tree_write(&t, "/run/runc/two/state.json",
                   "{\"init_process_pid\":6,\"created\":\"2026-11-25T12:34:45Z\",\"cgroup_paths\":{\"\":\"/sys/fs/cgroup/two\"},"
                   "\"config\":{\"rootfs\":\"/srv/b1/rootfs\",\"labels\":[\"bundle=/srv/b1\"]}}");
        c = tree_add(&t, "/one");
        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_CRUN);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_text(c->facts.full_id, "one");
        assert_text(c->bundle, "/srv/b1");
        assert_text(c->root, "/srv/b1/rootfs");
        assert_text(c->facts.labels[0].value, "b");
        assert_true(c->why_no_image.n && c->why_no_digest.n);
        assert_false(KNOWS(c, image));
        assert_text(c->privileged_from, "bundle");
        c = tree_add(&t, "/two");
        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_RUNC);
        assert_text(c->facts.type, "runc");
        assert_text(c->root, "/srv/b1/rootfs");
        assert_null(tree_add(&t, "/three"));
        tree_done(&t);
}

/* ---- containerd and its API ---- */

struct server {
        const struct str *answers;
        unsigned n, asked;
        int ends[8]; /* kept open, so that a silent server is no closed one */
};

static int connect_to_test(void *ctx, const char *path, struct error *err)
{
        struct server *s = ctx;
        int pair[2];

        assert_string_equal(path, "/run/containerd/containerd.sock");
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        if (s->asked < s->n)
                assert_int_equal(write(pair[1], s->answers[s->asked].p, s->answers[s->asked].n), s->answers[s->asked].n);
        s->ends[s->asked++] = pair[1];
        return pair[0];
}

static void put_message(struct buf *out, uint32_t field, struct buf *inner)
{
        protobuf_put(out, field, buf_str(inner));
        buf_clear(inner);
}

/* SETTINGS, HEADERS, one message in two frames of DATA, trailers that end the stream. */
static void put_answer(struct buf *out, struct str message)
{
        _cleanup_(buf_free) struct buf data = { 0 };
        size_t half;

        buf_add(&data, "\0\0\0\0", 4);
        buf_putc(&data, (char)message.n);
        buf_add_str(&data, message);
        half = data.len / 2;
        buf_add(out, "\0\0\0\4\0\0\0\0\0", 9);
        buf_add(out, "\0\0\1\1\4\0\0\0\1\x88", 10);
        buf_add(out, "\0\0", 2);
        buf_putc(out, (char)half);
        buf_add(out, "\0\0\0\0\0\1", 6);
        buf_add(out, data.data, half);
        buf_add(out, "\0\0", 2);
        buf_putc(out, (char)(data.len - half));
        buf_add(out, "\0\0\0\0\0\1", 6);
        buf_add(out, data.data + half, data.len - half);
        buf_add(out, "\0\0\1\1\5\0\0\0\1\x88", 10);
}

static void make_container_answer(struct buf *out)
{
        _cleanup_(buf_free) struct buf container = { 0 }, label = { 0 }, message = { 0 };

        protobuf_put(&container, 1, STR_LIT("c1"));
        protobuf_put(&label, 1, STR_LIT("app"));
        protobuf_put(&label, 2, STR_LIT("shop"));
        put_message(&container, 2, &label);
        protobuf_put(&container, 3, STR_LIT("docker.io/library/web:1"));
        put_message(&message, 1, &container);
        put_answer(out, buf_str(&message));
}

static void make_image_answer(struct buf *out)
{
        _cleanup_(buf_free) struct buf image = { 0 }, target = { 0 }, message = { 0 };

        protobuf_put(&target, 2, STR_LIT("sha256:" DIGEST));
        protobuf_put(&image, 1, STR_LIT("docker.io/library/web:1"));
        put_message(&image, 3, &target);
        put_message(&message, 1, &image);
        put_answer(out, buf_str(&message));
}

static void test_containerd(void **state)
{
        _cleanup_(buf_free) struct buf container = { 0 }, image = { 0 };
        struct str answers[2];
        struct server server = { .answers = answers, .n = 2 };
        const struct container *c;
        struct tree t;

        make_container_answer(&container);
        make_image_answer(&image);
        answers[0] = buf_str(&container);
        answers[1] = buf_str(&image);
        tree_init(&t);
        tree_table(&t, (struct container_options){ .access = { .connect = connect_to_test, .ctx = &server } });
        tree_bundle(&t, "/run/containerd/io.containerd.runtime.v2.task/default/c1", "/default/c1", "");
        tree_write(&t, "/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/" DIGEST,
                   "{\"config\":{\"digest\":\"sha256:" IMAGE_ID "\"}}");
        c = tree_add(&t, "/default/c1");
        assert_non_null(c);
        assert_int_equal(c->engine, ENGINE_CONTAINERD);
        assert_int_equal(c->state, CONTAINER_KNOWN);
        assert_text(c->engine_namespace, "default");
        assert_text(c->facts.image, "docker.io/library/web:1");
        assert_text(c->facts.image_digest, "sha256:" DIGEST);
        assert_text(c->facts.image_id, "sha256:" IMAGE_ID);
        assert_text(c->facts.labels[0].value, "shop");
        assert_int_equal(server.asked, 2);
        assert_int_equal(container_table_counts(t.table).calls, 2);
        close(server.ends[0]);
        close(server.ends[1]);
        tree_done(&t);
}

/* A server that accepts and says nothing costs its time once, and the container stays pending with what is known. */
static void test_containerd_silent(void **state)
{
        struct server server = { .n = 0 };
        const struct container *c;
        struct tree t;

        tree_init(&t);
        tree_table(&t, (struct container_options){ .access = { .connect = connect_to_test, .ctx = &server },
                                                   .socket_ms = 30 });
        tree_bundle(&t, "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID_A, "/kubepods/pod1/" ID_A,
                    ",\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\","
                    "\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.image-name\":\"docker.io/library/web:1\","
                    "\"io.kubernetes.cri.sandbox-id\":\"" ID_B "\",\"io.kubernetes.cri.sandbox-name\":\"web-0\","
                    "\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.sandbox-uid\":\"u-1\"}");
        c = tree_add(&t, "/kubepods/pod1/" ID_A);
        assert_non_null(c);
        assert_int_equal(c->state, CONTAINER_PENDING);
        assert_true(strstr(c->why_pending.p, "did not answer in time"));
        assert_text(c->facts.image, "docker.io/library/web:1");
        assert_text(c->facts.pod_name, "web-0");
        assert_text(c->facts.pod_uid, "u-1");
        assert_text(c->facts.name, "app");
        assert_int_equal(container_table_refresh(t.table, c->cgroup_id), CONTAINER_PENDING);
        assert_int_equal(server.asked, 1);
        close(server.ends[0]);
        tree_done(&t);
}

/* By what directories are: links are followed, and relative ones stand below the engine's folder. */
static void test_overlays_that_are_mounted(void **state)
{
        char top[] = "/tmp/tallyman-overlay-XXXXXX", paths[3][64], text[1024];
        const char *both[2] = { paths[0], paths[1] }, *turned[2] = { paths[1], paths[0] };

        assert_non_null(mkdtemp(top));
        for (unsigned i = 0; i < 3; i++) {
                snprintf(paths[i], sizeof(paths[i]), "%s/%c", top, "abl"[i]);
                assert_int_equal(i < 2 ? mkdir(paths[i], 0755) : symlink("b", paths[i]), 0);
        }
        snprintf(text, sizeof(text), "1 1 0:1 / / rw - ext4 /dev/sda rw,lowerdir=%s:%s\n36 35 0:55 / %s/ID/merged rw shared:8 - overlay "
                 "overlay rw,lowerdir=%s:a,upperdir=%s/u\n", paths[1], paths[0], top, paths[2], top);
        assert_true(mounts_have_overlay(str_from(text), both, 2));
        assert_false(mounts_have_overlay(str_from(text), turned, 2));
        assert_false(mounts_have_overlay(str_from(text), both, 1));
        assert_false(mounts_have_overlay(str_from(text), both, 0));
        *strstr(text, "overlay overlay") = 'O'; /* another type of file system */
        assert_false(mounts_have_overlay(str_from(text), both, 2));
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(remove(paths[i]), 0);
        assert_int_equal(rmdir(top), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_cgroup_of_bundle),
                cmocka_unit_test(test_references),
                cmocka_unit_test(test_times),
                cmocka_unit_test(test_kernel_texts),
                cmocka_unit_test(test_overlays_that_are_mounted),
                cmocka_unit_test(test_docker),
                cmocka_unit_test(test_docker_made_here),
                cmocka_unit_test(test_docker_containerd_images),
                cmocka_unit_test(test_crio),
                cmocka_unit_test(test_podman),
                cmocka_unit_test(test_runtimes),
                cmocka_unit_test(test_containerd),
                cmocka_unit_test(test_containerd_silent),
        };

        json_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
