/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "inspect/facts.h"
#include "model/syscall_event.h"
#include "pipeline/judge.h"
#include "pipeline/rule_finding.h"
#include "pipeline/stock_rules.h"
#include "pipeline/vulnerabilities.h"

#define STOCK_FILES_MAX 64
#define RELEASE_EVERY 65536

const struct fact_source *const judge_sources[] = {
        &image_source, &package_source, &vulnerability_source, &file_source, &syscall_source, NULL,
};

int judge_stock_rules(struct rule_set **ret, struct error *err)
{
        const struct rules_options options = { .sources = judge_sources, .strict = true, .check = rule_condition_check };
        struct rule_file files[STOCK_FILES_MAX];
        size_t n = MIN_OF(n_stock_rule_files, (size_t)STOCK_FILES_MAX);

        for (size_t i = 0; i < n; i++)
                files[i] = (struct rule_file){ .name = stock_rule_files[i].name, .text = stock_rule_files[i].text };
        return rules_load(files, n, &options, ret, err);
}

/* ---- one source ---- */

/* The rules of one source at work. */
struct bench {
        struct scan_result *result;
        struct rule_program *program;
        struct rule_scratch *scratch;
        uint32_t *counts; /* findings so far, by rule */
        const struct rule_set *set;
        const struct fact *fact;
        struct finding place; /* where the fact at hand is */
        const struct file_entry *file; /* or it is this file */
        const struct vulnerability_fact *vulnerability; /* the fact is this one */
        uint32_t most;    /* findings of one rule */
        struct error *err;
        int code;
};

static void bench_done(struct bench *b)
{
        rule_scratch_free(b->scratch);
        rule_program_free(b->program);
        free(b->counts);
}

static int bench_new(struct bench *b, const struct fact_source *source, struct error *err)
{
        int r = rule_program_new(b->set, source, MATCHING_ALL, &b->program, err);

        if (r == 0)
                r = rule_scratch_new(b->program, &b->scratch, err);
        if (r < 0)
                return r;
        b->counts = calloc(rule_set_count(b->set) + 1, sizeof(*b->counts));
        return b->counts ? 0 : error_oom(err);
}

/* The name of a layer as reports have it. */
static const char *layer_name(struct scan_result *result, uint32_t layer)
{
        const struct image *image = result->image;
        char text[DIGEST_TEXT_MAX];

        if (layer >= image->n_layers)
                return NULL;
        digest_text(digest_is_set(&image->layers[layer].digest) ? &image->layers[layer].digest : &image->layers[layer].diff_id, text);
        return *text ? arena_string(result->arena, text, strlen(text)) : NULL;
}

static int place_of_file(struct bench *b, struct finding *f)
{
        f->path = arena_string(b->result->arena, b->file->path.p, b->file->path.n);
        f->layer = layer_name(b->result, b->file->layer);
        return f->path ? 0 : -ENOMEM;
}

static int add_finding(struct bench *b, const struct rule_verdict *verdict)
{
        struct finding f = b->place;
        char digest[DIGEST_TEXT_MAX];
        int r;

        if (b->file && place_of_file(b, &f) < 0)
                return error_oom(b->err);
        r = rule_finding(b->program, b->scratch, verdict, b->fact, b->result->arena, &f, b->err);
        if (r == 0 && b->vulnerability)
                r = vulnerability_finding(b->vulnerability, strcmp(f.rule, VULNERABILITY_RULE) == 0, b->result->arena, &f, b->err);
        if (r < 0)
                return r;
        f.subject_kind = "image";
        f.subject_name = b->result->image->reference;
        if (digest_is_set(&b->result->image->image_id))
                f.subject_digest = digest_text(&b->result->image->image_id, digest);
        return finding_add(&b->result->findings, &f, b->err);
}

static void take_verdict(void *ctx, const struct rule_verdict *verdict)
{
        struct bench *b = ctx;

        if (!verdict->applicable || verdict->truth == TRUTH_FALSE)
                return;
        if (b->code < 0 || b->counts[verdict->rule->index]++ >= b->most)
                return;
        b->code = add_finding(b, verdict);
}

static int try_fact(struct bench *b, const struct fact *fact, struct error *err)
{
        b->fact = fact;
        b->err = err;
        rule_program_match(b->program, b->scratch, fact, false, take_verdict, b);
        return b->code;
}

