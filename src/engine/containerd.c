/* SPDX-License-Identifier: Apache-2.0 */
/* containerd: bundles in its state folder; images and labels by its API, since nothing else knows them. */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/hash.h"
#include "engine/engine_private.h"

#define TASKS "io.containerd.runtime.v2.task"
#define BLOBS "io.containerd.content.v1.content/blobs/sha256"
#define SILENT_SECONDS 30 /* a server that did not answer is left alone for so long */
#define NS_PER_SECOND UINT64_C(1000000000)

/* Each containerd that a host may have: its own, the one that Docker starts, k3s' and rke2's. */
static const struct containerd {
        const char *state, *root, *socket;
} installations[] = {
        { "/run/containerd", "/var/lib/containerd", "/run/containerd/containerd.sock" },
        { "/run/docker/containerd/daemon", "/var/lib/docker/containerd/daemon", "/run/docker/containerd/containerd.sock" },
        { "/run/k3s/containerd", "/var/lib/rancher/k3s/agent/containerd", "/run/k3s/containerd/containerd.sock" },
};

/* ---- messages (containerd/api/services/containers/v1, images/v1) ---- */

static void read_label(struct str entry, struct draft *d)
{
        struct protobuf pb = protobuf_of(entry);
        struct str key = STR_NULL, value = STR_NULL, s;
        uint32_t field;

        while (protobuf_next(&pb, &field, &s)) {
                if (field == 1)
                        key = s;
                else if (field == 2)
                        value = s;
        }
        if (!pb.bad && utf8_valid(key) && utf8_valid(value))
                draft_label(d, key, value);
}

bool parse_containerd_container(struct str message, struct str *ret_image, struct draft *d)
{
        struct protobuf outer = protobuf_of(message), pb;
        struct str container, s;
        uint32_t field;

        *ret_image = STR_NULL;
        while (protobuf_next(&outer, &field, &container)) {
                if (field != 1)
                        continue;
                pb = protobuf_of(container);
                while (protobuf_next(&pb, &field, &s)) {
                        if (field == 2)
                                read_label(s, d);
                        else if (field == 3)
                                *ret_image = s;
                }
                outer.bad |= pb.bad;
        }
        return !outer.bad;
}

static void read_descriptor(struct str descriptor, struct draft *d)
{
        struct protobuf pb = protobuf_of(descriptor);
        struct digest digest;
        uint32_t field;
        struct str s;

        while (protobuf_next(&pb, &field, &s))
                if (field == 2 && digest_parse(s, &digest, NULL) == 0)
                        DRAFT_SET(d, image_digest, s);
}

bool parse_containerd_image(struct str message, struct draft *d)
{
        struct protobuf outer = protobuf_of(message), pb;
        struct str image, s;
        uint32_t field;

        while (protobuf_next(&outer, &field, &image)) {
                if (field != 1)
                        continue;
                pb = protobuf_of(image);
                while (protobuf_next(&pb, &field, &s))
                        if (field == 3)
                                read_descriptor(s, d);
                outer.bad |= pb.bad;
        }
        return !outer.bad;
}

/* ---- the content store ---- */

static int read_blob(struct engines *e, const char *base, int64_t uid, struct str digest, json_t **ret, struct error *err)
{
        char path[sizeof(BLOBS) + 2 * SHA256_SIZE + 2];
        struct digest parsed;
        int r = digest_parse(digest, &parsed, err);

        if (r < 0)
                return r;
        if (parsed.algorithm != DIGEST_SHA256)
                return error_say(err, -ENOTSUP, "a digest that is not SHA-256");
        snprintf(path, sizeof(path), "%s/%.*s", BLOBS, 2 * SHA256_SIZE, digest.p + strlen("sha256:"));
        return files_read_json(&e->files, base, path, ENGINE_DOCUMENT_MAX, uid, ret, err);
}

static const char *architecture(void)
{
        static const struct {
                const char *machine, *name;
        } names[] = { { "x86_64", "amd64" }, { "aarch64", "arm64" }, { "armv7l", "arm" }, { "i686", "386" } };
        static struct utsname host;

        if (!*host.machine && uname(&host) < 0)
                return "";
        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                if (strcmp(host.machine, names[i].machine) == 0)
                        return names[i].name;
        return host.machine;
}

/* The manifest of an index for this machine, else the only one of which the store has the bytes is as good as any. */
static struct str choose_manifest(const json_t *manifests)
{
        struct str first = STR_NULL;

