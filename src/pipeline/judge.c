/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "inspect/facts.h"
#include "model/syscall_event.h"
#include "pipeline/judge.h"
#include "pipeline/stock_rules.h"

#define STOCK_FILES_MAX 64
#define RELEASE_EVERY 65536

const struct fact_source *const judge_sources[] = {
        &image_source, &package_source, &file_source, &syscall_source, NULL,
};

enum severity judge_severity(enum rule_priority priority)
{
        switch (priority) {
        case PRIORITY_EMERGENCY:
        case PRIORITY_ALERT:
        case PRIORITY_CRITICAL:
                return SEVERITY_CRITICAL;
        case PRIORITY_ERROR:
                return SEVERITY_HIGH;
        case PRIORITY_WARNING:
                return SEVERITY_MEDIUM;
        case PRIORITY_NOTICE:
                return SEVERITY_LOW;
        default:
                return SEVERITY_NONE;
        }
}

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

static const char *text_of(struct scan_result *result, struct str s)
{
        return s.n ? arena_string(result->arena, s.p, s.n) : NULL;
}

static int texts_of(struct scan_result *result, const struct str *texts, uint32_t n, const char *const **ret)
{
        const char **copies = arena_alloc(result->arena, ((size_t)n + 1) * sizeof(*copies));

        for (uint32_t i = 0; copies && i < n; i++)
                if (!(copies[i] = arena_string(result->arena, texts[i].p, texts[i].n)))
                        return -ENOMEM;
        *ret = copies;
        return copies ? 0 : -ENOMEM;
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

/* The values that the rule's output shows. */
struct shown {
        struct arena *arena;
        struct finding_detail *items;
        size_t n, cap;
        bool failed;
};

static void take_field(void *ctx, struct str name, const struct value *value)
{
        struct shown *shown = ctx;
        struct finding_detail detail = { .name = arena_string(shown->arena, name.p, name.n), .value = *value };

        shown->failed = shown->failed || !detail.name ||
                        mem_grow(&shown->items, &shown->cap, shown->n + 1, sizeof(*shown->items)) < 0;
        if (!shown->failed)
                shown->items[shown->n++] = detail;
}

static void shown_done(struct shown *shown)
{
        free(shown->items);
}

static int add_finding(struct bench *b, const struct rule_verdict *verdict)
{
        _cleanup_(buf_free) struct buf message = { 0 };
        _cleanup_(shown_done) struct shown shown = { .arena = b->result->arena };
        const struct rule *rule = verdict->rule;
        struct finding f = b->place;
        char digest[DIGEST_TEXT_MAX];

        if (b->file && place_of_file(b, &f) < 0)
                return error_oom(b->err);
        rule_output(b->program, b->scratch, rule, b->fact, &message);
        rule_output_fields(b->program, b->scratch, rule, b->fact, take_field, &shown);
        f.rule = text_of(b->result, rule->name);
        f.source = rule->source->name;
        f.verdict = verdict->truth == TRUTH_TRUE ? VERDICT_FAIL : VERDICT_UNDETERMINED;
        f.severity = judge_severity(rule->priority);
        f.title = f.rule;
        f.description = text_of(b->result, rule->desc);
        f.remediation = text_of(b->result, rule->remediation);
        f.owner = text_of(b->result, rule->owner);
        f.subject_kind = "image";
        f.subject_name = b->result->image->reference;
        if (digest_is_set(&b->result->image->image_id))
                f.subject_digest = digest_text(&b->result->image->image_id, digest);
        f.message = verdict->truth == TRUTH_TRUE ? message.data : "it could not be told: something that the rule reads is unknown";
        if (!f.rule || !buf_ok(&message) || shown.failed || texts_of(b->result, rule->controls, rule->n_controls, &f.controls) < 0 ||
            texts_of(b->result, rule->references, rule->n_references, &f.references) < 0)
                return error_oom(b->err);
        f.n_controls = rule->n_controls;
        f.n_references = rule->n_references;
        f.fields = shown.items;
        f.n_fields = (uint32_t)shown.n;
        return finding_add(&b->result->findings, &f, b->err);
}

static void take_verdict(void *ctx, const struct rule_verdict *verdict)
{
        struct bench *b = ctx;

        if (!verdict->applicable || verdict->truth == TRUTH_FALSE)
                return;
        if (b->code < 0 || b->counts[verdict->rule->index]++ >= JUDGE_FINDINGS_PER_RULE)
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

static void tell_the_rest(struct bench *b)
{
        for (uint32_t i = 0; i < rule_set_count(b->set); i++)
                if (b->counts[i] > JUDGE_FINDINGS_PER_RULE)
                        problem_add(&b->result->problems, PROBLEM_NOTE, "findings", "the rule '%.*s' found %u more, which are not listed",
                                    STR_ARG(rule_set_get(b->set, i)->name), b->counts[i] - JUDGE_FINDINGS_PER_RULE);
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
                const struct package_fact data = { &p->package, p->purl, p->path, p->layer };
                const struct fact fact = { .source = &package_source, .data = &data };

                b->place = (struct finding){ .path = p->path.p, .package = p->purl.p, .layer = layer_name(b->result, p->layer) };
                r = try_fact(b, &fact, err);
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
                if (r == 0 && i % RELEASE_EVERY == RELEASE_EVERY - 1) {
                        image_index_release(result->index);
                        r = interrupt_check(err);
                }
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
                { &image_source, judge_image }, { &package_source, judge_packages }, { &file_source, judge_files },
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS_OF(sources); i++) {
                _cleanup_(bench_done) struct bench b = { .result = result, .set = set };

                r = bench_new(&b, sources[i].source, err);
                if (r == 0)
                        r = sources[i].run(&b, now, err);
                if (r == 0)
                        tell_the_rest(&b);
        }
        return r;
}
