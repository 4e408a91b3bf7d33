/* SPDX-License-Identifier: Apache-2.0 */
/* Events held against rules, what is told of them, and how alerts are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "pipeline/detect.h"
#include "pipeline/judge.h"
#include "report/alert.h"

#define SECOND 1000000000ll
#define NOON 1785500000123456789ll

static const char rules[] =
        "- rule: Shell\n  desc: A shell.\n  condition: evt.type = execve and proc.name = bash\n"
        "  output: shell %proc.name in %container.id\n  priority: WARNING\n  tags: [container, T1059]\n"
        "  references: [https://example.org]\n  controls: [C-1]\n"
        "- rule: Open\n  desc: An open.\n  condition: evt.type = openat and fd.name = /etc/shadow\n  output: o\n  priority: ERROR\n";

struct heard {
        unsigned n;
        uint64_t repeated;
        bool with_event;
        struct buf json, falco, ocsf, text;
};

static void hear(void *ctx, const struct alert *alert)
{
        static const char *const hostname = "host-1";
        struct heard *h = ctx;
        struct { enum alert_format format; struct buf *out; } const all[] = {
                { ALERT_TEXT, &h->text }, { ALERT_JSON, &h->json }, { ALERT_FALCO, &h->falco }, { ALERT_OCSF, &h->ocsf },
        };
        struct error err = ERROR_INIT;

        h->n++;
        h->repeated = alert->repeated;
        h->with_event = alert->event;
        for (size_t i = 0; i < ELEMENTS_OF(all); i++) {
                const struct alert_style style = { .format = all[i].format, .hostname = hostname };

                buf_clear(all[i].out);
                assert_int_equal(alert_write(alert, &style, all[i].out, &err), 0);
        }
}

static void heard_done(struct heard *h)
{
        buf_free(&h->json);
        buf_free(&h->falco);
        buf_free(&h->ocsf);
        buf_free(&h->text);
}

static void begin(struct heard *h, uint32_t burst, struct rule_set **set, struct detect **ret)
{
        const struct rule_file file = { .name = "r", .text = { rules, sizeof(rules) - 1 } };
        const struct rules_options options = { .sources = judge_sources, .strict = true };
        struct detect_options how = { .matching = MATCHING_ALL, .burst = burst, .tell = hear, .ctx = h };
        struct error err = ERROR_INIT;

        assert_int_equal(rules_load(&file, 1, &options, set, &err), 0);
        how.rules = *set;
        assert_int_equal(detect_new(&how, ret, &err), 0);
}

static void send(struct detect *d, int64_t time, const char *name, const char *container)
{
        _cleanup_(syscall_record_freep) struct syscall_record *record = NULL;
        char when[32];
        const char *const fields[][2] = {
                { "evt.type", "execve" }, { "evt.rawtime", when }, { "proc.name", name }, { "proc.pid", "412" },
                { "proc.exepath", "/usr/bin/\033[2Jbash" }, { "proc.args", "-i" }, { "proc.pname", "nginx" },
                { "container.full_id", container }, { "container.name", "web" }, { "container.image", "shop/web:1.2" },
        };
        struct error err = ERROR_INIT;

        snprintf(when, sizeof(when), "%lld", (long long)time);
        assert_int_equal(syscall_record_new(&record, &err), 0);
        for (size_t i = 0; i < ELEMENTS_OF(fields); i++)
                if (syscall_record_set(record, str_from(fields[i][0]), str_from(fields[i][1]), &err) < 0)
                        fail_msg("%s", err.message);
        assert_int_equal(detect_event(d, syscall_record_event(record), &err), 0);
}

#define A "aaaaaaaaaaaa0123456789"
#define B "bbbbbbbbbbbb0123456789"

static void each_match_is_told(void **state)
{
        _cleanup_(heard_done) struct heard h = { 0 };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        struct detect_counts counts;
        struct detect *d;

        begin(&h, 0, &set, &d);
        send(d, NOON, "ls", A);
        assert_int_equal(h.n, 0);
        for (int i = 0; i < 30; i++)
                send(d, NOON + i, "bash", A);
        assert_int_equal(h.n, 30);
        assert_true(h.with_event);
        detect_get_counts(d, &counts);
        assert_int_equal(counts.events, 31);
        assert_int_equal(counts.matches, 30);
        assert_int_equal(counts.counted, 0);
        detect_free(d);
}

static void alerts_say_where_the_program_is_from(void **state)
{
        static const struct {
                const char *state, *layer, *package, *path, *says, *json;
        } cases[] = {
                { "unmodified", "2", "pkg:deb/curl@7", "/c", " file=/c from pkg:deb/curl@7 in layer 2)",
                  "\"file\":{\"path\":\"/c\",\"state\":\"unmodified\",\"layer\":\"2\",\"package\":\"pkg:deb/curl@7\"}" },
                { "unmodified", "0", NULL, "/c", " file=/c in layer 0)",
                  "\"file\":{\"path\":\"/c\",\"state\":\"unmodified\",\"layer\":\"0\",\"package\":null}" },
                { "metadata", "2", "p", "/c", " file=/c from p in layer 2, copied up with the same content)", "\"metadata\"" },
                { "modified", "2", "p", "/c", " file=/c changed since the image, which has it from p in layer 2)", "\"modified\"" },
                { "new", NULL, NULL, NULL, " file=/c is not in the image)", "\"new\",\"layer\":null" },
                { "volume", NULL, NULL, NULL, " file=/c is on a mount)", "\"volume\"" },
                { "deleted", NULL, NULL, NULL, " file=/c has no name any more)", "\"deleted\"" },
                { "memfd", NULL, NULL, NULL, " file=/c is in memory only)", "\"memfd\"" },
                { NULL, "2", "p", "/c", " file=/c was copied up from the image, which has it from p in layer 2)", "\"state\":null" },
                { NULL, NULL, NULL, NULL, "image=shop/web:1.2)", "\"file\":{\"path\":\"/c\",\"state\":null" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
                const char *const fields[][2] = {
                        { "evt.type", "execve" }, { "evt.rawtime", "1" }, { "proc.name", "bash" }, { "proc.exepath", "/c" },
                        { "container.full_id", A }, { "container.image", "shop/web:1.2" }, { "image.file.state", cases[i].state },
                        { "image.file.layer", cases[i].layer }, { "image.file.package", cases[i].package },
                        { "image.file.path", cases[i].path },
                };
                _cleanup_(syscall_record_freep) struct syscall_record *record = NULL;
                _cleanup_(heard_done) struct heard h = { 0 };
                _cleanup_(rule_set_freep) struct rule_set *set = NULL;
                struct error err = ERROR_INIT;
                struct detect *d;

                begin(&h, 0, &set, &d);
                assert_int_equal(syscall_record_new(&record, &err), 0);
                for (size_t k = 0; k < ELEMENTS_OF(fields); k++)
                        if (fields[k][1])
                                assert_int_equal(syscall_record_set(record, str_from(fields[k][0]), str_from(fields[k][1]), &err), 0);
                assert_int_equal(detect_event(d, syscall_record_event(record), &err), 0);
                assert_int_equal(h.n, 1);
                if (!strstr(h.text.data, cases[i].says))
                        fail_msg("%s", h.text.data);
                if (!strstr(h.json.data, cases[i].json))
                        fail_msg("%s", h.json.data);
                detect_free(d);
        }
}

static void a_storm_is_counted_and_hides_nothing(void **state)
{
        _cleanup_(heard_done) struct heard h = { 0 };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        struct detect_counts counts;
        struct detect *d;

        begin(&h, 3, &set, &d);
        for (int i = 0; i < 100; i++)
                send(d, NOON + i, "bash", A);
        assert_int_equal(h.n, 3);
        send(d, NOON + 200, "bash", B); /* another container has a burst of its own */
        assert_int_equal(h.n, 4);
        send(d, NOON + 61 * SECOND, "bash", A); /* the next window: what was counted is told with it */
        assert_int_equal(h.n, 5);
        assert_int_equal(h.repeated, 97);
        assert_non_null(strstr(h.text.data, "and 97 more"));

        for (int i = 0; i < 10; i++)
                send(d, NOON + 62 * SECOND + i, "bash", A);
        assert_int_equal(h.n, 7);
        detect_flush(d, NOON + 63 * SECOND); /* the window is not over */
        assert_int_equal(h.n, 7);
        detect_flush(d, NOON + 130 * SECOND);
        assert_int_equal(h.n, 8); /* the eight that were counted: one of them is told, with the other seven */
        assert_int_equal(h.repeated, 7);
        assert_false(h.with_event);
        detect_flush(d, INT64_MAX);
        assert_int_equal(h.n, 8);
        detect_get_counts(d, &counts);
        assert_int_equal(counts.matches, 112);
        assert_int_equal(counts.told, 8);
        detect_free(d);
}