        for (size_t i = 0; i < json_array_size(manifests); i++) {
                const json_t *m = json_array_get(manifests, i), *platform = json_object_get(m, "platform");
                struct str digest = json_text(m, "digest");

                if (str_equals(json_text(platform, "os"), "linux") &&
                    str_equals(json_text(platform, "architecture"), architecture()))
                        return digest;
                if (!first.n)
                        first = digest;
        }
        return first;
}

static void find_image_id(struct engines *e, const char *base, int64_t uid, struct str digest, struct draft *d)
{
        _cleanup_json_ json_t *document = NULL, *manifest = NULL;

        if (read_blob(e, base, uid, digest, &document, NULL) < 0)
                return;
        if (json_object_get(document, "manifests") &&
            read_blob(e, base, uid, choose_manifest(json_object_get(document, "manifests")), &manifest, NULL) < 0)
                return;
        draft_image_id(d, json_text(json_object_get(manifest ? manifest : document, "config"), "digest"));
}

void containerd_image_id(struct engines *e, int64_t uid, struct str digest, struct draft *d)
{
        for (size_t i = 0; i < ELEMENTS_OF(installations) && !DRAFT_KNOWS(d, image_id); i++)
                find_image_id(e, installations[i].root, uid, digest, d);
}

/* ---- the API ---- */

static uint64_t monotonic(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
}

static int call(struct engines *e, const struct containerd *c, const char *method, struct str namespace,
                struct str what, struct buf *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf request = { 0 };
        char space[ENGINE_ID_MAX + 1];
        int r;

        if (e->no_sockets)
                return error_say(err, -ENOTSUP, "containerd was not to be asked");
        if (monotonic() < e->socket_silent_until)
                return error_say(err, -ETIMEDOUT, "containerd does not answer");
        snprintf(space, sizeof(space), "%.*s", STR_ARG(namespace));
        protobuf_put(&request, 1, what);
        if (!buf_ok(&request))
                return error_oom(err);
        r = grpc_call(e, c->socket, method, space, buf_str(&request), ret, err);
        if (r == -ETIMEDOUT || r == -EAGAIN)
                e->socket_silent_until = monotonic() + SILENT_SECONDS * NS_PER_SECOND;
        return r < 0 ? error_wrap(err, "containerd's API") : 0;
}

static bool has_no_name(struct str image)
{
        return str_starts(image, "sha256:");
}

/* The container's labels and image; then the image's digest, and its id from the content store. */
static void ask(struct engines *e, const struct containerd *c, struct str id, struct draft *d)
{
        _cleanup_(buf_free) struct buf answer = { 0 }, image_answer = { 0 };
        struct error err = ERROR_INIT;
        struct str image;
        int r;

        r = call(e, c, "/containerd.services.containers.v1.Containers/Get", d->c.engine_namespace, id, &answer, &err);
        if (r == 0 && !parse_containerd_container(buf_str(&answer), &image, d))
                r = error_say(&err, -EBADMSG, "containerd's API: the answer is malformed");
        if (r < 0) {
                draft_why(d, r == -ENOENT ? &d->c.why_no_image : &d->c.why_pending, "%s", err.message);
                return;
        }
        if (!image.n) {
                d->c.why_no_image = STR_LIT("containerd was given a root directory and no image");
                return;
        }
        if (!DRAFT_KNOWS(d, image) && !has_no_name(image))
                draft_image(d, image);
        else if (!DRAFT_KNOWS(d, image))
                DRAFT_SET(d, image, image);
        r = call(e, c, "/containerd.services.images.v1.Images/Get", d->c.engine_namespace, image, &image_answer, &err);
        if (r == 0 && !parse_containerd_image(buf_str(&image_answer), d))
                r = error_say(&err, -EBADMSG, "containerd's API: the answer is malformed");
        if (r < 0 && r != -ENOENT)
                draft_why(d, &d->c.why_pending, "%s", err.message);
        if (r < 0)
                draft_why(d, &d->c.why_no_digest, "%s",
                          r == -ENOENT ? "containerd no longer has the image" : err.message);
}

