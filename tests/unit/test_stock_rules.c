/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule files that Falco's project publishes load unmodified. They are not part of this repository: they are looked
 * for in $TALLYMAN_SHARED_DATA/falco-rules, or in ../shared/data beside the source tree. What each stable rule expands
 * to is pinned by a digest of its printed condition; TALLYMAN_UPDATE=1 prints the table.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/hash.h"
#include "rule_source.h"

#define FILES 4

static const char *const names[FILES] = {
        "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "k8s_audit_rules.yaml",
};
static char *texts[FILES];
static struct rule_file files[FILES];

/* Of Falco's rules of July 2026. */
static const struct {
        const char *rule, *sha256;
} pinned[] = {
#include "stock_rules.h"
};

static bool read_file(const char *folder, unsigned i)
{
        char path[4096];
        long size;
        FILE *file;

        snprintf(path, sizeof(path), "%s/falco-rules/%s", folder, names[i]);
        file = fopen(path, "rb");
        if (!file)
                return false;
        fseek(file, 0, SEEK_END);
        size = ftell(file);
        rewind(file);
        texts[i] = malloc((size_t)size);
        if (!texts[i] || fread(texts[i], 1, (size_t)size, file) != (size_t)size)
                abort();
        fclose(file);
        files[i] = (struct rule_file){ .name = names[i], .text = { texts[i], (size_t)size } };
        return true;
}

static int find_files(void **state)
{
        const char *shared = getenv("TALLYMAN_SHARED_DATA"), *data = getenv("TALLYMAN_TEST_DATA");
        char folder[2048];
        struct error err = ERROR_INIT;

        snprintf(folder, sizeof(folder), "%s%s",
                 shared ? shared
                 : data ? data
                        : "",
                 shared ? "" : "/../../../shared/data");
        for (unsigned i = 0; i < FILES; i++)
                if (!read_file(folder, i))
                        break;
        return hash_init(&err);
}

static int forget_files(void **state)
{
        for (unsigned i = 0; i < FILES; i++)
                free(texts[i]);
        return 0;
}

static struct rule_set *load_stock(size_t n)
{
        static const struct rules_options options = { .sources = rule_sources };
        struct rule_set *set = NULL;
        const struct rule_message *messages;
        struct error err = ERROR_INIT;
        size_t n_messages;

        if (!texts[FILES - 1]) {
                print_message("stock rules: skipped because falco-rules is neither in TALLYMAN_SHARED_DATA nor in "
                              "../shared/data\n");
                skip();
        }
        assert_int_equal(rules_load(files, n, &options, &set, &err), 0);
        n_messages = rule_set_messages(set, &messages);
        for (size_t i = 0; i < n_messages; i++) {
                if (getenv("TALLYMAN_UPDATE") && !messages[i].is_note)
                        print_message("%s:%u: %s\n", messages[i].file, messages[i].place.line, messages[i].text);
                if (messages[i].is_error)
                        fail_msg("%s:%u: %s", messages[i].file, messages[i].place.line, messages[i].text);
        }
        return set;
}

/* Whether or not the files are there. */
static void test_the_table(void **state)
{
        assert_int_equal(ELEMENTS_OF(pinned), 25);
        for (size_t i = 0; i < ELEMENTS_OF(pinned); i++)
                assert_int_equal(strspn(pinned[i].sha256, "0123456789abcdef"), 2 * SHA256_SIZE);
}

static void test_all_files_load(void **state)
{
        _cleanup_(rule_set_freep) struct rule_set *set = load_stock(FILES);
        unsigned counts[RULE_SKIPPED + 1] = { 0 };

        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                const struct rule *rule = rule_set_get(set, i);

                counts[rule->state]++;
                if (rule->state == RULE_NOT_EVALUABLE)
                        fail_msg("%.*s: %.*s", STR_ARG(rule->name), STR_ARG(rule->reason));
                if (rule->state == RULE_SKIPPED)
                        assert_true(str_equals(rule->source_name, "k8s_audit"));
                assert_non_null(rule->condition);
        }
        assert_int_equal(rule_set_count(set), 141);
        assert_int_equal(counts[RULE_SKIPPED], 48);
        assert_int_equal(counts[RULE_DISABLED], 12);
        assert_int_equal(counts[RULE_READY], 81);
}

static void digest_condition(const struct rule *rule, char text[2 * SHA256_SIZE + 1])
{
        _cleanup_(buf_free) struct buf out = { 0 };
        uint8_t digest[SHA256_SIZE];

        condition_print(rule->condition, &out);
        hash_sha256(out.data, out.len, digest);
        hex_encode(digest, sizeof(digest), text);
}

static void test_stable_rules_are_pinned(void **state)
{
        _cleanup_(rule_set_freep) struct rule_set *set = load_stock(1);
        char digest[2 * SHA256_SIZE + 1];

        for (uint32_t i = 0; getenv("TALLYMAN_UPDATE") && i < rule_set_count(set); i++) {
                digest_condition(rule_set_get(set, i), digest);
                print_message("        { \"%.*s\",\n          \"%s\" },\n", STR_ARG(rule_set_get(set, i)->name),
                              digest);
        }
        assert_int_equal(rule_set_count(set), ELEMENTS_OF(pinned));
        for (size_t i = 0; i < ELEMENTS_OF(pinned); i++) {
                const struct rule *rule = rule_set_find(set, str_from(pinned[i].rule));

                assert_non_null(rule);
                assert_int_equal(rule->state, RULE_READY);
                assert_int_equal(rule->reason.n, 0);
                digest_condition(rule, digest);
                if (strcmp(digest, pinned[i].sha256) != 0)
                        fail_msg("%s expands to something else now: %s", pinned[i].rule, digest);
        }
}

/* Each printed condition is read as the same tree. */
static void test_round_trip(void **state)
{
        _cleanup_(rule_set_freep) struct rule_set *set = load_stock(FILES);

        for (uint32_t i = 0; i < rule_set_count(set); i++) {
                _cleanup_(buf_free) struct buf once = { 0 }, twice = { 0 };
                _cleanup_(arena_freep) struct arena *arena = arena_new();
                const struct rule *rule = rule_set_get(set, i);
                struct error err = ERROR_INIT;
                struct place place;
                struct ast *ast;

                condition_print(rule->condition, &once);
                if (condition_parse(buf_str(&once), (struct place){ 1, 1, 0 }, NULL, arena, &ast, &place, &err) < 0)
                        fail_msg("%.*s: column %u: %s", STR_ARG(rule->name), place.column, err.message);
                assert_true(ast_equal(ast, rule->condition));
                condition_print(ast, &twice);
                assert_true(str_equal(buf_str(&once), buf_str(&twice)));
        }
}

static void test_loading_is_quick(void **state)
{
        struct timespec before, after;
        double best = 1e9;

        for (unsigned i = 0; i < 5; i++) {
                _cleanup_(rule_set_freep) struct rule_set *set = NULL;
                double seconds;

                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
                set = load_stock(FILES);
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
                seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
                best = MIN_OF(best, seconds);
        }
        print_message("all stock files load in %.1f ms\n", best * 1000);
        assert_true(best < 0.5); /* fifty milliseconds is the aim; sanitizers and busy machines take more */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_table),
                cmocka_unit_test(test_all_files_load),
                cmocka_unit_test(test_stable_rules_are_pinned),
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_loading_is_quick),
        };

        return cmocka_run_group_tests(tests, find_files, forget_files);
}
