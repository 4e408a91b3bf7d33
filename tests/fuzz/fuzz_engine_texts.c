/* SPDX-License-Identifier: Apache-2.0 */
/* Names of cgroups, references of images, times, and the kernel's mount tables and addresses. */
#include "engine/engine_private.h"
#include "fuzz.h"

static void check_names(struct str text)
{
        struct cgroup_name names[ENGINE_DEPTH_MAX];
        size_t n = cgroup_names(text, names);

        HOLDS(n <= ENGINE_DEPTH_MAX);
        for (size_t i = 0; i < n; i++) {
                HOLDS(names[i].strength != NAME_NONE && names[i].id.n > 0 && names[i].id.n <= ENGINE_ID_MAX);
                HOLDS(!memchr(names[i].id.p, '/', names[i].id.n));
                HOLDS(names[i].path_length <= text.n && (!i || names[i].path_length < names[i - 1].path_length));
                HOLDS(names[i].id.p >= text.p && names[i].id.p + names[i].id.n <= text.p + names[i].path_length);
        }
}

static void check_cgroup(struct str text)
{
        _cleanup_(buf_free) struct buf path = { 0 };

        cgroup_of_bundle(text, 0, &path);
        HOLDS(!path.len || *path.data == '/');
        fuzz_accepted += path.len > 0;
}

static void check_reference(struct str text)
{
        struct str repository, tag, digest;

        split_reference(text, &repository, &tag, &digest);
        HOLDS(repository.n + tag.n + digest.n + (tag.p != NULL) + (digest.p != NULL) == text.n);
}

static void check_mounts(struct str text)
{
        _cleanup_(draft_done) struct draft d = { 0 };
        struct error err = ERROR_INIT;
        struct mount_line line;
        char address[46];
        struct str ip;

        if (draft_init(&d, &err) < 0)
                return;
        if (mountinfo_find(text, STR_LIT("/"), &line)) {
                fuzz_accepted++;
                draft_take_mount(&d, &line);
                HOLDS(d.c.n_layers <= ENGINE_LAYERS_MAX && d.c.knows_device);
        }
        ip = parse_fib_trie(text);
        HOLDS(ip.n < 16);
        if (parse_if_inet6(text, address))
                HOLDS(strlen(address) < sizeof(address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str text = { (const char *)data, size };
        int64_t ns;

        if (size > ENGINE_DOCUMENT_MAX)
                return 0;
        check_names(text);
        check_cgroup(text);
        check_reference(text);
        check_mounts(text);
        if (parse_time(text, &ns) == 0) {
                HOLDS(ns > 0);
                fuzz_accepted++;
        }
        return 0;
}
