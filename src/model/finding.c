/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/wire.h"
#include "model/finding.h"

static const char *const severities[] = {
        [SEVERITY_UNKNOWN] = "unknown", [SEVERITY_NONE] = "none", [SEVERITY_LOW] = "low",
        [SEVERITY_MEDIUM] = "medium", [SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical",
};

const char *severity_name(enum severity severity)
{
        return severities[severity];
}

int severity_parse(const char *text, enum severity *ret, struct error *err)
{
        for (size_t i = 0; i < ELEMENTS_OF(severities); i++)
                if (strcmp(text, severities[i]) == 0) {
                        *ret = (enum severity)i;
                        return 0;
                }
        return error_say(err, -EINVAL, "'%s' is not a severity (expected low, medium, high or critical)", text);
}

const char *verdict_name(enum verdict verdict)
{
        static const char *const names[] = {
                [VERDICT_PASS] = "pass", [VERDICT_FAIL] = "fail", [VERDICT_NOT_APPLICABLE] = "not-applicable",
                [VERDICT_UNDETERMINED] = "undetermined",
        };

        return names[verdict];
}

const char *finding_status_name(enum finding_status status)
{
        return status == FINDING_EXCEPTED ? "excepted" : "open";
}

static int fingerprint(struct finding *f, struct arena *arena, struct error *err)
{
        const char *const parts[] = { f->rule, f->subject_kind, f->subject_name, f->subject_digest, f->layer, f->path, f->package };
        _cleanup_(buf_free) struct buf all = { 0 };
        uint8_t sha[SHA256_SIZE];
        char hex[17];

        for (size_t i = 0; i < ELEMENTS_OF(parts); i++)
                wire_put_str(&all, str_from(parts[i]));
        if (f->key)
                wire_put_str(&all, str_from(f->key));
        if (!buf_ok(&all))
                return error_oom(err);
        hash_sha256(all.data, all.len, sha);
        hex_encode(sha, 8, hex);
        f->id = arena_string(arena, hex, 16);
        return f->id ? 0 : error_oom(err);
}

/* ---- adding ---- */

static int copy_text(struct arena *arena, const char **text)
{
        if (*text && !(*text = arena_string(arena, *text, strlen(*text))))
                return -ENOMEM;
        return 0;
}

static int copy_details(struct arena *arena, const struct finding_detail **details, uint32_t n)
{
        struct finding_detail *copies = arena_copy(arena, *details, n * sizeof(*copies));
        int r = copies ? 0 : -ENOMEM;

        for (uint32_t i = 0; r == 0 && i < n; i++) {
                r = copy_text(arena, &copies[i].name);
                if (r == 0)
                        r = value_copy(arena, &copies[i].value);
        }
        *details = copies;
        return r;
}

static int copy_severities(struct arena *arena, struct finding *f)
{
        struct finding_severity *copies = arena_copy(arena, f->severities, f->n_severities * sizeof(*copies));
        int r = copies ? 0 : -ENOMEM;

        for (uint32_t i = 0; r == 0 && i < f->n_severities; i++) {
                r = copy_text(arena, &copies[i].source);
                if (r == 0)
                        r = copy_text(arena, &copies[i].vector);
        }
        f->severities = copies;
        return r;
}

static int copy_all(struct arena *arena, struct finding *f)
{
        const char **const strings[] = {
                &f->key, &f->rule, &f->source, &f->title, &f->message, &f->description, &f->subject_kind, &f->subject_name,
                &f->subject_digest, &f->layer, &f->path, &f->package, &f->remediation, &f->owner, &f->exception.reason,
                &f->exception.owner, &f->exception.expires, &f->exception.file,
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS_OF(strings); i++)
                r = copy_text(arena, strings[i]);
        if (r == 0 && f->n_severities)
                r = copy_severities(arena, f);
        if (r == 0 && f->n_fields)
                r = copy_details(arena, &f->fields, f->n_fields);
        if (r == 0 && f->n_evidence)
                r = copy_details(arena, &f->evidence, f->n_evidence);
        return r;
}

int finding_add(struct finding_list *list, const struct finding *finding, struct error *err)
{
        struct finding f = *finding;
        int r;

        if (!list->arena && !(list->arena = arena_new()))
                return error_oom(err);
        if (mem_grow(&list->items, &list->cap, list->n + 1, sizeof(*list->items)) < 0 || copy_all(list->arena, &f) < 0)
                return error_oom(err);
        r = fingerprint(&f, list->arena, err);
        if (r < 0)
                return r;
        list->items[list->n++] = f;
        return 0;
}

/* ---- the list ---- */

bool finding_counts(const struct finding *finding)
{
        return finding->verdict == VERDICT_FAIL && finding->status == FINDING_OPEN;
}

size_t finding_list_excepted(const struct finding_list *list)
{
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++)
                n += list->items[i].status == FINDING_EXCEPTED;
        return n;
}

static int compare_texts(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "");
}

static int compare_findings(const void *pa, const void *pb)
{
        const struct finding *a = pa, *b = pb;
        int r = (int)a->status - (int)b->status;

        r = r ? r : (int)b->severity - (int)a->severity;
        r = r ? r : (int)b->rank - (int)a->rank;
        r = r ? r : compare_texts(a->rule, b->rule);
        r = r ? r : compare_texts(a->path, b->path);
        return r ? r : compare_texts(a->message, b->message);
}

void finding_list_sort(struct finding_list *list)
{
        mem_sort(list->items, list->n, sizeof(*list->items), compare_findings);
}

void finding_list_done(struct finding_list *list)
{
        arena_free(list->arena);
        free(list->items);
        *list = (struct finding_list){ 0 };
}
