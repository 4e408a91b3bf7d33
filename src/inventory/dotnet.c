/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .NET. NAME.deps.json (dotnet/sdk, "runtime-configuration-file.md"), beside a program: `targets` has for each platform the
 * libraries in use, keyed "NAME/VERSION", `libraries` says what kind each is; `runtimeTarget` names the platform that
 * counts. packages.lock.json (NuGet): {dependencies: {framework: {NAME: {type, resolved}}}}.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

#define LIBRARIES_MAX 1000000u

struct library {
        struct str key; /* "NAME/VERSION" */
        bool is_package;
};

struct deps {
        struct arena *arena;
        struct language language;
        struct buf target, type;
        struct library *libraries, *used; /* `used` by target, if that is known */
        size_t n_libraries, libraries_cap, n_used, used_cap;
        bool in_target;
};

static int add_library(struct deps *d, struct library **items, size_t *n, size_t *cap, struct str key, struct error *err)
{
        const char *copy = arena_string(d->arena, key.p, key.n);

        if (!copy || mem_grow(items, cap, *n + 1, sizeof(**items)) < 0)
                return error_oom(err);
        (*items)[(*n)++] = (struct library){ .key = { copy, key.n } };
        return *n > LIBRARIES_MAX ? error_say(err, -E2BIG, "more than %u libraries", LIBRARIES_MAX) : 0;
}

static int take_target_name(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct deps *d = ctx;

        return str_equals(event->key, "name") ? language_text(event, &d->target, err) : 0;
}

static int take_used(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct deps *d = ctx;

        return add_library(d, &d->used, &d->n_used, &d->used_cap, event->key, err);
}

static int take_target(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct deps *d = ctx;

        if (d->target.len && !str_equal(event->key, buf_str(&d->target)))
                return 0;
        d->in_target = true;
        return json_reader_walk(r, take_used, d, err);
}

static int take_type(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct deps *d = ctx;

        return str_equals(event->key, "type") ? language_text(event, &d->type, err) : 0;
}

static int take_library(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct deps *d = ctx;
        struct str type;
        int code = add_library(d, &d->libraries, &d->n_libraries, &d->libraries_cap, event->key, err);

        buf_clear(&d->type);
        if (code == 0)
                code = json_reader_walk(r, take_type, d, err);
        if (code < 0)
                return code;
        type = buf_str(&d->type); /* others are the project's own parts, and assemblies without package */
        d->libraries[d->n_libraries - 1].is_package = str_equals(type, "package") || str_equals(type, "runtimepack");
        return 0;
}

static int take_top(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        if (str_equals(event->key, "runtimeTarget"))
                return json_reader_walk(r, take_target_name, ctx, err);
        if (str_equals(event->key, "targets"))
                return json_reader_walk(r, take_target, ctx, err);
        return str_equals(event->key, "libraries") ? json_reader_walk(r, take_library, ctx, err) : 0;
}

static int compare_libraries(const void *pa, const void *pb)
{
        const struct library *a = pa, *b = pb;

        return str_compare(a->key, b->key);
}

/* "runtimepack.NAME/VERSION" is what a program that brings its own runtime has of it. */
static int emit(struct deps *d, const struct library *library, struct error *err)
{
        static const char runtime[] = "runtimepack.";
        struct str version = library->key, name = str_cut(&version, '/');

        if (!library->is_package || (d->in_target && !mem_find(library, d->used, d->n_used, sizeof(*library), compare_libraries)))
                return 0;
        if (str_starts(name, runtime))
                name = (struct str){ name.p + sizeof(runtime) - 1, name.n - sizeof(runtime) + 1 };
        return language_pair(&d->language, name, version, false, err);
}

static int read_deps(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct deps d = { .language = { .sink = sink, .type = "nuget", .evidence = PACKAGE_INSTALLED }, .arena = arena_new() };
        int r = d.arena ? language_json(file->content, take_top, &d, err) : error_oom(err);

        HIJACK_POINT("dotnet-deps");
        mem_sort(d.used, d.n_used, sizeof(*d.used), compare_libraries);
        for (size_t i = 0; r == 0 && i < d.n_libraries; i++)
                r = emit(&d, &d.libraries[i], err);
        free(d.used);
        free(d.libraries);
        buf_free(&d.target);
        buf_free(&d.type);
        arena_free(d.arena);
        language_done(&d.language);
        return r;
}

static const struct pattern deps_patterns[] = { { PATTERN_SUFFIX, ".deps.json", NULL } };

const struct detector dotnet_deps_detector = {
        .name = "dotnet-deps",
        .version = 1,
        .patterns = deps_patterns,
        .n_patterns = ELEMENTS_OF(deps_patterns),
        .max_size = MANIFEST_MAX,
        .read = read_deps,
};

/* ---- packages.lock.json ---- */

struct nuget_lock {
        struct language language;
        struct language_entry entry;
};

static int take_member(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct language_entry *e = ctx;

        if (str_equals(event->key, "resolved"))
                return language_text(event, &e->version, err);
        if (str_equals(event->key, "type"))
                e->skip = event->kind == JSON_KIND_STRING && str_equals(event->text, "Project");
        return 0;
}

static int take_dependency(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct nuget_lock *n = ctx;
        int code;

        language_entry_clear(&n->entry);
        buf_add_str(&n->entry.name, event->key);
        code = json_reader_walk(r, take_member, &n->entry, err);
        HIJACK_POINT("nuget-lock");
        return code < 0 || n->entry.version.len == 0 ? code : language_emit(&n->language, &n->entry, err);
}

static int take_framework(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        return json_reader_walk(r, take_dependency, ctx, err);
}

static int take_lock(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        return str_equals(event->key, "dependencies") ? json_reader_walk(r, take_framework, ctx, err) : 0;
}

static int read_lock(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct nuget_lock n = { .language = { .sink = sink, .type = "nuget", .evidence = PACKAGE_DECLARED } };
        int r = language_json(file->content, take_lock, &n, err);

        language_entry_done(&n.entry);
        language_done(&n.language);
        return r;
}

static const struct pattern lock_patterns[] = { { PATTERN_NAME, "packages.lock.json", NULL } };

const struct detector nuget_lock_detector = {
        .name = "nuget-lock",
        .version = 1,
        .patterns = lock_patterns,
        .n_patterns = ELEMENTS_OF(lock_patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_lock,
};
