/* SPDX-License-Identifier: Apache-2.0 */
/* Private to report/: members that several JSON documents have. */
#ifndef TALLYMAN_REPORT_JSON_PARTS_H
#define TALLYMAN_REPORT_JSON_PARTS_H

#include "base/json.h"
#include "model/finding.h"

void json_put_path(struct json_writer *w, const char *key, struct str path); /* of an image: absolute, from its root */
void json_put_texts(struct json_writer *w, const char *key, const char *const *texts, uint32_t n);
/* A number, a truth value, a text or a list of them; null where there is none. */
void json_put_value(struct json_writer *w, const struct value *value);
/* Members of a finding. */
void json_put_severities(struct json_writer *w, const struct finding *finding);
void json_put_subject(struct json_writer *w, const struct finding *finding);
void json_put_details(struct json_writer *w, const char *key, const struct finding_detail *details, uint32_t n);
/* The object that docs/output.md describes, "findings[]". */
void json_put_finding(struct json_writer *w, const struct finding *finding);

#endif
