/* SPDX-License-Identifier: Apache-2.0 */
/* Where engines keep what they know, for root and for users who run their own. */
#include <errno.h>
#include <stdio.h>

#include "engine/engine_private.h"

#define PASSWD_MAX (4u << 20)

static const struct {
        const char *of_root, *of_user; /* of a user below the home, or below /run/user/UID where it begins with a slash */
} places[] = {
        [PLACE_DOCKER] = { "/var/lib/docker", ".local/share/docker" },
        [PLACE_DOCKER_RUN] = { "/run/docker", "/docker" },
        [PLACE_STORAGE] = { "/var/lib/containers/storage", ".local/share/containers/storage" },
        [PLACE_STORAGE_RUN] = { "/run/containers/storage", "/containers" },
        [PLACE_RUNC] = { "/run/runc", "/runc" },
        [PLACE_CRUN] = { "/run/crun", "/crun" },
};

static int put(char to[static ENGINE_PATH_MAX], struct str s)
{
        if (s.n >= ENGINE_PATH_MAX)
                return -EINVAL;
        memcpy(to, s.n ? s.p : "", s.n);
        to[s.n] = '\0';
        return 0;
}

/* passwd(5) is read as text: what resolves names of users over the network has no place here. */
static int find_home(struct files *f, int64_t uid, char ret[static ENGINE_PATH_MAX], struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct str rest;
        int r = files_read(f, "/etc", "passwd", PASSWD_MAX, 0, &text, err);

        if (r < 0)
                return r;
        rest = buf_str(&text);
        while (rest.n) {
                struct str line = str_cut(&rest, '\n'), number, home;
                uint64_t n;

                str_cut(&line, ':');
                str_cut(&line, ':');
                number = str_cut(&line, ':');
                str_cut(&line, ':');
                str_cut(&line, ':');
                home = str_cut(&line, ':');
                if (str_to_u64(number, 10, &n) < 0 || n != (uint64_t)uid)
                        continue;
                if (!home.n || *home.p != '/' || put(ret, home) < 0)
                        break;
                return 0;
        }
        return error_say(err, -ENOENT, "user %lld has no home in /etc/passwd", (long long)uid);
}

int place_find(struct files *f, enum place place, int64_t uid, struct folder *ret, struct error *err)
{
        const char *below = places[place].of_user;
        int r;

        *ret = (struct folder){ .uid = uid };
        if (!uid)
                return put(ret->base, str_from(places[place].of_root));
        if (*below == '/') {
                snprintf(ret->base, sizeof(ret->base), "/run/user/%lld", (long long)uid);
                return put(ret->path, str_from(below + 1));
        }
        r = find_home(f, uid, ret->base, err);
        return r < 0 ? r : put(ret->path, str_from(below));
}

/* Of a file that a user wrote no part of a path can be trusted but the root. */
int folder_of(struct str path, int64_t uid, struct folder *ret)
{
        *ret = (struct folder){ .uid = uid };
        if (!path.n || *path.p != '/')
                return -EINVAL;
        if (!uid)
                return put(ret->base, path);
        for (; path.n && *path.p == '/'; path.p++, path.n--)
                ;
        for (; path.n && path.p[path.n - 1] == '/'; path.n--)
                ;
        if (!path.n)
                return -EINVAL;
        return put(ret->base, STR_LIT("/")) < 0 ? -EINVAL : put(ret->path, path);
}

int folder_read_json(struct files *f, const struct folder *folder, const char *name, size_t max, json_t **ret,
                     struct error *err)
{
        _cleanup_(buf_free) struct buf path = { 0 };

        buf_printf(&path, "%s%s%s", folder->path, *folder->path ? "/" : "", name);
        if (!buf_ok(&path))
                return error_oom(err);
        /* Parsed, hostile JSON takes many times its size; a user's lists are short. */
        if (folder->uid)
                max = MIN_OF(max, (size_t)ENGINE_DOCUMENT_MAX);
        return files_read_json(f, folder->base, path.data, max, folder->uid, ret, err);
}
