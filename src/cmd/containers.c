/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/shared_options.h"
#include "engine/engine.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define COLUMNS 8
#define SHORT_DIGEST 19 /* "sha256:" and 12 characters */

struct listing {
        bool pending;
        struct json_writer *json;
        struct buf *cells; /* of all rows, COLUMNS each */
        size_t n, cap;
        struct buf notes;
};

static void format_time(int64_t ns, struct buf *out)
{
        time_t seconds = (time_t)(ns / NS_PER_SECOND);
        char text[32];
        struct tm tm;

        if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
                buf_puts(out, text);
}

#define KNOWS(c, member) ((c)->facts.known >> CONTAINER_##member & 1)

/* ---- the table ---- */

static void add_text(struct buf *cell, bool known, struct str text)
{
        if (known && text.n)
                buf_add_quoted(cell, text);
        else
                buf_putc(cell, '-');
}

static void add_note(struct listing *l, const struct container *c, const char *what, struct str why)
{
        if (!why.n)
                return;
        buf_add_quoted(&l->notes, c->facts.id);
        buf_printf(&l->notes, ": %s: ", what);
        buf_add_quoted(&l->notes, why);
        buf_putc(&l->notes, '\n');
}

static void add_notes(struct listing *l, const struct container *c)
{
        add_note(l, c, "not read completely", c->why_pending);
        if (!KNOWS(c, image))
                add_note(l, c, "no image", c->why_no_image);
        else if (!KNOWS(c, image_digest))
                add_note(l, c, "no digest", c->why_no_digest);
}

static int add_row(struct listing *l, const struct container *c, struct error *err)
{
        struct buf *cells;
        struct str digest = c->facts.image_digest;
        int r = mem_grow(&l->cells, &l->cap, l->n + COLUMNS, sizeof(*cells));

        if (r < 0)
                return error_oom(err);
        cells = l->cells + l->n;
        l->n += COLUMNS;
        digest.n = MIN_OF(digest.n, (size_t)SHORT_DIGEST);
        add_text(&cells[0], KNOWS(c, id), c->facts.id);
        add_text(&cells[1], KNOWS(c, name), c->facts.name);
        buf_puts(&cells[2], container_engine_name(c->engine));
        add_text(&cells[3], KNOWS(c, image), c->facts.image);
        add_text(&cells[4], KNOWS(c, image_digest), digest);
        if (c->init_pid)
                buf_printf(&cells[5], "%" PRId64, c->init_pid);
        else
                buf_putc(&cells[5], '-');
        if (KNOWS(c, start))
                format_time(c->facts.start, &cells[6]);
        else
                buf_putc(&cells[6], '-');
        buf_puts(&cells[7], !KNOWS(c, privileged) ? "-" : c->facts.privileged ? "yes" : "no");
        add_notes(l, c);
        return 0;
}

static int print_table(struct listing *l, struct error *err)
{
        static const char *const heads[COLUMNS] = { "ID",     "NAME", "ENGINE",  "IMAGE",
                                                    "DIGEST", "PID",  "STARTED", "PRIVILEGED" };
        _cleanup_(buf_free) struct buf text = { 0 };
        size_t width[COLUMNS];

        for (size_t i = 0; i < COLUMNS; i++)
                width[i] = strlen(heads[i]);
        for (size_t i = 0; i < l->n; i++) {
                if (!buf_ok(&l->cells[i]))
                        return error_oom(err);
                width[i % COLUMNS] = MAX_OF(width[i % COLUMNS], l->cells[i].len);
        }
        for (size_t i = 0; i < l->n + COLUMNS; i++) {
                bool last = i % COLUMNS == COLUMNS - 1;
                const char *cell = i < COLUMNS ? heads[i] : l->cells[i - COLUMNS].data;

                buf_printf(&text, "%-*s%s", last ? 0 : (int)width[i % COLUMNS], cell, last ? "\n" : "  ");
        }
        if (l->notes.len)
                buf_putc(&text, '\n');
        buf_add_str(&text, buf_str(&l->notes));
        text.failed |= l->notes.failed;
        return print_text(&text, err);
}

/* ---- JSON ---- */

static void put_flag(struct json_writer *w, const char *key, bool known, bool flag)
{
        json_write_key(w, key);
        if (known)
                json_write_bool(w, flag);
        else
                json_write_null(w);
}

