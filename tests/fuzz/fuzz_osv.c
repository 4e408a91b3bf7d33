/* SPDX-License-Identifier: Apache-2.0 */
/* One OSV record: what is made of it decodes, and every version in it can be held against it. */
#include "base/json.h"
#include "fuzz.h"
#include "vuln/evaluate.h"
#include "vuln/osv.h"

static void hold_versions(const struct vuln_affected *a)
{
        const struct version_order *order = version_order_of(a->ecosystem);
        struct record_reader reader = a->ranges.reader;
        struct evaluation result;

        order = order ? order : version_order(VERSION_NONE);
        evaluate_affected(a, order, STR_LIT("1.0"), &result);
        for (uint32_t i = 0; i < MIN_OF(a->ranges.n, 8u); i++) {
                enum range_type type;
                struct vuln_event event;
                uint32_t n;

                HOLDS(record_next_range(&reader, &type, &n));
                while (n-- && record_next_event(&reader, &event))
                        if (n < 8)
                                evaluate_affected(a, order, event.version, &result);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buf_free) struct buf out = { 0 };
        struct error err = ERROR_INIT;
        struct vuln_record record;
        struct vuln_affected a;

        if (osv_record((struct str){ (const char *)data, size }, &out, &err) < 0) {
                HOLDS(err.code < 0 && *err.message && out.len == 0);
                return 0;
        }
        HOLDS(record_decode(buf_str(&out), &record));
        if (fuzz_starved)
                return 0;
        fuzz_accepted++;
        for (uint32_t i = 0; i < MIN_OF(record.affected.n, 16u); i++) {
                HOLDS(record_next_affected(&record.affected.reader, &a));
                hold_versions(&a);
        }
        return 0;
}
