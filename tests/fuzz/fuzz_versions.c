/* SPDX-License-Identifier: Apache-2.0 */
/* Three versions, a line each, in the order that the first byte names: whatever they are, the order is one. */
#include "fuzz.h"
#include "vuln/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str rest = { (const char *)data + 1, size ? size - 1 : 0 }, v[3];
        const struct version_order *order;

        if (size < 2)
                return 0;
        order = version_order((enum version_order_id)(data[0] % VERSION_ORDER_MAX));
        for (int i = 0; i < 3; i++)
                v[i] = str_cut(&rest, '\n');
        for (int i = 0; i < 3; i++) {
                HOLDS(version_compare(order, v[i], v[i]) == 0);
                fuzz_accepted += version_parses(order, v[i]);
                for (int k = 0; k < 3; k++) {
                        int ik = version_compare(order, v[i], v[k]);

                        HOLDS(ik == -version_compare(order, v[k], v[i]));
                        for (int m = 0; order->id != VERSION_MAVEN && m < 3; m++) {
                                int km = version_compare(order, v[k], v[m]);

                                HOLDS(ik >= 0 || km >= 0 || version_compare(order, v[i], v[m]) < 0);
                                HOLDS(ik != 0 || km != 0 || version_compare(order, v[i], v[m]) == 0);
                        }
                }
        }
        return 0;
}
