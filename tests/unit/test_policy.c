/* SPDX-License-Identifier: Apache-2.0 */
/* Policies on days of the test's own choosing: no clock and no environment decides what an exception is worth. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "program/program.h"

#define DAY (24 * 60 * 60)
#define LAST_DAY 20848 /* 2027-01-30, in days since 1970 */
#define ON(day) ((int64_t)(day) * DAY)
#define GIVEN "reason: r, owner: o@x, expires: 2027-01-30"

static struct policy *parse(const char *text)
{
        struct policy *policy = NULL;
        struct error err = ERROR_INIT;

        if (policy_parse("p", str_from(text), NULL, &policy, &err) < 0)
                fail_msg("%s", err.message);
        return policy;
}

static struct finding make(const char *rule, const char *path)
{
        return (struct finding){
                .rule = rule, .path = path, .source = "file", .verdict = VERDICT_FAIL, .severity = SEVERITY_MEDIUM,
                .subject_kind = "image", .subject_name = "registry.example/app:1", .message = "m", .owner = "rule's own",
                .package = "pkg:deb/debian/openssl@3", .key = "CVE-2024-1", .layer = "sha256:ab",
        };
}

static void add(struct finding_list *list, struct finding f)
{
        struct error err = ERROR_INIT;

        assert_int_equal(finding_add(list, &f, &err), 0);
}

static struct policy_use apply(const struct policy *policy, struct finding_list *list, int64_t now)
{
        struct policy_use use;
        struct error err = ERROR_INIT;

        assert_int_equal(policy_apply(policy, list, now, &use, &err), 0);
        return use;
}

static const struct finding *find(const struct finding_list *list, const char *rule)
{
        for (size_t i = 0; i < list->n; i++)
                if (strcmp(list->items[i].rule, rule) == 0)
                        return &list->items[i];
        return NULL;
}

/* ---- which findings ---- */

static bool fits(const char *members)
{
        _cleanup_(policy_freep) struct policy *policy = NULL;
        char text[1024];
        struct finding f = make("File [set-uid]", "usr/bin/passwd");

        f.id = "1f2e3d4c5b6a7988";
        snprintf(text, sizeof(text), "version: 1\nexceptions: [{%s, " GIVEN "}]", members);
        policy = parse(text);
        return policy_where_fits(&policy->exceptions[0].where, &f);
}

