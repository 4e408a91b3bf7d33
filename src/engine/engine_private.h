/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of engine/: a container in the making, how files are reached, and what each engine's files say. */
#ifndef TALLYMAN_ENGINE_ENGINE_PRIVATE_H
#define TALLYMAN_ENGINE_ENGINE_PRIVATE_H

#include "base/json.h"
#include "engine/engine.h"
#include "engine/limits.h"

/* ---- draft.c: a container in the making ---- */

/* Text lies in the arena or is static. Over a limit nothing more is taken, and that is no error. */
struct draft {
        struct arena *arena;
        struct container c;
        size_t bytes;
        bool failed; /* out of memory */
        struct syscall_mount *mounts;
        struct syscall_pair *labels, *pod_labels;
        struct str *layers;
        struct str cgroup; /* what its state on disk says its cgroup is, below the hierarchy's root */
        struct str pid_path, network_path, ipc_path; /* namespaces that are shared by path */
        bool has_bundle;
        bool all_capabilities, all_devices, no_seccomp; /* of the bundle */
};

int draft_init(struct draft *d, struct error *err) _must_check_;
void draft_done(struct draft *d); /* also the _cleanup_ form */
/* A copy, cut at ENGINE_TEXT_MAX and without NUL bytes. */
struct str draft_text(struct draft *d, struct str s);
#define DRAFT_SET(d, member, text)                                               \
        do {                                                                     \
                struct str _text = (text);                                       \
                if (_text.n) {                                                   \
                        (d)->c.facts.member = draft_text(d, _text);              \
                        (d)->c.facts.known |= UINT64_C(1) << CONTAINER_##member; \
                }                                                                \
        } while (0)
#define DRAFT_PUT(d, member, value)                                      \
        do {                                                             \
                (d)->c.facts.member = (value);                           \
                (d)->c.facts.known |= UINT64_C(1) << CONTAINER_##member; \
        } while (0)
#define DRAFT_KNOWS(d, member) ((d)->c.facts.known >> CONTAINER_##member & 1)
void draft_why(struct draft *d, struct str *why, const char *format, ...) _printf_(3, 4);
/* A later one of the same name takes the place of the former. */
void draft_label(struct draft *d, struct str name, struct str value);
void draft_pod_label(struct draft *d, struct str name, struct str value);
void draft_mount(struct draft *d, const struct syscall_mount *mount);
void draft_layer(struct draft *d, struct str path);
/* Sets image, repository, tag and digest from "host:port/name:tag@sha256:…". */
void draft_image(struct draft *d, struct str reference);
/* "sha256:<hex>" or bare hex; anything else is passed over. */
void draft_image_id(struct draft *d, struct str id);
/* Packs all into one piece of memory with one reference. */
int draft_seal(struct draft *d, const struct container **ret, struct error *err) _must_check_;
/* Leaves out what an image's author can make large without end. */
void draft_trim(struct draft *d);
size_t container_bytes(const struct container *container);

/* ---- texts.c ---- */

/* RFC 3339 with any fraction, "2026-11-25T12:34:45.874576428Z"; -EBADMSG; years before 1971 (Go's zero time) too. */
int parse_time(struct str text, int64_t *ret_ns) _must_check_;
/* Splits "host:port/name:tag@digest". Parts borrow from `reference`; what is not there is empty. */
void split_reference(struct str reference, struct str *ret_repository, struct str *ret_tag, struct str *ret_digest);
bool is_hex(struct str s);

/* ---- cgroup_name.c: what names say, with no look at anything else ---- */

enum name_strength {
        NAME_NONE,  /* of no container */
        NAME_MAYBE, /* if a runtime knows it */
        NAME_SURE,  /* only engines give such names */
};

struct cgroup_name {
        enum name_strength strength;
        enum container_engine engine; /* ENGINE_UNKNOWN: any */
        struct str id;
        size_t path_length; /* of the cgroup's path up to the end of this name */
        int64_t uid;        /* of the user in whose slice it is; 0: none */
};

/* All names of a path that may be containers, the deepest first; at most ENGINE_DEPTH_MAX. */
size_t cgroup_names(struct str path, struct cgroup_name ret[static ENGINE_DEPTH_MAX]);
/* Where the bundle's linux.cgroupsPath ("/a/b" or "slice:prefix:name") must end up below the root of the hierarchy.
 * Empty where it can not be told. */
void cgroup_of_bundle(struct str cgroups_path, int64_t uid, struct buf *ret);

/* ---- files.c ---- */

struct files {
        const char *root; /* without a slash at the end; "" */
        struct container_access access;
        uint64_t reads, failed, calls, calls_failed;
};

