/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLYMAN_RULES_OUTPUT_H
#define TALLYMAN_RULES_OUTPUT_H

#include "rules/compile.h"

#define OUTPUT_WIDTH_MAX 4096

/* Cuts the rule's output into text and values. */
int compile_output(struct compiler *c, struct compiled_rule *rule);

#endif
