/* SPDX-License-Identifier: Apache-2.0 */
/* cargo-auditable: zlib data in the section .dep-v0, JSON {"packages": [{name, version, source, kind, root}]}. */
#include <errno.h>

#include "base/hijack.h"
#include "inventory/language.h"
#include "inventory/program.h"

#define LIST_MAX (8u << 20) /* bytes inflated, as cargo-auditable's own reader takes */

struct crates {
        struct language language;
        struct language_entry entry;
};

static int take_member(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct language_entry *e = ctx;

        if (str_equals(event->key, "name"))
                return language_text(event, &e->name, err);
        if (str_equals(event->key, "version"))
                return language_text(event, &e->version, err);
        if (str_equals(event->key, "kind")) /* only the build needed it: it is not in the program */
                e->skip = event->kind == JSON_KIND_STRING && str_equals(event->text, "build");
        return 0;
}

static int take_crate(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        struct crates *c = ctx;
        int code;

        if (event->kind != JSON_KIND_OBJECT)
                return 0;
        language_entry_clear(&c->entry);
        code = json_reader_walk(r, take_member, &c->entry, err);
        HIJACK_POINT("cargo-auditable");
        return code < 0 ? code : language_emit(&c->language, &c->entry, err);
}

static int take_top(void *ctx, struct json_reader *r, const struct json_event *event, struct error *err)
{
        return str_equals(event->key, "packages") ? json_reader_walk(r, take_crate, ctx, err) : 0;
}

int rust_program(const struct elf *elf, struct record_sink *sink, struct error *err)
{
        struct crates c = { .language = { .sink = sink, .type = "cargo", .evidence = PACKAGE_INSTALLED } };
        _cleanup_(buf_free) struct buf json = { 0 };
        struct content text, *file = elf->content;
        struct content_stream stream = { file, 0 };
        struct elf_range section;
        int r;

        if (!elf_section(elf, ".dep-v0", &section))
                return 0;
        stream.offset = section.offset; /* the zlib data knows its own end */
        r = deflate_read(content_source(&stream), DEFLATE_ZLIB, LIST_MAX, &json, err);
        if (r < 0)
                return error_wrap(err, "its list of Rust packages (.dep-v0)");
        content_from_memory(&text, json.data, json.len);
        r = language_json(&text, take_top, &c, err);
        language_entry_done(&c.entry);
        language_done(&c.language);
        return r < 0 ? error_wrap(err, "its list of Rust packages (.dep-v0)") : 0;
}
