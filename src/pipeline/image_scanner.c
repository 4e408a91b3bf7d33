/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/wire.h"
#include "oci/image_owners.h"
#include "pipeline/image_scanner.h"
#include "pipeline/scan.h"

#define REQUEST_MAX (160u << 10) /* bytes; a socket carries little more in one piece */
#define IDLE_NICE 19
#define IO_IDLE (3 << 13) /* IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0) */
#define IO_WHO_PROCESS 1

struct image_scanner {
        int sock;
        pid_t pid;
        bool busy;
};

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

/* ---- the other process ---- */

struct job {
        struct cache_key key;
        struct source_directories directories;
        const char *paths[LIMIT_LAYERS];
        struct cache *cache; /* NULL: there is none */
        int index, owners;
};

static void job_done(struct job *job)
{
        for (size_t i = 0; i < job->directories.n; i++)
                free((char *)job->paths[i]);
        fd_close(job->index);
        fd_close(job->owners);
        cache_free(job->cache);
}

static int read_request(struct str message, struct job *job, struct error *err)
{
        struct wire_reader r = wire_reader(message.p, message.n);
        uint32_t n;

        wire_get_bytes(&r, job->key.text, sizeof(job->key.text) - 1);
        job->directories.marks = (enum layer_marks)wire_get_u8(&r);
        n = wire_get_count(&r, 4);
        r.bad |= n > LIMIT_LAYERS;
        for (uint32_t i = 0; !r.bad && i < n; i++) {
                struct str path = wire_get_str(&r);

                if (r.bad || !(job->paths[i] = strndup(path.n ? path.p : "", path.n)))
                        return error_say(err, -EBADMSG, "the request makes no sense");
                job->directories.n++;
        }
        job->directories.paths = job->paths;
        job->directories.kind = "container";
        job->directories.reference = job->key.text;
        return wire_end(&r) ? 0 : error_say(err, -EBADMSG, "the request makes no sense");
}

static int new_file(struct cache *cache, struct error *err)
{
        struct error why = ERROR_INIT;
        int fd = cache ? cache_new_file(cache, &why) : -ENOENT;

        return fd >= 0 ? fd : file_unnamed(NULL, err);
}

static void keep(const struct job *job)
{
        struct error why = ERROR_INIT;

        if (!job->cache)
                return;
        if (cache_put(job->cache, CACHE_INDEX, &job->key, job->index, &why) < 0 ||
            cache_put(job->cache, CACHE_OWNERS, &job->key, job->owners, &why) < 0)
                log_warning("what was learned of an image is not remembered: %s", why.message);
}

static int do_job(struct job *job, bool *ret_whole, struct error *err)
{
        struct error why = ERROR_INIT;
        int r;

        if (cache_open(&job->cache, &why) < 0)
                log_warning("nothing is remembered: %s", why.message);
        job->index = new_file(job->cache, err);
        if (job->index < 0)
                return job->index;
        job->owners = new_file(job->cache, err);
        if (job->owners < 0)
                return job->owners;
        r = image_scan_directories(&job->directories, job->index, job->owners, ret_whole, err);
        if (r == 0 && *ret_whole) /* else it is tried again at the next start */
                keep(job);
        return r;
}

static int answer(int sock, const struct job *job, int code, bool whole, const struct error *why)
{
        _cleanup_(buf_free) struct buf reply = { 0 };
        const int fds[] = { job->index, job->owners };
        struct iovec iov;
        int r;

        wire_put_bytes(&reply, job->key.text, sizeof(job->key.text) - 1);
        wire_put_u32(&reply, (uint32_t)code);
        wire_put_u8(&reply, whole);
        wire_put_str(&reply, str_from(code < 0 ? why->message : ""));
        if (!buf_ok(&reply))
                return -ENOMEM;
        iov = (struct iovec){ reply.data, reply.len };
        r = channel_send(sock, 0, &iov, 1, fds, code < 0 ? 0 : ELEMENTS_OF(fds));
        return MIN_OF(r, 0);
}

static int serve(int sock, char *room)
{
        for (;;) {
                _cleanup_(job_done) struct job job = { .index = -EBADF, .owners = -EBADF };
                struct error err = ERROR_INIT;
                bool whole = false;
                size_t n_fds;
                ssize_t n = channel_receive(sock, 0, room, REQUEST_MAX, NULL, 0, &n_fds);
                int r;

                if (n <= 0)
                        return (int)n;
                r = read_request((struct str){ room, (size_t)n }, &job, &err);
                if (r == 0)
                        r = do_job(&job, &whole, &err);
                if (interrupt_pending())
                        return 0;
                r = answer(sock, &job, r, whole, &err);
                if (r < 0)
                        return r;
                malloc_trim(0);
        }
}

