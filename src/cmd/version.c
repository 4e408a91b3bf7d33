/* SPDX-License-Identifier: Apache-2.0 */
#include "base/worker.h"
#include "cmd/command.h"

static int cmd_version(const struct arguments *args, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };
        struct worker_features features;

        worker_features(&features);
        buf_puts(&text, "tallyman " TALLYMAN_VERSION "\n");
        buf_printf(&text, "seccomp:  %s\n", features.seccomp ? "confines workers" : "not available");
        if (features.landlock_abi > 0)
                buf_printf(&text, "Landlock: confines workers, ABI %d\n", features.landlock_abi);
        else
                buf_puts(&text, "Landlock: not available on this kernel\n");
        if (features.missing)
                buf_printf(&text, "error:    %s: nothing can be scanned\n", features.missing);
        if (features.weakness)
                buf_printf(&text, "warning:  %s\n", features.weakness);
        return print_text(&text, err);
}

/* ---- how it is called ---- */

const struct command command_version = {
        .name = "version",
        .group = GROUP_GENERAL,
        .summary = "show the version and what confines workers here",
        .synopsis = "",
        .description = "Prints the version, and which of the kernel's means confine the processes that read images.",
        .run = cmd_version,
};
