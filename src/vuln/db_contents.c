/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/wire.h"
#include "vuln/db.h"

static void put_list(const struct db_list *list, struct buf *out)
{
        wire_put_str(out, list->from);
        wire_put_str(out, list->label);
        wire_put_u64(out, list->updated);
        wire_put_u32(out, list->entries);
        wire_put_u32(out, list->bad);
}

void db_contents_encode(const struct db_contents *contents, struct buf *out)
{
        wire_put_u32(out, (uint32_t)contents->n_directories);
        for (size_t i = 0; i < contents->n_directories; i++) {
                const struct db_directory *d = &contents->directories[i];
                const uint32_t counts[] = { d->records, d->withdrawn, d->left_out, d->bad, d->odd_versions, d->odd_ranges, d->no_ranges };

                wire_put_str(out, d->name);
                wire_put_str(out, d->from);
                wire_put_u64(out, d->updated);
                wire_put_u64(out, d->newest);
                for (size_t k = 0; k < ELEMENTS_OF(counts); k++)
                        wire_put_u32(out, counts[k]);
        }
        put_list(&contents->epss, out);
        put_list(&contents->kev, out);
        wire_put_u32(out, (uint32_t)contents->n_releases);
        for (size_t i = 0; i < contents->n_releases; i++) {
                wire_put_str(out, contents->releases[i].name);
                wire_put_u32(out, contents->releases[i].n);
        }
}

static void get_list(struct wire_reader *r, struct db_list *ret)
{
        ret->from = wire_get_str(r);
        ret->label = wire_get_str(r);
        ret->updated = wire_get_u64(r);
        ret->entries = wire_get_u32(r);
        ret->bad = wire_get_u32(r);
}

static void get_directory(struct wire_reader *r, struct db_directory *d)
{
        d->name = wire_get_str(r);
        d->from = wire_get_str(r);
        d->updated = wire_get_u64(r);
        d->newest = wire_get_u64(r);
        d->records = wire_get_u32(r);
        d->withdrawn = wire_get_u32(r);
        d->left_out = wire_get_u32(r);
        d->bad = wire_get_u32(r);
        d->odd_versions = wire_get_u32(r);
        d->odd_ranges = wire_get_u32(r);
        d->no_ranges = wire_get_u32(r);
}

static int get_releases(struct wire_reader *r, struct db_contents *c)
{
        uint32_t n = wire_get_count(r, 8);

        if (n > DB_RELEASES_MAX)
                return -EBADMSG;
        if (mem_grow(&c->releases, &c->cap_releases, (size_t)n + 1, sizeof(*c->releases)) < 0)
                return -ENOMEM;
        for (uint32_t i = 0; i < n; i++) {
                c->releases[i].name = wire_get_str(r);
                c->releases[i].n = wire_get_u32(r);
        }
        c->n_releases = n;
        return 0;
}

int db_contents_decode(struct str bytes, struct db_contents *ret, struct error *err)
{
        struct wire_reader r = wire_reader(bytes.p, bytes.n);
        uint32_t n = wire_get_count(&r, 52);
        int code = 0;

        *ret = (struct db_contents){ 0 };
        if (n > DB_DIRECTORIES_MAX)
                r.bad = true;
        for (uint32_t i = 0; i < n && !r.bad; i++)
                get_directory(&r, &ret->directories[ret->n_directories++]);
        get_list(&r, &ret->epss);
        get_list(&r, &ret->kev);
        if (!r.bad)
                code = get_releases(&r, ret);
        if (code == 0 && wire_end(&r))
                return 0;
        db_contents_done(ret);
        return code == -ENOMEM ? error_oom(err) : error_say(err, -EBADMSG, "its table of contents is damaged");
}

void db_contents_done(struct db_contents *contents)
{
        free(contents->releases);
        contents->releases = NULL;
        contents->n_releases = contents->cap_releases = 0;
}
