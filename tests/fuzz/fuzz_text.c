/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from images: paths brought into their one form, links followed, text made fit for terminals and JSON, digests
 * and platforms.
 */
#include <errno.h>

#include "base/hash.h"
#include "base/str.h"
#include "fuzz.h"
#include "model/image.h"
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

/* What is a digest is written as it was read. */
static void check_digest(struct str text)
{
        char written[DIGEST_TEXT_MAX];
        struct error err = ERROR_INIT;
        struct digest digest;

        if (digest_parse(text, &digest, &err) < 0) {
                HOLDS(err.code == -EBADMSG || err.code == -ENOTSUP);
                return;
        }
        HOLDS(str_equals(text, digest_text(&digest, written)));
        fuzz_accepted++;
}

static void check_platform(struct str text)
{
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        _cleanup_(buf_free) struct buf again = { 0 };
        struct error err = ERROR_INIT;
        struct platform p = { 0 };
        const char *copy = arena ? arena_string(arena, text.n ? text.p : "", text.n) : NULL;

        if (!copy || platform_parse(arena, copy, &p, &err) < 0)
                return;
        buf_printf(&again, "%s/%s%s%s", p.os, p.architecture, p.variant ? "/" : "", p.variant ? p.variant : "");
        HOLDS(str_equals(buf_str(&again), copy));
        HOLDS(platform_matches(&p, &p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str text = { (const char *)data, size };

        check_path(text);
        check_quoting(text);
        check_digest(text);
        check_platform(text);
        return 0;
}