static void test_where(void **state)
{
        static const struct {
                const char *members;
                bool fits;
        } cases[] = {
                { "id: 1f2e3d4c5b6a7988", true },
                { "id: 1f2e3d4c5b6a7989", false },
                { "id: [0000000000000000, 1f2e3d4c5b6a7988]", true },
                { "id: 1f2e3d4c5b6a7988, rule: x", false },
                { "rule: 'File [set-uid]'", true }, /* as it is written, brackets and all */
                { "rule: File*", true },
                { "rule: file*", false },
                { "rule: [x, 'File*']", true },
                { "rule: '*', where: {path: /usr/bin/passwd}", true },
                { "rule: '*', where: {path: usr/bin/passwd}", true },
                { "rule: '*', where: {path: //usr/bin/**}", true },
                { "rule: '*', where: {path: /usr/bin}", false },
                { "rule: '*', where: {path: /}", false }, /* the root itself, not all that is in it */
                { "rule: '*', where: {path: '/*'}", true },
                { "rule: '*', where: {path: '*/passwd'}", true },
                { "rule: '*', where: {package: 'pkg:deb/debian/openssl*'}", true },
                { "rule: '*', where: {image: 'registry.example/app*'}", true },
                { "rule: '*', where: {image: app}", false },
                { "rule: '*', where: {key: CVE-2024-1}", true },
                { "rule: '*', where: {key: CVE-2024-10}", false },
                { "rule: '*', where: {layer: 'sha256:*', source: [image, file]}", true },
                { "rule: '*', where: {layer: 'sha256:*', source: [image, package]}", false },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
                if (fits(cases[i].members) != cases[i].fits)
                        fail_msg("%s", cases[i].members);
}

/* What a finding does not have is no text that a pattern could fit. */
static void test_nothing_fits_what_is_not_there(void **state)
{
        _cleanup_(policy_freep) struct policy *policy = parse("version: 1\ngates: [{path: '*'}]");
        struct finding f = make("r", NULL);

        assert_false(policy_where_fits(&policy->gates[0].where, &f));
        f.path = "";
        assert_true(policy_where_fits(&policy->gates[0].where, &f));
}

/* ---- dates ---- */

static void test_the_last_day(void **state)
{
        static const struct {
                int64_t now;
                bool expired, soon, far;
        } cases[] = {
                { ON(LAST_DAY) - 1, false, true, false },     { ON(LAST_DAY), false, true, false },
                { ON(LAST_DAY + 1) - 1, false, true, false }, { ON(LAST_DAY + 1), true, false, false },
                { ON(LAST_DAY - 29), false, true, false },    { ON(LAST_DAY - 30), false, false, false },
                { ON(LAST_DAY - 366), false, false, false },  { ON(LAST_DAY - 367), false, false, true },
        };
        _cleanup_(policy_freep) struct policy *policy = parse("version: 1\nexceptions: [{rule: x, " GIVEN "}]");
        const struct policy_exception *e = &policy->exceptions[0];

        assert_int_equal(e->last_day, LAST_DAY);
        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                assert_int_equal(policy_exception_expired(e, cases[i].now), cases[i].expired);
                assert_int_equal(policy_exception_expires_soon(e, cases[i].now), cases[i].soon);
                assert_int_equal(policy_exception_is_far(e, cases[i].now), cases[i].far);
        }
}

static void test_no_environment_revives_an_exception(void **state)
{
        _cleanup_(policy_freep) struct policy *policy = parse("version: 1\nexceptions: [{rule: x, " GIVEN "}]");
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        struct policy_use use;

        setenv("SOURCE_DATE_EPOCH", "0", 1);
        setenv("TZ", "UTC+24", 1);
        tzset();
        add(&list, make("x", NULL));
        use = apply(policy, &list, ON(LAST_DAY + 1));
        unsetenv("SOURCE_DATE_EPOCH");
        unsetenv("TZ");
        tzset();
        assert_int_equal(use.expired, 1);
        assert_int_equal(use.excepted, 0);
        free(use.used);
}

static void test_never(void **state)
{
        _cleanup_(policy_freep) struct policy *policy =
                parse("version: 1\nexceptions: [{rule: x, reason: r, owner: o, expires: never}]");

        assert_false(policy_exception_expired(&policy->exceptions[0], INT64_MAX));
        assert_false(policy_exception_expires_soon(&policy->exceptions[0], INT64_MAX));
        assert_false(policy_exception_is_far(&policy->exceptions[0], 0));
}

/* ---- applying ---- */

static void test_an_exception(void **state)
{
        _cleanup_(policy_freep) struct policy *policy =
                parse("version: 1\nexceptions:\n- {rule: other, " GIVEN "}\n- {rule: x, " GIVEN "}\n");
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        const struct finding *f;
        struct policy_use use;

        add(&list, make("x", NULL));
        add(&list, make("y", NULL));
        use = apply(policy, &list, ON(LAST_DAY));
        assert_int_equal(use.excepted, 1);
        assert_int_equal(use.unused, 1);
        assert_false(use.used[0]);
        assert_true(use.used[1]);
        free(use.used);
        policy = policy_free(policy); /* the list has texts of its own */
        f = find(&list, "x");
        assert_int_equal(f->status, FINDING_EXCEPTED);
        assert_string_equal(f->exception.reason, "r");
        assert_string_equal(f->exception.owner, "o@x");
        assert_string_equal(f->exception.expires, "2027-01-30");
        assert_string_equal(f->exception.file, "p");
        assert_int_equal(f->exception.line, 4);
        assert_false(finding_counts(f));
        assert_int_equal(find(&list, "y")->status, FINDING_OPEN);
        assert_ptr_equal(find(&list, "x"), &list.items[1]); /* after what is open */
}

