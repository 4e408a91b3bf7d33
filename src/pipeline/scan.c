/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sql.h"
#include "base/yaml_worker.h"
#include "inventory/inventory.h"
#include "oci/layer.h"
#include "oci/source.h"
#include "pipeline/container_layers.h"
#include "pipeline/inventory_join.h"
#include "pipeline/judge.h"
#include "pipeline/layers.h"
#include "pipeline/scan.h"
#include "pipeline/verdicts.h"
#include "pipeline/vulnerabilities.h"
#include "vuln/feed.h"

static struct detector_set *detectors; /* lives as long as the process: workers inherit it */

static int start_workers(struct error *err)
{
        static struct worker_job jobs[10];
        const struct worker_job all[] = { layer_tar_job, layer_tree_job, oci_document_job, oci_archive_job, oci_inflate_job,
                                           yaml_job, feed_archive_job, feed_records_job, feed_kev_job, feed_epss_job };

        for (size_t i = 0; i < ELEMENTS_OF(all); i++)
                jobs[i] = all[i];
        return worker_init(jobs, ELEMENTS_OF(jobs), err);
}

int scan_init(struct error *err)
{
        size_t n = 0;
        int r;

        r = hash_init(err);
        if (r < 0)
                return r;
        json_init();
        r = sql_init(err);
        if (r < 0)
                return r;
        while (inventory_detectors[n])
                n++;
        r = detector_set_new(inventory_detectors, n, &detectors, err);
        if (r < 0)
                return r;
        layer_set_detectors(detectors);
        return start_workers(err);
}

int scan_init_forked(struct error *err)
{
        worker_forget();
        return start_workers(err);
}

const char *scan_version(void)
{
        return detector_set_version(detectors);
}

struct scan_result *scan_result_free(struct scan_result *result)
{
        if (!result)
                return NULL;
        image_index_free(result->index);
        free(result->packages);
        free(result->owners);
        finding_list_done(&result->findings);
        problem_list_done(&result->problems);
        db_free(result->db);
        arena_free(result->arena);
        source_free(result->source);
        free(result);
        return NULL;
}

/* Everything that a scan holds while it runs. */
struct scan {
        const struct scan_options *options;
        struct scan_result *result;
        struct cache *cache; /* NULL: none */
        struct scan_layer *layers;
        struct layer_file **files;
        size_t n_layers;
};

static void scan_done(struct scan *s)
{
        for (size_t i = 0; s->layers && i < s->n_layers; i++)
                layer_file_free(s->layers[i].file);
        free(s->layers);
        free(s->files);
        cache_free(s->cache);
        scan_result_free(s->result);
}

static int prepare(struct scan *s, struct error *err)
{
        struct error why = ERROR_INIT;

        s->result = calloc(1, sizeof(*s->result));
        if (!s->result)
                return error_oom(err);
        s->result->arena = arena_new();
        if (!s->result->arena)
                return error_oom(err);
        if (s->options->use_cache && cache_open(&s->cache, &why) < 0)
                log_warning("nothing is remembered: %s", why.message);
        return 0;
}

static int open_source(struct scan *s, struct error *err)
{
        const struct source_options options = { .platform = s->options->platform, .limits = &s->options->limits };
        const char *target = s->options->target;
        size_t prefix = strlen(CONTAINER_TARGET);
        int r;

        if (s->options->directories)
                r = source_open_directories(s->options->directories, &s->result->source, err);
        else if (strncmp(target, CONTAINER_TARGET, prefix) != 0)
                r = source_open(target, &options, &s->result->problems, &s->result->source, err);
        else if (options.platform)
                r = error_say(err, -EINVAL, "--platform: a container has no platforms to choose from");
        else
                r = container_open(target + prefix, &s->result->source, err);
        if (r < 0)
                return r;
        s->result->image = source_image(s->result->source);
        s->n_layers = source_n_layers(s->result->source);
        s->layers = calloc(s->n_layers + 1, sizeof(*s->layers));
        s->files = calloc(s->n_layers + 1, sizeof(*s->files));
        return s->layers && s->files ? 0 : error_oom(err);
}

/* ---- the merged view ---- */

/* 1 with the key under which the view of just these layers is kept; 0 if it is not kept. */
static int index_key(const struct scan *s, struct cache_key *ret, struct error *err)
{
        _cleanup_free_ struct str *parts = calloc(s->n_layers + 1, sizeof(*parts));

        if (!parts)
                return error_oom(err);
        if (!s->cache)
                return 0;
        parts[0] = STR_LIT("index");
        for (size_t i = 0; i < s->n_layers; i++) {
                if (!s->layers[i].keyed)
                        return 0;
                parts[i + 1] = str_from(s->layers[i].key.text);
        }
        *ret = cache_key_of(parts, s->n_layers + 1);
        return 1;
}

