/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: alerts sent by HTTP from a thread of their own, so that a slow server holds up nobody. */
#ifndef TALLYMAN_REPORT_DELIVER_HTTP_H
#define TALLYMAN_REPORT_DELIVER_HTTP_H

#include "base/str.h"

#define HTTP_WAITING_BYTES (4u << 20) /* of alerts that wait for a server; what comes beyond is lost, and counted */
#define HTTP_END_SECONDS 5            /* that the end waits for the rest to be sent */

struct http_sink;

/* Each text is the body of one POST to `url`, tried several times. */
int http_sink_new(const char *url, struct http_sink **ret, struct error *err) _must_check_;
/* Waits for the rest to be sent; nothing may be put after it. False: it took too long. */
bool http_sink_drain(struct http_sink *sink);
struct http_sink *http_sink_free(struct http_sink *sink);
/* -EAGAIN: too many wait already. */
int http_sink_put(struct http_sink *sink, struct str text, struct error *err) _must_check_;
/* Sent, and given up; `why` (of the last that was given up) is copied. */
void http_sink_counts(struct http_sink *sink, uint64_t *ret_sent, uint64_t *ret_lost, struct error *ret_why);

#endif
