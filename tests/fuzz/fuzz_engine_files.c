/* SPDX-License-Identifier: Apache-2.0 */
/* What engines keep on disk: the first byte says whose document it is; a container is made of it whatever it says. */
#include "base/json.h"
#include "engine/engine_private.h"
#include "fuzz.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define IMAGE_ID "sha256:1111111111111111111111111111111111111111111111111111111111111111"

static void parse(unsigned what, const json_t *json, struct draft *d)
{
        struct str bundle = STR_NULL;

        switch (what) {
        case 'b':
                parse_bundle(json, STR_LIT("/run/bundle"), d);
                break;
        case 'd':
                parse_docker_config(json, d);
                break;
        case 'h':
                parse_docker_host_config(json, d);
                break;
        case 'r':
                parse_docker_repositories(json, d);
                break;
        case 's':
                parse_storage_containers(json, d);
                break;
        case 'i':
                parse_storage_images(json, d);
                break;
        case 'c':
                parse_crun_status(json, &bundle, d);
                break;
        case 'n':
                parse_cni_result(json, d);
                break;
        default:
                parse_runc_state(json, STR_LIT("/sys/fs/cgroup"), &bundle, d);
        }
        parse_pod_labels(d);
}

static void check_text(struct str s)
{
        HOLDS(s.n <= ENGINE_TEXT_MAX);
        HOLDS(!s.n || !memchr(s.p, 0, s.n));
}

static void check(const struct container *c, const struct draft *d)
{
        const struct syscall_container *facts = &c->facts;

        HOLDS(facts->known == d->c.facts.known && facts->known >> CONTAINER_MEMBERS == 0);
        HOLDS(facts->n_labels <= ENGINE_LABELS_MAX && facts->n_pod_labels <= ENGINE_LABELS_MAX);
        HOLDS(facts->n_mounts <= ENGINE_MOUNTS_MAX);
        check_text(facts->name);
        check_text(facts->image);
        check_text(facts->ip);
        check_text(c->root);
        HOLDS(str_equal(facts->image, d->c.facts.image) && str_equal(facts->name, d->c.facts.name));
        for (uint32_t i = 0; i < facts->n_labels; i++) {
                check_text(facts->labels[i].name);
                HOLDS(str_equal(facts->labels[i].value, d->labels[i].value));
        }
        for (uint32_t i = 0; i < facts->n_mounts; i++) {
                check_text(facts->mounts[i].source);
                check_text(facts->mounts[i].propagation);
        }
        HOLDS(c->init_pid >= 0 && c->init_pid <= INT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(draft_done) struct draft d = { 0 };
        _cleanup_(container_unrefp) const struct container *c = NULL;
        _cleanup_json_ json_t *json = NULL;
        struct error err = ERROR_INIT;

        if (!size || json_parse((struct str){ (const char *)data + 1, size - 1 }, ENGINE_DOCUMENT_MAX, &json, &err) < 0)
                return 0;
        if (draft_init(&d, &err) < 0)
                return 0;
        DRAFT_SET(&d, full_id, STR_LIT(ID));
        if (*data == 'r' || *data == 'i')
                draft_image_id(&d, STR_LIT(IMAGE_ID));
        parse(*data, json, &d);
        HOLDS(d.bytes <= ENGINE_CONTAINER_BYTES_MAX);
        if (draft_seal(&d, &c, &err) < 0) {
                HOLDS(d.failed);
                return 0;
        }
        fuzz_accepted++;
        check(c, &d);
        return 0;
}
