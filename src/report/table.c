/* SPDX-License-Identifier: Apache-2.0 */
/* For people. Whatever comes from the image is quoted: nothing in it can move a cursor. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/interrupt.h"
#include "report/report.h"
#include "report/table_vulnerabilities.h"

#define COLUMNS 6
#define COLUMN_MIN 5
#define COLUMN_PAD_MAX 60 /* columns are not padded further where nothing is folded */
#define FINDINGS_SHOWN 5 /* of one rule */
#define EXCEPTED_SHOWN 20
#define LICENSES_SHOWN 2 /* the JSON report has them all */
#define FLUSH_BYTES 65536
#define RELEASE_EVERY 65536

struct table {
        const struct scan_result *result;
        const struct report_options *options;
        struct output *out;
        struct buf text;
};

static int flush(struct table *t, size_t at_least, struct error *err)
{
        int r = 0;

        if (!buf_ok(&t->text))
                return error_oom(err);
        if (t->text.len && t->text.len >= at_least)
                r = output_write(t->out, t->text.data, t->text.len, err);
        if (t->text.len >= at_least)
                buf_clear(&t->text);
        return r;
}

static void colour(struct table *t, const char *code)
{
        if (t->options->colour)
                buf_printf(&t->text, "\033[%sm", code);
}

static void heading(struct table *t, const char *text)
{
        colour(t, "1");
        buf_puts(&t->text, text);
        colour(t, "0");
        buf_putc(&t->text, '\n');
}

/* A text from us or the image; NULL is nothing. */
static void quoted(struct table *t, const char *text)
{
        buf_add_quoted(&t->text, str_from(text));
}

static void label(struct table *t, const char *name)
{
        colour(t, "1");
        buf_printf(&t->text, "%-14s", name);
        colour(t, "0");
}

static void header_distribution(struct table *t)
{
        const struct distribution *d = &t->result->distribution;

        label(t, "Distribution");
        if (!t->result->has_distribution) {
                buf_puts(&t->text, "unknown\n");
                return;
        }
        buf_add_quoted(&t->text, d->name.n ? d->name : d->id);
        buf_puts(&t->text, ", end of life ");
        if (d->end_of_life.n)
                buf_add_quoted(&t->text, d->end_of_life);
        else
                buf_puts(&t->text, "unknown");
        buf_putc(&t->text, '\n');
}

static void header(struct table *t)
{
        const struct image *image = t->result->image;
        char digest[DIGEST_TEXT_MAX];
        uint64_t size = 0;

        label(t, "Image");
        if (image->kind) {
                quoted(t, image->kind);
                buf_putc(&t->text, ':');
        }
        quoted(t, image->reference);
        buf_putc(&t->text, '\n');
        label(t, "Image ID");
        buf_printf(&t->text, "%s\n", digest_is_set(&image->image_id) ? digest_text(&image->image_id, digest) : "none");
        label(t, "Platform");
        quoted(t, image->platform.os ? image->platform.os : "unknown");
        if (image->platform.architecture) {
                buf_putc(&t->text, '/');
                quoted(t, image->platform.architecture);
        }
        if (image->platform.variant) {
                buf_putc(&t->text, '/');
                quoted(t, image->platform.variant);
        }
        buf_putc(&t->text, '\n');
        header_distribution(t);
        for (size_t i = 0; i < image->n_layers; i++)
                size += image->layers[i].size;
        label(t, "Layers");
        buf_printf(&t->text, "%zu, ", image->n_layers);
        buf_add_size(&t->text, size);
        buf_putc(&t->text, '\n');
        if (t->result->policy) {
                label(t, "Policy");
                quoted(t, t->result->policy);
                buf_putc(&t->text, '\n');
        }
        label(t, "Files");
        buf_printf(&t->text, "%" PRIu64 "\n", t->result->index ? image_index_count(t->result->index) : 0);
}

/* Findings of one rule stand together: how many, and the first of them. */
static size_t finding_group(struct table *t, const struct finding *first, size_t left)
{
        static const char *const colours[] = {
                [SEVERITY_UNKNOWN] = "0", [SEVERITY_NONE] = "0", [SEVERITY_LOW] = "36",
                [SEVERITY_MEDIUM] = "33", [SEVERITY_HIGH] = "31", [SEVERITY_CRITICAL] = "1;31",
        };
        size_t n = 1;

        while (n < left && first[n].severity == first->severity && strcmp(first[n].rule, first->rule) == 0 &&
               first[n].status == FINDING_OPEN)
                n++;
        colour(t, colours[first->severity]);
        buf_printf(&t->text, "  %-9s", severity_name(first->severity));
        colour(t, "0");
        quoted(t, first->title ? first->title : first->rule);
        if (n > 1)
                buf_printf(&t->text, " (%zu)", n);
        buf_putc(&t->text, '\n');
        for (size_t i = 0; i < MIN_OF(n, (size_t)FINDINGS_SHOWN); i++) {
                buf_puts(&t->text, "           ");
                if (first[i].verdict != VERDICT_FAIL)
                        buf_printf(&t->text, "%s: ", verdict_name(first[i].verdict));
                quoted(t, first[i].message);
                buf_putc(&t->text, '\n');
        }
        if (n > FINDINGS_SHOWN)
                buf_printf(&t->text, "           and %zu more\n", n - FINDINGS_SHOWN);
        return n;
}

