/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/interrupt.h"
#include "model/record.h"
#include "pipeline/layer_check.h"

#define LOOK_EVERY 65536     /* entries or records, for an interrupt */
#define ARENA_MAX (8u << 20) /* licences of packages are decoded into one; it is emptied when it is that full */

struct check {
        struct arena *arena;
        uint64_t n;
};

static void check_done(struct check *c)
{
        arena_free(c->arena);
}

static int go_on(struct check *c, struct error *err)
{
        return ++c->n % LOOK_EVERY ? 0 : interrupt_check(err);
}

static int check_entries(struct check *c, const struct layer_file *lf, const struct scan_limits *limits, struct error *err)
{
        for (size_t run = 0; run < layer_file_runs(lf); run++) {
                struct layer_cursor cursor;
                struct file_entry entry;
                int r;

                layer_cursor_init(&cursor, lf, run);
                while ((r = layer_cursor_next(&cursor, &entry, err)) > 0) {
                        if (c->n >= limits->files)
                                return error_say(err, -EBADMSG, "it has more than %llu entries",
                                                 (unsigned long long)limits->files);
                        r = go_on(c, err);
                        if (r < 0)
                                return r;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_package(struct check *c, struct str payload)
{
        struct wire_reader r = wire_reader(payload.p, payload.n);
        struct package package;

        if (arena_size(c->arena) > ARENA_MAX) {
                arena_free(c->arena);
                c->arena = arena_new();
                if (!c->arena)
                        return -ENOMEM;
        }
        return package_decode(&r, c->arena, &package);
}

static int check_payload(struct check *c, const struct layer_record *record)
{
        struct wire_reader r = wire_reader(record->payload.p, record->payload.n);
        struct distribution distribution;
        struct record_list list;
        struct str key;

        switch (record->kind) {
        case RECORD_PACKAGE:
                return check_package(c, record->payload);
        case RECORD_OWNED:
                return record_owned_decode(record->payload, &key, &list);
        case RECORD_LICENSES:
                return record_licenses_decode(record->payload, &list);
        case RECORD_DISTRIBUTION:
                return distribution_decode(&r, &distribution);
        default:
                return -EBADMSG;
        }
}

static int check_record(void *ctx, const struct layer_record *record, struct error *err)
{
        struct check *c = ctx;
        int r = check_payload(c, record);

        if (r == -ENOMEM)
                return error_oom(err);
        return r < 0 ? error_say(err, r, "a record can not be read") : go_on(c, err);
}

int layer_check(const struct layer_file *lf, const struct scan_limits *limits, struct error *err)
{
        _cleanup_(check_done) struct check c = { .arena = arena_new() };
        int r = c.arena ? check_entries(&c, lf, limits, err) : error_oom(err);

        return r < 0 ? r : layer_file_records(lf, check_record, &c, err);
}
