/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/interrupt.h"
#include "pipeline/vulnerabilities.h"

#define PER_IMAGE_MAX 1000000

struct search {
        struct scan_result *result;
        const struct distribution *distribution; /* NULL: none */
        struct match_distribution matched;
        uint64_t max_age, now;
        struct vulnerability_fact *facts;
        size_t n, cap;
        size_t looked_at, third_party, no_version, odd;
        const char *no_data; /* an ecosystem of which there is none; */
        size_t n_no_data;    /* packages of such ones */
        uint64_t oldest;     /* of the data used: when it was fetched; UINT64_MAX: none was */
        struct str oldest_name;
};

static void search_done(struct search *s)
{
        free(s->facts);
}

static void set_check(struct search *s, enum check_state state, const char *fmt, ...) _printf_(3, 4);
static void set_check(struct search *s, enum check_state state, const char *fmt, ...)
{
        char text[512];
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        n = MIN_OF(MAX_OF(n, 0), (int)sizeof(text) - 1);
        s->result->vulnerability_check = state;
        s->result->vulnerability_why = arena_string(s->result->arena, text, (size_t)n);
}

/* ---- whose package is it ---- */

static int compare_purls(const void *pa, const void *pb)
{
        const struct scan_package *const *a = pa, *const *b = pb;

        return str_compare((*a)->purl, (*b)->purl);
}

static bool is_of_distribution(const struct package *p)
{
        return str_equals(p->type, "deb") || str_equals(p->type, "apk") || str_equals(p->type, "rpm");
}

/* A package that the distribution's own package ships is judged by the distribution's data only: it knows of its patches. What a
 * package of another repository ships nobody else judges. */
static bool is_shipped(const struct search *s, const struct scan_package *p, const struct scan_package *const *by_purl)
{
        const struct scan_package key = { .purl = p->owned_by }, *wanted = &key;
        const struct scan_package *const *owner;

        if (!p->owned_by.n || is_of_distribution(&p->package))
                return false;
        owner = mem_find(&wanted, by_purl, s->result->n_packages, sizeof(*by_purl), compare_purls);
        return !owner || !match_is_third_party(&(*owner)->package, s->distribution);
}

/* ---- one package ---- */

static void note_age(struct search *s, const char *ecosystem)
{
        const struct db_contents *c = db_contents(s->result->db);
        struct str rest = str_from(ecosystem), base = str_cut(&rest, ':');

        for (size_t i = 0; i < c->n_directories; i++)
                if (str_equal(c->directories[i].name, base) && c->directories[i].updated < s->oldest) {
                        s->oldest = c->directories[i].updated;
                        s->oldest_name = base;
                }
}

static void count(struct search *s, const struct match_found *found)
{
        s->odd += found->odd_version;
        switch (found->state) {
        case MATCH_DONE:
                s->looked_at++;
                note_age(s, found->ecosystem);
                break;
        case MATCH_NO_DATA:
                s->n_no_data++;
                s->no_data = found->ecosystem;
                break;
        case MATCH_NO_ECOSYSTEM:
                break; /* only of distributions, which is told of all their packages at once */
        case MATCH_THIRD_PARTY:
                s->third_party++;
                break;
        case MATCH_NO_VERSION:
                s->no_version++;
                break;
        }
}

static int add_issue(struct search *s, const struct scan_package *p, const struct match_found *found, const struct match_issue *issue,
                     struct error *err)
{
        struct weighed *weighed = arena_alloc(s->result->arena, sizeof(*weighed));
        int r;

        if (!weighed || mem_grow(&s->facts, &s->cap, s->n + 1, sizeof(*s->facts)) < 0)
                return error_oom(err);
        if (s->n == PER_IMAGE_MAX)
                return error_say(err, -E2BIG, "more than %d known vulnerabilities", PER_IMAGE_MAX);
        r = weigh_issue(s->result->db, &p->package, issue, s->result->arena, weighed, err);
        if (r < 0)
                return r;
        s->facts[s->n++] = (struct vulnerability_fact){ &p->package, p->purl, p->path, p->layer, issue, weighed, found->ecosystem };
        return 0;
}

static int look_at(struct search *s, const struct scan_package *p, struct error *err)
{
        struct match_found found;
        int r = match_package(s->result->db, &s->matched, s->distribution, &p->package, s->result->arena, &found, err);

        if (r < 0)
                return r;
        count(s, &found);
        for (uint32_t i = 0; r == 0 && i < found.n_issues; i++)
                r = add_issue(s, p, &found, &found.issues[i], err);
        return r;
}

static int look_at_all(struct search *s, struct error *err)
{
        struct scan_result *result = s->result;
        _cleanup_free_ const struct scan_package **by_purl = calloc(result->n_packages + 1, sizeof(*by_purl));
        int r = 0;

        if (!by_purl)
                return error_oom(err);
        for (size_t i = 0; i < result->n_packages; i++)
                by_purl[i] = &result->packages[i];
        mem_sort(by_purl, result->n_packages, sizeof(*by_purl), compare_purls);
        for (size_t i = 0; r == 0 && i < result->n_packages; i++) {
                if (!is_shipped(s, &result->packages[i], by_purl))
                        r = look_at(s, &result->packages[i], err);
                if (r == 0 && i % 256 == 255)
                        r = interrupt_check(err);
        }
        result->vulnerabilities = arena_copy(result->arena, s->facts, s->n * sizeof(*s->facts));
        result->n_vulnerabilities = s->n;
        return r < 0 ? r : result->vulnerabilities ? 0 : error_oom(err);
}