static bool index_from_cache(struct scan *s, const struct cache_key *key)
{
        struct error err = ERROR_INIT;
        int fd;

        if (cache_get(s->cache, CACHE_INDEX, key, &fd, &err) <= 0)
                return false;
        if (image_index_open(fd, &s->result->index, &err) == 0)
                return true;
        if (err.code != -EBADMSG)
                return false;
        log_warning("%s: a damaged file is removed: %s", cache_path(s->cache), err.message);
        if (cache_remove(s->cache, CACHE_INDEX, key, &err) < 0)
                log_warning("%s: %s", cache_path(s->cache), err.message);
        return false;
}

/* Writes and opens the view. One that came with problems is not kept, since the problems would not be. */
static int index_fresh(struct scan *s, const struct cache_key *key, struct error *err)
{
        size_t problems = s->result->problems.n + s->result->problems.more;
        struct error why = ERROR_INIT;
        const int *output = s->options->index_output;
        _cleanup_close_ int fd = output ? dup(*output) : key ? cache_new_file(s->cache, &why) : -ENOENT;
        bool in_cache = fd >= 0 && !output;
        int r, copy;

        if (fd < 0)
                fd = file_unnamed(NULL, err);
        if (fd < 0)
                return fd;
        r = image_index_write(s->files, s->n_layers, fd, &s->result->problems, err);
        if (r == -ENOSPC && in_cache) {
                log_warning("%s: %s; nothing is remembered", cache_path(s->cache), err->message);
                return index_fresh(s, NULL, err);
        }
        if (r < 0)
                return r;
        if (in_cache && problems == s->result->problems.n + s->result->problems.more &&
            cache_put(s->cache, CACHE_INDEX, key, fd, &why) < 0)
                log_warning("a result is not remembered: %s", why.message);
        copy = dup(fd);
        if (copy < 0)
                return error_set(err, -errno, "keep the file index");
        return image_index_open(copy, &s->result->index, err);
}

static int make_index(struct scan *s, struct error *err)
{
        struct cache_key key;
        int r = index_key(s, &key, err);

        if (r < 0)
                return r;
        if (r > 0 && index_from_cache(s, &key))
                return 0;
        return index_fresh(s, r > 0 ? &key : NULL, err);
}

/* A rule file that was left out is a check that was not made. */
static void tell_left_out(struct scan_result *result, const struct rule_set *set)
{
        const struct rule_message *messages;
        size_t n = rule_set_messages(set, &messages);

        for (size_t i = 0; i < n; i++) {
                const struct rule_message *m = &messages[i];
                _cleanup_(buf_free) struct buf place = { 0 };

                if (m->is_note)
                        continue;
                if (m->place.line)
                        buf_printf(&place, "%u:%u: ", m->place.line, m->place.column);
                problem_add(&result->problems, m->is_error ? PROBLEM_GAP : PROBLEM_NOTE, m->file, "%s%s%s",
                            m->is_error ? "the file's rules were left out: " : "", place.data ? place.data : "", m->text);
        }
        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                const struct rule *rule = rule_set_get(set, i);

                if (rule->state == RULE_SKIPPED)
                        problem_add(&result->problems, PROBLEM_NOTE, rule->file, "the rule '%.*s' was skipped: %.*s", STR_SHOWN(rule->name),
                                    STR_SHOWN(rule->reason));
        }
}

static int hold_rules(struct scan_result *result, const struct rule_set *given, struct error *err)
{
        _cleanup_(rule_set_freep) struct rule_set *stock = NULL;
        int r = given ? 0 : judge_stock_rules(&stock, err);

        if (r < 0)
                return r;
        if (given)
                tell_left_out(result, given);
        return judge(result, given ? given : stock, time(NULL), err);
}

static int run(struct scan *s, struct error *err)
{
        struct scan_result *result = s->result;
        int r = open_source(s, err);

        if (r == 0)
                r = scan_layers(result->source, detectors, &s->options->limits, s->cache, s->layers, &result->problems, err);
        for (size_t i = 0; r == 0 && i < s->n_layers; i++)
                s->files[i] = s->layers[i].file;
        if (r == 0)
                r = make_index(s, err);
        if (r == 0)
                r = interrupt_check(err);
        if (r == 0)
                r = inventory_join(result, s->files, s->n_layers, s->options, err);
        if (r == 0 && !s->options->inventory_only)
                r = vulnerabilities_find(result, s->options->max_db_age, time(NULL), err);
        if (r == 0 && !s->options->inventory_only)
                r = hold_rules(result, s->options->rules, err);
        if (r == 0 && !s->options->inventory_only)
                r = scan_judge(result, s->layers, s->n_layers, err);
        return r < 0 ? r : result->problems.failed ? error_oom(err) : 0;
}

int scan_run(const struct scan_options *options, struct scan_result **ret, struct error *err)
{
        _cleanup_(scan_done) struct scan s = { .options = options };
        int r = prepare(&s, err);

        if (r == 0)
                r = run(&s, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s.result);
        return 0;
}
