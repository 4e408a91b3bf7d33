/* SPDX-License-Identifier: Apache-2.0 */
/* podman and CRI-O: containers/storage, which both keep containers and images in. */
#include <errno.h>
#include <stdio.h>

#include "engine/engine_private.h"

/* Folders bear the name of the storage driver: "overlay-containers", "overlay-images". */
static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };

struct storage {
        struct folder folder, run;
        const char *driver;
};

static bool is_of(const json_t *object, struct str id)
{
        return id.n && str_equal(json_text(object, "id"), id);
}

/* The engine's own text about the container: {"image-name": …, "image-id": …, "name": …, "pod-name": …}. */
static void read_metadata(struct str text, struct draft *d)
{
        _cleanup_json_ json_t *metadata = NULL;

        if (json_parse(text, ENGINE_DOCUMENT_MAX, &metadata, NULL) < 0)
                return;
        if (!DRAFT_KNOWS(d, image))
                draft_image(d, json_text(metadata, "image-name"));
        draft_image_id(d, json_text(metadata, "image-id"));
        if (!DRAFT_KNOWS(d, name))
                DRAFT_SET(d, name, json_text(metadata, "name"));
}

bool parse_storage_containers(const json_t *containers, struct draft *d)
{
        int64_t start;

        for (size_t i = 0; i < json_array_size(containers); i++) {
                const json_t *c = json_array_get(containers, i), *names = json_object_get(c, "names");
                const char *name = json_string_value(json_array_get(names, 0));

                if (!is_of(c, d->c.facts.full_id))
                        continue;
                if (name && !DRAFT_KNOWS(d, name))
                        DRAFT_SET(d, name, str_from(name));
                draft_image_id(d, json_text(c, "image"));
                read_metadata(json_text(c, "metadata"), d);
                if (!DRAFT_KNOWS(d, start) && parse_time(json_text(c, "created"), &start) == 0)
                        DRAFT_PUT(d, start, start);
                return true;
        }
        return false;
}

bool parse_storage_images(const json_t *images, struct draft *d)
{
        struct str want = d->c.facts.image_id;

        if (str_starts(want, "sha256:"))
                want = (struct str){ want.p + 7, want.n - 7 };
        for (size_t i = 0; i < json_array_size(images); i++) {
                const json_t *image = json_array_get(images, i), *names = json_object_get(image, "names");
                const char *name = json_string_value(json_array_get(names, 0));

                if (!is_of(image, want))
                        continue;
                if (!DRAFT_KNOWS(d, image) && name)
                        draft_image(d, str_from(name));
                if (!DRAFT_KNOWS(d, image_digest))
                        DRAFT_SET(d, image_digest, json_text(image, "digest"));
                return true;
        }
        return false;
}

/* Written by one or the other, by version and by whether the container outlives a restart of the host. */
static void read_containers(struct engines *e, const struct storage *s, struct draft *d)
{
        static const char *const names[] = { "containers.json", "volatile-containers.json" };
        struct error err = ERROR_INIT, first = ERROR_INIT;

        for (size_t i = 0; i < 2 * ELEMENTS_OF(names); i++) {
                _cleanup_json_ json_t *containers = NULL;
                char path[64];
                int r;

                snprintf(path, sizeof(path), "%s-containers/%s", s->driver, names[i / 2]);
                r = folder_read_json(&e->files, i % 2 ? &s->run : &s->folder, path, ENGINE_LIST_MAX, &containers, &err);
                if (r == 0 && parse_storage_containers(containers, d))
                        return;
                if (r < 0 && !first.code)
                        first = err;
        }
        draft_why(d, &d->c.why_pending, "%s",
                  first.code ? first.message : "the container is not yet in the list of containers");
}

static void read_images(struct engines *e, const struct storage *s, struct draft *d)
{
        _cleanup_json_ json_t *images = NULL;
        struct error err = ERROR_INIT;
        char path[64];

        snprintf(path, sizeof(path), "%s-images/images.json", s->driver);
        if (folder_read_json(&e->files, &s->folder, path, ENGINE_LIST_MAX, &images, &err) < 0)
                draft_why(d, &d->c.why_no_digest, "the list of images could not be read: %s", err.message);
        else if (!parse_storage_images(images, d))
                d->c.why_no_digest = STR_LIT("the image is not in the list of images");
}

