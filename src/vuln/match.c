/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "vuln/match_private.h"

struct matching {
        const struct db *db;
        const struct package *package;
        struct str ecosystem; /* with the release */
        bool by_release;      /* records of other releases do not count */
        bool by_either;       /* records may name the package or its source */
        const struct version_order *order;
        struct match_hits hits;
        struct error *err;
};

static void matching_done(struct matching *m)
{
        free(m->hits.items);
}

/* ---- module streams ---- */

/* "nodejs:18:8080020231101:a75119d5" is of the stream nodejs:18. */
static struct str stream_of(struct str label)
{
        size_t colons = 0;

        for (size_t i = 0; i < label.n; i++)
                if (label.p[i] == ':' && ++colons == 2)
                        return (struct str){ label.p, i };
        return label;
}

/* A record that is about streams ("* nodejs:18": versions say that it is, the summary says which) counts for packages of
 * these; one that is about none counts for packages of none. */
static bool is_of_module(struct str wanted, struct str label)
{
        struct str stream = stream_of(label), rest = wanted, word;
        bool any = true;

        if (!wanted.n || !label.n)
                return !wanted.n && !label.n;
        while (rest.n) {
                word = stream_of(str_cut(&rest, ' '));
                if (!word.n || str_equals(word, "*"))
                        continue;
                any = false;
                if (str_equal(word, stream))
                        return true;
        }
        return any;
}

/* ---- one name ---- */

static bool is_right_release(const struct matching *m, struct str named, bool *ret_pro)
{
        *ret_pro = false;
        return !m->by_release || match_is_release(m->ecosystem, named, ret_pro);
}

/* SUSE's records name a source, and beside it which binary packages with which versions are the fix. */
static bool names_binary(const struct vuln_affected *a, struct str name)
{
        struct record_reader reader = a->binaries.reader;

        for (uint32_t i = 0; i < a->binaries.n; i++) {
                struct str binary = record_get_text(&reader);

                record_get_text(&reader);
                if (str_equal(binary, name))
                        return true;
        }
        return false;
}

static int add_hit(struct matching *m, const struct match_evidence *hit)
{
        if (m->hits.n == MATCH_HITS_MAX)
                return error_say(m->err, -E2BIG, "more than %d records about one package", MATCH_HITS_MAX);
        if (mem_grow(&m->hits.items, &m->hits.cap, m->hits.n + 1, sizeof(*m->hits.items)) < 0)
                return error_oom(m->err);
        m->hits.items[m->hits.n++] = *hit;
        return 0;
}

static int try_entry(struct matching *m, const struct db_entry *entry, struct str name, struct str version, bool source)
{
        struct match_evidence hit = { .place = entry->a, .source = source, .version = version };
        struct db_record place;
        struct vuln_affected a;

        if (!db_affected(m->db, entry, m->ecosystem, name, &place, &a) || !is_right_release(m, a.ecosystem, &hit.pro))
                return 0;
        if (a.binaries.n && !names_binary(&a, m->package->name))
                return 0;
        if (m->order->id == VERSION_RPM && !is_of_module(a.module, m->package->module))
                return 0;
        evaluate_affected(&a, m->order, version, &hit.result);
        hit.ecosystem = a.ecosystem;
        hit.name = a.name;
        hit.flags = a.flags;
        hit.note = a.note;
        hit.severities = a.severities;
        /* What is not affected is kept too where it overrules another: a fix with a subscription, installed; what a record says
         * of the package itself, before what it says of its source. */
        return hit.result.affected || (hit.pro && hit.result.had_fix.n) || (m->by_either && !source) ? add_hit(m, &hit) : 0;
}

static int try_name(struct matching *m, struct str name, struct str version, bool source)
{
        size_t first, n = db_find(m->db, DB_PACKAGES, db_hash_package(m->ecosystem, name), &first);
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++) {
                struct db_entry entry;

                if (db_entry(m->db, DB_PACKAGES, first + i, &entry))
                        r = try_entry(m, &entry, name, version, source);
        }
        return r;
}

/* ---- all names of a package ---- */