/* What could not be looked at must not become quiet by an exception for what was found. */
static void test_what_is_undetermined_stays_open(void **state)
{
        _cleanup_(policy_freep) struct policy *policy = parse("version: 1\nexceptions: [{rule: x, " GIVEN "}]");
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        struct finding f = make("x", NULL);
        struct policy_use use;

        f.verdict = VERDICT_UNDETERMINED;
        add(&list, f);
        use = apply(policy, &list, 0);
        assert_int_equal(use.excepted, 0);
        assert_int_equal(use.unused, 0);
        assert_int_equal(list.items[0].status, FINDING_OPEN);
        free(use.used);
}

static void test_the_first_that_holds_excepts(void **state)
{
        _cleanup_(policy_freep) struct policy *policy = parse(
                "version: 1\nexceptions:\n"
                "- {rule: '*', reason: ended, owner: o, expires: 2020-01-01}\n"
                "- {rule: '*', reason: first, owner: o, expires: never}\n"
                "- {rule: x, reason: second, owner: o, expires: never}\n"
                "- {rule: '?', where: {key: CVE-2024-1}, reason: third, owner: o, expires: never}\n");
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        struct policy_use use;

        add(&list, make("x", NULL));
        use = apply(policy, &list, ON(LAST_DAY));
        assert_string_equal(find(&list, "x")->exception.reason, "first");
        assert_int_equal(use.unused, 0);
        free(use.used);
}

static void test_an_expired_exception_is_a_finding(void **state)
{
        _cleanup_(policy_freep) struct policy *policy =
                parse("version: 1\nexceptions:\n- {rule: x, where: {path: /a}, " GIVEN "}\n- {rule: x, where: {path: /b}, " GIVEN "}\n"
                      "owners: [{rule: '*', owner: everybody}]");
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        struct policy_use use;

        add(&list, make("x", "a"));
        use = apply(policy, &list, ON(LAST_DAY + 1));
        free(use.used);
        assert_int_equal(use.expired, 2);
        assert_int_equal(list.n, 3);
        assert_int_equal(find(&list, "x")->status, FINDING_OPEN);
        for (size_t i = 0; i < list.n; i++) {
                const struct finding *f = &list.items[i];
                bool needed = f->line == 3;

                if (strcmp(f->rule, "exception-expired") != 0)
                        continue;
                assert_int_equal(f->severity, needed ? SEVERITY_MEDIUM : SEVERITY_LOW);
                assert_string_equal(f->message, needed ? "p:3: the exception of o@x for rule x, path /a ended on 2027-01-30; it was given because: r" :
                                                         "p:4: the exception of o@x for rule x, path /b ended on 2027-01-30; it was given because: r");
                assert_string_equal(f->owner, "o@x");
                assert_string_equal(f->subject_name, "p");
                assert_true(finding_counts(f));
        }
        assert_string_not_equal(list.items[1].id, list.items[2].id);
        assert_string_not_equal(list.items[0].id, list.items[1].id);
}

static void test_owners(void **state)
{
        _cleanup_(policy_freep) struct policy *policy =
                parse("version: 1\nowners: [{path: [/opt/**, '/srv/*'], owner: app}, {path: '*', owner: rest}]");
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        struct policy_use use;

        add(&list, make("a", "opt/app/x"));
        add(&list, make("b", "srv/x"));
        add(&list, make("c", "usr/x"));
        add(&list, make("d", NULL));
        use = apply(policy, &list, 0);
        free(use.used);
        assert_string_equal(find(&list, "a")->owner, "app");
        assert_string_equal(find(&list, "b")->owner, "app");
        assert_string_equal(find(&list, "c")->owner, "rest");
        assert_string_equal(find(&list, "d")->owner, "rule's own");
}

