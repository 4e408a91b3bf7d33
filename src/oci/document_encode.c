/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's side: JSON in, a checked encoding out. */
#include <errno.h>
#include <string.h>

#include "base/hijack.h"
#include "base/json.h"
#include "base/wire.h"
#include "base/worker_text.h"
#include "model/limits.h"
#include "oci/document.h"

static void put_text(struct buf *out, const char *text)
{
        struct str s = str_from(text);

        if (s.n > DOCUMENT_TEXT_MAX) {
                s.n = DOCUMENT_TEXT_MAX;
                while (s.n && (s.p[s.n] & 0xc0) == 0x80) /* not within a character */
                        s.n--;
        }
        wire_put_u8(out, text != NULL);
        wire_put_str(out, s);
}

static void put_digest(struct buf *out, const struct digest *digest)
{
        wire_put_u8(out, (uint8_t)digest->algorithm);
        wire_put_bytes(out, digest->bytes, sizeof(digest->bytes));
}

/* A text member, or null. */
static int put_member(struct buf *out, const json_t *object, const char *key, bool required, struct error *err)
{
        const char *text = NULL;
        int r = json_get_string(object, key, required, &text, err);

        if (r == 0)
                put_text(out, text);
        return r;
}

static int put_platform(struct buf *out, const json_t *object, struct error *err)
{
        int r = put_member(out, object, "os", false, err);

        if (r == 0)
                r = put_member(out, object, "architecture", false, err);
        return r < 0 ? r : put_member(out, object, "variant", false, err);
}

static int check_count(const json_t *array, const char *what, size_t max, struct error *err)
{
        if (json_array_size(array) > max)
                return error_say(err, -E2BIG, "%zu %s, more than the %zu that are read", json_array_size(array), what, max);
        return 0;
}

static int put_descriptor(struct buf *out, const json_t *object, struct error *err)
{
        const char *digest_text = NULL;
        json_t *platform = NULL, *annotations = NULL, *urls = NULL;
        struct digest digest;
        uint64_t size = 0;
        int r;

        if (!json_is_object(object))
                return error_say(err, -EBADMSG, "a descriptor is not an object");
        HIJACK_POINT("oci-descriptor");
        r = put_member(out, object, "mediaType", false, err);
        if (r == 0)
                r = json_get_string(object, "digest", true, &digest_text, err);
        if (r == 0)
                r = digest_parse(str_from(digest_text), &digest, err);
        if (r == 0)
                r = json_get_u64(object, "size", true, &size, err);
        if (r == 0)
                r = json_get_object(object, "platform", false, &platform, err);
        if (r == 0)
                r = json_get_object(object, "annotations", false, &annotations, err);
        if (r == 0)
                r = json_get_array(object, "urls", false, &urls, err);
        if (r < 0)
                return r;
        put_digest(out, &digest);
        wire_put_u64(out, size);
        r = put_platform(out, platform, err);
        if (r == 0)
                r = put_member(out, annotations, "org.opencontainers.image.ref.name", false, err);
        if (r == 0)
                r = put_member(out, annotations, "io.containerd.image.name", false, err);
        wire_put_u8(out, json_array_size(urls) > 0);
        return r;
}

static int put_descriptors(struct buf *out, const json_t *array, const char *what, size_t max, struct error *err)
{
        int r = check_count(array, what, max, err);

        if (r < 0)
                return r;
        wire_put_u32(out, (uint32_t)json_array_size(array));
        for (size_t i = 0; i < json_array_size(array); i++) {
                r = put_descriptor(out, json_array_get(array, i), err);
                if (r < 0)
                        return error_wrap(err, "%s[%zu]", what, i);
        }
        return 0;
}

static int put_index(struct buf *out, const json_t *root, struct error *err)
{
        json_t *manifests = NULL;
        int r = json_get_array(root, "manifests", true, &manifests, err);

        if (r < 0)
                return r;
        r = put_member(out, root, "mediaType", false, err);
        return r < 0 ? r : put_descriptors(out, manifests, "manifests", DOCUMENT_ENTRIES_MAX, err);
}

static int put_manifest(struct buf *out, const json_t *root, struct error *err)
{
        json_t *layers = NULL, *config = NULL;
        int r = json_get_object(root, "config", true, &config, err);

        if (r == 0)
                r = json_get_array(root, "layers", true, &layers, err);
        if (r == 0)
                r = put_member(out, root, "mediaType", false, err);
        if (r == 0) {
                r = put_descriptor(out, config, err);
                if (r < 0)
                        return error_wrap(err, "config");
        }
        return r < 0 ? r : put_descriptors(out, layers, "layers", LIMIT_LAYERS, err);
}

