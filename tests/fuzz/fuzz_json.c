/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents: read, every member asked for as every type, written again, and read back the same. */
#include "base/json.h"
#include "fuzz.h"

#define DEPTH_MAX 60 /* the writer's limit is 64 */

static void ask_as_everything(const json_t *object, const char *key)
{
        struct error err = ERROR_INIT;
        const char *text = NULL;
        json_t *value = NULL;
        uint64_t number = 0;
        bool flag = false;
        int taken = 0;

        taken += json_get_string(object, key, true, &text, &err) == 0;
        taken += json_get_u64(object, key, true, &number, &err) == 0;
        taken += json_get_bool(object, key, true, &flag, &err) == 0;
        taken += json_get_object(object, key, true, &value, &err) == 0;
        taken += json_get_array(object, key, true, &value, &err) == 0;
        HOLDS(taken <= 1);
}

static bool write_value(struct json_writer *w, const json_t *value, unsigned depth);

static bool write_object(struct json_writer *w, json_t *object, unsigned depth)
{
        const char *key;
        json_t *value;
        bool same = true;

        json_write_object_begin(w);
        json_object_foreach(object, key, value) {
                ask_as_everything(object, key);
                json_write_key(w, key);
                same &= write_value(w, value, depth + 1);
        }
        json_write_object_end(w);
        return same;
}

static bool write_array(struct json_writer *w, const json_t *array, unsigned depth)
{
        bool same = true;

        json_write_array_begin(w);
        for (size_t i = 0; i < json_array_size(array); i++)
                same &= write_value(w, json_array_get(array, i), depth + 1);
        json_write_array_end(w);
        return same;
}

/* False: something that the writer has no form for stands in it. */
static bool write_value(struct json_writer *w, const json_t *value, unsigned depth)
{
        if (depth > DEPTH_MAX || json_is_real(value)) {
                json_write_null(w);
                return false;
        }
        if (json_is_object(value))
                return write_object(w, (json_t *)value, depth);
        if (json_is_array(value))
                return write_array(w, value, depth);
        if (json_is_string(value))
                json_write_string(w, (struct str){ json_string_value(value), json_string_length(value) });
        else if (json_is_integer(value))
                json_write_i64(w, json_integer_value(value));
        else if (json_is_boolean(value))
                json_write_bool(w, json_is_true(value));
        else
                json_write_null(w);
        return true;
}

static int keep(void *ctx, const char *data, size_t n, struct error *err)
{
        struct buf *out = ctx;

        buf_add(out, data, n);
        return buf_ok(out) ? 0 : error_oom(err);
}

static void write_and_read_again(const json_t *value)
{
        _cleanup_(json_writer_freep) struct json_writer *w = NULL;
        _cleanup_(buf_free) struct buf out = { 0 };
        _cleanup_json_ json_t *again = NULL;
        struct error err = ERROR_INIT;
        bool same;

        if (json_writer_new(keep, &out, 2, &w, &err) < 0)
                return;
        same = write_value(w, value, 0);
        HOLDS_OR(json_writer_finish(w, &err) == 0, err);
        if (fuzz_starved)
                return;
        HOLDS_OR(json_parse(buf_str(&out), SIZE_MAX, &again, &err) == 0, err);
        HOLDS(!same || json_equal(again, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_ json_t *value = NULL;
        struct error err = ERROR_INIT;

        if (json_parse((struct str){ (const char *)data, size }, 1 << 20, &value, &err) < 0) {
                HOLDS(err.code < 0 && *err.message);
                return 0;
        }
        fuzz_accepted++;
        write_and_read_again(value);
        return 0;
}