/* ---- gates ---- */

static void gate_is(const char *gates, size_t expected, const char *says)
{
        _cleanup_(policy_freep) struct policy *policy = NULL;
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        _cleanup_(buf_free) struct buf text = { 0 };
        const struct policy_gate *gate;
        struct policy_use use;
        struct finding f = make("b", NULL);
        char whole[512];
        size_t n = 0;

        snprintf(whole, sizeof(whole), "version: 1\nexceptions: [{rule: c, " GIVEN "}]\ngates: [%s]", gates);
        policy = parse(whole);
        add(&list, make("a", NULL));
        f.severity = SEVERITY_LOW;
        add(&list, f);
        f = make("c", NULL);
        f.severity = SEVERITY_CRITICAL;
        add(&list, f);
        use = apply(policy, &list, 0);
        free(use.used);
        gate = policy_gate_reached(policy, &list, &n);
        assert_int_equal(n, expected);
        assert_int_equal(gate != NULL, expected > 0);
        if (!gate)
                return;
        policy_gate_print(gate, &text);
        assert_string_equal(text.data, says);
}

static void test_gates(void **state)
{
        gate_is("", 0, NULL);
        gate_is("{severity: high}", 0, NULL); /* the one that is critical is excepted */
        gate_is("{severity: low}", 2, "severity low or above");
        gate_is("{severity: critical}, {severity: medium, source: [image, file]}", 1, "severity medium or above, source image or file");
        gate_is("{rule: [a, b]}", 2, "rule a or b");
        gate_is("{rule: c}", 0, NULL);
        gate_is("{path: /x}, {layer: 'sha256:*'}", 2, "layer sha256:*");
}

/* ---- what is wrong ---- */

static void test_what_is_wrong(void **state)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                { "exceptions: [{rule: x, reason: r, owner: ~, expires: never}]", "p:2:42: owner is expected to say something" },
                { "exceptions: [{rule: x, reason: '  ', owner: o, expires: never}]", "p:2:32: reason is expected" },
                { "exceptions: [{rule: x, reason: \"a\\0b\", owner: o, expires: never}]", "p:2:32: reason is expected" },
                { "exceptions: [{id: 12, " GIVEN "}]", "p:2:19: '12' is no finding's id" },
                { "exceptions: [{id: 1F2E3D4C5B6A7988, " GIVEN "}]", "is no finding's id" },
                { "exceptions: [{rule: [], " GIVEN "}]", "p:2:21: rule is expected to have between 1 and 1000 entries" },
                { "exceptions: [{rule: [{}], " GIVEN "}]", "p:2:22: rule is expected to be a text" },
                { "exceptions: [{rule: x, where: {id: y}, " GIVEN "}]", "p:2:32: 'where' has no key 'id'" },
                { "exceptions: [{rule: x, wher: {path: y}, " GIVEN "}]", "did you mean 'where'?" },
                { "exceptions: [{rule: x, rule: y, " GIVEN "}]", "p:2:24: the key 'rule' stands twice" },
                { "exceptions: [{rule: x, reason: r, owner: o, expires: 2027-1-30}]", "expected YYYY-MM-DD" },
                { "exceptions: [{rule: x, reason: r, owner: o, expires: 2027-01-32}]", "there is no day" },
                { "exceptions: [{rule: x, reason: r, owner: o, expires: 2027-01-3O}]", "there is no day" },
                { "exceptions: [x]", "p:2:14: an exception is expected to be a mapping" },
                { "gates: [{severity: ~}]", "severity is expected" },
                { "owners: [{owner: o, path: [a, '']}]", "p:2:31: path is expected" },
                { "gates: [{rule: \xff}]", "p:2:16: this is not UTF-8" },
                { "gates: &a [*a]", "p:2:12: an alias inside what it names" },
                { "gates: [[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]", "nested deeper than 16" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                _cleanup_(buf_free) struct buf text = { 0 };
                struct policy *policy = NULL;
                struct error err = ERROR_INIT;

                buf_printf(&text, "version: 1\n%s\n", cases[i].text);
                assert_true(policy_parse("p", buf_str(&text), NULL, &policy, &err) < 0);
                assert_null(policy);
                if (!strstr(err.message, cases[i].says))
                        fail_msg("%s: %s", cases[i].text, err.message);
        }
}

