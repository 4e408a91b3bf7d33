/* SPDX-License-Identifier: Apache-2.0 */
/* What a detector says of a file, as text, for tests of language packages: a line a package,
 * "NAME VERSION[ declared][ dev][ {LICENCE}…]". */
#ifndef TALLYMAN_TESTS_LISTING_H
#define TALLYMAN_TESTS_LISTING_H

#include "inventory/detectors.h"
#include "sink.h"

struct listing {
        int code;          /* what the detector returned */
        size_t n_problems;
        char problem[512]; /* the last one, else the error's message */
        char text[1 << 16];
};

static inline void list_package(struct buf *out, const struct package *p)
{
        buf_printf(out, "%.*s %.*s", STR_ARG(p->name), STR_ARG(p->version));
        if (p->evidence == PACKAGE_DECLARED)
                buf_puts(out, " declared");
        if (p->development)
                buf_puts(out, " dev");
        for (uint32_t i = 0; i < p->n_licenses; i++)
                buf_printf(out, " {%.*s}", STR_ARG(p->licenses[i]));
        buf_putc(out, '\n');
}

static inline const struct listing *list_bytes(const struct detector *detector, const char *path, struct str text)
{
        static struct listing listing;
        static struct sink s;
        _cleanup_(buf_free) struct buf out = { 0 };
        struct error err = ERROR_INIT;

        s = (struct sink){ 0 };
        listing = (struct listing){ .code = sink_run(&s, detector, path, text, &err) };
        for (size_t i = 0; i < s.n; i++) {
                struct package p = sink_package(&s, i);

                list_package(&out, &p);
        }
        listing.n_problems = s.n_problems;
        snprintf(listing.problem, sizeof(listing.problem), "%s", listing.code < 0 ? err.message : s.problem);
        snprintf(listing.text, sizeof(listing.text), "%.*s", STR_ARG(buf_str(&out)));
        sink_done(&s);
        return &listing;
}

static inline const struct listing *list_text(const struct detector *detector, const char *path, const char *text)
{
        return list_bytes(detector, path, str_from(text));
}

/* It is read without a problem, and says this. */
#define assert_lists(detector, path, bytes, expected)                            \
        do {                                                                     \
                const struct listing *_l = list_text(&(detector), path, bytes);  \
                assert_string_equal(_l->text, expected);                         \
                assert_string_equal(_l->problem, "");                            \
                assert_int_equal(_l->code, 0);                                   \
        } while (0)

#endif
