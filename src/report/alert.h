/* SPDX-License-Identifier: Apache-2.0 */
/* Renderers of alerts: one line each. */
#ifndef TALLYMAN_REPORT_ALERT_H
#define TALLYMAN_REPORT_ALERT_H

#include "model/alert.h"

enum alert_format {
        ALERT_TEXT,  /* for people: nothing in it can move a cursor */
        ALERT_JSON,  /* "tallyman/alert/v1": docs/alerts.md */
        ALERT_FALCO, /* as Falco's json_output, for what consumes that */
        ALERT_OCSF,  /* OCSF 1.3, Detection Finding (class 2004) */
};

/* By its name: "text", "json", "falco", "ocsf". -EINVAL. */
int alert_format_parse(const char *name, enum alert_format *ret, struct error *err) _must_check_;

struct alert_style {
        enum alert_format format;
        bool colour;          /* ALERT_TEXT */
        const char *hostname;
};

/* Appends the alert and a line end. */
int alert_write(const struct alert *alert, const struct alert_style *style, struct buf *out, struct error *err) _must_check_;

#endif
