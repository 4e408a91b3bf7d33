/* SPDX-License-Identifier: Apache-2.0 */
/* Lockfiles in TOML with a table [[package]] a package: poetry.lock, uv.lock and pdm.lock (Python), Cargo.lock (Rust). */
#include <errno.h>

#include "base/hijack.h"
#include "base/toml.h"
#include "inventory/detectors.h"
#include "inventory/language.h"
#include "model/path.h"

struct toml_lock {
        struct language language;
        struct language_entry entry;
        bool in_package, any;
        bool needs_source; /* Cargo.lock: without one it is a part of the project itself */
        bool has_source;
        bool has_groups, in_main; /* poetry.lock since 2.1, pdm.lock */
};

static int finish(struct toml_lock *t, struct error *err)
{
        int r = 0;

        t->entry.development |= t->has_groups && !t->in_main;
        if (t->any && t->entry.name.len && t->entry.version.len && (t->has_source || !t->needs_source)) {
                HIJACK_POINT("toml-lock");
                r = language_emit(&t->language, &t->entry, err);
        }
        language_entry_clear(&t->entry);
        t->any = t->has_source = t->has_groups = t->in_main = false;
        return r;
}

static void take_text(struct toml_lock *t, const struct toml_event *event)
{
        struct language_entry *e = &t->entry;

        if (str_equals(event->key, "name"))
                buf_add_str(&e->name, event->text);
        if (str_equals(event->key, "version"))
                buf_add_str(&e->version, event->text);
        if (str_equals(event->key, "source"))
                t->has_source = true;
        if (str_equals(event->key, "category")) /* poetry.lock before 1.5 */
                e->development = str_equals(event->text, "dev");
        /* uv.lock: the project and its parts. */
        if (str_equals(event->key, "source.editable") || str_equals(event->key, "source.virtual") ||
            str_equals(event->key, "source.directory"))
                e->skip = true;
}

static void take_item(struct toml_lock *t, const struct toml_event *event)
{
        if (!str_equals(event->key, "groups"))
                return;
        t->has_groups = true;
        t->in_main |= str_equals(event->text, "main") || str_equals(event->text, "default");
}

static int take_event(void *ctx, const struct toml_event *event, struct error *err)
{
        struct toml_lock *t = ctx;
        int r = 0;

        if (event->kind == TOML_TABLES && str_equals(event->key, "package")) {
                r = finish(t, err);
                t->in_package = t->any = true;
        } else if (event->kind == TOML_TABLE || event->kind == TOML_TABLES) {
                t->in_package = false; /* [package.source] and others: of the package before */
        } else if (t->in_package && event->kind == TOML_TEXT) {
                take_text(t, event);
        } else if (t->in_package) {
                take_item(t, event);
        }
        return r;
}

static int read_lock(struct toml_lock *t, const struct detector_file *file, struct error *err)
{
        struct content_stream stream = { file->content, 0 };
        int r = toml_read(content_source(&stream), take_event, t, err);

        if (r == 0)
                r = finish(t, err);
        language_entry_done(&t->entry);
        language_done(&t->language);
        return r;
}

static int read_python(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct toml_lock t = { .language = { .sink = sink, .type = "pypi", .evidence = PACKAGE_DECLARED } };

        return read_lock(&t, file, err);
}

static int read_cargo(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct toml_lock t = { .language = { .sink = sink, .type = "cargo", .evidence = PACKAGE_DECLARED },
                               .needs_source = true };

        return read_lock(&t, file, err);
}

static const struct pattern python_patterns[] = {
        { PATTERN_NAME, "poetry.lock", NULL },
        { PATTERN_NAME, "uv.lock", NULL },
        { PATTERN_NAME, "pdm.lock", NULL },
};

const struct detector python_lock_detector = {
        .name = "python-lock",
        .version = 1,
        .patterns = python_patterns,
        .n_patterns = ELEMENTS_OF(python_patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_python,
};

static const struct pattern cargo_patterns[] = { { PATTERN_NAME, "Cargo.lock", NULL } };

const struct detector cargo_lock_detector = {
        .name = "cargo-lock",
        .version = 1,
        .patterns = cargo_patterns,
        .n_patterns = ELEMENTS_OF(cargo_patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_cargo,
};
