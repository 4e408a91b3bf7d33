/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: the texts of a SARIF document. */
#ifndef TALLYMAN_REPORT_SARIF_TEXT_H
#define TALLYMAN_REPORT_SARIF_TEXT_H

#include "base/json.h"
#include "model/finding.h"
#include "model/image.h"

/* {"text": …}: braces and links that are none escaped (3.11.5, 3.11.6). Lines are kept only in what rules say; else
 * whatever is not printable is quoted. */
void sarif_put_message(struct json_writer *w, const char *key, struct str text, bool lines);

/* A path as a relative URI reference: "etc/a%20b". False, with nothing added, for the root. */
bool sarif_add_uri(struct buf *out, struct str path);
/* The last part of the image's reference, as one segment: "app.tar%3A1.0". */
void sarif_add_image_uri(struct buf *out, const struct image *image);
/* It can be written as a URI (RFC 3986): http or https, and nothing that would have to be encoded. */
bool sarif_is_address(const char *text);

/* "ImageRunsAsRoot" for "Image runs as root". */
void sarif_add_name(const char *rule, struct buf *out);
/* "7.5": within the range that GitHub gives the finding's severity. Nothing where that is none or unknown. */
void sarif_add_score(const struct finding *finding, struct buf *out);
/* Why it matters, what to do, where to read on. */
void sarif_add_help(const struct finding *finding, struct buf *out);
void sarif_add_help_markdown(const struct finding *finding, struct buf *out);

#endif
