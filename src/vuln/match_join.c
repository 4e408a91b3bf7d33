/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records about the same issue become one. A record is about the issues that it has as aliases; else about those it comes
 * from (`upstream`, of an advisory several); else, of a distribution's advisory, about the CVEs it is related to; else it is an
 * issue of its own.
 */
#include <errno.h>
#include <stdlib.h>

#include "vuln/match_private.h"

struct str match_plain_id(struct str id)
{
        const char *at = id.n > 4 ? memmem(id.p + 1, id.n - 1, "-CVE-", 5) : NULL;

        return at ? (struct str){ at + 1, id.n - (size_t)(at + 1 - id.p) } : id;
}

/* ---- which record of several about the package ---- */

static int compare_hits(const void *pa, const void *pb)
{
        const struct match_evidence *a = pa, *b = pb;

        if (a->place != b->place)
                return a->place < b->place ? -1 : 1;
        if (a->pro != b->pro)
                return a->pro ? 1 : -1;
        if (a->source != b->source)
                return a->source ? 1 : -1;
        if (a->result.affected != b->result.affected)
                return a->result.affected ? -1 : 1;
        if ((a->result.fixed.n > 0) != (b->result.fixed.n > 0))
                return a->result.fixed.n ? -1 : 1;
        return 0;
}

/* One hit a record, two where a subscription makes a difference. */
static size_t keep_first(struct match_evidence *hits, size_t n)
{
        size_t kept = 0;

        for (size_t i = 0; i < n; i++)
                if (!kept || hits[kept - 1].place != hits[i].place || hits[kept - 1].pro != hits[i].pro)
                        hits[kept++] = hits[i];
        return kept;
}

/* ---- issues in the making ---- */

struct member {
        uint32_t hit, next; /* of the next member + 1, 0: the last */
};

struct making {
        uint32_t parent; /* itself: it is an issue */
        uint32_t members; /* first member + 1 */
        uint32_t ids;     /* first identifier + 1 */
};

struct id_item {
        struct str id;
        uint32_t issue, next;
};

struct joining {
        const struct db *db;
        struct match_evidence *hits;
        size_t n_hits;
        struct making *issues;
        size_t n_issues, cap_issues;
        struct member *members;
        size_t n_members, cap_members;
        struct id_item *ids;
        size_t n_ids, cap_ids;
        uint32_t *table; /* of ids + 1, open addressing */
        size_t table_size;
};

static void joining_done(struct joining *j)
{
        free(j->issues);
        free(j->members);
        free(j->ids);
        free(j->table);
}

static uint32_t root_of(struct joining *j, uint32_t issue)
{
        while (j->issues[issue].parent != issue) {
                j->issues[issue].parent = j->issues[j->issues[issue].parent].parent;
                issue = j->issues[issue].parent;
        }
        return issue;
}

static uint64_t hash_text(struct str s)
{
        uint64_t h = 0xcbf29ce484222325ull;

        for (size_t i = 0; i < s.n; i++)
                h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ull;
        return h ^ h >> 29;
}

static int grow_table(struct joining *j)
{
        size_t size = j->table_size ? j->table_size * 2 : 256;
        uint32_t *table = calloc(size, sizeof(*table));

        if (!table)
                return -ENOMEM;
        for (size_t i = 0; i < j->n_ids; i++) {
                size_t at = hash_text(j->ids[i].id) & (size - 1);

                while (table[at])
                        at = (at + 1) & (size - 1);
                table[at] = (uint32_t)i + 1;
        }
        free(j->table);
        j->table = table;
        j->table_size = size;
        return 0;
}

/* The identifier's place in the table: an entry of it, or an empty one. */
static uint32_t *slot_of(struct joining *j, struct str id)
{
        size_t at = hash_text(id) & (j->table_size - 1);

        while (j->table[at] && !str_equal(j->ids[j->table[at] - 1].id, id))
                at = (at + 1) & (j->table_size - 1);
        return &j->table[at];
}

static int new_issue(struct joining *j, uint32_t *ret)
{
        if (mem_grow(&j->issues, &j->cap_issues, j->n_issues + 1, sizeof(*j->issues)) < 0)
                return -ENOMEM;
        *ret = (uint32_t)j->n_issues++;
        j->issues[*ret] = (struct making){ .parent = *ret };
        return 0;
}

static void unite(struct joining *j, uint32_t a, uint32_t b)
{
        a = root_of(j, a);
        b = root_of(j, b);
        if (a != b)
                j->issues[MAX_OF(a, b)].parent = MIN_OF(a, b);
}

