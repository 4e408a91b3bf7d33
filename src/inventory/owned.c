/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/owned.h"

int owned_paths_add(struct owned_paths *o, struct str directory, struct str name, struct error *err)
{
        if (directory.n) {
                buf_add_str(&o->text, directory);
                buf_putc(&o->text, '/');
        }
        buf_add_str(&o->text, name);
        if (!buf_ok(&o->text))
                return error_oom(err);
        o->ends[o->n++] = o->text.len;
        return 0;
}

bool owned_paths_full(const struct owned_paths *o)
{
        return o->n == OWNED_PATHS_PER_RECORD || o->text.len >= OWNED_BYTES_PER_RECORD;
}

int owned_paths_emit(struct owned_paths *o, struct str key, struct record_sink *sink, struct error *err)
{
        struct str paths[OWNED_PATHS_PER_RECORD];
        size_t start = 0, n = o->n;

        if (n == 0)
                return 0;
        for (size_t i = 0; i < n; i++) {
                paths[i] = (struct str){ o->text.data + start, o->ends[i] - start };
                start = o->ends[i];
        }
        o->n = 0;
        o->text.len = 0; /* the bytes stay until the next path is added */
        return record_owned(sink, key, paths, n, err);
}

void owned_paths_clear(struct owned_paths *o)
{
        buf_clear(&o->text);
        o->n = 0;
}

void owned_paths_done(struct owned_paths *o)
{
        buf_free(&o->text);
}
