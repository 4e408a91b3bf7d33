/* SPDX-License-Identifier: Apache-2.0 */
/* Cases at work: facts are made, rules tried, and what they said compared with what was expected. */
#include <errno.h>

#include "base/glob.h"
#include "base/nearest.h"
#include "model/given.h"
#include "model/syscall_event.h"
#include "rules/cases.h"

struct desk { /* of one source */
        const struct fact_source *source; /* as rules are loaded with it */
        struct given_source *given;       /* NULL: syscall */
        struct rule_program *program;
        struct rule_scratch *scratch;
};

struct case_bench {
        struct desk *desks;
        const struct fact_source **sources;
        const struct rule_set *set;
        size_t n;
};

/* ---- the bench ---- */

static int open_desk(struct desk *desk, const struct fact_source *source, struct error *err)
{
        int r;

        desk->source = source;
        if (source == &syscall_source)
                return 0;
        r = given_source_new(source, &desk->given, err);
        if (r == 0)
                desk->source = given_source_get(desk->given);
        return r;
}

int case_bench_new(const struct fact_source *const *sources, struct case_bench **ret, struct error *err)
{
        _cleanup_(case_bench_freep) struct case_bench *bench = calloc(1, sizeof(*bench));
        size_t n = 0;

        while (sources[n])
                n++;
        if (!bench || !(bench->desks = calloc(n + 1, sizeof(*bench->desks))) ||
            !(bench->sources = calloc(n + 1, sizeof(*bench->sources))))
                return error_oom(err);
        bench->n = n;
        for (size_t i = 0; i < n; i++) {
                int r = open_desk(&bench->desks[i], sources[i], err);

                if (r < 0)
                        return r;
                bench->sources[i] = bench->desks[i].source;
        }
        *ret = TAKE_PTR(bench);
        return 0;
}

static void clear_desk(struct desk *desk)
{
        desk->scratch = rule_scratch_free(desk->scratch);
        desk->program = rule_program_free(desk->program);
}

struct case_bench *case_bench_free(struct case_bench *bench)
{
        if (!bench)
                return NULL;
        for (size_t i = 0; bench->desks && i < bench->n; i++) {
                clear_desk(&bench->desks[i]);
                given_source_free(bench->desks[i].given);
        }
        free(bench->desks);
        free(bench->sources);
        free(bench);
        return NULL;
}

const struct fact_source *const *case_bench_sources(const struct case_bench *bench)
{
        return bench->sources;
}

