/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0 (OASIS, errata 01), within what GitHub's code scanning accepts: every result has a location with a line, a
 * rule has at most TAGS_MAX tags, and results are told apart by "primaryLocationLineHash".
 */
#include <stdlib.h>
#include <string.h>

#include "report/json_parts.h"
#include "report/parts.h"
#include "report/report.h"
#include "report/sarif_text.h"

#define TAGS_MAX 20
#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

struct sarif {
        struct json_writer *w;
        const struct scan_result *result;
        const struct finding **rules; /* one finding for each rule, the most severe, sorted by rule */
        size_t n_rules;
};

static int flush(void *ctx, const char *data, size_t n, struct error *err)
{
        return output_write(ctx, data, n, err);
}

static const char *level_of(enum severity severity)
{
        switch (severity) {
        case SEVERITY_CRITICAL:
        case SEVERITY_HIGH:
                return "error";
        case SEVERITY_LOW:
        case SEVERITY_NONE:
                return "note"; /* "none" would say that nothing is wrong (3.27.10) */
        default:
                return "warning";
        }
}

/* ---- rules ---- */

/* What several sources have rated is described one by one: its severity and its text are not those of the rule. */
static const char *part_of(const struct finding *f)
{
        return f->n_severities && f->key ? f->key : "";
}

static int compare_rules(const struct finding *a, const struct finding *b)
{
        int r = strcmp(a->rule, b->rule);

        return r ? r : strcmp(part_of(a), part_of(b));
}

static int compare_places(const void *pa, const void *pb)
{
        const struct finding *const *a = pa, *const *b = pb;
        int r = compare_rules(*a, *b);

        return r ? r : (*a > *b) - (*a < *b);
}

static int collect_rules(struct sarif *s, struct error *err)
{
        const struct finding_list *list = &s->result->findings;
        size_t n = 0;

        s->rules = calloc(list->n + 1, sizeof(*s->rules));
        if (!s->rules)
                return error_oom(err);
        for (size_t i = 0; i < list->n; i++)
                s->rules[i] = &list->items[i];
        mem_sort(s->rules, list->n, sizeof(*s->rules), compare_places);
        for (size_t i = 0; i < list->n; i++)
                if (n == 0 || compare_rules(s->rules[n - 1], s->rules[i]) != 0)
                        s->rules[n++] = s->rules[i];
        s->n_rules = n;
        return 0;
}

