/* SPDX-License-Identifier: Apache-2.0 */
/* Names from images: paths brought into their one form, links followed, text made fit for terminals and JSON. */
#include "base/str.h"
#include "fuzz.h"
#include "model/path.h"

static void check_path(struct str name)
{
        _cleanup_(buf_free) struct buf once = { 0 }, twice = { 0 }, link = { 0 };
        struct error err = ERROR_INIT;

        if (path_normalize(name, &once, &err) < 0)
                return;
        fuzz_accepted++;
        HOLDS(once.len <= PATH_LENGTH_MAX);
        if (!buf_ok(&once) || path_normalize(buf_str(&once), &twice, &err) < 0)
                return;
        HOLDS(str_equal(buf_str(&once), buf_str(&twice)));
        HOLDS(path_compare(buf_str(&once), buf_str(&twice)) == 0);
        HOLDS(once.len == 0 || path_below(buf_str(&once), path_parent(buf_str(&once))));
        /* A link's target is in the same form, whatever it says. */
        if (path_link_target(buf_str(&once), name, &link, &err) < 0)
                return;
        HOLDS(path_normalize(buf_str(&link), &twice, &err) == 0 && str_equal(buf_str(&link), buf_str(&twice)));
}

static void check_quoting(struct str text)
{
        _cleanup_(buf_free) struct buf quoted = { 0 }, utf8 = { 0 };

        buf_add_quoted(&quoted, text);
        buf_add_utf8(&utf8, text);
        HOLDS(utf8_valid(buf_str(&quoted)) && utf8_valid(buf_str(&utf8)));
        for (size_t i = 0; i < quoted.len; i++)
                HOLDS((unsigned char)quoted.data[i] >= 0x20 && quoted.data[i] != 0x7f);
        HOLDS(!utf8_valid(text) || str_equal(buf_str(&utf8), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str text = { (const char *)data, size };

        check_path(text);
        check_quoting(text);
        return 0;
}