static void findings(struct table *t)
{
        const struct finding_list *list = &t->result->findings;
        bool any = false;

        for (size_t i = 0; i < list->n;) {
                const struct finding *f = &list->items[i];

                if (f->status != FINDING_OPEN || report_is_vulnerability(f)) {
                        i++;
                        continue;
                }
                if (!any)
                        heading(t, "\nFindings");
                any = true;
                i += finding_group(t, f, list->n - i);
        }
}

/* They stand apart, and are always counted: who excepted them, and until when. */
static void excepted(struct table *t)
{
        const struct finding_list *list = &t->result->findings;
        size_t n = finding_list_excepted(list), shown = 0;

        if (!n)
                return;
        colour(t, "1");
        buf_printf(&t->text, "\nExcepted (%zu)\n", n);
        colour(t, "0");
        for (size_t i = 0; i < list->n && shown < EXCEPTED_SHOWN; i++) {
                const struct finding *f = &list->items[i];

                if (f->status != FINDING_EXCEPTED)
                        continue;
                shown++;
                buf_printf(&t->text, "  %-9s", severity_name(f->severity));
                quoted(t, f->title ? f->title : f->rule);
                buf_puts(&t->text, ": ");
                quoted(t, f->message);
                buf_printf(&t->text, "\n           %s%s, by ", f->exception.expires ? "until " : "for ever",
                           f->exception.expires ? f->exception.expires : "");
                quoted(t, f->exception.owner);
                buf_puts(&t->text, ": ");
                quoted(t, f->exception.reason);
                buf_putc(&t->text, '\n');
        }
        if (n > shown)
                buf_printf(&t->text, "           and %zu more\n", n - shown);
}

/* Columns that a quoted text takes, and the bytes of it that fit into `most` columns. */
static size_t columns(struct str s, size_t most, size_t *ret_bytes)
{
        size_t used = 0, i = 0;

        while (i < s.n) {
                struct str rest = { s.p + i, s.n - i };
                size_t n = utf8_char_length(rest);
                wchar_t c = 0;
                mbstate_t state = { 0 };
                int w = 1;

                n = n ? n : 1;
                if (n > 1 && mbrtowc(&c, rest.p, n, &state) == n)
                        w = wcwidth(c) < 0 ? 1 : wcwidth(c);
                if (used + (size_t)w > most)
                        break;
                used += (size_t)w;
                i += n;
        }
        if (ret_bytes)
                *ret_bytes = i;
        return used;
}

static void cell_text(const struct table *t, size_t row, unsigned column, struct buf *out)
{
        const struct scan_package *sp = &t->result->packages[row];
        const struct package *p = &sp->package;
        bool same_version = p->source_version.n == 0 || str_equal(p->source_version, p->version);

        buf_clear(out);
        switch (column) {
        case 0:
                buf_add_quoted(out, p->name);
                break;
        case 1:
                buf_add_quoted(out, p->version);
                break;
        case 2:
                buf_add_quoted(out, p->type);
                if (p->evidence == PACKAGE_DECLARED)
                        buf_puts(out, " (declared)");
                break;
        case 3:
                if (!str_equal(p->source_name, p->name) || !same_version)
                        buf_add_quoted(out, p->source_name);
                if (!same_version) {
                        buf_putc(out, ' ');
                        buf_add_quoted(out, p->source_version);
                }
                break;
        case 4:
                for (uint32_t i = 0; i < MIN_OF(p->n_licenses, (uint32_t)LICENSES_SHOWN); i++) {
                        buf_puts(out, i ? ", " : "");
                        buf_add_quoted(out, p->licenses[i]);
                }
                if (p->n_licenses > LICENSES_SHOWN)
                        buf_printf(out, " +%" PRIu32, p->n_licenses - LICENSES_SHOWN);
                break;
        default:
                buf_printf(out, "%" PRIu32, sp->layer);
        }
}

/* Takes from the widest column until all fit. */
static void fit(size_t widths[static COLUMNS], unsigned width)
{
        for (;;) {
                size_t sum = 2 * COLUMNS, widest = 0;

                for (unsigned c = 0; c < COLUMNS; c++) {
                        sum += widths[c];
                        if (widths[c] > widths[widest])
                                widest = c;
                }
                if (sum <= width || widths[widest] <= COLUMN_MIN)
                        return;
                widths[widest]--;
        }
}

