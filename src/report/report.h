/* SPDX-License-Identifier: Apache-2.0 */
/* Renderers: one scan result, one format each. */
#ifndef TALLYMAN_REPORT_REPORT_H
#define TALLYMAN_REPORT_REPORT_H

#include "base/file.h"
#include "pipeline/scan.h"

struct report_options {
        bool files;      /* list every file */
        bool colour;     /* tables only */
        unsigned width;  /* columns for tables; 0: do not fold */
};

/* The contract "tallyman/scan/v1", see docs/output.md. */
int report_scan_json(const struct scan_result *result, const struct report_options *options, struct output *out,
                     struct error *err) _must_check_;
int report_scan_table(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err) _must_check_;

#endif
