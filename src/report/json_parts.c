/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_parts.h"

void json_put_path(struct json_writer *w, const char *key, struct str path)
{
        _cleanup_(buf_free) struct buf absolute = { 0 };

        if (path.n == 0 || path.p[0] != '/')
                buf_putc(&absolute, '/');
        buf_add_str(&absolute, path);
        json_put_str(w, key, buf_str(&absolute));
}

void json_put_texts(struct json_writer *w, const char *key, const char *const *texts, uint32_t n)
{
        json_put_begin(w, key, true);
        for (uint32_t i = 0; i < n; i++)
                json_write_text(w, texts[i]);
        json_write_array_end(w);
}

/* ---- a finding ---- */

static void put_number(struct json_writer *w, const char *key, int64_t n)
{
        json_write_key(w, key);
        if (n)
                json_write_i64(w, n);
        else
                json_write_null(w);
}

void json_put_severities(struct json_writer *w, const struct finding *f)
{
        json_put_begin(w, "severities", true);
        for (uint32_t i = 0; i < f->n_severities; i++) {
                const struct finding_severity *s = &f->severities[i];

                json_write_object_begin(w);
                json_put_text(w, "source", s->source);
                json_put_text(w, "severity", severity_name(s->severity));
                json_write_key(w, "score");
                if (s->score >= 0)
                        json_write_decimal(w, s->score);
                else
                        json_write_null(w);
                json_put_text(w, "vector", s->vector);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

void json_put_value(struct json_writer *w, const struct value *value)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        if (value->state != VALUE_PRESENT) {
                json_write_null(w);
        } else if (value->is_list) {
                json_write_array_begin(w);
                for (uint32_t i = 0; i < value->list.n; i++)
                        json_put_value(w, &value->list.items[i]);
                json_write_array_end(w);
        } else if (value_type_is_number(value->type)) {
                json_write_i64(w, value->number);
        } else if (value->type == VALUE_BOOL) {
                json_write_bool(w, value->boolean);
        } else {
                value_print(value, &text);
                json_write_string(w, buf_str(&text));
        }
}

/* A list may name a thing twice (a rule's output that shows a field twice): JSON must not. */
static bool named_before(const struct finding_detail *details, uint32_t i)
{
        for (uint32_t k = 0; k < i; k++)
                if (strcmp(details[k].name, details[i].name) == 0)
                        return true;
        return false;
}

void json_put_details(struct json_writer *w, const char *key, const struct finding_detail *details, uint32_t n)
{
        json_put_begin(w, key, false);
        for (uint32_t i = 0; i < n; i++) {
                if (named_before(details, i))
                        continue;
                json_write_key(w, details[i].name);
                json_put_value(w, &details[i].value);
        }
        json_write_object_end(w);
}

void json_put_subject(struct json_writer *w, const struct finding *f)
{
        json_put_begin(w, "subject", false);
        json_put_text(w, "kind", f->subject_kind);
        json_put_text(w, "name", f->subject_name);
        json_put_text(w, "digest", f->subject_digest);
        json_write_object_end(w);
}

static void put_exception(struct json_writer *w, const struct finding *f)
{
        const struct finding_exception *e = &f->exception;

        if (f->status != FINDING_EXCEPTED) {
                json_put_null(w, "exception");
                return;
        }
        json_put_begin(w, "exception", false);
        json_put_text(w, "reason", e->reason);
        json_put_text(w, "owner", e->owner);
        json_put_text(w, "expires", e->expires);
        json_put_text(w, "file", e->file);
        put_number(w, "line", e->line);
        json_write_object_end(w);
}

void json_put_finding(struct json_writer *w, const struct finding *f)
{
        json_write_object_begin(w);
        json_put_text(w, "id", f->id);
        json_put_text(w, "rule", f->rule);
        json_put_text(w, "source", f->source);
        json_put_text(w, "verdict", verdict_name(f->verdict));
        json_put_text(w, "severity", severity_name(f->severity));
        json_put_severities(w, f);
        put_number(w, "rank", f->rank);
        json_put_text(w, "title", f->title);
        json_put_text(w, "message", f->message);
        json_put_text(w, "description", f->description);
        json_put_subject(w, f);
        json_put_begin(w, "location", false);
        json_put_text(w, "layer", f->layer);
        if (f->path)
                json_put_path(w, "path", str_from(f->path));
        else
                json_put_null(w, "path");
        put_number(w, "line", f->line);
        put_number(w, "column", f->column);
        json_put_text(w, "package", f->package);
        put_number(w, "pid", f->pid);
        json_write_object_end(w);
        json_put_details(w, "fields", f->fields, f->n_fields);
        json_put_details(w, "evidence", f->evidence, f->n_evidence);
        json_put_text(w, "remediation", f->remediation);
        json_put_texts(w, "references", f->references, f->n_references);
        json_put_texts(w, "controls", f->controls, f->n_controls);
        json_put_text(w, "owner", f->owner);
        json_put_text(w, "status", finding_status_name(f->status));
        put_exception(w, f);
        json_write_object_end(w);
}
