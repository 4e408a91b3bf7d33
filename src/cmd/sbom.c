/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/interrupt.h"
#include "cmd/scan.h"

static int write_bill(const struct arguments *args, const struct scan_result *result, struct output *out, struct error *err)
{
        const char *format = arguments_get(args, "format");
        struct report_options options = { .name = arguments_get(args, "name") };
        int r = scan_report_time(&options, err);

        if (r < 0)
                return r;
        if (format && strcmp(format, "spdx") == 0)
                r = report_scan_spdx(result, &options, out, err);
        else
                r = report_scan_cyclonedx(result, &options, out, err);
        return r < 0 ? r : output_finish(out, err);
}

int cmd_sbom(const struct arguments *args, struct error *err)
{
        _cleanup_(scan_result_freep) struct scan_result *result = NULL;
        _cleanup_(output_freep) struct output *out = NULL;
        const char *path = arguments_get(args, "output");
        struct scan_options options;
        int r = scan_read_options(args, &options, err);

        if (r == 0)
                r = path ? output_open(path, &out, err) : output_stdout(&out, err);
        if (r == 0)
                r = scan_check_confinement(err);
        if (r == 0)
                r = scan_run(&options, &result, err);
        if (r == 0)
                r = interrupt_check(err);
        if (r == 0)
                r = write_bill(args, result, out, err);
        if (r < 0)
                return r;
        return result->complete ? EXIT_STATUS_DONE : EXIT_STATUS_INCOMPLETE;
}