static void many_containers_take_bounded_room(void **state)
{
        _cleanup_(heard_done) struct heard h = { 0 };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        struct detect_counts counts;
        struct detect *d;
        char id[80];

        begin(&h, 1, &set, &d);
        for (int i = 0; i < 6000; i++) {
                snprintf(id, sizeof(id), "%064d", i / 2);
                send(d, NOON + i, "bash", id);
        }
        detect_flush(d, INT64_MAX);
        detect_get_counts(d, &counts);
        assert_int_equal(counts.matches, 6000);
        assert_true(counts.evicted > 0);
        assert_int_equal(counts.told, h.n);
        assert_true(h.n >= 3000 && h.n <= 6000);
        detect_free(d);
}

static json_t *member(json_t *object, const char *key)
{
        json_t *value = json_object_get(object, key);

        if (!value)
                fail_msg("there is no '%s'", key);
        return value;
}

static json_t *parse(const struct buf *text)
{
        struct error err = ERROR_INIT;
        json_t *root = NULL;

        assert_true(text->len && text->data[text->len - 1] == '\n');
        assert_null(memchr(text->data, '\n', text->len - 1)); /* one line */
        if (json_parse(buf_str(text), text->len, &root, &err) < 0)
                fail_msg("%s", err.message);
        return root;
}

