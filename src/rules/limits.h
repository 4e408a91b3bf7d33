/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on what rule files may make us do. Those of a condition's tree stand in ast.h. */
#ifndef TALLYMAN_RULES_LIMITS_H
#define TALLYMAN_RULES_LIMITS_H

#define RULE_FILES_MAX 4096
#define RULE_FILE_BYTES_MAX (16u << 20)
#define RULE_FILE_NODES_MAX 1000000        /* of YAML */
#define RULE_FILE_DEPTH_MAX 32
#define RULE_UNTRUSTED_BYTES_MAX (4u << 20) /* of files from others */
#define RULE_UNTRUSTED_NODES_MAX 200000
#define RULE_CONDITION_BYTES_MAX (4u << 20) /* lists and exceptions put in */
#define RULE_LIST_ITEMS_MAX 1000000         /* of all lists, each with the lists in it */
#define RULE_TEXTS_BYTES_MAX (64u << 20)    /* likewise, of all conditions */
#define RULE_TREES_NODES_MAX 2000000        /* of all conditions as they are written */
#define RULE_NODES_MAX 4000000              /* of the conditions of all rules, macros replaced */
#define RULE_EXCEPTIONS_MAX 1000            /* of one rule */
#define RULE_FILE_ERRORS_MAX 100            /* of one file's changes to others, and in the fields of one rule */
#define RULE_NAMES_COMPARED_MAX 200000      /* to find out what may have been meant; after that nobody is told */
#define RULE_MESSAGES_MAX 2000              /* that are kept of one load */
#define RULE_SHADOW_MAX 4000                /* more rules are not compared with one another */

#endif