static int read_bundle_in(struct engines *e, const struct folder *folder, const char *driver, struct str id,
                          struct draft *d, struct error *err)
{
        _cleanup_json_ json_t *config = NULL;
        _cleanup_(buf_free) struct buf path = { 0 };
        char name[ENGINE_ID_MAX + 64];
        int r;

        snprintf(name, sizeof(name), "%s-containers/%.*s/userdata/config.json", driver, STR_ARG(id));
        r = folder_read_json(&e->files, folder, name, ENGINE_DOCUMENT_MAX, &config, err);
        if (r < 0)
                return r;
        buf_printf(&path, "%s%s%s/%s-containers/%.*s/userdata", folder->base, *folder->path ? "/" : "", folder->path,
                   driver, STR_ARG(id));
        if (!buf_ok(&path))
                return error_oom(err);
        parse_bundle(config, buf_str(&path), d);
        return 0;
}

/* podman keeps bundles with the storage, CRI-O with what is lost at the next start. */
static int read_bundle(struct engines *e, struct storage *s, struct str id, struct draft *d, struct error *err)
{
        int r = -ENOENT;

        for (size_t i = 0; i < ELEMENTS_OF(drivers) && r < 0; i++) {
                s->driver = drivers[i];
                r = read_bundle_in(e, &s->folder, s->driver, id, d, err);
                if (r < 0)
                        r = read_bundle_in(e, &s->run, s->driver, id, d, err);
        }
        return r;
}

/* The storage may be anywhere; the runtime's state names the bundle, which is in it. */
static int find_storage(struct engines *e, const struct cgroup_name *name, struct storage *s, struct error *err)
{
        _cleanup_(draft_done) struct draft state = { 0 };
        char tail[ENGINE_ID_MAX + 64];
        int r = draft_init(&state, err);

        if (r < 0)
                return r;
        runtime_add_any_state(e, name, &state);
        for (size_t i = 0; i < ELEMENTS_OF(drivers); i++) {
                struct str path = state.c.bundle;

                snprintf(tail, sizeof(tail), "/%s-containers/%.*s/userdata", drivers[i], STR_ARG(name->id));
                if (!str_ends(path, tail))
                        continue;
                path.n -= strlen(tail);
                return folder_of(path, name->uid, &s->folder) < 0 ? error_say(err, -ENOENT, "no path of a storage") : 0;
        }
        return error_say(err, -ENOENT, "no storage has it");
}

/* The labels of a pod stand in the bundle of its sandbox. */
static void read_pod(struct engines *e, struct storage *s, struct draft *d)
{
        _cleanup_(draft_done) struct draft pod = { 0 };
        struct str sandbox = d->c.facts.pod_sandbox_id;
        struct error err = ERROR_INIT;

        if (d->c.sandbox || !sandbox.n || sandbox.n > ENGINE_ID_MAX || draft_init(&pod, &err) < 0)
                return;
        pod.c.uid = d->c.uid;
        if (read_bundle(e, s, sandbox, &pod, &err) < 0)
                return;
        for (uint32_t i = 0; i < pod.c.facts.n_pod_labels; i++)
                draft_pod_label(d, pod.pod_labels[i].name, pod.pod_labels[i].value);
        if (DRAFT_KNOWS(&pod, ip)) {
                DRAFT_SET(d, ip, pod.c.facts.ip);
                DRAFT_SET(d, pod_ip, pod.c.facts.ip);
        }
}

int identify_storage(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err)
{
        struct storage s;
        int r = place_find(&e->files, PLACE_STORAGE, name->uid, &s.folder, err);

        if (r == 0)
                r = place_find(&e->files, PLACE_STORAGE_RUN, name->uid, &s.run, err);
        if (r == 0)
                r = read_bundle(e, &s, name->id, d, err);
        if (r == -ENOENT && find_storage(e, name, &s, err) == 0)
                r = read_bundle(e, &s, name->id, d, err);
        if (r < 0)
                return r;
        if (d->c.engine == ENGINE_UNKNOWN) /* buildah works in the same folders */
                d->c.engine = name->engine == ENGINE_UNKNOWN ? ENGINE_PODMAN : name->engine;
        DRAFT_SET(d, full_id, name->id);
        runtime_add_any_state(e, name, d);
        read_containers(e, &s, d);
        read_images(e, &s, d);
        read_pod(e, &s, d);
        return 0;
}
