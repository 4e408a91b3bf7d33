/* SPDX-License-Identifier: Apache-2.0 */
/* The runtimes themselves, with or without an engine above them: runc's state.json, crun's status. */
#include <errno.h>
#include <stdio.h>

#include "engine/engine_private.h"

#define BUNDLE_LABEL "bundle="

static void read_pid(const json_t *state, const char *key, struct draft *d)
{
        uint64_t pid = 0;

        if (json_get_u64(state, key, false, &pid, NULL) == 0 && pid <= INT32_MAX && !d->c.init_pid)
                d->c.init_pid = (int64_t)pid;
}

static void read_created(const json_t *state, struct draft *d)
{
        int64_t start;

        if (!DRAFT_KNOWS(d, start) && parse_time(json_text(state, "created"), &start) == 0)
                DRAFT_PUT(d, start, start);
}

/* Whole paths, "/sys/fs/cgroup/unified/default/c1"; ours is below the hierarchy's mount point. */
static void read_cgroup_paths(const json_t *paths, struct str hierarchy, struct draft *d)
{
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *)paths, key, value) {
                struct str path = { json_string_value(value), json_string_length(value) };

                if (path.n <= hierarchy.n || memcmp(path.p, hierarchy.p, hierarchy.n) != 0 || path.p[hierarchy.n] != '/')
                        continue;
                d->cgroup = draft_text(d, (struct str){ path.p + hierarchy.n, path.n - hierarchy.n });
                return;
        }
}

void parse_runc_state(const json_t *state, struct str hierarchy, struct str *ret_bundle, struct draft *d)
{
        const json_t *config = json_object_get(state, "config"), *labels = json_object_get(config, "labels");

        *ret_bundle = STR_NULL;
        for (size_t i = 0; i < json_array_size(labels); i++) {
                const json_t *item = json_array_get(labels, i);
                struct str label = { json_string_value(item), json_string_length(item) };

                if (str_starts(label, BUNDLE_LABEL))
                        *ret_bundle = (struct str){ label.p + strlen(BUNDLE_LABEL), label.n - strlen(BUNDLE_LABEL) };
        }
        read_pid(state, "init_process_pid", d);
        read_created(state, d);
        read_cgroup_paths(json_object_get(state, "cgroup_paths"), hierarchy, d);
        if (!d->c.root.n)
                d->c.root = draft_text(d, json_text(config, "rootfs"));
}

void parse_crun_status(const json_t *status, struct str *ret_bundle, struct draft *d)
{
        struct str cgroup = json_text(status, "cgroup-path");

        *ret_bundle = json_text(status, "bundle");
        read_pid(status, "pid", d);
        read_created(status, d);
        if (cgroup.n > 1 && *cgroup.p == '/')
                d->cgroup = draft_text(d, cgroup);
}

static int read_bundle(struct engines *e, struct str path, int64_t uid, struct draft *d, struct error *err)
{
        _cleanup_json_ json_t *config = NULL;
        struct folder folder;
        int r;

        if (folder_of(path, uid, &folder) < 0)
                return error_say(err, -ENOENT, "the runtime's state names no bundle");
        r = folder_read_json(&e->files, &folder, "config.json", ENGINE_DOCUMENT_MAX, &config, err);
        if (r == 0)
                parse_bundle(config, path, d);
        return r;
}

/* The configuration's annotations are all the labels that such a container has. */
static void read_labels(struct engines *e, const struct draft *from, struct draft *d)
{
        _cleanup_json_ json_t *config = NULL;
        struct folder folder;
        const char *key;
        json_t *value;

        if (folder_of(from->c.bundle, d->c.uid, &folder) < 0 ||
            folder_read_json(&e->files, &folder, "config.json", ENGINE_DOCUMENT_MAX, &config, NULL) < 0)
                return;
        json_object_foreach (json_object_get(config, "annotations"), key, value)
                draft_label(d, str_from(key), (struct str){ json_string_value(value), json_string_length(value) });
}

static int read_state(struct engines *e, enum place place, const char *file, const struct cgroup_name *name,
                      json_t **ret, struct error *err)
{
        char path[ENGINE_ID_MAX + 32];
        struct folder folder;
        int r = place_find(&e->files, place, name->uid, &folder, err);

        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(name->id), file);
        return folder_read_json(&e->files, &folder, path, ENGINE_DOCUMENT_MAX, ret, err);
}

void runtime_add_state(struct engines *e, const struct folder *folder, struct str id, struct draft *d)
{
        _cleanup_json_ json_t *state = NULL;
        char path[ENGINE_ID_MAX + 32];
        struct str bundle;

        snprintf(path, sizeof(path), "%.*s/state.json", STR_ARG(id));
        if (folder_read_json(&e->files, folder, path, ENGINE_DOCUMENT_MAX, &state, NULL) == 0)
                parse_runc_state(state, str_from(e->hierarchy), &bundle, d);
}

void runtime_add_any_state(struct engines *e, const struct cgroup_name *name, struct draft *d)
{
        _cleanup_json_ json_t *state = NULL;
        struct str bundle = STR_NULL;

        if (read_state(e, PLACE_CRUN, "status", name, &state, NULL) == 0)
                parse_crun_status(state, &bundle, d);
        else if (read_state(e, PLACE_RUNC, "state.json", name, &state, NULL) == 0)
                parse_runc_state(state, str_from(e->hierarchy), &bundle, d);
        if (!d->c.bundle.n)
                d->c.bundle = draft_text(d, bundle);
}

/* Alone, there is no image that anything could know of. */
static void state_reasons(struct draft *d)
{
        d->c.why_no_image = STR_LIT("it was started by the runtime alone, which runs a directory and knows of no image");
        d->c.why_no_image_id = d->c.why_no_digest = d->c.why_no_image;
}

int identify_runtime(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err)
{
        _cleanup_json_ json_t *state = NULL;
        struct str bundle = STR_NULL;
        int r;

        r = read_state(e, PLACE_RUNC, "state.json", name, &state, err);
        if (r == 0) {
                d->c.engine = ENGINE_RUNC;
                parse_runc_state(state, str_from(e->hierarchy), &bundle, d);
        } else {
                r = read_state(e, PLACE_CRUN, "status", name, &state, err);
                if (r < 0)
                        return r;
                d->c.engine = ENGINE_CRUN;
                parse_crun_status(state, &bundle, d);
        }
        DRAFT_SET(d, full_id, name->id);
        DRAFT_SET(d, name, name->id);
        state_reasons(d);
        if (d->has_bundle)
                return 0;
        if (read_bundle(e, bundle, name->uid, d, err) < 0)
                draft_why(d, &d->c.why_pending, "%s", err->message);
        else
                read_labels(e, d, d);
        return 0;
}
