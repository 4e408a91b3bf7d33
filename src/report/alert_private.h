/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: between the files that write alerts. */
#ifndef TALLYMAN_REPORT_ALERT_PRIVATE_H
#define TALLYMAN_REPORT_ALERT_PRIVATE_H

#include "base/json.h"
#include "report/alert.h"

void alert_write_ocsf(const struct alert *alert, const struct alert_style *style, struct json_writer *w);

#endif
