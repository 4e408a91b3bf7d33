/* SPDX-License-Identifier: Apache-2.0 */
/* A host of the test's own: a directory that stands for "/", with cgroups and engines' files. */
#ifndef TALLYMAN_TESTS_ENGINE_TREE_H
#define TALLYMAN_TESTS_ENGINE_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define IMAGE_ID "1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST "2222222222222222222222222222222222222222222222222222222222222222"
#define assert_text(s, text) assert_true(str_equals(s, text))

struct tree {
        char root[64];
        char cgroups[96]; /* where the hierarchy is, on the real file system */
        uint64_t now;
        struct container_table *table;
};

static inline void tree_path(const struct tree *t, const char *path, char to[static 4096])
{
        int n = snprintf(to, 4096, "%s%s", t->root, path);

        assert_in_range(n, 1, 4095);
}

static inline void tree_folder(const struct tree *t, const char *path)
{
        char whole[4096];

        tree_path(t, path, whole);
        for (char *p = whole + strlen(t->root) + 1; *p; p++)
                if (*p == '/') {
                        *p = '\0';
                        mkdir(whole, 0755);
                        *p = '/';
                }
        mkdir(whole, 0755);
}

static inline void tree_write_bytes(const struct tree *t, const char *path, const void *data, size_t n)
{
        char whole[4096], folder[4096];
        FILE *f;

        snprintf(folder, sizeof(folder), "%s", path);
        *strrchr(folder, '/') = '\0';
        if (*folder)
                tree_folder(t, folder);
        tree_path(t, path, whole);
        f = fopen(whole, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(data, 1, n, f), n);
        assert_int_equal(fclose(f), 0);
}

static inline void tree_write(const struct tree *t, const char *path, const char *text)
{
        tree_write_bytes(t, path, text, strlen(text));
}

static inline void tree_remove(const struct tree *t, const char *path)
{
        char command[4200];

        snprintf(command, sizeof(command), "rm -rf '%s%s'", t->root, path);
        assert_int_equal(system(command), 0);
}

/* Makes a cgroup and gives its number. */
static inline uint64_t tree_cgroup(const struct tree *t, const char *path)
{
        char below[4096];
        struct stat st;

        snprintf(below, sizeof(below), "%s%s", t->cgroups, path);
        tree_folder(t, below + strlen(t->root));
        assert_int_equal(stat(below, &st), 0);
        return st.st_ino;
}

static inline uint64_t tree_now(void *ctx)
{
        return ((struct tree *)ctx)->now;
}

#define SECOND UINT64_C(1000000000)

static inline void tree_init(struct tree *t)
{
        *t = (struct tree){ .root = "/tmp/tallyman-engine-XXXXXX", .now = 1000 * SECOND };
        assert_non_null(mkdtemp(t->root));
        snprintf(t->cgroups, sizeof(t->cgroups), "%s/sys/fs/cgroup", t->root);
        tree_write(t, "/sys/fs/cgroup/cgroup.controllers", "\n");
}

static inline struct container_table *tree_table(struct tree *t, struct container_options options)
{
        struct error err = ERROR_INIT;

        options.root = t->root;
        options.now = tree_now;
        options.now_ctx = t;
        if (!options.access.connect)
                options.no_sockets = true;
        assert_int_equal(container_table_new(&options, &t->table, &err), 0);
        return t->table;
}

static inline void tree_done(struct tree *t)
{
        char command[128];

        container_table_free(t->table);
        snprintf(command, sizeof(command), "rm -rf '%s'", t->root);
        assert_int_equal(system(command), 0);
}

/* Tells the table of a cgroup that was made, and gives what it makes of it; NULL: no container. */
static inline const struct container *tree_add(struct tree *t, const char *path)
{
        const struct container *c;
        struct error err = ERROR_INIT;
        uint64_t id = tree_cgroup(t, path);

        assert_int_equal(container_table_add_cgroup(t->table, id, path, &err), 0);
        container_table_find(t->table, id, &c);
        return c;
}

static inline enum cgroup_kind tree_kind(const struct tree *t, uint64_t id)
{
        const struct container *c;

        return container_table_find(t->table, id, &c);
}

#define KNOWS(c, member) ((c)->facts.known >> CONTAINER_##member & 1)

/* ---- engines' files ---- */

static inline void tree_bundle(const struct tree *t, const char *folder, const char *cgroup, const char *more)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        char path[4200];

        buf_printf(&text,
                   "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
                   "\"linux\":{\"cgroupsPath\":\"%s\",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"},"
                   "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"mount\"}]}%s}",
                   cgroup, more);
        snprintf(path, sizeof(path), "%s/config.json", folder);
        tree_write_bytes(t, path, text.data, text.len);
}

static inline void tree_docker(const struct tree *t, const char *data, const char *id, const char *cgroup)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        char path[4096];

        buf_printf(&text,
                   "{\"ID\":\"%s\",\"Name\":\"/web\",\"Driver\":\"overlay2\",\"Image\":\"sha256:" IMAGE_ID
                   "\",\"Config\":{\"Image\":"
                   "\"registry.example:5000/shop/web:1.2\",\"Labels\":{\"app\":\"shop\"}},\"MountPoints\":{\"/data\":"
                   "{\"Source\":\"/srv/data\",\"Destination\":\"/data\",\"RW\":false,\"Relabel\":\"ro\","
                   "\"Propagation\":\"rprivate\"}},\"NetworkSettings\":{\"Networks\":{\"bridge\":{\"IPAddress\":"
                   "\"172.17.0.2\"}}},\"State\":{\"Running\":true,\"Pid\":77,\"StartedAt\":"
                   "\"2026-11-25T12:34:45.874576428Z\"}}",
                   id);
        snprintf(path, sizeof(path), "%s/containers/%s/config.v2.json", data, id);
        tree_write_bytes(t, path, text.data, text.len);
        snprintf(path, sizeof(path), "%s/containers/%s/hostconfig.json", data, id);
        tree_write(t, path,
                   "{\"Privileged\":true,\"PidMode\":\"host\",\"IpcMode\":\"private\",\"NetworkMode\":\"bridge\"}");
        snprintf(path, sizeof(path), "%s/image/overlay2/repositories.json", data);
        tree_write(t, path,
                   "{\"Repositories\":{\"registry.example:5000/shop/web\":{"
                   "\"registry.example:5000/shop/web:1.2\":\"sha256:" IMAGE_ID "\","
                   "\"registry.example:5000/shop/web@sha256:" DIGEST "\":\"sha256:" IMAGE_ID "\"}}}");
        snprintf(path, sizeof(path), "/run/containerd/io.containerd.runtime.v2.task/moby/%s", id);
        tree_bundle(t, path, cgroup, "");
}

#endif
