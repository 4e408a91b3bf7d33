/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "report/parts.h"

int page_flush(struct page *page, size_t at_least, struct error *err)
{
        int r = 0;

        if (!buf_ok(&page->text))
                return error_oom(err);
        if (page->text.len < at_least)
                return 0;
        if (page->text.len)
                r = output_write(page->out, page->text.data, page->text.len, err);
        buf_clear(&page->text);
        return r;
}

void place_add(const struct finding *f, struct buf *out)
{
        if (!f->path) {
                bool image = f->subject_kind &&
                             strcmp(f->subject_kind, "image") == 0; /* its name changes with where it is kept */
                const char *place = f->package ? f->package : f->layer ? f->layer : image ? "image" : f->subject_name;

                buf_add_str(out, str_from(place));
                return;
        }
        if (f->path[0] != '/')
                buf_putc(out, '/');
        buf_puts(out, f->path);
        if (f->line)
                buf_printf(out, ":%" PRIu32, f->line);
}

void image_add_name(const struct image *image, struct buf *out)
{
        if (image->kind)
                buf_printf(out, "%s:", image->kind);
        buf_add_str(out, str_from(image->reference));
}