enum naming { NAMED_BY_SOURCE, NAMED_BY_BINARY, NAMED_BY_EITHER };

static enum naming naming_of(struct str ecosystem)
{
        static const char *const by_source[] = { "Debian", "Ubuntu", "Alpine", "Echo" };
        static const char *const by_binary[] = { "Red Hat" };
        struct str base = str_cut(&ecosystem, ':');

        for (size_t i = 0; i < ELEMENTS_OF(by_source); i++)
                if (str_equals(base, by_source[i]))
                        return NAMED_BY_SOURCE;
        for (size_t i = 0; i < ELEMENTS_OF(by_binary); i++)
                if (str_equals(base, by_binary[i]))
                        return NAMED_BY_BINARY;
        return NAMED_BY_EITHER;
}

static int try_distribution(struct matching *m)
{
        const struct package *p = m->package;
        struct str source = p->source_name.n ? p->source_name : p->name;
        struct str source_version = p->source_version.n ? p->source_version : p->version;
        enum naming naming = naming_of(m->ecosystem);
        int r = 0;

        m->by_either = naming == NAMED_BY_EITHER;
        if (naming != NAMED_BY_SOURCE)
                r = try_name(m, p->name, p->version, false);
        if (r == 0 && naming != NAMED_BY_BINARY && (naming == NAMED_BY_SOURCE || !str_equal(source, p->name)))
                r = try_name(m, source, source_version, true);
        return r;
}

/* The module that is built, without the version control to say which version: nothing can be told. */
static bool says_nothing(const struct version_order *order, struct str version)
{
        if (!version.n)
                return true;
        return order->id == VERSION_GO && (str_equals(version, "(devel)") || str_equals(version, "v0.0.0") || str_equals(version, "0.0.0") ||
                                           str_equals(version, "(unknown)") || str_equals(version, "devel") || str_equals(version, "unknown"));
}

static bool has_directory(const struct db *db, struct str name)
{
        const struct db_contents *c = db_contents(db);

        for (size_t i = 0; i < c->n_directories; i++)
                if (str_equal(c->directories[i].name, name))
                        return true;
        return false;
}

static bool is_of_distribution(const struct package *p)
{
        return str_equals(p->type, "deb") || str_equals(p->type, "apk") || str_equals(p->type, "rpm");
}

/* What the package is held against; false with the state where it is held against nothing. */
static bool choose_ecosystem(struct matching *m, const struct match_distribution *distribution, const struct distribution *d,
                             struct match_found *ret)
{
        m->by_release = is_of_distribution(m->package);
        ret->ecosystem = m->by_release ? distribution->ecosystem : match_ecosystem_of_type(m->package->type);
        if (!ret->ecosystem || !ret->ecosystem[0]) {
                ret->ecosystem = NULL;
                ret->state = MATCH_NO_ECOSYSTEM;
                return false;
        }
        m->ecosystem = str_from(ret->ecosystem);
        m->order = version_order_of(m->ecosystem);
        if (m->by_release && match_is_third_party(m->package, d))
                ret->state = MATCH_THIRD_PARTY;
        else if (!m->order || (m->by_release ? !distribution->has_data : !has_directory(m->db, m->ecosystem)))
                ret->state = MATCH_NO_DATA;
        else if (says_nothing(m->order, m->package->version))
                ret->state = MATCH_NO_VERSION;
        return ret->state == MATCH_DONE;
}

int match_package(const struct db *db, const struct match_distribution *distribution, const struct distribution *d,
                  const struct package *package, struct arena *arena, struct match_found *ret, struct error *err)
{
        _cleanup_(matching_done) struct matching m = { .db = db, .package = package, .err = err };
        int r;

        *ret = (struct match_found){ .state = MATCH_DONE };
        if (!choose_ecosystem(&m, distribution, d, ret))
                return 0;
        ret->odd_version = m.order->id != VERSION_NONE && !version_parses(m.order, package->version);
        r = m.by_release ? try_distribution(&m) : try_name(&m, package->name, package->version, false);
        return r < 0 || m.hits.n == 0 ? r : match_join(db, &m.hits, arena, ret, err);
}
