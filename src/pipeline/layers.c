/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/wire.h"
#include "oci/layer.h"
#include "pipeline/layer_check.h"
#include "pipeline/layers.h"

#define THREADS_MAX 4 /* each has a worker of up to some 50 MB */
#define BLOB_BYTES (64ull << 30) /* read to be hashed, though a worker wants no more: a hole can claim to be any size */
#define SHORT_DIGEST (7 + 12)

/* One layer's work; only its own thread touches it. */
struct job {
        struct blob blob; /* open while its thread reads it; its size is known before */
        struct cache_stamp stamp; /* of the blob, taken before it was hashed */
        size_t layer;
        struct layer_result result;
        struct problem_list problems;
        struct error err; /* code 0, or why there is no layer file */
        bool skip;        /* its bytes are not there */
        bool refused;     /* the worker asked for what it must not have: nothing of it is remembered */
        bool told;        /* `err` is the worker's word */
};

struct pool {
        struct source *source;
        struct image *image;
        const struct detector_set *detectors;
        const struct scan_limits *limits;
        struct cache *cache;
        struct scan_layer *layers;
        struct job *jobs; /* the largest first */
        size_t n;
        atomic_size_t next;
        atomic_bool stop;
};

void scan_layer_name(const struct image *image, size_t i, struct buf *out)
{
        char text[DIGEST_TEXT_MAX];

        if (image->n_layers == 0) {
                buf_puts(out, "the root directory");
                return;
        }
        digest_text(digest_is_set(&image->layers[i].digest) ? &image->layers[i].digest : &image->layers[i].diff_id, text);
        buf_printf(out, "layer %zu", i);
        if (*text)
                buf_printf(out, " (%.*s)", SHORT_DIGEST, text);
}

static void add_problem(const struct pool *p, struct job *job, enum problem_kind kind, const char *what)
{
        _cleanup_(buf_free) struct buf name = { 0 };

        scan_layer_name(p->image, job->layer, &name);
        problem_add(&job->problems, kind, buf_ok(&name) ? name.data : "layer", "%s", what);
}

/* ---- the cache ---- */

static struct cache_key key_of(const struct pool *p, const struct job *job, const struct digest *digest)
{
        const struct scan_limits *limits = p->limits;
        char digest_name[DIGEST_TEXT_MAX], version[160];
        struct str parts[] = {
                STR_LIT("layer"),
                str_from(digest_text(digest, digest_name)),
                str_from(detector_set_version(p->detectors)),
                STR_NULL,
        };

        snprintf(version, sizeof(version), "%d %d %llu %llu %llu %llu", LAYER_FILE_VERSION,
                 (int)p->image->layers[job->layer].diff_id.algorithm, (unsigned long long)limits->layer_bytes,
                 (unsigned long long)limits->ratio, (unsigned long long)limits->files, (unsigned long long)limits->depth);
        parts[3] = str_from(version);
        return cache_key_of(parts, ELEMENTS_OF(parts));
}

static bool take_cached(struct pool *p, struct job *job, const struct digest *digest)
{
        struct scan_layer *layer = &p->layers[job->layer];
        struct cache_key key = key_of(p, job, digest);
        struct error err = ERROR_INIT;
        int fd;

        if (cache_get(p->cache, CACHE_LAYER, &key, &fd, &err) <= 0)
                return false;
        if (layer_file_open(fd, &layer->file, &err) < 0) {
                if (err.code != -EBADMSG)
                        return false;
                log_warning("%s: a damaged file is removed: %s", cache_path(p->cache), err.message);
                if (cache_remove(p->cache, CACHE_LAYER, &key, &err) < 0)
                        log_warning("%s: %s", cache_path(p->cache), err.message);
                return false;
        }
        layer->key = key;
        layer->keyed = true;
        job->result.digest = *digest;
        job->result.diff_id = *layer_file_diff_id(layer->file);
        return true;
}

