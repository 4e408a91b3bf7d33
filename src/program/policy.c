/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lookup.h"

#define DAY (24 * 60 * 60)

bool policy_exception_expired(const struct policy_exception *e, int64_t now)
{
        return now / DAY > e->last_day;
}

bool policy_exception_expires_soon(const struct policy_exception *e, int64_t now)
{
        return !policy_exception_expired(e, now) && e->last_day != INT64_MAX && e->last_day - now / DAY < POLICY_SOON_DAYS;
}

bool policy_exception_is_far(const struct policy_exception *e, int64_t now)
{
        return e->last_day != INT64_MAX && e->last_day - now / DAY > POLICY_FAR_DAYS;
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
                if (policy_where_fits(&policy->owners[i].where, f)) {
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

        policy_where_print(&e->where, &key);
        buf_printf(&message, "%s:%u: the exception of %.*s for %.*s ended on %.*s; it was given because: %.*s", policy->file, e->line,
                   STR_SHOWN(e->owner), STR_SHOWN(buf_str(&key)), STR_ARG(e->expires), STR_SHOWN(e->reason));
        buf_printf(&key, ", until %.*s", STR_ARG(e->expires));
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
        _cleanup_(lookup_done) struct lookup lookup = { .policy = policy };
        size_t n = list->n;
        int r = lookup_fill(&lookup, err);

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
        return finding_counts(f) && (!gate->has_severity || f->severity >= gate->severity) && policy_where_fits(&gate->where, f);
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
        _cleanup_(buf_free) struct buf where = { 0 };

        policy_where_print(&gate->where, &where);
        if (gate->has_severity)
                buf_printf(out, "severity %s or above%s", severity_name(gate->severity), where.len ? ", " : "");
        buf_add_str(out, buf_str(&where));
}
