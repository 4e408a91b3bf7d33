/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source "syscall": what a process asked of the kernel. One event as plain facts, as the sensor fills them, and the same
 * from recorded (field, value) pairs. Fields (`tallyman rules fields syscall`) read nothing but this.
 */
#ifndef TALLYMAN_MODEL_SYSCALL_EVENT_H
#define TALLYMAN_MODEL_SYSCALL_EVENT_H

#include "base/mem.h"
#include "model/field.h"

extern const struct fact_source syscall_source;

struct str_list {
        const struct str *items;
        uint32_t n;
};

/* Members are listed once: from each list come a struct, an enum and a table. A bit in `known` (1 << enum) says that a
 * member was filled; a struct of zeroes knows nothing. Text is borrowed. */
#define SYSCALL_NUMBER(name) int64_t name;
#define SYSCALL_STRING(name) struct str name;
#define SYSCALL_BOOL(name) bool name;
#define SYSCALL_LIST(name) struct str_list name;
#define SYSCALL_ADDRESS(name) struct address name;
#define SYSCALL_STRUCT_MEMBER(type, name) SYSCALL_##type(name)

#define SYSCALL_PROCESS_MEMBERS(X)                                                                                  \
        X(NUMBER, pid) X(NUMBER, tid) X(NUMBER, vpid) X(NUMBER, vtid) X(NUMBER, sid) X(NUMBER, pgid) X(NUMBER, vpgid) \
        X(STRING, name)      /* comm: at most 15 bytes, as the kernel has it */                                     \
        X(STRING, exe)       /* argv[0] */                                                                          \
        X(STRING, exepath)   /* of the file that runs */                                                            \
        X(STRING, cwd)                                                                                              \
        X(LIST, args)        /* from argv[1] on */                                                                  \
        X(LIST, env)         /* "NAME=value" */                                                                     \
        X(NUMBER, tty)       /* device number, 0: none */                                                           \
        X(NUMBER, start)     /* nanoseconds since the epoch */                                                      \
        X(NUMBER, pidns_start)                                                                                      \
        X(NUMBER, uid) X(NUMBER, gid)                                                                               \
        X(NUMBER, loginuid)  /* -1 or 4294967295: unset */                                                          \
        X(STRING, user_name) X(STRING, group_name) X(STRING, login_name) X(STRING, home) X(STRING, shell)           \
        X(NUMBER, cap_permitted) X(NUMBER, cap_inheritable) X(NUMBER, cap_effective) /* bit masks */                \
        X(NUMBER, exe_ino)                                                                                          \
        X(NUMBER, exe_ctime) X(NUMBER, exe_mtime) /* nanoseconds since the epoch */                                 \
        X(BOOL, exe_writable) X(BOOL, exe_upper_layer) X(BOOL, exe_lower_layer) X(BOOL, exe_from_memfd)             \
        X(STRING, file_state)   /* the file that runs, held against the image: "unmodified", "modified", "new" … */  \
        X(STRING, file_path)    /* where the image has it */                                                        \
        X(STRING, file_layer)   /* that the image has it from: a number, 0 the lowest */                            \
        X(STRING, file_package) /* purl of the package that owns it */                                              \
        X(STRING, cgroup)

#define SYSCALL_FD_MEMBERS(X)                                                                                       \
        X(NUMBER, num)                                                                                              \
        X(STRING, type)      /* "file", "directory", "ipv4", "ipv6", "unix", "pipe" … */                            \
        X(STRING, name)      /* of a file its absolute path */                                                      \
        X(STRING, name_raw)  /* as the program wrote it */                                                          \
        X(ADDRESS, local_ip) X(NUMBER, local_port) X(ADDRESS, remote_ip) X(NUMBER, remote_port)                     \
        X(ADDRESS, client_ip) X(NUMBER, client_port) X(ADDRESS, server_ip) X(NUMBER, server_port)                   \
        X(LIST, local_names) X(LIST, remote_names) X(LIST, client_names) X(LIST, server_names) /* DNS */            \
        X(STRING, l4proto)   /* "tcp", "udp", "icmp", "raw" */                                                      \
        X(BOOL, is_server)   /* unknown: so is which end is the client */                                           \
        X(BOOL, connected) X(BOOL, name_changed)                                                                    \
        X(NUMBER, dev) X(NUMBER, ino) X(BOOL, upper_layer) X(BOOL, lower_layer)

#define SYSCALL_CONTAINER_MEMBERS(X)                                                                                \
        X(STRING, id)        /* the first 12 characters */                                                          \
        X(STRING, full_id) X(STRING, name) X(STRING, type)                                                          \
        X(STRING, image) X(STRING, image_id) X(STRING, image_repository) X(STRING, image_tag) X(STRING, image_digest) \
        X(BOOL, privileged) X(BOOL, host_pid) X(BOOL, host_network) X(BOOL, host_ipc)                               \
        X(NUMBER, start)     /* nanoseconds since the epoch */                                                      \
        X(STRING, ip) X(STRING, cni)                                                                                \
        X(STRING, pod_name) X(STRING, pod_namespace) X(STRING, pod_uid) X(STRING, pod_sandbox_id)                   \
        X(STRING, pod_ip) X(STRING, pod_cni)

