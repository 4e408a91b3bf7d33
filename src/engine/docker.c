/* SPDX-License-Identifier: Apache-2.0 */
/* Docker: what its daemon keeps of a container and of images, in its own folders. */
#include <errno.h>
#include <stdio.h>

#include "engine/engine_private.h"

#define HOSTNAME_MOUNT "/etc/hostname"

static void read_mount_points(const json_t *points, struct draft *d)
{
        const char *key;
        json_t *point;

        if (!json_is_object(points))
                return;
        d->c.facts.knows_mounts = true;
        json_object_foreach ((json_t *)points, key, point) {
                struct syscall_mount m = {
                        .source = json_text(point, "Source"),
                        .destination = json_text(point, "Destination"),
                        .mode = json_text(point, "Relabel"),
                        .propagation = json_text(point, "Propagation"),
                        .writable = json_is_true(json_object_get(point, "RW")),
                };

                draft_mount(d, &m);
        }
}

static void read_networks(const json_t *settings, struct draft *d)
{
        const char *key;
        json_t *network;

        json_object_foreach (json_object_get(settings, "Networks"), key, network) {
                struct str ip = json_text(network, "IPAddress");

                if (!ip.n)
                        ip = json_text(network, "GlobalIPv6Address");
                if (!DRAFT_KNOWS(d, ip))
                        DRAFT_SET(d, ip, ip);
        }
}

static void read_state(const json_t *state, struct draft *d)
{
        uint64_t pid = 0;
        int64_t start;

        if (json_get_u64(state, "Pid", false, &pid, NULL) == 0 && pid <= INT32_MAX &&
            json_is_true(json_object_get(state, "Running"))) {
                d->c.init_pid = (int64_t)pid;
                if (parse_time(json_text(state, "StartedAt"), &start) == 0)
                        DRAFT_PUT(d, start, start);
        }
}

void parse_docker_config(const json_t *config, struct draft *d)
{
        const json_t *inner = json_object_get(config, "Config"), *manifest = json_object_get(config, "ImageManifest");
        struct str name = json_text(config, "Name"), image = json_text(config, "Image");
        const char *key;
        json_t *value;

        if (name.n && *name.p == '/')
                name = (struct str){ name.p + 1, name.n - 1 };
        d->c.engine = ENGINE_DOCKER;
        DRAFT_SET(d, full_id, json_text(config, "ID"));
        DRAFT_SET(d, name, name);
        draft_image(d, json_text(inner, "Image"));
        /* With containerd's image store "Image" names what was pulled, and the manifest stands beside it. */
        if (json_text(manifest, "digest").n)
                DRAFT_SET(d, image_digest, image);
        else
                draft_image_id(d, image);
        json_object_foreach (json_object_get(inner, "Labels"), key, value)
                draft_label(d, str_from(key), (struct str){ json_string_value(value), json_string_length(value) });
        read_mount_points(json_object_get(config, "MountPoints"), d);
        read_networks(json_object_get(config, "NetworkSettings"), d);
        read_state(json_object_get(config, "State"), d);
}

void parse_docker_host_config(const json_t *config, struct draft *d)
{
        bool privileged = false;

        if (!json_is_object(config))
                return;
        if (json_get_bool(config, "Privileged", true, &privileged, NULL) == 0) {
                DRAFT_PUT(d, privileged, privileged);
                d->c.privileged_from = STR_LIT("engine");
        }
        DRAFT_PUT(d, host_pid, str_equals(json_text(config, "PidMode"), "host"));
        DRAFT_PUT(d, host_ipc, str_equals(json_text(config, "IpcMode"), "host"));
        DRAFT_PUT(d, host_network, str_equals(json_text(config, "NetworkMode"), "host"));
}

/* {"Repositories": {"nginx": {"nginx:1": "sha256:ID", "nginx@sha256:DIGEST": "sha256:ID"}}} */
static void read_repository(const json_t *names, struct draft *d, struct str *tagged)
{
        struct str want = d->c.facts.image_id, repository, tag, digest;
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *)names, key, value) {
                const char *id = json_string_value(value);

                if (!id || !str_equals(want, id))
                        continue;
                split_reference(str_from(key), &repository, &tag, &digest);
                /* Of several the one of the repository that the container names. */
                if (digest.n && (!DRAFT_KNOWS(d, image_digest) || str_equal(repository, d->c.facts.image_repository)))
                        DRAFT_SET(d, image_digest, digest);
                if (tag.n && !tagged->n)
                        *tagged = str_from(key);
        }
}

static bool names_an_image(struct str image)
{
        return image.n && !str_starts(image, "sha256:") && !(image.n >= 12 && is_hex(image));
}

void parse_docker_repositories(const json_t *repositories, struct draft *d)
{
        struct str tagged = STR_NULL, image = d->c.facts.image;
        const char *key;
        json_t *names;

        if (!DRAFT_KNOWS(d, image_id))
                return;
        json_object_foreach (json_object_get(repositories, "Repositories"), key, names)
                read_repository(names, d, &tagged);
        /* A container that was started by an id runs an image that may have a name. */
        if (!names_an_image(image) && tagged.n)
                draft_image(d, tagged);
        else if (!names_an_image(image)) {
                d->c.facts.known &= ~(UINT64_C(1) << CONTAINER_image_repository | UINT64_C(1) << CONTAINER_image_tag);
                if (str_starts(image, "sha256:"))
                        d->c.facts.image_repository = d->c.facts.image_tag = STR_NULL;
        }
}