static enum digest_algorithm algorithm_of(const struct pool *p, const struct job *job)
{
        const struct digest *promised = &p->image->layers[job->layer].digest;

        return digest_is_set(promised) ? promised->algorithm : DIGEST_SHA256;
}

/* 1 if the cache had it. The key is made of bytes that this process hashed, now or when the stamp was made. */
static int look_up(struct pool *p, struct job *job, struct error *err)
{
        const struct digest *promised = &p->image->layers[job->layer].digest;
        const struct blob *blob = &job->blob;
        struct digest digest;
        int r;

        if (!p->cache)
                return 0;
        if (cache_stamp_get(p->cache, blob->fd, blob->offset, blob->size, &job->stamp, &digest) > 0) {
                if (!take_cached(p, job, &digest))
                        return 0;
                progress_add(blob->size);
                return 1;
        }
        if (!digest_is_set(promised) || !take_cached(p, job, promised))
                return 0;
        r = layer_digest(blob, promised->algorithm, progress_add, &digest, err);
        if (r < 0)
                return r;
        if (digest_equal(&digest, promised)) {
                cache_stamp_put(p->cache, blob->fd, &job->stamp, &digest);
                return 1;
        }
        p->layers[job->layer].file = layer_file_free(p->layers[job->layer].file);
        p->layers[job->layer].keyed = false;
        job->result = (struct layer_result){ 0 };
        return 0;
}

static void remember(struct pool *p, struct job *job, int fd)
{
        struct scan_layer *layer = &p->layers[job->layer];
        struct error err = ERROR_INIT;

        layer->key = key_of(p, job, &job->result.digest);
        layer->keyed = true;
        if (cache_put(p->cache, CACHE_LAYER, &layer->key, fd, &err) < 0)
                log_warning("a result is not remembered: %s", err.message);
        cache_stamp_put(p->cache, job->blob.fd, &job->stamp, &job->result.digest);
}

/* ---- reading ---- */

static int read_into(struct pool *p, struct job *job, int output, struct worker_end *ret_end, struct error *err)
{
        _cleanup_close_ int scratch = file_unnamed(NULL, err);
        const struct image *image = p->image;
        struct layer_request request = {
                .blob = job->blob, .root = source_root(p->source, job->layer), .marks = source_marks(p->source),
                .algorithm = DIGEST_SHA256, .diff_algorithm = DIGEST_SHA256,
                .limits = p->limits, .output = output, .scratch = scratch, .progress = progress_add,
        };

        if (scratch < 0)
                return scratch;
        if (image->n_layers) {
                request.algorithm = algorithm_of(p, job);
                if (digest_is_set(&image->layers[job->layer].diff_id))
                        request.diff_algorithm = image->layers[job->layer].diff_id.algorithm;
        }
        return layer_read(&request, &job->result, ret_end, err);
}

/* Writes the layer file into `output` and opens it. */
static int read_once(struct pool *p, struct job *job, int output, struct error *err)
{
        struct scan_layer *layer = &p->layers[job->layer];
        struct worker_end end = { 0 };
        char refused[sizeof(end.refused) + 80];
        int r = read_into(p, job, output, &end, err), fd;

        job->told = end.code < 0;
        if (*end.refused) {
                job->refused = true;
                snprintf(refused, sizeof(refused), "its worker asked for system calls that it is refused: %s", end.refused);
                add_problem(p, job, PROBLEM_ATTACK, refused);
        }
        if (r < 0)
                return r;
        fd = dup(output);
        if (fd < 0)
                return error_set(err, -errno, "keep a layer file");
        r = layer_file_open(fd, &layer->file, err);
        if (r == 0)
                r = layer_check(layer->file, p->limits, err);
        if (r == -EBADMSG)
                r = err->code = error_wrap(err, "what its worker wrote makes no sense") < 0 ? -EPROTO : 0;
        if (r < 0)
                layer->file = layer_file_free(layer->file);
        return r;
}

