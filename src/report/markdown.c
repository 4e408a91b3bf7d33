/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a comment on a change: short, the worst first, and no longer than such a comment may be (GitHub: 65,536
 * characters). Whatever comes from the image stands in code spans.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/parts.h"
#include "report/report.h"

#define FINDINGS_SHOWN 3 /* of one rule */
#define RULES_SHOWN 50
#define EXCEPTED_SHOWN 50
#define PROBLEMS_SHOWN 20
/* Where each part ends, in bytes of the whole; a row has at most 3 KiB. */
#define FINDINGS_END 40000
#define EXCEPTED_END 52000
#define PROBLEMS_END 60000

/* The open findings of one rule and severity. */
struct group {
        const struct finding *const *items;
        size_t n;
};

struct comment {
        const struct scan_result *result;
        const struct finding **open, **excepted; /* in the list's order until they are grouped */
        size_t n_open, n_excepted;
        struct group *groups;
        size_t n_groups;
        struct page page;
};

static struct buf *text_of(struct comment *c)
{
        return &c->page.text;
}

/* ---- what is shown ---- */

static int compare_rules(const struct finding *a, const struct finding *b)
{
        int r = (int)b->severity - (int)a->severity;

        return r ? r : strcmp(a->rule, b->rule);
}

/* The list's order is that of the addresses. */
static int compare_findings(const void *pa, const void *pb)
{
        const struct finding *const *a = pa, *const *b = pb;
        int r = compare_rules(*a, *b);

        return r ? r : (*a > *b) - (*a < *b);
}

static int compare_groups(const void *pa, const void *pb)
{
        const struct group *a = pa, *b = pb;

        return (a->items[0] > b->items[0]) - (a->items[0] < b->items[0]);
}

static int collect(struct comment *c, struct error *err)
{
        const struct finding_list *list = &c->result->findings;

        c->open = calloc(list->n + 1, sizeof(*c->open));
        c->excepted = calloc(list->n + 1, sizeof(*c->excepted));
        c->groups = calloc(list->n + 1, sizeof(*c->groups));
        if (!c->open || !c->excepted || !c->groups)
                return error_oom(err);
        for (size_t i = 0; i < list->n; i++) {
                const struct finding *f = &list->items[i];

                if (f->status == FINDING_EXCEPTED)
                        c->excepted[c->n_excepted++] = f;
                else if (f->verdict == VERDICT_FAIL || f->verdict == VERDICT_UNDETERMINED)
                        c->open[c->n_open++] = f;
        }
        mem_sort(c->open, c->n_open, sizeof(*c->open), compare_findings);
        for (size_t i = 0; i < c->n_open; i++) {
                if (i == 0 || compare_rules(c->open[i - 1], c->open[i]) != 0)
                        c->groups[c->n_groups++].items = &c->open[i];
                c->groups[c->n_groups - 1].n++;
        }
        mem_sort(c->groups, c->n_groups, sizeof(*c->groups), compare_groups);
        return 0;
}

/* ---- parts ---- */

static void put_code(struct comment *c, const char *text)
{
        markdown_add_code(text_of(c), str_from(text));
}

static void put_image_heading(struct comment *c)
{
        _cleanup_(buf_free) struct buf name = { 0 };

        image_add_name(c->result->image, &name);
        buf_puts(text_of(c), "## Tallyman: ");
        markdown_add_code(text_of(c), buf_str(&name));
        buf_puts(text_of(c), "\n\n");
        if (!c->result->complete)
                buf_puts(text_of(c),
                         "**Incomplete:** something could not be read, so there may be more than is shown here.\n\n");
}

static void put_counts(struct comment *c)
{
        size_t n[SEVERITY_CRITICAL + 1] = { 0 }, undetermined = 0;
        const char *separator = "";

        for (size_t i = 0; i < c->n_open; i++)
                if (finding_counts(c->open[i]))
                        n[c->open[i]->severity]++;
                else
                        undetermined++;
        for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
                if (n[s]) {
                        buf_printf(text_of(c), "%s**%zu** %s", separator, n[s], severity_name((enum severity)s));
                        separator = ", ";
                }
        if (c->n_open == undetermined)
                buf_puts(text_of(c), "Nothing was found by the checks that were made");
        if (undetermined)
                buf_printf(text_of(c), "; %zu could not be decided", undetermined);
        if (c->n_excepted)
                buf_printf(text_of(c), "; %zu excepted", c->n_excepted);
        buf_puts(text_of(c), ".\n\n");
}

static void put_unchecked(struct comment *c)
{
        const char *separator = "Not checked: ";

        for (size_t i = 0; i < c->result->n_checks; i++) {
                const struct scan_check *check = &c->result->checks[i];

                if (check->state == CHECK_DONE)
                        continue;
                buf_puts(text_of(c), separator);
                markdown_add_title(text_of(c), str_from(check->kind));
                buf_puts(text_of(c), check->state == CHECK_STALE ? " (only with old data)" : "");
                separator = ", ";
        }
        if (*separator == ',')
                buf_puts(text_of(c), ".\n\n");
}

