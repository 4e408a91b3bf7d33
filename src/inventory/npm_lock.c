/* SPDX-License-Identifier: Apache-2.0 */
/* package-lock.json and npm-shrinkwrap.json of all versions (package-lock.json(5)): `packages`, keyed by place, since
 * version 2; `dependencies`, keyed by name and nested, in version 1 and beside the former in version 2. */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

#define NESTING_MAX 64 /* of dependencies of version 1 */

struct npm_lock {
        struct language language;
        bool has_packages;
        unsigned depth;
};

/* One entry of either kind. */
struct lock_entry {
        struct npm_lock *lock;
        struct language_entry entry;
};

static int take_dependencies(struct npm_lock *lock, struct json_reader *r, struct error *err);

/* A version that names no release of the registry: where else it comes from. */
static bool is_place(struct str version)
{
        return memchr(version.p ? version.p : "", ':', version.n) != NULL || memchr(version.p ? version.p : "", '/', version.n);
}

/* "npm:NAME@VERSION" is the version of an alias. */
static void take_alias(struct language_entry *e)
{
        struct str version = buf_str(&e->version);
        _cleanup_(buf_free) struct buf copy = { 0 };

        if (!str_starts(version, "npm:"))
                return;
        version = (struct str){ version.p + 4, version.n - 4 };
        for (size_t i = version.n; i-- > 1;) {
                if (version.p[i] != '@')
                        continue;
                buf_clear(&e->name);
                buf_add(&e->name, version.p, i);
                buf_add(&copy, version.p + i + 1, version.n - i - 1);
                buf_clear(&e->version);
                buf_add_str(&e->version, buf_str(&copy));
                e->version.failed |= copy.failed;
                return;
        }
}

static int take_member(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct lock_entry *le = ctx;
        struct language_entry *e = &le->entry;

        if (str_equals(event->key, "version"))
                return language_text(event, &e->version, err);
        if (str_equals(event->key, "name") && le->lock->has_packages)
                return language_text(event, &e->name, err);
        if (str_equals(event->key, "license") && event->kind == JSON_KIND_STRING)
                language_entry_license(e, event->text);
        if (str_equals(event->key, "dev") || str_equals(event->key, "devOptional"))
                e->development = event->kind == JSON_KIND_TRUE;
        if (str_equals(event->key, "link") || str_equals(event->key, "extraneous"))
                e->skip |= event->kind == JSON_KIND_TRUE;
        if (str_equals(event->key, "dependencies") && !le->lock->has_packages)
                return take_dependencies(le->lock, r, err);
        return 0;
}

static int take_entry(struct npm_lock *lock, struct json_reader *r, struct str name, struct error *err)
{
        struct lock_entry le = { .lock = lock };
        struct language_entry *e = &le.entry;
        int code;

        buf_add_str(&e->name, name);
        code = json_reader_walk(r, take_member, &le, err);
        HIJACK_POINT("npm-lock");
        take_alias(e);
        if (code == 0 && e->version.len && !is_place(buf_str(&e->version)))
                code = language_emit(&lock->language, e, err);
        language_entry_done(e);
        return code;
}

/* "node_modules/a/node_modules/@b/c" is "@b/c"; a place that is not below node_modules is the project's own. */
static struct str name_of_place(struct str place)
{
        static const char folder[] = "node_modules/";
        size_t n = sizeof(folder) - 1;

        for (size_t i = place.n; i-- > 0;)
                if (place.n - i > n && memcmp(place.p + i, folder, n) == 0 && (i == 0 || place.p[i - 1] == '/'))
                        return (struct str){ place.p + i + n, place.n - i - n };
        return STR_NULL;
}

static int each_place(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct str name = name_of_place(event->key);

        return name.n && event->kind == JSON_KIND_OBJECT ? take_entry(ctx, r, name, err) : 0;
}

static int each_dependency(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        return event->kind == JSON_KIND_OBJECT ? take_entry(ctx, r, event->key, err) : 0;
}

static int take_dependencies(struct npm_lock *lock, struct json_reader *r, struct error *err)
{
        int code;

        if (lock->depth == NESTING_MAX)
                return error_say(err, -EBADMSG, "dependencies are nested deeper than %d", NESTING_MAX);
        lock->depth++;
        code = json_reader_walk(r, each_dependency, lock, err);
        lock->depth--;
        return code;
}

/* `packages` stands before `dependencies` where there are both. */
static int take_top(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct npm_lock *lock = ctx;

        if (str_equals(event->key, "packages")) {
                lock->has_packages = true;
                return json_reader_walk(r, each_place, lock, err);
        }
        if (str_equals(event->key, "dependencies") && !lock->has_packages)
                return take_dependencies(lock, r, err);
        return 0;
}

static int read_lock(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct npm_lock lock = { .language = { .sink = sink, .type = "npm", .evidence = PACKAGE_DECLARED } };
        int r = language_json(file->content, take_top, &lock, err);

        language_done(&lock.language);
        return r;
}

static const struct pattern patterns[] = {
        { PATTERN_NAME, "package-lock.json", NULL },
        { PATTERN_NAME, "npm-shrinkwrap.json", NULL },
};

const struct detector npm_lock_detector = {
        .name = "npm-lock",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_lock,
};