/* The labels of a pod are those of its sandbox, which is a container to containerd. */
static void ask_about_pod(struct engines *e, const struct containerd *c, struct draft *d)
{
        _cleanup_(buf_free) struct buf answer = { 0 };
        _cleanup_(draft_done) struct draft pod = { 0 };
        struct str image, sandbox = d->c.facts.pod_sandbox_id;
        const struct draft *from = d;
        struct error err = ERROR_INIT;

        if (!sandbox.n)
                return;
        if (!d->c.sandbox) {
                if (draft_init(&pod, &err) < 0 ||
                    call(e, c, "/containerd.services.containers.v1.Containers/Get", d->c.engine_namespace, sandbox,
                         &answer, &err) < 0 ||
                    !parse_containerd_container(buf_str(&answer), &image, &pod))
                        return;
                from = &pod;
        }
        for (uint32_t i = 0; i < from->c.facts.n_labels; i++)
                draft_pod_label(d, from->labels[i].name, from->labels[i].value);
}

/* ---- finding the bundle ---- */

struct search {
        struct engines *e;
        const struct cgroup_name *name;
        const char *state, *only;
        struct draft *d;
        unsigned n;
};

static int read_bundle(struct search *s, const char *namespace)
{
        _cleanup_json_ json_t *config = NULL;
        _cleanup_(buf_free) struct buf folder = { 0 };
        char path[ENGINE_ID_MAX + 512];
        int n = snprintf(path, sizeof(path), TASKS "/%s/%.*s/config.json", namespace, STR_ARG(s->name->id));

        if (n < 0 || (size_t)n >= sizeof(path) ||
            files_read_json(&s->e->files, s->state, path, ENGINE_DOCUMENT_MAX, s->name->uid, &config, NULL) < 0)
                return 0;
        buf_printf(&folder, "%s/" TASKS "/%s/%.*s", s->state, namespace, STR_ARG(s->name->id));
        if (!buf_ok(&folder))
                s->d->failed = true;
        s->d->c.engine_namespace = draft_text(s->d, str_from(namespace));
        parse_bundle(config, buf_str(&folder), s->d);
        return 1;
}

static int try_namespace(void *ctx, const char *namespace, bool folder)
{
        struct search *s = ctx;

        if (s->n++ >= ENGINE_NAMESPACES_MAX)
                return -E2BIG;
        return strcmp(namespace, "moby") == 0 ? 0 : read_bundle(s, namespace);
}

/* The installation that has it; NULL. */
static const struct containerd *find_bundle(struct engines *e, const struct cgroup_name *name, const char *in_namespace,
                                            struct draft *d)
{
        for (size_t i = 0; i < ELEMENTS_OF(installations); i++) {
                struct search s = { .e = e, .name = name, .state = installations[i].state, .d = d };
                int r = in_namespace ? read_bundle(&s, in_namespace)
                                     : files_names(&e->files, s.state, TASKS, name->uid, try_namespace, &s, NULL);

                if (r == 1)
                        return &installations[i];
        }
        return NULL;
}

int containerd_bundle(struct engines *e, const struct cgroup_name *name, const char *in_namespace, struct draft *d,
                      struct error *err)
{
        if (find_bundle(e, name, in_namespace, d))
                return 0;
        return error_say(err, -ENOENT, "containerd has no bundle of it");
}

static void read_runtime(struct engines *e, const struct containerd *c, const struct cgroup_name *name, struct draft *d)
{
        struct folder folder = { .uid = name->uid };

        snprintf(folder.base, sizeof(folder.base), "%s/runc/%.*s", c->state, STR_ARG(d->c.engine_namespace));
        runtime_add_state(e, &folder, name->id, d);
}

int identify_containerd(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err)
{
        const struct containerd *c = find_bundle(e, name, NULL, d);

        if (!c)
                return error_say(err, -ENOENT, "containerd has no bundle of it");
        d->c.engine = ENGINE_CONTAINERD;
        DRAFT_SET(d, full_id, name->id);
        read_runtime(e, c, name, d);
        ask(e, c, name->id, d);
        ask_about_pod(e, c, d);
        if (!DRAFT_KNOWS(d, name))
                DRAFT_SET(d, name, name->id);
        if (DRAFT_KNOWS(d, image_digest))
                find_image_id(e, c->root, name->uid, d->c.facts.image_digest, d);
        if (!DRAFT_KNOWS(d, image_id))
                d->c.why_no_image_id = DRAFT_KNOWS(d, image_digest)
                                               ? STR_LIT("the image's manifest is not in the content store")
                                               : d->c.why_no_digest;
        return 0;
}
