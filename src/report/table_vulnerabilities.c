/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report/table_vulnerabilities.h"

#define SHOWN 40 /* the JSON report has them all */
#define PACKAGES_SHOWN 2 /* names of binary packages of one source */
#define TITLE_COLUMNS 60

/* One issue of one source package, with all its binary packages. */
struct row {
        const struct finding *finding;
        struct str id, source, version, fixed, title, names[PACKAGES_SHOWN];
        uint32_t n;
        bool kev;
};

bool report_is_vulnerability(const struct finding *finding)
{
        return finding->source && strcmp(finding->source, "vulnerability") == 0 && finding->key && finding->n_fields > 0;
}

static const struct value *field_of(const struct finding *f, const char *name)
{
        for (uint32_t i = 0; i < f->n_fields; i++)
                if (strcmp(f->fields[i].name, name) == 0 && f->fields[i].value.state == VALUE_PRESENT)
                        return &f->fields[i].value;
        return NULL;
}

static struct str text_of(const struct finding *f, const char *name)
{
        const struct value *value = field_of(f, name);

        return value && value_type_is_text((enum value_type)value->type) && !value->is_list ? value->string : STR_NULL;
}

static struct row row_of(const struct finding *f)
{
        const struct value *kev = field_of(f, "vuln.kev");
        struct row row = {
                .finding = f, .id = text_of(f, "vuln.id"), .version = text_of(f, "package.version"), .fixed = text_of(f, "vuln.fixed"),
                .title = text_of(f, "vuln.title"), .names = { text_of(f, "package.name") }, .n = 1, .kev = kev && kev->boolean,
        };

        row.source = text_of(f, "package.source");
        if (!row.source.n)
                row.source = row.names[0];
        return row;
}

/* The highest rank first. */
static int compare_rows(const void *pa, const void *pb)
{
        const struct row *a = pa, *b = pb;
        int r = (int)b->finding->rank - (int)a->finding->rank;

        r = r ? r : (int)b->finding->severity - (int)a->finding->severity;
        r = r ? r : str_compare(a->id, b->id);
        r = r ? r : str_compare(a->source, b->source);
        r = r ? r : str_compare(a->version, b->version);
        r = r ? r : str_compare(a->fixed, b->fixed);
        return r ? r : str_compare(a->names[0], b->names[0]);
}

static bool same_issue(const struct row *a, const struct row *b)
{
        return str_equal(a->id, b->id) && str_equal(a->source, b->source) && str_equal(a->version, b->version) && str_equal(a->fixed, b->fixed);
}

/* Packages of one source and version have the same issues: one row for them. */
static size_t group(struct row *rows, size_t n)
{
        size_t kept = 0;

        mem_sort(rows, n, sizeof(*rows), compare_rows);
        for (size_t i = 0; i < n; i++) {
                struct row *last = kept ? &rows[kept - 1] : NULL;

                if (!last || !same_issue(last, &rows[i])) {
                        rows[kept++] = rows[i];
                        continue;
                }
                if (last->n < PACKAGES_SHOWN)
                        last->names[last->n] = rows[i].names[0];
                last->n++;
        }
        return kept;
}

static void summary(const struct row *rows, size_t n, const struct report_options *options, struct buf *out)
{
        static const enum severity order[] = { SEVERITY_CRITICAL, SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW, SEVERITY_NONE, SEVERITY_UNKNOWN };
        size_t counts[SEVERITY_CRITICAL + 1] = { 0 }, fixable = 0, exploited = 0;
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                counts[rows[i].finding->severity]++;
                fixable += rows[i].fixed.n > 0;
                exploited += rows[i].kev;
        }
        buf_printf(out, "%s\nVulnerabilities (%zu)%s\n  ", options->colour ? "\033[1m" : "", n, options->colour ? "\033[0m" : "");
        for (size_t i = 0; i < ELEMENTS_OF(order); i++)
                if (counts[order[i]]) {
                        buf_printf(out, "%s%zu %s", any ? ", " : "", counts[order[i]], severity_name(order[i]));
                        any = true;
                }
        buf_printf(out, "; %zu can be fixed, %zu known to be exploited\n", fixable, exploited);
}

