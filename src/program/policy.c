/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/glob.h"
#include "program/program.h"

#define DAY (24 * 60 * 60)

bool policy_exception_expired(const struct policy_exception *e, int64_t now)
{
        return now / DAY > e->last_day;
}

bool policy_exception_expires_soon(const struct policy_exception *e, int64_t now)
{
        return !policy_exception_expired(e, now) && e->last_day != INT64_MAX && e->last_day - now / DAY < POLICY_SOON_DAYS;
}

/* ---- which findings ---- */

static bool fits(struct str pattern, const char *text)
{
        return !pattern.n || (text && glob_match(pattern, str_from(text), false));
}

static bool where_fits(const struct policy_where *where, const struct finding *f)
{
        if (where->id.n && !str_equals(where->id, f->id))
                return false;
        return fits(where->rule, f->rule) && fits(where->source, f->source) && fits(where->path, f->path) &&
               fits(where->package, f->package) && fits(where->image, f->subject_name) && fits(where->key, f->key) &&
               fits(where->layer, f->layer);
}

/* ---- exceptions by what they name: a policy may hold very many ---- */

struct entry {
        struct str name;
        uint32_t exception;
};

/* Those that name an id, or a rule without wildcards, sorted by that; the rest is tried one by one. */
struct lookup {
        const struct policy *policy;
        struct entry *ids, *rules;
        uint32_t *others;
        uint32_t n_ids, n_rules, n_others;
};

static int compare_entries(const void *a, const void *b)
{
        const struct entry *x = a, *y = b;
        int r = str_compare(x->name, y->name);

        return r ? r : x->exception < y->exception ? -1 : x->exception > y->exception;
}

static void lookup_done(struct lookup *l)
{
        free(l->ids);
        free(l->rules);
        free(l->others);
}

static int lookup_new(struct lookup *l, const struct policy *policy, struct error *err)
{
        size_t n = (size_t)policy->n_exceptions + 1;

        l->policy = policy;
        l->ids = calloc(n, sizeof(*l->ids));
        l->rules = calloc(n, sizeof(*l->rules));
        l->others = calloc(n, sizeof(*l->others));
        if (!l->ids || !l->rules || !l->others)
                return error_oom(err);
        for (uint32_t i = 0; i < policy->n_exceptions; i++) {
                const struct policy_where *where = &policy->exceptions[i].where;

                if (where->id.n)
                        l->ids[l->n_ids++] = (struct entry){ where->id, i };
                else if (where->rule.n && !glob_has_wildcard(where->rule))
                        l->rules[l->n_rules++] = (struct entry){ where->rule, i };
                else
                        l->others[l->n_others++] = i;
        }
        mem_sort(l->ids, l->n_ids, sizeof(*l->ids), compare_entries);
        mem_sort(l->rules, l->n_rules, sizeof(*l->rules), compare_entries);
        return 0;
}

typedef void (*each_exception)(void *ctx, uint32_t exception);

static void each_named(const struct lookup *l, const struct entry *entries, uint32_t n, const char *name, const struct finding *f,
                       each_exception each, void *ctx)
{
        uint32_t low = 0, high = n;

        while (low < high) {
                uint32_t mid = low + (high - low) / 2;

                if (str_compare(entries[mid].name, str_from(name)) < 0)
                        low = mid + 1;
                else
                        high = mid;
        }
        for (; low < n && str_equals(entries[low].name, name); low++)
                if (where_fits(&l->policy->exceptions[entries[low].exception].where, f))
                        each(ctx, entries[low].exception);
}

/* Calls `each` for every exception that fits. */
static void lookup_each(const struct lookup *l, const struct finding *f, each_exception each, void *ctx)
{
        each_named(l, l->ids, l->n_ids, f->id, f, each, ctx);
        each_named(l, l->rules, l->n_rules, f->rule, f, each, ctx);
        for (uint32_t i = 0; i < l->n_others; i++)
                if (where_fits(&l->policy->exceptions[l->others[i]].where, f))
                        each(ctx, l->others[i]);
}

/* ---- applying ---- */

struct applying {
        const struct policy *policy;
        struct finding *finding;
        int64_t now;
        bool *used;
        uint32_t first; /* exception that holds, UINT32_MAX: none so far */
};

static void take_exception(void *ctx, uint32_t i)
{
        struct applying *a = ctx;

        a->used[i] = true;
        if (!policy_exception_expired(&a->policy->exceptions[i], a->now))
                a->first = MIN_OF(a->first, i);
}

static void except(struct finding *f, const struct policy *policy, const struct policy_exception *e)
{
        f->status = FINDING_EXCEPTED;
        f->exception = (struct finding_exception){
                .reason = e->reason.p, .owner = e->owner.p, .expires = e->expires.n ? e->expires.p : NULL, .file = policy->file,
                .line = e->line,
        };
}

static void name_owner(const struct policy *policy, struct finding *f)
{
        for (uint32_t i = 0; i < policy->n_owners; i++)
                if (where_fits(&policy->owners[i].where, f)) {
                        f->owner = policy->owners[i].owner.p;
                        return;
                }
}

