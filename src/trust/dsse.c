/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/base64.h"
#include "base/hijack.h"
#include "trust/dsse.h"
#include "trust/trust_private.h"

/* ---- reading ---- */

static int copy(struct arena *arena, const char *text, size_t max, const char *what, struct str *ret, struct error *err)
{
        size_t n = strlen(text);

        if (n > max)
                return error_say(err, -E2BIG, "'%s' has more than %zu bytes", what, max);
        ret->n = n;
        ret->p = arena_string(arena, text, n);
        return ret->p ? 0 : error_oom(err);
}

static int decode(const char *text, const char *what, struct buf *out, struct error *err)
{
        int r = base64_decode(str_from(text), out, err);

        return r < 0 ? error_wrap(err, "'%s'", what) : 0;
}

static int read_signature(const json_t *json, struct arena *arena, struct dsse_signature *ret, struct error *err)
{
        _cleanup_(buf_free) struct buf bytes = { 0 };
        const char *key_id = "", *text = NULL;
        int r;

        if (!json_is_object(json))
                return error_say(err, -EBADMSG, "a signature is not an object");
        r = json_get_string(json, "sig", true, &text, err);
        if (r == 0)
                r = json_get_string(json, "keyid", false, &key_id, err);
        if (r == 0)
                r = copy(arena, key_id, DSSE_KEY_ID_MAX, "keyid", &ret->key_id, err);
        if (r == 0)
                r = decode(text, "sig", &bytes, err);
        if (r < 0)
                return r;
        ret->bytes.n = bytes.len;
        ret->bytes.p = arena_copy(arena, bytes.data, bytes.len);
        return ret->bytes.p ? 0 : error_oom(err);
}

static int read_signatures(const json_t *json, struct dsse *e, struct error *err)
{
        json_t *list = NULL;
        int r = json_get_array(json, "signatures", true, &list, err);

        if (r < 0)
                return r;
        if (json_array_size(list) > DSSE_SIGNATURES_MAX)
                return error_say(err, -E2BIG, "more than %d signatures", DSSE_SIGNATURES_MAX);
        e->signatures = arena_alloc(e->arena, (json_array_size(list) + 1) * sizeof(*e->signatures));
        if (!e->signatures)
                return error_oom(err);
        for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
                r = read_signature(json_array_get(list, i), e->arena, &e->signatures[e->n_signatures++], err);
        return r;
}

static int read_envelope(const json_t *json, struct dsse *e, struct error *err)
{
        const char *type = NULL, *payload = NULL;
        int r;

        if (!json_is_object(json))
                return error_say(err, -EBADMSG, "the document is not an object");
        r = json_get_string(json, "payloadType", true, &type, err);
        if (r == 0)
                r = copy(e->arena, type, DSSE_TYPE_MAX, "payloadType", &e->type, err);
        if (r == 0)
                r = json_get_string(json, "payload", true, &payload, err);
        HIJACK_POINT("dsse");
        if (r == 0)
                r = decode(payload, "payload", &e->decoded, err);
        if (r < 0)
                return r;
        e->payload = buf_str(&e->decoded);
        return read_signatures(json, e, err);
}

static int no_envelope(int code, struct error *err)
{
        if (code == -ENOENT) /* of a member: the envelope is there, and is malformed */
                code = -EBADMSG;
        if (err && code != -ENOMEM) {
                error_wrap(err, "it is not a signed envelope");
                err->code = code;
        }
        return code;
}

int dsse_parse(struct str text, struct dsse **ret, struct error *err)
{
        _cleanup_(dsse_freep) struct dsse *e = calloc(1, sizeof(*e));
        _cleanup_json_ json_t *json = NULL;
        int r;

        if (!e || !(e->arena = arena_new()))
                return error_oom(err);
        r = json_parse_few(text, DSSE_ENVELOPE_MAX, DSSE_VALUES_MAX, &json, err);
        if (r == 0)
                r = read_envelope(json, e, err);
        if (r < 0)
                return no_envelope(r, err);
        *ret = TAKE_PTR(e);
        return 0;
}

bool dsse_is_likely(struct str text)
{
        static const char member[] = "\"payloadType\"";
        struct str start = str_trim(text);

        return start.n && *start.p == '{' && memmem(start.p, start.n, member, sizeof(member) - 1);
}

