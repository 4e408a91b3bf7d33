/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands for authors of rules. */
#ifndef TALLYMAN_CMD_RULES_H
#define TALLYMAN_CMD_RULES_H

#include "cmd/command.h"
#include "rules/rules.h"

struct rules_request {
        const struct arguments *args; /* whose --trust counts for bundles */
        const char *const *paths; /* see rule_pile_add_path() */
        size_t n;
        bool stock;  /* after the stock rules */
        bool strict; /* an error in one file is an error */
        const struct fact_source *const *sources; /* ended by NULL; NULL: judge_sources */
};

/* Loads them; a worker parses those that `paths` name, so the command needs workers. What can not be read is an error; what is wrong in a file stands in the set's messages. */
int rules_open(const struct rules_request *request, struct rule_set **ret, struct error *err) _must_check_;
/* A line a message: "rules.yaml:12:3: error: …". `notes`: those of little weight too. Returns the number of errors. */
size_t rules_print_messages(const struct rule_set *set, bool notes, struct buf *out);
/* The same to stderr, errors and warnings; an exit status: 3 if a file was left out. */
int rules_tell_messages(const struct rule_set *set);
/* "ready", "not evaluable", "disabled", "skipped" */
const char *rules_state_name(enum rule_state state);

#endif