static int put_diff_ids(struct buf *out, const json_t *root, struct error *err)
{
        json_t *rootfs = NULL, *ids = NULL;
        int r = json_get_object(root, "rootfs", true, &rootfs, err);

        if (r == 0)
                r = json_get_array(rootfs, "diff_ids", true, &ids, err);
        if (r == 0)
                r = check_count(ids, "diff_ids", LIMIT_LAYERS, err);
        if (r < 0)
                return r;
        wire_put_u32(out, (uint32_t)json_array_size(ids));
        for (size_t i = 0; i < json_array_size(ids); i++) {
                const json_t *id = json_array_get(ids, i);
                struct digest digest;

                if (!json_is_string(id))
                        return error_say(err, -EBADMSG, "rootfs.diff_ids[%zu] is not a string", i);
                r = digest_parse(str_from(json_string_value(id)), &digest, err);
                if (r < 0)
                        return error_wrap(err, "rootfs.diff_ids[%zu]", i);
                put_digest(out, &digest);
        }
        return 0;
}

static int put_history(struct buf *out, const json_t *root, struct error *err)
{
        json_t *history = NULL;
        int r = json_get_array(root, "history", false, &history, err);

        if (r == 0)
                r = check_count(history, "history entries", DOCUMENT_ENTRIES_MAX, err);
        if (r < 0)
                return r;
        wire_put_u32(out, (uint32_t)json_array_size(history));
        for (size_t i = 0; i < json_array_size(history); i++) {
                const json_t *entry = json_array_get(history, i);
                bool empty = false;

                if (!json_is_object(entry))
                        return error_say(err, -EBADMSG, "history[%zu] is not an object", i);
                r = put_member(out, entry, "created_by", false, err);
                if (r == 0)
                        r = json_get_bool(entry, "empty_layer", false, &empty, err);
                if (r < 0)
                        return error_wrap(err, "history[%zu]", i);
                wire_put_u8(out, empty);
        }
        return 0;
}

static int put_texts(struct buf *out, const json_t *object, const char *key, bool required, size_t max, struct error *err)
{
        json_t *array = NULL;
        int r = json_get_array(object, key, required, &array, err);

        if (r == 0)
                r = check_count(array, key, max, err);
        if (r < 0)
                return r;
        wire_put_u32(out, (uint32_t)json_array_size(array));
        for (size_t i = 0; i < json_array_size(array); i++) {
                const json_t *text = json_array_get(array, i);

                if (!json_is_string(text))
                        return error_say(err, -EBADMSG, "%s[%zu] is not a string", key, i);
                put_text(out, json_string_value(text));
        }
        return 0;
}

/* Names of an object's members; of their values only those that are strings, where asked for. */
static int put_object(struct buf *out, const json_t *object, const char *key, bool values, struct error *err)
{
        json_t *members = NULL, *value;
        const char *name;
        int r = json_get_object(object, key, false, &members, err);

        if (r == 0 && json_object_size(members) > DOCUMENT_ENTRIES_MAX)
                r = error_say(err, -E2BIG, "%zu %s, more than the %d that are read", json_object_size(members), key,
                              DOCUMENT_ENTRIES_MAX);
        if (r < 0)
                return r;
        wire_put_u32(out, (uint32_t)json_object_size(members));
        json_object_foreach(members, name, value) {
                put_text(out, name);
                if (values)
                        put_text(out, json_string_value(value));
        }
        return 0;
}

static bool has_health_check(const json_t *config)
{
        const json_t *check = json_object_get(config, "Healthcheck"), *test = json_object_get(check, "Test");
        const char *kind = json_string_value(json_array_get(test, 0));

        return json_is_object(check) && !(kind && strcmp(kind, "NONE") == 0);
}

static int put_settings(struct buf *out, const json_t *config, struct error *err)
{
        static const char *const lists[] = { "Entrypoint", "Cmd", "Env" };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS_OF(lists); i++)
                r = put_texts(out, config, lists[i], false, DOCUMENT_ENTRIES_MAX, err);
        if (r == 0)
                r = put_object(out, config, "ExposedPorts", false, err);
        if (r == 0)
                r = put_object(out, config, "Volumes", false, err);
        if (r == 0)
                r = put_object(out, config, "Labels", true, err);
        if (r == 0)
                r = put_member(out, config, "WorkingDir", false, err);
        if (r == 0)
                r = put_member(out, config, "StopSignal", false, err);
        wire_put_u8(out, has_health_check(config));
        return r < 0 ? error_wrap(err, "config") : 0;
}

