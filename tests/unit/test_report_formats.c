/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF, JUnit and Markdown over results made by hand: hostile texts, every verdict, exceptions, nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "rendering.h"
#include "report/parts.h"

#define MARKUP "`` `</td>|<script>\\| ![x](http://e) @all {0} & \"' ]]> \xef\xbf\xbe"

static const char *const controls[] = { "CIS-1", "CIS-1", "security", "NIST-2" };
static const char *const references[] = { "not an address", "https://example.org/[x]", "https://example.org/x" };
static struct image image = { .kind = "oci-dir", .reference = "/srv/a b/" MARKUP };

static void add(struct scan_result *result, struct finding finding)
{
        struct error err = ERROR_INIT;

        finding.source = finding.source ? finding.source : "image";
        assert_int_equal(finding_add(&result->findings, &finding, &err), 0);
}

static struct scan_result result_of(bool complete)
{
        return (struct scan_result){
                .image = &image,
                .complete = complete,
                .n_checks = 3,
                .checks = { { "integrity", CHECK_DONE, NULL },
                            { "packages", CHECK_STALE, "old" },
                            { "secrets", CHECK_UNSUPPORTED, EVIL } },
        };
}

static struct scan_result fill(void)
{
        static const struct finding_severity rated[] = { { "debian", SEVERITY_HIGH, 9.9, NULL } };
        struct scan_result result = result_of(false);
        struct finding excepted = { .rule = "x",
                                    .verdict = VERDICT_FAIL,
                                    .severity = SEVERITY_HIGH,
                                    .title = MARKUP,
                                    .message = EVIL,
                                    .status = FINDING_EXCEPTED,
                                    .exception = { .reason = MARKUP, .owner = "o", .expires = "2030-01-01" } };

        add(&result, (struct finding){ .rule = "r one",
                                       .verdict = VERDICT_FAIL,
                                       .severity = SEVERITY_CRITICAL,
                                       .title = "One: [a](b)",
                                       .message = MARKUP,
                                       .path = "/a b/../%/\xff"
                                               "c",
                                       .line = 3,
                                       .column = 4,
                                       .rank = 40,
                                       .layer = EVIL,
                                       .package = "pkg:deb/a@1",
                                       .description = "It {matters}\n<b>much</b>.",
                                       .controls = controls,
                                       .n_controls = ELEMENTS_OF(controls),
                                       .references = references,
                                       .n_references = ELEMENTS_OF(references) });
        add(&result, (struct finding){ .rule = "v",
                                       .verdict = VERDICT_FAIL,
                                       .severity = SEVERITY_HIGH,
                                       .key = "CVE-1",
                                       .message = EVIL,
                                       .package = "pkg:deb/a@1",
                                       .severities = rated,
                                       .n_severities = 1 });
        add(&result, (struct finding){ .rule = "v",
                                       .verdict = VERDICT_FAIL,
                                       .severity = SEVERITY_HIGH,
                                       .key = "CVE-2",
                                       .message = EVIL,
                                       .package = "pkg:deb/a@1",
                                       .severities = rated,
                                       .n_severities = 1 });
        add(&result, excepted);
        for (int i = 0; i < 5; i++)
                add(&result, (struct finding){ .rule = "same",
                                               .source = "file",
                                               .verdict = VERDICT_FAIL,
                                               .severity = SEVERITY_LOW,
                                               .message = "m",
                                               .path = "etc" });
        add(&result,
            (struct finding){
                    .rule = "u", .verdict = VERDICT_UNDETERMINED, .severity = SEVERITY_MEDIUM, .message = "who knows" });
        add(&result,
            (struct finding){ .rule = "p", .verdict = VERDICT_PASS, .severity = SEVERITY_MEDIUM, .message = "fine" });
        add(&result, (struct finding){ .rule = "n", .verdict = VERDICT_NOT_APPLICABLE, .message = "no" });
        problem_add(&result.problems, PROBLEM_GAP, EVIL, "%s", MARKUP);
        return result;
}

static void done(struct scan_result *result)
{
        finding_list_done(&result->findings);
        problem_list_done(&result->problems);
}

static size_t times(const char *text, const char *what)
{
        size_t n = 0;

        for (; (text = strstr(text, what)); text += strlen(what))
                n++;
        return n;
}

/* ---- SARIF ---- */

/* "a.0.b" within a document. */
static json_t *at(json_t *node, const char *path)
{
        struct str rest = str_from(path);

        while (rest.n && node) {
                struct str part = str_cut(&rest, '.');
                uint64_t i;

                if (json_is_array(node))
                        node = str_to_u64(part, 10, &i) == 0 ? json_array_get(node, i) : NULL;
                else
                        node = json_object_getn(node, part.p, part.n);
        }
        assert_non_null(node);
        return node;
}

