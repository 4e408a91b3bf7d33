/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime configuration (runtime-spec, config.md and config-linux.md) and what engines write beside it. */
#include <errno.h>

#include "engine/engine_private.h"

#define ALL_CAPABILITIES_MIN 36 /* of the 41 that there are; engines know those of their own time */

static bool list_has(const json_t *list, const char *text)
{
        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *item = json_string_value(json_array_get(list, i));

                if (item && strcmp(item, text) == 0)
                        return true;
        }
        return false;
}

static bool has_all_capabilities(const json_t *process)
{
        const json_t *bounding = json_object_get(json_object_get(process, "capabilities"), "bounding");

        return json_array_size(bounding) >= ALL_CAPABILITIES_MIN && list_has(bounding, "CAP_SYS_ADMIN") &&
               list_has(bounding, "CAP_SYS_MODULE") && list_has(bounding, "CAP_SYS_RAWIO");
}

/* Rules apply in order; the last that speaks of all devices decides. */
static bool has_all_devices(const json_t *resources)
{
        const json_t *devices = json_object_get(resources, "devices");
        bool all = false;

        for (size_t i = 0; i < json_array_size(devices); i++) {
                const json_t *device = json_array_get(devices, i);
                struct str type = json_text(device, "type"), access = json_text(device, "access");

                if ((type.n && !str_equals(type, "a")) || json_object_get(device, "major") ||
                    json_object_get(device, "minor"))
                        continue;
                all = json_is_true(json_object_get(device, "allow")) && str_equals(access, "rwm");
        }
        return all;
}

static const char *const propagations[] = { "private", "rprivate", "shared",     "rshared",
                                            "slave",   "rslave",   "unbindable", "runbindable" };

static void read_mount(const json_t *mount, struct draft *d)
{
        const json_t *options = json_object_get(mount, "options");
        bool read_only = list_has(options, "ro");
        struct syscall_mount m = { .source = json_text(mount, "source"),
                                   .destination = json_text(mount, "destination"),
                                   .writable = !read_only };

        if (!str_equals(json_text(mount, "type"), "bind") && !list_has(options, "bind") && !list_has(options, "rbind"))
                return;
        if (read_only)
                m.mode = STR_LIT("ro");
        for (size_t i = 0; i < ELEMENTS_OF(propagations); i++)
                if (list_has(options, propagations[i]))
                        m.propagation = str_from(propagations[i]);
        draft_mount(d, &m);
}

static void read_mounts(const json_t *mounts, struct draft *d)
{
        if (d->c.facts.knows_mounts || !json_is_array(mounts))
                return;
        d->c.facts.knows_mounts = true;
        for (size_t i = 0; i < json_array_size(mounts); i++)
                read_mount(json_array_get(mounts, i), d);
}

/* A kind of namespace that is not listed is the host's; one with a path is looked at later. */
static bool shares_host(const json_t *namespaces, const char *type, struct draft *d, struct str *path)
{
        for (size_t i = 0; i < json_array_size(namespaces); i++) {
                const json_t *item = json_array_get(namespaces, i);

                if (!str_equals(json_text(item, "type"), type))
                        continue;
                *path = draft_text(d, json_text(item, "path"));
                return false;
        }
        return true;
}

static void read_namespaces(const json_t *namespaces, struct draft *d)
{
        bool pid = shares_host(namespaces, "pid", d, &d->pid_path);
        bool network = shares_host(namespaces, "network", d, &d->network_path);
        bool ipc = shares_host(namespaces, "ipc", d, &d->ipc_path);

        if (!json_is_array(namespaces))
                return;
        if (!DRAFT_KNOWS(d, host_pid) && !d->pid_path.n)
                DRAFT_PUT(d, host_pid, pid);
        if (!DRAFT_KNOWS(d, host_network) && !d->network_path.n)
                DRAFT_PUT(d, host_network, network);
        if (!DRAFT_KNOWS(d, host_ipc) && !d->ipc_path.n)
                DRAFT_PUT(d, host_ipc, ipc);
}

static void read_root(struct str path, struct str folder, struct draft *d)
{
        _cleanup_(buf_free) struct buf whole = { 0 };

        if (!path.n)
                return;
        if (*path.p != '/' && folder.n)
                buf_printf(&whole, "%.*s/", STR_ARG(folder));
        buf_add_str(&whole, path);
        while (whole.len > 1 && whole.data[whole.len - 1] == '/')
                whole.data[--whole.len] = '\0';
        if (!buf_ok(&whole))
                d->failed = true;
        else if (*whole.data == '/')
                d->c.root = draft_text(d, buf_str(&whole));
}

static void judge_privileges(struct draft *d)
{
        if (DRAFT_KNOWS(d, privileged))
                return;
        DRAFT_PUT(d, privileged, d->all_capabilities && d->all_devices && d->no_seccomp);
        d->c.privileged_from = STR_LIT("bundle");
}