static void test_leap_days(void **state)
{
        static const char *const days[] = { "2028-02-29", "2027-02-29", "2100-02-29" };
        const int expected[] = { 0, -EBADMSG, -EBADMSG };

        for (size_t i = 0; i < ELEMENTS_OF(days); i++) {
                _cleanup_(policy_freep) struct policy *policy = NULL;
                struct error err = ERROR_INIT;
                char text[256];

                snprintf(text, sizeof(text), "version: 1\nexceptions: [{rule: x, reason: r, owner: o, expires: %s}]", days[i]);
                assert_int_equal(policy_parse("p", str_from(text), NULL, &policy, &err), expected[i]);
        }
}

static void test_windows_line_ends_and_a_byte_order_mark(void **state)
{
        _cleanup_(policy_freep) struct policy *policy =
                parse("\xef\xbb\xbfversion: 1\r\nexceptions:\r\n- rule: x\r\n  reason: r\r\n  owner: o\r\n  expires: 2027-01-30\r\n");

        assert_int_equal(policy->n_exceptions, 1);
        assert_int_equal(policy->exceptions[0].last_day, LAST_DAY);
        assert_int_equal(policy->exceptions[0].line, 3);
}

/* ---- many ---- */

#define MANY 10000
#define FINDINGS 20000

/* The worst that is usual: one rule for all that is vulnerable, an exception for each CVE. Trying each exception on each
 * finding would be 200 million. */
static void test_many_exceptions_of_one_rule(void **state)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        _cleanup_(policy_freep) struct policy *policy = NULL;
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        struct policy_use use;
        struct timespec start, end;

        buf_puts(&text, "version: 1\nexceptions:\n");
        for (int i = 0; i < MANY; i++)
                buf_printf(&text, "- {rule: x, where: {key: CVE-%d, package: 'pkg:deb/*'}, " GIVEN "}\n", i);
        policy = parse(text.data);
        for (int i = 0; i < FINDINGS; i++) {
                struct finding f = make("x", NULL);
                char key[32];

                snprintf(key, sizeof(key), "CVE-%d", i);
                f.key = key;
                add(&list, f);
        }
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        use = apply(policy, &list, 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        assert_int_equal(use.excepted, MANY);
        assert_int_equal(use.unused, 0);
        assert_true(end.tv_sec - start.tv_sec < 2); /* with sanitizers; it takes a minute and more one by one */
        free(use.used);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_where),
                cmocka_unit_test(test_nothing_fits_what_is_not_there),
                cmocka_unit_test(test_the_last_day),
                cmocka_unit_test(test_no_environment_revives_an_exception),
                cmocka_unit_test(test_never),
                cmocka_unit_test(test_an_exception),
                cmocka_unit_test(test_what_is_undetermined_stays_open),
                cmocka_unit_test(test_the_first_that_holds_excepts),
                cmocka_unit_test(test_an_expired_exception_is_a_finding),
                cmocka_unit_test(test_owners),
                cmocka_unit_test(test_gates),
                cmocka_unit_test(test_what_is_wrong),
                cmocka_unit_test(test_leap_days),
                cmocka_unit_test(test_windows_line_ends_and_a_byte_order_mark),
                cmocka_unit_test(test_many_exceptions_of_one_rule),
        };

        return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
