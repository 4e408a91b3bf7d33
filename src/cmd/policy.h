/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands that know a policy. */
#ifndef TALLYMAN_CMD_POLICY_H
#define TALLYMAN_CMD_POLICY_H

#include "program/program.h"
#include "rules/rules.h"

/* Reads a policy file that the user named. */
int policy_open(const char *path, struct policy **ret, struct error *err) _must_check_;
/* The one in the working directory, NULL where there is none. -EPERM: somebody else could have written it, so that what it hides
 * may be hidden by others. -EINVAL: it is no regular file. */
int policy_open_here(struct policy **ret, struct error *err) _must_check_;

/* Warns of gates that name a rule or a source that there is not, since they would let everything pass in silence. `rules`: those that
 * are held against what is scanned. */
void policy_warn_of_names(const struct policy *policy, const struct rule_set *rules);

#endif
