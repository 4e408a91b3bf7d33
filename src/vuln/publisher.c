/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/http.h"
#include "vuln/publisher.h"

struct publisher {
        char *from;
        int dir; /* negative: a server */
        int downloads;
        struct http *http;
};

bool publisher_is_url(const char *from)
{
        return strncasecmp(from, "http://", 7) == 0 || strncasecmp(from, "https://", 8) == 0;
}

int publisher_open(const char *from, int downloads, struct publisher **ret, struct error *err)
{
        _cleanup_(publisher_freep) struct publisher *p = calloc(1, sizeof(*p));
        size_t n = strlen(from);
        int r;

        if (!p)
                return error_oom(err);
        p->dir = -EBADF;
        p->downloads = downloads;
        while (n > 1 && from[n - 1] == '/')
                n--;
        p->from = strndup(from, n);
        if (!p->from)
                return error_oom(err);
        if (publisher_is_url(from)) {
                r = http_new(&p->http, err);
                if (r < 0)
                        return r;
        } else {
                p->dir = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (p->dir < 0)
                        return error_set(err, -errno, "open '%s' (expected a URL of http or https, or a directory)", from);
        }
        *ret = TAKE_PTR(p);
        return 0;
}

struct publisher *publisher_free(struct publisher *p)
{
        if (!p)
                return NULL;
        http_free(p->http);
        fd_close(p->dir);
        free(p->from);
        free(p);
        return NULL;
}

const char *publisher_name(const struct publisher *publisher)
{
        return publisher->from;
}

static int url_of(const struct publisher *p, const char *path, struct buf *url, struct error *err)
{
        buf_puts(url, p->from);
        if (*path) {
                buf_putc(url, '/');
                http_add_path(url, str_from(path));
        }
        return buf_ok(url) ? 0 : error_oom(err);
}

static int open_local(struct publisher *p, const char *path, struct error *err)
{
        int fd = openat(p->dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

        return fd < 0 ? error_set(err, -errno, "open '%s/%s'", p->from, path) : fd;
}

int publisher_get(struct publisher *p, const char *path, size_t max, struct buf *out, struct error *err)
{
        _cleanup_(buf_free) struct buf url = { 0 };
        _cleanup_close_ int fd = -EBADF;
        int r;

        buf_clear(out);
        if (p->http) {
                r = url_of(p, path, &url, err);
                return r < 0 ? r : http_get(p->http, url.data, max, out, err);
        }
        fd = open_local(p, path, err);
        if (fd < 0)
                return fd;
        r = file_slurp(fd, max, out, err);
        return r < 0 ? error_wrap(err, "%s/%s", p->from, path) : 0;
}

/* ---- downloads: NAME holds the bytes, NAME.tag the tag they came with ---- */

static void download_name(const struct publisher *p, const char *path, char ret[static 64])
{
        _cleanup_(buf_free) struct buf text = { 0 };
        uint8_t digest[SHA256_SIZE];
        char hex[33];

        buf_printf(&text, "%s/%s", p->from, path);
        hash_sha256(text.data ? text.data : "", text.len, digest);
        hex_encode(digest, 16, hex);
        snprintf(ret, 64, "%s", hex);
}

static void read_tag(int downloads, const char *name, char tag[static HTTP_TAG_MAX])
{
        char file[80];
        int fd;
        ssize_t n = -1;

        snprintf(file, sizeof(file), "%s.tag", name);
        fd = openat(downloads, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0)
                n = file_read(fd, tag, HTTP_TAG_MAX - 1, NULL);
        tag[n > 0 ? n : 0] = 0;
        fd_close(fd);
}

/* Without it the download just begins anew next time. */
static void write_tag(int downloads, const char *name, const char *tag)
{
        char file[80];
        int fd;

        snprintf(file, sizeof(file), "%s.tag", name);
        fd = openat(downloads, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0 && file_write(fd, tag, strlen(tag), NULL) < 0)
                unlinkat(downloads, file, 0);
        fd_close(fd);
}

int publisher_file(struct publisher *p, const char *path, int *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf url = { 0 };
        _cleanup_close_ int fd = -EBADF;
        char name[64], tag[HTTP_TAG_MAX] = "";
        int r;

        if (!p->http) {
                fd = open_local(p, path, err);
                if (fd < 0)
                        return fd;
                *ret = TAKE_FD(fd);
                return 0;
        }
        r = url_of(p, path, &url, err);
        if (r < 0)
                return r;
        download_name(p, path, name);
        read_tag(p->downloads, name, tag);
        fd = openat(p->downloads, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return error_set(err, -errno, "write a download");
        r = http_download(p->http, url.data, PUBLISHER_FILE_MAX, fd, tag, err);
        write_tag(p->downloads, name, tag);
        if (r < 0)
                return r;
        *ret = TAKE_FD(fd);
        return 0;
}

void publisher_clean(int downloads)
{
        int copy = openat(downloads, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = copy < 0 ? NULL : fdopendir(copy);
        struct dirent *entry;

        if (!dir) {
                fd_close(copy);
                return;
        }
        while ((entry = readdir(dir)))
                if (entry->d_name[0] != '.')
                        unlinkat(downloads, entry->d_name, 0);
        closedir(dir);
}
