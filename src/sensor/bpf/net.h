/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Sockets. */
#ifndef TALLYMAN_SENSOR_BPF_NET_H
#define TALLYMAN_SENSOR_BPF_NET_H

#include "sensor/bpf/call.h"
#include "sensor/bpf/repeat.h"

#define SOCKADDR_MAX 110 /* struct sockaddr_un, the longest of those that are told */

/* What of a message header is read: struct msghdr and the start of struct mmsghdr. */
struct message {
        uint64_t name;
        uint32_t name_size;
};

static __always_inline int64_t net__fd(struct scratch *s)
{
        switch (s->header.kind) {
        case SENSOR_socket:
        case SENSOR_accept:
        case SENSOR_accept4:
                return s->header.result;
        default:
                return (int32_t)s->header.args[0];
        }
}

static __always_inline bool net__is_message(uint32_t kind)
{
        return kind >= SENSOR_sendto && kind <= SENSOR_recvmmsg;
}

/* Where the address is in the program's memory, and its size; 0: there is none. */
static __always_inline uint64_t net__address(struct scratch *s, uint64_t *size)
{
        const uint64_t *args = s->header.args;
        struct message message = { 0 };

        switch (s->header.kind) {
        case SENSOR_connect:
        case SENSOR_bind:
                *size = args[2] & 0xffffffff;
                return args[1];
        case SENSOR_sendto:
                *size = args[5] & 0xffffffff;
                return args[4];
        case SENSOR_recvfrom:
                *size = 28; /* struct sockaddr_in6; of IPv4 the first 16 */
                return args[4];
        case SENSOR_sendmsg:
        case SENSOR_sendmmsg:
        case SENSOR_recvmsg:
        case SENSOR_recvmmsg:
                if (bpf_probe_read_user(&message, sizeof(message), (const void *)args[1]) < 0)
                        return 0;
                *size = message.name_size;
                return message.name;
        default:
                return 0;
        }
}

/* True for a message to or from someone new: of the others nothing more is told. `at` is where the address is. */
static __noinline bool net__is_first(struct scratch *s, uint64_t at, uint64_t ino)
{
        struct contact *c = &s->contact;
        uint8_t one = 1;
        struct {
                uint16_t family, port;
                uint8_t v4[4], v6[16];
        } address = { 0 };

        if (bpf_probe_read_user(&address, 24, (const void *)at) < 0)
                return false;
        if (address.family != AF_INET && address.family != AF_INET6)
                return false;
        __builtin_memset(c, 0, sizeof(*c));
        c->ino = ino;
        c->port = address.port;
        c->pid = s->header.pid;
        c->sends = s->header.kind <= SENSOR_sendmmsg;
        if (address.family == AF_INET)
                __builtin_memcpy(c->remote, address.v4, 4);
        else
                __builtin_memcpy(c->remote, address.v6, 16);
        if (bpf_map_lookup_elem(&contacts, c))
                return false;
        bpf_map_update_elem(&contacts, c, &one, BPF_ANY);
        return true;
}

static __always_inline bool net__is_dull(struct scratch *s, struct file *file, struct sock *sk, uint64_t at)
{
        uint32_t family;

        if (s->header.flags & SENSOR_FLAG_SELF_TEST || !net__is_message(s->header.kind))
                return false;
        if (!sk || !at || s->header.result < 0)
                return true;
        family = BPF_CORE_READ(sk, __sk_common.skc_family);
        if (family != AF_INET && family != AF_INET6)
                return true;
        return !net__is_first(s, at, BPF_CORE_READ(file, f_inode, i_ino));
}

#define DATAGRAM 2 /* SOCK_DGRAM */

static __noinline bool net__was_told(struct task_struct *task)
{
        const struct sensor_settings *set = base__settings();
        struct pt_regs *regs = extract__registers();
        uint64_t fd, words[2] = { 0 };
        struct socket *socket;
        struct repeat key;
        struct sock *sk;

#ifdef __TARGET_ARCH_x86
        fd = BPF_CORE_READ(regs, di);
#else
        fd = BPF_CORE_READ(regs, orig_x0);
#endif
        socket = extract__socket_of(extract__file_of(task, (int32_t)fd));
        if (!set || !set->repeat_ns || !socket)
                return false;
        sk = BPF_CORE_READ(socket, sk);
        if (BPF_CORE_READ(sk, sk_type) != DATAGRAM)
                return false;
        key.b = (uint64_t)BPF_CORE_READ(sk, __sk_common.skc_family) << 32 | BPF_CORE_READ(sk, __sk_common.skc_dport);
        if (key.b >> 32 == AF_INET)
                bpf_probe_read_kernel(words, 4, &sk->__sk_common.skc_daddr);
        else if (key.b >> 32 == AF_INET6)
                bpf_probe_read_kernel(words, 16, &sk->__sk_common.skc_v6_daddr);
        else
                return false;
        key.a = repeat__mix(repeat__actor(task), SENSOR_connect);
        key.b = repeat__mix(repeat__mix(key.b, words[0]), words[1]);
        return repeat__look(set, &key);
}

SEC("tracepoint")
int exit_socket(struct syscall_exit *ctx)
{
        struct task_struct *task = CURRENT_TASK();
        uint64_t size = 0, at;
        struct socket *socket;
        struct sock *sk = NULL;
        struct scratch *s;
        struct file *file;
        struct call call;

        if (!call__wanted(ctx, &call))
                return 0;
        if (call.kind == SENSOR_connect && !call.flags && ctx->ret == 0 && net__was_told(task)) {
                base__count_dropped(call.kind);
                return 0;
        }
        s = call__make(ctx, &call);
        if (!s)
                return 0;
        file = extract__file_of(call__task(), net__fd(s));
        socket = extract__socket_of(file);
        if (socket)
                sk = BPF_CORE_READ(socket, sk);
        at = net__address(s, &size);
        if (net__is_dull(s, file, sk, at)) {
                emit__drop(s);
                return 0;
        }
        if (sk)
                extract__socket(s, file, sk);
        if (at)
                emit__user_bytes(s, SENSOR_PART_SOCKADDR, at, size, SOCKADDR_MAX);
        emit__send(s);
        return 0;
}

#endif
