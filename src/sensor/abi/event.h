/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs in the kernel write and its reader reads: a header, then parts. Fixed width,
 * native byte order, explicit padding; nothing here is a pointer. A reader believes no size and no order of parts.
 */
#ifndef TALLYMAN_SENSOR_ABI_EVENT_H
#define TALLYMAN_SENSOR_ABI_EVENT_H

#ifndef __bpf__
#include <stdint.h>
#else
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
#endif

#include "sensor/abi/kinds.h"

#define SENSOR_ABI_VERSION 1

#define SENSOR_ARGS 6
#define SENSOR_COMM 16
#define SENSOR_PATH_MAX 4096        /* bytes of one path, its end included */
#define SENSOR_TEXT_MAX 8192        /* bytes of one part */
#define SENSOR_DATA_MAX 32768       /* bytes of all parts of one event */
#define SENSOR_PARTS_MAX 32

/* Of the event. */
#define SENSOR_FLAG_TRUNCATED 1u  /* there was no room for a part; it is missing */
#define SENSOR_FLAG_OUTSIDE 2u    /* not of a kind and control group that were asked for: for the process table only */
#define SENSOR_FLAG_SELF_TEST 4u  /* the sensor made it happen */
#define SENSOR_FLAG_IO_URING 8u   /* done through io_uring */
#define SENSOR_FLAG_SNAPSHOT 16u  /* procinfo: it ran before watching began */
#define SENSOR_FLAG_NO_ARGS 32u   /* the arguments could not be read */

struct sensor_header {
        uint32_t size;       /* of all, a multiple of 8 */
        uint16_t kind;       /* enum sensor_kind */
        uint16_t flags;
        uint64_t seq;        /* of this processor, without gaps unless events were lost */
        uint64_t time;       /* nanoseconds since boot, sleep included */
        uint64_t cgroup;     /* id in the unified hierarchy */
        uint64_t start;      /* when the process started, as `time` */
        int64_t result;
        uint64_t args[SENSOR_ARGS];
        uint64_t cap_inheritable, cap_permitted, cap_effective;
        uint32_t cpu;
        uint32_t pid, tid, ppid;   /* as the host sees them; pid is the process */
        uint32_t vpid, vtid;       /* as the process itself sees them */
        uint32_t uid, gid, euid, egid;
        uint32_t loginuid;         /* all ones: unset */
        uint32_t mnt_ns, pid_ns;
        uint32_t n_parts;
        uint8_t comm[SENSOR_COMM];
};
_Static_assert(sizeof(struct sensor_header) == 192, "no padding");

/* ---- parts: a head, `size` bytes, zeroes up to a multiple of 8 ---- */

enum sensor_part_type {
        SENSOR_PART_PATH = 1,  /* text: path of the file, as the kernel resolved it up to its mount namespace's root */
        SENSOR_PART_FILE,      /* struct sensor_file, of the same file */
        SENSOR_PART_NAME,      /* text: first name among the arguments, from the program's memory */
        SENSOR_PART_NAME2,     /* text: second */
        SENSOR_PART_NAME3,     /* text: third (type of a mount) */
        SENSOR_PART_DIR,       /* text: the directory that the first starts from if it is relative, resolved */
        SENSOR_PART_DIR2,      /* text: the second's */
        SENSOR_PART_CWD,       /* text: working directory, resolved */
        SENSOR_PART_SOCKET,    /* struct sensor_socket, as the kernel has it */
        SENSOR_PART_SOCKADDR,  /* struct sockaddr, from the program's memory */
        SENSOR_PART_UNIX,      /* text: name that a unix socket is bound to; its first byte is 0 where it is abstract */
        SENSOR_PART_PROCESS,   /* struct sensor_process: of the new process (clone), else of the one that acts */
        SENSOR_PART_ARGV,      /* texts, each with its 0 */
        SENSOR_PART_ENV,       /* texts, each with its 0 */
        SENSOR_PART_CGROUP,    /* text: path of the control group in the unified hierarchy */
        SENSOR_PART_WORDS,     /* uint64_t: what an argument points to (struct open_how, capability sets) */
        SENSOR_PART_TYPES,
};

