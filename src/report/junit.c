/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit's XML as Jenkins and GitLab read it: what was checked are tests that pass, findings are tests that fail. Within a
 * suite no two tests have the same class and name, for GitLab keeps only one of such.
 */
#include <stdlib.h>
#include <string.h>

#include "report/parts.h"
#include "report/report.h"

enum outcome {
        PASSED,
        FAILED,
        BROKEN, /* it could not be told */
        SKIPPED,
        OUTCOMES,
};

struct junit {
        const struct scan_result *result;
        const struct finding **findings; /* by source, rule and place */
        size_t n;
        struct page page;
};

/* ---- XML ---- */

/* XML 1.0, section 2.2: most control characters can not be written at all, not even as references. */
static void add_xml(struct buf *out, struct str text)
{
        _cleanup_(buf_free) struct buf quoted = { 0 };
        struct str s;

        buf_add_quoted(&quoted, text);
        out->failed = out->failed || quoted.failed;
        s = buf_str(&quoted);
        for (size_t i = 0; i < s.n; i++) {
                unsigned char c = (unsigned char)s.p[i];

                if (c == '&')
                        buf_puts(out, "&amp;");
                else if (c == '<')
                        buf_puts(out, "&lt;");
                else if (c == '>')
                        buf_puts(out, "&gt;");
                else if (c == '"')
                        buf_puts(out, "&quot;");
                else if (c == 0xef && s.n - i > 2 && (unsigned char)s.p[i + 1] == 0xbf &&
                         (unsigned char)s.p[i + 2] >= 0xbe) {
                        buf_printf(out, "\\u{ff%x}", (unsigned char)s.p[i + 2] + 0x40u); /* U+FFFE, U+FFFF */
                        i += 2;
                } else
                        buf_putc(out, (char)c);
        }
}

static void attribute(struct junit *j, const char *name, struct str value)
{
        buf_printf(&j->page.text, " %s=\"", name);
        add_xml(&j->page.text, value);
        buf_putc(&j->page.text, '"');
}

static void begin_case(struct junit *j, const char *class, struct str name)
{
        buf_puts(&j->page.text, "    <testcase");
        attribute(j, "classname", str_from(class));
        attribute(j, "name", name);
        buf_puts(&j->page.text, ">\n");
}

static void end_case(struct junit *j)
{
        buf_puts(&j->page.text, "    </testcase>\n");
}

static void counts(struct junit *j, const size_t n[static OUTCOMES], bool skipped)
{
        buf_printf(&j->page.text, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
                   n[PASSED] + n[FAILED] + n[BROKEN] + n[SKIPPED], n[FAILED], n[BROKEN]);
        if (skipped)
                buf_printf(&j->page.text, " skipped=\"%zu\"", n[SKIPPED]);
}

static void begin_suite(struct junit *j, struct str name, const size_t n[static OUTCOMES])
{
        buf_puts(&j->page.text, "  <testsuite");
        attribute(j, "name", name);
        counts(j, n, true);
        buf_puts(&j->page.text, ">\n");
}

/* ---- the checks ---- */

static enum outcome check_outcome(const struct scan_check *check)
{
        return check->state == CHECK_DONE || check->state == CHECK_STALE ? PASSED : SKIPPED;
}

static void count_checks(const struct scan_result *result, size_t n[static OUTCOMES])
{
        for (size_t i = 0; i < result->n_checks; i++)
                n[check_outcome(&result->checks[i])]++;
        n[result->complete ? PASSED : BROKEN]++;
}

static void put_check(struct junit *j, const struct scan_check *check)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        buf_printf(&text, "%s%s%s", check_state_name(check->state), check->why ? ": " : "", check->why ? check->why : "");
        begin_case(j, "check", str_from(check->kind));
        if (check_outcome(check) == SKIPPED) {
                buf_puts(&j->page.text, "      <skipped");
                attribute(j, "message", buf_str(&text));
                buf_puts(&j->page.text, "/>\n");
        } else if (check->state != CHECK_DONE) {
                buf_puts(&j->page.text, "      <system-out>");
                add_xml(&j->page.text, buf_str(&text));
                buf_puts(&j->page.text, "</system-out>\n");
        }
        end_case(j);
}