/* Into the cache's file system, so that it can be published there; elsewhere if that is full or there is none. */
static int read_fresh(struct pool *p, struct job *job, struct error *err)
{
        _cleanup_close_ int output = -EBADF;
        int r = -ENOENT;

        if (p->cache && !source_is_tree(p->source)) {
                output = cache_new_file(p->cache, err);
                r = output < 0 ? output : read_once(p, job, output, err);
                if (r == 0 && !job->refused)
                        remember(p, job, output);
                if (r != -ENOSPC && r != -EDQUOT && output >= 0)
                        return r;
                log_warning("%s: %s; nothing is remembered", cache_path(p->cache), err->message);
                output = fd_close(output);
        }
        output = file_unnamed(NULL, err);
        return output < 0 ? output : read_once(p, job, output, err);
}

static void compare_digest(const struct pool *p, struct job *job, const char *what, const struct digest *have,
                           const struct digest *promised)
{
        char have_text[DIGEST_TEXT_MAX], promised_text[DIGEST_TEXT_MAX], message[400];

        if (!digest_is_set(promised) || !digest_is_set(have) || digest_equal(have, promised))
                return;
        snprintf(message, sizeof(message), "its %s is %s, expected %s", what, digest_text(have, have_text),
                 digest_text(promised, promised_text));
        add_problem(p, job, PROBLEM_MISMATCH, message);
}

/* Compares with what was promised and fills in what was not. */
static void verify(struct pool *p, struct job *job)
{
        struct image_layer *layer;

        if (p->image->n_layers == 0)
                return;
        layer = &p->image->layers[job->layer];
        compare_digest(p, job, "digest", &job->result.digest, &layer->digest);
        compare_digest(p, job, "diffID", &job->result.diff_id, &layer->diff_id);
        p->layers[job->layer].verified = digest_is_set(&job->result.digest) && digest_is_set(&job->result.diff_id) &&
                                         (digest_is_set(&layer->digest) || digest_is_set(&layer->diff_id));
        if (!digest_is_set(&layer->digest))
                layer->digest = job->result.digest;
        if (!digest_is_set(&layer->diff_id))
                layer->diff_id = job->result.diff_id;
}

static int read_layer(struct pool *p, struct job *job, struct error *err)
{
        bool of_blob = !source_is_tree(p->source);
        int r = of_blob ? source_layer(p->source, job->layer, &job->blob, err) : 0;

        if (r == 0 && of_blob && job->blob.size > MAX_OF(p->limits->layer_bytes, BLOB_BYTES))
                r = error_say(err, -E2BIG, "its blob holds %llu bytes, more than are read (--limit layer-bytes=N raises this)",
                              (unsigned long long)job->blob.size);
        if (r < 0)
                return r;
        r = of_blob ? look_up(p, job, err) : 0;
        if (r == 0)
                r = read_fresh(p, job, err);
        if (of_blob)
                job->blob.fd = fd_close(job->blob.fd);
        return r;
}

static void run_job(struct pool *p, struct job *job)
{
        _cleanup_(buf_free) struct buf name = { 0 };
        struct error *err = &job->err;
        int r = job->skip ? err->code : read_layer(p, job, err);

        if (r < 0) {
                err->code = r;
                return;
        }
        *err = (struct error)ERROR_INIT;
        verify(p, job);
        scan_layer_name(p->image, job->layer, &name);
        r = layer_file_problems(p->layers[job->layer].file, buf_ok(&name) ? name.data : "layer", &job->problems, err);
        if (r < 0)
                err->code = r;
}

/* What a worker says of disk or memory may be a lie: that ends one layer, not the scan. */
static bool is_hopeless(const struct job *job)
{
        int code = job->told ? 0 : job->err.code;

        return code == -ECANCELED || code == -ENOMEM || code == -ENOSPC || code == -EMFILE || code == -ENFILE || code == -EDQUOT;
}