/* Gives the issue this identifier; one that has it already is the same issue. */
static int give_id(struct joining *j, uint32_t issue, struct str id)
{
        uint32_t *slot;

        if (j->n_ids * 2 >= j->table_size && grow_table(j) < 0)
                return -ENOMEM;
        slot = slot_of(j, id);
        if (*slot) {
                unite(j, issue, j->ids[*slot - 1].issue);
                return 0;
        }
        if (mem_grow(&j->ids, &j->cap_ids, j->n_ids + 1, sizeof(*j->ids)) < 0)
                return -ENOMEM;
        j->ids[j->n_ids++] = (struct id_item){ .id = id, .issue = issue };
        *slot = (uint32_t)j->n_ids;
        return 0;
}

/* The identifier of a record that is about several issues names none of them, but is shown with each: it is no reason to
 * take them for one. */
static int give_label(struct joining *j, uint32_t issue, struct str id)
{
        if (mem_grow(&j->ids, &j->cap_ids, j->n_ids + 1, sizeof(*j->ids)) < 0)
                return -ENOMEM;
        j->ids[j->n_ids++] = (struct id_item){ .id = id, .issue = issue };
        return 0;
}

static int give_hit(struct joining *j, uint32_t issue, uint32_t hit)
{
        if (mem_grow(&j->members, &j->cap_members, j->n_members + 1, sizeof(*j->members)) < 0)
                return -ENOMEM;
        j->members[j->n_members++] = (struct member){ .hit = hit, .next = issue };
        return 0;
}

static bool is_cve(struct str id)
{
        return str_starts(match_plain_id(id), "CVE-");
}

static uint32_t count_cves(struct vuln_list list)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < list.n; i++)
                n += is_cve(record_get_text(&list.reader));
        return n;
}

/* A distribution's advisory, which names the issues it is about as related. */
static bool is_advisory(struct str id)
{
        static const char *const prefixes[] = { "ALSA-", "ALBA-", "ALEA-", "RLSA-", "RXSA-", "RHSA-", "RHBA-", "RHEA-", "SUSE-", "openSUSE-", "MGASA-" };

        for (size_t i = 0; i < ELEMENTS_OF(prefixes); i++)
                if (str_starts(id, prefixes[i]))
                        return true;
        return false;
}

static int join_single(struct joining *j, uint32_t hit, const struct vuln_record *record, struct vuln_list more)
{
        struct vuln_list aliases = record->aliases;
        uint32_t issue;
        int r = new_issue(j, &issue);

        if (r == 0)
                r = give_id(j, issue, match_plain_id(record->id));
        if (r == 0 && !str_equal(match_plain_id(record->id), record->id))
                r = give_id(j, issue, record->id);
        for (uint32_t i = 0; r == 0 && i < aliases.n; i++)
                r = give_id(j, issue, record_get_text(&aliases.reader));
        for (uint32_t i = 0; r == 0 && i < more.n; i++) {
                struct str id = record_get_text(&more.reader);

                if (is_cve(id))
                        r = give_id(j, issue, match_plain_id(id));
        }
        return r < 0 ? r : give_hit(j, issue, hit);
}

static int join_several(struct joining *j, uint32_t hit, const struct vuln_record *record, struct vuln_list cves)
{
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < cves.n; i++) {
                struct str id = record_get_text(&cves.reader);
                uint32_t issue;

                if (!is_cve(id))
                        continue;
                r = new_issue(j, &issue);
                if (r == 0)
                        r = give_id(j, issue, match_plain_id(id));
                if (r == 0)
                        r = give_label(j, issue, record->id);
                if (r == 0)
                        r = give_hit(j, issue, hit);
        }
        return r;
}

/* Records about one issue first, since theirs are the identifiers. */
static int join_hit(struct joining *j, uint32_t hit, bool several)
{
        static const struct vuln_list nothing;
        struct match_evidence *h = &j->hits[hit];
        struct vuln_list about;
        struct db_record place;
        struct vuln_record record;
        uint32_t n;

        if (!db_record_at(j->db, h->place, &place) || !record_decode_head(place.bytes, &record))
                return 0;
        h->record = record.id;
        about = record.aliases.n ? nothing : count_cves(record.upstream) ? record.upstream : is_advisory(record.id) ? record.related : nothing;
        n = count_cves(about);
        if ((n > 1) != several)
                return 0;
        return n > 1 ? join_several(j, hit, &record, about) : join_single(j, hit, &record, about);
}

/* ---- the result ---- */