/* Whatever of it can not be had is no reason not to scan. */
static void ask_for_little(void)
{
        const struct sched_param none = { 0 };

        (void)!setpriority(PRIO_PROCESS, 0, IDLE_NICE);
        (void)!sched_setscheduler(0, SCHED_IDLE, &none);
        (void)!syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_IDLE);
}

static _Noreturn void scanner_main(int sock, pid_t parent)
{
        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        char *room = malloc(REQUEST_MAX);
        struct error err = ERROR_INIT;

        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent || !room)
                _exit(1);
        if (nowhere >= 0) {
                (void)!dup2(nowhere, STDIN_FILENO);
                (void)!dup2(nowhere, STDOUT_FILENO);
        }
        progress_never();
        ask_for_little();
        if (scan_init_forked(&err) < 0 || interrupt_init(&err) < 0) { /* a pipe of its own: it gets signals of its own */
                log_warning("images are not scanned: %s", err.message);
                _exit(1);
        }
        _exit(serve(sock, room) < 0);
}

/* ---- this side ---- */

int image_scanner_start(struct image_scanner **ret, struct error *err)
{
        _cleanup_(image_scanner_freep) struct image_scanner *s = calloc(1, sizeof(*s));
        pid_t parent = getpid();
        int pair[2];

        if (!s)
                return error_oom(err);
        s->sock = -EBADF;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "make a socket to the scanner of images");
        s->pid = fork();
        if (s->pid == 0) {
                close(pair[0]);
                scanner_main(pair[1], parent);
        }
        close(pair[1]);
        s->sock = pair[0];
        if (s->pid < 0)
                return error_set(err, -errno, "start the scanner of images");
        *ret = TAKE_PTR(s);
        return 0;
}

struct image_scanner *image_scanner_free(struct image_scanner *s)
{
        if (!s)
                return NULL;
        fd_close(s->sock);
        if (s->pid > 0) {
                kill(s->pid, SIGKILL);
                waitpid(s->pid, NULL, 0);
        }
        free(s);
        return NULL;
}

static int is_gone(struct error *err)
{
        return error_say(err, -EPIPE, "the process that scans images has ended");
}

int image_scanner_ask(struct image_scanner *s, const struct cache_key *key, const struct source_directories *directories,
                      struct error *err)
{
        _cleanup_(buf_free) struct buf request = { 0 };
        struct iovec iov;
        int r;

        if (s->busy)
                return error_say(err, -EBUSY, "another image is being scanned");
        wire_put_bytes(&request, key->text, sizeof(key->text) - 1);
        wire_put_u8(&request, (uint8_t)directories->marks);
        wire_put_u32(&request, (uint32_t)directories->n);
        for (size_t i = 0; i < directories->n; i++)
                wire_put_str(&request, str_from(directories->paths[i]));
        if (!buf_ok(&request))
                return error_oom(err);
        if (request.len > REQUEST_MAX)
                return error_say(err, -E2BIG, "the names of its %zu layers are too long", directories->n);
        iov = (struct iovec){ request.data, request.len };
        r = channel_send(s->sock, MSG_DONTWAIT, &iov, 1, NULL, 0);
        if (r < 0)
                return r == -EPIPE || r == -ECONNRESET ? is_gone(err) : error_set(err, r, "ask the scanner of images");
        s->busy = true;
        return 0;
}

static int read_reply(struct str message, struct image_scan *ret, struct error *err)
{
        struct wire_reader r = wire_reader(message.p, message.n);
        struct str text;

        wire_get_bytes(&r, ret->key.text, sizeof(ret->key.text) - 1);
        ret->code = (int)wire_get_u32(&r);
        ret->whole = wire_get_u8(&r) == 1;
        text = wire_get_str(&r);
        if (!wire_end(&r) || ret->code > 0)
                return error_say(err, -EPIPE, "the process that scans images speaks nonsense");
        snprintf(ret->message, sizeof(ret->message), "%.*s", STR_ARG(text));
        return 0;
}

int image_scanner_take(struct image_scanner *s, struct image_scan *ret, struct error *err)
{
        char room[65 + ERROR_MESSAGE_MAX + 64];
        int fds[2] = { -EBADF, -EBADF };
        struct image_scan scan = { 0 };
        size_t n_fds;
        ssize_t n;
        int r;

        n = channel_receive(s->sock, MSG_DONTWAIT, room, sizeof(room), fds, ELEMENTS_OF(fds), &n_fds);
        if (n == -EAGAIN)
                return 0;
        r = n <= 0 ? is_gone(err) : read_reply((struct str){ room, (size_t)n }, &scan, err);
        if (r == 0 && (n_fds == 2) != (scan.code == 0))
                r = error_say(err, -EPIPE, "the process that scans images speaks nonsense");
        if (r < 0) {
                fd_close(fds[0]);
                fd_close(fds[1]);
                return r;
        }
        s->busy = false;
        scan.index = fds[0];
        scan.owners = fds[1];
        *ret = scan;
        return 1;
}
