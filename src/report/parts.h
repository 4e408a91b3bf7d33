/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: what several formats share. */
#ifndef TALLYMAN_REPORT_PARTS_H
#define TALLYMAN_REPORT_PARTS_H

#include "base/file.h"
#include "model/finding.h"
#include "model/image.h"

#define PAGE_PIECE 65536

/* A text on its way out. */
struct page {
        struct output *out;
        struct buf text;
};

/* Hands on what there is if it is at least so many bytes (0: all of it). */
int page_flush(struct page *page, size_t at_least, struct error *err) _must_check_;

/* Where a finding is, for people, not quoted: "/etc/x:3", else its package, its layer, or what it is about
 * ("image" of an image). */
void place_add(const struct finding *finding, struct buf *out);
/* "kind:reference", not quoted. */
void image_add_name(const struct image *image, struct buf *out);

/* ---- Markdown, as GitHub and GitLab read it ---- */

/* A code span: nothing in it is markup, a link or a mention, and it can stand in a table. Control characters are quoted;
 * what is longer than CODE_BYTES is cut. Of an empty text a space. */
#define CODE_BYTES 160
void markdown_add_code(struct buf *out, struct str text);
/* A text of rules: as it is if all of it is letters, digits and harmless punctuation, else a code span. */
void markdown_add_title(struct buf *out, struct str text);
/* A longer text of rules, its lines kept: whatever could be markup is escaped. */
void markdown_add_prose(struct buf *out, struct str text);

#endif