struct dsse *dsse_free(struct dsse *envelope)
{
        if (envelope) {
                buf_free(&envelope->decoded);
                arena_free(envelope->arena);
                free(envelope);
        }
        return NULL;
}

/* ---- writing ---- */

void dsse_encode(struct str type, struct str payload, struct buf *out)
{
        buf_printf(out, "DSSEv1 %zu ", type.n);
        buf_add_str(out, type);
        buf_printf(out, " %zu ", payload.n);
        buf_add_str(out, payload);
}

static int keep(void *ctx, const char *data, size_t n, struct error *err)
{
        struct buf *out = ctx;

        buf_add(out, data, n);
        return buf_ok(out) ? 0 : error_oom(err);
}

int trust_json_writer(struct buf *out, struct json_writer **ret, struct error *err)
{
        return json_writer_new(keep, out, 0, ret, err);
}

static int write_base64(struct json_writer *w, struct str bytes, struct error *err)
{
        _cleanup_(buf_free) struct buf text = { 0 };

        base64_encode(bytes.p, bytes.n, &text);
        if (!buf_ok(&text))
                return error_oom(err);
        json_write_string(w, buf_str(&text));
        return 0;
}

static int write_signature(struct json_writer *w, const struct dsse_signature *s, struct error *err)
{
        int r;

        json_write_object_begin(w);
        json_put_str(w, "keyid", s->key_id);
        json_write_key(w, "sig");
        r = write_base64(w, s->bytes, err);
        json_write_object_end(w);
        return r;
}

int dsse_write(const struct dsse *envelope, struct buf *out, struct error *err)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        int r = trust_json_writer(out, &w, err);

        if (r < 0)
                return r;
        json_write_object_begin(w);
        json_put_str(w, "payloadType", envelope->type);
        json_write_key(w, "payload");
        r = write_base64(w, envelope->payload, err);
        json_put_begin(w, "signatures", true);
        for (size_t i = 0; i < envelope->n_signatures && r == 0; i++)
                r = write_signature(w, &envelope->signatures[i], err);
        json_write_array_end(w);
        json_write_object_end(w);
        return r < 0 ? r : json_writer_finish(w, err);
}

/* What could not be read again is not made. */
static int check_content(struct str type, struct str payload, size_t n_keys, struct error *err)
{
        if (!type.n || type.n > DSSE_TYPE_MAX || !utf8_valid(type) || memchr(type.p, 0, type.n))
                return error_say(err, -EINVAL, "'%.*s' is not a type of content (expected a media type or a URI)",
                                 STR_SHOWN(type));
        if (payload.n > DSSE_PAYLOAD_MAX)
                return error_say(err, -E2BIG, "there is more to sign than %u bytes", DSSE_PAYLOAD_MAX);
        if (!n_keys || n_keys > DSSE_SIGNATURES_MAX)
                return error_say(err, -EINVAL, "an envelope has 1 to %d signatures, not %zu", DSSE_SIGNATURES_MAX,
                                 n_keys);
        return 0;
}

int dsse_make(struct str type, struct str payload, struct sign_key *const *keys, size_t n_keys, struct buf *out,
              struct error *err)
{
        struct dsse_signature signatures[DSSE_SIGNATURES_MAX];
        uint8_t bytes[DSSE_SIGNATURES_MAX][SIGNATURE_SIZE];
        struct dsse envelope = { .type = type, .payload = payload, .signatures = signatures };
        _cleanup_(buf_free) struct buf message = { 0 };
        int r = check_content(type, payload, n_keys, err);

        if (r < 0)
                return r;
        dsse_encode(type, payload, &message);
        if (!buf_ok(&message))
                return error_oom(err);
        for (size_t i = 0; i < n_keys; i++) {
                r = sign_make(keys[i], buf_str(&message), bytes[i], err);
                if (r < 0)
                        return r;
                signatures[envelope.n_signatures++] = (struct dsse_signature){
                        .key_id = str_from(sign_key_id(keys[i])),
                        .bytes = { (const char *)bytes[i], SIGNATURE_SIZE },
                };
        }
        return dsse_write(&envelope, out, err);
}
