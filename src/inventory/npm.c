/* SPDX-License-Identifier: Apache-2.0 */
/* Installed npm packages: the package.json at the root of each (npm-package.json(5)). */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"
#include "model/path.h"

/* "licenses": [{ "type": "MIT" }], as it was written once. */
static int take_old_license(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct language_entry *e = ctx;

        if (event->kind == JSON_KIND_STRING && (!event->key.p || str_equals(event->key, "type")))
                language_entry_license(e, event->text);
        return event->kind == JSON_KIND_OBJECT ? json_reader_walk(r, take_old_license, ctx, err) : 0;
}

static int take_member(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct language_entry *e = ctx;

        if (str_equals(event->key, "name"))
                return language_text(event, &e->name, err);
        if (str_equals(event->key, "version"))
                return language_text(event, &e->version, err);
        if (str_equals(event->key, "license") && event->kind == JSON_KIND_STRING)
                language_entry_license(e, event->text);
        else if (str_equals(event->key, "license") || str_equals(event->key, "licenses"))
                return json_reader_walk(r, take_old_license, ctx, err);
        return 0;
}

static int read_package(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        _cleanup_(language_entry_done) struct language_entry e = { 0 };
        _cleanup_(language_done) struct language l = { .sink = sink, .type = "npm", .evidence = PACKAGE_INSTALLED };
        int r = language_json(file->content, take_member, &e, err);

        if (r < 0)
                return r;
        HIJACK_POINT("npm-package");
        if (e.name.len == 0 && e.version.len == 0)
                return 0; /* packages mark folders of theirs by such files */
        if (e.name.len == 0 || e.version.len == 0) {
                record_problem(sink, "it has no %s: the package was left out", e.name.len ? "version" : "name");
                return 0;
        }
        return language_emit(&l, &e, err);
}

static bool is_scope(struct str name)
{
        return str_starts(name, "@");
}

static bool is_root_folder(struct str name, struct str above)
{
        return str_equals(name, "node_modules") || (str_equals(name, "nodejs") && str_equals(above, "share"));
}

/* node_modules/NAME/package.json or node_modules/@SCOPE/NAME/package.json: others belong to what is inside a package.
 * Debian has usr/share/nodejs in place of the topmost node_modules, and opt/NAME is where people unpack programs. */
static bool wants_package(struct str path)
{
        struct str a = language_component(path, 2), b = language_component(path, 3), c = language_component(path, 4);

        if (is_scope(language_component(path, 1)))
                return false;
        if (is_scope(a))
                return is_root_folder(b, c);
        return is_root_folder(a, b) || (str_equals(a, "opt") && !b.n);
}

static const struct pattern patterns[] = { { PATTERN_NAME, "package.json", NULL } };

const struct detector npm_detector = {
        .name = "npm",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = wants_package,
        .max_size = MANIFEST_MAX,
        .read = read_package,
};