#define PUT_TEXT(w, key, c, member) json_put_known(w, key, KNOWS(c, member), (c)->facts.member)
#define PUT_FLAG(w, key, c, member) put_flag(w, key, KNOWS(c, member), (c)->facts.member)

static void put_image(struct json_writer *w, const struct container *c)
{
        json_put_begin(w, "image", false);
        PUT_TEXT(w, "name", c, image);
        PUT_TEXT(w, "id", c, image_id);
        PUT_TEXT(w, "repository", c, image_repository);
        PUT_TEXT(w, "tag", c, image_tag);
        PUT_TEXT(w, "digest", c, image_digest);
        if (!KNOWS(c, image))
                json_put_str(w, "why_no_name", c->why_no_image);
        if (!KNOWS(c, image_id))
                json_put_str(w, "why_no_id", c->why_no_image_id);
        if (!KNOWS(c, image_digest))
                json_put_str(w, "why_no_digest", c->why_no_digest);
        json_write_object_end(w);
}

static void put_labels(struct json_writer *w, const char *key, const struct syscall_pair *labels, uint32_t n)
{
        json_put_begin(w, key, true);
        for (uint32_t i = 0; i < n; i++) {
                json_write_object_begin(w);
                json_put_str(w, "name", labels[i].name);
                json_put_str(w, "value", labels[i].value);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void put_mounts(struct json_writer *w, const struct container *c)
{
        json_write_key(w, "mounts");
        if (!c->facts.knows_mounts) {
                json_write_null(w);
                return;
        }
        json_write_array_begin(w);
        for (uint32_t i = 0; i < c->facts.n_mounts; i++) {
                const struct syscall_mount *m = &c->facts.mounts[i];

                json_write_object_begin(w);
                json_put_str(w, "source", m->source);
                json_put_str(w, "destination", m->destination);
                json_put_str(w, "mode", m->mode);
                put_flag(w, "writable", true, m->writable);
                json_put_str(w, "propagation", m->propagation);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static void put_pod(struct json_writer *w, const struct container *c)
{
        json_write_key(w, "pod");
        if (!KNOWS(c, pod_name)) {
                json_write_null(w);
                return;
        }
        json_write_object_begin(w);
        PUT_TEXT(w, "name", c, pod_name);
        PUT_TEXT(w, "namespace", c, pod_namespace);
        PUT_TEXT(w, "uid", c, pod_uid);
        PUT_TEXT(w, "sandbox_id", c, pod_sandbox_id);
        PUT_TEXT(w, "ip", c, pod_ip);
        put_flag(w, "is_sandbox", true, c->sandbox);
        put_labels(w, "labels", c->facts.pod_labels, c->facts.n_pod_labels);
        json_write_object_end(w);
}

static void put_root(struct json_writer *w, const struct container *c)
{
        json_put_begin(w, "root", false);
        json_put_known(w, "path", c->root.n, c->root);
        json_put_known(w, "bundle", c->bundle.n, c->bundle);
        json_write_key(w, "device");
        if (c->knows_device) {
                _cleanup_(buf_free) struct buf device = { 0 };

                buf_printf(&device, "%u:%u", c->device.major, c->device.minor);
                json_write_string(w, buf_str(&device));
        } else {
                json_write_null(w);
        }
        json_put_known(w, "upper", c->upper.n, c->upper);
        json_put_begin(w, "lower", true);
        for (uint32_t i = 0; i < c->n_layers; i++)
                json_write_string(w, c->layers[i]);
        json_write_array_end(w);
        json_write_object_end(w);
}

static void put_start(struct json_writer *w, const struct container *c)
{
        _cleanup_(buf_free) struct buf start = { 0 };

        if (KNOWS(c, start))
                format_time(c->facts.start, &start);
        json_put_known(w, "started", start.len > 0, buf_str(&start));
}

static void put_container(struct json_writer *w, const struct container *c)
{
        json_write_object_begin(w);
        PUT_TEXT(w, "id", c, full_id);
        PUT_TEXT(w, "name", c, name);
        json_put_str(w, "engine", str_from(container_engine_name(c->engine)));
        json_put_known(w, "engine_namespace", c->engine_namespace.n, c->engine_namespace);
        json_put_i64(w, "uid", c->uid);
        put_image(w, c);
        json_put_i64(w, "pid", c->init_pid);
        put_start(w, c);
        PUT_FLAG(w, "privileged", c, privileged);
        json_put_known(w, "privileged_from", c->privileged_from.n, c->privileged_from);
        PUT_FLAG(w, "host_pid", c, host_pid);
        PUT_FLAG(w, "host_network", c, host_network);
        PUT_FLAG(w, "host_ipc", c, host_ipc);
        PUT_TEXT(w, "ip", c, ip);
        put_pod(w, c);
        put_labels(w, "labels", c->facts.labels, c->facts.n_labels);
        put_mounts(w, c);
        put_root(w, c);
        json_put_begin(w, "cgroup", false);
        json_put_u64(w, "id", c->cgroup_id);
        json_put_str(w, "path", c->cgroup_path);
        json_write_object_end(w);
        json_put_known(w, "why_incomplete", c->why_pending.n, c->why_pending);
        json_write_object_end(w);
}

static int flush(void *ctx, const char *data, size_t n, struct error *err)
{
        return output_write(ctx, data, n, err);
}

static int each(void *ctx, const struct container *container, bool gone)
{
        struct listing *l = ctx;

        l->pending |= container->state == CONTAINER_PENDING;
        if (!l->json)
                return add_row(l, container, NULL);
        put_container(l->json, container);
        return 0;
}

static int print_json(const struct container_table *table, struct listing *l, struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        _cleanup_(output_freep) struct output *out = NULL;
        bool v1;
        int r = output_stdout(&out, err);

        if (r == 0)
                r = json_writer_new(flush, out, 2, &w, err);
        if (r < 0)
                return r;
        l->json = w;
        json_write_object_begin(w);
        json_put_text(w, "schema", "tallyman/containers/v1");
        json_put_text(w, "hierarchy", container_table_hierarchy(table, &v1));
        json_put_begin(w, "containers", true);
        r = container_table_each(table, false, each, l);
        json_write_array_end(w);
        json_write_object_end(w);
        if (r == 0)
                r = json_writer_finish(w, err);
        return r < 0 ? r : output_finish(out, err);
}

static void listing_done(struct listing *l)
{
        for (size_t i = 0; i < l->n; i++)
                buf_free(&l->cells[i]);
        free(l->cells);
        buf_free(&l->notes);
}

static int cmd_containers(const struct arguments *args, struct error *err)
{
        _cleanup_(container_table_freep) struct container_table *table = NULL;
        _cleanup_(listing_done) struct listing listing = { 0 };
        const char *format = arguments_get(args, "format");
        struct container_options options = { .root = NULL };
        int r;

        json_init();
        r = container_table_new(&options, &table, err);
        if (r == 0)
                r = container_table_scan(table, err);
        if (r < 0)
                return r;
        if (format && strcmp(format, "json") == 0) {
                r = print_json(table, &listing, err);
        } else {
                r = container_table_each(table, false, each, &listing);
                r = r < 0 ? error_oom(err) : print_table(&listing, err);
        }
        if (r < 0)
                return r;
        return listing.pending ? EXIT_STATUS_INCOMPLETE : EXIT_STATUS_DONE;
}

/* ---- how it is called ---- */

static const struct option_spec containers_options[] = {
        { "format", 'f', "FORMAT", "How the list is written. The default is table.", table_or_json },
        { NULL },
};

static const struct help_item containers_examples[] = {
        { "tallyman containers", "Lists what runs here, whatever runs it." },
        { NULL },
};

const struct command command_containers = {
        .name = "containers",
        .group = GROUP_OPERATION,
        .summary = "list the containers that run here",
        .synopsis = "[OPTION...]",
        .description =
                "Lists the containers of Docker, containerd, CRI-O, podman, crun and runc alike, with the image that each "
                "runs and its digest. It reads cgroups, the containers' bundles and the engines' own files, and asks "
                "containerd's socket for images; no engine's program is called.\n\n"
                "Below the table stands why something is missing: bare runtimes know of no image, and an image that was "
                "never in a registry has no digest. If a container could not be read completely, the exit status is 3. "
                "Who is not root sees what the engines' files allow.",
        .options = containers_options,
        .examples = containers_examples,
        .run = cmd_containers,
};
