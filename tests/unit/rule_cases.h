/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of rule programs share: a source whose facts are YAML, rules from conditions, events from YAML. */
#ifndef TALLYMAN_TESTS_RULE_CASES_H
#define TALLYMAN_TESTS_RULE_CASES_H

#include "base/yaml.h"
#include "model/syscall_event.h"
#include "rules/rules.h"

/* Source "test": three-valued; a fact is a YAML mapping, "?" is what could not be read. */
extern const struct fact_source test_source;

struct yaml_node *cases_load(const char *name, struct arena *arena); /* tests/data/rules/triples/NAME, one document */

/* A fact from a mapping, of either source. What it needs lives in `arena` and `record`. */
struct fact cases_fact(const struct fact_source *source, const struct yaml_node *event, struct syscall_record *record);

/* A set of rules "0", "1", … of these conditions, each with this output; `source` by its name. */
struct rule_set *cases_rules(const struct fact_source *source, const struct str *conditions, size_t n, const char *output);

#endif