static void put_finding(struct comment *c, const struct finding *f)
{
        _cleanup_(buf_free) struct buf place = { 0 };

        if (f->verdict != VERDICT_FAIL)
                buf_printf(text_of(c), "%s: ", verdict_name(f->verdict));
        place_add(f, &place);
        if (place.len && (f->path || f->package) && !(f->message && strstr(f->message, place.data))) {
                markdown_add_code(text_of(c), buf_str(&place));
                buf_puts(text_of(c), f->message ? ": " : "");
        }
        if (f->message)
                put_code(c, f->message);
}

static void put_more(struct comment *c, size_t n, const char *what)
{
        if (n)
                buf_printf(text_of(c), "\nand %zu more %s\n", n, what);
}

static void put_findings(struct comment *c)
{
        size_t shown = 0;

        if (!c->n_groups)
                return;
        buf_puts(text_of(c), "| Severity | Rule | Found |\n| --- | --- | --- |\n");
        for (; shown < MIN_OF(c->n_groups, (size_t)RULES_SHOWN) && text_of(c)->len < FINDINGS_END; shown++) {
                const struct group *g = &c->groups[shown];
                const struct finding *first = g->items[0];

                buf_printf(text_of(c), "| %s | ", severity_name(first->severity));
                markdown_add_title(text_of(c), str_from(first->title ? first->title : first->rule));
                if (g->n > 1)
                        buf_printf(text_of(c), " (%zu)", g->n);
                buf_puts(text_of(c), " | ");
                for (size_t i = 0; i < MIN_OF(g->n, (size_t)FINDINGS_SHOWN); i++) {
                        buf_puts(text_of(c), i ? "<br>" : "");
                        put_finding(c, g->items[i]);
                }
                if (g->n > FINDINGS_SHOWN)
                        buf_printf(text_of(c), "<br>and %zu more", g->n - FINDINGS_SHOWN);
                buf_puts(text_of(c), " |\n");
        }
        put_more(c, c->n_groups - shown, "rules with findings");
        buf_putc(text_of(c), '\n');
}

static void begin_details(struct comment *c, const char *title, size_t n)
{
        buf_printf(text_of(c), "<details>\n<summary>%s (%zu)</summary>\n\n", title, n);
}

static void end_details(struct comment *c)
{
        buf_puts(text_of(c), "\n</details>\n\n");
}

static void put_excepted(struct comment *c)
{
        size_t shown = 0;

        if (!c->n_excepted)
                return;
        begin_details(c, "Excepted", c->n_excepted);
        buf_puts(text_of(c),
                 "| Severity | Rule | Found | Reason | Owner | Until |\n| --- | --- | --- | --- | --- | --- |\n");
        for (; shown < MIN_OF(c->n_excepted, (size_t)EXCEPTED_SHOWN) && text_of(c)->len < EXCEPTED_END; shown++) {
                const struct finding *f = c->excepted[shown];

                buf_printf(text_of(c), "| %s | ", severity_name(f->severity));
                markdown_add_title(text_of(c), str_from(f->title ? f->title : f->rule));
                buf_puts(text_of(c), " | ");
                put_finding(c, f);
                buf_puts(text_of(c), " | ");
                markdown_add_title(text_of(c), str_from(f->exception.reason));
                buf_puts(text_of(c), " | ");
                markdown_add_title(text_of(c), str_from(f->exception.owner));
                buf_puts(text_of(c), " | ");
                markdown_add_title(text_of(c), str_from(f->exception.expires ? f->exception.expires : "for ever"));
                buf_puts(text_of(c), " |\n");
        }
        put_more(c, c->n_excepted - shown, "findings");
        end_details(c);
}

static void put_problems(struct comment *c)
{
        const struct problem_list *list = &c->result->problems;
        size_t shown = 0;

        if (!list->n)
                return;
        begin_details(c, "Problems", list->n + list->more);
        for (; shown < MIN_OF(list->n, (size_t)PROBLEMS_SHOWN) && text_of(c)->len < PROBLEMS_END; shown++) {
                buf_puts(text_of(c), "- ");
                put_code(c, list->items[shown].where);
                buf_puts(text_of(c), ": ");
                put_code(c, list->items[shown].what);
                buf_putc(text_of(c), '\n');
        }
        put_more(c, list->n + list->more - shown, "problems");
        end_details(c);
}

int report_scan_markdown(const struct scan_result *result, const struct report_options *options, struct output *out,
                         struct error *err)
{
        struct comment c = { .result = result, .page = { .out = out } };
        int r = collect(&c, err);

        if (r == 0) {
                put_image_heading(&c);
                put_counts(&c);
                put_findings(&c);
                put_unchecked(&c);
                put_excepted(&c);
                put_problems(&c);
                r = page_flush(&c.page, 0, err);
        }
        buf_free(&c.page.text);
        free(c.open);
        free(c.excepted);
        free(c.groups);
        return r;
}