#define SENSOR_PART_CUT 1u        /* it was longer */
#define SENSOR_PART_UNREADABLE 2u /* the program's memory could not be read: empty */

struct sensor_part {
        uint16_t type;  /* enum sensor_part_type */
        uint16_t flags;
        uint32_t size;
};
_Static_assert(sizeof(struct sensor_part) == 8, "no padding");

#define SENSOR_FILE_OVERLAY 1u   /* on an overlay file system */
#define SENSOR_FILE_UPPER 2u     /* in its writable layer */
#define SENSOR_FILE_MEMFD 4u     /* exists only in memory */
#define SENSOR_FILE_CREATED 8u   /* opening made it */
#define SENSOR_FILE_UNLINKED 16u /* has no name any more */
#define SENSOR_FILE_PIPE 32u     /* told from the file system that it is on */
#define SENSOR_FILE_ANON 64u     /* epoll, eventfd, bpf …: its path says which */

struct sensor_file {
        uint64_t ino;
        int64_t ctime, mtime;    /* nanoseconds since the epoch */
        uint32_t dev;            /* the kernel's, major << 20 | minor; not what stat() says on an overlay */
        uint32_t mode;           /* type and permissions, as in stat() */
        uint32_t uid, gid;
        uint32_t nlink;
        uint32_t generation;
        uint32_t open_flags;     /* O_…, 0 where no descriptor is at hand */
        uint32_t marks;          /* SENSOR_FILE_… */
};
_Static_assert(sizeof(struct sensor_file) == 56, "no padding");

struct sensor_socket {
        uint64_t ino;
        uint16_t family, type, protocol;
        uint8_t state;           /* TCP_ESTABLISHED 1 … */
        uint8_t padding;
        uint16_t local_port, remote_port; /* of the host's byte order */
        uint32_t padding2;
        uint8_t local[16], remote[16];    /* network order; of IPv4 the first four */
};
_Static_assert(sizeof(struct sensor_socket) == 56, "no padding");

struct sensor_process {
        uint64_t start, pidns_start; /* nanoseconds since boot */
        uint64_t cgroup;
        uint32_t pid, ppid, vpid;
        uint32_t sid;                /* as the process itself sees it */
        uint32_t pgid, vpgid;
        uint32_t tty;                /* device number as stat() has it, 0: none */
        uint32_t padding;
        uint8_t comm[SENSOR_COMM];
};
_Static_assert(sizeof(struct sensor_process) == 72, "no padding");

/* ---- what is set from outside, one element of a map ---- */

enum sensor_scope {
        SENSOR_SCOPE_CONTAINERS, /* every control group but the root and those marked as none */
        SENSOR_SCOPE_HOST,       /* everything */
};

struct sensor_settings {
        uint64_t kinds[SENSOR_KIND_WORDS]; /* wanted; others only for the process table, or not at all */
        uint32_t scope;                    /* enum sensor_scope */
        uint32_t test_tid;                 /* whose acts pass every filter: the self-test's; 0: nobody's */
        uint32_t own_pid;                  /* whose acts are never told */
        uint32_t wake_bytes;               /* waiting bytes at which the reader is woken */
        uint64_t repeat_ns;                /* what is the same but for its time is told once in so long; 0: always */
};

/* One a kind and processor. */
struct sensor_counters {
        uint64_t seen;     /* in scope */
        uint64_t dropped;  /* of these left out by a filter */
        uint64_t lost;     /* for want of room */
        uint64_t sent;
};

/* What is known of a control group: the value of its entry. */
#define SENSOR_CGROUP_IGNORED 1u /* no container: only its processes' lives are told */

#endif
