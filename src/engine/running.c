/* SPDX-License-Identifier: Apache-2.0 */
/* What only the kernel tells of a container that runs: its init process, root, layers, addresses, shared namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine_private.h"

#define PROC_TEXT_MAX (64u << 10)
#define CNI_RESULTS "/var/lib/cni/results"

static int read_proc(struct engines *e, int64_t pid, const char *name, size_t max, struct buf *out)
{
        char path[64];

        snprintf(path, sizeof(path), "%lld/%s", (long long)pid, name);
        return files_read(&e->files, "/proc", path, max, UID_ANY, out, NULL);
}

/* Numbers of processes are used again: an engine's file may name one that is another's by now. */
static bool is_in_cgroup(struct engines *e, int64_t pid, struct str path)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct str rest;

        if (read_proc(e, pid, "cgroup", PROC_TEXT_MAX, &text) < 0)
                return false;
        rest = buf_str(&text);
        while (rest.n) {
                struct str line = str_cut(&rest, '\n');

                str_cut(&line, ':');
                str_cut(&line, ':');
                if (line.n >= path.n && memcmp(line.p, path.p, path.n) == 0 && (line.n == path.n || line.p[path.n] == '/'))
                        return true;
        }
        return false;
}

static void find_init(struct engines *e, struct str path, struct draft *d)
{
        if (d->c.init_pid && !is_in_cgroup(e, d->c.init_pid, path))
                d->c.init_pid = 0;
        if (!d->c.init_pid)
                d->c.init_pid = hierarchy_first_pid(e, path);
}

/* The runtime's process has the host's root until it has changed it. */
static bool is_hosts_root(struct str host_table, const struct mount_line *line)
{
        struct mount_line host;

        return str_equals(line->root, "/") && mountinfo_find(host_table, STR_LIT("/"), &host) &&
               host.device.major == line->device.major && host.device.minor == line->device.minor;
}

/* Engines keep mount options short by links, ".../l/SHORTNAME" to "../NAME/diff"; NAME is the layer's own folder. Read and
 * not followed, so that it works where another process opens files for us. */
static void follow_link(struct engines *e, struct draft *d, struct str *layer, size_t folder)
{
        _cleanup_(buf_free) struct buf path = { 0 };
        _cleanup_close_ int fd = -EBADF;
        char target[ENGINE_PATH_MAX];
        ssize_t n;

        buf_add_str(&path, *layer);
        if (!buf_ok(&path))
                return;
        fd = files_open(&e->files, path.data, "", O_PATH | O_NOFOLLOW, UID_ANY, NULL);
        if (fd < 0)
                return;
        n = readlinkat(fd, "", target, sizeof(target));
        if (n <= 3 || n >= (ssize_t)sizeof(target) || memcmp(target, "../", 3) != 0)
                return;
        path.len = folder;
        buf_add(&path, target + 3, (size_t)n - 3);
        if (buf_ok(&path))
                *layer = draft_text(d, buf_str(&path));
}

/* Length of what stands before "l/SHORTNAME", 0: it is no such path. */
static size_t folder_of_links(struct str layer)
{
        size_t slash = layer.n;

        while (slash && layer.p[slash - 1] != '/')
                slash--;
        return slash > 3 && memcmp(layer.p + slash - 3, "/l/", 3) == 0 ? slash - 2 : 0;
}

static void find_root(struct engines *e, struct draft *d)
{
        _cleanup_(buf_free) struct buf host = { 0 }, own = { 0 };
        struct mount_line line;

        if (files_read(&e->files, "/proc/self", "mountinfo", ENGINE_MOUNTINFO_MAX, UID_ANY, &host, NULL) < 0 &&
            host.failed)
                d->failed = true;
        if (d->c.root.n && mountinfo_find(buf_str(&host), d->c.root, &line))
                draft_take_mount(d, &line);
        else if (d->c.init_pid && read_proc(e, d->c.init_pid, "mountinfo", ENGINE_MOUNTINFO_MAX, &own) == 0 &&
                 mountinfo_find(buf_str(&own), STR_LIT("/"), &line) && !is_hosts_root(buf_str(&host), &line))
                draft_take_mount(d, &line);
        /* Of a user's engine the path is whatever that user likes. */
        for (uint32_t i = 0; i < d->c.n_layers && !d->c.uid; i++) {
                size_t folder = folder_of_links(d->layers[i]);

                if (folder)
                        follow_link(e, d, &d->layers[i], folder);
        }
}

/* ---- namespaces ---- */

static bool number_of(struct engines *e, const char *path, uint64_t *ret)
{
        _cleanup_close_ int fd = files_open(&e->files, path, "", 0, UID_ANY, NULL);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return false;
        *ret = st.st_ino;
        return true;
}