static const char *string_at(json_t *node, const char *path)
{
        return json_string_value(at(node, path));
}

static json_t *render_sarif(const struct scan_result *result)
{
        const struct report_options options = { .files = true };
        _cleanup_(buf_free) struct buf text = { 0 };
        struct error err = ERROR_INIT;
        json_t *root = NULL;

        render(report_scan_sarif, result, &options, &text);
        assert_int_equal(json_parse(buf_str(&text), text.len, &root, &err), 0);
        return root;
}

static void sarif_describes_rules(void **state)
{
        struct scan_result result = fill();
        _cleanup_json_ json_t *root = render_sarif(&result);
        json_t *rules = at(root, "runs.0.tool.driver.rules"), *rule = at(rules, "2");

        assert_int_equal(json_array_size(rules), 8);
        assert_string_equal(string_at(rule, "id"), "r one");
        assert_string_equal(string_at(rule, "name"), "ROne");
        assert_string_equal(string_at(rule, "shortDescription.text"), "One: [a\\](b)");
        assert_string_equal(string_at(rule, "fullDescription.text"), "It {{matters}}\n<b>much</b>.");
        assert_non_null(strstr(string_at(rule, "help.markdown"), "It \\{matters\\}\n&lt;b&gt;much&lt;\\/b&gt;\\."));
        assert_string_equal(string_at(rule, "helpUri"), "https://example.org/x");
        assert_string_equal(string_at(rule, "defaultConfiguration.level"), "error");
        assert_int_equal(json_array_size(at(rule, "properties.tags")), 3);
        assert_string_equal(string_at(rule, "properties.security-severity"), "9.5");
        assert_string_equal(string_at(rules, "5.id"), "v/CVE-1"); /* one that is rated stands for itself */
        assert_string_equal(string_at(rules, "5.properties.security-severity"), "8.9");
        done(&result);
}

static void sarif_places_results(void **state)
{
        struct scan_result result = fill();
        _cleanup_json_ json_t *root = render_sarif(&result);
        json_t *results = at(root, "runs.0.results"), *first = at(results, "0"),
               *place = at(first, "locations.0.physicalLocation");
        size_t i;
        json_t *item;

        assert_int_equal(json_array_size(results), result.findings.n);
        json_array_foreach(results, i, item)
        {
                json_t *rule = json_array_get(at(root, "runs.0.tool.driver.rules"),
                                              (size_t)json_integer_value(at(item, "ruleIndex")));

                assert_string_equal(string_at(rule, "id"), string_at(item, "ruleId"));
                assert_true(json_integer_value(at(item, "locations.0.physicalLocation.region.startLine")) >= 1);
                assert_string_equal(string_at(item, "partialFingerprints.tallyman/v1"), result.findings.items[i].id);
                assert_non_null(json_object_get(item, "suppressions"));
        }
        assert_string_equal(string_at(place, "artifactLocation.uri"), "a%20b/%2E%2E/%25/%FFc");
        assert_int_equal(json_integer_value(at(place, "region.startLine")), 3);
        assert_int_equal(json_integer_value(at(place, "region.startColumn")), 4);
        assert_int_equal(json_integer_value(at(first, "rank")), 40);
        assert_non_null(strstr(string_at(first, "message.text"), "![x\\](http://e) @all {{0}}"));
        place = at(results, "1.locations.0");
        assert_true(str_starts(str_from(string_at(place, "physicalLocation.artifactLocation.uri")), "e%29%20%40all"));
        assert_string_equal(string_at(place, "logicalLocations.0.kind"), "package");
        assert_string_equal(string_at(at(results, "3"), "suppressions.0.status"), "accepted");
        assert_non_null(
                strstr(string_at(at(results, "3"), "suppressions.0.justification"), "(owner: o; expires: 2030-01-01)"));
        done(&result);
}

static void sarif_tells_verdicts_apart(void **state)
{
        static const struct {
                const char *rule, *kind, *level;
        } cases[] = {
                { "r one", "fail", "error" }, { "same", "fail", "note" },       { "u", "open", "none" },
                { "p", "pass", "none" },      { "n", "notApplicable", "none" },
        };
        struct scan_result result = fill();
        _cleanup_json_ json_t *root = render_sarif(&result);
        json_t *item;
        size_t i;

        for (size_t c = 0; c < ELEMENTS_OF(cases); c++)
                json_array_foreach(at(root, "runs.0.results"), i, item)
                {
                        if (strcmp(string_at(item, "ruleId"), cases[c].rule) != 0)
                                continue;
                        assert_string_equal(string_at(item, "kind"), cases[c].kind);
                        assert_string_equal(string_at(item, "level"), cases[c].level);
                }
        assert_true(json_is_false(at(root, "runs.0.invocations.0.executionSuccessful")));
        item = at(root, "runs.0.invocations.0.toolExecutionNotifications");
        assert_int_equal(json_array_size(item), 3); /* the problem, and two checks that are not "done" */
        assert_string_equal(string_at(item, "0.descriptor.id"), "gap");
        assert_null(strchr(string_at(item, "0.message.text"), '\033'));
        done(&result);
}