int case_bench_use(struct case_bench *bench, const struct rule_set *set, struct error *err)
{
        bench->set = set;
        for (size_t i = 0; i < bench->n; i++) {
                struct desk *desk = &bench->desks[i];
                int r;

                clear_desk(desk);
                r = rule_program_new(set, desk->source, MATCHING_ALL, &desk->program, err);
                if (r == 0)
                        r = rule_scratch_new(desk->program, &desk->scratch, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- facts ---- */

/* A fact in the making, of either kind. */
struct making {
        struct syscall_record *record;
        struct given_fact *given;
};

static void making_done(struct making *m)
{
        syscall_record_free(m->record);
        given_fact_free(m->given);
}

static int set_texts(struct making *m, struct str field, const struct str *texts, size_t n, bool is_list, struct error *err)
{
        if (m->given)
                return given_fact_set(m->given, field, texts, n, err);
        return is_list ? syscall_record_set_list(m->record, field, texts, n, err) : syscall_record_set(m->record, field, texts[0], err);
}

static int set_field(struct making *m, const struct yaml_pair *pair, struct error *err)
{
        const struct yaml_node *value = pair->value;
        _cleanup_free_ struct str *texts = NULL;

        if (pair->key->kind != YAML_SCALAR || value->kind == YAML_MAPPING)
                return error_say(err, -EBADMSG, "a field and its value are expected, as 'proc.name: bash'");
        if (value->kind == YAML_SCALAR && value->plain && str_equals(value->text, "unknown"))
                return m->given ? given_fact_set_unknown(m->given, pair->key->text, err) : 0;
        if (yaml_is_null(value))
                return 0;
        if (value->kind == YAML_SCALAR)
                return set_texts(m, pair->key->text, &value->text, 1, false, err);
        texts = calloc(value->n + 1, sizeof(*texts));
        if (!texts)
                return error_oom(err);
        for (size_t i = 0; i < value->n; i++) {
                if (value->items[i]->kind != YAML_SCALAR)
                        return error_say(err, -EBADMSG, "a list of texts is expected");
                texts[i] = value->items[i]->text;
        }
        return set_texts(m, pair->key->text, texts, value->n, true, err);
}

static int make_fact(struct making *m, const struct desk *desk, const struct yaml_node *node, struct fact *ret,
                     const struct yaml_node **ret_where, struct error *err)
{
        int r = desk->given ? given_fact_new(desk->given, &m->given, err) : syscall_record_new(&m->record, err);

        for (size_t i = 0; r == 0 && i < node->n; i++) {
                *ret_where = node->pairs[i].key;
                r = set_field(m, &node->pairs[i], err);
        }
        if (r == 0)
                *ret = m->given ? given_fact_get(m->given) : syscall_fact(syscall_record_event(m->record));
        return r;
}

/* ---- what rules said ---- */

struct trial {
        struct case_bench *bench;
        struct desk *desk;
        const struct rule_case *it;
        const struct fact *fact;
        enum met { MET_NOT, MET_INAPPLICABLE, MET } *met; /* by expectation */
        struct buf *out;
        struct buf said; /* scratch */
        bool holds;
};

static bool is_allowed(const struct rule_case *it, struct str rule)
{
        for (uint32_t i = 0; i < it->n_allowed; i++)
                if (glob_match(it->allowed[i], rule, false))
                        return true;
        return false;
}

static int verdict_of(const struct rule_verdict *v)
{
        return !v->applicable ? CASE_NOT_APPLICABLE : v->truth == TRUTH_TRUE ? CASE_FAIL : CASE_UNDETERMINED;
}

static void take_verdict(void *ctx, const struct rule_verdict *v)
{
        static const char *const names[] = { [CASE_FAIL] = "fails", [CASE_UNDETERMINED] = "can not be decided" };
        struct trial *t = ctx;
        int verdict = verdict_of(v);
        bool named = false;

        buf_clear(&t->said);
        rule_output(t->desk->program, t->desk->scratch, v->rule, t->fact, &t->said);
        for (uint32_t i = 0; i < t->it->n_expected; i++) {
                const struct case_expectation *e = &t->it->expected[i];

                if (!str_equal(e->rule, v->rule->name))
                        continue;
                if (verdict == CASE_NOT_APPLICABLE && t->met[i] == MET_NOT)
                        t->met[i] = MET_INAPPLICABLE;
                if ((int)e->verdict != verdict)
                        continue;
                named = true;
                if (e->output.p && !str_equal(e->output, buf_str(&t->said))) {
                        buf_puts(t->out, "  '");
                        buf_add_quoted(t->out, v->rule->name);
                        buf_puts(t->out, "' says something else: ");
                        buf_add_quoted(t->out, buf_str(&t->said));
                        buf_putc(t->out, '\n');
                        t->holds = false;
                }
                t->met[i] = MET;
        }
        if (named || verdict == CASE_NOT_APPLICABLE || is_allowed(t->it, v->rule->name))
                return;
        buf_puts(t->out, "  not expected: '");
        buf_add_quoted(t->out, v->rule->name);
        buf_printf(t->out, "' %s: ", names[verdict]);
        buf_add_quoted(t->out, buf_str(&t->said));
        buf_putc(t->out, '\n');
        t->holds = false;
}

/* The rule whose name is nearest; NULL: none is near. */
static const struct rule *nearest_rule(const struct rule_set *set, struct str wanted)
{
        struct nearest nearest = nearest_to(wanted);
        const struct rule *best = NULL;

        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                _cleanup_(buf_free) struct buf name = { 0 };

                buf_add_str(&name, rule_set_get(set, i)->name);
                if (!buf_ok(&name) || !name.len)
                        continue;
                nearest_offer(&nearest, name.data);
                if (nearest.name)
                        best = rule_set_get(set, i);
                nearest.name = NULL; /* it does not outlive this round */
        }
        return best;
}

/* Why a rule that should have said something did not. */
static void explain_silence(struct trial *t, const struct case_expectation *e, enum met met)
{
        const struct rule *rule = rule_set_find(t->bench->set, e->rule), *near = rule ? NULL : nearest_rule(t->bench->set, e->rule);

        buf_puts(t->out, "  expected, but did not come: '");
        buf_add_quoted(t->out, e->rule);
        buf_puts(t->out, "': ");
        if (near) {
                buf_puts(t->out, "there is no rule of this name, did you mean '");
                buf_add_quoted(t->out, near->name);
                buf_puts(t->out, "'?");
        } else if (!rule) {
                buf_puts(t->out, "there is no rule of this name");
        } else if (rule->source != t->desk->source) {
                buf_printf(t->out, "it is of source '%.*s', the fact is of '%s'", STR_SHOWN(rule->source_name), t->desk->source->name);
        } else if (rule->state == RULE_DISABLED) {
                buf_puts(t->out, "it is disabled");
        } else if (rule->state != RULE_READY) {
                buf_add_quoted(t->out, rule->reason);
        } else {
                buf_puts(t->out, met == MET_INAPPLICABLE ? "it does not apply: its 'applies' does not hold" : "its condition does not hold");
        }
        buf_putc(t->out, '\n');
        t->holds = false;
}

static void take_fact(void *ctx, const struct fact *fact)
{
        struct trial *t = ctx;

        t->fact = fact;
        rule_program_match(t->desk->program, t->desk->scratch, fact, false, take_verdict, t);
        t->fact = NULL;
}

static int try_fact(struct trial *t, const struct rule_cases *cases, const struct yaml_node *node, struct error *err)
{
        _cleanup_(making_done) struct making m = { 0 };
        const struct yaml_node *where = node;
        struct fact fact;
        int r = make_fact(&m, t->desk, node, &fact, &where, err);

        if (r < 0)
                return error_wrap(err, "%s:%u:%u", cases->file, where->mark.line, where->mark.column);
        take_fact(t, &fact);
        return 0;
}

static struct desk *find_desk(struct case_bench *bench, const struct fact_source *source)
{
        for (size_t i = 0; i < bench->n; i++)
                if (strcmp(bench->desks[i].source->name, source->name) == 0)
                        return &bench->desks[i];
        return NULL;
}

int case_bench_run(struct case_bench *bench, const struct rule_cases *cases, const struct rule_case *it,
                   const struct case_events *events, struct buf *out, struct error *err)
{
        _cleanup_free_ enum met *met = calloc(it->n_expected + 1, sizeof(*met));
        struct trial t = { .bench = bench, .desk = find_desk(bench, it->source), .it = it, .met = met, .out = out, .holds = true };
        int r = met ? 0 : error_oom(err);

        if (r == 0 && !t.desk)
                r = error_say(err, -EINVAL, "no rules of source '%s' were loaded", it->source->name);
        for (uint32_t i = 0; r == 0 && i < it->n_facts; i++)
                r = try_fact(&t, cases, it->facts[i], err);
        if (r == 0 && it->recording.n)
                r = events->each(events->ctx, it->recording, take_fact, &t, err);
        for (uint32_t i = 0; r == 0 && i < it->n_expected; i++)
                if (met[i] != MET)
                        explain_silence(&t, &it->expected[i], met[i]);
        buf_free(&t.said);
        if (r == 0 && !buf_ok(out))
                r = error_oom(err);
        return r < 0 ? r : t.holds;
}
