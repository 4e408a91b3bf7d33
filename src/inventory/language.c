/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "inventory/language.h"
#include "model/path.h"

static bool is_plausible(struct str s, size_t max)
{
        if (s.n > max || !utf8_valid(s))
                return false;
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
                        return false;
        return true;
}

int language_package(struct language *l, const struct package *package, struct error *err)
{
        struct package p = *package;

        if (p.name.n == 0 || !is_plausible(p.name, LANGUAGE_NAME_MAX) || !is_plausible(p.version, LANGUAGE_VERSION_MAX)) {
                if (l->left_out++ == 0)
                        snprintf(l->first_left_out, sizeof(l->first_left_out), "%.*s %.*s", STR_SHOWN(p.name),
                                 STR_SHOWN(p.version));
                return 0;
        }
        p.type = str_from(l->type);
        p.evidence = l->evidence;
        l->n++;
        return record_package(l->sink, &p, err);
}

int language_pair(struct language *l, struct str name, struct str version, bool development, struct error *err)
{
        return language_package(l, &(struct package){ .name = name, .version = version, .development = development }, err);
}

void language_done(struct language *l)
{
        if (l->left_out)
                record_problem(l->sink, "%zu packages were left out, whose names or versions no package can have; the first: '%s'",
                               l->left_out, l->first_left_out);
        l->left_out = 0;
}

void language_entry_clear(struct language_entry *e)
{
        buf_clear(&e->name);
        buf_clear(&e->version);
        buf_clear(&e->licenses);
        e->n_licenses = 0;
        e->development = e->skip = false;
}

void language_entry_done(struct language_entry *e)
{
        buf_free(&e->name);
        buf_free(&e->version);
        buf_free(&e->licenses);
}

void language_entry_license(struct language_entry *e, struct str license)
{
        struct str known = buf_str(&e->licenses);

        if (e->n_licenses == LANGUAGE_LICENSES_MAX)
                return;
        license = str_trim(license);
        while (known.n)
                if (str_equal(str_cut(&known, '\n'), license))
                        return;
        if (license.n == 0 || license.n > LANGUAGE_LICENSE_MAX || memchr(license.p, '\n', license.n))
                return;
        e->n_licenses++;
        buf_add_str(&e->licenses, license);
        buf_putc(&e->licenses, '\n');
}

int language_emit(struct language *l, const struct language_entry *e, struct error *err)
{
        struct str licenses[LANGUAGE_LICENSES_MAX], rest = buf_str(&e->licenses);
        struct package p = { .name = buf_str(&e->name), .version = buf_str(&e->version), .development = e->development,
                             .licenses = licenses };

        if (!buf_ok(&e->name) || !buf_ok(&e->version) || !buf_ok(&e->licenses))
                return error_oom(err);
        if (e->skip)
                return 0;
        while (rest.n && p.n_licenses < LANGUAGE_LICENSES_MAX)
                licenses[p.n_licenses++] = str_cut(&rest, '\n');
        return language_package(l, &p, err);
}

int language_text(const struct json_event *event, struct buf *out, struct error *err)
{
        if (event->kind != JSON_KIND_STRING)
                return 0;
        buf_clear(out);
        buf_add_str(out, event->text);
        return buf_ok(out) ? 0 : error_oom(err);
}

int language_lines(struct content *content, size_t max, int (*each)(void *ctx, struct str line, struct error *err), void *ctx,
                   struct error *err)
{
        _cleanup_(content_lines_done) struct content_lines lines = { 0 };
        struct str line;
        int r;

        content_lines_init(&lines, content, max);
        while ((r = content_lines_next(&lines, &line, err)) > 0) {
                r = each(ctx, line, err);
                if (r < 0)
                        return r;
        }
        return r;
}

int language_json(struct content *content,
                  int (*each)(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err), void *ctx,
                  struct error *err)
{
        struct content_stream stream = { content, 0 };
        _cleanup_(json_reader_freep) struct json_reader *reader = NULL;
        struct json_event event;
        int r = json_reader_new(content_source(&stream), &reader, err);

        if (r == 0)
                r = json_reader_next(reader, &event, err);
        if (r < 0)
                return r;
        if (r == 0 || event.kind != JSON_KIND_OBJECT)
                return error_say(err, -EBADMSG, "not a JSON object");
        r = json_reader_walk(reader, each, ctx, err);
        if (r == 0)
                r = json_reader_next(reader, &event, err); /* nothing may follow */
        return r;
}

struct str language_component(struct str path, unsigned from_end)
{
        while (from_end-- && path.p)
                path = path_parent(path);
        return path.p ? path_name(path) : STR_NULL;
}

static bool has_component(struct str path, const char *wanted)
{
        while (path.p)
                if (str_equals(str_cut(&path, '/'), wanted))
                        return true;
        return false;
}

bool language_wants_lockfile(struct str path)
{
        static const char *const installed[] = {
                "node_modules", "vendor", "site-packages", "dist-packages", "gems",
        };
        static const char *const caches[] = { "/pkg/mod/", "/registry/src/" }; /* of Go and of Cargo */

        for (size_t i = 0; i < ELEMENTS_OF(installed); i++)
                if (has_component(path, installed[i]))
                        return false;
        for (size_t i = 0; i < ELEMENTS_OF(caches); i++)
                if (path.n && memmem(path.p, path.n, caches[i], strlen(caches[i])))
                        return false;
        return true;
}
