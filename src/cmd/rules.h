/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands for authors of rules. */
#ifndef TALLYMAN_CMD_RULES_H
#define TALLYMAN_CMD_RULES_H

#include "rules/rules.h"

struct rules_request {
        const char *const *paths; /* files and folders: of a folder all *.yaml and *.yml in the order of their names */
        size_t n;
        bool stock;  /* after the stock rules */
        bool strict; /* an error in one file is an error */
        const struct fact_source *const *sources; /* ended by NULL; NULL: judge_sources */
};

/* Loads them. What can not be read is an error; what is wrong in a file stands in the set's messages. */
int rules_open(const struct rules_request *request, struct rule_set **ret, struct error *err) _must_check_;
/* A line a message: "rules.yaml:12:3: error: …". `notes`: those of little weight too. Returns the number of errors. */
size_t rules_print_messages(const struct rule_set *set, bool notes, struct buf *out);
/* "ready", "not evaluable", "disabled", "skipped" */
const char *rules_state_name(enum rule_state state);

#endif
