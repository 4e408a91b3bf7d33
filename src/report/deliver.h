/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts to where they are wanted. What can not be delivered is counted, and never holds up the others. */
#ifndef TALLYMAN_REPORT_DELIVER_H
#define TALLYMAN_REPORT_DELIVER_H

#include "report/alert.h"

#define DELIVER_MAX 16                 /* destinations */
#define DELIVER_FILE_BYTES (64u << 20) /* of a file before it is put aside as FILE.1 … */
#define DELIVER_FILES_KEPT 5           /* … and so many of those are kept */

struct deliver;

int deliver_new(const char *hostname, struct deliver **ret, struct error *err) _must_check_;
struct deliver *deliver_free(struct deliver *deliver); /* waits a moment for programs and servers */
DEFINE_FREEP(struct deliver, deliver_free)

/* Adds a destination, "[FORMAT:]WHERE". WHERE: "-" standard output, "syslog", "|COMMAND" a program that reads lines, "http://…"
 * and "https://…" a server that takes each alert by POST, else a file
 * that is appended to and rotated. FORMAT: as alert_format_parse(); without: text for "-" and syslog, json for the others.
 * -EINVAL, -E2BIG, or why it can not be written to. */
int deliver_add(struct deliver *deliver, const char *destination, bool colour, struct error *err) _must_check_;

/* To all destinations. Negative only for lack of memory. */
int deliver_alert(struct deliver *deliver, const struct alert *alert, struct error *err) _must_check_;
/* Opens files anew, since somebody else may have rotated them; one that can not be opened any more is written on. */
void deliver_reopen(struct deliver *deliver);

/* The end: waits a moment for what is on its way. */
void deliver_finish(struct deliver *deliver);

struct deliver_counts {
        const char *destination; /* borrowed */
        uint64_t delivered, lost;
        const char *why; /* the last was lost, or NULL; borrowed */
};
/* How many destinations there are; fills the first `max` of them. */
size_t deliver_get_counts(struct deliver *deliver, struct deliver_counts *ret, size_t max);

#endif