void parse_bundle(const json_t *config, struct str folder, struct draft *d)
{
        const json_t *os = json_object_get(config, "linux");
        _cleanup_(buf_free) struct buf cgroup = { 0 };

        d->has_bundle = true;
        d->c.bundle = draft_text(d, folder);
        d->all_capabilities = has_all_capabilities(json_object_get(config, "process"));
        d->all_devices = has_all_devices(json_object_get(os, "resources"));
        d->no_seccomp = !json_is_object(json_object_get(os, "seccomp"));
        read_root(json_text(json_object_get(config, "root"), "path"), folder, d);
        read_mounts(json_object_get(config, "mounts"), d);
        read_namespaces(json_object_get(os, "namespaces"), d);
        parse_annotations(json_object_get(config, "annotations"), d);
        judge_privileges(d);
        if (d->cgroup.n)
                return;
        cgroup_of_bundle(json_text(os, "cgroupsPath"), d->c.uid, &cgroup);
        if (!buf_ok(&cgroup))
                d->failed = true;
        d->cgroup = draft_text(d, buf_str(&cgroup));
}

/* ---- annotations ---- */

#define CRI "io.kubernetes.cri."
#define CRIO "io.kubernetes.cri-o."

static void read_cri(const json_t *a, struct draft *d)
{
        struct str type = json_text(a, CRI "container-type");

        if (!type.n)
                return;
        d->c.sandbox = str_equals(type, "sandbox");
        DRAFT_SET(d, name, json_text(a, CRI "container-name"));
        DRAFT_SET(d, pod_name, json_text(a, CRI "sandbox-name"));
        DRAFT_SET(d, pod_namespace, json_text(a, CRI "sandbox-namespace"));
        DRAFT_SET(d, pod_uid, json_text(a, CRI "sandbox-uid"));
        DRAFT_SET(d, pod_sandbox_id, json_text(a, CRI "sandbox-id"));
        draft_image(d, d->c.sandbox ? json_text(a, CRI "podsandbox.image-name") : json_text(a, CRI "image-name"));
}

/* A document within a document; what of it is wrong is left out. */
static json_t *parse_inner(const json_t *a, const char *key)
{
        json_t *inner = NULL;

        if (json_parse(json_text(a, key), ENGINE_DOCUMENT_MAX, &inner, NULL) < 0)
                return NULL;
        return inner;
}

static void read_crio_labels(const json_t *a, struct draft *d)
{
        _cleanup_json_ json_t *labels = parse_inner(a, CRIO "Labels");
        const char *key;
        json_t *value;

        json_object_foreach (labels, key, value) {
                struct str text = { json_string_value(value), json_string_length(value) };

                draft_label(d, str_from(key), text);
                if (d->c.sandbox)
                        draft_pod_label(d, str_from(key), text);
        }
}

/* "name@sha256:…" anywhere in a list with commas. */
static void read_repo_digest(struct str list, struct draft *d)
{
        struct str repository, tag, digest;

        split_reference(str_cut(&list, ','), &repository, &tag, &digest);
        if (!DRAFT_KNOWS(d, image_digest))
                DRAFT_SET(d, image_digest, digest);
}

static void read_crio(const json_t *a, struct draft *d)
{
        struct str type = json_text(a, CRIO "ContainerType"), image = json_text(a, CRIO "Image"),
                   ref = json_text(a, CRIO "ImageRef"), name = json_text(a, "io.kubernetes.container.name");
        struct str pod = json_text(a, "io.kubernetes.pod.name"), space = json_text(a, "io.kubernetes.pod.namespace");

        if (!type.n)
                return;
        d->c.sandbox = str_equals(type, "sandbox");
        DRAFT_SET(d, name, name.n ? name : json_text(a, CRIO "Name"));
        DRAFT_SET(d, pod_name, pod.n ? pod : json_text(a, CRIO "KubeName"));
        DRAFT_SET(d, pod_namespace, space.n ? space : json_text(a, CRIO "Namespace"));
        DRAFT_SET(d, pod_uid, json_text(a, "io.kubernetes.pod.uid"));
        DRAFT_SET(d, pod_sandbox_id, json_text(a, CRIO "SandboxID"));
        draft_image(d, json_text(a, CRIO "ImageName"));
        draft_image_id(d, image);
        draft_image_id(d, ref);
        if (!DRAFT_KNOWS(d, image))
                draft_image(d, image);
        read_repo_digest(json_text(a, CRIO "ImageRepoDigests"), d);
        read_repo_digest(ref, d);
        if (!is_hex(json_text(a, CRIO "IP.0")))
                DRAFT_SET(d, ip, json_text(a, CRIO "IP.0"));
        read_crio_labels(a, d);
}

static void read_podman(const json_t *a, struct draft *d)
{
        struct str privileged = json_text(a, "io.podman.annotations.privileged");

        if (!privileged.n)
                return;
        DRAFT_PUT(d, privileged, str_equals(privileged, "TRUE"));
        d->c.privileged_from = STR_LIT("engine");
}

void parse_annotations(const json_t *annotations, struct draft *d)
{
        struct str manager = json_text(annotations, "io.container.manager");

        if (!json_is_object(annotations))
                return;
        if (str_equals(manager, "libpod")) {
                d->c.engine = ENGINE_PODMAN;
                read_podman(annotations, d);
                return; /* libpod writes a few of CRI-O's annotations too */
        }
        if (str_equals(manager, "cri-o") || json_text(annotations, CRIO "ContainerType").n) {
                d->c.engine = ENGINE_CRIO;
                read_crio(annotations, d);
        }
        read_cri(annotations, d);
}