static int put_config(struct buf *out, const json_t *root, struct error *err)
{
        json_t *config = NULL;
        int r = json_get_object(root, "config", false, &config, err);

        HIJACK_POINT("oci-config");
        if (r == 0)
                r = put_platform(out, root, err);
        if (r == 0)
                r = put_member(out, root, "created", false, err);
        if (r == 0)
                r = put_member(out, config, "User", false, err);
        if (r == 0)
                r = put_settings(out, config, err);
        if (r == 0)
                r = put_diff_ids(out, root, err);
        if (r == 0)
                r = put_history(out, root, err);
        if (r == 0)
                json_tree_encode(root, out);
        return r;
}

static int put_docker(struct buf *out, const json_t *root, struct error *err)
{
        int r = json_is_array(root) ? 0 : error_say(err, -EBADMSG, "not an array of images");

        if (r == 0)
                r = check_count(root, "images", DOCUMENT_ENTRIES_MAX, err);
        if (r < 0)
                return r;
        wire_put_u32(out, (uint32_t)json_array_size(root));
        for (size_t i = 0; i < json_array_size(root); i++) {
                const json_t *image = json_array_get(root, i);

                HIJACK_POINT("docker-manifest");
                if (!json_is_object(image))
                        return error_say(err, -EBADMSG, "[%zu] is not an object", i);
                r = put_member(out, image, "Config", true, err);
                if (r == 0)
                        r = put_texts(out, image, "RepoTags", false, DOCUMENT_ENTRIES_MAX, err);
                if (r == 0)
                        r = put_texts(out, image, "Layers", true, LIMIT_LAYERS, err);
                if (r < 0)
                        return error_wrap(err, "[%zu]", i);
        }
        return 0;
}

static int tell_kind(const json_t *root, enum document_kind *kind, struct error *err)
{
        bool index = json_object_get(root, "manifests") != NULL, manifest = json_object_get(root, "layers") != NULL;

        if (index && manifest)
                return error_say(err, -EBADMSG, "both an index and a manifest: it has 'manifests' and 'layers'");
        if (json_object_get(root, "fsLayers"))
                return error_say(err, -ENOTSUP, "a manifest of Docker's schema 1, which is no longer in use and not supported");
        if (!index && !manifest)
                return error_say(err, -EBADMSG, "neither an index nor a manifest: it has no 'manifests' and no 'layers'");
        *kind = index ? DOCUMENT_INDEX : DOCUMENT_MANIFEST;
        return 0;
}

int document_encode(enum document_kind kind, struct str text, struct buf *out, struct error *err)
{
        _cleanup_json_ json_t *root = NULL;
        int r = json_parse(text, LIMIT_CONFIG_BYTES, &root, err);

        if (r == 0 && kind != DOCUMENT_DOCKER && !json_is_object(root))
                r = error_say(err, -EBADMSG, "not a JSON object");
        if (r == 0 && !kind)
                r = tell_kind(root, &kind, err);
        if (r < 0)
                return r;
        wire_put_u8(out, (uint8_t)kind);
        switch (kind) {
        case DOCUMENT_INDEX:
                r = put_index(out, root, err);
                break;
        case DOCUMENT_MANIFEST:
                r = put_manifest(out, root, err);
                break;
        case DOCUMENT_CONFIG:
                r = put_config(out, root, err);
                break;
        case DOCUMENT_DOCKER:
                r = put_docker(out, root, err);
                break;
        default:
                r = error_say(err, -EINVAL, "no document of kind %d", (int)kind);
        }
        if (r < 0)
                return r == -ENOENT ? (err->code = -EBADMSG) : r;
        return buf_ok(out) ? 0 : error_oom(err);
}

/* ---- the job ---- */

static int answer(struct str question, struct str text, struct buf *out, struct error *err)
{
        if (question.n != 1)
                return error_say(err, -EINVAL, "no question about a document");
        return document_encode((enum document_kind)question.p[0], text, out, err);
}

static int run_documents(struct worker_io *io, struct error *err)
{
        return text_worker_serve(io, answer, err);
}

const struct worker_job oci_document_job = { "oci-document", run_documents };
