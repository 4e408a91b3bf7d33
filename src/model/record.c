/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "model/record.h"

static int emit(struct record_sink *sink, enum record_kind kind, const struct buf *payload, struct error *err)
{
        return buf_ok(payload) ? sink->emit(sink->ctx, kind, buf_str(payload), err) : error_oom(err);
}

int record_package(struct record_sink *sink, const struct package *package, struct error *err)
{
        _cleanup_(buf_free) struct buf payload = { 0 };

        package_encode(package, &payload);
        return emit(sink, RECORD_PACKAGE, &payload, err);
}

static void put_list(struct buf *out, const struct str *items, size_t n)
{
        wire_put_u32(out, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
                wire_put_str(out, items[i]);
}

int record_owned(struct record_sink *sink, struct str key, const struct str *paths, size_t n, struct error *err)
{
        _cleanup_(buf_free) struct buf payload = { 0 };

        if (n > UINT32_MAX)
                return error_say(err, -E2BIG, "a package with %zu files", n);
        wire_put_str(&payload, key);
        put_list(&payload, paths, n);
        return emit(sink, RECORD_OWNED, &payload, err);
}

int record_licenses(struct record_sink *sink, const struct str *licenses, size_t n, struct error *err)
{
        _cleanup_(buf_free) struct buf payload = { 0 };

        put_list(&payload, licenses, n);
        return emit(sink, RECORD_LICENSES, &payload, err);
}

int record_distribution(struct record_sink *sink, const struct distribution *d, struct error *err)
{
        _cleanup_(buf_free) struct buf payload = { 0 };

        distribution_encode(d, &payload);
        return emit(sink, RECORD_DISTRIBUTION, &payload, err);
}

void record_problem(struct record_sink *sink, const char *fmt, ...)
{
        _cleanup_(buf_free) struct buf what = { 0 };
        va_list ap;

        va_start(ap, fmt);
        buf_vprintf(&what, fmt, ap);
        va_end(ap);
        sink->problem(sink->ctx, buf_ok(&what) ? what.data : "out of memory");
}

/* Checks the whole list, so that walking it can not fail. */
static int list_decode(struct wire_reader *r, struct record_list *ret)
{
        struct record_list list = { .n = wire_get_count(r, 4) };

        list.reader = *r;
        for (uint32_t i = 0; i < list.n; i++)
                wire_get_str(r);
        if (!wire_end(r))
                return -EBADMSG;
        *ret = list;
        return 0;
}

int record_owned_decode(struct str payload, struct str *ret_key, struct record_list *ret_paths)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);

        *ret_key = wire_get_str(&r);
        return list_decode(&r, ret_paths);
}

int record_licenses_decode(struct str payload, struct record_list *ret)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);

        return list_decode(&r, ret);
}

struct str record_list_next(struct record_list *list)
{
        if (list->n == 0)
                return STR_NULL;
        list->n--;
        return wire_get_str(&list->reader);
}
