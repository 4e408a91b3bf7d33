/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens for the engine what it may read of the machine. The engine judges hostile texts and may be taken over: it gets nothing but what
 * container engines keep, /proc and control groups, read-only. No link is followed below what it names as the base, and the base counts
 * by where it really is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "sensor/remote_private.h"

static bool begins(const char *text, const char *prefix)
{
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static bool has_component(const char *path, const char *name)
{
        for (struct str rest = str_from(path); rest.p;)
                if (str_equals(str_cut(&rest, '/'), name))
                        return true;
        return false;
}

/* The end of what base and path name together. */
static const char *last_component(const char *base, const char *path)
{
        const char *of = *path ? path : base, *slash = strrchr(of, '/');

        return slash ? slash + 1 : of;
}

/* What the engines call their files, wherever their folders are. */
static bool is_engines_file(const char *name)
{
        static const char *const names[] = {
                "config.json", "config.v2.json", "hostconfig.json", "repositories.json", "containers.json", "volatile-containers.json",
                "images.json", "state.json", "status",
        };

        for (size_t i = 0; i < ELEMENTS_OF(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

/*
 * Below "/proc/PID" stand links into other trees ("root", "cwd", "exe", "fd/N"), which the kernel follows whoever asks: they would give
 * the engine every file of the machine and of its containers.
 */
static bool leads_out_of_proc(const char *base, const char *path)
{
        static const char *const links[] = { "root", "cwd", "exe", "fd", "map_files", "task" };

        if (!is_below(base, "/proc"))
                return false;
        for (size_t i = 0; i < ELEMENTS_OF(links); i++)
                if (has_component(base, links[i]) || has_component(path, links[i]))
                        return true;
        return false;
}

/* Credentials for registries that have the name of an engine's file, or stand beside one. */
static bool holds_credentials(const char *base, const char *path)
{
        return strcmp(last_component(base, path), "auth.json") == 0 || is_below(base, "/var/lib/kubelet") ||
               has_component(base, ".docker") || has_component(path, ".docker");
}

static const char *const folders[] = {
        "/proc", "/sys/fs/cgroup", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/cni",
        "/run/docker", "/run/containerd", "/run/containers", "/run/crio", "/run/crun", "/run/runc", "/run/user", "/run/k3s",
        "/var/lib/rancher", "/etc/docker", "/etc/containers", "/etc/containerd", "/etc/crio",
};

bool broker_may_open(const char *base, const char *path)
{
        if (base[0] != '/' || has_component(base, "..") || has_component(path, "..") || leads_out_of_proc(base, path) || holds_credentials(base, path))
                return false;
        for (size_t i = 0; i < ELEMENTS_OF(folders); i++)
                if (is_below(base, folders[i]))
                        return true;
        /* Containers of users who are not root, and where their homes are; bundles stand wherever somebody put them. */
        if (is_below(path, ".local/share/containers") || is_below(path, ".local/share/docker") ||
            (strcmp(base, "/etc") == 0 && strcmp(path, "passwd") == 0))
                return true;
        return is_engines_file(last_component(base, path));
}

/* Where root has put a folder elsewhere by a link, what is below it there is as good. */
static bool is_in_linked_folder(const char *base, const char *real)
{
        for (size_t i = 0; i < ELEMENTS_OF(folders); i++) {
                _cleanup_free_ char *place = is_below(base, folders[i]) ? realpath(folders[i], NULL) : NULL;

                if (place && is_below(real, place))
                        return true;
        }
        return false;
}

/* "/proc/PID/ns/KIND": what it leads to says which namespace it is, and gives no way into it without rights. */
static bool is_namespace(const char *path)
{
        struct str rest = str_from(path);
        uint64_t pid;

        return begins(path, "/proc/") && str_cut(&rest, '/').n == 0 && str_equals(str_cut(&rest, '/'), "proc") &&
               str_to_u64(str_cut(&rest, '/'), 10, &pid) == 0 && str_equals(str_cut(&rest, '/'), "ns") && rest.n > 0 &&
               !memchr(rest.p, '/', rest.n);
}

bool broker_may_connect(const char *path)
{
        const char *slash = strrchr(path, '/');

        return (begins(path, "/run/") || begins(path, "/var/run/")) && !has_component(path, "..") && slash && strcmp(slash + 1, "containerd.sock") == 0;
}

/* Containers put links below their roots, which stand below the folders of engines: what counts is where the base really is. `name`
 * is what is to be opened in `dir`, where that is the last component of the base. */
static int check_place(int dir, const struct broker_request *request, const char *name, struct error *err)
{
        char link[64], real[2 * PATH_MAX];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        n = readlink(link, real, PATH_MAX);
        if (n < 0 || n >= PATH_MAX)
                return error_say(err, -EACCES, "'%s' is not opened for the engine: where it is can not be said", request->base);
        snprintf(real + n, sizeof(real) - (size_t)n, "%s%s", name && n > 1 ? "/" : "", name ? name : "");
        if (broker_may_open(real, request->path) ||
            (is_in_linked_folder(request->base, real) && !holds_credentials(real, request->path)))
                return 0;
        return error_say(err, -EACCES, "'%s/%s' is not opened for the engine: it really is '%s'", request->base, request->path, real);
}

static int open_below(const struct broker_request *request, struct error *err)
{
        int flags = O_RDONLY | (request->flags & (O_DIRECTORY | O_PATH)), r;
        _cleanup_free_ char *folder = NULL;
        _cleanup_close_ int dir = -EBADF;
        const char *name = NULL;

        if (!broker_may_open(request->base, request->path))
                return error_say(err, -EACCES, "'%s/%s' is not opened for the engine", request->base, request->path);
        if (!*request->path && is_namespace(request->base)) {
                int fd = open(request->base, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

                return fd < 0 ? error_set(err, -errno, "open '%s'", request->base) : fd;
        }
        if (!*request->path) {
                name = strrchr(request->base, '/') + 1;
                folder = strndup(request->base, (size_t)(name - request->base));
                if (!folder)
                        return error_oom(err);
        }
        dir = open(name ? folder : request->base, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return error_set(err, -errno, "open '%s'", request->base);
        r = check_place(dir, request, name, err);
        return r < 0 ? r : file_open_below(dir, name ? name : request->path, flags | (name ? O_NOFOLLOW : 0), false, err);
}

static int connect_to(const char *path, struct error *err)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;

        if (!broker_may_connect(path) || strlen(path) >= sizeof(address.sun_path))
                return error_say(err, -EACCES, "'%s' is not connected to for the engine", path);
        memcpy(address.sun_path, path, strlen(path));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return error_set(err, -errno, "connect to '%s'", path);
        return TAKE_FD(fd);
}

static int answer(int to, int fd)
{
        struct broker_answer text = { .code = fd < 0 ? fd : 0 };
        struct iovec part = { &text, sizeof(text) };
        union {
                char room[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = { 0 };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

        if (fd >= 0) {
                struct cmsghdr *c;

                message.msg_control = control.room;
                message.msg_controllen = sizeof(control.room);
                c = CMSG_FIRSTHDR(&message);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(c), &fd, sizeof(int));
        }
        return sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void broker_serve(int fd)
{
        static struct broker_request request;

        for (;;) {
                ssize_t n = recv(fd, &request, sizeof(request), 0);
                struct error err = ERROR_INIT;
                int opened;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return;
                if (n != sizeof(request) || !memchr(request.base, 0, sizeof(request.base)) || !memchr(request.path, 0, sizeof(request.path)))
                        opened = -EINVAL;
                else
                        opened = request.flags == BROKER_CONNECT ? connect_to(request.path, &err) : open_below(&request, &err);
                n = answer(fd, opened);
                fd_close(opened);
                if (n < 0)
                        return;
        }
}