static size_t rule_index(const struct sarif *s, const struct finding *f)
{
        size_t low = 0, high = s->n_rules;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (compare_rules(s->rules[middle], f) <= 0)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static void put_rule_id(struct json_writer *w, const char *key, const struct finding *f)
{
        _cleanup_(buf_free) struct buf id = { 0 };

        buf_puts(&id, f->rule);
        if (*part_of(f))
                buf_printf(&id, "/%s", part_of(f)); /* hierarchical: 3.5.4 */
        json_put_str(w, key, buf_str(&id));
}

/* One tag each (they must be unique); returns true if `texts[i]` was there before. */
static bool repeats(const char *const *texts, uint32_t i)
{
        for (uint32_t k = 0; k < i; k++)
                if (strcmp(texts[k], texts[i]) == 0)
                        return true;
        return strcmp(texts[i], "security") == 0;
}

static void put_rule_properties(struct json_writer *w, const struct finding *f)
{
        _cleanup_(buf_free) struct buf score = { 0 };
        uint32_t n = 1;

        json_put_begin(w, "properties", false);
        sarif_add_score(f, &score);
        if (score.len)
                json_put_text(w, "security-severity", score.data);
        json_put_begin(w, "tags", true);
        json_write_text(w, "security");
        for (uint32_t i = 0; i < f->n_controls && n < TAGS_MAX; i++) {
                if (repeats(f->controls, i))
                        continue;
                json_write_text(w, f->controls[i]);
                n++;
        }
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_help(struct json_writer *w, const struct finding *f)
{
        _cleanup_(buf_free) struct buf text = { 0 }, markdown = { 0 };

        sarif_add_help(f, &text);
        sarif_add_help_markdown(f, &markdown);
        json_put_begin(w, "help", false);
        json_put_str(w, "text", buf_str(&text));
        json_put_str(w, "markdown", buf_str(&markdown));
        json_write_object_end(w);
}

static void put_rule(struct json_writer *w, const struct finding *f)
{
        _cleanup_(buf_free) struct buf name = { 0 };
        const char *title = f->title ? f->title : f->rule;

        json_write_object_begin(w);
        put_rule_id(w, "id", f);
        sarif_add_name(f->rule, &name);
        json_put_str(w, "name", buf_str(&name));
        sarif_put_message(w, "shortDescription", str_from(title), true);
        sarif_put_message(w, "fullDescription", str_from(f->description ? f->description : title), true);
        put_help(w, f);
        for (uint32_t i = 0; i < f->n_references; i++)
                if (sarif_is_address(f->references[i])) {
                        json_put_text(w, "helpUri", f->references[i]);
                        break;
                }
        json_put_begin(w, "defaultConfiguration", false);
        json_put_text(w, "level", level_of(f->severity));
        json_write_object_end(w);
        put_rule_properties(w, f);
        json_write_object_end(w);
}

/* ---- what could not be read or was not checked ---- */

static const struct {
        const char *id, *level, *text;
} notices[] = {
        [0] = { "check", "note", "A check that was not made, or with old data" },
        [PROBLEM_NOTE] = { "note", "note", "Something odd; nothing was left out" },
        [PROBLEM_GAP] = { "gap", "warning", "Something could not be read" },
        [PROBLEM_MISMATCH] = { "mismatch", "error", "Bytes are not what a digest promised" },
        [PROBLEM_ATTACK] = { "attack", "error", "A parser misbehaved on what the image holds" },
};

static void put_notice(struct json_writer *w, size_t kind, struct str text)
{
        json_write_object_begin(w);
        json_put_begin(w, "descriptor", false);
        json_put_text(w, "id", notices[kind].id);
        json_put_u64(w, "index", kind);
        json_write_object_end(w);
        json_put_text(w, "level", notices[kind].level);
        sarif_put_message(w, "message", text, false);
        json_write_object_end(w);
}

static void put_check_notices(struct sarif *s, struct buf *text)
{
        for (size_t i = 0; i < s->result->n_checks; i++) {
                const struct scan_check *check = &s->result->checks[i];

                if (check->state == CHECK_DONE)
                        continue;
                buf_clear(text);
                buf_printf(text, "%s: %s%s%s", check->kind, check_state_name(check->state), check->why ? ": " : "",
                           check->why ? check->why : "");
                put_notice(s->w, 0, buf_str(text));
        }
}

static void put_invocation(struct sarif *s)
{
        const struct problem_list *list = &s->result->problems;
        _cleanup_(buf_free) struct buf text = { 0 };

        json_write_object_begin(s->w);
        json_put_bool(s->w, "executionSuccessful", s->result->complete);
        json_put_begin(s->w, "toolExecutionNotifications", true);
        for (size_t i = 0; i < list->n; i++) {
                buf_clear(&text);
                buf_printf(&text, "%s: %s", list->items[i].where, list->items[i].what);
                put_notice(s->w, list->items[i].kind, buf_str(&text));
        }
        if (list->more) {
                buf_clear(&text);
                buf_printf(&text, "%zu more problems are not listed", list->more);
                put_notice(s->w, list->more_gaps ? PROBLEM_GAP : PROBLEM_NOTE, buf_str(&text));
        }
        put_check_notices(s, &text);
        json_write_array_end(s->w);
        json_write_object_end(s->w);
}

static void put_tool(struct sarif *s)
{
        json_put_begin(s->w, "tool", false);
        json_put_begin(s->w, "driver", false);
        json_put_text(s->w, "name", "Tallyman");
        json_put_text(s->w, "version", TALLYMAN_VERSION);
        json_put_text(s->w, "semanticVersion", TALLYMAN_VERSION);
        json_put_begin(s->w, "rules", true);
        for (size_t i = 0; i < s->n_rules; i++)
                put_rule(s->w, s->rules[i]);
        json_write_array_end(s->w);
        json_put_begin(s->w, "notifications", true);
        for (size_t i = 0; i < ELEMENTS_OF(notices); i++) {
                json_write_object_begin(s->w);
                json_put_text(s->w, "id", notices[i].id);
                sarif_put_message(s->w, "shortDescription", str_from(notices[i].text), true);
                json_write_object_end(s->w);
        }
        json_write_array_end(s->w);
        json_write_object_end(s->w);
        json_write_object_end(s->w);
}

/* ---- results ---- */

static void put_place(struct json_writer *w, const char *kind, const char *name)
{
        if (!name)
                return;
        json_write_object_begin(w);
        json_put_text(w, "fullyQualifiedName", name);
        json_put_text(w, "kind", kind);
        json_write_object_end(w);
}

/* Of what is no file, the image itself is the place: there must be one. */
static void put_location(struct sarif *s, const struct finding *f)
{
        _cleanup_(buf_free) struct buf uri = { 0 };
        bool file = f->path && sarif_add_uri(&uri, str_from(f->path));

        if (!file)
                sarif_add_image_uri(&uri, s->result->image);
        json_write_object_begin(s->w);
        json_put_begin(s->w, "physicalLocation", false);
        json_put_begin(s->w, "artifactLocation", false);
        json_put_str(s->w, "uri", buf_str(&uri));
        if (file)
                json_put_text(s->w, "uriBaseId", "IMAGE");
        json_write_object_end(s->w);
        json_put_begin(s->w, "region", false);
        json_put_u64(s->w, "startLine", f->line ? f->line : 1);
        if (f->line && f->column)
                json_put_u64(s->w, "startColumn", f->column);
        json_write_object_end(s->w);
        json_write_object_end(s->w);
        json_put_begin(s->w, "logicalLocations", true);
        put_place(s->w, "package", f->package);
        put_place(s->w, "layer", f->layer);
        json_write_array_end(s->w);
        json_write_object_end(s->w);
}

static void put_suppression(struct json_writer *w, const struct finding_exception *e)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_printf(&text, "%s (owner: %s; expires: %s)", e->reason ? e->reason : "no reason is given",
                   e->owner ? e->owner : "nobody", e->expires ? e->expires : "never");
        json_put_begin(w, "suppressions", true);
        json_write_object_begin(w);
        json_put_text(w, "kind", "external");
        json_put_text(w, "status", "accepted");
        json_put_str(w, "justification", buf_str(&text));
        json_put_begin(w, "properties", false);
        json_put_text(w, "reason", e->reason);
        json_put_text(w, "owner", e->owner);
        json_put_text(w, "expires", e->expires);
        json_write_object_end(w);
        json_write_object_end(w);
        json_write_array_end(w);
}

static void put_result_properties(struct json_writer *w, const struct finding *f)
{
        json_put_begin(w, "properties", false);
        json_put_text(w, "source", f->source);
        json_put_text(w, "verdict", verdict_name(f->verdict));
        json_put_text(w, "severity", severity_name(f->severity));
        json_put_severities(w, f);
        json_put_text(w, "key", f->key);
        json_put_subject(w, f);
        json_put_text(w, "layer", f->layer);
        json_put_text(w, "package", f->package);
        json_put_details(w, "fields", f->fields, f->n_fields);
        json_put_details(w, "evidence", f->evidence, f->n_evidence);
        json_put_text(w, "owner", f->owner);
        json_write_object_end(w);
}

static void put_result(struct sarif *s, const struct finding *f)
{
        static const char *const kinds[] = {
                [VERDICT_PASS] = "pass", [VERDICT_FAIL] = "fail", [VERDICT_NOT_APPLICABLE] = "notApplicable", [VERDICT_UNDETERMINED] = "open", /* 3.27.9: not enough was known to decide */
        };

        json_write_object_begin(s->w);
        put_rule_id(s->w, "ruleId", f);
        json_put_u64(s->w, "ruleIndex", rule_index(s, f));
        json_put_text(s->w, "kind", kinds[f->verdict]);
        json_put_text(s->w, "level", f->verdict == VERDICT_FAIL ? level_of(f->severity) : "none");
        sarif_put_message(s->w, "message", str_from(f->message ? f->message : f->title ? f->title : f->rule), false);
        json_put_begin(s->w, "locations", true);
        put_location(s, f);
        json_write_array_end(s->w);
        json_put_begin(s->w, "partialFingerprints", false);
        json_put_text(s->w, "tallyman/v1", f->id);
        json_put_text(s->w, "primaryLocationLineHash", f->id);
        json_write_object_end(s->w);
        if (f->status == FINDING_EXCEPTED)
                put_suppression(s->w, &f->exception);
        else
                json_put_texts(s->w, "suppressions", NULL, 0); /* 3.27.23: looked at, and none is suppressed */
        if (f->rank)
                json_put_u64(s->w, "rank", f->rank);
        put_result_properties(s->w, f);
        json_write_object_end(s->w);
}

/* ---- the run ---- */

static void put_run(struct sarif *s)
{
        const struct finding_list *list = &s->result->findings;
        _cleanup_(buf_free) struct buf id = { 0 };

        json_write_object_begin(s->w);
        put_tool(s);
        buf_puts(&id, "tallyman/");
        sarif_add_image_uri(&id, s->result->image);
        buf_putc(&id, '/'); /* 3.17.3: this run has no name of its own */
        json_put_begin(s->w, "automationDetails", false);
        json_put_str(s->w, "id", buf_str(&id));
        json_write_object_end(s->w);
        json_put_begin(s->w, "originalUriBaseIds", false);
        json_put_begin(s->w, "IMAGE", false);
        sarif_put_message(s->w, "description", STR_LIT("The root of the image's file system."), false);
        json_write_object_end(s->w);
        json_write_object_end(s->w);
        json_put_begin(s->w, "invocations", true);
        put_invocation(s);
        json_write_array_end(s->w);
        json_put_begin(s->w, "results", true);
        for (size_t i = 0; i < list->n; i++)
                put_result(s, &list->items[i]);
        json_write_array_end(s->w);
        json_write_object_end(s->w);
}

int report_scan_sarif(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        struct sarif s = { .result = result };
        int r = json_writer_new(flush, out, 2, &w, err);

        if (r < 0)
                return r;
        r = collect_rules(&s, err);
        if (r < 0)
                return r;
        s.w = w;
        json_write_object_begin(w);
        json_put_text(w, "$schema", SCHEMA);
        json_put_text(w, "version", "2.1.0");
        json_put_begin(w, "runs", true);
        put_run(&s);
        json_write_array_end(w);
        json_write_object_end(w);
        free(s.rules);
        return json_writer_finish(w, err);
}
