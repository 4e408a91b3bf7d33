/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that come with the program: the files of rules/, embedded when it is built. */
#ifndef TALLYMAN_PIPELINE_STOCK_RULES_H
#define TALLYMAN_PIPELINE_STOCK_RULES_H

#include "base/str.h"

struct stock_rule_file {
        const char *name; /* "image.yaml" */
        struct str text;
};

extern const struct stock_rule_file stock_rule_files[];
extern const size_t n_stock_rule_files;

#endif
