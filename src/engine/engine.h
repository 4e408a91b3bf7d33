/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs containers here. A table of containers by cgroup, filled from what stands on disk: the cgroup's path, the OCI
 * bundle, the engine's own state. No engine's program is ever called, and of engines' sockets only containerd's is (with
 * a deadline), since nothing else knows the images of its containers.
 *
 * A container is its cgroup. The key is the number that bpf_get_current_cgroup_id() gives, which is the inode of the
 * cgroup's directory in the hierarchy that container_table_hierarchy() names. On cgroup v2 and on hybrid hosts that is
 * cgroup2; on hosts with cgroup v1 alone it is a v1 hierarchy, whose ids the sensor must then take.
 *
 * What can be promised of a container's first event (its own first program; the runtime's before it do not count):
 *
 *     engine                 on disk when the cgroup is made      complete at the first exec of the container's program
 *     docker                 config.v2.json, hostconfig.json      name, image, image id, labels, mounts, privileged; the
 *                                                                 digest if the image has one. ip: from the network
 *                                                                 namespace, since Docker writes its own record later
 *     containerd (ctr, CRI)  bundle config.json                   pod, name (annotations); image, digest, labels by the
 *                                                                 API, which knew the container before its bundle was made
 *     cri-o                  bundle config.json                   all (annotations)
 *     podman                 bundle, containers.json              all but labels
 *     crun, runc alone       nothing (the id only)                bundle, found through the runtime's status file, which
 *                                                                 is written before the program runs. No image: the
 *                                                                 reason stands in `why_no_image`
 *
 * So: call container_table_add_cgroup() when a cgroup is made, and container_table_refresh() when an exec in it is seen and
 * it is CGROUP_NEW or its container is not CONTAINER_KNOWN. (The runtime's own program may be started in the cgroup before
 * the container's first: a refresh then is in vain, and the next one is not.) A refresh at the first program can fail only
 * if the engine's files can not be read; the container stays CONTAINER_PENDING with what is known, and
 * container_table_tick() tries again.
 *
 * A container for which its runtime made no cgroup is none here: podman's of a user, where nothing delegates cgroups.
 *
 * All that engines keep on disk is read as untrusted: sizes, counts and depths are bounded (engine/limits.h), no symbolic
 * links are followed below an engine's folder, nothing inside a container's root is opened, and a cgroup below a
 * container's own is another container only if that container's state on disk names exactly that cgroup.
 *
 * Threads: a table belongs to one. A `const struct container` never changes and may be handed to others with a reference.
 */
#ifndef TALLYMAN_ENGINE_ENGINE_H
#define TALLYMAN_ENGINE_ENGINE_H

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/syscall_event.h"

enum container_engine {
        ENGINE_UNKNOWN, /* the cgroup's name is that of a container, but nothing on disk tells of it */
        ENGINE_DOCKER,
        ENGINE_CONTAINERD, /* ctr, nerdctl, Kubernetes through CRI */
        ENGINE_CRIO,
        ENGINE_PODMAN,
        ENGINE_CRUN, /* the runtime alone */
        ENGINE_RUNC,
        ENGINE_MAX,
};

/* "docker", "containerd", "cri-o", "podman", "crun", "runc"; "unknown". As in the field container.type. */
const char *container_engine_name(enum container_engine engine);

enum container_state {
        CONTAINER_PENDING, /* something that its engine should know was not there yet, or could not be read: `why_pending` */
        CONTAINER_KNOWN,
};

struct container_device {
        uint32_t major, minor;
};

/* Immutable; text and lists live as long as the container. Absent text has n == 0. */
struct container {
        uint64_t cgroup_id;
        struct str cgroup_path; /* below the hierarchy's root, with a leading slash */
        enum container_engine engine;
        enum container_state state;
        bool seen_late; /* it ran before we looked */
        bool sandbox;   /* holds a pod's namespaces, runs no program of the user's */
        bool trimmed;   /* labels and mounts were left out, since all containers together may take no more memory */

        /* All that rules read: ids, name, image, labels, mounts, pod. Point syscall_event.container here. Its `start` is
         * the engine's, else when the cgroup was seen. */
        struct syscall_container facts;

        /* Why facts are absent, or how they are known, in words for people. */
        struct str why_pending, why_no_image, why_no_image_id, why_no_digest;
        struct str privileged_from; /* "engine", or "bundle": all capabilities, all devices and no seccomp filter */

        struct str engine_namespace; /* containerd's */
        struct str bundle;           /* directory that holds config.json */
        struct str root;             /* the merged root file system as the host's mount namespace names it */
        struct str upper;            /* overlay: where the container's own changes lie */
        const struct str *layers;    /* overlay: lower directories, the uppermost first; links of the engine followed */
        uint32_t n_layers;
        bool knows_device;
        struct container_device device; /* of the root as mountinfo names it, which is the kernel's s_dev; stat(2) differs */
        int64_t init_pid;               /* 0: not known */
        int64_t uid;                    /* who runs the engine; 0: root */
};

/* Thread-safe. Both take NULL. */
const struct container *container_ref(const struct container *container);
const struct container *container_unref(const struct container *container);
DEFINE_FREEP(const struct container, container_unref)

/* How the files and sockets of engines are reached, where that needs privileges which the caller lacks. */
struct container_access {
        /* Opens base/path for reading: a file, or a directory with O_DIRECTORY in `flags`. No links may be followed below
         * `base`, and it must not block. `path` may be empty: then base itself is meant, with O_PATH | O_NOFOLLOW the link
         * that stands there; "/proc/PID/ns/KIND" is a link that has to be followed. A descriptor, or a negative errno with
         * a message. */
        int (*open)(void *ctx, const char *base, const char *path, int flags, struct error *err);
        /* A connected stream socket, non-blocking. */
        int (*connect)(void *ctx, const char *path, struct error *err);
        void *ctx;
};

/* Zeroes are the defaults. Text is copied. */
struct container_options {
        const char *root; /* stands for "/" in all paths that are read (tests); "/" */
        struct container_access access;
        size_t containers_max; /* that run; 4096 */
        size_t cgroups_max;    /* of hosts' services, and nested ones; 65536 */
        size_t tombstones_max; /* 1024 */
        size_t bytes_max;      /* of all containers' text and lists; 16 MiB. Beyond it labels and mounts are left out */
        uint64_t tombstone_seconds; /* 60 */
        uint64_t socket_ms;         /* how long containerd may take for one container; 500 */
        bool no_sockets;
        uint64_t (*now)(void *ctx); /* nanoseconds since the epoch; the clock */
        void *now_ctx;
};

struct container_table;

/* -ENOENT: no cgroup hierarchy is mounted. */
int container_table_new(const struct container_options *options, struct container_table **ret,
                        struct error *err) _must_check_;
struct container_table *container_table_free(struct container_table *table);
DEFINE_FREEP(struct container_table, container_table_free)

/* The hierarchy's mount point as seen from the host, "/sys/fs/cgroup/unified". *ret_v1 is true where it is of cgroup v1.
 * Borrowed. */
const char *container_table_hierarchy(const struct container_table *table, bool *ret_v1);

/* Reads all cgroups that are there; those found that are not known yet are marked as seen late. What is no longer there
 * becomes a tombstone. Slow (tens of milliseconds with many containers). */
int container_table_scan(struct container_table *table, struct error *err) _must_check_;

enum cgroup_kind {
        CGROUP_UNKNOWN, /* never heard of, or forgotten: container_table_add_cgroup(), with path NULL */
        CGROUP_NEW,     /* of no container that is known, but young: refresh it when its first program runs */
        CGROUP_HOST,    /* of no container */
        CGROUP_CONTAINER,
        CGROUP_GONE, /* of a container that is no more: a tombstone */
};

/* A cgroup that was just made, or that an event named. `path` is as the kernel has it, below the hierarchy's root, NULL:
 * find it. A nested one belongs to the container above. Known ids change nothing. -ENOENT with path NULL: there is no such
 * cgroup any more (it is then remembered as one of the host). What an engine's files lack is no error. */
int container_table_add_cgroup(struct container_table *table, uint64_t id, const char *path,
                               struct error *err) _must_check_;
/* Reads again what was not complete. CONTAINER_PENDING: it still is not. */
enum container_state container_table_refresh(struct container_table *table, uint64_t id);
/* Reads again whatever else was due (engines write addresses and start times late), forgets old tombstones. Call it about
 * once a second; returns at once if nothing is due. */
void container_table_tick(struct container_table *table);
/* The cgroup was removed. */
void container_table_gone(struct container_table *table, uint64_t id);

/* Constant time, for every event. *ret is borrowed until the next call of add_cgroup, refresh, tick, gone or scan, and
 * NULL unless it is a container or was one. */
enum cgroup_kind container_table_find(const struct container_table *table, uint64_t id, const struct container **ret);

/* All that run, in the order in which they came; tombstones after them if wanted. A negative return of `each` ends it. */
int container_table_each(const struct container_table *table, bool tombstones,
                         int (*each)(void *ctx, const struct container *container, bool gone), void *ctx);

/* True if an overlay in a mount table (the text of /proc/PID/mountinfo) lies on just these lower directories, the lowest first: by
 * what they are, not by how they are named. Directories that the table names are looked at, relative ones below the place where
 * engines keep what they mount. */
bool mounts_have_overlay(struct str mountinfo, const char *const *directories, size_t n);

struct container_table_counts {
        uint64_t containers, pending, tombstones, cgroups, bytes; /* now */
        /* For want of room, since the start: */
        uint64_t containers_evicted, cgroups_evicted, tombstones_evicted, containers_trimmed;
        uint64_t reads, reads_failed, calls, calls_failed; /* of files, and of containerd's API */
};
struct container_table_counts container_table_counts(const struct container_table *table);

#endif
