/* SPDX-License-Identifier: Apache-2.0 */
/* Files of cases: read whatever they hold, and what can be read is tried. */
#include "fuzz.h"
#include "inspect/facts.h"
#include "model/syscall_event.h"
#include "rules/cases.h"

static const struct fact_source *const sources[] = { &syscall_source, &image_source, NULL };

static const char rules[] = "- rule: A\n  desc: d\n  condition: evt.type = open and proc.name = x\n  output: o %fd.name\n  priority: INFO\n"
                            "- rule: B\n  desc: d\n  condition: image.user = root\n  source: image\n  output: o\n  priority: INFO\n";

static int no_events(void *ctx, struct str recording, void (*take)(void *to, const struct fact *fact), void *to, struct error *err)
{
        HOLDS(recording.n > 0);
        return 0;
}

static const struct case_events events = { .each = no_events };

static void try_cases(const struct rule_cases *cases, struct case_bench *bench)
{
        for (uint32_t i = 0; i < cases->n; i++) {
                _cleanup_(buf_free) struct buf out = { 0 };
                struct error err = ERROR_INIT;
                int r = case_bench_run(bench, cases, &cases->items[i], &events, &out, &err);

                HOLDS(r < 0 || utf8_valid(buf_str(&out)));
                HOLDS(r != 0 || out.len);
                HOLDS_OR(r >= 0 || *err.message, err);
                fuzz_accepted += r >= 0;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct rule_file file = { .name = "r", .text = { rules, sizeof(rules) - 1 } };
        _cleanup_(rule_cases_freep) struct rule_cases *cases = NULL;
        _cleanup_(rule_set_freep) struct rule_set *set = NULL;
        _cleanup_(case_bench_freep) struct case_bench *bench = NULL;
        struct rules_options options = { .strict = true };
        struct error err = ERROR_INIT;
        int r = rule_cases_parse("c", (struct str){ (const char *)data, size }, sources, NULL, &cases, &err);

        if (r == 0)
                r = case_bench_new(sources, &bench, &err);
        if (r < 0)
                return 0;
        options.sources = case_bench_sources(bench);
        r = rules_load(&file, 1, &options, &set, &err);
        if (r == 0)
                r = case_bench_use(bench, set, &err);
        HOLDS_OR(r == 0, err);
        if (r == 0)
                try_cases(cases, bench);
        bench = case_bench_free(bench);
        return 0;
}