static void read_images(struct engines *e, const struct folder *folder, struct str driver, struct draft *d)
{
        _cleanup_json_ json_t *repositories = NULL;
        struct error err = ERROR_INIT;
        char path[STR_SHOWN_MAX + 32];
        int r;

        if (!DRAFT_KNOWS(d, image_id)) {
                containerd_image_id(e, folder->uid, d->c.facts.image_digest, d);
                if (!DRAFT_KNOWS(d, image_id))
                        d->c.why_no_image_id = STR_LIT(
                                "Docker keeps images in containerd, whose content store lacks this one");
                return;
        }
        snprintf(path, sizeof(path), "image/%.*s/repositories.json", STR_SHOWN(driver));
        r = folder_read_json(&e->files, folder, path, ENGINE_LIST_MAX, &repositories, &err);
        if (r < 0)
                draft_why(d, &d->c.why_no_digest, "Docker's list of images could not be read: %s", err.message);
        else
                parse_docker_repositories(repositories, d);
        if (DRAFT_KNOWS(d, image_digest))
                d->c.why_no_digest = STR_NULL;
        else if (!d->c.why_no_digest.n)
                d->c.why_no_digest = STR_LIT("the image was made here: it was not pulled from a registry");
}

/* The daemon's folder may be anywhere; its containers' bundles mount a file of it. */
static bool folder_of_daemon(const struct draft *d, const struct cgroup_name *name, struct folder *ret)
{
        char tail[ENGINE_ID_MAX + 32];

        snprintf(tail, sizeof(tail), "/containers/%.*s/hostname", STR_ARG(name->id));
        for (uint32_t i = 0; i < d->c.facts.n_mounts; i++) {
                struct str source = d->mounts[i].source;

                if (!str_equals(d->mounts[i].destination, HOSTNAME_MOUNT) || !str_ends(source, tail))
                        continue;
                source.n -= strlen(tail);
                return folder_of(source, name->uid, ret) == 0;
        }
        return false;
}

static int read_config(struct engines *e, const struct folder *folder, struct str id, struct draft *d, struct error *err)
{
        _cleanup_json_ json_t *config = NULL, *host_config = NULL;
        char name[ENGINE_ID_MAX + 64];
        int r;

        snprintf(name, sizeof(name), "containers/%.*s/config.v2.json", STR_ARG(id));
        r = folder_read_json(&e->files, folder, name, ENGINE_DOCUMENT_MAX, &config, err);
        if (r < 0)
                return r;
        if (!str_equal(json_text(config, "ID"), id))
                return error_say(err, -ENOENT, "'%s' is of another container", name);
        parse_docker_config(config, d);
        snprintf(name, sizeof(name), "containers/%.*s/hostconfig.json", STR_ARG(id));
        r = folder_read_json(&e->files, folder, name, ENGINE_DOCUMENT_MAX, &host_config, err);
        if (r < 0)
                draft_why(d, &d->c.why_pending, "%s", err->message);
        else
                parse_docker_host_config(host_config, d);
        read_images(e, folder, json_text(config, "Driver"), d);
        return 0;
}

struct runtimes {
        struct engines *e;
        const struct cgroup_name *name;
        const struct folder *run;
        struct draft *d;
};

/* "runtime-NAME": a folder for each runtime that was configured. */
static int try_runtime(void *ctx, const char *name, bool folder)
{
        struct runtimes *r = ctx;
        struct folder state = { .uid = r->name->uid };
        struct str before = r->d->cgroup;

        if (!folder || strncmp(name, "runtime-", strlen("runtime-")) != 0)
                return 0;
        snprintf(state.base, sizeof(state.base), "%s", r->run->base);
        snprintf(state.path, sizeof(state.path), "%.1024s%s%.255s/moby", r->run->path, *r->run->path ? "/" : "", name);
        runtime_add_state(r->e, &state, r->name->id, r->d);
        return r->d->cgroup.p != before.p;
}

static void read_runtime(struct engines *e, const struct cgroup_name *name, struct draft *d)
{
        struct folder run;
        struct runtimes runtimes = { .e = e, .name = name, .run = &run, .d = d };

        if (place_find(&e->files, PLACE_DOCKER_RUN, name->uid, &run, NULL) == 0 &&
            files_names(&e->files, run.base, run.path, name->uid, try_runtime, &runtimes, NULL) < 0)
                return; /* containerd's own record of the bundle says as much, but for the start */
}

int identify_docker(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err)
{
        struct folder folder;
        int r = place_find(&e->files, PLACE_DOCKER, name->uid, &folder, err), b;

        if (r < 0)
                return r;
        r = read_config(e, &folder, name->id, d, err);
        if (r < 0) {
                /* Perhaps the daemon's folder is elsewhere. */
                b = containerd_bundle(e, name, "moby", d, err);
                if (b < 0 || !folder_of_daemon(d, name, &folder))
                        return r;
                d->c.facts.n_mounts = 0;
                d->c.facts.knows_mounts = false;
                r = read_config(e, &folder, name->id, d, err);
                if (r < 0)
                        return r;
        }
        read_runtime(e, name, d);
        if (!d->has_bundle && containerd_bundle(e, name, "moby", d, err) < 0 && !d->c.why_pending.n)
                draft_why(d, &d->c.why_pending, "%s", err->message);
        return 0;
}
