/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/nearest.h"
#include "report/alert_private.h"
#include "report/json_parts.h"

#define NANOSECONDS 1000000000ll
#define TIME_TEXT_MAX 40
#define SHORT_ID 12 /* characters of a container's id */

static const char *const format_names[] = { [ALERT_TEXT] = "text", [ALERT_JSON] = "json", [ALERT_FALCO] = "falco",
                                            [ALERT_OCSF] = "ocsf" };

int alert_format_parse(const char *name, enum alert_format *ret, struct error *err)
{
        for (size_t i = 0; i < ELEMENTS_OF(format_names); i++)
                if (strcmp(name, format_names[i]) == 0) {
                        *ret = (enum alert_format)i;
                        return 0;
                }
        return error_say(err, -EINVAL, "'%s' is no format of alerts (expected text, json, falco or ocsf)", name);
}

/* RFC 3339 in UTC; its time of day begins at byte 11. */
static const char *time_text(int64_t time, char text[static TIME_TEXT_MAX])
{
        time_t seconds = (time_t)(time / NANOSECONDS);
        struct tm tm = { 0 };
        size_t n;

        gmtime_r(&seconds, &tm);
        n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + n, TIME_TEXT_MAX - n, ".%09lldZ", (long long)(time % NANOSECONDS));
        return text;
}

/* ---- text ---- */

static bool container_knows(const struct syscall_container *c, enum syscall_container_member member)
{
        return c && c->known >> member & 1;
}

static void add_labelled(struct buf *out, const char *label, struct str text)
{
        buf_printf(out, " %s=", label);
        buf_add_quoted(out, text);
}

static bool process_knows(const struct syscall_process *p, enum syscall_process_member member)
{
        return p && p->known >> member & 1;
}

/* What the image has at the file's path: " from pkg:deb/debian/curl@7.88 in layer 2". */
static void add_origin(const struct syscall_process *p, struct buf *out)
{
        if (process_knows(p, PROCESS_file_package)) {
                buf_puts(out, " from ");
                buf_add_quoted(out, p->file_package);
        }
        if (process_knows(p, PROCESS_file_layer)) {
                buf_puts(out, " in layer ");
                buf_add_quoted(out, p->file_layer);
        }
}

/* The file that runs, held against the image: " file=/tmp/x is not in the image". */
static void write_file(const struct syscall_process *p, struct buf *out)
{
        static const struct {
                const char *state, *before, *after; /* what the image has */
                bool in_image;
        } texts[] = {
                { "unmodified", "", "", true },
                { "metadata", "", ", copied up with the same content", true },
                { "modified", " changed since the image, which has it", "", true },
                { "new", " is not in the image", "", false },
                { "volume", " is on a mount", "", false },
                { "memfd", " is in memory only", "", false },
                { "deleted", " has no name any more", "", false },
        };
        struct str state = process_knows(p, PROCESS_file_state) ? p->file_state : STR_NULL;

        if (!process_knows(p, PROCESS_exepath) || (!state.n && !process_knows(p, PROCESS_file_path)))
                return;
        add_labelled(out, "file", p->exepath);
        if (!state.n) { /* too large to be compared, or changed by now */
                buf_puts(out, " was copied up from the image, which has it");
                add_origin(p, out);
        }
        for (size_t i = 0; state.n && i < ELEMENTS_OF(texts); i++) {
                if (!str_equals(state, texts[i].state))
                        continue;
                buf_puts(out, texts[i].before);
                if (texts[i].in_image)
                        add_origin(p, out);
                buf_puts(out, texts[i].after);
        }
}

static void write_where(const struct alert *alert, struct buf *out)
{
        const struct syscall_container *c = alert->event ? alert->event->container : NULL;

        if (!alert->finding->subject_kind)
                return;
        buf_puts(out, " (");
        buf_add_quoted(out, str_from(alert->finding->subject_kind));
        if (alert->container && alert->finding->subject_name)
                add_labelled(out, "name", str_from(alert->finding->subject_name));
        if (container_knows(c, CONTAINER_id))
                add_labelled(out, "id", c->id);
        else if (alert->container)
                add_labelled(out, "id", (struct str){ alert->container, MIN_OF(strlen(alert->container), (size_t)SHORT_ID) });
        if (container_knows(c, CONTAINER_image))
                add_labelled(out, "image", c->image);
        if (c)
                write_file(alert->event->process, out);
        buf_putc(out, ')');
}

static void write_text(const struct alert *alert, const struct alert_style *style, struct buf *out)
{
        static const char *const colours[] = {
                [SEVERITY_UNKNOWN] = "0", [SEVERITY_NONE] = "0", [SEVERITY_LOW] = "36",
                [SEVERITY_MEDIUM] = "33", [SEVERITY_HIGH] = "31", [SEVERITY_CRITICAL] = "1;31",
        };
        char when[TIME_TEXT_MAX];

        buf_printf(out, "%s ", time_text(alert->time, when));
        if (style->colour)
                buf_printf(out, "\033[%sm", colours[alert->finding->severity]);
        buf_printf(out, "%-8s", severity_name(alert->finding->severity));
        if (style->colour)
                buf_puts(out, "\033[0m");
        buf_putc(out, ' ');
        buf_add_quoted(out, str_from(alert->finding->rule));
        buf_puts(out, ": ");
        buf_add_quoted(out, str_from(alert->finding->message));
        write_where(alert, out);
        if (alert->repeated)
                buf_printf(out, " [and %llu more before it]", (unsigned long long)alert->repeated);
        buf_putc(out, '\n');
}

