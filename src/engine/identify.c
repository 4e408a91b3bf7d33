/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine knows a cgroup, and all that it says of it. */
#include <errno.h>

#include "engine/engine_private.h"

#define SHORT_ID 12
#define LONG_ID 64

static const struct way {
        enum container_engine engines[2];
        bool long_id; /* that engine gives no others */
        int (*identify)(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err);
} ways[] = {
        { { ENGINE_DOCKER, ENGINE_DOCKER }, true, identify_docker },
        { { ENGINE_CONTAINERD, ENGINE_CONTAINERD }, false, identify_containerd },
        { { ENGINE_PODMAN, ENGINE_CRIO }, true, identify_storage },
        { { ENGINE_CRUN, ENGINE_RUNC }, false, identify_runtime },
};

static bool may_be(const struct way *way, const struct cgroup_name *name)
{
        if (way->long_id && !(name->id.n == LONG_ID && is_hex(name->id)))
                return false;
        return name->engine == ENGINE_UNKNOWN || name->engine == way->engines[0] || name->engine == way->engines[1];
}

void parse_pod_labels(struct draft *d)
{
        for (uint32_t i = 0; i < d->c.facts.n_labels; i++) {
                struct str name = d->labels[i].name, value = d->labels[i].value;

                if (str_equals(name, "io.kubernetes.pod.name") && !DRAFT_KNOWS(d, pod_name))
                        DRAFT_SET(d, pod_name, value);
                else if (str_equals(name, "io.kubernetes.pod.namespace") && !DRAFT_KNOWS(d, pod_namespace))
                        DRAFT_SET(d, pod_namespace, value);
                else if (str_equals(name, "io.kubernetes.pod.uid") && !DRAFT_KNOWS(d, pod_uid))
                        DRAFT_SET(d, pod_uid, value);
                else if (str_equals(name, "io.kubernetes.sandbox.id") && !DRAFT_KNOWS(d, pod_sandbox_id))
                        DRAFT_SET(d, pod_sandbox_id, value);
                else if (str_equals(name, "io.kubernetes.docker.type") || str_equals(name, "io.cri-containerd.kind"))
                        d->c.sandbox |= str_equals(value, "podsandbox") || str_equals(value, "sandbox");
                else if (str_equals(name, "nerdctl/name"))
                        DRAFT_SET(d, name, value);
        }
}

/* Whoever can make a cgroup can give it any name; the container's own state says where it really is. `path` may be above
 * that: crun makes one more below the scope. */
static bool is_there(const struct draft *d, const struct cgroup_name *name, struct str path, bool nested)
{
        struct str said = d->cgroup;

        if (!said.n)
                return !nested;
        if (said.n >= path.n && memcmp(said.p, path.p, path.n) == 0 && (said.n == path.n || said.p[path.n] == '/'))
                return true;
        return name->uid && !nested; /* in the user's own part of the tree, of the user's own container */
}

static void finish(struct draft *d)
{
        struct str id = d->c.facts.full_id;

        id.n = MIN_OF(id.n, (size_t)SHORT_ID);
        DRAFT_SET(d, id, id);
        DRAFT_SET(d, type, str_from(container_engine_name(d->c.engine)));
        parse_pod_labels(d);
        if (DRAFT_KNOWS(d, image) || d->c.why_no_image.n)
                ;
        else if (d->c.sandbox)
                d->c.why_no_image = STR_LIT("a pod's sandbox, whose image its engine does not name");
        else
                d->c.why_no_image = STR_LIT("its engine names none");
        if (!DRAFT_KNOWS(d, image_id) && !d->c.why_no_image_id.n)
                d->c.why_no_image_id = d->c.why_no_image.n ? d->c.why_no_image : STR_LIT("its engine names none");
        if (!DRAFT_KNOWS(d, image_digest) && !d->c.why_no_digest.n)
                d->c.why_no_digest = d->c.why_no_image.n ? d->c.why_no_image : STR_LIT("its engine names none");
        d->c.state = d->c.why_pending.n ? CONTAINER_PENDING : CONTAINER_KNOWN;
}

int engines_identify(struct engines *e, const struct cgroup_name *name, struct str path, bool nested, struct draft *d,
                     struct error *err)
{
        for (size_t i = 0; i < ELEMENTS_OF(ways); i++) {
                _cleanup_(draft_done) struct draft found = { 0 };
                int r;

                if (!may_be(&ways[i], name))
                        continue;
                r = draft_init(&found, err);
                if (r < 0)
                        return r;
                found.c.uid = name->uid;
                r = ways[i].identify(e, name, &found, err);
                if (found.failed)
                        return error_oom(err);
                if (r < 0 || !is_there(&found, name, path, nested))
                        continue;
                identify_running(e, path, &found);
                finish(&found);
                draft_done(d);
                *d = found;
                found = (struct draft){ 0 };
                return d->failed ? error_oom(err) : 0;
        }
        return error_say(err, -ENOENT, "no engine knows it");
}
