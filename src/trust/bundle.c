/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "trust/bundle.h"
#include "trust/bundle_private.h"
#include "trust/trust_private.h"

int bundle_time(int64_t *ret, struct error *err)
{
        const char *epoch = getenv("SOURCE_DATE_EPOCH");
        uint64_t seconds = (uint64_t)time(NULL);

        if (epoch && (str_to_u64(str_from(epoch), 10, &seconds) < 0 || seconds > BUNDLE_TIME_MAX))
                return error_say(err, -EINVAL, "SOURCE_DATE_EPOCH is '%s', expected seconds since 1970", epoch);
        *ret = (int64_t)seconds;
        return 0;
}

/* ---- what may stand in a bundle ---- */

static bool has_control(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
                        return true;
        return false;
}

static bool parts_are_names(struct str name)
{
        while (name.p) {
                struct str part = str_cut(&name, '/');

                if (!part.n || str_equals(part, ".") || str_equals(part, ".."))
                        return false;
        }
        return true;
}

int bundle_check_name(struct str name, struct error *err)
{
        if (name.n > BUNDLE_NAME_MAX)
                return error_say(err, -EINVAL, "'%.*s…' is a name of more than %d bytes", STR_SHOWN(name),
                                 BUNDLE_NAME_MAX);
        if (!name.n || !utf8_valid(name) || has_control(name) || memchr(name.p, '\\', name.n) || !parts_are_names(name))
                return error_say(err, -EINVAL,
                                 "'%.*s' is not a name for a file in a bundle (expected a relative path without '.' "
                                 "and '..')",
                                 STR_SHOWN(name));
        return 0;
}

int bundle_check_kind(struct str kind, struct error *err)
{
        bool good = kind.n && kind.n <= BUNDLE_KIND_MAX;

        for (size_t i = 0; i < kind.n && good; i++)
                good = (kind.p[i] >= 'a' && kind.p[i] <= 'z') || kind.p[i] == '-';
        return good ? 0 : error_say(err, -EINVAL, "'%.*s' is not a kind of bundle", STR_SHOWN(kind));
}

static int compare_names(const void *a, const void *b)
{
        return str_compare(*(const struct str *)a, *(const struct str *)b);
}

int bundle_check_unique(const struct bundle_file *files, size_t n, struct error *err)
{
        _cleanup_free_ struct str *names = calloc(n + 1, sizeof(*names));

        if (!names)
                return error_oom(err);
        for (size_t i = 0; i < n; i++)
                names[i] = files[i].name;
        mem_sort(names, n, sizeof(*names), compare_names);
        for (size_t i = 1; i < n; i++)
                if (str_equal(names[i - 1], names[i]))
                        return error_say(err, -EINVAL, "'%.*s' is there twice", STR_SHOWN(names[i]));
        return 0;
}

static int check_file(const struct bundle_file *file, struct error *err)
{
        int r = bundle_check_name(file->name, err);

        if (r < 0)
                return r;
        if (!utf8_valid(file->text) || (file->text.n && memchr(file->text.p, 0, file->text.n)))
                return error_say(err, -EINVAL, "'%.*s' is not a text in UTF-8, and a bundle holds nothing else",
                                 STR_SHOWN(file->name));
        return 0;
}

static int check_files(const struct bundle_file *files, size_t n, struct error *err)
{
        size_t total = 0;
        int r = 0;

        if (!n)
                return error_say(err, -EINVAL, "there is no file for the bundle");
        if (n > BUNDLE_FILES_MAX)
                return error_say(err, -E2BIG, "%zu files, and a bundle holds at most %d", n, BUNDLE_FILES_MAX);
        for (size_t i = 0; i < n && r == 0; i++) {
                if (files[i].text.n > DSSE_PAYLOAD_MAX - total)
                        return error_say(err, -E2BIG, "the files have more than %u bytes together", DSSE_PAYLOAD_MAX);
                total += files[i].text.n;
                r = check_file(&files[i], err);
        }
        return r < 0 ? r : bundle_check_unique(files, n, err);
}

/* ---- writing ---- */

int bundle_time_text(int64_t created, char ret[static BUNDLE_TIME_TEXT], struct error *err)
{
        time_t t = (time_t)created;
        struct tm tm;

        if (created < 0 || created > BUNDLE_TIME_MAX || !gmtime_r(&t, &tm) ||
            strftime(ret, BUNDLE_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) != BUNDLE_TIME_TEXT - 1)
                return error_say(err, -EINVAL, "%lld is not a time between 1970 and 9999", (long long)created);
        return 0;
}

static void write_file(struct json_writer *w, const struct bundle_file *file)
{
        json_write_object_begin(w);
        json_put_str(w, "name", file->name);
        json_put_str(w, "text", file->text);
        json_write_object_end(w);
}

int bundle_write(const char *kind, int64_t created, const struct bundle_file *files, size_t n_files, struct buf *out,
                 struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        char time_text[BUNDLE_TIME_TEXT];
        int r = bundle_check_kind(str_from(kind), err);

        if (r == 0)
                r = check_files(files, n_files, err);
        if (r == 0)
                r = bundle_time_text(created, time_text, err);
        if (r == 0)
                r = trust_json_writer(out, &w, err);
        if (r < 0)
                return r;
        json_write_object_begin(w);
        json_put_text(w, "schema", BUNDLE_SCHEMA);
        json_put_text(w, "kind", kind);
        json_put_text(w, "created", time_text);
        json_put_begin(w, "files", true);
        for (size_t i = 0; i < n_files; i++)
                write_file(w, &files[i]);
        json_write_array_end(w);
        json_write_object_end(w);
        return json_writer_finish(w, err);
}

int bundle_make(const char *kind, int64_t created, const struct bundle_file *files, size_t n_files,
                struct sign_key *const *keys, size_t n_keys, struct buf *out, struct error *err)
{
        _cleanup_(buf_free) struct buf payload = { 0 };
        int r = bundle_write(kind, created, files, n_files, &payload, err);

        return r < 0 ? r : dsse_make(STR_LIT(BUNDLE_TYPE), buf_str(&payload), keys, n_keys, out, err);
}
