/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens for the engine what it may read of the machine. The engine judges hostile texts and may be taken over: it gets nothing but what
 * container engines keep, /proc and control groups, read-only, and no link is followed below what it names as the base.
 */
#include <errno.h>
#include <fcntl.h>
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

static bool leaves(const char *path)
{
        struct str rest = str_from(path);

        while (rest.p)
                if (str_equals(str_cut(&rest, '/'), ".."))
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
 * the engine every file of the machine and of its containers. What is text and what names a namespace is given.
 */
static bool leads_out_of_proc(const char *base, const char *path)
{
        static const char *const links[] = { "root", "cwd", "exe", "fd", "map_files", "task" };
        const char *texts[] = { base, path };

        if (!is_below(base, "/proc"))
                return false;
        for (size_t i = 0; i < ELEMENTS_OF(texts); i++)
                for (struct str rest = str_from(texts[i]); rest.p;) {
                        struct str part = str_cut(&rest, '/');

                        for (size_t k = 0; k < ELEMENTS_OF(links); k++)
                                if (str_equals(part, links[k]))
                                        return true;
                }
        return false;
}

bool broker_may_open(const char *base, const char *path)
{
        static const char *const folders[] = {
                "/proc", "/sys/fs/cgroup", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/cni",
                "/run/docker", "/run/containerd", "/run/containers", "/run/crio", "/run/crun", "/run/runc", "/run/user", "/run/k3s",
                "/var/lib/rancher", "/etc/docker", "/etc/containers", "/etc/containerd", "/etc/crio",
        };

        if (base[0] != '/' || leaves(base) || leaves(path) || leads_out_of_proc(base, path))
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

        return (begins(path, "/run/") || begins(path, "/var/run/")) && !leaves(path) && slash && strcmp(slash + 1, "containerd.sock") == 0;
}

static int open_below(const struct broker_request *request, struct error *err)
{
        int flags = request->flags & (O_DIRECTORY | O_PATH);
        _cleanup_close_ int dir = -EBADF;

        if (!broker_may_open(request->base, request->path))
                return error_say(err, -EACCES, "'%s/%s' is not opened for the engine", request->base, request->path);
        if (!*request->path) {
                int follow = is_namespace(request->base) ? 0 : O_NOFOLLOW;
                int fd = open(request->base, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | follow | flags);

                return fd < 0 ? error_set(err, -errno, "open '%s'", request->base) : fd;
        }
        dir = open(request->base, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? error_set(err, -errno, "open '%s'", request->base)
                       : file_open_below(dir, request->path, O_RDONLY | flags, false, err);
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
