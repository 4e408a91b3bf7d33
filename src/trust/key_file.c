/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "trust/key_file.h"

/* ---- reading ---- */

/* The whole of a small file, of which no copy is left elsewhere. */
static int read_secret(int fd, size_t max, struct secret *ret, struct error *err)
{
        _cleanup_(secret_free) struct secret text = { 0 };
        ssize_t n;
        int r = secret_alloc(&text, max + 1, err);

        if (r < 0)
                return r;
        n = file_read(fd, text.data, max + 1, err);
        if (n < 0)
                return (int)n;
        if ((size_t)n > max)
                return error_say(err, -E2BIG, "it is larger than %zu bytes", max);
        r = secret_alloc(ret, (size_t)n, err);
        if (r == 0)
                memcpy(ret->data, text.data, (size_t)n);
        return r;
}

/* Whoever should know a secret can be in the file's group, but nobody else may, and nobody else may put in another. */
static int check_secrecy(int fd, struct error *err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "look at it");
        if (S_ISREG(st.st_mode) && st.st_mode & (S_IWGRP | S_IROTH | S_IWOTH))
                return error_say(err, -EPERM, "others can read or change it (mode %04o): run chmod 600 on it",
                                 (unsigned)st.st_mode & 07777);
        return 0;
}

static int open_file(const char *path, struct error *err)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? error_set(err, -errno, "open '%s'", path) : fd;
}

static int read_passphrase(const char *path, struct secret *ret, struct error *err)
{
        _cleanup_close_ int fd = open_file(path, err);
        int r;

        if (fd < 0)
                return fd;
        r = check_secrecy(fd, err);
        if (r == 0)
                r = read_secret(fd, SIGN_PASSPHRASE_MAX + 2, ret, err);
        return r < 0 ? error_wrap(err, "'%s'", path) : 0;
}

/* Its own end of line is not part of a passphrase. */
static void cut_line(struct secret *s)
{
        const char *end = s->n ? memchr(s->data, '\n', s->n) : NULL;
        size_t n = end ? (size_t)(end - s->data) : s->n;

        if (end && n && s->data[n - 1] == '\r')
                n--;
        if (s->data)
                explicit_bzero(s->data + n, s->n - n);
        s->n = n;
}

int trust_passphrase(const char *file, struct secret *ret, struct error *err)
{
        _cleanup_(secret_free) struct secret s = { 0 };
        const char *variable = file ? NULL : getenv(TRUST_PASSPHRASE_VARIABLE);
        int r = 0;

        if (file) {
                r = read_passphrase(file, &s, err);
                cut_line(&s);
                if (r == 0 && !s.n)
                        return error_say(err, -EINVAL, "'%s': there is no passphrase in its first line", file);
        } else if (variable && *variable) {
                r = secret_alloc(&s, strlen(variable), err);
                if (r == 0)
                        memcpy(s.data, variable, s.n);
        }
        if (r < 0)
                return r;
        if (s.n > SIGN_PASSPHRASE_MAX)
                return error_say(err, -EINVAL, "a passphrase has at most %d bytes", SIGN_PASSPHRASE_MAX);
        *ret = s;
        s = (struct secret){ 0 };
        return 0;
}

static int read_key(int fd, const char *path, struct str passphrase, struct sign_key **ret, struct error *err)
{
        _cleanup_(secret_free) struct secret pem = { 0 };
        int r = read_secret(fd, SIGN_KEY_FILE_MAX, &pem, err);

        if (r == 0)
                r = sign_key_read(secret_str(&pem), passphrase, ret, err);
        if (r == -ENOKEY)
                return error_say(err, -ENOKEY,
                                 "'%s' is encrypted: its passphrase is taken from " TRUST_PASSPHRASE_VARIABLE
                                 " or from the file that --passphrase-file names",
                                 path);
        return r < 0 ? error_wrap(err, "'%s'", path) : 0;
}

int trust_private_key_read(const char *path, struct str passphrase, struct sign_key **ret, struct error *err)
{
        _cleanup_(sign_key_freep) struct sign_key *key = NULL;
        _cleanup_close_ int fd = open_file(path, err);
        int r = fd < 0 ? fd : read_key(fd, path, passphrase, &key, err);

        if (r < 0)
                return r;
        if (!sign_key_is_private(key))
                return error_say(err, -EINVAL, "'%s' is a public key, which can not sign: the private one is needed",
                                 path);
        r = check_secrecy(fd, err);
        if (r < 0)
                return error_wrap(err, "'%s'", path);
        *ret = TAKE_PTR(key);
        return 0;
}

int trust_public_key_read_fd(int fd, const char *path, struct sign_key **ret, struct error *err)
{
        _cleanup_(sign_key_freep) struct sign_key *key = NULL;
        _cleanup_(secret_free) struct secret pem = { 0 };
        int r = read_secret(fd, SIGN_KEY_FILE_MAX, &pem, err);

        if (r == 0)
                r = sign_key_read(secret_str(&pem), STR_NULL, &key, err);
        if (r == -ENOKEY || (r == 0 && sign_key_is_private(key)))
                return error_say(err, -EINVAL,
                                 "'%s' is a private key: the public one is needed here, and whoever can read this "
                                 "one can sign",
                                 path);
        if (r < 0)
                return error_wrap(err, "'%s'", path);
        *ret = TAKE_PTR(key);
        return 0;
}

