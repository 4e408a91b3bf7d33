/* SPDX-License-Identifier: Apache-2.0 */
/* PHP. vendor/composer/installed.json: an array of packages (Composer 1), or an object with `packages` and the names of the
 * development ones (Composer 2). composer.lock: `packages` and `packages-dev` (getcomposer.org/doc/04-schema.md). */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

struct composer {
        struct language language;
        struct language_entry entry;
        bool development;
};

static int take_license(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct composer *c = ctx;

        if (event->kind == JSON_KIND_STRING)
                language_entry_license(&c->entry, event->text);
        return 0;
}

static int take_member(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct composer *c = ctx;

        if (str_equals(event->key, "name"))
                return language_text(event, &c->entry.name, err);
        if (str_equals(event->key, "version"))
                return language_text(event, &c->entry.version, err);
        return str_equals(event->key, "license") ? json_reader_walk(r, take_license, c, err) : 0;
}

/* "v1.2.3" is the tag of 1.2.3. */
static void drop_v(struct buf *version)
{
        if (version->len < 2 || version->data[0] != 'v' || version->data[1] < '0' || version->data[1] > '9')
                return;
        memmove(version->data, version->data + 1, version->len--);
}

static int take_package(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct composer *c = ctx;
        int code;

        if (event->kind != JSON_KIND_OBJECT)
                return 0;
        language_entry_clear(&c->entry);
        code = json_reader_walk(r, take_member, c, err);
        if (code < 0)
                return code;
        HIJACK_POINT("composer");
        drop_v(&c->entry.version);
        c->entry.development = c->development;
        return language_emit(&c->language, &c->entry, err);
}

static int take_top(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct composer *c = ctx;

        c->development = str_equals(event->key, "packages-dev");
        if (!event->key.p) /* an array, not an object: an item of it */
                return take_package(ctx, r, event, err);
        return c->development || str_equals(event->key, "packages") ? json_reader_walk(r, take_package, c, err) : 0;
}

static int read_file(const struct detector_file *file, struct record_sink *sink, enum package_evidence evidence,
                     struct error *err)
{
        struct composer c = { .language = { .sink = sink, .type = "composer", .evidence = evidence } };
        struct content_stream stream = { file->content, 0 };
        struct json_reader *reader = NULL;
        struct json_event event;
        int r = json_reader_new(content_source(&stream), &reader, err);

        if (r == 0)
                r = json_reader_next(reader, &event, err);
        if (r >= 0)
                r = json_reader_walk(reader, take_top, &c, err);
        if (r == 0)
                r = json_reader_next(reader, &event, err);
        json_reader_free(reader);
        language_entry_done(&c.entry);
        language_done(&c.language);
        return r;
}

static int read_installed(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        return read_file(file, sink, PACKAGE_INSTALLED, err);
}

static int read_lock(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        return read_file(file, sink, PACKAGE_DECLARED, err);
}

static bool wants_installed(struct str path)
{
        return str_equals(language_component(path, 1), "composer");
}

static const struct pattern installed_patterns[] = { { PATTERN_NAME, "installed.json", NULL } };

const struct detector composer_detector = {
        .name = "composer",
        .version = 1,
        .patterns = installed_patterns,
        .n_patterns = ELEMENTS_OF(installed_patterns),
        .wants = wants_installed,
        .max_size = LOCKFILE_MAX,
        .read = read_installed,
};

static const struct pattern lock_patterns[] = { { PATTERN_NAME, "composer.lock", NULL } };

const struct detector composer_lock_detector = {
        .name = "composer-lock",
        .version = 1,
        .patterns = lock_patterns,
        .n_patterns = ELEMENTS_OF(lock_patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_lock,
};