static void cell(struct buf *out, struct str text, size_t width)
{
        size_t before = out->len;

        buf_add_quoted(out, text);
        while (out->len - before < width)
                buf_putc(out, ' ');
        buf_puts(out, "  ");
}

static void add_names(const struct row *row, struct buf *out)
{
        for (uint32_t k = 0; k < MIN_OF(row->n, (uint32_t)PACKAGES_SHOWN); k++) {
                buf_puts(out, k ? ", " : "");
                buf_add_str(out, row->names[k]);
        }
        if (row->n > PACKAGES_SHOWN)
                buf_printf(out, " +%u", row->n - PACKAGES_SHOWN);
}

/* Cut between characters. */
static struct str cut(struct str s, size_t most)
{
        size_t n = 0;

        while (n < s.n) {
                size_t step = utf8_char_length((struct str){ s.p + n, s.n - n });

                step = step ? step : 1;
                if (n + step > most)
                        break;
                n += step;
        }
        return (struct str){ s.p, n };
}

struct widths {
        size_t id, package, version, fixed;
};

static struct widths widths_of(const struct row *rows, size_t n, struct buf *name)
{
        struct widths w = { 2, 7, 9, 5 };

        for (size_t i = 0; i < n; i++) {
                buf_clear(name);
                add_names(&rows[i], name);
                w.id = MAX_OF(w.id, MIN_OF(rows[i].id.n, (size_t)24));
                w.package = MAX_OF(w.package, MIN_OF(name->len, (size_t)36));
                w.version = MAX_OF(w.version, MIN_OF(rows[i].version.n, (size_t)30));
                w.fixed = MAX_OF(w.fixed, MIN_OF(rows[i].fixed.n, (size_t)30));
        }
        return w;
}

static void rows_out(const struct row *rows, size_t n, const struct report_options *options, struct buf *out)
{
        static const char *const colours[] = {
                [SEVERITY_UNKNOWN] = "0", [SEVERITY_NONE] = "0", [SEVERITY_LOW] = "36",
                [SEVERITY_MEDIUM] = "33", [SEVERITY_HIGH] = "31", [SEVERITY_CRITICAL] = "1;31",
        };
        _cleanup_(buf_free) struct buf name = { 0 };
        struct widths w = widths_of(rows, n, &name);

        buf_printf(out, "  RANK  %-8s  %-*s  %-*s  %-*s  %-*s  WHAT\n", "SEVERITY", (int)w.id, "ID", (int)w.package, "PACKAGE", (int)w.version,
                   "INSTALLED", (int)w.fixed, "FIXED");
        for (size_t i = 0; i < n; i++) {
                const struct row *row = &rows[i];
                struct str title;

                buf_printf(out, "  %4u  ", row->finding->rank);
                if (options->colour)
                        buf_printf(out, "\033[%sm", colours[row->finding->severity]);
                cell(out, str_from(severity_name(row->finding->severity)), 8);
                if (options->colour)
                        buf_puts(out, "\033[0m");
                cell(out, row->id, w.id);
                buf_clear(&name);
                add_names(row, &name);
                cell(out, buf_str(&name), w.package);
                cell(out, row->version, w.version);
                cell(out, row->fixed, w.fixed);
                title = cut(row->title, TITLE_COLUMNS);
                buf_puts(out, row->kev ? "EXPLOITED: " : "");
                buf_add_quoted(out, title);
                buf_puts(out, title.n < row->title.n ? "…\n" : "\n");
        }
}

void report_table_vulnerabilities(const struct scan_result *result, const struct report_options *options, struct buf *out)
{
        const struct finding_list *list = &result->findings;
        _cleanup_free_ struct row *rows = calloc(list->n + 1, sizeof(*rows));
        size_t n = 0, shown;

        if (!rows) {
                out->failed = true;
                return;
        }
        for (size_t i = 0; i < list->n; i++)
                if (report_is_vulnerability(&list->items[i]) && list->items[i].status == FINDING_OPEN)
                        rows[n++] = row_of(&list->items[i]);
        if (!n)
                return;
        n = group(rows, n);
        summary(rows, n, options, out);
        shown = MIN_OF(n, (size_t)SHOWN);
        rows_out(rows, shown, options, out);
        if (n > shown)
                buf_printf(out, "  and %zu more of lower rank: --format json has them all\n", n - shown);
}
