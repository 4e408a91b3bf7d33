/* SPDX-License-Identifier: Apache-2.0 */
/* os-release(5): a value quoted as a shell would have it is read back as it was, in either kind of quotes. */
#include "fuzz.h"
#include "inventory/detectors.h"

static struct buf found; /* the name in the record */

static int take_name(void *ctx, enum record_kind kind, struct str payload, struct error *err)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        struct distribution d;

        HOLDS(kind == RECORD_DISTRIBUTION && distribution_decode(&r, &d) == 0);
        buf_add_str(&found, d.name);
        return 0;
}

static void no_problem(void *ctx, const char *what)
{
        HOLDS(!what);
}

static void read_back(const struct buf *text, struct str value)
{
        struct file_entry entry = { .path = STR_LIT("etc/os-release"), .type = FILE_REGULAR, .size = text->len };
        struct record_sink sink = { take_name, no_problem, NULL };
        struct error err = ERROR_INIT;
        struct content content;
        struct detector_file file = { &entry, &content };

        buf_free(&found);
        content_from_memory(&content, text->data, text->len);
        if (!buf_ok(text) || os_release_detector.read(&file, &sink, &err) < 0) {
                HOLDS_OR(!buf_ok(text) || text->len > os_release_detector.max_size, err);
                return;
        }
        HOLDS(str_equal(buf_str(&found), value));
        fuzz_accepted += value.n > 0;
}

static void in_single_quotes(struct str value, struct buf *out)
{
        buf_puts(out, "NAME=no\nNAME='");
        for (size_t i = 0; i < value.n; i++)
                if (value.p[i] == '\'')
                        buf_puts(out, "'\\''");
                else
                        buf_putc(out, value.p[i]);
        buf_puts(out, "'\nID=x\n");
}

static void in_double_quotes(struct str value, struct buf *out)
{
        buf_puts(out, "# before\nNAME=\"");
        for (size_t i = 0; i < value.n; i++) {
                if (value.p[i] && strchr("\"\\$`", value.p[i]))
                        buf_putc(out, '\\');
                buf_putc(out, value.p[i]);
        }
        buf_puts(out, "\" # after");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buf_free) struct buf single = { 0 }, twice = { 0 };
        struct str value = { (const char *)data, size };

        in_single_quotes(value, &single);
        read_back(&single, value);
        in_double_quotes(value, &twice);
        read_back(&twice, value);
        buf_free(&found);
        return 0;
}
