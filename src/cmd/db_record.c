/* SPDX-License-Identifier: Apache-2.0 */
/* One record of the database, for people and for programs. */
#include <inttypes.h>

#include "cmd/db.h"

#define AFFECTED_SHOWN 40
#define VERSIONS_SHOWN 8

static const char *event_name(enum event_kind_osv kind)
{
        switch (kind) {
        case EVENT_INTRODUCED:
                return "introduced";
        case EVENT_FIXED:
                return "fixed";
        case EVENT_LAST_AFFECTED:
                return "last_affected";
        default:
                return "limit";
        }
}

static const char *severity_kind_name(enum severity_kind kind)
{
        switch (kind) {
        case SEVERITY_CVSS_V2:
                return "CVSS_V2";
        case SEVERITY_CVSS_V3:
                return "CVSS_V3";
        case SEVERITY_CVSS_V4:
                return "CVSS_V4";
        default:
                return "word";
        }
}

/* ---- for people ---- */

static void add_texts(struct buf *out, const char *title, struct vuln_list list)
{
        if (!list.n)
                return;
        buf_printf(out, "  %-12s", title);
        for (uint32_t i = 0; i < list.n; i++) {
                buf_puts(out, i ? ", " : "");
                buf_add_quoted(out, record_get_text(&list.reader));
        }
        buf_putc(out, '\n');
}

static void add_severities(struct buf *out, struct vuln_list list)
{
        struct vuln_severity severity;

        for (uint32_t i = 0; i < list.n && record_next_severity(&list.reader, &severity); i++) {
                buf_printf(out, "  %-12s", "severity");
                buf_add_quoted(out, severity.text);
                if (severity.source.n) {
                        buf_puts(out, " by ");
                        buf_add_quoted(out, severity.source);
                }
                buf_putc(out, '\n');
        }
}

static void add_ranges(struct buf *out, struct vuln_list list)
{
        for (uint32_t i = 0; i < list.n; i++) {
                enum range_type type;
                struct vuln_event event;
                uint32_t n;

                if (!record_next_range(&list.reader, &type, &n))
                        return;
                buf_puts(out, i ? ";" : "");
                for (uint32_t k = 0; k < n && record_next_event(&list.reader, &event); k++) {
                        buf_printf(out, "%s%s ", k ? ", " : " ", event_name(event.kind));
                        buf_add_quoted(out, event.version);
                }
        }
}

static void add_versions(struct buf *out, struct vuln_list list)
{
        for (uint32_t i = 0; i < list.n; i++) {
                if (i == VERSIONS_SHOWN) {
                        buf_printf(out, " and %" PRIu32 " more versions", list.n - i);
                        return;
                }
                buf_putc(out, ' ');
                buf_add_quoted(out, record_get_text(&list.reader));
        }
}

static void add_affected(struct buf *out, struct vuln_list list)
{
        struct vuln_affected a;

        for (uint32_t i = 0; i < list.n && record_next_affected(&list.reader, &a); i++) {
                if (i == AFFECTED_SHOWN) {
                        buf_printf(out, "  %-12s%" PRIu32 " more packages\n", "", list.n - i);
                        return;
                }
                buf_printf(out, "  %-12s", i ? "" : "affects");
                buf_add_quoted(out, a.ecosystem);
                buf_putc(out, ' ');
                buf_add_quoted(out, a.name);
                if (a.module.n) {
                        buf_puts(out, " of module ");
                        buf_add_quoted(out, a.module);
                }
                buf_putc(out, ':');
                add_ranges(out, a.ranges);
                add_versions(out, a.versions);
                if (a.flags & AFFECTED_NO_FIX)
                        buf_puts(out, " (will not be fixed)");
                if (a.flags & AFFECTED_UNIMPORTANT)
                        buf_puts(out, " (unimportant)");
                buf_putc(out, '\n');
        }
}

static void add_score(const struct db *db, struct str id, struct buf *out)
{
        struct db_score score;

        db_score(db, id, &score);
        if (score.known_exploited)
                buf_printf(out, "  %-12s%.*s is known to be exploited, listed %" PRIu32 "%s\n", "KEV", STR_ARG(id), score.kev_added,
                           score.ransomware ? ", in ransomware campaigns" : "");
        if (score.epss >= 0)
                buf_printf(out, "  %-12s%.*s %.5f, percentile %.5f\n", "EPSS", STR_ARG(id), score.epss, score.percentile);
}

static void add_scores(const struct db *db, struct vuln_list list, struct buf *out)
{
        for (uint32_t i = 0; i < list.n; i++)
                add_score(db, record_get_text(&list.reader), out);
}