#define SYSCALL_EVENT_MEMBERS(X)                                                                                    \
        X(NUMBER, num)       /* from 1 */                                                                           \
        X(NUMBER, time)      /* nanoseconds since the epoch */                                                      \
        X(NUMBER, delta)     /* nanoseconds since the event before */                                               \
        X(NUMBER, result)    /* negative: an errno */                                                               \
        X(NUMBER, cpu) X(STRING, hostname)                                                                          \
        X(STRING, buffer)    /* what was read or written, as far as it was kept */                                  \
        X(NUMBER, buffer_length)

struct syscall_process {
        uint64_t known;
        SYSCALL_PROCESS_MEMBERS(SYSCALL_STRUCT_MEMBER)
        const struct syscall_process *parent; /* NULL: not known, or there is none */
};

struct syscall_fd {
        uint64_t known;
        SYSCALL_FD_MEMBERS(SYSCALL_STRUCT_MEMBER)
};

struct syscall_mount {
        struct str source, destination, mode, propagation;
        bool writable;
};

/* Of arguments the name and the text that rules see: flags as "O_RDWR|O_CREAT", numbers in decimal, modes in octal;
 * of labels key and value. */
struct syscall_pair {
        struct str name, value;
};

struct syscall_container {
        uint64_t known;
        SYSCALL_CONTAINER_MEMBERS(SYSCALL_STRUCT_MEMBER)
        const struct syscall_mount *mounts;
        const struct syscall_pair *labels, *pod_labels;
        uint32_t n_mounts, n_labels, n_pod_labels;
        bool knows_mounts;
};

/* A value that a record gave for a field as a whole; it goes before what the field would make of the facts. */
struct syscall_given {
        const struct field *field;
        struct field_argument argument;
        struct value value;
};

struct syscall_event {
        uint64_t known;
        SYSCALL_EVENT_MEMBERS(SYSCALL_STRUCT_MEMBER)
        uint32_t kind; /* into syscall_source.events */
        const struct syscall_pair *args;
        uint32_t n_args, n_given;
        const struct syscall_fd *fd;               /* NULL: the event has none */
        const struct syscall_process *process;     /* NULL: not known */
        const struct syscall_container *container; /* NULL: it happened on the host */
        const struct syscall_given *given;         /* NULL but in events from records */
};

#define SYSCALL_PROCESS_ENUM(type, name) PROCESS_##name,
enum syscall_process_member { SYSCALL_PROCESS_MEMBERS(SYSCALL_PROCESS_ENUM) PROCESS_MEMBERS };
#define SYSCALL_FD_ENUM(type, name) FD_##name,
enum syscall_fd_member { SYSCALL_FD_MEMBERS(SYSCALL_FD_ENUM) FD_MEMBERS };
#define SYSCALL_CONTAINER_ENUM(type, name) CONTAINER_##name,
enum syscall_container_member { SYSCALL_CONTAINER_MEMBERS(SYSCALL_CONTAINER_ENUM) CONTAINER_MEMBERS };
#define SYSCALL_EVENT_ENUM(type, name) EVENT_##name,
enum syscall_event_member { SYSCALL_EVENT_MEMBERS(SYSCALL_EVENT_ENUM) EVENT_MEMBERS };

static inline struct fact syscall_fact(const struct syscall_event *event)
{
        return (struct fact){ .source = &syscall_source, .event = event->kind, .data = event };
}

/* ---- events from records ---- */

#define SYSCALL_RECORD_FIELDS_MAX 1024 /* that one record may give */
#define SYSCALL_ANCESTORS_MAX 64

/* An event in the making. */
struct syscall_record;

int syscall_record_new(struct syscall_record **ret, struct error *err) _must_check_;
struct syscall_record *syscall_record_free(struct syscall_record *record);
DEFINE_FREEP(struct syscall_record, syscall_record_free)

/* Sets a field as a rule names it: ("proc.name", "nginx"), ("proc.aname[2]", "systemd"), ("evt.arg.flags", "O_RDWR").
 * Others follow where the record does not give them: proc.cmdline from name and arguments, fd.directory from fd.name,
 * evt.is_open_write from the flags … Numbers, truth values and addresses are parsed. Of a field that is a list, and of
 * proc.args and proc.env, commas or blanks separate the items. -ENOENT: no such field (names the nearest); -EINVAL: the
 * value is not of its type; -E2BIG. */
int syscall_record_set(struct syscall_record *record, struct str field, struct str value, struct error *err) _must_check_;
/* The same with items that stand apart. */
int syscall_record_set_list(struct syscall_record *record, struct str field, const struct str *items, size_t n,
                            struct error *err) _must_check_;
/* Borrowed from the record; evt.num is 1 unless set. */
const struct syscall_event *syscall_record_event(const struct syscall_record *record);

#endif