/* ---- how far it goes ---- */

static bool has_ended(const struct search *s, char today[static 16])
{
        time_t now = (time_t)s->now;
        struct tm tm;
        const struct distribution *d = s->distribution;

        if (!d || d->end_of_life.n != 10 || !gmtime_r(&now, &tm) || !strftime(today, 16, "%Y-%m-%d", &tm))
                return false;
        return memcmp(d->end_of_life.p, today, 10) < 0;
}

static size_t of_distribution(const struct search *s)
{
        size_t n = 0;

        for (size_t i = 0; i < s->result->n_packages; i++)
                n += is_of_distribution(&s->result->packages[i].package);
        return n;
}

static const char *distribution_name(const struct search *s, struct buf *text)
{
        buf_add_quoted(text, s->distribution->name.n ? s->distribution->name : s->distribution->id);
        return text->data ? text->data : "";
}

/* The worst of it: nothing known, then no longer looked after, then old. */
static void judge_coverage(struct search *s)
{
        _cleanup_(buf_free) struct buf name = { 0 };
        uint64_t age = s->oldest == UINT64_MAX || s->now < s->oldest ? 0 : s->now - s->oldest;
        char today[16];

        if (s->n_no_data)
                set_check(s, CHECK_NO_DATA, "the database has nothing of %s, which %zu packages need: tallyman db update", s->no_data, s->n_no_data);
        else if (of_distribution(s) && !s->distribution)
                set_check(s, CHECK_NO_DATA, "no os-release says which distribution the packages are of");
        else if (of_distribution(s) && !s->matched.ecosystem[0])
                set_check(s, CHECK_NO_DATA, "nobody publishes records of %s in a form that is read here", distribution_name(s, &name));
        else if (of_distribution(s) && has_ended(s, today))
                set_check(s, CHECK_UNSUPPORTED, "%s has had no free security support since %.*s: what was found later is not known",
                          distribution_name(s, &name), STR_ARG(s->distribution->end_of_life));
        else if (s->max_age && age > s->max_age)
                set_check(s, CHECK_STALE, "what is known of %.*s is %" PRIu64 " days old: tallyman db update", STR_SHOWN(s->oldest_name), age / 86400);
        else if (s->result->n_packages == 0)
                set_check(s, CHECK_NO_DATA, "no package is known");
        else
                set_check(s, CHECK_DONE, "%zu packages", s->looked_at);
        if (s->result->vulnerability_check == CHECK_DONE)
                s->result->vulnerability_why = NULL;
        else if (s->result->n_packages)
                problem_add(&s->result->problems, PROBLEM_GAP, "vulnerabilities", "%s",
                            s->result->vulnerability_why ? s->result->vulnerability_why : "");
}

static void note_rest(struct search *s)
{
        struct problem_list *problems = &s->result->problems;

        if (s->third_party)
                problem_add(problems, PROBLEM_NOTE, "vulnerabilities", "%zu packages come from other repositories than the distribution's, "
                            "whose data say nothing of them", s->third_party);
        if (s->no_version)
                problem_add(problems, PROBLEM_NOTE, "vulnerabilities", "%zu packages do not say which version they are", s->no_version);
        if (s->odd)
                problem_add(problems, PROBLEM_NOTE, "vulnerabilities", "%zu packages have versions that their ecosystem does not allow; they count as "
                            "older than all", s->odd);
}

/* No database is no gap: what was not made is told by the check. One that can not be used is. */
static int open_database(struct search *s, struct error *err)
{
        struct error why = ERROR_INIT;
        int r = db_open(&s->result->db, &why);

        if (r == -ENOMEM)
                return error_oom(err);
        if (r < 0) {
                set_check(s, CHECK_NO_DATA, "%s", why.message);
                if (r != -ENOENT)
                        problem_add(&s->result->problems, PROBLEM_GAP, "vulnerabilities", "%s", why.message);
        }
        return r < 0 ? 0 : 1;
}

int vulnerabilities_find(struct scan_result *result, uint64_t max_age, int64_t now, struct error *err)
{
        _cleanup_(search_done) struct search s = {
                .result = result, .max_age = max_age, .now = (uint64_t)MAX_OF(now, (int64_t)0), .oldest = UINT64_MAX,
                .distribution = result->has_distribution ? &result->distribution : NULL,
        };
        int r = open_database(&s, err);

        if (r <= 0)
                return r;
        match_distribution(result->db, s.distribution, &s.matched);
        r = look_at_all(&s, err);
        if (r < 0)
                return r;
        judge_coverage(&s);
        note_rest(&s);
        return 0;
}