/* ---- JSON ---- */

static void put_container(struct json_writer *w, const struct alert *alert)
{
        const struct syscall_container told = {
                .known = UINT64_C(1) << CONTAINER_full_id | (alert->finding->subject_name ? UINT64_C(1) << CONTAINER_name : 0),
                .full_id = str_from(alert->container), .name = str_from(alert->finding->subject_name),
        };
        /* Of what was counted only the finding is left. */
        const struct syscall_container *c = alert->event ? alert->event->container : alert->container ? &told : NULL;

        if (!c) {
                json_put_null(w, "container");
                return;
        }
        json_put_begin(w, "container", false);
        json_put_known(w, "id", container_knows(c, CONTAINER_full_id), c->full_id);
        json_put_known(w, "name", container_knows(c, CONTAINER_name), c->name);
        json_put_known(w, "engine", container_knows(c, CONTAINER_type), c->type);
        json_put_known(w, "image", container_knows(c, CONTAINER_image), c->image);
        json_put_known(w, "image_id", container_knows(c, CONTAINER_image_id), c->image_id);
        json_put_known(w, "image_digest", container_knows(c, CONTAINER_image_digest), c->image_digest);
        json_put_known(w, "pod", container_knows(c, CONTAINER_pod_name), c->pod_name);
        json_put_known(w, "namespace", container_knows(c, CONTAINER_pod_namespace), c->pod_namespace);
        json_write_object_end(w);
}

/* The file that the process runs. */
static void put_file(struct json_writer *w, const struct syscall_event *event)
{
        const struct syscall_process *p = event && event->container ? event->process : NULL;

        if (!process_knows(p, PROCESS_exepath)) {
                json_put_null(w, "file");
                return;
        }
        json_put_begin(w, "file", false);
        json_put_str(w, "path", p->exepath);
        json_put_known(w, "state", process_knows(p, PROCESS_file_state), p->file_state);
        json_put_known(w, "layer", process_knows(p, PROCESS_file_layer), p->file_layer);
        json_put_known(w, "package", process_knows(p, PROCESS_file_package), p->file_package);
        json_write_object_end(w);
}

static void put_time(struct json_writer *w, const struct alert *alert)
{
        char when[TIME_TEXT_MAX];

        json_put_text(w, "time", time_text(alert->time, when));
}

static void write_json(const struct alert *alert, const struct alert_style *style, struct json_writer *w)
{
        json_write_object_begin(w);
        json_put_text(w, "schema", "tallyman/alert/v1");
        put_time(w, alert);
        json_put_text(w, "hostname", style->hostname);
        json_put_text(w, "priority", alert->priority);
        json_put_texts(w, "tags", alert->tags, alert->n_tags);
        json_put_u64(w, "repeated", alert->repeated);
        put_container(w, alert);
        put_file(w, alert->event);
        json_write_key(w, "finding");
        json_put_finding(w, alert->finding);
        json_write_object_end(w);
}

/* ---- Falco's ---- */

static void put_fields(struct json_writer *w, const char *key, const struct alert *alert)
{
        json_put_begin(w, key, false);
        for (uint32_t i = 0; i < alert->finding->n_fields; i++) {
                json_write_key(w, alert->finding->fields[i].name);
                json_put_value(w, &alert->finding->fields[i].value);
        }
        json_write_object_end(w);
}

/* Falco's "output" begins with the time of day and the priority. */
static int write_falco(const struct alert *alert, const struct alert_style *style, struct json_writer *w, struct error *err)
{
        _cleanup_(buf_free) struct buf output = { 0 };
        char when[TIME_TEXT_MAX];

        time_text(alert->time, when);
        when[strlen(when) - 1] = 0;
        buf_printf(&output, "%s: %s %s", when + 11, alert->priority, alert->finding->message ? alert->finding->message : "");
        if (!buf_ok(&output))
                return error_oom(err);
        json_write_object_begin(w);
        json_put_text(w, "hostname", style->hostname);
        json_put_str(w, "output", buf_str(&output));
        put_fields(w, "output_fields", alert);
        json_put_text(w, "priority", alert->priority);
        json_put_text(w, "rule", alert->finding->rule);
        json_put_text(w, "source", alert->finding->source);
        json_put_texts(w, "tags", alert->tags, alert->n_tags);
        put_time(w, alert);
        json_write_object_end(w);
        return 0;
}

/* ---- */

static int append(void *ctx, const char *data, size_t n, struct error *err)
{
        struct buf *out = ctx;

        buf_add(out, data, n);
        return buf_ok(out) ? 0 : error_oom(err);
}

int alert_write(const struct alert *alert, const struct alert_style *style, struct buf *out, struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        int r;

        if (style->format == ALERT_TEXT) {
                write_text(alert, style, out);
                return buf_ok(out) ? 0 : error_oom(err);
        }
        r = json_writer_new(append, out, 0, &w, err);
        if (r < 0)
                return r;
        if (style->format == ALERT_JSON)
                write_json(alert, style, w);
        else if (style->format == ALERT_FALCO)
                r = write_falco(alert, style, w, err);
        else
                alert_write_ocsf(alert, style, w);
        return r < 0 ? r : json_writer_finish(w, err);
}