#define UID_ANY INT64_C(-1) /* of the kernel's own files */

/* Opens base/path for reading. Of regular files only those that belong to root, to us, or to `uid`. */
int files_open(struct files *f, const char *base, const char *path, int flags, int64_t uid,
               struct error *err) _must_check_;
int files_read(struct files *f, const char *base, const char *path, size_t max, int64_t uid, struct buf *out,
               struct error *err) _must_check_;
int files_read_json(struct files *f, const char *base, const char *path, size_t max, int64_t uid, json_t **ret,
                    struct error *err) _must_check_;
/* Calls `each` with every name but "." and "..", and whether it may be a folder; a non-zero return of it ends the walk and
 * is returned. */
int files_names(struct files *f, const char *base, const char *path, int64_t uid,
                int (*each)(void *ctx, const char *name, bool folder), void *ctx, struct error *err) _must_check_;

/* ---- places.c: where engines keep what they know ---- */

enum place {
        PLACE_DOCKER,      /* /var/lib/docker */
        PLACE_DOCKER_RUN,  /* /run/docker */
        PLACE_STORAGE,     /* /var/lib/containers/storage */
        PLACE_STORAGE_RUN, /* /run/containers/storage */
        PLACE_RUNC,
        PLACE_CRUN,
        PLACE_MAX,
};

/* A folder in two parts: links may lead to `base`, which root made; below it none are followed. */
struct folder {
        char base[ENGINE_PATH_MAX];
        char path[ENGINE_PATH_MAX]; /* no slash at either end; may be empty */
        int64_t uid;
};

/* -ENOENT: that user has no home. */
int place_find(struct files *f, enum place place, int64_t uid, struct folder *ret, struct error *err) _must_check_;
/* The folder that an absolute path from an engine's file names; links are followed up to the whole of it only where the
 * file was root's. -EINVAL. */
int folder_of(struct str path, int64_t uid, struct folder *ret) _must_check_;
/* Reads `name` (may have slashes) in a folder. */
int folder_read_json(struct files *f, const struct folder *folder, const char *name, size_t max, json_t **ret,
                     struct error *err) _must_check_;

/* ---- bundle.c, docker.c, storage.c, runtime.c, containerd.c: what documents say; no I/O in the parse_ functions ---- */

/* An OCI runtime configuration (runtime-spec, config.md). `folder` is the bundle's, for a relative root. */
void parse_bundle(const json_t *config, struct str folder, struct draft *d);
/* What Kubernetes' runtimes and podman write into annotations. */
void parse_annotations(const json_t *annotations, struct draft *d);
/* Docker's config.v2.json and hostconfig.json. */
void parse_docker_config(const json_t *config, struct draft *d);
void parse_docker_host_config(const json_t *config, struct draft *d);
/* Docker's repositories.json: name and digest of the image whose id the draft has. */
void parse_docker_repositories(const json_t *repositories, struct draft *d);
/* containers/storage: containers.json and images.json, for the container and image whose ids the draft has.
 * False: it is not there. */
bool parse_storage_containers(const json_t *containers, struct draft *d);
bool parse_storage_images(const json_t *images, struct draft *d);
/* runc's state.json, crun's status. *ret_bundle is borrowed from the document. */
void parse_runc_state(const json_t *state, struct str hierarchy, struct str *ret_bundle, struct draft *d);
void parse_crun_status(const json_t *status, struct str *ret_bundle, struct draft *d);
/* containerd's answers about a container and about an image. */
bool parse_containerd_container(struct str message, struct str *ret_image, struct draft *d);
bool parse_containerd_image(struct str message, struct draft *d);
/* What Kubernetes' labels say of the pod. */
void parse_pod_labels(struct draft *d);
/* A result that libcni cached (CNI specification, appendix): the first address, and all of it as JSON. */
void parse_cni_result(const json_t *cached, struct draft *d);

/* Text of a member, empty if it is not there or not text. Borrowed. */
struct str json_text(const json_t *object, const char *key);

/* ---- mounts.c ---- */

struct mount_line {
        struct str root, mount_point, type, options; /* options: of the file system; borrowed, escapes as they are */
        struct container_device device;
};

/* The last line of a mount table (proc_pid_mountinfo(5)) for a mount point: later mounts cover earlier ones. */
bool mountinfo_find(struct str text, struct str mount_point, struct mount_line *ret);
/* Root, layers and device of an overlay or any other mount. */
void draft_take_mount(struct draft *d, const struct mount_line *line);
/* The first address that is not the loopback's in /proc/PID/net/fib_trie, else a global one in if_inet6. Empty: none. */
struct str parse_fib_trie(struct str text);
bool parse_if_inet6(struct str text, char ret[static 46]);