/* What is not listed counts still, as one finding of no place: no exception for a place covers it. */
static int add_the_rest(struct bench *b, const struct rule *rule, uint32_t n, struct error *err)
{
        _cleanup_(buf_free) struct buf name = { 0 }, message = { 0 };
        char digest[DIGEST_TEXT_MAX];
        struct finding f = {
                .source = rule->source->name, .verdict = VERDICT_FAIL, .severity = judge_severity(rule->priority), .key = "the rest",
                .subject_kind = "image", .subject_name = b->result->image->reference,
        };

        buf_add_str(&name, rule->name);
        buf_printf(&message, "%u more, which are not listed", n);
        if (!buf_ok(&name) || !buf_ok(&message))
                return error_oom(err);
        f.rule = f.title = name.data;
        f.message = message.data;
        if (digest_is_set(&b->result->image->image_id))
                f.subject_digest = digest_text(&b->result->image->image_id, digest);
        problem_add(&b->result->problems, PROBLEM_NOTE, "findings", "the rule '%.*s' found %u more, which are not listed",
                    STR_ARG(rule->name), n);
        return finding_add(&b->result->findings, &f, err);
}

static int tell_the_rest(struct bench *b, struct error *err)
{
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < rule_set_count(b->set); i++)
                if (b->counts[i] > b->most)
                        r = add_the_rest(b, rule_set_get(b->set, i), b->counts[i] - b->most, err);
        return r;
}

/* ---- the facts ---- */

static int judge_image(struct bench *b, int64_t now, struct error *err)
{
        const struct image_fact data = {
                .image = b->result->image, .now = now,
                .distribution = b->result->has_distribution ? &b->result->distribution : NULL,
        };
        const struct fact fact = { .source = &image_source, .data = &data };

        return try_fact(b, &fact, err);
}

static int judge_packages(struct bench *b, int64_t now, struct error *err)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < b->result->n_packages; i++) {
                const struct scan_package *p = &b->result->packages[i];
                const struct package_fact data = { &p->package, p->purl, p->path, p->layer, p->owned_by };
                const struct fact fact = { .source = &package_source, .data = &data };

                b->place = (struct finding){ .path = p->path.p, .package = p->purl.p, .layer = layer_name(b->result, p->layer) };
                r = try_fact(b, &fact, err);
        }
        return r;
}

static int judge_vulnerabilities(struct bench *b, int64_t now, struct error *err)
{
        int r = 0;

        b->most = JUDGE_VULNERABILITIES;
        for (size_t i = 0; r == 0 && i < b->result->n_vulnerabilities; i++) {
                const struct vulnerability_fact *v = &b->result->vulnerabilities[i];
                const struct fact fact = { .source = &vulnerability_source, .data = v };

                b->vulnerability = v;
                b->place = (struct finding){ .path = v->path.p, .package = v->purl.p, .layer = layer_name(b->result, v->layer) };
                r = try_fact(b, &fact, err);
                if (r == 0 && i % 1024 == 1023)
                        r = interrupt_check(err);
        }
        return r;
}

static struct str owner_of(const struct scan_result *result, uint64_t i)
{
        uint32_t owner = result->owners ? result->owners[i] : 0;

        return owner > 0 && owner <= result->n_packages ? result->packages[owner - 1].purl : STR_NULL;
}

static int judge_files(struct bench *b, int64_t now, struct error *err)
{
        struct scan_result *result = b->result;
        uint64_t n = image_index_count(result->index);

        for (uint64_t i = 0; i < n; i++) {
                struct file_entry entry;
                int r = image_index_get(result->index, i, &entry, err);
                const struct file_fact data = { &entry, owner_of(result, i), result->owners != NULL };
                const struct fact fact = { .source = &file_source, .data = &data };

                if (r < 0)
                        return r;
                b->file = &entry;
                r = try_fact(b, &fact, err);
                if (r == 0 && i % RELEASE_EVERY == RELEASE_EVERY - 1)
                        image_index_release(result->index);
                if (r == 0) /* others' rules may take long on a single file */
                        r = interrupt_check(err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int judge(struct scan_result *result, const struct rule_set *set, int64_t now, struct error *err)
{
        static const struct {
                const struct fact_source *source;
                int (*run)(struct bench *b, int64_t now, struct error *err);
        } sources[] = {
                { &image_source, judge_image }, { &package_source, judge_packages }, { &vulnerability_source, judge_vulnerabilities },
                { &file_source, judge_files },
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS_OF(sources); i++) {
                _cleanup_(bench_done) struct bench b = { .result = result, .set = set, .most = JUDGE_FINDINGS_PER_RULE };

                r = bench_new(&b, sources[i].source, err);
                if (r == 0)
                        r = sources[i].run(&b, now, err);
                if (r == 0)
                        r = tell_the_rest(&b, err);
        }
        return r;
}
