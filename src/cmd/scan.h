/* SPDX-License-Identifier: Apache-2.0 */
/* Private to cmd/: what the commands that scan an image share. */
#ifndef TALLYMAN_CMD_SCAN_H
#define TALLYMAN_CMD_SCAN_H

#include "cmd/command.h"
#include "pipeline/scan.h"
#include "report/report.h"

/* Target, platform, cache and limits, as the arguments say. */
int scan_read_options(const struct arguments *args, struct scan_options *options, struct error *err) _must_check_;
/* -ENOSYS: nothing can be parsed in confinement here. Says what is weaker than it could be. */
int scan_check_confinement(struct error *err) _must_check_;
/* The time of bills of materials, where SOURCE_DATE_EPOCH says one (reproducible-builds.org). -EINVAL: it is no time. */
int scan_report_time(struct report_options *options, struct error *err) _must_check_;

#endif