/* ---- the table's view of the engines ---- */

/* What an identification needs. */
struct engines {
        struct files files;
        char hierarchy[ENGINE_PATH_MAX]; /* mount point, as the host names it */
        bool v1;
        bool no_sockets;
        uint64_t socket_ms;
        uint64_t socket_silent_until; /* nanoseconds of the monotonic clock: containerd did not answer */
        uint64_t (*now)(void *ctx);
        void *now_ctx;
};

/* identify.c. Fills the draft with all that is on disk of the container of that name. 0; -ENOENT: nothing knows it, or its
 * own files name another cgroup. `nested`: only one that names exactly this cgroup counts. */
int engines_identify(struct engines *e, const struct cgroup_name *name, struct str path, bool nested, struct draft *d,
                     struct error *err) _must_check_;

int identify_docker(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err) _must_check_;
int identify_containerd(struct engines *e, const struct cgroup_name *name, struct draft *d,
                        struct error *err) _must_check_;
int identify_storage(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err) _must_check_;
int identify_runtime(struct engines *e, const struct cgroup_name *name, struct draft *d, struct error *err) _must_check_;
/* Finds the bundle of an id in containerd's folders. `in_namespace` NULL: any but Docker's. */
int containerd_bundle(struct engines *e, const struct cgroup_name *name, const char *in_namespace, struct draft *d,
                      struct error *err) _must_check_;
/* Finds the configuration's digest of an image whose manifest or index is `digest`, in containerd's content store. */
void containerd_image_id(struct engines *e, int64_t uid, struct str digest, struct draft *d);
/* Adds what runc's state in that folder tells: init process, start, cgroup. */
void runtime_add_state(struct engines *e, const struct folder *folder, struct str id, struct draft *d);
/* The same where runtimes keep it that podman and CRI-O use, and the bundle's path where it is not known. */
void runtime_add_any_state(struct engines *e, const struct cgroup_name *name, struct draft *d);
/* What only the kernel tells, for all engines: init process, root, layers, addresses, namespaces. */
void identify_running(struct engines *e, struct str path, struct draft *d);

/* ---- protobuf.c: as much of Protocol Buffers' wire format as containerd's messages take ---- */

struct protobuf {
        const uint8_t *p, *end;
        bool bad;
};

static inline struct protobuf protobuf_of(struct str s)
{
        const uint8_t *p = (const uint8_t *)(s.n ? s.p : "");

        return (struct protobuf){ p, p + s.n, false };
}
/* The next field: of a length-delimited one *ret is borrowed bytes, of others it is empty. False: no more, or `bad`. */
bool protobuf_next(struct protobuf *pb, uint32_t *ret_field, struct str *ret);
void protobuf_put(struct buf *out, uint32_t field, struct str s);

/* ---- grpc.c: one unary call over HTTP/2 (RFC 9113) ---- */

struct grpc_stream {
        struct buf frame, body, reply; /* a frame that is not whole; the message; what has to be sent back */
        bool done;
};

void grpc_stream_done(struct grpc_stream *stream); /* also the _cleanup_ form */
/* Takes bytes from the server. -EBADMSG, -E2BIG, -ECONNABORTED. */
int grpc_feed(struct grpc_stream *stream, struct str bytes, struct error *err) _must_check_;
/* The message once the stream is done; borrowed. */
int grpc_message(const struct grpc_stream *stream, struct str *ret, struct error *err) _must_check_;
/* Appends the answer to `ret`. -ETIMEDOUT; -ENOENT: the server had none. */
int grpc_call(struct engines *e, const char *socket, const char *method, const char *containerd_namespace,
              struct str request, struct buf *ret, struct error *err) _must_check_;

/* ---- hierarchy.c ---- */

int hierarchy_find(struct engines *e, struct error *err) _must_check_;
/* The number of a cgroup. */
int hierarchy_id(struct engines *e, const char *path, uint64_t *ret, struct error *err) _must_check_;
/* The path of a number; -ENOENT. */
int hierarchy_path(struct engines *e, uint64_t id, struct buf *ret, struct error *err) _must_check_;
#define WALK_STOP 1
#define WALK_PASS 2 /* over all that is below */

/* Every cgroup, parents first; those that are passed over do not count against ENGINE_CGROUPS_MAX. */
int hierarchy_walk(struct engines *e, int (*each)(void *ctx, uint64_t id, struct str path, struct error *err),
                   void *ctx, struct error *err) _must_check_;
/* No process is in it or below it. */
bool hierarchy_is_empty(struct engines *e, struct str path);
/* The first process of a cgroup, 0: none. */
int64_t hierarchy_first_pid(struct engines *e, struct str path);

#endif
