/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, whatever they hold: what can be read is applied to findings, and nothing is lost of them. */
#include "fuzz.h"
#include "program/program.h"

#define NOW 1785500000

static void fill(struct finding_list *list, struct error *err)
{
        static const struct finding findings[] = {
                { .rule = "A", .source = "image", .verdict = VERDICT_FAIL, .severity = SEVERITY_HIGH, .subject_kind = "image",
                  .subject_name = "app:1", .message = "m" },
                { .rule = "B", .source = "file", .verdict = VERDICT_FAIL, .severity = SEVERITY_LOW, .path = "usr/bin/x", .message = "m" },
                { .rule = "B", .source = "package", .verdict = VERDICT_UNDETERMINED, .package = "pkg:deb/x@1", .key = "CVE-1",
                  .message = "m" },
        };

        for (size_t i = 0; i < ELEMENTS_OF(findings); i++)
                if (finding_add(list, &findings[i], err) < 0)
                        return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(finding_list_done) struct finding_list list = { 0 };
        _cleanup_(policy_freep) struct policy *policy = NULL;
        _cleanup_(buf_free) struct buf text = { 0 };
        struct policy_use use = { 0 };
        struct error err = ERROR_INIT;
        size_t n;
        int r = policy_parse("p", (struct str){ (const char *)data, size }, NULL, &policy, &err);

        HOLDS_OR(r == 0 || *err.message, err);
        if (r < 0)
                return 0;
        fuzz_accepted++;
        fill(&list, &err);
        n = list.n;
        r = policy_apply(policy, &list, NOW, &use, &err);
        HOLDS_OR(r == 0, err);
        if (r == 0) {
                HOLDS(list.n == n + use.expired && finding_list_excepted(&list) == use.excepted);
                for (size_t i = 0; i < list.n; i++)
                        HOLDS(list.items[i].status != FINDING_EXCEPTED || (list.items[i].exception.reason && list.items[i].exception.owner));
        }
        if (policy->n_gates) {
                policy_gate_print(&policy->gates[0], &text);
                HOLDS(!buf_ok(&text) || utf8_valid(buf_str(&text)));
                policy_gate_reached(policy, &list, &n);
        }
        free(use.used);
        return 0;
}