static int compare_texts(const void *pa, const void *pb)
{
        const struct str *a = pa, *b = pb;

        return str_compare(*a, *b);
}

static int rank_id(struct str id)
{
        return str_starts(id, "CVE-") ? 0 : str_starts(id, "GHSA-") ? 1 : is_cve(id) ? 3 : 2;
}

static int take_ids(const struct joining *j, uint32_t first, struct arena *arena, struct match_issue *ret)
{
        struct str *ids;
        uint32_t n = 0, kept = 0;

        for (uint32_t i = first; i; i = j->ids[i - 1].next)
                n++;
        ids = arena_alloc(arena, n * sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        for (uint32_t i = first, k = 0; i; i = j->ids[i - 1].next)
                ids[k++] = j->ids[i - 1].id;
        mem_sort(ids, n, sizeof(*ids), compare_texts);
        for (uint32_t i = 0; i < n; i++)
                if (!kept || !str_equal(ids[kept - 1], ids[i]))
                        ids[kept++] = ids[i];
        ret->ids = ids;
        ret->n_ids = kept;
        ret->id = ids[0];
        for (uint32_t i = 1; i < kept; i++)
                if (rank_id(ids[i]) < rank_id(ret->id))
                        ret->id = ids[i];
        return 0;
}

/* Those that say "affected", unless a subscription's fix is there. */
static int take_evidence(const struct joining *j, uint32_t first, struct arena *arena, struct match_issue *ret)
{
        struct match_evidence *items;
        uint32_t n = 0, kept = 0;
        bool fixed_by_pro = false;

        for (uint32_t i = first; i; i = j->members[i - 1].next, n++)
                fixed_by_pro |= !j->hits[j->members[i - 1].hit].result.affected && j->hits[j->members[i - 1].hit].pro;
        items = arena_alloc(arena, ((size_t)n + 1) * sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (uint32_t i = first; i; i = j->members[i - 1].next) {
                const struct match_evidence *hit = &j->hits[j->members[i - 1].hit];

                if (hit->result.affected && !(fixed_by_pro && !hit->pro && !hit->result.fixed.n))
                        items[kept++] = *hit;
        }
        ret->evidence = items;
        ret->n_evidence = kept;
        return 0;
}

/* Chains each issue's identifiers and members; `next` of a member holds its issue until then. */
static void chain(struct joining *j)
{
        for (size_t i = j->n_ids; i > 0; i--) {
                struct making *issue = &j->issues[root_of(j, j->ids[i - 1].issue)];

                j->ids[i - 1].next = issue->ids;
                issue->ids = (uint32_t)i;
        }
        for (size_t i = j->n_members; i > 0; i--) {
                struct making *issue = &j->issues[root_of(j, j->members[i - 1].next)];

                j->members[i - 1].next = issue->members;
                issue->members = (uint32_t)i;
        }
}

static int compare_issues(const void *pa, const void *pb)
{
        const struct match_issue *a = pa, *b = pb;

        return str_compare(a->id, b->id);
}

static int take_issues(struct joining *j, struct arena *arena, struct match_found *ret)
{
        struct match_issue *issues = arena_alloc(arena, (j->n_issues + 1) * sizeof(*issues));
        uint32_t n = 0;

        if (!issues)
                return -ENOMEM;
        chain(j);
        for (size_t i = 0; i < j->n_issues; i++) {
                if (j->issues[i].parent != i || !j->issues[i].members)
                        continue;
                if (take_ids(j, j->issues[i].ids, arena, &issues[n]) < 0 || take_evidence(j, j->issues[i].members, arena, &issues[n]) < 0)
                        return -ENOMEM;
                n += issues[n].n_evidence > 0;
        }
        mem_sort(issues, n, sizeof(*issues), compare_issues);
        ret->issues = issues;
        ret->n_issues = n;
        return 0;
}

int match_join(const struct db *db, const struct match_hits *hits, struct arena *arena, struct match_found *ret, struct error *err)
{
        _cleanup_(joining_done) struct joining j = { .db = db, .hits = hits->items };
        int r = 0;

        mem_sort(j.hits, hits->n, sizeof(*j.hits), compare_hits);
        j.n_hits = keep_first(j.hits, hits->n);
        for (int several = 0; several < 2; several++)
                for (size_t i = 0; r == 0 && i < j.n_hits; i++)
                        r = join_hit(&j, (uint32_t)i, several);
        if (r == 0)
                r = take_issues(&j, arena, ret);
        return r < 0 ? error_oom(err) : 0;
}