/* Whether all could be read, and else what could not. */
static void put_completeness(struct junit *j)
{
        const struct problem_list *list = &j->result->problems;
        const char *element = j->result->complete ? "system-out" : "error";

        begin_case(j, "check", STR_LIT("completeness"));
        if (list->n || !j->result->complete) {
                buf_printf(&j->page.text, "      <%s", element);
                if (!j->result->complete)
                        buf_puts(&j->page.text, " message=\"something could not be read\" type=\"incomplete\"");
                buf_puts(&j->page.text, ">");
                for (size_t i = 0; i < list->n; i++) {
                        buf_puts(&j->page.text, i ? "\n" : "");
                        add_xml(&j->page.text, str_from(list->items[i].where));
                        buf_puts(&j->page.text, ": ");
                        add_xml(&j->page.text, str_from(list->items[i].what));
                }
                if (list->more)
                        buf_printf(&j->page.text, "\nand %zu more", list->more);
                buf_printf(&j->page.text, "</%s>\n", element);
        }
        end_case(j);
}

static void put_checks(struct junit *j)
{
        size_t n[OUTCOMES] = { 0 };

        count_checks(j->result, n);
        begin_suite(j, STR_LIT("checks"), n);
        for (size_t i = 0; i < j->result->n_checks; i++)
                put_check(j, &j->result->checks[i]);
        put_completeness(j);
        buf_puts(&j->page.text, "  </testsuite>\n");
}

/* ---- findings ---- */

static enum outcome outcome_of(const struct finding *f)
{
        if (f->verdict == VERDICT_PASS)
                return PASSED;
        if (f->status == FINDING_EXCEPTED || f->verdict == VERDICT_NOT_APPLICABLE)
                return SKIPPED;
        return f->verdict == VERDICT_FAIL ? FAILED : BROKEN;
}

static int compare_texts(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "");
}

/* What put_name() shows stands first, so that those of the same name stand together. */
static int compare_findings(const void *pa, const void *pb)
{
        const struct finding *a = *(const struct finding *const *)pa, *b = *(const struct finding *const *)pb;
        const char *const texts[][2] = {
                { a->source, b->source },
                { a->rule, b->rule },
                { a->path, b->path },
                { a->package, b->package },
                { a->key, b->key },
                { a->layer, b->layer },
                { a->subject_name, b->subject_name },
        };
        const size_t line_after = 2;
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS_OF(texts); i++) {
                r = compare_texts(texts[i][0], texts[i][1]);
                if (r == 0 && i == line_after)
                        r = (a->line > b->line) - (a->line < b->line);
        }
        return r ? r : (a > b) - (a < b);
}

static void put_name(const struct finding *f, struct buf *out)
{
        buf_clear(out);
        place_add(f, out);
        if (f->path && f->package)
                buf_printf(out, " (%s)", f->package);
        if (f->key)
                buf_printf(out, " %s", f->key);
        if (!out->len)
                buf_puts(out, "image");
}

static void put_line(struct junit *j, const char *what, const char *text)
{
        if (!text)
                return;
        buf_printf(&j->page.text, "%s: ", what);
        add_xml(&j->page.text, str_from(text));
        buf_putc(&j->page.text, '\n');
}

static void put_failure(struct junit *j, const struct finding *f, const char *element)
{
        _cleanup_(buf_free) struct buf place = { 0 };

        place_add(f, &place);
        buf_printf(&j->page.text, "      <%s", element);
        attribute(j, "message", str_from(f->message ? f->message : f->title ? f->title : f->rule));
        attribute(j, "type",
                  str_from(f->verdict == VERDICT_FAIL ? severity_name(f->severity) : verdict_name(f->verdict)));
        buf_puts(&j->page.text, ">\n");
        put_line(j, "severity", severity_name(f->severity));
        put_line(j, "title", f->title);
        put_line(j, "place", place.len ? place.data : NULL);
        put_line(j, "package", f->package);
        put_line(j, "layer", f->layer);
        put_line(j, "why it matters", f->description);
        put_line(j, "what to do", f->remediation);
        for (uint32_t i = 0; i < f->n_references; i++)
                put_line(j, "reference", f->references[i]);
        put_line(j, "id", f->id);
        buf_printf(&j->page.text, "</%s>\n", element);
}

