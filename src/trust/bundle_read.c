/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/hijack.h"
#include "base/json.h"
#include "trust/bundle_private.h"

#define VALUES_MAX (8 * BUNDLE_FILES_MAX) /* of the document; members that we do not know included */

static int copy(struct arena *arena, const char *text, struct str *ret, struct error *err)
{
        ret->n = strlen(text);
        ret->p = arena_string(arena, text, ret->n);
        return ret->p ? 0 : error_oom(err);
}

static int read_file(const json_t *json, struct arena *arena, struct bundle_file *ret, struct error *err)
{
        const char *name = NULL, *text = NULL;
        int r;

        if (!json_is_object(json))
                return error_say(err, -EBADMSG, "a file is not an object");
        r = json_get_string(json, "name", true, &name, err);
        if (r == 0)
                r = json_get_string(json, "text", true, &text, err);
        if (r == 0)
                r = bundle_check_name(str_from(name), err);
        if (r == 0)
                r = copy(arena, name, &ret->name, err);
        if (r == 0)
                r = copy(arena, text, &ret->text, err);
        return r;
}

static int read_files(const json_t *json, struct bundle *b, struct error *err)
{
        json_t *list = NULL;
        size_t n;
        int r = json_get_array(json, "files", true, &list, err);

        if (r < 0)
                return r;
        n = json_array_size(list);
        if (!n)
                return error_say(err, -EBADMSG, "it holds no file");
        if (n > BUNDLE_FILES_MAX)
                return error_say(err, -E2BIG, "it holds more than %d files", BUNDLE_FILES_MAX);
        b->files = arena_alloc(b->arena, n * sizeof(*b->files));
        if (!b->files)
                return error_oom(err);
        for (size_t i = 0; i < n && r == 0; i++)
                r = read_file(json_array_get(list, i), b->arena, &b->files[b->n_files++], err);
        return r < 0 ? r : bundle_check_unique(b->files, b->n_files, err);
}

/* What is written again from what was understood must be the same text. */
static int read_time(const char *text, int64_t *ret, struct error *err)
{
        char again[BUNDLE_TIME_TEXT] = "";
        struct tm tm = { 0 };
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

        *ret = end ? (int64_t)timegm(&tm) : -1;
        if (*ret < 0 || bundle_time_text(*ret, again, err) < 0 || strcmp(again, text) != 0)
                return error_say(err, -EBADMSG, "'%.40s' is not a time in UTC", text);
        return 0;
}

static int read_schema(const json_t *json, struct error *err)
{
        const char *schema = NULL;
        int r;

        if (!json_is_object(json))
                return error_say(err, -EBADMSG, "the document is not an object");
        r = json_get_string(json, "schema", true, &schema, err);
        if (r < 0)
                return r;
        if (strcmp(schema, BUNDLE_SCHEMA) != 0)
                return error_say(err, -ENOTSUP, "its schema is '%.100s', and this version reads '" BUNDLE_SCHEMA "'",
                                 schema);
        return 0;
}

static int read_bundle(const json_t *json, struct bundle *b, struct error *err)
{
        const char *kind = NULL, *created = NULL;
        int r = read_schema(json, err);

        if (r == 0)
                r = json_get_string(json, "kind", true, &kind, err);
        if (r == 0)
                r = bundle_check_kind(str_from(kind), err);
        if (r == 0)
                r = copy(b->arena, kind, &b->kind, err);
        HIJACK_POINT("bundle");
        if (r == 0)
                r = json_get_string(json, "created", true, &created, err);
        if (r == 0)
                r = read_time(created, &b->created, err);
        return r < 0 ? r : read_files(json, b, err);
}

static int no_bundle(int code, struct error *err)
{
        if (code == -ENOENT || code == -EINVAL) /* said of a member, or by what makers hold to as well */
                code = -EBADMSG;
        if (err && code != -ENOMEM) {
                error_wrap(err, "it is not a bundle");
                err->code = code;
        }
        return code;
}

int bundle_parse(struct str payload, struct bundle **ret, struct error *err)
{
        _cleanup_(bundle_freep) struct bundle *b = calloc(1, sizeof(*b));
        _cleanup_json_ json_t *json = NULL;
        int r;

        if (!b || !(b->arena = arena_new()))
                return error_oom(err);
        r = json_parse_few(payload, DSSE_PAYLOAD_MAX, VALUES_MAX, &json, err);
        if (r == 0)
                r = read_bundle(json, b, err);
        if (r < 0)
                return no_bundle(r, err);
        *ret = TAKE_PTR(b);
        return 0;
}

int bundle_open(struct str envelope, const char *kind, const struct trust_keys *keys, struct bundle **ret,
                struct error *err)
{
        _cleanup_(trust_verified_freep) struct trust_verified *verified = NULL;
        _cleanup_(bundle_freep) struct bundle *b = NULL;
        int r = trust_verify(envelope, BUNDLE_TYPE, keys, &verified, err);

        if (r == 0)
                r = bundle_parse(verified->payload, &b, err);
        if (r < 0)
                return r;
        if (kind && !str_equals(b->kind, kind))
                return error_say(err, -EMEDIUMTYPE, "it is a bundle of %.*s, not of %s", STR_SHOWN(b->kind), kind);
        b->verified = TAKE_PTR(verified);
        *ret = TAKE_PTR(b);
        return 0;
}

struct bundle *bundle_free(struct bundle *bundle)
{
        if (bundle) {
                trust_verified_free(bundle->verified);
                arena_free(bundle->arena);
                free(bundle);
        }
        return NULL;
}
