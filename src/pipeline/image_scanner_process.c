/* SPDX-License-Identifier: Apache-2.0 */
/* The process that scans, and its child for each image. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/wire.h"
#include "engine/engine.h"
#include "oci/image_owners.h"
#include "pipeline/image_scanner_private.h"
#include "pipeline/scan.h"

#define MOUNTINFO_MAX (16u << 20)
#define IDLE_NICE 19
#define IO_IDLE (3 << 13) /* IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0) */
#define IO_WHO_PROCESS 1

/* ---- one image ---- */

static bool is_whole(const struct problem_list *problems)
{
        for (size_t i = 0; i < problems->n; i++)
                if (problems->items[i].kind != PROBLEM_NOTE)
                        return false;
        return !problems->more_gaps;
}

int image_scan_directories(const struct source_directories *directories, int index, int owners, bool *ret_whole,
                           struct error *err)
{
        _cleanup_(scan_result_freep) struct scan_result *result = NULL;
        _cleanup_free_ struct str *purls = NULL;
        struct scan_options options = { .directories = directories, .inventory_only = true, .index_output = &index,
                                        .owners = true, .limits = SCAN_LIMITS_DEFAULT };
        int r = scan_run(&options, &result, err);

        if (r < 0)
                return r;
        purls = calloc(result->n_packages + 1, sizeof(*purls));
        if (!purls)
                return error_oom(err);
        for (size_t i = 0; i < result->n_packages; i++)
                purls[i] = result->packages[i].purl;
        r = image_owners_write(result->owners, image_index_count(result->index), purls, result->n_packages, owners, err);
        if (r == 0)
                *ret_whole = is_whole(&result->problems);
        return r;
}

/* ---- requests ---- */

struct job {
        uint8_t kind;
        struct cache_key key;
        struct source_directories directories;
        const char *paths[LIMIT_LAYERS];
        uint64_t init_pid;
        struct cache *cache; /* NULL: there is none */
        int index, owners;
        bool whole;
};

static void job_done(struct job *job)
{
        for (size_t i = 0; i < job->directories.n; i++)
                free((char *)job->paths[i]);
        fd_close(job->index);
        fd_close(job->owners);
        cache_free(job->cache);
}

/* A key becomes a file's name. */
static bool is_key(const char *text)
{
        return strspn(text, "0123456789abcdef") == SCANNER_KEY && text[SCANNER_KEY] == 0;
}

static int read_paths(struct wire_reader *r, struct job *job)
{
        uint32_t n = wire_get_count(r, 4);

        r->bad |= n > LIMIT_LAYERS;
        for (uint32_t i = 0; !r->bad && i < n; i++) {
                struct str path = wire_get_str(r);

                if (r->bad || !path.n || memchr(path.p, 0, path.n) || !(job->paths[i] = strndup(path.p, path.n)))
                        return -EBADMSG;
                job->directories.n++;
        }
        return 0;
}

static int read_request(struct str message, struct job *job)
{
        struct wire_reader r = wire_reader(message.p, message.n);
        int code = 0;

        job->kind = wire_get_u8(&r);
        wire_get_bytes(&r, job->key.text, SCANNER_KEY);
        if (job->kind == SCANNER_SCAN) {
                job->directories.marks = wire_get_u8(&r) == LAYER_MARKS_USER ? LAYER_MARKS_USER : LAYER_MARKS_TRUSTED;
                job->init_pid = wire_get_u64(&r);
                code = read_paths(&r, job);
        }
        job->directories.paths = job->paths;
        job->directories.kind = "container";
        job->directories.reference = job->key.text;
        return code < 0 || !wire_end(&r) || !is_key(job->key.text) ? -EBADMSG : 0;
}

static int answer(int sock, const struct job *job, int code, const char *message)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        const int fds[] = { job->index, job->owners };
        struct iovec iov;
        int r;

        wire_put_u8(&text, job->kind);
        wire_put_bytes(&text, job->key.text, SCANNER_KEY);
        wire_put_u32(&text, (uint32_t)code);
        wire_put_u8(&text, job->whole);
        wire_put_str(&text, str_from(code < 0 ? message : ""));
        if (!buf_ok(&text))
                return -ENOMEM;
        iov = (struct iovec){ text.data, text.len };
        r = channel_send(sock, 0, &iov, 1, fds, code < 0 ? 0 : ELEMENTS_OF(fds));
        return MIN_OF(r, 0);
}

/* ---- a scan, in a child ---- */

static int new_file(struct cache *cache, struct error *err)
{
        struct error why = ERROR_INIT;
        int fd = cache ? cache_new_file(cache, &why) : -ENOENT;

        return fd >= 0 ? fd : file_unnamed(NULL, err);
}

static void keep(const struct job *job)
{
        struct error why = ERROR_INIT;

        if (cache_put(job->cache, CACHE_INDEX, &job->key, job->index, &why) < 0 ||
            cache_put(job->cache, CACHE_OWNERS, &job->key, job->owners, &why) < 0)
                log_warning("what was learned of an image is not remembered: %s", why.message);
}

static bool are_mounted(const struct job *job, const char *table)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error ignored = ERROR_INIT;

        return file_read_whole(table, MOUNTINFO_MAX, &text, &ignored) == 0 &&
               mounts_have_overlay(buf_str(&text), job->directories.paths, job->directories.n);
}