void db_show_record(const struct db *db, const struct vuln_record *record, const struct db_record *place, struct buf *out)
{
        const struct db_contents *c = db_contents(db);

        buf_puts(out, out->len ? "\n" : "");
        buf_add_quoted(out, record->id);
        buf_puts(out, "  ");
        buf_add_quoted(out, record->summary);
        buf_putc(out, '\n');
        if (record->flags & RECORD_WITHDRAWN)
                buf_printf(out, "  %-12sit is not matched\n", "withdrawn");
        if (record->flags & RECORD_BAD)
                buf_printf(out, "  %-12sit was skipped\n", "unreadable");
        if (record->flags & RECORD_LEFT_OUT)
                buf_printf(out, "  %-12sit is not about security\n", "left out");
        if (place->directory < c->n_directories) {
                buf_printf(out, "  %-12s", "published");
                db_add_time(out, record->published);
                buf_puts(out, ", modified ");
                db_add_time(out, record->modified);
                buf_puts(out, ", in ");
                buf_add_quoted(out, c->directories[place->directory].name);
                buf_putc(out, '\n');
        }
        add_texts(out, "aliases", record->aliases);
        add_texts(out, "upstream", record->upstream);
        add_texts(out, "related", record->related);
        add_severities(out, record->severities);
        add_score(db, record->id, out);
        add_scores(db, record->aliases, out);
        add_scores(db, record->upstream, out);
        add_affected(out, record->affected);
        add_texts(out, "see", record->references);
}

/* ---- for programs ---- */

static void write_texts(struct json_writer *w, const char *key, struct vuln_list list)
{
        json_put_begin(w, key, true);
        for (uint32_t i = 0; i < list.n; i++)
                json_write_string(w, record_get_text(&list.reader));
        json_write_array_end(w);
}

static void write_severities(struct json_writer *w, struct vuln_list list)
{
        struct vuln_severity severity;

        json_put_begin(w, "severity", true);
        for (uint32_t i = 0; i < list.n && record_next_severity(&list.reader, &severity); i++) {
                json_write_object_begin(w);
                json_put_text(w, "type", severity_kind_name(severity.kind));
                json_put_str(w, "source", severity.source);
                json_put_str(w, "score", severity.text);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void write_ranges(struct json_writer *w, struct vuln_list list)
{
        json_put_begin(w, "ranges", true);
        for (uint32_t i = 0; i < list.n; i++) {
                enum range_type type;
                struct vuln_event event;
                uint32_t n;

                if (!record_next_range(&list.reader, &type, &n))
                        break;
                json_write_object_begin(w);
                json_put_text(w, "type", type == RANGE_SEMVER ? "SEMVER" : "ECOSYSTEM");
                json_put_begin(w, "events", true);
                while (n-- && record_next_event(&list.reader, &event)) {
                        json_write_object_begin(w);
                        json_put_str(w, event_name(event.kind), event.version);
                        json_write_object_end(w);
                }
                json_write_array_end(w);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void write_affected(struct json_writer *w, struct vuln_list list)
{
        struct vuln_affected a;

        json_put_begin(w, "affected", true);
        for (uint32_t i = 0; i < list.n && record_next_affected(&list.reader, &a); i++) {
                json_write_object_begin(w);
                json_put_str(w, "ecosystem", a.ecosystem);
                json_put_str(w, "name", a.name);
                json_put_str(w, "module", a.module);
                json_put_str(w, "note", a.note);
                json_put_bool(w, "unimportant", a.flags & AFFECTED_UNIMPORTANT);
                json_put_bool(w, "will-not-be-fixed", a.flags & AFFECTED_NO_FIX);
                write_severities(w, a.severities);
                write_ranges(w, a.ranges);
                write_texts(w, "versions", a.versions);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

void db_write_record(const struct db *db, const struct vuln_record *record, const struct db_record *place, struct json_writer *w)
{
        const struct db_contents *c = db_contents(db);

        json_write_object_begin(w);
        json_put_str(w, "id", record->id);
        json_put_str(w, "ecosystem", place->directory < c->n_directories ? c->directories[place->directory].name : STR_NULL);
        json_put_str(w, "summary", record->summary);
        json_put_u64(w, "modified", record->modified);
        json_put_u64(w, "published", record->published);
        json_put_bool(w, "withdrawn", record->flags & RECORD_WITHDRAWN);
        json_put_bool(w, "matched", !(record->flags & RECORD_NOT_MATCHED));
        write_texts(w, "aliases", record->aliases);
        write_texts(w, "upstream", record->upstream);
        write_texts(w, "related", record->related);
        write_severities(w, record->severities);
        write_texts(w, "references", record->references);
        write_affected(w, record->affected);
        json_write_object_end(w);
}
