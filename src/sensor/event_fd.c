/* SPDX-License-Identifier: Apache-2.0 */
/* What a descriptor is: a file, a directory, a socket and its ends … */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "sensor/event.h"

#define KNOW(fd, member, value)                            \
        do {                                               \
                (fd)->member = (value);                    \
                (fd)->known |= 1ull << FD_##member;        \
        } while (0)
#define KNOWS(fd, member) ((fd)->known >> FD_##member & 1)

/* ---- files ---- */

static const char *anonymous_type(struct str path)
{
        static const struct {
                const char *name, *type;
        } types[] = {
                { "[eventfd]", "event" },     { "[eventpoll]", "eventpoll" }, { "[signalfd]", "signalfd" },
                { "inotify", "inotify" },     { "[timerfd]", "timerfd" },     { "bpf-map", "bpf" },
                { "bpf-prog", "bpf" },        { "bpf_link", "bpf" },          { "[io_uring]", "io_uring" },
                { "[userfaultfd]", "userfaultfd" }, { "[pidfd]", "pidfd" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(types); i++)
                if (str_ends(path, types[i].name))
                        return types[i].type;
        return "other";
}

static const char *file_type(const struct sensor_file *file, struct str path)
{
        if (file->marks & SENSOR_FILE_MEMFD)
                return "memfd";
        if (file->marks & SENSOR_FILE_ANON)
                return anonymous_type(path);
        if (S_ISDIR(file->mode))
                return "directory";
        return S_ISFIFO(file->mode) ? "pipe" : "file";
}

static void make_file(struct event_maker *maker, const struct sensor_file *file)
{
        struct str path = sensor_raw_part(maker->raw, SENSOR_PART_PATH), name = sensor_raw_part(maker->raw, SENSOR_PART_NAME);
        struct syscall_fd *fd = &maker->fd;

        KNOW(fd, type, str_from(file_type(file, path)));
        if (path.n) {
                KNOW(fd, name, path);
                maker->kernel_path = true;
        }
        if (name.n && sensor_kind_shape(maker->raw->header->kind) == SENSOR_SHAPE_OPEN)
                KNOW(fd, name_raw, name);
        KNOW(fd, dev, (int64_t)makedev(file->dev >> 20, file->dev & 0xfffff));
        KNOW(fd, ino, (int64_t)file->ino);
        KNOW(fd, upper_layer, file->marks & SENSOR_FILE_UPPER);
        KNOW(fd, lower_layer, file->marks & SENSOR_FILE_OVERLAY && !(file->marks & SENSOR_FILE_UPPER));
}

/* ---- sockets ---- */

struct end {
        struct address address;
        uint16_t port;
        bool known;
};

/* An IPv4 address that is written as IPv6 is that IPv4 address. */
static struct address address_of(const uint8_t *bytes, bool v6)
{
        static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
        struct address a = { .v6 = v6 };

        if (v6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
                a.v6 = false;
                bytes += sizeof(mapped);
        }
        memcpy(a.bytes, bytes, a.v6 ? 16 : 4);
        return a;
}

static bool is_zero(const uint8_t bytes[16])
{
        static const uint8_t zero[16];

        return memcmp(bytes, zero, sizeof(zero)) == 0;
}

/* The address that the program wrote. */
static struct end written_end(struct event_maker *maker)
{
        struct str s = sensor_raw_part(maker->raw, SENSOR_PART_SOCKADDR);
        struct sockaddr_in6 six;
        struct sockaddr_in four;
        sa_family_t family;

        if (s.n < sizeof(four))
                return (struct end){ 0 };
        memcpy(&family, s.p, sizeof(family));
        memcpy(&four, s.p, sizeof(four));
        if (family == AF_INET)
                return (struct end){ address_of((const uint8_t *)&four.sin_addr, false), ntohs(four.sin_port), true };
        if (family != AF_INET6 || s.n < offsetof(struct sockaddr_in6, sin6_scope_id))
                return (struct end){ 0 };
        memcpy(&six, s.p, MIN_OF(s.n, sizeof(six)));
        return (struct end){ address_of(six.sin6_addr.s6_addr, true), ntohs(six.sin6_port), true };
}

static struct str unix_name(struct event_maker *maker)
{
        struct str s = sensor_raw_part(maker->raw, SENSOR_PART_SOCKADDR), bound = sensor_raw_part(maker->raw, SENSOR_PART_UNIX);
        struct value_text text;

        if (s.n > offsetof(struct sockaddr_un, sun_path))
                s = (struct str){ s.p + offsetof(struct sockaddr_un, sun_path), s.n - offsetof(struct sockaddr_un, sun_path) };
        else
                s = bound;
        if (s.n == 0)
                return STR_NULL;
        if (s.p[0])
                return (struct str){ s.p, strnlen(s.p, s.n) };
        text = value_text_begin(&maker->scratch); /* abstract: as ss(8) and others write it */
        value_text_add(&text, STR_LIT("@"));
        value_text_add(&text, (struct str){ s.p + 1, s.n - 1 });
        return value_text_end(&text);
}

static const char *protocol_of(const struct sensor_socket *s)
{
        if (s->type == SOCK_RAW)
                return "raw";
        switch (s->protocol) {
        case IPPROTO_TCP:
                return "tcp";
        case IPPROTO_UDP:
                return "udp";
        case IPPROTO_ICMP:
        case IPPROTO_ICMPV6:
                return "icmp";
        default:
                return NULL;
        }
}

static const char *family_type(uint16_t family)
{
        switch (family) {
        case AF_INET:
                return "ipv4";
        case AF_INET6:
                return "ipv6";
        case AF_UNIX:
                return "unix";
        case AF_NETLINK:
                return "netlink";
        default:
                return "other";
        }
}

/* Who serves: true, false, or -1 where the call does not tell. */
static int serves(enum sensor_kind kind)
{
        switch (kind) {
        case SENSOR_bind:
        case SENSOR_listen:
        case SENSOR_accept:
        case SENSOR_accept4:
        case SENSOR_recvfrom:
        case SENSOR_recvmsg:
        case SENSOR_recvmmsg:
                return true;
        case SENSOR_connect:
        case SENSOR_sendto:
        case SENSOR_sendmsg:
        case SENSOR_sendmmsg:
                return false;
        default:
                return -1;
        }
}

static void set_local(struct syscall_fd *fd, const struct end *end)
{
        if (!end->known)
                return;
        KNOW(fd, local_ip, end->address);
        KNOW(fd, local_port, end->port);
}

static void set_remote(struct syscall_fd *fd, const struct end *end)
{
        if (!end->known)
                return;
        KNOW(fd, remote_ip, end->address);
        KNOW(fd, remote_port, end->port);
}

/* What the kernel has goes before what the program wrote; but of a failed or unconnected socket it has nothing. */
static void make_ends(struct event_maker *maker, const struct sensor_socket *s)
{
        enum sensor_kind kind = maker->raw->header->kind;
        bool v6 = s->family == AF_INET6, of_remote = kind != SENSOR_bind;
        struct end written = written_end(maker), local = { address_of(s->local, v6), s->local_port, true };
        struct end remote = { address_of(s->remote, v6), s->remote_port, s->remote_port || !is_zero(s->remote) };

        if (kind == SENSOR_bind && s->local_port == 0)
                local = written;
        if (of_remote && written.known && (remote.port == 0 || kind != SENSOR_connect))
                remote = written;
        local.known = local.known && (s->local_port || !is_zero(s->local));
        if (remote.known && local.known && local.address.v6 != remote.address.v6 && is_zero(s->local))
                local.address = (struct address){ .v6 = remote.address.v6 }; /* "any" is of both families */
        set_local(&maker->fd, &local);
        set_remote(&maker->fd, &remote);
        if ((remote.known && !remote.address.v6) || (!remote.known && local.known && !local.address.v6))
                KNOW(&maker->fd, type, STR_LIT("ipv4"));
}

static bool is_connected(const struct sensor_raw *raw, const struct sensor_socket *s)
{
        if (s->type == SOCK_STREAM && raw->header->kind != SENSOR_connect)
                return s->state == 1;
        return raw->header->kind == SENSOR_connect ? raw->header->result >= 0 : s->remote_port != 0;
}

static void make_socket(struct event_maker *maker, const struct sensor_socket *s)
{
        enum sensor_kind kind = maker->raw->header->kind;
        const char *protocol = protocol_of(s);
        struct syscall_fd *fd = &maker->fd;
        int is_server = serves(kind);
        struct str name;

        KNOW(fd, type, str_from(family_type(s->family)));
        KNOW(fd, ino, (int64_t)s->ino);
        if (is_server >= 0)
                KNOW(fd, is_server, is_server);
        if (s->family == AF_UNIX) {
                name = unix_name(maker);
                if (name.n)
                        KNOW(fd, name, name);
        }
        if (s->family != AF_INET && s->family != AF_INET6)
                return;
        if (protocol)
                KNOW(fd, l4proto, str_from(protocol));
        make_ends(maker, s);
        KNOW(fd, connected, is_connected(maker->raw, s));
        KNOW(fd, name_changed, kind != SENSOR_listen);
}

/* ---- the number ---- */

static int64_t number_of(const struct sensor_header *h)
{
        switch ((enum sensor_kind)h->kind) {
        case SENSOR_dup:
        case SENSOR_dup2:
        case SENSOR_dup3:
        case SENSOR_socket:
        case SENSOR_accept:
        case SENSOR_accept4:
                return h->result;
        case SENSOR_mmap:
                return (int32_t)h->args[4];
        default:
                return sensor_kind_shape(h->kind) == SENSOR_SHAPE_OPEN ? h->result : (int32_t)h->args[0];
        }
}

static bool is_of_fd(enum sensor_shape shape)
{
        return shape == SENSOR_SHAPE_OPEN || shape == SENSOR_SHAPE_FD || shape == SENSOR_SHAPE_SOCKET;
}

bool event_make_fd(struct event_maker *maker)
{
        const struct sensor_file *file = sensor_raw_struct(maker->raw, SENSOR_PART_FILE, sizeof(*file));
        const struct sensor_socket *socket = sensor_raw_struct(maker->raw, SENSOR_PART_SOCKET, sizeof(*socket));

        maker->fd = (struct syscall_fd){ 0 };
        if (!is_of_fd(sensor_kind_shape(maker->raw->header->kind)))
                return false;
        KNOW(&maker->fd, num, number_of(maker->raw->header));
        if (socket)
                make_socket(maker, socket);
        else if (file)
                make_file(maker, file);
        return true;
}

/* ---- as text ---- */

const char *event_type_letter(const struct syscall_fd *fd)
{
        static const char *const letters[][2] = {
                { "file", "f" }, { "directory", "d" }, { "ipv4", "4" }, { "ipv6", "6" }, { "unix", "u" }, { "pipe", "p" },
                { "event", "e" }, { "memfd", "m" }, { "netlink", "n" }, { "bpf", "b" }, { "eventpoll", "l" },
        };

        for (size_t i = 0; KNOWS(fd, type) && i < ELEMENTS_OF(letters); i++)
                if (str_equals(fd->type, letters[i][0]))
                        return letters[i][1];
        return "o";
}

static void add_end(struct value_text *text, const struct address *address, int64_t port)
{
        value_text_add_address(text, address);
        value_text_add(text, STR_LIT(":"));
        value_text_add_number(text, port);
}

struct str event_address_text(struct event_maker *maker)
{
        struct end end = written_end(maker);
        struct value_text text;

        if (!end.known)
                return unix_name(maker);
        text = value_text_begin(&maker->scratch);
        add_end(&text, &end.address, end.port);
        return value_text_end(&text);
}

struct str event_fd_name(struct event_maker *maker)
{
        const struct syscall_fd *fd = &maker->fd;
        bool local = KNOWS(fd, local_ip), remote = KNOWS(fd, remote_ip), server = KNOWS(fd, is_server) && fd->is_server;
        struct value_text text;

        if (KNOWS(fd, name))
                return fd->name;
        if (!local && !remote)
                return STR_NULL;
        text = value_text_begin(&maker->scratch);
        if (remote && server)
                add_end(&text, &fd->remote_ip, fd->remote_port);
        else if (local)
                add_end(&text, &fd->local_ip, fd->local_port);
        if (remote && local)
                value_text_add(&text, STR_LIT("->"));
        if (remote && !server)
                add_end(&text, &fd->remote_ip, fd->remote_port);
        else if (server && local)
                add_end(&text, &fd->local_ip, fd->local_port);
        return value_text_end(&text);
}