static int check_directories(const struct job *job, struct error *err)
{
        char table[48];

        if (are_mounted(job, "/proc/self/mountinfo"))
                return 0;
        snprintf(table, sizeof(table), "/proc/%llu/mountinfo", (unsigned long long)job->init_pid);
        if (job->init_pid && are_mounted(job, table))
                return 0;
        return error_say(err, -ENOENT, "no overlay is mounted that lies on its layers (the container may have ended)");
}

static int scan(struct job *job, struct error *err)
{
        int r = check_directories(job, err);

        if (r < 0)
                return r;
        job->index = new_file(job->cache, err);
        if (job->index < 0)
                return job->index;
        job->owners = new_file(job->cache, err);
        if (job->owners < 0)
                return job->owners;
        r = image_scan_directories(&job->directories, job->index, job->owners, &job->whole, err);
        if (r == 0 && job->whole && job->cache) /* else it is tried again at the next start */
                keep(job);
        return r;
}

/* Whatever of it can not be had is no reason not to scan. */
static void ask_for_little(void)
{
        const struct sched_param none = { 0 };

        (void)!setpriority(PRIO_PROCESS, 0, IDLE_NICE);
        (void)!sched_setscheduler(0, SCHED_IDLE, &none);
        (void)!syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_IDLE);
}

static _Noreturn void scan_main(int sock, struct job *job, pid_t parent)
{
        struct error err = ERROR_INIT;
        int r;

        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent)
                _exit(1);
        ask_for_little();
        r = scan_init_forked(&err);
        if (r == 0)
                r = scan(job, &err);
        _exit(answer(sock, job, r, err.message) < 0);
}

/* ---- the process ---- */

struct scanner {
        int sock;
        pid_t child; /* 0: none */
        int watched; /* a pidfd of it */
        struct job of; /* what it does: kind and key */
        char *room;
};

static int find(const struct scanner *s, struct job *job)
{
        struct error err = ERROR_INIT;

        job->whole = true; /* others are not kept */
        if (!job->cache || cache_get(job->cache, CACHE_INDEX, &job->key, &job->index, &err) <= 0)
                return answer(s->sock, job, -ENOENT, "");
        if (cache_get(job->cache, CACHE_OWNERS, &job->key, &job->owners, &err) <= 0)
                return answer(s->sock, job, -ENOENT, "");
        return answer(s->sock, job, 0, "");
}

static int start_scan(struct scanner *s, struct job *job)
{
        pid_t parent = getpid();

        if (s->child)
                return answer(s->sock, job, -EBUSY, "another image is being scanned");
        s->child = fork();
        if (s->child == 0)
                scan_main(s->sock, job, parent);
        if (s->child > 0)
                s->watched = (int)syscall(SYS_pidfd_open, s->child, 0);
        if (s->child < 0 || s->watched < 0) {
                if (s->child > 0) {
                        kill(s->child, SIGKILL);
                        waitpid(s->child, NULL, 0);
                }
                s->child = 0;
                return answer(s->sock, job, -EAGAIN, "no process could be started for it");
        }
        s->of = (struct job){ .kind = job->kind, .key = job->key, .index = -EBADF, .owners = -EBADF };
        return 0;
}

/* One that did not end by itself has not answered. */
static int end_scan(struct scanner *s)
{
        char message[96];
        int status = 0;

        waitpid(s->child, &status, 0);
        s->child = 0;
        s->watched = fd_close(s->watched);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        snprintf(message, sizeof(message), "the process that read it ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return answer(s->sock, &s->of, -EIO, message);
}

static int take_request(struct scanner *s)
{
        _cleanup_(job_done) struct job job = { .index = -EBADF, .owners = -EBADF };
        struct error why = ERROR_INIT;
        size_t n_fds;
        ssize_t n = channel_receive(s->sock, 0, s->room, SCANNER_REQUEST_MAX, NULL, 0, &n_fds);
        int r;

        if (n <= 0)
                return n < 0 ? (int)n : -EPIPE;
        r = read_request((struct str){ s->room, (size_t)n }, &job);
        if (r < 0)
                return r;
        if (cache_open(&job.cache, &why) < 0 && job.kind == SCANNER_SCAN)
                log_warning("what is learned of images is not remembered: %s", why.message);
        return job.kind == SCANNER_FIND ? find(s, &job) : start_scan(s, &job);
}

static int serve(struct scanner *s)
{
        int r = 0;

        while (r == 0) {
                struct pollfd wait[] = { { .fd = s->sock, .events = POLLIN }, { .fd = s->watched, .events = POLLIN } };

                if (poll(wait, s->child ? 2 : 1, -1) < 0 && errno != EINTR)
                        return -errno;
                if (s->child && wait[1].revents)
                        r = end_scan(s);
                if (r == 0 && wait[0].revents)
                        r = take_request(s);
        }
        return r;
}

void scanner_main(int sock)
{
        struct scanner s = { .sock = sock, .watched = -EBADF, .room = malloc(SCANNER_REQUEST_MAX) };
        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (nowhere >= 0) {
                (void)!dup2(nowhere, STDIN_FILENO);
                (void)!dup2(nowhere, STDOUT_FILENO);
        }
        worker_forget();
        progress_never();
        signal(SIGINT, SIG_IGN); /* it ends with those for whom it works */
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        if (s.room)
                (void)!serve(&s);
        _exit(0);
}
