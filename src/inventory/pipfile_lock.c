/* SPDX-License-Identifier: Apache-2.0 */
/* Pipfile.lock (pipenv): sections `default` and `develop`, each {name: {version: "==1.2.3"}}. */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/detectors.h"
#include "inventory/language.h"

struct pipfile {
        struct language language;
        struct language_entry entry;
        bool development;
};

static int take_member(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct pipfile *p = ctx;

        return str_equals(event->key, "version") ? language_text(event, &p->entry.version, err) : 0;
}

static int take_package(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct pipfile *p = ctx;
        struct str version;
        int code;

        language_entry_clear(&p->entry);
        buf_add_str(&p->entry.name, event->key);
        if (event->kind != JSON_KIND_OBJECT)
                return 0;
        code = json_reader_walk(r, take_member, p, err);
        if (code < 0)
                return code;
        HIJACK_POINT("pipfile-lock");
        version = buf_str(&p->entry.version);
        while (str_starts(version, "="))
                version = (struct str){ version.p + 1, version.n - 1 };
        if (!buf_ok(&p->entry.name))
                return error_oom(err);
        return version.n ? language_pair(&p->language, buf_str(&p->entry.name), version, p->development, err) : 0;
}

static int take_top(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct pipfile *p = ctx;

        p->development = str_equals(event->key, "develop");
        if (!p->development && !str_equals(event->key, "default"))
                return 0;
        return json_reader_walk(r, take_package, p, err);
}

static int read_lock(const struct detector_file *file, struct record_sink *sink, struct error *err)
{
        struct pipfile p = { .language = { .sink = sink, .type = "pypi", .evidence = PACKAGE_DECLARED } };
        int r = language_json(file->content, take_top, &p, err);

        language_entry_done(&p.entry);
        language_done(&p.language);
        return r;
}

static const struct pattern patterns[] = { { PATTERN_NAME, "Pipfile.lock", NULL } };

const struct detector pipfile_lock_detector = {
        .name = "pipfile-lock",
        .version = 1,
        .patterns = patterns,
        .n_patterns = ELEMENTS_OF(patterns),
        .wants = language_wants_lockfile,
        .max_size = LOCKFILE_MAX,
        .read = read_lock,
};