/* ---- JUnit ---- */

static void junit_counts_right(void **state)
{
        const struct report_options options = { .files = true };
        struct scan_result result = fill();
        _cleanup_(buf_free) struct buf text = { 0 };

        render(report_scan_junit, &result, &options, &text);
        assert_non_null(strstr(text.data, "tests=\"16\" failures=\"8\" errors=\"2\">"));
        assert_non_null(
                strstr(text.data, "<testsuite name=\"checks\" tests=\"4\" failures=\"0\" errors=\"1\" skipped=\"1\">"));
        assert_non_null(
                strstr(text.data, "<testsuite name=\"file\" tests=\"5\" failures=\"5\" errors=\"0\" skipped=\"0\">"));
        assert_non_null(
                strstr(text.data, "<testsuite name=\"image\" tests=\"7\" failures=\"3\" errors=\"1\" skipped=\"2\">"));
        assert_int_equal(times(text.data, "<failure"), 8);
        assert_int_equal(times(text.data, "<error"), 2);
        assert_int_equal(times(text.data, "<skipped"), 3);
        assert_int_equal(times(text.data, "<testcase"), 16);
        assert_int_equal(times(text.data, "name=\"/etc\""), 1); /* others of that name are numbered */
        assert_int_equal(times(text.data, "name=\"/etc #5\""), 1);
        done(&result);
}

static void junit_escapes(void **state)
{
        const struct report_options options = { 0 };
        struct scan_result result = fill();
        _cleanup_(buf_free) struct buf text = { 0 };

        render(report_scan_junit, &result, &options, &text);
        assert_true(utf8_valid(buf_str(&text)));
        for (size_t i = 0; i < text.len; i++)
                assert_true((unsigned char)text.data[i] >= 0x20 || text.data[i] == '\n');
        assert_null(strstr(text.data, "<script"));
        assert_null(strstr(text.data, "]]>"));
        assert_null(strstr(text.data, "\xef\xbf\xbe"));
        assert_non_null(strstr(text.data, "&lt;script&gt;"));
        assert_non_null(strstr(text.data, "]]&gt; \\u{fffe}"));
        assert_non_null(strstr(text.data, "evil\\x1b[2J\\xff\\nname"));
        done(&result);
}

/* ---- Markdown ---- */

/* What is left of a line without its code spans: there must be nothing of the image in it. */
static void strip_code(const char *line, size_t n, struct buf *out)
{
        for (size_t i = 0; i < n;) {
                size_t ticks = 0, end;

                if (line[i] != '`') {
                        buf_putc(out, line[i++]);
                        continue;
                }
                while (i + ticks < n && line[i + ticks] == '`')
                        ticks++;
                for (end = i + ticks; end < n;) {
                        size_t run = 0;

                        while (end + run < n && line[end + run] == '`')
                                run++;
                        end += run ? run : 1;
                        if (run == ticks)
                                break;
                }
                i = end;
        }
}

/* Pipes that end a cell. */
static size_t cells(const char *line, size_t n)
{
        size_t found = 0, backslashes = 0;

        for (size_t i = 0; i < n; i++) {
                found += line[i] == '|' && backslashes % 2 == 0;
                backslashes = line[i] == '\\' ? backslashes + 1 : 0;
        }
        return found;
}

static void check_markdown(const struct buf *text)
{
        struct str rest = buf_str(text);

        assert_true(utf8_valid(rest));
        assert_true(text->len < 65536);
        while (rest.n) {
                struct str line = str_cut(&rest, '\n');
                _cleanup_(buf_free) struct buf plain = { 0 };

                strip_code(line.p, line.n, &plain);
                if (!plain.len)
                        continue;
                assert_null(strpbrk(plain.data, "@[]&{}!\033\\"));
                assert_null(strstr(plain.data, "http"));
                assert_int_equal(times(plain.data, "<"), times(plain.data, "<br>") + times(plain.data, "<details>") +
                                                                 times(plain.data, "<summary>") +
                                                                 times(plain.data, "</summary>") +
                                                                 times(plain.data, "</details>"));
                if (plain.data[0] == '|')
                        assert_true(cells(line.p, line.n) == 4 || cells(line.p, line.n) == 7);
        }
}

