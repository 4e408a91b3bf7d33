/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/interrupt.h"
#include "cmd/scan.h"
#include "cmd/shared_options.h"

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

static int cmd_sbom(const struct arguments *args, struct error *err)
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

/* ---- how it is called ---- */

#define FORMAT_NAME(name, function) name,
static const char *const sbom_formats[] = { REPORT_SBOM_FORMATS(FORMAT_NAME) NULL };

static const struct option_spec sbom_options[] = {
        { "format", 'f', "FORMAT", "CycloneDX 1.6 or SPDX 2.3, both in JSON. The default is cyclonedx.", sbom_formats },
        { "output", 'o', "FILE", "Write to this file, which is replaced only once all is written." },
        { "name", 0, "NAME", "What the image is called in it. The default is its id, since that is the same wherever it is." },
        { "platform", 0, "PLATFORM", "Which image of several, as os/architecture or os/architecture/variant. The default is "
                                     "this machine's." },
        { "no-cache", 0, NULL, "Read every layer again and remember nothing." },
        { "limit", 0, "NAME=VALUE", "Change a limit on what the image may cost; named below. May be repeated.", NULL, true },
        { NULL },
};

static const struct help_item sbom_examples[] = {
        { "tallyman sbom --output app.cdx.json app.tar", "Writes a bill of materials in CycloneDX." },
        { "tallyman sbom --format spdx --name registry.example/app:1.2 oci-dir:layout:v2", "Prints one in SPDX, under a name." },
        { NULL },
};

const struct command command_sbom = {
        .name = "sbom",
        .group = GROUP_IMPLEMENTATION,
        .summary = "write an image's bill of materials",
        .synopsis = "[OPTION...] TARGET",
        .description =
                "Reads an image as 'tallyman scan' does, and writes its packages for other programs: those that are "
                "installed, and those that lockfiles in it declare, each with where it is named and the layer it came from.\n\n"
                "The same image gives the same bytes, wherever it is read from: the document's id is made from what it says, "
                "and its time is SOURCE_DATE_EPOCH from the environment, else when the image was created, else 1970.",
        .terms_title = "Targets and limits",
        .terms = scan_terms,
        .options = sbom_options,
        .operand = { "TARGET", "The image. Without a prefix a path is recognised by its content.", NULL, 1, 1 },
        .examples = sbom_examples,
        .needs = NEEDS_WORKERS,
        .run = cmd_sbom,
};