static void put_skipped(struct junit *j, const struct finding *f)
{
        const struct finding_exception *e = &f->exception;
        _cleanup_(buf_free) struct buf text = { 0 };

        if (f->status == FINDING_EXCEPTED)
                buf_printf(&text, "excepted: %s (owner: %s; expires: %s)", e->reason ? e->reason : "no reason is given",
                           e->owner ? e->owner : "nobody", e->expires ? e->expires : "never");
        else
                buf_puts(&text, "not applicable");
        buf_puts(&j->page.text, "      <skipped");
        attribute(j, "message", buf_str(&text));
        buf_puts(&j->page.text, "/>\n");
}

static void put_finding(struct junit *j, const struct finding *f, struct str name)
{
        begin_case(j, f->rule, name);
        switch (outcome_of(f)) {
        case FAILED:
                put_failure(j, f, "failure");
                break;
        case BROKEN:
                put_failure(j, f, "error");
                break;
        case SKIPPED:
                put_skipped(j, f);
                break;
        default:
                break;
        }
        end_case(j);
}

/* Returns how many findings the suite has taken. */
static int put_suite(struct junit *j, size_t first, size_t *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf name = { 0 }, last = { 0 };
        const struct finding *const *f = j->findings + first;
        size_t n[OUTCOMES] = { 0 }, taken = 0, same = 0;
        int r = 0;

        for (; first + taken < j->n && compare_texts(f[taken]->source, f[0]->source) == 0; taken++)
                n[outcome_of(f[taken])]++;
        begin_suite(j, str_from(f[0]->source ? f[0]->source : "other"), n);
        for (size_t i = 0; r == 0 && i < taken; i++) {
                put_name(f[i], &name);
                same = i > 0 && strcmp(f[i]->rule, f[i - 1]->rule) == 0 && str_equal(buf_str(&name), buf_str(&last))
                               ? same + 1
                               : 0;
                buf_clear(&last);
                buf_add_str(&last, buf_str(&name));
                if (same)
                        buf_printf(&name, " #%zu", same + 1);
                if (!buf_ok(&name) || !buf_ok(&last))
                        return error_oom(err);
                put_finding(j, f[i], buf_str(&name));
                r = page_flush(&j->page, PAGE_PIECE, err);
        }
        buf_puts(&j->page.text, "  </testsuite>\n");
        *ret = taken;
        return r;
}

static void put_start(struct junit *j)
{
        _cleanup_(buf_free) struct buf name = { 0 };
        size_t n[OUTCOMES] = { 0 };

        count_checks(j->result, n);
        for (size_t i = 0; i < j->n; i++)
                n[outcome_of(j->findings[i])]++;
        buf_puts(&name, "tallyman ");
        image_add_name(j->result->image, &name);
        buf_puts(&j->page.text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
        attribute(j, "name", buf_str(&name));
        counts(j, n, false);
        buf_puts(&j->page.text, ">\n");
}

static int put_all(struct junit *j, struct error *err)
{
        int r = 0;

        put_start(j);
        put_checks(j);
        for (size_t i = 0, n = 0; r == 0 && i < j->n; i += n)
                r = put_suite(j, i, &n, err);
        buf_puts(&j->page.text, "</testsuites>\n");
        return r < 0 ? r : page_flush(&j->page, 0, err);
}

int report_scan_junit(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err)
{
        struct junit j = { .result = result, .n = result->findings.n, .page = { .out = out } };
        int r;

        j.findings = calloc(j.n + 1, sizeof(*j.findings));
        if (!j.findings)
                return error_oom(err);
        for (size_t i = 0; i < j.n; i++)
                j.findings[i] = &result->findings.items[i];
        mem_sort(j.findings, j.n, sizeof(*j.findings), compare_findings);
        r = put_all(&j, err);
        buf_free(&j.page.text);
        free(j.findings);
        return r;
}