static void cell(struct table *t, struct str text, size_t width, bool last)
{
        size_t bytes, used = columns(text, SIZE_MAX, NULL);

        if (t->options->width && used > width) {
                used = columns(text, width - 1, &bytes) + 1;
                buf_add(&t->text, text.p, bytes);
                buf_puts(&t->text, "…");
        } else {
                buf_add_str(&t->text, text);
        }
        if (last)
                buf_putc(&t->text, '\n');
        else
                buf_printf(&t->text, "%*s", (int)(used < width ? width - used + 2 : 2), "");
}

static int packages(struct table *t, struct error *err)
{
        static const char *const titles[COLUMNS] = { "NAME", "VERSION", "TYPE", "SOURCE", "LICENCE", "LAYER" };
        size_t widths[COLUMNS], most = t->options->width ? t->options->width : COLUMN_PAD_MAX;
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_printf(&t->text, "\n");
        colour(t, "1");
        buf_printf(&t->text, "Packages (%zu)", t->result->n_packages);
        colour(t, "0");
        buf_putc(&t->text, '\n');
        if (t->result->n_packages == 0)
                return 0;
        for (unsigned c = 0; c < COLUMNS; c++) {
                widths[c] = strlen(titles[c]);
                for (size_t i = 0; i < t->result->n_packages; i++) {
                        cell_text(t, i, c, &text);
                        widths[c] = MAX_OF(widths[c], columns(buf_str(&text), most, NULL));
                }
        }
        if (t->options->width)
                fit(widths, t->options->width);
        for (unsigned c = 0; c < COLUMNS; c++)
                cell(t, str_from(titles[c]), widths[c], c + 1 == COLUMNS);
        for (size_t i = 0; i < t->result->n_packages; i++) {
                int r;

                for (unsigned c = 0; c < COLUMNS; c++) {
                        cell_text(t, i, c, &text);
                        if (!buf_ok(&text))
                                return error_oom(err);
                        cell(t, buf_str(&text), widths[c], c + 1 == COLUMNS);
                }
                r = flush(t, FLUSH_BYTES, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int files(struct table *t, struct error *err)
{
        uint64_t n = t->result->index ? image_index_count(t->result->index) : 0;

        heading(t, "\nFiles");
        for (uint64_t i = 0; i < n; i++) {
                struct file_entry f;
                int r = image_index_get(t->result->index, i, &f, err);

                if (r < 0)
                        return r;
                buf_printf(&t->text, "%-9s %04o %5" PRIu32 ":%-5" PRIu32 " %12" PRIu64 "  /", file_type_name(f.type),
                           f.mode & 07777, f.uid, f.gid, f.size);
                buf_add_quoted(&t->text, f.path);
                if (f.target.n) {
                        buf_puts(&t->text, " -> ");
                        buf_add_quoted(&t->text, f.target);
                }
                buf_putc(&t->text, '\n');
                r = flush(t, FLUSH_BYTES, err);
                if (r == 0 && i % RELEASE_EVERY == RELEASE_EVERY - 1) {
                        image_index_release(t->result->index);
                        r = interrupt_check(err);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static void problems(struct table *t)
{
        const struct problem_list *list = &t->result->problems;

        if (list->n)
                heading(t, "\nProblems");
        for (size_t i = 0; i < list->n; i++) {
                buf_puts(&t->text, "  ");
                quoted(t, list->items[i].where);
                buf_puts(&t->text, ": ");
                quoted(t, list->items[i].what);
                buf_putc(&t->text, '\n');
        }
        if (list->more)
                buf_printf(&t->text, "  and %zu more\n", list->more);
}

static void checks(struct table *t)
{
        static const char *const states[] = {
                [CHECK_DONE] = "done", [CHECK_NO_DATA] = "NOT CHECKED, no data", [CHECK_STALE] = "done with old data",
                [CHECK_UNSUPPORTED] = "NOT CHECKED, not supported", [CHECK_NOT_ASKED] = "NOT CHECKED, not asked for",
        };

        heading(t, "\nChecks");
        for (size_t i = 0; i < t->result->n_checks; i++) {
                const struct scan_check *c = &t->result->checks[i];

                buf_printf(&t->text, "  %-16s ", c->kind);
                colour(t, c->state == CHECK_DONE ? "32" : "33");
                buf_puts(&t->text, states[c->state]);
                colour(t, "0");
                if (c->why) {
                        buf_puts(&t->text, ": ");
                        quoted(t, c->why);
                }
                buf_putc(&t->text, '\n');
        }
        if (!t->result->complete)
                buf_puts(&t->text, "\nIncomplete: something could not be read, see the problems above.\n");
}

int report_scan_table(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err)
{
        struct table t = { .result = result, .options = options, .out = out };
        int r;

        header(&t);
        findings(&t);
        report_table_vulnerabilities(result, options, &t.text);
        excepted(&t);
        r = packages(&t, err);
        if (r == 0 && options->files)
                r = files(&t, err);
        if (r == 0) {
                problems(&t);
                checks(&t);
                r = flush(&t, 0, err);
        }
        buf_free(&t.text);
        return r;
}
