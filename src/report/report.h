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
        const char *name; /* bills of materials: of what is described; NULL: its id, else where it is */
        bool has_time;    /* bills of materials: `time` is theirs, in seconds since 1970; else the image's own */
        uint64_t time;
};

/* Those that are bills of materials. */
#define REPORT_SBOM_FORMATS(X)              \
        X("cyclonedx", report_scan_cyclonedx) \
        X("spdx", report_scan_spdx)

/* The formats of a scan's report: name, renderer. The option, the man page and the completions are made from it too. */
#define REPORT_SCAN_FORMATS(X)              \
        X("table", report_scan_table)       \
        X("json", report_scan_json)         \
        X("sarif", report_scan_sarif)       \
        X("junit", report_scan_junit)       \
        X("markdown", report_scan_markdown)   \
        REPORT_SBOM_FORMATS(X)

/* The contract "tallyman/scan/v1", see docs/output.md. */
int report_scan_json(const struct scan_result *result, const struct report_options *options, struct output *out,
                     struct error *err) _must_check_;
int report_scan_table(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err) _must_check_;
/* SARIF 2.1.0, JUnit's XML, and Markdown for a comment on a change: docs/output.md. Files are not listed in these. */
int report_scan_sarif(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err) _must_check_;
int report_scan_junit(const struct scan_result *result, const struct report_options *options, struct output *out,
                      struct error *err) _must_check_;
int report_scan_markdown(const struct scan_result *result, const struct report_options *options, struct output *out,
                         struct error *err) _must_check_;
/* Bills of materials: CycloneDX 1.6 and SPDX 2.3, in JSON. The same image gives the same bytes, wherever it is read from. */
int report_scan_cyclonedx(const struct scan_result *result, const struct report_options *options, struct output *out,
                          struct error *err) _must_check_;
int report_scan_spdx(const struct scan_result *result, const struct report_options *options, struct output *out,
                     struct error *err) _must_check_;

#endif