/* 1: the namespace at that path is the host's, 0: it is not, -ENODATA: can not be told. */
static int is_hosts(struct engines *e, struct str path, const char *kind)
{
        char host[64], own[ENGINE_PATH_MAX];
        uint64_t a, b;

        if (!path.n || path.n >= sizeof(own) || *path.p != '/')
                return -ENODATA;
        snprintf(host, sizeof(host), "/proc/1/ns/%s", kind);
        snprintf(own, sizeof(own), "%.*s", STR_ARG(path));
        if (!number_of(e, host, &a) || !number_of(e, own, &b))
                return -ENODATA;
        return a == b;
}

static void find_namespaces(struct engines *e, struct draft *d)
{
        int pid = is_hosts(e, d->pid_path, "pid"), network = is_hosts(e, d->network_path, "net"),
            ipc = is_hosts(e, d->ipc_path, "ipc");

        if (!DRAFT_KNOWS(d, host_pid) && pid >= 0)
                DRAFT_PUT(d, host_pid, pid);
        if (!DRAFT_KNOWS(d, host_network) && network >= 0)
                DRAFT_PUT(d, host_network, network);
        if (!DRAFT_KNOWS(d, host_ipc) && ipc >= 0)
                DRAFT_PUT(d, host_ipc, ipc);
}

/* ---- addresses ---- */

/* {"kind": "cniCacheV1", "result": {"ips": [{"address": "10.88.0.2/16"}]}}; before 0.3.0 "ip4": {"ip": …}. */
void parse_cni_result(const json_t *cached, struct draft *d)
{
        const json_t *result = json_object_get(cached, "result"),
                     *first = json_array_get(json_object_get(result, "ips"), 0);
        struct str address = json_text(first, "address"), ip;
        char *text;

        if (!json_is_object(result))
                return;
        if (!address.n)
                address = json_text(json_object_get(result, "ip4"), "ip");
        ip = str_cut(&address, '/');
        if (ip.n && ip.n < 46)
                DRAFT_SET(d, ip, ip);
        text = json_dumps(result, JSON_COMPACT);
        if (!text) {
                d->failed = true;
                return;
        }
        if (strlen(text) <= ENGINE_TEXT_MAX) /* a document that is cut says nothing */
                DRAFT_SET(d, cni, str_from(text));
        free(text);
}

struct cni_search {
        struct engines *e;
        struct draft *d;
        char middle[ENGINE_ID_MAX + 4]; /* "-ID-" of "NETWORK-ID-INTERFACE" */
};

static int try_result(void *ctx, const char *name, bool folder)
{
        struct cni_search *s = ctx;
        _cleanup_json_ json_t *cached = NULL;

        if (!strstr(name, s->middle) ||
            files_read_json(&s->e->files, CNI_RESULTS, name, ENGINE_DOCUMENT_MAX, 0, &cached, NULL) < 0)
                return 0;
        parse_cni_result(cached, s->d);
        return 1;
}

static void find_cni(struct engines *e, struct draft *d)
{
        struct cni_search search = { .e = e, .d = d };
        struct str id = d->c.facts.pod_sandbox_id.n ? d->c.facts.pod_sandbox_id : d->c.facts.full_id;

        if (d->c.engine == ENGINE_DOCKER || d->c.uid || id.n != 64)
                return;
        snprintf(search.middle, sizeof(search.middle), "-%.*s-", STR_ARG(id));
        if (files_names(&e->files, CNI_RESULTS, "", 0, try_result, &search, NULL) == 1 && d->c.facts.pod_sandbox_id.n) {
                DRAFT_SET(d, pod_ip, d->c.facts.ip);
                DRAFT_SET(d, pod_cni, d->c.facts.cni);
        }
}

/* Whatever the engine writes down, and when: what the container has is in its network namespace. */
static void find_address(struct engines *e, struct draft *d)
{
        _cleanup_(buf_free) struct buf v4 = { 0 }, v6 = { 0 };
        char own[64], text[46];
        struct str ip = STR_NULL;

        snprintf(own, sizeof(own), "/proc/%lld/ns/net", (long long)d->c.init_pid);
        if (!d->c.init_pid || is_hosts(e, str_from(own), "net") != 0)
                return;
        if (read_proc(e, d->c.init_pid, "net/fib_trie", ENGINE_DOCUMENT_MAX, &v4) == 0)
                ip = parse_fib_trie(buf_str(&v4));
        if (!ip.n && read_proc(e, d->c.init_pid, "net/if_inet6", PROC_TEXT_MAX, &v6) == 0 &&
            parse_if_inet6(buf_str(&v6), text))
                ip = str_from(text);
        DRAFT_SET(d, ip, ip);
        if (d->c.facts.pod_sandbox_id.n)
                DRAFT_SET(d, pod_ip, ip);
}

void identify_running(struct engines *e, struct str path, struct draft *d)
{
        find_init(e, path, d);
        find_root(e, d);
        find_namespaces(e, d);
        if (!DRAFT_KNOWS(d, ip))
                find_cni(e, d);
        if (!DRAFT_KNOWS(d, ip))
                find_address(e, d);
        else if (d->c.facts.pod_sandbox_id.n && !DRAFT_KNOWS(d, pod_ip))
                DRAFT_SET(d, pod_ip, d->c.facts.ip);
}
