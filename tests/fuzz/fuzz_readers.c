/* SPDX-License-Identifier: Apache-2.0 */
/* The pull readers: the first byte says which, and how many bytes come at a time. Whatever the pieces, the same is told. */
#include <string.h>

#include "base/json_reader.h"
#include "base/toml.h"
#include "base/xml.h"
#include "fuzz.h"

struct pieces {
        const uint8_t *data;
        size_t left, piece;
};

static ssize_t next_piece(void *ctx, void *buf, size_t n, struct error *err)
{
        struct pieces *p = ctx;

        n = MIN_OF(MIN_OF(n, p->piece), p->left);
        memcpy(buf, p->data, n);
        p->data += n;
        p->left -= n;
        return (ssize_t)n;
}

static void tell(struct buf *out, int kind, struct str a, struct str b)
{
        buf_printf(out, "%d", kind);
        buf_add_str(out, a);
        buf_putc(out, ' ');
        buf_add_str(out, b);
        buf_putc(out, '\n');
}

static int read_json(struct byte_source source, struct buf *out, struct error *err)
{
        _cleanup_(json_reader_freep) struct json_reader *reader = NULL;
        struct json_event event;
        int r = json_reader_new(source, &reader, err);

        if (r < 0)
                return r;
        while ((r = json_reader_next(reader, &event, err)) > 0) {
                HOLDS(utf8_valid(event.text) && utf8_valid(event.key));
                tell(out, (int)event.kind, event.key, event.text);
        }
        return r;
}

static int take_toml(void *ctx, const struct toml_event *event, struct error *err)
{
        tell(ctx, (int)event->kind, event->key, event->text);
        return 0;
}

static int begin_element(void *ctx, struct str name, struct error *err)
{
        HOLDS(name.n > 0);
        tell(ctx, 1, name, STR_NULL);
        return 0;
}

static int end_element(void *ctx, struct str name, struct str text, struct error *err)
{
        tell(ctx, 2, name, text);
        return 0;
}

static int read_any(unsigned which, struct byte_source source, struct buf *out, struct error *err)
{
        const struct xml_handler handler = { begin_element, end_element, out };

        switch (which) {
        case 0:
                return read_json(source, out, err);
        case 1:
                return toml_read(source, take_toml, out, err);
        case 2:
                return xml_read(source, &handler, err);
        default:
                return deflate_read(source, which == 3 ? DEFLATE_RAW : DEFLATE_ZLIB, 1 << 20, out, err);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buf_free) struct buf whole = { 0 }, cut = { 0 };
        struct error err = ERROR_INIT;
        struct pieces p, q;
        unsigned which;
        int r, again;

        if (size == 0)
                return 0;
        which = data[0] % 5;
        p = (struct pieces){ data + 1, size - 1, SIZE_MAX };
        q = (struct pieces){ data + 1, size - 1, 1u + data[0] / 5 };
        r = read_any(which, (struct byte_source){ next_piece, &p }, &whole, &err);
        HOLDS(r == 0 || (r < 0 && err.code < 0 && *err.message));
        again = read_any(which, (struct byte_source){ next_piece, &q }, &cut, &err);
        HOLDS(r == again);
        if (r == 0) {
                fuzz_accepted++;
                HOLDS(str_equal(buf_str(&whole), buf_str(&cut)));
        }
        return 0;
}
