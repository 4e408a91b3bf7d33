/* SPDX-License-Identifier: Apache-2.0 */
/* OCSF (schema.ocsf.io): category Findings (2), class Detection Finding (2004), activity Create (1). */
#include "report/alert_private.h"
#include "report/json_parts.h"

#define MILLISECOND 1000000
#define OCSF_VERSION "1.3.0"
#define CATEGORY_FINDINGS 2
#define CLASS_DETECTION_FINDING 2004
#define ACTIVITY_CREATE 1
#define STATUS_NEW 1
#define STATUS_SUPPRESSED 3

static void put_if(struct json_writer *w, const char *key, const char *text)
{
        if (text)
                json_put_text(w, key, text);
}

static void put_str_if(struct json_writer *w, const char *key, bool known, struct str text)
{
        if (known)
                json_put_str(w, key, text);
}

static int severity_id(enum severity severity)
{
        static const int ids[] = { [SEVERITY_UNKNOWN] = 0, [SEVERITY_NONE] = 1, [SEVERITY_LOW] = 2, [SEVERITY_MEDIUM] = 3,
                                   [SEVERITY_HIGH] = 4, [SEVERITY_CRITICAL] = 5 };

        return ids[severity];
}

static void put_metadata(struct json_writer *w)
{
        json_put_begin(w, "metadata", false);
        json_put_text(w, "version", OCSF_VERSION);
        json_put_begin(w, "product", false);
        json_put_text(w, "name", "Tallyman");
        json_put_text(w, "vendor_name", "Tallyman");
        json_put_text(w, "version", TALLYMAN_VERSION);
        json_write_object_end(w);
        json_write_object_end(w);
}

static void put_finding_info(struct json_writer *w, const struct alert *alert)
{
        const struct finding *f = alert->finding;

        json_put_begin(w, "finding_info", false);
        json_put_text(w, "uid", f->id);
        put_if(w, "title", f->title);
        put_if(w, "desc", f->description);
        json_put_i64(w, "created_time", alert->time / MILLISECOND);
        json_put_begin(w, "analytic", false);
        json_put_text(w, "name", f->rule);
        json_put_i64(w, "type_id", 1); /* a rule */
        json_write_object_end(w);
        json_put_texts(w, "types", alert->tags, alert->n_tags);
        json_write_object_end(w);
}

#define PROCESS_KNOWS(p, member) ((p)->known >> PROCESS_##member & 1)
#define CONTAINER_KNOWS(c, member) ((c)->known >> CONTAINER_##member & 1)

static void put_process(struct json_writer *w, const char *key, const struct syscall_process *p)
{
        _cleanup_(buf_free) struct buf line = { 0 };

        json_put_begin(w, key, false);
        put_str_if(w, "name", PROCESS_KNOWS(p, name), p->name);
        if (PROCESS_KNOWS(p, pid))
                json_put_i64(w, "pid", p->pid);
        if (PROCESS_KNOWS(p, exe))
                buf_add_str(&line, p->exe);
        for (uint32_t i = 0; PROCESS_KNOWS(p, args) && i < p->args.n; i++)
                buf_printf(&line, " %.*s", STR_ARG(p->args.items[i]));
        put_str_if(w, "cmd_line", buf_ok(&line) && line.len, buf_str(&line));
        if (PROCESS_KNOWS(p, exepath)) {
                struct str path = p->exepath, name = path;

                while (path.n && memchr(name.p, '/', name.n))
                        str_cut(&name, '/');
                json_put_begin(w, "file", false);
                put_str_if(w, "name", true, name);
                put_str_if(w, "path", true, path);
                json_put_i64(w, "type_id", 1);
                json_write_object_end(w);
        }
        json_write_object_end(w);
}

static void put_container(struct json_writer *w, const struct syscall_container *c)
{
        json_put_begin(w, "container", false);
        put_str_if(w, "uid", CONTAINER_KNOWS(c, full_id), c->full_id);
        put_str_if(w, "name", CONTAINER_KNOWS(c, name), c->name);
        put_str_if(w, "runtime", CONTAINER_KNOWS(c, type), c->type);
        put_str_if(w, "pod_uuid", CONTAINER_KNOWS(c, pod_uid), c->pod_uid);
        if (CONTAINER_KNOWS(c, image_id) || CONTAINER_KNOWS(c, image)) {
                json_put_begin(w, "image", false);
                put_str_if(w, "uid", true, CONTAINER_KNOWS(c, image_id) ? c->image_id : c->image);
                put_str_if(w, "name", CONTAINER_KNOWS(c, image), c->image);
                put_str_if(w, "tag", CONTAINER_KNOWS(c, image_tag), c->image_tag);
                json_write_object_end(w);
        }
        json_write_object_end(w);
}

static void put_evidences(struct json_writer *w, const struct alert *alert)
{
        const struct syscall_event *event = alert->event;

        if (!event || (!event->process && !event->container))
                return;
        json_put_begin(w, "evidences", true);
        json_write_object_begin(w);
        if (event->process)
                put_process(w, "process", event->process);
        if (event->container)
                put_container(w, event->container);
        json_write_object_end(w);
        json_write_array_end(w);
}

void alert_write_ocsf(const struct alert *alert, const struct alert_style *style, struct json_writer *w)
{
        const struct finding *f = alert->finding;

        json_write_object_begin(w);
        json_put_i64(w, "category_uid", CATEGORY_FINDINGS);
        json_put_i64(w, "class_uid", CLASS_DETECTION_FINDING);
        json_put_i64(w, "activity_id", ACTIVITY_CREATE);
        json_put_i64(w, "type_uid", CLASS_DETECTION_FINDING * 100 + ACTIVITY_CREATE);
        json_put_i64(w, "time", alert->time / MILLISECOND);
        json_put_i64(w, "severity_id", severity_id(f->severity));
        json_put_i64(w, "status_id", f->status == FINDING_EXCEPTED ? STATUS_SUPPRESSED : STATUS_NEW);
        json_put_i64(w, "count", (int64_t)MIN_OF(alert->repeated, (uint64_t)INT32_MAX - 1) + 1);
        json_put_bool(w, "is_alert", f->status != FINDING_EXCEPTED);
        put_if(w, "message", f->message);
        put_metadata(w);
        put_finding_info(w, alert);
        put_evidences(w, alert);
        if (style->hostname) {
                json_put_begin(w, "device", false);
                json_put_text(w, "hostname", style->hostname);
                json_put_i64(w, "type_id", 1); /* a server */
                json_write_object_end(w);
        }
        json_write_object_end(w);
}
