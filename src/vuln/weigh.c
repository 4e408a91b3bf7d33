/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "vuln/cvss.h"
#include "vuln/match_private.h"
#include "vuln/weigh.h"

#define RECORDS_LOOKED_AT 64 /* about one issue */

const char *fix_state_name(enum fix_state state)
{
        static const char *const names[] = { [FIX_AVAILABLE] = "fixed", [FIX_NOT_YET] = "not-fixed", [FIX_WONT] = "wont-fix", [FIX_UNKNOWN] = "unknown" };

        return names[state];
}

/* ---- words and numbers ---- */

static bool same_word(struct str a, const char *b)
{
        size_t n = strlen(b);

        if (a.n != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if ((a.p[i] | 0x20) != b[i])
                        return false;
        return true;
}

enum severity weigh_word(struct str word)
{
        static const struct {
                const char *word;
                enum severity severity;
        } words[] = {
                { "critical", SEVERITY_CRITICAL }, { "important", SEVERITY_HIGH }, { "high", SEVERITY_HIGH },   { "medium", SEVERITY_MEDIUM },
                { "moderate", SEVERITY_MEDIUM },   { "low", SEVERITY_LOW },        { "minor", SEVERITY_LOW },   { "negligible", SEVERITY_LOW },
                { "unimportant", SEVERITY_LOW },   { "none", SEVERITY_NONE },
        };

        word = str_trim(word);
        while (word.n && word.p[word.n - 1] == '*') /* Debian's tracker marks what is only assumed */
                word.n--;
        for (size_t i = 0; i < ELEMENTS_OF(words); i++)
                if (same_word(word, words[i].word))
                        return words[i].severity;
        return SEVERITY_UNKNOWN;
}

enum severity weigh_score(double score)
{
        return score >= 9 ? SEVERITY_CRITICAL : score >= 7 ? SEVERITY_HIGH : score >= 4 ? SEVERITY_MEDIUM : score > 0 ? SEVERITY_LOW : SEVERITY_NONE;
}

/* ---- who says so ---- */

static const char *source_of(struct str id)
{
        static const struct {
                const char *prefix, *name;
        } sources[] = {
                { "GHSA-", "github" },   { "PYSEC-", "pypa" },      { "GO-", "go" },          { "RUSTSEC-", "rustsec" }, { "BIT-", "bitnami" },
                { "DEBIAN-", "debian" }, { "DSA-", "debian" },      { "DLA-", "debian" },     { "DTSA-", "debian" },     { "UBUNTU-", "ubuntu" },
                { "USN-", "ubuntu" },    { "LSN-", "ubuntu" },      { "ALPINE-", "alpine" },  { "ALSA-", "almalinux" },  { "ALBA-", "almalinux" },
                { "ALEA-", "almalinux" }, { "RLSA-", "rocky" },     { "RXSA-", "rocky" },     { "RHSA-", "redhat" },     { "RHBA-", "redhat" },
                { "RHEA-", "redhat" },   { "SUSE-", "suse" },       { "openSUSE-", "suse" },  { "MGASA-", "mageia" },    { "CGA-", "chainguard" },
                { "NSWG-", "nodejs" },   { "DRUPAL-", "drupal" },   { "JLSEC-", "julia" },    { "CVE-", "nvd" },         { "OSVDB-", "rubysec" },
                { "RSEC-", "cran" },     { "HSEC-", "haskell" },    { "OSEC-", "ocaml" },     { "MAL-", "openssf" },     { "PSF-", "psf" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(sources); i++)
                if (str_starts(id, sources[i].prefix))
                        return sources[i].name;
        return "osv";
}

/* ---- severities ---- */

struct weighing {
        const struct db *db;
        struct arena *arena;
        struct weighed *out;
        bool oom;
        enum cvss_version best;  /* of the score to show */
        uint32_t seen[RECORDS_LOOKED_AT];
        uint32_t n_seen;
};

static bool is_there(const struct weighed *w, const char *source, const char *vector, enum severity severity)
{
        for (uint32_t i = 0; i < w->n_severities; i++)
                if (strcmp(w->severities[i].source, source) == 0 &&
                    (vector ? w->severities[i].vector && strcmp(w->severities[i].vector, vector) == 0 :
                              !w->severities[i].vector && w->severities[i].severity == severity))
                        return true;
        return false;
}

static char *lower_text(struct arena *arena, struct str s)
{
        char *copy = arena_string(arena, s.p, s.n);

        for (size_t i = 0; copy && i < s.n; i++)
                if (copy[i] >= 'A' && copy[i] <= 'Z')
                        copy[i] |= 0x20;
        return copy;
}

static void take_severity(struct weighing *w, struct str id, const struct vuln_severity *s)
{
        struct finding_severity item = { .source = source_of(id), .score = -1 };
        struct cvss cvss;

        if (w->out->n_severities == WEIGHED_SEVERITIES_MAX)
                return;
        if (s->source.n)
                item.source = lower_text(w->arena, s->source);
        if (s->kind == SEVERITY_WORD) {
                item.severity = weigh_word(s->text);
        } else if (cvss_parse(s->text, &cvss)) {
                item.score = cvss.score;
                item.severity = weigh_score(cvss.score);
                item.vector = arena_string(w->arena, s->text.p, s->text.n);
                if (cvss.version > w->best || (cvss.version == w->best && cvss.score > w->out->cvss)) {
                        w->best = cvss.version;
                        w->out->cvss = cvss.score;
                }
        } else {
                return; /* a vector that is none */
        }
        if (!item.source || (item.score >= 0 && !item.vector)) {
                w->oom = true;
                return;
        }
        if (item.severity != SEVERITY_UNKNOWN && !is_there(w->out, item.source, item.vector, item.severity))
                w->out->severities[w->out->n_severities++] = item;
}

static void take_severities(struct weighing *w, struct str id, struct vuln_list list)
{
        struct vuln_severity severity;

        for (uint32_t i = 0; i < list.n && record_next_severity(&list.reader, &severity); i++)
                take_severity(w, id, &severity);
}

static bool is_new(struct weighing *w, uint32_t place)
{
        for (uint32_t i = 0; i < w->n_seen; i++)
                if (w->seen[i] == place)
                        return false;
        if (w->n_seen == RECORDS_LOOKED_AT)
                return false;
        w->seen[w->n_seen++] = place;
        return true;
}

/* Of the record's part about the package, and of all of it. */
static void take_record(struct weighing *w, uint32_t place, const struct match_evidence *evidence, bool titled)
{
        struct db_record at;
        struct vuln_record record;
        struct vuln_affected first;

        if (!is_new(w, place) || !db_record_at(w->db, place, &at) || !record_decode_head(at.bytes, &record) ||
            record.flags & RECORD_NOT_MATCHED)
                return;
        if (evidence)
                take_severities(w, record.id, evidence->severities);
        else if (record.affected.n && record_next_affected(&record.affected.reader, &first))
                take_severities(w, record.id, first.severities);
        take_severities(w, record.id, record.severities);
        if (titled && !w->out->title.n)
                w->out->title = record.summary;
}

/* Others that are about this issue and no other: what they say of it is said of it here too. */
static void take_others(struct weighing *w, const struct match_issue *issue)
{
        for (uint32_t k = 0; k < issue->n_ids; k++) {
                size_t first, n;

                if (!str_starts(issue->ids[k], "CVE-") && !str_starts(issue->ids[k], "GHSA-"))
                        continue;
                n = MIN_OF(db_find(w->db, DB_IDS, db_hash_id(issue->ids[k]), &first), (size_t)RECORDS_LOOKED_AT);
                for (size_t i = 0; i < n; i++) {
                        struct db_entry entry;
                        struct db_record at;
                        struct vuln_record record;

                        if (!db_entry(w->db, DB_IDS, first + i, &entry) || entry.b == DB_ID_RELATED ||
                            !db_record_at(w->db, entry.a, &at) || !record_decode_head(at.bytes, &record) ||
                            (entry.b == DB_ID_UPSTREAM && record.upstream.n != 1))
                                continue;
                        /* An advisory's title is about its package, which may be another. */
                        take_record(w, entry.a, NULL, entry.b != DB_ID_UPSTREAM || !str_equal(match_plain_id(record.id), record.id));
                }
        }
}

/* The distribution's own word first; without one the worst that has a score. */
static void decide_severity(struct weighed *w, const struct match_issue *issue)
{
        uint32_t best = 0;
        const char *own = source_of(issue->evidence[0].record);
        struct finding_severity first;

        if (!w->n_severities)
                return;
        for (uint32_t i = 0; i < w->n_severities; i++) {
                bool is_own = strcmp(w->severities[i].source, own) == 0, best_own = strcmp(w->severities[best].source, own) == 0;

                if (is_own != best_own ? is_own : w->severities[i].severity > w->severities[best].severity)
                        best = i;
                if (is_own && !w->severities[i].vector) { /* a word is a decision, a vector only a description */
                        best = i;
                        break;
                }
        }
        first = w->severities[best];
        memmove(&w->severities[1], &w->severities[0], best * sizeof(first));
        w->severities[0] = first;
        w->severity = first.severity;
}

/* ---- fixes ---- */

static enum fix_state fix_of(const struct match_evidence *e)
{
        if (e->result.fixed.n)
                return FIX_AVAILABLE;
        if (e->flags & AFFECTED_NO_FIX)
                return FIX_WONT;
        return e->result.by_list ? FIX_UNKNOWN : FIX_NOT_YET;
}

/* The lowest version that every record about the package takes for fixed would be the highest of their fixes; where they
 * disagree the highest is named, so that nobody upgrades twice. */
static void decide_fix(struct weighed *w, const struct match_issue *issue)
{
        const struct match_evidence *shown = NULL;

        for (uint32_t i = 0; i < issue->n_evidence; i++) {
                const struct match_evidence *e = &issue->evidence[i];

                if (!shown || fix_of(e) < fix_of(shown) ||
                    (fix_of(e) == FIX_AVAILABLE && fix_of(shown) == FIX_AVAILABLE && e->pro == shown->pro &&
                     version_compare(e->result.order, e->result.fixed, shown->result.fixed) > 0) ||
                    (fix_of(e) == fix_of(shown) && shown->pro && !e->pro))
                        shown = e;
                w->unimportant |= e->flags & AFFECTED_UNIMPORTANT;
        }
        w->shown = shown;
        w->fix = fix_of(shown);
        w->fixed = shown->result.fixed;
        w->fix_needs_pro = shown->pro && w->fixed.n;
}

/* ---- rank ---- */

static void add_reason(struct weighing *w, const char *fmt, ...) _printf_(2, 3);
static void add_reason(struct weighing *w, const char *fmt, ...)
{
        char text[200];
        va_list ap;
        int n;

        if (w->out->n_reasons == WEIGHED_REASONS_MAX)
                return;
        va_start(ap, fmt);
        n = vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        w->out->reasons[w->out->n_reasons] = arena_string(w->arena, text, MIN_OF((size_t)MAX_OF(n, 0), sizeof(text) - 1));
        w->oom |= !w->out->reasons[w->out->n_reasons++];
}

/* Up to 60 for how bad it would be. */
static int points_of_severity(struct weighing *w)
{
        static const int points[] = {
                [SEVERITY_UNKNOWN] = 25, [SEVERITY_NONE] = 2, [SEVERITY_LOW] = 15, [SEVERITY_MEDIUM] = 33, [SEVERITY_HIGH] = 48, [SEVERITY_CRITICAL] = 58,
        };
        const struct weighed *o = w->out;

        if (o->severity == SEVERITY_UNKNOWN) {
                add_reason(w, "nobody says how severe it is");
                return points[SEVERITY_UNKNOWN];
        }
        add_reason(w, "%s says %s", o->severities[0].source, severity_name(o->severity));
        if (o->cvss < 0)
                return points[o->severity];
        add_reason(w, "CVSS %.1f", o->cvss);
        return (points[o->severity] * 2 + (int)(o->cvss * 6)) / 3;
}

/* Up to 30 for how likely it is. */
static int points_of_exploits(struct weighing *w)
{
        const struct db_score *s = &w->out->exploited;
        int points = 0;

        if (s->known_exploited)
                add_reason(w, s->ransomware ? "known to be exploited, in ransomware campaigns (KEV)" : "known to be exploited (KEV)");
        if (s->epss >= 0) {
                add_reason(w, "%.1f %% likely to be exploited within 30 days (EPSS)", s->epss * 100);
                points = (int)(s->epss >= 0.5 ? 25 : s->epss * 40) + (s->percentile >= 0.95 ? 5 : 0);
        }
        return points;
}

/* The kernel that runs is the host's, whatever headers an image has. */
static bool is_kernel_headers(const struct package *p)
{
        return str_equals(p->name, "linux-libc-dev") || str_starts(p->name, "linux-headers") || str_equals(p->name, "kernel-headers") ||
               str_equals(p->name, "linux-api-headers") || str_starts(p->name, "linux-doc");
}

static void decide_rank(struct weighing *w, const struct package *package)
{
        struct weighed *o = w->out;
        int rank = points_of_severity(w) + points_of_exploits(w);

        if (o->fix == FIX_AVAILABLE) {
                rank += 8;
                add_reason(w, o->fix_needs_pro ? "a fix needs Ubuntu Pro" : "a fix is there");
        } else if (o->fix == FIX_WONT) {
                rank -= 5;
                add_reason(w, "it will not be fixed");
        }
        if (o->exploited.known_exploited)
                rank = MAX_OF(rank, o->exploited.ransomware ? 97 : 92);
        if (o->unimportant) {
                rank /= 3;
                add_reason(w, "the distribution calls it unimportant");
        }
        if (is_kernel_headers(package)) {
                rank = MIN_OF(rank / 4, 10);
                add_reason(w, "only headers: the kernel that runs is the host's");
        }
        o->rank = (uint32_t)MAX_OF(1, MIN_OF(rank, 100));
}

/* ---- all of it ---- */

static void take_exploits(const struct db *db, const struct match_issue *issue, struct db_score *ret)
{
        *ret = (struct db_score){ .epss = -1, .percentile = -1 };
        for (uint32_t i = 0; i < issue->n_ids; i++) {
                struct db_score score;

                db_score(db, issue->ids[i], &score);
                if (score.epss > ret->epss) {
                        ret->epss = score.epss;
                        ret->percentile = score.percentile;
                }
                if (score.known_exploited && (!ret->known_exploited || score.kev_added < ret->kev_added)) {
                        ret->known_exploited = true;
                        ret->kev_added = score.kev_added;
                        ret->kev_due = score.kev_due;
                }
                ret->ransomware |= score.ransomware;
        }
}

int weigh_issue(const struct db *db, const struct package *package, const struct match_issue *issue, struct arena *arena,
                struct weighed *ret, struct error *err)
{
        struct weighing w = { .db = db, .arena = arena, .out = ret };

        *ret = (struct weighed){ .cvss = -1 };
        for (uint32_t i = 0; i < issue->n_evidence; i++)
                take_record(&w, issue->evidence[i].place, &issue->evidence[i], true);
        take_others(&w, issue);
        decide_severity(ret, issue);
        take_exploits(db, issue, &ret->exploited);
        decide_fix(ret, issue);
        decide_rank(&w, package);
        return w.oom ? error_oom(err) : 0;
}