/* One that a finding would need is worse than one that nothing needs any more. */
static int tell_expired(const struct policy *policy, const struct policy_exception *e, bool used, struct finding_list *list,
                        struct error *err)
{
        _cleanup_(buf_free) struct buf message = { 0 }, key = { 0 };
        struct finding f = {
                .rule = "exception-expired", .source = "model", .verdict = VERDICT_FAIL, .severity = used ? SEVERITY_MEDIUM : SEVERITY_LOW,
                .title = "An exception has expired", .subject_kind = "policy", .subject_name = policy->file, .line = e->line,
                .remediation = "Mend what was excepted, or decide anew and write down why and until when.", .owner = e->owner.p,
        };

        buf_printf(&message, "the exception for %s '%.*s' ended on %.*s; it was given because: %.*s", e->where.id.n ? "finding" : "rule",
                   STR_SHOWN(e->where.id.n ? e->where.id : e->where.rule), STR_ARG(e->expires), STR_SHOWN(e->reason));
        buf_printf(&key, "%.*s %.*s %.*s", STR_ARG(e->where.id), STR_ARG(e->where.rule), STR_ARG(e->expires));
        if (!buf_ok(&message) || !buf_ok(&key))
                return error_oom(err);
        f.message = message.data;
        f.key = key.data;
        return finding_add(list, &f, err);
}

static int count_use(const struct policy *policy, struct finding_list *list, int64_t now, struct policy_use *use, struct error *err)
{
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < policy->n_exceptions; i++) {
                use->unused += !use->used[i];
                if (!policy_exception_expired(&policy->exceptions[i], now))
                        continue;
                use->expired++;
                r = tell_expired(policy, &policy->exceptions[i], use->used[i], list, err);
        }
        return r;
}

/* The policy outlives nothing: its texts are copied into the list. */
static int keep_texts(struct finding_list *list, struct finding *f, struct error *err)
{
        const char **const texts[] = { &f->owner, &f->exception.reason, &f->exception.owner, &f->exception.expires, &f->exception.file };

        for (size_t i = 0; i < ELEMENTS_OF(texts); i++)
                if (*texts[i] && !(*texts[i] = arena_string(list->arena, *texts[i], strlen(*texts[i]))))
                        return error_oom(err);
        return 0;
}

int policy_apply(const struct policy *policy, struct finding_list *list, int64_t now, struct policy_use *ret, struct error *err)
{
        _cleanup_(lookup_done) struct lookup lookup = { 0 };
        size_t n = list->n;
        int r = lookup_new(&lookup, policy, err);

        *ret = (struct policy_use){ .used = r == 0 ? calloc(policy->n_exceptions + 1, sizeof(bool)) : NULL };
        if (!ret->used)
                return error_oom(err);
        for (size_t i = 0; r == 0 && i < n; i++) {
                struct applying a = { .policy = policy, .finding = &list->items[i], .now = now, .used = ret->used, .first = UINT32_MAX };

                lookup_each(&lookup, a.finding, take_exception, &a);
                if (a.first != UINT32_MAX && a.finding->verdict == VERDICT_FAIL) {
                        except(a.finding, policy, &policy->exceptions[a.first]);
                        ret->excepted++;
                }
                name_owner(policy, a.finding);
                r = keep_texts(list, a.finding, err);
        }
        if (r == 0)
                r = count_use(policy, list, now, ret, err);
        finding_list_sort(list);
        return r;
}

/* ---- gates ---- */

static bool gate_reached_by(const struct policy_gate *gate, const struct finding *f)
{
        return finding_counts(f) && (!gate->has_severity || f->severity >= gate->severity) && where_fits(&gate->where, f);
}

const struct policy_gate *policy_gate_reached(const struct policy *policy, const struct finding_list *list, size_t *ret_n)
{
        for (uint32_t g = 0; g < policy->n_gates; g++) {
                size_t n = 0;

                for (size_t i = 0; i < list->n; i++)
                        n += gate_reached_by(&policy->gates[g], &list->items[i]);
                *ret_n = n;
                if (n)
                        return &policy->gates[g];
        }
        return NULL;
}

void policy_gate_print(const struct policy_gate *gate, struct buf *out)
{
        struct { const char *name; struct str text; } const members[] = {
                { "rule", gate->where.rule }, { "source", gate->where.source }, { "path", gate->where.path },
                { "package", gate->where.package }, { "image", gate->where.image }, { "key", gate->where.key }, { "layer", gate->where.layer },
        };
        bool any = gate->has_severity;

        if (gate->has_severity)
                buf_printf(out, "severity %s or above", severity_name(gate->severity));
        for (size_t i = 0; i < ELEMENTS_OF(members); i++) {
                if (!members[i].text.n)
                        continue;
                buf_printf(out, "%s%s ", any ? ", " : "", members[i].name);
                buf_add_quoted(out, members[i].text);
                any = true;
        }
}