static void markdown_lets_nothing_in(void **state)
{
        const struct report_options options = { 0 };
        struct scan_result result = fill();
        _cleanup_(buf_free) struct buf text = { 0 };

        finding_list_sort(&result.findings);
        render(report_scan_markdown, &result, &options, &text);
        check_markdown(&text);
        assert_non_null(strstr(text.data, "**Incomplete:**"));
        assert_non_null(strstr(text.data, "**1** critical, **2** high, **5** low; 1 could not be decided; 1 excepted.\n"));
        assert_non_null(
                strstr(text.data, "| low | same (5) | `/etc`: `m`<br>`/etc`: `m`<br>`/etc`: `m`<br>and 2 more |\n"));
        assert_non_null(strstr(text.data, "| medium | u | undetermined: `who knows` |\n"));
        assert_non_null(strstr(text.data, "Not checked: packages (only with old data), secrets.\n"));
        assert_non_null(strstr(text.data, "<summary>Excepted (1)</summary>"));
        assert_null(strstr(text.data, "| p |"));
        done(&result);
}

static void markdown_is_bounded(void **state)
{
        const struct report_options options = { 0 };
        struct scan_result result = result_of(true);
        _cleanup_(buf_free) struct buf text = { 0 }, wide = { 0 };

        for (int i = 0; i < 200; i++)
                buf_puts(&wide, "|\\");
        for (int i = 0; i < 300; i++) {
                char rule[8];
                struct finding f = { .rule = rule,
                                     .verdict = VERDICT_FAIL,
                                     .severity = SEVERITY_HIGH,
                                     .title = wide.data,
                                     .message = wide.data,
                                     .path = wide.data };

                snprintf(rule, sizeof(rule), "r%d", i / 4);
                f.status = i % 2 ? FINDING_EXCEPTED : FINDING_OPEN;
                f.exception = (struct finding_exception){ .reason = wide.data, .owner = wide.data, .expires = wide.data };
                add(&result, f);
                problem_add(&result.problems, PROBLEM_NOTE, wide.data, "%s", wide.data);
        }
        render(report_scan_markdown, &result, &options, &text);
        check_markdown(&text);
        assert_non_null(strstr(text.data, "more rules with findings\n"));
        assert_non_null(strstr(text.data, "more findings\n"));
        assert_non_null(strstr(text.data, " more problems\n"));
        done(&result);
}

static void code_spans_hold(void **state)
{
        static const struct {
                const char *text, *code;
        } cases[] = {
                { "", "` `" },         { "a", "`a`" },
                { "`", "`` ` ``" },    { "a``b", "``` a``b ```" },
                { "a|b", "`a\\|b`" },  { "a\\|b", "`a\\\\\\|b`" },
                { "a\nb", "`a\\nb`" }, { "<!--", "`<!--`" },
        };
        _cleanup_(buf_free) struct buf out = { 0 }, wide = { 0 };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                buf_clear(&out);
                markdown_add_code(&out, str_from(cases[i].text));
                assert_string_equal(out.data, cases[i].code);
        }
        for (size_t i = 0; i < CODE_BYTES; i++)
                buf_puts(&wide, "\xe6\x97\xa5");
        buf_clear(&out);
        markdown_add_code(&out, buf_str(&wide));
        assert_true(utf8_valid(buf_str(&out)));
        assert_true(out.len < CODE_BYTES + 8);
        assert_non_null(strstr(out.data, "…"));
}

/* ---- all ---- */

static void nothing_is_fine_too(void **state)
{
        static const render_fn renderers[] = { report_scan_sarif, report_scan_junit, report_scan_markdown };
        const struct report_options options = { .files = true };
        struct image none = { 0 };
        struct scan_result result = { .image = &none, .complete = true };

        for (size_t i = 0; i < ELEMENTS_OF(renderers); i++) {
                _cleanup_(buf_free) struct buf text = { 0 };

                render(renderers[i], &result, &options, &text);
                assert_true(text.len > 0);
                assert_null(strstr(text.data, "Incomplete"));
                assert_null(strstr(text.data, "clean"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sarif_describes_rules),
                cmocka_unit_test(sarif_places_results),
                cmocka_unit_test(sarif_tells_verdicts_apart),
                cmocka_unit_test(junit_counts_right),
                cmocka_unit_test(junit_escapes),
                cmocka_unit_test(markdown_lets_nothing_in),
                cmocka_unit_test(markdown_is_bounded),
                cmocka_unit_test(code_spans_hold),
                cmocka_unit_test(nothing_is_fine_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