static void *run_jobs(void *ctx)
{
        struct pool *p = ctx;

        for (;;) {
                size_t i = atomic_fetch_add(&p->next, 1);

                if (i >= p->n || atomic_load(&p->stop))
                        return NULL;
                run_job(p, &p->jobs[i]);
                if (is_hopeless(&p->jobs[i]))
                        atomic_store(&p->stop, true);
        }
}

static void run_pool(struct pool *p)
{
        pthread_t threads[THREADS_MAX];
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        size_t wanted = MIN_OF(MIN_OF((size_t)(cpus > 0 ? cpus : 1), p->n), (size_t)THREADS_MAX), n = 0;

        while (n + 1 < wanted && pthread_create(&threads[n], NULL, run_jobs, p) == 0)
                n++;
        run_jobs(p); /* this thread works too, and alone where there is no other */
        for (size_t i = 0; i < n; i++)
                pthread_join(threads[i], NULL);
}

/* ---- before and after ---- */

static int compare_jobs(const void *pa, const void *pb)
{
        const struct job *a = pa, *b = pb;

        if (a->blob.size != b->blob.size)
                return a->blob.size < b->blob.size ? 1 : -1;
        return a->layer < b->layer ? -1 : 1;
}

static uint64_t find_blobs(struct pool *p)
{
        uint64_t total = 0;

        for (size_t i = 0; i < p->n; i++) {
                struct job *job = &p->jobs[i];

                job->layer = i;
                if (source_is_tree(p->source))
                        continue;
                job->skip = source_layer(p->source, i, &job->blob, &job->err) < 0;
                job->blob.fd = job->skip ? -EBADF : fd_close(job->blob.fd);
                total += job->blob.size;
        }
        mem_sort(p->jobs, p->n, sizeof(*p->jobs), compare_jobs);
        return total;
}

/* Problems in the order of layers, whichever thread was first. */
static int compare_by_layer(const void *pa, const void *pb)
{
        const struct job *a = pa, *b = pb;

        return a->layer < b->layer ? -1 : 1;
}

static enum problem_kind kind_of_error(int code)
{
        switch (code) {
        case -EPROTO:
                return PROBLEM_ATTACK;
        case -ERANGE: /* of another size than was promised */
                return PROBLEM_MISMATCH;
        default:
                return PROBLEM_GAP;
        }
}

static int collect(struct pool *p, struct problem_list *problems, struct error *err)
{
        int r = 0;

        mem_sort(p->jobs, p->n, sizeof(*p->jobs), compare_by_layer);
        for (size_t i = 0; i < p->n; i++) {
                struct job *job = &p->jobs[i];

                if (is_hopeless(job) && (r == 0 || job->err.code == -ECANCELED))
                        r = error_say(err, job->err.code, "%s", job->err.message);
                if (job->err.code < 0)
                        add_problem(p, job, kind_of_error(job->err.code), job->err.message);
                for (size_t k = 0; k < job->problems.n; k++)
                        problem_add(problems, job->problems.items[k].kind, job->problems.items[k].where, "%s",
                                    job->problems.items[k].what);
                problems->more += job->problems.more;
                problems->more_gaps |= job->problems.more_gaps;
                problem_list_done(&job->problems);
        }
        return r;
}

int scan_layers(struct source *source, const struct detector_set *detectors, const struct scan_limits *limits,
                struct cache *cache, struct scan_layer *layers, struct problem_list *problems, struct error *err)
{
        struct pool pool = {
                .source = source, .image = source_image(source), .detectors = detectors, .limits = limits, .cache = cache,
                .layers = layers,
        };
        int r;

        pool.n = source_n_layers(source);
        pool.jobs = calloc(pool.n ? pool.n : 1, sizeof(*pool.jobs));
        if (!pool.jobs)
                return error_oom(err);
        progress_begin("Reading", find_blobs(&pool));
        run_pool(&pool);
        progress_end();
        r = collect(&pool, problems, err);
        free(pool.jobs);
        return r;
}
