/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "trust/key_file.h"
#include "trust/trust.h"

#define SUFFIX ".pub"

void trust_keys_done(struct trust_keys *keys)
{
        for (size_t i = 0; i < keys->n; i++) {
                sign_key_free(keys->items[i].key);
                free(keys->items[i].path);
        }
        for (size_t i = 0; i < keys->n_refused; i++)
                free(keys->refused[i]);
        free(keys->items);
        free(keys->refused);
        *keys = (struct trust_keys){ 0 };
}

const struct trust_key *trust_keys_find(const struct trust_keys *keys, struct str id)
{
        for (size_t i = 0; i < keys->n; i++)
                if (str_equals(id, sign_key_id(keys->items[i].key)))
                        return &keys->items[i];
        return NULL;
}

/* Takes `key` over, also where it fails. */
static int add(struct trust_keys *keys, struct sign_key *key, const char *path, struct error *err)
{
        _cleanup_(sign_key_freep) struct sign_key *ours = key;
        char *copy;

        if (trust_keys_find(keys, str_from(sign_key_id(key))))
                return 0;
        if (keys->n == TRUST_KEYS_MAX)
                return error_say(err, -E2BIG, "'%s': more than %d trusted keys", path, TRUST_KEYS_MAX);
        copy = strdup(path);
        if (!copy || mem_grow(&keys->items, &keys->cap, keys->n + 1, sizeof(*keys->items)) < 0) {
                free(copy);
                return error_oom(err);
        }
        keys->items[keys->n++] = (struct trust_key){ TAKE_PTR(ours), copy };
        return 0;
}

/* What is wrong with one file makes fewer keys trusted, which is the safe side, and must not stop the rest. */
static int refuse(struct trust_keys *keys, int code, struct error *err)
{
        char *copy;

        if (code == -ENOMEM || code == -E2BIG)
                return code;
        copy = strdup(err->message);
        if (!copy || mem_grow(&keys->refused, &keys->cap_refused, keys->n_refused + 1, sizeof(*keys->refused)) < 0) {
                free(copy);
                return error_oom(err);
        }
        keys->refused[keys->n_refused++] = copy;
        return 0;
}

int trust_keys_add_file(struct trust_keys *keys, const char *path, struct error *err)
{
        struct sign_key *key = NULL;
        int r = trust_public_key_read(path, &key, err);

        return r < 0 ? r : add(keys, key, path, err);
}

/* ---- directories ---- */

/* Whoever can write here decides whom we trust. */
static int check_owner(int fd, const char *path, struct error *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at '%s'", path);
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return error_say(err, -EPERM,
                                 "'%s' belongs to user %u, so no key in it is trusted: change its owner to root or to "
                                 "yourself if it is as you want it",
                                 path, (unsigned)st.st_uid);
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return error_say(err, -EPERM,
                                 "'%s' can be changed by others (mode %04o), so no key in it is trusted: see that it is "
                                 "as you want it and run chmod go-w on it",
                                 path, (unsigned)st.st_mode & 07777);
        return 0;
}

static int open_checked(int dir, const char *name, const char *path, int flags, struct error *err)
{
        _cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
        int r;

        if (fd < 0)
                return error_set(err, -errno, "open '%s'", path);
        r = check_owner(fd, path, err);
        return r < 0 ? r : TAKE_FD(fd);
}

static int add_from(struct trust_keys *keys, int dir, const char *name, const char *path, struct error *err)
{
        _cleanup_close_ int fd = open_checked(dir, name, path, 0, err);
        struct sign_key *key = NULL;
        struct stat st;
        int r = fd;

        if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
                r = error_say(err, -EINVAL, "'%s' is not a file", path);
        if (r >= 0)
                r = trust_public_key_read_fd(fd, path, &key, err);
        return r < 0 ? refuse(keys, r == -E2BIG ? -EINVAL : r, err) : add(keys, key, path, err);
}

static int is_key(const struct dirent *entry)
{
        return entry->d_name[0] != '.' && str_ends(str_from(entry->d_name), SUFFIX);
}

static int add_all(struct trust_keys *keys, int dir, const char *path, struct error *err)
{
        struct dirent **names;
        int n = scandirat(dir, ".", &names, is_key, file_by_bytes), r = 0;

        if (n < 0)
                return error_set(err, -errno, "read '%s'", path);
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *full = NULL;

                if (r == 0 && asprintf(&full, "%s/%s", path, names[i]->d_name) < 0) {
                        full = NULL;
                        r = error_oom(err);
                }
                if (r == 0)
                        r = add_from(keys, dir, names[i]->d_name, full, err);
                free(names[i]);
        }
        free(names);
        return r;
}

int trust_keys_add_directory(struct trust_keys *keys, const char *config, struct error *err)
{
        _cleanup_close_ int above = -EBADF, dir = -EBADF;
        _cleanup_free_ char *path = NULL;
        struct error local = ERROR_INIT;

        err = err ? err : &local; /* what is refused is told in its words */
        if (asprintf(&path, "%s/keys", config) < 0) {
                path = NULL;
                return error_oom(err);
        }
        above = open_checked(AT_FDCWD, config, config, O_DIRECTORY, err);
        if (above >= 0)
                dir = open_checked(above, "keys", path, O_DIRECTORY, err);
        if (above == -ENOENT || dir == -ENOENT)
                return 0;
        if (above < 0 || dir < 0)
                return refuse(keys, above < 0 ? above : dir, err);
        return add_all(keys, dir, path, err);
}

int trust_keys_add_standard(struct trust_keys *keys, struct error *err)
{
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *path = NULL;
        int n, r = trust_keys_add_directory(keys, "/etc/tallyman", err);

        if (r < 0)
                return r;
        if (config && *config == '/') /* the XDG base directory specification wants others ignored */
                n = asprintf(&path, "%s/tallyman", config);
        else if (home && *home == '/')
                n = asprintf(&path, "%s/.config/tallyman", home);
        else
                return 0;
        if (n < 0) {
                path = NULL;
                return error_oom(err);
        }
        return trust_keys_add_directory(keys, path, err);
}