static void alerts_are_written(void **state)
{
        static const char *const required[] = { "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time",
                                                "type_uid", "finding_info" };
        _cleanup_(heard_done) struct heard h = { 0 };
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        struct detect *d;
        json_t *root, *finding;

        begin(&h, 0, &set, &d);
        send(d, NOON, "bash", A);
        assert_null(strchr(h.text.data, '\033'));
        assert_true(str_starts(buf_str(&h.text), "2026-07-31T12:13:20.123456789Z medium   Shell: shell bash in aaaaaaaaaaaa (container name=web"));
        assert_non_null(strstr(h.text.data, "image=shop/web:1.2"));

        root = parse(&h.json);
        finding = member(root, "finding");
        assert_string_equal(json_string_value(member(root, "schema")), "tallyman/alert/v1");
        assert_string_equal(json_string_value(member(finding, "rule")), "Shell");
        assert_string_equal(json_string_value(member(member(finding, "fields"), "container.id")), "aaaaaaaaaaaa");
        assert_int_equal(json_integer_value(member(member(finding, "location"), "pid")), 412);
        assert_int_equal(json_array_size(member(member(finding, "evidence"), "process.ancestry")), 2);
        assert_int_equal(json_array_size(member(finding, "controls")), 1);
        assert_string_equal(json_string_value(member(member(root, "container"), "name")), "web");
        json_decref(root);

        root = parse(&h.falco);
        assert_string_equal(json_string_value(member(root, "output")), "12:13:20.123456789: Warning shell bash in aaaaaaaaaaaa");
        assert_string_equal(json_string_value(member(root, "time")), "2026-07-31T12:13:20.123456789Z");
        assert_string_equal(json_string_value(member(root, "priority")), "Warning");
        assert_string_equal(json_string_value(member(root, "source")), "syscall");
        assert_string_equal(json_string_value(member(member(root, "output_fields"), "proc.name")), "bash");
        assert_int_equal(json_array_size(member(root, "tags")), 2);
        json_decref(root);

        root = parse(&h.ocsf);
        for (size_t i = 0; i < ELEMENTS_OF(required); i++)
                member(root, required[i]);
        assert_int_equal(json_integer_value(member(root, "type_uid")), 200401);
        assert_int_equal(json_integer_value(member(root, "time")), NOON / 1000000);
        json_decref(root);
        detect_free(d);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_match_is_told),
                cmocka_unit_test(alerts_say_where_the_program_is_from),
                cmocka_unit_test(a_storm_is_counted_and_hides_nothing),
                cmocka_unit_test(many_containers_take_bounded_room),
                cmocka_unit_test(alerts_are_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