int trust_public_key_read(const char *path, struct sign_key **ret, struct error *err)
{
        _cleanup_close_ int fd = open_file(path, err);

        return fd < 0 ? fd : trust_public_key_read_fd(fd, path, ret, err);
}

int trust_key_read(const char *path, struct str passphrase, struct sign_key **ret, struct error *err)
{
        _cleanup_close_ int fd = open_file(path, err);

        return fd < 0 ? fd : read_key(fd, path, passphrase, ret, err);
}

/* ---- writing ---- */

/* One of the two files: written and on the disk, but without a name until both are. */
struct part {
        int fd;
        char name[NAME_MAX + 1];
        bool named;
};

struct pair {
        int dir;
        struct part key, pub;
};

/* Without both, neither stays. */
static void pair_done(struct pair *p)
{
        if (p->pub.named && !p->key.named)
                unlinkat(p->dir, p->pub.name, 0);
        fd_close(p->key.fd);
        fd_close(p->pub.fd);
        fd_close(p->dir);
}

static int open_folder_of(const char *prefix, struct pair *p, struct error *err)
{
        const char *slash = strrchr(prefix, '/'), *name = slash ? slash + 1 : prefix;
        _cleanup_free_ char *folder = strndup(prefix, slash ? (size_t)(slash - prefix) + 1 : 0);

        if (!folder)
                return error_oom(err);
        if (!*name || strlen(name) + sizeof(".key") > sizeof(p->key.name))
                return error_say(err, -EINVAL, "'%s' can not be the beginning of the names of two files", prefix);
        snprintf(p->key.name, sizeof(p->key.name), "%s.key", name);
        snprintf(p->pub.name, sizeof(p->pub.name), "%s.pub", name);
        p->dir = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return p->dir < 0 ? error_set(err, -errno, "open '%s'", *folder ? folder : ".") : 0;
}

static int check_free(const struct pair *p, const struct part *part, const char *prefix, struct error *err)
{
        struct stat st;

        if (fstatat(p->dir, part->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : error_set(err, -errno, "look at '%s'", part->name);
        return error_say(err, -EEXIST, "'%s%s' is there already: choose another name, or replace both files with --force",
                         prefix, part->name + strlen(part->name) - 4);
}

static int write_part(const struct pair *p, struct part *part, mode_t mode, struct str text, struct error *err)
{
        int r;

        part->fd = file_unnamed_in(p->dir, err);
        if (part->fd < 0)
                return part->fd;
        r = file_write(part->fd, text.p, text.n, err);
        if (r == 0 && (fchmod(part->fd, mode) < 0 || fsync(part->fd) < 0))
                r = error_set(err, -errno, "write");
        return r < 0 ? error_wrap(err, "'%s'", part->name) : 0;
}

static int write_parts(struct pair *p, const struct sign_key *key, struct str passphrase, struct error *err)
{
        _cleanup_(secret_free) struct secret private_text = { 0 };
        _cleanup_(buf_free) struct buf public_text = { 0 };
        mode_t mask = umask(0);
        int r;

        umask(mask);
        r = sign_key_write_private(key, passphrase, &private_text, err);
        if (r == 0)
                r = sign_key_write_public(key, &public_text, err);
        if (r == 0)
                r = write_part(p, &p->key, 0600, secret_str(&private_text), err);
        if (r == 0)
                r = write_part(p, &p->pub, 0666 & ~mask, buf_str(&public_text), err);
        return r;
}

static int name_part(const struct pair *p, struct part *part, bool force, struct error *err)
{
        int r = force ? file_publish(part->fd, p->dir, part->name, err)
                      : file_publish_new(part->fd, p->dir, part->name, err);

        part->named = r == 0;
        return r;
}

int trust_key_pair_write(const char *prefix, const struct sign_key *key, struct str passphrase, bool force,
                         struct error *err)
{
        _cleanup_(pair_done) struct pair p = { .dir = -EBADF, .key = { .fd = -EBADF }, .pub = { .fd = -EBADF } };
        int r = open_folder_of(prefix, &p, err);

        if (r == 0 && !force)
                r = check_free(&p, &p.key, prefix, err);
        if (r == 0 && !force)
                r = check_free(&p, &p.pub, prefix, err);
        if (r == 0)
                r = write_parts(&p, key, passphrase, err);
        if (r == 0) /* a private key that is replaced is gone for good, so that is done last */
                r = name_part(&p, &p.pub, force, err);
        if (r == 0)
                r = name_part(&p, &p.key, force, err);
        if (r == 0 && fsync(p.dir) < 0 && errno != EINVAL)
                r = error_set(err, -errno, "write '%s'", prefix);
        return r;
}
