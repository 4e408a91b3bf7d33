/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hijack.h"

#ifdef TALLYMAN_TESTS
void (*hijack_hook)(const char *parser);
#endif
