/* SPDX-License-Identifier: Apache-2.0 */
/* What the names of cgroups say of who made them. */
#include <stdio.h>

#include "engine/engine_private.h"

#define ID_LENGTH 64 /* of engines' own ids */

/* Prefixes of scopes (systemd) and of directories (cgroupfs). conmon watches a container from outside it. */
static const struct {
        const char *prefix;
        enum container_engine engine;
        bool none;
} prefixes[] = {
        { "docker-", ENGINE_DOCKER },
        { "cri-containerd-", ENGINE_CONTAINERD },
        { "nerdctl-", ENGINE_CONTAINERD },
        { "crio-conmon-", ENGINE_CRIO, true },
        { "crio-", ENGINE_CRIO },
        { "libpod-conmon-", ENGINE_PODMAN, true },
        { "libpod-payload-", ENGINE_PODMAN },
        { "libpod-", ENGINE_PODMAN },
        { "crun-", ENGINE_CRUN },
        { "runc-", ENGINE_RUNC },
};

/* The part after the last dash, if that is an engine's id. */
static bool has_long_id(struct str name, struct str *ret)
{
        struct str id;

        if (name.n < ID_LENGTH)
                return false;
        id = (struct str){ name.p + name.n - ID_LENGTH, ID_LENGTH };
        if (!is_hex(id) || (name.n > ID_LENGTH && id.p[-1] != '-' && id.p[-1] != ':'))
                return false;
        *ret = id;
        return true;
}

static bool is_parent_of_containers(struct str parent)
{
        return str_equals(parent, "docker") || str_equals(parent, "libpod_parent") || str_starts(parent, "kubepods") ||
               str_starts(parent, "pod") || str_equals(parent, "nerdctl");
}

static bool cut_suffix(struct str *s, const char *suffix)
{
        if (!str_ends(*s, suffix))
                return false;
        s->n -= strlen(suffix);
        return true;
}

static enum name_strength read_prefixed(struct str name, struct cgroup_name *c)
{
        for (size_t i = 0; i < ELEMENTS_OF(prefixes); i++) {
                size_t n = strlen(prefixes[i].prefix);

                if (!str_starts(name, prefixes[i].prefix) || name.n == n)
                        continue;
                if (prefixes[i].none)
                        return NAME_NONE;
                c->engine = prefixes[i].engine;
                c->id = (struct str){ name.p + n, name.n - n };
                return c->id.n == ID_LENGTH && is_hex(c->id) ? NAME_SURE : NAME_MAYBE;
        }
        return has_long_id(name, &c->id) ? NAME_SURE : NAME_MAYBE;
}

static enum name_strength read_name(struct str parent, struct str name, struct cgroup_name *c)
{
        bool scope = cut_suffix(&name, ".scope");

        c->id = name;
        if (!name.n || name.n > ENGINE_ID_MAX || str_ends(name, ".slice") || str_ends(name, ".service") ||
            str_ends(name, ".mount") || str_ends(name, ".socket") || str_ends(name, ".swap"))
                return NAME_NONE;
        /* containerd's runtime makes "slice:prefix:name" a directory where the driver is cgroupfs by mistake. */
        if (scope || str_starts(name, "libpod") || str_starts(name, "crio-") || memchr(name.p, ':', name.n))
                return read_prefixed(name, c);
        if (has_long_id(name, &c->id) && c->id.n == name.n)
                return is_parent_of_containers(parent) ? NAME_SURE : NAME_MAYBE;
        c->id = name;
        return NAME_MAYBE;
}

static void read_user(struct str name, int64_t *uid)
{
        uint64_t n;

        if (!str_starts(name, "user-") || !cut_suffix(&name, ".slice"))
                return;
        if (str_to_u64((struct str){ name.p + 5, name.n - 5 }, 10, &n) == 0 && n < UINT32_MAX)
                *uid = (int64_t)n;
}

size_t cgroup_names(struct str path, struct cgroup_name ret[static ENGINE_DEPTH_MAX])
{
        struct cgroup_name all[ENGINE_DEPTH_MAX];
        struct str parent = STR_NULL;
        int64_t uid = 0;
        size_t n = 0, at = 0;

        while (at < path.n && n < ENGINE_DEPTH_MAX) {
                size_t start, end;
                struct str name;

                for (start = at; start < path.n && path.p[start] == '/'; start++)
                        ;
                for (end = start; end < path.n && path.p[end] != '/'; end++)
                        ;
                at = end;
                if (end == start)
                        break;
                name = (struct str){ path.p + start, end - start };
                read_user(name, &uid);
                all[n] = (struct cgroup_name){ .path_length = end, .uid = uid };
                all[n].strength = read_name(parent, name, &all[n]);
                if (all[n].strength != NAME_NONE)
                        n++;
                parent = name;
        }
        for (size_t i = 0; i < n; i++)
                ret[i] = all[n - 1 - i];
        return n;
}

/* "a-b.slice" lies in "a.slice" (systemd.slice(5)). */
static void add_slice(struct buf *out, struct str slice)
{
        struct str name = slice;

        if (!cut_suffix(&name, ".slice") || str_equals(name, "-"))
                return;
        for (size_t i = 0; i < name.n; i++)
                if (name.p[i] == '-' && i) {
                        buf_putc(out, '/');
                        buf_add(out, name.p, i);
                        buf_puts(out, ".slice");
                }
        buf_putc(out, '/');
        buf_add_str(out, slice);
}

void cgroup_of_bundle(struct str cgroups_path, int64_t uid, struct buf *ret)
{
        struct str rest = cgroups_path, slice, prefix;

        if (cgroups_path.n && *cgroups_path.p == '/') {
                buf_add_str(ret, cgroups_path);
                while (ret->len > 1 && ret->data[ret->len - 1] == '/')
                        ret->data[--ret->len] = '\0';
                return;
        }
        slice = str_cut(&rest, ':');
        if (!rest.p)
                return;
        prefix = str_cut(&rest, ':');
        if (!rest.n)
                return;
        if (uid)
                buf_printf(ret, "/user.slice/user-%lld.slice/user@%lld.service", (long long)uid, (long long)uid);
        add_slice(ret, slice.n ? slice : uid ? STR_LIT("user.slice") : STR_LIT("system.slice"));
        buf_putc(ret, '/');
        if (str_ends(rest, ".slice")) { /* a sandbox may be a slice itself */
                buf_add_str(ret, rest);
                return;
        }
        if (prefix.n)
                buf_printf(ret, "%.*s-", STR_ARG(prefix));
        buf_add_str(ret, rest);
        buf_puts(ret, ".scope");
}
